"""Values at a path of a Kubernetes object: read, written and taken out, never in place.

A path is a sequence of steps: the key of a map, or the index of a list's entry.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    """A copy of the value with ``leaf`` at the path.

    Maps that are absent are made; they replace null and anything else that is not a map. Entries of
    lists must be there: raises LookupError or TypeError where they are not. What is beside the path
    is shared with the value.
    """
    path = tuple(path)
    if not path:
        return leaf

    step, rest = path[0], path[1:]
    if isinstance(step, int):
        entries = list(value)
        entries[step] = put(value[step], rest, leaf)
        return entries

    members = value if isinstance(value, dict) else {}
    return {**members, step: put(members.get(step), rest, leaf)}


def without(value: Any, path: Iterable[str | int]) -> Any:
    """A copy of the value without what stands at the path; the value itself where nothing does.

    What the path leads through stays, even if it is empty then.
    """
    path = tuple(path)
    if not _leads_somewhere(value, path):
        return value

    step, rest = path[0], path[1:]
    if isinstance(step, int):
        entries = list(value)
        entries[step : step + 1] = [without(value[step], rest)] if rest else []
        return entries
    if not rest:
        return {key: member for key, member in value.items() if key != step}
    return {**value, step: without(value[step], rest)}


def _leads_somewhere(value: Any, path: Step) -> bool:
    """Whether something stands at the path, be it null."""
    if not path:
        return False
    parent, step = at(value, path[:-1]), path[-1]
    if isinstance(step, int):
        return isinstance(parent, list) and step < len(parent)
    return isinstance(parent, dict) and step in parent
