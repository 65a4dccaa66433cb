"""Finds what must not be committed: credentials among the values, and private keys."""

from __future__ import annotations

import json

from krm_injector.kube import yaml
from krm_injector.kube.credentials import HIDDEN, in_value, is_credential_name, may_hold
from krm_injector.kube.differences import differences
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object, ResourceRef, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PRIVATE_KEY = lazy_pattern(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def without_credentials(values: Any, config: Any, ref: ResourceRef, results: list[Result]) -> Any:
    """data.values with the strings under names like "password" emptied.

    config: data.config; where a template reads such a name, its value stays. The text stays as it
    is if nothing is emptied, or if it is not YAML (the control plane's own check says so).
    """
    if not isinstance(values, str):
        return values

    try:
        parsed = yaml.load(values)
    except yaml.YamlError:
        return values

    paths: list[str] = []
    emptied = _emptied(parsed, "", str(config), paths)
    if not paths:
        return values

    message = (
        f"data.values of {ref} holds what looks like credentials, which no template reads; they "
        f"were left out: {', '.join(paths)}"
    )
    results.append(Result("warning", message, ref, "data.values", code="snapshot-credentials"))
    return json.dumps(emptied, indent=2, ensure_ascii=False)


def without_providers_credentials(mesh: Any, ref: ResourceRef, results: list[Result]) -> Any:
    """data.mesh without the credentials for telemetry, as headers of extensionProviders, which
    injection does not read. Those for the proxies (defaultConfig.proxyMetadata) stay, and are told.
    """
    if not isinstance(mesh, str) or not may_hold(mesh):
        return mesh

    try:
        parsed = yaml.load(mesh)
    except yaml.YamlError:
        return mesh

    metadata = at(parsed, ("defaultConfig", "proxyMetadata"))
    names = sorted(metadata) if isinstance(metadata, dict) else []
    for name in filter(is_credential_name, names):
        message = (
            f"data.mesh of {ref} gives every proxy {name}, which looks like a credential. It "
            "stays, because pods without it would be others: keep the mesh file as private as it"
        )
        results.append(Result("warning", message, ref, "data.mesh", code="snapshot-credentials"))

    providers = at(parsed, ("extensionProviders",))
    shown = in_value(providers)
    if shown is providers:
        return mesh

    message = (
        f"extensionProviders in data.mesh of {ref} hold what looks like credentials, which "
        f'injection does not read; they are "{HIDDEN}" in the mesh file'
    )
    results.append(Result("warning", message, ref, "data.mesh", code="snapshot-credentials"))
    return json.dumps({**parsed, "extensionProviders": shown}, indent=2, ensure_ascii=False)


def _emptied(value: Any, path: str, config: str, paths: list[str]) -> Any:
    """A copy of the value without credentials, whose paths are appended to ``paths``."""
    if isinstance(value, list):
        return [
            _emptied(element, f"{path}[{index}]", config, paths)
            for index, element in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value

    result = {}
    for key, child in value.items():
        child_path = f"{path}.{key}" if path else str(key)
        if isinstance(child, str) and child and _is_credential(str(key), config):
            paths.append(child_path)
            child = ""

        result[key] = _emptied(child, child_path, config, paths)

    return result


def _is_credential(key: str, config: str) -> bool:
    return is_credential_name(key) and key not in config


def private_key_error(value: Object, ref: ResourceRef) -> list[Result]:
    """An error where the object holds a private key. A certificate is no secret."""
    leaves = [difference.after for difference in differences({}, value)]
    texts = (json.dumps(leaf, ensure_ascii=False) for leaf in leaves)
    if not any(_PRIVATE_KEY.search(text) for text in texts):
        return []

    message = (
        f"{ref} holds a private key, which does not belong into a file to commit; take it out of "
        "the installation"
    )
    return [Result("error", message, ref, code="snapshot-private-key")]
