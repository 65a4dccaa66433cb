"""Where a field is written: the line of a key inside a node whose place is known."""

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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STARTS = (MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)


def line_of(text: str, place: Place, path: Sequence[str | int]) -> int:
    """The line, from 1, on which the key (or the sequence's entry) at the path stands; the node's
    where there is none.

    The node's text is read again, which costs about what reading it cost the first time: for a few
    fields, on demand.
    """
    # Blanks in front keep the columns, which tell a block's keys from its values.
    get = parser(" " * place.column + text[place.start : place.end])
    try:
        for _ in range(2):  # the stream's and the document's start
            get()
        place_line = _find(get, get(), tuple(path))
    except Exception:  # anchors that stand outside the node: its own line will do
        place_line = None

    return place.line + 1 + (place_line or 0)


def _find(get: Any, event: Any, path: tuple[str | int, ...]) -> int | None:
    """The line, from 0, of what stands at the path in the node that event begins; None where
    nothing does.
    """
    if not path:
        return _line(event)

    if event.__class__ is MappingStartEvent:
        while (key := get()).__class__ is not MappingEndEvent:
            if key.__class__ is ScalarEvent and key.value == path[0]:
                if len(path) == 1:
                    return _line(key)
                return _find(get, get(), path[1:])
            _skip(get, key)
            _skip(get, get())
    elif event.__class__ is SequenceStartEvent:
        index = 0
        while (entry := get()).__class__ is not SequenceEndEvent:
            if index == path[0]:
                return _find(get, entry, path[1:])
            _skip(get, entry)
            index += 1

    return None


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line


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
