"""Change a value inside a YAML text and keep the bytes of all that does not change."""

from __future__ import annotations

from typing import Any

from krm_injector.kube.yaml.emit import dump, to_json
from krm_injector.kube.yaml.load import Place


def rewrite(text: str, place: Place, old: Any, new: Any) -> str:
    """The text that stands for new where text[place.start:place.end] stands for old."""
    written = _dumped(text, place, new)
    return written.replace("\n", "\r\n") if "\r\n" in text else written


def _dumped(text: str, place: Place, new: Any) -> str:
    before = text[text.rfind("\n", 0, place.start) + 1 : place.start]
    if place.block:
        return dump(new, place.column)
    if before.strip(" -") == "" and not before.startswith("---"):
        return dump(new, place.column).removesuffix("\n")
    if before.startswith("---"):
        return "\n" + dump(new).removesuffix("\n")
    return to_json(new)
