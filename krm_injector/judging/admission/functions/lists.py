"""isSorted, sum, min, max, indexOf, lastIndexOf (pkg/cel/library/lists.go), and lists.range
(cel-go's ext/lists.go), which has no limit in the library.
"""

from __future__ import annotations

from itertools import pairwise

from krm_injector.judging.admission.functions.row import Function, NotRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SUMMABLE = ("int", "uint", "double", "duration")
_COMPARABLE = (*_SUMMABLE, "bool", "timestamp", "string", "bytes")
RANGE = "lists.limitedRange"
_LONGEST_RANGE = 1000
_MOST_NUMBERS = 100_000  # of all ranges of one expression: a range may stand in another one's macro
_INT64 = 1 << 63


def _comparable(values: list[Any]) -> list[Any]:
    """The values, if all can be compared with each other."""
    kinds = {_kind(value) for value in values}
    if len(kinds) > 1 or not kinds <= {"number", "bool", "str", "bytes", "time", "duration"}:
        raise ValueError("no such overload")
    return values


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, bytes | bytearray):
        return "bytes"
    words = {"datetime": "time", "timedelta": "duration", "str": "str"}
    return words.get(type(value).__name__, "other")


def _is_sorted(values: list[Any]) -> bool:
    values = _comparable(values)
    return all(not left > right for left, right in pairwise(values))


def _sum(values: list[Any]) -> Any:
    if not values:
        return 0

    if _kind(_comparable(values)[0]) not in ("number", "duration"):
        raise ValueError("no such overload")

    total = values[0]
    for value in values[1:]:
        total += value
    if isinstance(total, int) and not -_INT64 <= total < _INT64:
        raise ValueError("integer overflow")
    return total


def _least(values: list[Any]) -> Any:
    if not values:
        raise ValueError("min called on empty list")
    return min(_comparable(values))


def _greatest(values: list[Any]) -> Any:
    if not values:
        raise ValueError("max called on empty list")
    return max(_comparable(values))


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in CEL: numbers by value, true is not 1."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _index_of(values: list[Any], wanted: Any) -> int:
    return next((place for place, value in enumerate(values) if same(value, wanted)), -1)


def _last_index_of(values: list[Any], wanted: Any) -> int:
    places = [place for place, value in enumerate(values) if same(value, wanted)]
    return places[-1] if places else -1


def _of_each(kinds: tuple[str, ...], result: str = "") -> tuple[tuple[str, ...], ...]:
    return tuple((result or kind, f"list<{kind}>") for kind in kinds)


class _Ranges:
    """The numbers that one expression has had of lists.range. The library keeps all of them."""

    def __init__(self) -> None:
        self._numbers = 0

    def begin(self) -> None:
        """For the next expression."""
        self._numbers = 0

    def make(self, length: int) -> list[int]:
        self._numbers += max(length, 0)
        if length > _LONGEST_RANGE:
            raise NotRun(f"a list of {length} numbers")
        if self._numbers > _MOST_NUMBERS:
            raise NotRun(f"more than {_MOST_NUMBERS:,} numbers of lists.range")
        return list(range(length))


RANGES = _Ranges()


_LIST = ("dyn", "list<dyn>")
_PLACE = ("int", "list<dyn>", "dyn")
FUNCTIONS = (
    Function(RANGE, "range", (("list<int>", "int"),), RANGES.make),
    Function(
        "isSorted", "sorted", _of_each(_COMPARABLE, "bool"), _is_sorted, True, ("bool", "list<dyn>")
    ),
    Function("sum", "sum", _of_each(_SUMMABLE), _sum, True, _LIST),
    Function("min", "min", _of_each(_COMPARABLE), _least, True, _LIST),
    Function("max", "max", _of_each(_COMPARABLE), _greatest, True, _LIST),
    Function("indexOf", "list_index", (_PLACE,), _index_of, True),
    Function("lastIndexOf", "list_last", (_PLACE,), _last_index_of, True),
)
