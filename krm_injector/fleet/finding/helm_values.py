"""The values of an Argo CD Application as options of `helm template`, of the same precedence.

Argo CD: parameters over valuesObject or values over valueFiles. helm: --set over --set-json over
--values, so that each value of valuesObject becomes one --set-json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from krm_injector.kube import yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def inline(helm: dict[str, Any]) -> dict[str, Any] | str:
    """The values that stand in the Application; a text if they cannot be read."""
    stated = helm.get("valuesObject")
    if isinstance(stated, dict) and stated:
        return stated

    values = helm.get("values")
    if not isinstance(values, str) or not values.strip():
        return {}
    try:
        value = yaml.load(values)
    except yaml.YamlError as problem:
        return f"helm.values is no YAML: {problem}"
    return value if isinstance(value, dict) else {}


def set_json(values: dict[str, Any]) -> Iterator[str]:
    """Values as words of --set-json. A list replaces the chart's list, as it does in a file."""
    for path, value in _leaves(values, ""):
        yield f"{path}={json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"


def _leaves(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        path = prefix + re.sub(r"([\\.,=\[\]{}])", r"\\\1", str(key))
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def escaped(value: str) -> str:
    """A value of --set-string with its commas escaped."""
    if value.startswith("{") and value.endswith("}"):
        return value
    return re.sub(r"(?<!\\),", r"\\,", value)
