"""The functionConfig with the command line's options over it, and the files that it names -> Settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from krm_injector.arguments import Arguments
    from krm_injector.function_config import Settings


def read(arguments: Arguments | None, value: Any, root: str | None = None) -> Settings:
    """The settings of a functionConfig (None: that of --config, where there is one). ``root``: the directory from which
    its paths count, where --config does not name its file. Raises Refused."""
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
            mesh_file=arguments.mesh,
            version=arguments.mesh_version,
        )
        # kustomize hands its legacy plugins a copy of the functionConfig and says where the original lies.
        origin = root or os.environ.get("KUSTOMIZE_PLUGIN_CONFIG_ROOT") or os.path.dirname(arguments.config or "")
        beside = "" if arguments.mesh else origin
    if settings.images.file:
        settings = _with_lock(settings, arguments, root)
    if not settings.mesh.file:
        return settings
    path = os.path.join(beside, settings.mesh.file)
    if arguments is not None and arguments.within and not arguments.mesh:
        from krm_injector import argocd

        argocd.inside(path, arguments.within, "spec.mesh.file of the functionConfig", settings.mesh.file)
    if not os.path.isfile(path) and (arguments is None or not arguments.mesh):
        # A function in a container sees no files, and one started by kpt runs elsewhere than people expect.
        raise function_config.refuse_mesh_file(settings, f"there is no such file in {beside or os.getcwd()}")
    return function_config.with_mesh_documents(settings, documents(path))


def _with_lock(settings: Settings, arguments: Arguments | None, root: str | None) -> Settings:
    """The settings with spec.images.file read; it lies beside the functionConfig, as spec.mesh.file does."""
    from krm_injector import function_config, images, inputs
    from krm_injector.kube import yaml
    from krm_injector.model import Refused, Result

    beside = "" if arguments is None else root or os.path.dirname(arguments.config or "")
    path = os.path.join(beside, settings.images.file)
    if arguments is not None and arguments.within:
        from krm_injector import argocd

        argocd.inside(path, arguments.within, "spec.images.file of the functionConfig", settings.images.file)
    if not os.path.isfile(path):
        raise images.no_file(settings.images.file, beside or os.getcwd())
    try:
        value = yaml.load(inputs.content(path).decode("utf-8", "replace"))
    except yaml.YamlError as problem:
        raise Refused(Result("error", f"{path}: {problem}", file=path, code=problem.code)) from None
    return function_config.with_lock(settings, images.read_lock({} if value is None else value, path))


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
    from krm_injector import inputs, resource_list

    bundle = resource_list.read_manifests(inputs.content(path), path)
    found: list[Any] = []
    for item in bundle.items:
        listed = item.value.get("items") if item.value["kind"].endswith("List") else None
        found.extend(listed if isinstance(listed, list) else [item.value])
    return tuple(found)
