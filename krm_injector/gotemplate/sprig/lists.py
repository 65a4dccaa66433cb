"""sprig's list functions (list.go). A list is never changed in place: each answer is a new one."""

from __future__ import annotations

import math

from krm_injector.gotemplate.errors import FuncError, check_size
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.reflect import (
    ChunkList,
    NilList,
    deep_equal,
    elements,
    empty,
    kind_of,
)
from krm_injector.gotemplate.sprig.registry import functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NIL = "runtime error: invalid memory address or nil pointer dereference"


def items_of(value: Any, complaint: str) -> list[Any]:
    """The items of a slice, else the complaint with the kind found put in."""
    items = elements(value)
    if items is None:
        # reflect.TypeOf(nil) is a nil interface, whose Kind cannot be asked.
        raise FuncError(_NIL if value is None else complaint % kind_of(value))
    return items


def make_list(*values: Any) -> list[Any]:
    return list(values)


def push(values: Any, value: Any) -> list[Any]:
    items = items_of(values, "Cannot push on type %s")
    check_size(8 * len(items))
    return [*items, value]


def prepend(values: Any, value: Any) -> list[Any]:
    items = items_of(values, "Cannot prepend on type %s")
    check_size(8 * len(items))
    return [value, *items]


def chunk(size: int, values: Any) -> ChunkList:
    items = items_of(values, "Cannot chunk type %s")
    spend(len(items) >> 2)
    if size < 1:
        return _odd_chunks(size, items)
    return ChunkList(items[i : i + size] for i in range(0, len(items), size))


def _odd_chunks(size: int, items: list[Any]) -> ChunkList:
    """Sizes that make no sense: what Go's arithmetic on floats and its makeslice leave of them."""
    count = -1 if size == 0 else math.floor((len(items) - 1) / size) + 1
    if count == 0:
        return ChunkList()

    length = math.floor(math.fmod(len(items), size)) if count == 1 else -1
    if length < 1:
        raise FuncError("runtime error: makeslice: len out of range")
    return ChunkList([items[:length]])


def last(values: Any) -> Any:
    items = items_of(values, "Cannot find last on type %s")
    return items[-1] if items else None


def first(values: Any) -> Any:
    items = items_of(values, "Cannot find first on type %s")
    return items[0] if items else None


def rest(values: Any) -> list[Any]:
    items = items_of(values, "Cannot find rest on type %s")
    return items[1:] if items else NilList()


def initial(values: Any) -> list[Any]:
    items = items_of(values, "Cannot find initial on type %s")
    return items[:-1] if items else NilList()


def reverse(values: Any) -> list[Any]:
    return items_of(values, "Cannot find reverse on type %s")[::-1]


def compact(values: Any) -> list[Any]:
    items = items_of(values, "Cannot compact on type %s")
    spend(len(items) >> 2)
    return [item for item in items if not empty(item)]


def _among(needle: Any, haystack: list[Any] | tuple[Any, ...]) -> bool:
    return any(deep_equal(needle, item) for item in haystack)


def uniq(values: Any) -> list[Any]:
    unique: list[Any] = []
    for item in items_of(values, "Cannot find uniq on type %s"):
        if not _among(item, unique):
            unique.append(item)
    return unique


def without(values: Any, *omitted: Any) -> list[Any]:
    return [
        item
        for item in items_of(values, "Cannot find without on type %s")
        if not _among(item, omitted)
    ]


def has(needle: Any, haystack: Any) -> bool:
    return haystack is not None and _among(needle, items_of(haystack, "Cannot find has on type %s"))


def slice_list(values: Any, *indices: Any) -> Any:
    items = items_of(values, "list should be type of slice or array but %s")
    if not items:
        return None

    from krm_injector.gotemplate.sprig.numbers import to_int  # late: only slice needs it

    start = to_int(indices[0]) if indices else 0
    end = to_int(indices[1]) if len(indices) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise FuncError("reflect.Value.Slice: slice index out of bounds")
    return type(values)(items[start:end])


def concat(*lists: Any) -> list[Any]:
    joined: list[Any] = []
    for values in lists:
        joined += items_of(values, "Cannot concat type %s as list")
        check_size(8 * len(joined))
    return joined or NilList()


FUNCS = functions({
    "list": (make_list, "...any"),
    "tuple": (make_list, "...any"),
    "append": (push, "any", "any"),
    "push": (push, "any", "any"),
    "mustAppend": (push, "any", "any"),
    "mustPush": (push, "any", "any"),
    "prepend": (prepend, "any", "any"),
    "mustPrepend": (prepend, "any", "any"),
    "chunk": (chunk, "int", "any"),
    "mustChunk": (chunk, "int", "any"),
    "first": (first, "any"),
    "mustFirst": (first, "any"),
    "rest": (rest, "any"),
    "mustRest": (rest, "any"),
    "last": (last, "any"),
    "mustLast": (last, "any"),
    "initial": (initial, "any"),
    "mustInitial": (initial, "any"),
    "reverse": (reverse, "any"),
    "mustReverse": (reverse, "any"),
    "compact": (compact, "any"),
    "mustCompact": (compact, "any"),
    "uniq": (uniq, "any"),
    "mustUniq": (uniq, "any"),
    "without": (without, "any", "...any"),
    "mustWithout": (without, "any", "...any"),
    "has": (has, "any", "any"),
    "mustHas": (has, "any", "any"),
    "slice": (slice_list, "any", "...any"),
    "mustSlice": (slice_list, "any", "...any"),
    "concat": (concat, "...any"),
})  # fmt: skip
