"""Where a field is written: the place of a key inside a node whose place is known."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.kube.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    parser,
)
from krm_injector.kube.yaml.load import Place
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Span: TypeAlias = "tuple[int, int]"

_STARTS = (MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)


class Spot(NamedTuple):
    """What stands at a path, or at the part of it that leads somewhere. Offsets count the
    characters of the text.
    """

    depth: int  # how many steps of the path lead here
    key: Span | None  # the key; None for an entry of a list, and for the node itself
    value: Span  # a scalar, or the first entry of a mapping or list
    scalar: bool = False


def line_of(text: str, place: Place, path: Sequence[str | int]) -> int:
    """The line, from 1, on which the key (or the sequence's entry) at the path stands; the node's
    where there is none.
    """
    spot = spot_of(text, place, path)
    if spot is None or spot.depth < len(path):
        return place.line + 1
    start = (spot.key or spot.value)[0]
    return place.line + 1 + text.count("\n", place.start, start)


def spot_of(text: str, place: Place, path: Sequence[str | int]) -> Spot | None:
    """What stands at the path, or at the longest part of it that is there. None if the node cannot
    be read by itself: it names anchors that stand outside.

    The node's text is read again, which costs about what reading it cost the first time: for a few
    fields, on demand.
    """
    # Blanks in front keep the columns, which tell a block's keys from its values.
    get = parser(" " * place.column + text[place.start : place.end])
    try:
        for _ in range(2):  # the stream's and the document's start
            get()
        spot = _find(get, get(), tuple(path), 0, None)
    except Exception:
        return None

    moved = place.start - place.column
    start, end = spot.value
    key = spot.key and (spot.key[0] + moved, spot.key[1] + moved)
    return Spot(spot.depth, key, (start + moved, end + moved), spot.scalar)


def _find(get: Any, event: Any, path: tuple[str | int, ...], depth: int, key: Any) -> Spot:
    """The spot of the path below the node that event begins and that stands at its first steps."""
    here = _Here(depth, key, event)
    if depth == len(path):
        return here.spot(get)

    if event.__class__ is MappingStartEvent:
        while (below := get()).__class__ is not MappingEndEvent:
            value = get() if below.__class__ is ScalarEvent else None
            if value is not None and below.value == path[depth]:
                return _find(get, value, path, depth + 1, below)
            here.passed(below, value)
            _skip(get, below if value is None else value)
            if value is None:
                _skip(get, get())
    elif event.__class__ is SequenceStartEvent:
        index = 0
        while (entry := get()).__class__ is not SequenceEndEvent:
            if index == path[depth]:
                return _find(get, entry, path, depth + 1, None)
            here.passed(entry, None)
            _skip(get, entry)
            index += 1

    return here.spot(None)


class _Here:
    """A node on the way, and the place of its first entry."""

    def __init__(self, depth: int, key: Any, event: Any) -> None:
        self.depth = depth
        self.key = key
        self.event = event
        self.first: Span | None = None

    def passed(self, key: Any, value: Any) -> None:
        """Takes note of an entry: its key with the value, where both stand on one line."""
        if self.first is None:
            last: Any = value if value.__class__ is ScalarEvent else key
            if last.end_mark.line != key.start_mark.line:
                last = key
            self.first = key.start_mark.index, last.end_mark.index

    def spot(self, get: Any) -> Spot:
        """The spot of the node. ``get``: gives the node's first entry, if it was not read yet."""
        event = self.event
        if get is not None and event.__class__ is MappingStartEvent:
            key = get()
            if key.__class__ is ScalarEvent:
                self.passed(key, get())

        key = self.key and _span(self.key)
        return Spot(self.depth, key, self.first or _span(event), event.__class__ is ScalarEvent)


def _span(event: Any) -> Span:
    return event.start_mark.index, event.end_mark.index


def _skip(get: Any, event: Any) -> None:
    depth = 0
    while True:
        if event.__class__ in _STARTS:
            depth += 1
        elif event.__class__ in _ENDS:
            depth -= 1
        elif event.__class__ not in (ScalarEvent, AliasEvent):
            raise ValueError("the node ends early")

        if depth == 0:
            return

        event = get()
