"""The excerpt of a source below a message, as compilers show it: the place, its line with the cause
marked, and the lines that mend it.

    web.yaml:12:23
      12 |         istio.io/rev: v2
         |                       ^^
    fix: |         istio.io/rev: stable
"""

from __future__ import annotations

from krm_injector.model import Place, Result
from krm_injector.presenting import fixes
from krm_injector.presenting.ansi import BOLD, CYAN, GREEN, painted
from krm_injector.presenting.places import Places
from krm_injector.presenting.text import ELLIPSIS, controls_escaped, width

_FIX = "fix:"
_INDENT = "  "  # as further lines of a message have
_LONGEST = 120  # characters of a line; of longer ones, those around the mark are shown
_BEFORE = 40  # the mark


def excerpt(result: Result, places: Places, colour: bool = False) -> list[str]:
    """The lines below the message of a result; [] if nothing more is known than it says."""
    place = places.of(result)
    if place is None or not place.line:
        return _file_alone(result, place, colour)

    head = f"{_escaped(place.file) or 'stdin'}:{place.line}:{place.column}"
    shown = [_INDENT + (painted(head, BOLD) if colour else head)]
    fix = fixes.lines_of(result, places)
    gutter = max(len(str(place.line)), len(_FIX) if fix else 0) + len(_INDENT)
    if place.text.strip():
        line, mark = _marked(place)
        shown.append(_row(str(place.line), line, gutter))
        shown.append(_row("", painted(mark, CYAN) if colour else mark, gutter))

    for number, text in enumerate(fix):
        line = _escaped(text)
        shown.append(_row("" if number else _FIX, painted(line, GREEN) if colour else line, gutter))
    return shown


def _file_alone(result: Result, place: Place | None, colour: bool) -> list[str]:
    """The file, unless the message or its beginning names it."""
    if place is None or place.file in (*result.message.split(), result.file):
        return []
    file = _escaped(place.file)
    return [_INDENT + (painted(file, BOLD) if colour else file)]


def _row(head: str, text: str, gutter: int) -> str:
    return f"{_INDENT}{head:>{gutter}} | {text}".rstrip()


def _marked(place: Place) -> tuple[str, str]:
    """The line, and the signs that stand below the marked part of it."""
    start = place.column - 1
    end = max(min(place.end_column - 1, len(place.text)), start + 1)
    first = start - _BEFORE if len(place.text) > _LONGEST and start > _BEFORE else 0
    last = first + _LONGEST
    before = (ELLIPSIS if first else "") + place.text[first:start]
    behind = place.text[end:last] + (ELLIPSIS if len(place.text) > last else "")
    part = _escaped(place.text[start : min(end, last)])

    line = f"{_escaped(before)}{part}{_escaped(behind)}"
    return line, " " * width(_escaped(before)) + "^" * max(width(part), 1)


def _escaped(text: str) -> str:
    """The text as a terminal may show it. A tab is one blank, so that the mark stands below."""
    return controls_escaped(text.replace("\t", " "))
