"""Where two plain values differ, piece by piece, with paths that people read:
``spec.containers[web].image``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from krm_injector.kube.undo import names


class _Absent:
    """Stands for what is not there (None is a value of its own in YAML)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


class Difference(NamedTuple):
    path: str
    before: Any  # ABSENT where there was nothing
    after: Any


def differences(before: Any, after: Any) -> list[Difference]:
    """Each piece that differs, in the order of ``after``, what is gone behind; empty where the two
    are the same.

    Elements of lists are told apart by name where they have one, else by place; a different order
    of the same elements is one difference of the list as a whole. 1, 1.0 and true are different.
    """
    return list(_walk(before, after, ""))


def _walk(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if before is after:
        return

    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in after.items():
            yield from _child(before.get(key, ABSENT), value, member(path, key))
        for key, value in before.items():
            if key not in after:
                yield Difference(member(path, key), value, ABSENT)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path)
    elif type(before) is not type(after) or before != after:
        yield Difference(path, before, after)


def _child(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if before is ABSENT:
        yield Difference(path, before, after)
    else:
        yield from _walk(before, after, path)


def _lists(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    old, new = names(before), names(after)
    if old is None or new is None:
        if len(before) != len(after) or not all(
            isinstance(item, (dict, list)) for item in (*before, *after)
        ):
            if _differ(before, after):
                yield Difference(path, before, after)
            return
        old = new = [str(index) for index in range(len(after))]

    one, other = dict(zip(old, before, strict=True)), dict(zip(new, after, strict=True))
    for name, item in other.items():
        yield from _child(one.get(name, ABSENT), item, f"{path}[{name}]")

    for name, item in one.items():
        if name not in other:
            yield Difference(f"{path}[{name}]", item, ABSENT)

    common = [name for name in other if name in one]
    if common != [name for name in one if name in other]:
        yield Difference(f"{path} (order)", list(one), list(other))


def _differ(before: list[Any], after: list[Any]) -> bool:
    pairs = zip(before, after, strict=False)
    return len(before) != len(after) or any(
        next(_walk(a, b, ""), None) is not None for a, b in pairs
    )


def member(path: str, key: str) -> str:
    """The path of a map's member; keys that a dot would split stand in brackets."""
    key = str(key)
    if "." in key or "/" in key or not key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
