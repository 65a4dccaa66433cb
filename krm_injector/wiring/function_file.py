"""The functionConfig that init writes, as a file of the directory, and how it is recognised."""

from __future__ import annotations

import os

from krm_injector.function_config import SCHEMA_LINE
from krm_injector.istio_names import API_VERSION, FUNCTION_ANNOTATION, FUNCTION_FILE, LOCAL_CONFIG
from krm_injector.kube import yaml
from krm_injector.model import Refused
from krm_injector.sources import kustomizations
from krm_injector.wiring.plan import File, in_the_way, present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def function_file(directory: str, image: str | None) -> tuple[File, ...]:
    """The functionConfig's file: a new one, or none where one is there already. Raises Refused if
    another file is in its place.
    """
    text = _function_config(image)
    standing = present(directory, FUNCTION_FILE)
    if standing is None:
        return (File(FUNCTION_FILE, text),)
    if _is_function_config(standing):
        return ()
    raise Refused(in_the_way(FUNCTION_FILE, text))


def _function_config(image: str | None) -> str:
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
    )


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
