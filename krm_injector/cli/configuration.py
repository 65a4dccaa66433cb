"""The functionConfig, the command line's options, which have precedence, and the files that they
name -> Settings.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from krm_injector.cli.request import Arguments
    from krm_injector.function_config import Settings, Stub

kept: dict[Any, tuple[Any, ...]] | None = None
"""The objects of files, by path and bytes; see warm.py."""
_SHAPES = "KRM_INJECTOR_SHAPES"
# kustomize gives its legacy plugins a copy of the functionConfig. This variable names the directory
# of the original (kustomize api/internal/plugins/execplugin).
_PLUGIN_ROOT = "KUSTOMIZE_PLUGIN_CONFIG_ROOT"


def read(
    arguments: Arguments,
    value: Any = None,
    root: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of a functionConfig (None: that of --config, if there is one). ``root``: the
    directory that its paths are relative to, unless --config names its file. Raises Refused.
    """
    from krm_injector import function_config

    if arguments.config and value is None:
        value = document(arguments.config, "--config")

    settings = function_config.override(
        function_config.settings(value),
        method=arguments.method,
        revision=arguments.revision,
        default_namespace=arguments.namespace,
        kubernetes_version=arguments.kubernetes_version,
        mesh_files=arguments.mesh or None,
        version=arguments.mesh_version,
        namespaces=_stated_namespaces(arguments.namespace_labels) or None,
    )
    if arguments.known_namespaces:
        settings = _with_known(settings, arguments)

    beside_config = os.path.dirname(arguments.config or "")
    if settings.images.file:
        settings = _with_lock(settings, arguments, root or beside_config)

    if settings.mesh.files:
        plugin_root = environment.get(_PLUGIN_ROOT) if environment else None
        directory = "" if arguments.mesh else root or plugin_root or beside_config
        settings = _with_mesh(settings, arguments, directory)

    if environment and environment.get(_SHAPES) == "off":
        settings = settings._replace(plainly=True)

    return settings


def _stated_namespaces(stated: tuple[tuple[str, dict[str, str]], ...]) -> tuple[Stub, ...]:
    """--namespace-labels. Raises Refused if two options say different things of one Namespace."""
    from krm_injector.function_config import NAMESPACE_LABELS, Stub
    from krm_injector.model import Refused, Result

    labels: dict[str, dict[str, str]] = {}
    for name, of_name in stated:
        if labels.setdefault(name, of_name) != of_name:
            message = (
                f"{NAMESPACE_LABELS} describes Namespace {name} twice, differently; put all of its "
                f"labels into one: {NAMESPACE_LABELS} {name}=LABEL=VALUE,LABEL=VALUE"
            )
            raise Refused(Result("error", message, code="function-config"))

    return tuple(Stub(name, of_name, {}, NAMESPACE_LABELS) for name, of_name in labels.items())


def _with_known(settings: Settings, arguments: Arguments) -> Settings:
    """The settings with the Namespaces that other files of the repository describe, as far as
    nobody states them.
    """
    from krm_injector.function_config import Stub

    stated = {stub.name for stub in settings.namespaces}
    found = [
        Stub(name, labels, {}, file, is_found=True)
        for name, labels, file in arguments.known_namespaces
        if name not in stated
    ]
    return settings._replace(namespaces=(*settings.namespaces, *found))


# ---------------------------------------------------------------- the mesh's files


def _with_mesh(settings: Settings, arguments: Arguments, directory: str) -> Settings:
    """The settings with the mesh files read. Each file contains something of a mesh, and no two
    contain the same object. Raises Refused.
    """
    from krm_injector import function_config
    from krm_injector.discovery import mesh_files
    from krm_injector.model import Refusals

    refusals = Refusals()
    objects: list[tuple[str, Any]] = []  # with the path of their file
    for file in settings.mesh.files:
        with refusals:
            path = _mesh_path(arguments, directory, file)
            of_file = documents(path)
            if not any(map(mesh_files.is_mesh_object, of_file)):
                raise _no_mesh(path, bool(arguments.mesh), of_file)
            objects += [(path, value) for value in of_file]

    with refusals:
        mesh_files.refuse_conflicts(
            [(path, value) for path, value in objects if mesh_files.is_mesh_object(value)]
        )

    refusals.raise_all()
    return function_config.with_mesh_documents(settings, tuple(value for _, value in objects))


def _mesh_path(arguments: Arguments, directory: str, file: str) -> str:
    """The path of a mesh file. Raises Refused if a functionConfig names one that does not exist, or
    that is outside the repository.
    """
    from krm_injector import function_config

    path = os.path.join(directory, file)
    if arguments.mesh:
        return path

    _refuse_outside(arguments, path, "spec.mesh.file of the functionConfig", file)
    if not os.path.isfile(path):
        # A function in a container sees no files, and kpt starts functions in another directory
        # than people expect.
        raise function_config.refuse_mesh_file(
            file, f"there is no such file in {_shown(directory)}"
        )

    return path


def _no_mesh(path: str, by_option: bool, objects: tuple[Any, ...]) -> Exception:
    """The refusal of a file that was named as a mesh file and contains no mesh."""
    from krm_injector.discovery import mesh_files
    from krm_injector.model import Refused, Result
    from krm_injector.sources import files

    path = files.shown(path)
    reason = mesh_files.no_mesh(objects, path)
    if by_option:
        message = f"the mesh file {path} {reason}"
        return Refused(Result("error", message, file=path, code="mesh-missing"))

    message = f"spec.mesh.file of the functionConfig, {path}, {reason}"
    return Refused(Result("error", message, field="spec.mesh.file", file=path, code="mesh-missing"))


# ---------------------------------------------------------------- the lock of images


def _with_lock(settings: Settings, arguments: Arguments, directory: str) -> Settings:
    """The settings with spec.images.file read. Its path is relative to the functionConfig, as that
    of spec.mesh.file. Raises Refused.
    """
    from krm_injector import function_config
    from krm_injector.injection import images
    from krm_injector.kube import yaml
    from krm_injector.sources import files, resource_list

    file = settings.images.file
    path = os.path.join(directory, file)
    _refuse_outside(arguments, path, "spec.images.file of the functionConfig", file)
    if not os.path.isfile(path):
        raise images.no_file(file, _shown(directory))

    text = files.content(path).decode("utf-8", "replace")
    try:
        value = yaml.load(text)
    except yaml.YamlError as problem:
        raise resource_list.refused(problem, path, text) from None

    lock = images.read_lock({} if value is None else value, path)
    return function_config.with_lock(settings, lock)


# ---------------------------------------------------------------- files


def _refuse_outside(arguments: Arguments, path: str, field: str, file: str) -> None:
    """Raises Refused if Argo CD is the caller and the path is outside its repository."""
    if arguments.within:
        from krm_injector.cli import argocd

        argocd.inside(path, arguments.within, field, file)


def _shown(directory: str) -> str:
    return directory or os.path.abspath(os.curdir)


def document(path: str, option: str) -> Any:
    """The one document of a file. Raises Refused."""
    from krm_injector.model import Refused, Result

    values = documents(path)
    if len(values) == 1:
        return values[0]

    message = f"{option} {path} holds {len(values)} documents; it must hold one functionConfig"
    raise Refused(Result("error", message, file=path, code="function-config"))


def documents(path: str) -> tuple[Any, ...]:
    """The objects of a file of YAML documents (or of JSON), Lists opened up. Raises Refused."""
    from krm_injector.sources import files, resource_list
    from krm_injector.sources.resource_list import members

    data = files.content(path)
    if kept is not None and (path, data) in kept:
        return kept[path, data]

    bundle = resource_list.read_manifests(data, files.shown(path))
    values = tuple(members.with_type(member) for member in members.walk(bundle))
    if kept is not None:
        kept[path, data] = values
    return values
