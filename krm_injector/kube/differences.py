"""Where two plain values differ, piece by piece, with paths that people read:
``spec.containers[web].image``.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.kube.element_names import ORDER, names
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


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

    Elements of lists are matched by name where they have one, otherwise by place. A different order
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
    old_names, new_names = names(before), names(after)
    if old_names is None or new_names is None:
        if len(before) != len(after) or not all(map(_is_container, (*before, *after))):
            if _differ(before, after):
                yield Difference(path, before, after)
            return
        old_names = new_names = [str(index) for index in range(len(after))]

    old = dict(zip(old_names, before, strict=True))
    new = dict(zip(new_names, after, strict=True))
    for name, element in new.items():
        yield from _child(old.get(name, ABSENT), element, f"{path}[{name}]")

    for name, element in old.items():
        if name not in new:
            yield Difference(f"{path}[{name}]", element, ABSENT)

    if [name for name in new if name in old] != [name for name in old if name in new]:
        yield Difference(path + ORDER, list(old), list(new))


def _is_container(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _differ(before: list[Any], after: list[Any]) -> bool:
    if len(before) != len(after):
        return True
    for old, new in zip(before, after, strict=True):
        if next(_walk(old, new, ""), None) is not None:
            return True
    return False


def member(path: str, key: str) -> str:
    """The path of a map's member; keys that a dot would split stand in brackets."""
    key = str(key)
    if "." in key or "/" in key or not key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
