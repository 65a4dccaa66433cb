"""Elements of two lists that a strategic merge patch joins: which are the same, and their order.

Source of the rules: k8s.io/apimachinery 0.35 pkg/util/strategicpatch/patch.go.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PATCH = "$patch"
_ROOM = 1  # smallest capacity of a slice that Go's decoder grows


class MergeError(ValueError):
    """The patch cannot be merged. Attributes: reason (a sentence), path (of the field)."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def inside(self, step: str) -> MergeError:
        """The same error seen from one level further out."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        self.path = f"{step}{joint}{self.path}"
        return self


def identity(value: Any) -> Any:
    """A key under which two scalars meet only where Go finds them equal: 1, 1.0 and true differ."""
    if type(value) is str or value is None:
        return value
    if isinstance(value, (dict, list)):
        return _Incomparable(type(value))
    return type(value), value


class _Incomparable:
    """A map or a list. It is no scalar; where two maps or two lists meet, Go panics."""

    __slots__ = ("kind",)

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def __hash__(self) -> int:
        return hash(self.kind)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Incomparable) and other.kind is self.kind:
            raise MergeError("maps and lists cannot be compared here")
        return False


def left_by_deleting(
    original: list[Any], patch: list[Any], added: list[Any], key: str
) -> list[Any]:
    """The original as Go leaves it where the patch deletes elements: Go closes their gaps in place
    and appends what the patch adds behind the rest. (deleteMatchingEntries and
    mergeSliceWithoutSpecialElements in patch.go; the order is compared with it later.)
    """
    left, count = list(original), len(original)
    for item in patch:
        if isinstance(item, dict) and item.get(PATCH) == "delete":
            gone = key_value(item, key)
            at = 0
            while at < count:
                if key in left[at] and identity(left[at][key]) == gone:
                    left[at : count - 1] = left[at + 1 : count]
                    count -= 1
                else:
                    at += 1

    for item in added[: len(original) - count]:
        left[count] = item
        count += 1

    return left


def element_kind(*lists: list[Any]) -> type:
    """The one type of all elements. Raises MergeError where they differ, are lists, or there is
    none.
    """
    kinds = {type(item) for items in lists for item in items}
    if not kinds:
        raise MergeError("no elements in any of the given slices")
    if len(kinds) > 1:
        raise MergeError("list element types are not identical")

    kind = kinds.pop()
    if kind is list:
        raise MergeError("lists of lists are not supported")
    if kind is type(None):
        raise MergeError("a list to be merged holds only nulls")

    return kind


def merge_scalars(original: list[Any], patch: list[Any]) -> tuple[list[Any], list[Any]]:
    """(original as Go leaves it, union). Go closes a duplicate's gap with the last element.

    Go appends in place where original's array has room (capacities are powers of two), so that
    duplicates inside original change the order it is compared with later.
    """
    both = [*original, *patch]
    last = len(both) - 1
    i = 0
    while i < last:
        j = i + 1
        while j <= last:
            if identity(both[i]) == identity(both[j]):
                both[j] = both[last]
                last -= 1
            else:
                j += 1

        i += 1

    room = _ROOM
    while room < len(original):
        room *= 2

    seen = original if len(original) + len(patch) > room else both[: len(original)]
    return seen, both[: last + 1]


def key_value(item: Any, key: str) -> Any:
    """The identity of an element's merge key."""
    if not isinstance(item, dict):
        raise MergeError("an element of the list is no map")
    if key not in item:
        raise MergeError(f"an element lacks the merge key {key!r}")
    return identity(item[key])


def reorder(
    merged: list[Any], order: list[Any], original: list[Any], key: str, maps: bool
) -> list[Any]:
    """``merged`` in a new order: the elements that ``order`` has as it has them, the others as
    ``original`` has them; where the two meet, original's order decides.
    """
    name: Callable[[Any], Any] = (lambda item: key_value(item, key)) if maps else identity
    place_in_order = _first_places(order, name)
    original_at = _first_places(original, name)
    named = [(name(item), item) for item in merged]
    ordered = [pair for pair in named if pair[0] in place_in_order]
    rest = [pair for pair in named if pair[0] not in place_in_order]
    chosen = _sorted_by(ordered, place_in_order, maps)
    others = _sorted_by(rest, original_at, maps)
    result = []
    i = j = 0
    while i < len(others) and j < len(chosen):
        left, right = original_at.get(others[i][0]), original_at.get(chosen[j][0])
        if left is not None and right is not None and left < right:
            result.append(others[i][1])
            i += 1
        else:
            result.append(chosen[j][1])
            j += 1

    result.extend(item for _, item in chosen[j:])
    result.extend(item for _, item in others[i:])
    return result


def _first_places(items: list[Any], name: Callable[[Any], Any]) -> dict[Any, int]:
    places: dict[Any, int] = {}
    for index, item in enumerate(items):
        places.setdefault(name(item), index)
    return places


def _sorted_by(
    pairs: list[tuple[Any, Any]], places: dict[Any, int], maps: bool
) -> list[tuple[Any, Any]]:
    if maps and any(item.get(PATCH) == "delete" for _, item in pairs):
        # Left over in original: they go last.
        deleted = [pair for pair in pairs if pair[1].get(PATCH) == "delete"]
        return _sorted_by([pair for pair in pairs if pair not in deleted], places, False) + deleted

    if all(pair[0] in places for pair in pairs):
        return sorted(pairs, key=lambda pair: places[pair[0]])

    # Go's comparison says "less" of whatever has no place; its stable sort inserts, so such
    # elements turn around.
    done: list[tuple[Any, Any]] = []
    for pair in pairs:
        at = len(done)
        while at and _before(pair[0], done[at - 1][0], places):
            at -= 1
        done.insert(at, pair)

    return done


def _before(left: Any, right: Any, places: dict[Any, int]) -> bool:
    if left in places and right in places:
        return places[left] < places[right]
    return True
