"""The functionConfig with the command line's options over it, and the files that it names ->
Settings.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from krm_injector.cli.arguments import Arguments
    from krm_injector.function_config import Settings


def read(arguments: Arguments | None, value: Any, root: str | None = None) -> Settings:
    """The settings of a functionConfig (None: that of --config, where there is one). ``root``: the
    directory from which its paths count, where --config does not name its file. Raises Refused.
    """
    from krm_injector import function_config

    if arguments is None:
        settings = function_config.settings(value)
        beside = ""
    else:
        if arguments.config and value is None:
            value = document(arguments.config, "--config")

        settings = function_config.override(
            function_config.settings(value),
            method=arguments.method,
            revision=arguments.revision,
            default_namespace=arguments.namespace,
            mesh_files=arguments.mesh or None,
            version=arguments.mesh_version,
        )
        # kustomize hands its legacy plugins a copy of the functionConfig and says where the
        # original lies.
        origin = (
            root
            or os.environ.get("KUSTOMIZE_PLUGIN_CONFIG_ROOT")
            or os.path.dirname(arguments.config or "")
        )
        beside = "" if arguments.mesh else origin

    if settings.images.file:
        settings = _with_lock(settings, arguments, root)
    if settings.mesh.files:
        settings = _with_mesh(settings, arguments, beside)

    return settings


def _with_mesh(settings: Settings, arguments: Arguments | None, beside: str) -> Settings:
    """The settings with the mesh's files read: each holds something of a mesh, and no two hold an
    object twice.
    """
    from krm_injector import function_config
    from krm_injector.discovery import mesh_files
    from krm_injector.model import Refusals

    refusals = Refusals()
    found: list[tuple[str, Any]] = []
    for file in settings.mesh.files:
        with refusals:
            path = _mesh_path(settings, arguments, beside, file)
            objects = documents(path)
            if not any(map(mesh_files.is_mesh_object, objects)):
                raise _no_mesh(path, bool(arguments and arguments.mesh), objects)
            found += [(path, value) for value in objects]

    with refusals:
        mesh_files.refuse_conflicts(
            [(path, value) for path, value in found if mesh_files.is_mesh_object(value)]
        )

    refusals.raise_all()
    return function_config.with_mesh_documents(settings, tuple(value for _, value in found))


def _mesh_path(settings: Settings, arguments: Arguments | None, beside: str, file: str) -> str:
    """Where a file of the mesh lies. Raises Refused where a functionConfig names one that is not
    there, or where it leads out of the repository.
    """
    from krm_injector import function_config

    path = os.path.join(beside, file)
    if arguments is not None and arguments.mesh:
        return path

    if arguments is not None and arguments.within:
        from krm_injector.cli import argocd

        argocd.inside(path, arguments.within, "spec.mesh.file of the functionConfig", file)

    if not os.path.isfile(path):
        # A function in a container sees no files, and one started by kpt runs elsewhere than people
        # expect.
        raise function_config.refuse_mesh_file(
            file, f"there is no such file in {beside or os.getcwd()}"
        )

    return path


def _no_mesh(path: str, by_option: bool, objects: tuple[Any, ...]) -> Exception:
    """The refusal of a file that was named as the mesh's and holds none."""
    from krm_injector.discovery import mesh_files
    from krm_injector.model import Refused, Result
    from krm_injector.sources import inputs

    path = inputs.shown(path)
    what = (
        f"the mesh file {path}" if by_option else f"spec.mesh.file of the functionConfig, {path},"
    )
    message = f"{what} {mesh_files.no_mesh(objects, path)}"
    return Refused(
        Result(
            "error",
            message,
            field="" if by_option else "spec.mesh.file",
            file=path,
            code="mesh-missing",
        )
    )


def _with_lock(settings: Settings, arguments: Arguments | None, root: str | None) -> Settings:
    """The settings with spec.images.file read; it lies beside the functionConfig, as spec.mesh.file
    does.
    """
    from krm_injector import function_config
    from krm_injector.injection import images
    from krm_injector.kube import yaml
    from krm_injector.model import Refused, Result
    from krm_injector.sources import inputs

    beside = "" if arguments is None else root or os.path.dirname(arguments.config or "")
    path = os.path.join(beside, settings.images.file)
    if arguments is not None and arguments.within:
        from krm_injector.cli import argocd

        argocd.inside(
            path, arguments.within, "spec.images.file of the functionConfig", settings.images.file
        )

    if not os.path.isfile(path):
        raise images.no_file(settings.images.file, beside or os.getcwd())

    try:
        value = yaml.load(inputs.content(path).decode("utf-8", "replace"))
    except yaml.YamlError as problem:
        raise Refused(Result("error", f"{path}: {problem}", file=path, code=problem.code)) from None

    return function_config.with_lock(
        settings, images.read_lock({} if value is None else value, path)
    )


def document(path: str, option: str) -> Any:
    """The one document of a file."""
    from krm_injector.model import Refused, Result

    found = documents(path)
    if len(found) != 1:
        message = f"{option} {path} holds {len(found)} documents; it must hold one functionConfig"
        raise Refused(Result("error", message, file=path, code="function-config"))
    return found[0]


def documents(path: str) -> tuple[Any, ...]:
    """The objects of a file of YAML documents (or of JSON), Lists opened up."""
    from krm_injector.sources import inputs, resource_list
    from krm_injector.sources.resource_list import members

    bundle = resource_list.read_manifests(inputs.content(path), inputs.shown(path))
    return tuple(members.typed(member) for member in members.walk(bundle))
