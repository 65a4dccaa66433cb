"""What sprig asks of package reflect and fmt: kinds, emptiness, deep equality, the text of any
value.
"""

from __future__ import annotations

from krm_injector.gotemplate.errors import TooLarge
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.values import (
    Enum,
    Func,
    Method,
    NilMap,
    StringList,
    StringMap,
    Struct,
    type_name,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


class IntList(list[int]):
    """[]int."""

    go_type: ClassVar[str] = "[]int"
    __slots__ = ()


class ChunkList(list["Any"]):
    """[][]any."""

    go_type: ClassVar[str] = "[][]interface {}"
    __slots__ = ()


class NilList(list["Any"]):
    """A nil []any: an empty one that JSON shows as null."""

    is_nil: ClassVar[bool] = True
    __slots__ = ()


class NilStrings(StringList):
    """A nil []string."""

    is_nil: ClassVar[bool] = True
    __slots__ = ()


def is_nil(value: Any) -> bool:
    """Whether a map or slice is nil, which JSON, deepEqual, eq and %#v can tell from empty."""
    return isinstance(value, (NilList, NilStrings, NilMap))


def go_format(verb: str, value: Any) -> str:
    """fmt.Sprintf of one value."""
    from krm_injector.gotemplate.format import sprintf

    return sprintf(verb, value)


def go_quote(text: str) -> str:
    """fmt's %q of a string."""
    from krm_injector.gotemplate.quoting import quote

    return quote(text)


def strval(value: Any) -> str:
    """sprig's text of any value: strings as they are, String() where there is one, else %v."""
    if isinstance(value, str):
        return str.__str__(value)

    from krm_injector.gotemplate.format import to_text

    return to_text(value)


def elements(value: Any) -> list[Any] | None:
    """The items of a slice; None for anything else."""
    if not isinstance(value, (list, tuple, bytes)):
        return None
    spend(len(value) >> 6)  # for the copy
    return list(value)


def strvals(value: Any) -> list[str]:
    """sprig's strslice: a list's items as text without nils; one value as a list of one; nil as
    none.
    """
    if value is None:
        return []
    items = elements(value)
    if items is None or isinstance(value, bytes):
        return [strval(value)]
    spend(len(items) >> 1)
    return [strval(item) for item in items if item is not None]


def empty(value: Any) -> bool:
    """Zero numbers, false, nil, and whatever has no length are empty; a struct never is, a nil
    pointer is.
    """
    if isinstance(value, Struct):
        return value.is_nil
    if isinstance(value, (Func, Method)):
        return False
    return not value


def kind_of(value: Any) -> str:
    """reflect.Kind of a value, as a word."""
    if value is None:
        return "invalid"
    if isinstance(value, Enum):
        return "int32"
    if isinstance(value, dict):
        return "map"
    if isinstance(value, (list, tuple, bytes)):
        return "slice"

    name = type_name(value)
    if isinstance(value, Struct):
        return "ptr" if name.startswith("*") else "struct"

    return "func" if name.startswith("func") else name


def type_of(value: Any) -> str:
    return "<nil>" if value is None else type_name(value)


def kind_is(kind: str, value: Any) -> bool:
    return kind == kind_of(value)


def type_is(name: str, value: Any) -> bool:
    return name == type_of(value)


def type_is_like(name: str, value: Any) -> bool:
    go_type = type_of(value)
    return go_type in (name, "*" + name)


class Visits:
    """Counts the values that a walk meets: lists inside lists twice over make more of them than
    time can hold.
    """

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = 2_000_000

    def one(self) -> None:
        spend(3)
        self.left -= 1
        if self.left < 0:
            raise TooLarge("value is too large to walk through")


def deep_equal(left: Any, right: Any) -> bool:
    """reflect.DeepEqual: types must agree, int and int64 are two."""
    return _equal(left, right, Visits())


def _equal(left: Any, right: Any, visits: Visits) -> bool:
    visits.one()
    if left is right:
        return not isinstance(left, float) or left == left

    if (
        left is None
        or right is None
        or type_name(left) != type_name(right)
        or is_nil(left) != is_nil(right)
    ):
        return False

    if isinstance(left, dict):
        return left.keys() == right.keys() and all(
            _equal(item, right[key], visits) for key, item in left.items()
        )

    if isinstance(left, (list, tuple)):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(_equal(one, other, visits) for one, other in pairs)

    if isinstance(left, str):
        spend(len(left) >> 9)
    return bool(left == right)


def deep_copied(value: Any) -> Any:
    """A deep copy of maps and lists; everything else is immutable here."""
    return _copied(value, Visits())


def _copied(value: Any, visits: Visits) -> Any:
    visits.one()
    if isinstance(value, StringMap):
        return StringMap(value)
    if isinstance(value, dict):
        return {key: _copied(item, visits) for key, item in value.items()}
    if isinstance(value, list):
        return type(value)(_copied(item, visits) for item in value)
    return value


FUNCS = functions({
    "empty": (empty, "any"),
    "toString": (strval, "any"),
    "typeOf": (type_of, "any"),
    "typeIs": (type_is, "string", "any"),
    "typeIsLike": (type_is_like, "string", "any"),
    "kindOf": (kind_of, "any"),
    "kindIs": (kind_is, "string", "any"),
    "deepEqual": (deep_equal, "any", "any"),
})  # fmt: skip
