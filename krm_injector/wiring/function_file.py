"""The functionConfig that init writes, as a file of the directory, and how it is recognised."""

from __future__ import annotations

import os

from krm_injector.function_config import SCHEMA_LINE
from krm_injector.istio_names import API_VERSION, FUNCTION_ANNOTATION, FUNCTION_FILE, LOCAL_CONFIG
from krm_injector.kube import yaml
from krm_injector.model import Refused
from krm_injector.sources import kustomizations
from krm_injector.wiring import stated as fields
from krm_injector.wiring.plan import File, added, in_the_way, present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.wiring.stated import Stated

    Files = tuple[File, ...]


def function_file(directory: str, image: str | None, stated: Stated = fields.NOTHING) -> Files:
    """The functionConfig's file: a new one, or the one that is there with what it lacks of what is
    ``stated``; none if it lacks nothing. Raises Refused if another file is in its place.
    """
    spec = stated.spec(directory)
    path = _standing_file(directory)
    text = _function_config(image, spec)
    standing = present(directory, path)
    if standing is None:
        return (File(path, text),)
    if not _is_function_config(standing):
        raise Refused(in_the_way(path, text))

    return added(
        path,
        standing,
        lambda value: fields.with_spec(value, spec, path),
        f"spec:\n{fields.lines(spec)}",
    )


def spec_of(directory: str, files: Files) -> dict[str, Any]:
    """The spec of the functionConfig, as it is when the files of a plan are written."""
    path = _standing_file(directory)
    planned = next((file.text for file in files if file.path == path), None)
    value = yaml.load(planned if planned is not None else present(directory, path) or "")
    spec = value.get("spec") if isinstance(value, dict) else None
    return spec if isinstance(spec, dict) else {}


def _standing_file(directory: str) -> str:
    """The file of the functionConfig that the directory's kustomization runs, or else the one that
    init writes.
    """
    kustomization = kustomizations.fields(directory) or {}
    for entry in kustomizations.entries(kustomization, "transformers"):
        if "\n" not in entry and is_ours(directory, entry):
            return os.path.normpath(entry)
    return FUNCTION_FILE


def _function_config(image: str | None, spec: dict[str, Any]) -> str:
    """The functionConfig that kustomize and kpt share."""
    runtime = "      exec:\n        path: krm-injector\n"
    if image:
        runtime = f"      container:\n        image: {image}\n"

    return (
        f"{SCHEMA_LINE}"
        f"apiVersion: {API_VERSION}\n"
        "kind: SidecarInjection\n"
        "metadata:\n"
        "  name: istio\n"
        "  annotations:\n"
        f'    {LOCAL_CONFIG}: "true"\n'
        f"    {FUNCTION_ANNOTATION}: |\n"
        f"{runtime}"
        "spec:\n"
        "  method: automatic\n"
    ) + fields.lines(spec)


def _is_function_config(text: str) -> bool:
    """Whether a text is one SidecarInjection."""
    try:
        value = yaml.load(text)
    except yaml.YamlError:
        return False

    if not isinstance(value, dict):
        return False
    return value.get("apiVersion") == API_VERSION and value.get("kind") == "SidecarInjection"


# ---------------------------------------------------------------- in a kustomization


def injects(directory: str) -> bool:
    """Whether a kustomization has the functionConfig among its transformers, under whatever name or
    in place.
    """
    kustomization = kustomizations.fields(directory) or {}
    transformers = kustomizations.entries(kustomization, "transformers")
    return any(is_ours(directory, entry) for entry in transformers)


def is_ours(directory: str, entry: Any) -> bool:
    """Whether an entry of transformers: is the functionConfig."""
    if not isinstance(entry, str):
        return False
    if os.path.normpath(entry) == FUNCTION_FILE:
        return True
    if "\n" in entry:
        return _is_function_config(entry)
    if not os.path.isfile(os.path.join(directory, entry)):
        return False
    return _is_function_config(present(directory, entry) or "")
