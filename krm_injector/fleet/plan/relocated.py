"""A container that moves between the containers and the init containers of a pod, as native
sidecars do.

As two whole containers, one that goes and one that comes, no two workloads would change alike: both
hold ports and names of the application. So the move is one change, and beside it stand the fields
of the container that change by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.kube.differences import ABSENT, Difference, differences

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ARROW = " -> "  # in the path of the move
_LISTS = ("spec.containers", "spec.initContainers")


def told(changes: Sequence[Difference]) -> list[Difference]:
    """The changes, with moves of containers told as such. A move has no values."""
    each_by_itself = [one for change in changes for one in _elements(change)]
    gone = {each.path: each.before for each in each_by_itself if each.after is ABSENT}
    come = {each.path: each.after for each in each_by_itself if each.before is ABSENT}
    moves = {
        path: other for path in gone if (other := _other_place(path)) is not None and other in come
    }
    if not moves:
        return list(changes)

    arrived = set(moves.values())
    found: list[Difference] = []
    for change in each_by_itself:
        other = moves.get(change.path)
        if other is not None:
            found.append(Difference(f"{change.path}{ARROW}{other}", ABSENT, ABSENT))
            found += _inside(other, gone[change.path], come[other])
        elif change.path not in arrived:
            found.append(change)

    return found


def _elements(change: Difference) -> list[Difference]:
    """A list of containers that comes or goes as a whole, as its containers."""
    if change.path not in _LISTS:
        return [change]

    present = change.after if change.before is ABSENT else change.before
    if ABSENT not in (change.before, change.after) or not _are_named(present):
        return [change]

    return [Difference(f"{change.path}[{each['name']}]", *_sides(change, each)) for each in present]


def _sides(change: Difference, element: Any) -> tuple[Any, Any]:
    return (ABSENT, element) if change.before is ABSENT else (element, ABSENT)


def _are_named(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in value
    )


def _other_place(path: str) -> str | None:
    """The same container in the other list; None if the path is no whole container."""
    for own, other in (_LISTS, _LISTS[::-1]):
        name = path.removeprefix(f"{own}[")
        if name != path and name.endswith("]") and "]" not in name[:-1]:
            return f"{other}[{name}"
    return None


def _inside(path: str, before: Any, after: Any) -> list[Difference]:
    return [
        each._replace(path=f"{path}.{each.path}" if each.path[:1] != "[" else path + each.path)
        for each in differences(before, after)
    ]
