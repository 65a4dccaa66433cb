"""Values at a path of a Kubernetes object: read, written and taken out, without changing the object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Path = tuple[str, ...]
Step = tuple[str | int, ...]


def at(value: Any, path: Iterable[str | int]) -> Any:
    """What stands at a path, None where it leads nowhere."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def put(value: Any, path: Iterable[str | int], leaf: Any) -> Any:
    """A copy of the value with ``leaf`` at the path: maps that are absent are made, entries of
    lists must be there.
    """
    path = tuple(path)
    if not path:
        return leaf

    step = path[0]
    if isinstance(step, int):
        entries = list(value)
        entries[step] = put(value[step], path[1:], leaf)
        return entries

    held = value if isinstance(value, dict) else {}
    return {**held, step: put(held.get(step), path[1:], leaf)}


def without(value: Any, path: Iterable[str | int]) -> Any:
    """A copy of the value without what stands at the path; the value itself where nothing does."""
    path = tuple(path)
    if at(value, path) is None and not _has(value, path):
        return value

    step, rest = path[0], path[1:]
    if isinstance(step, int):
        entries = list(value)
        entries[step : step + 1] = [without(value[step], rest)] if rest else []
        return entries
    if not rest:
        return {key: held for key, held in value.items() if key != step}
    return {**value, step: without(value[step], rest)}


def _has(value: Any, path: Step) -> bool:
    """Whether the path leads somewhere, be it to null."""
    if not path:
        return False
    parent = at(value, path[:-1])
    step = path[-1]
    if isinstance(step, int):
        return isinstance(parent, list) and step < len(parent)
    return isinstance(parent, dict) and step in parent
