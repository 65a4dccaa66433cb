"""Tables and sentences for a terminal, in its width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.text import clip, pad, printable, width, wrapped

GAP = "  "
_LEAST = 12  # cells of a column that gives way
_ARROW = f"{GAP * 2}-> "


class Column(NamedTuple):
    head: str  # as in a sentence; a terminal has it in capitals
    number: bool = False  # stands at the right, and is never cut


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], style: Style) -> list[str]:
    """The lines of a table. Where the terminal is too narrow, the widest columns of words are cut
    in their middle. A column whose cells are all empty is left out.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    kept = [at for at in range(len(columns)) if any(row[at] for row in cells)]
    columns = [columns[at] for at in kept]
    cells = [
        [column.head.upper() for column in columns],
        *([row[at] for at in kept] for row in cells),
    ]
    if not columns:
        return []

    widths = _widths(columns, cells, style.width)
    head, *body = [_line(columns, row, widths) for row in cells]
    return [style.bold(head), *body]


def _widths(columns: Sequence[Column], cells: list[list[str]], room: int) -> list[int]:
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - room if room else 0
    while excess > 0:
        words = [at for at, column in enumerate(columns) if not column.number]
        widest = max(words, key=lambda at: widths[at], default=None)
        if widest is None or widths[widest] <= _LEAST:
            break

        widths[widest] -= 1
        excess -= 1

    return widths


def _line(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for column, cell, cells in zip(columns, row, widths, strict=True):
        text = clip(cell, cells)
        parts.append(" " * (cells - width(text)) + text if column.number else pad(text, cells))
    return GAP.join(parts).rstrip()


def sentence(text: str, style: Style, indent: str = "", further: str = "") -> list[str]:
    """A sentence in lines of the style's width. further: what the later lines are indented by."""
    if not style.width:
        return [indent + printable(text)]

    further = further or indent
    room = max(style.width - max(len(indent), len(further)), 20)
    first, *more = wrapped(printable(text), room)
    return [indent + first, *(further + line for line in more)]


def remedy(text: str, style: Style) -> list[str]:
    """What to do about the entry above."""
    return sentence(text, style, _ARROW, " " * len(_ARROW))
