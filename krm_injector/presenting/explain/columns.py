"""The table's columns: as wide as their cells where there is room, narrower where there is not.

Where the rules do not fit beside the rest, codes stand in their column, and a legend below the
table has the rules in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain.rows import (
    HEAD,
    INJECTED,
    NAME,
    READY,
    REVISION,
    RULE,
    TableRow,
)
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.text import broken, clip, pad, width, wrapped

GAP = "  "  # between columns
_LEAST_RULE = 30  # cells below which sentences are broken too often to be read
_MOST_ADDED_LINES = 8  # by broken sentences, in a whole table
_LEAST_NAME = 12
_MOST_NAME = 40  # or a third of the table's width


class _Grid(NamedTuple):
    """Cells and widths of a table. The first line of cells is the head."""

    cells: list[list[str]]
    widths: list[int]
    legend: list[str]


class _Narrowing(NamedTuple):
    """How a table gives up width."""

    numbers: bool  # "[1]" for each rule, instead of its code
    short_ready: bool  # "1 -> 2", instead of "1/1 -> 2/2"


# From the widest to the narrowest. All of them leave the rules to a legend.
_NARROWINGS = (
    _Narrowing(numbers=False, short_ready=False),
    _Narrowing(numbers=False, short_ready=True),
    _Narrowing(numbers=True, short_ready=False),
    _Narrowing(numbers=True, short_ready=True),
)


def table_lines(rows: list[TableRow], style: Style) -> tuple[list[str], list[str]]:
    """The table's lines, and those of the legend that it needs."""
    grid = _grid(rows, style)
    head, *body = grid.cells
    names = _name_lines([line[NAME] for line in body], grid.widths[NAME])
    result = [style.bold(_joined(head, grid.widths))]
    for line, name in zip(body, names, strict=True):
        result += _row_lines(line, name, grid.widths, style)

    return result, grid.legend


def _grid(rows: list[TableRow], style: Style) -> _Grid:
    cells = [list(HEAD), *(list(row.cells) for row in rows)]
    widths = _widths(cells)
    if not style.width:
        return _Grid(cells, widths, [])

    # A name of 253 characters must not push the other columns out of sight.
    widths[NAME] = min(widths[NAME], max(_MOST_NAME, style.width // 3))
    if _total(widths) <= style.width:
        return _Grid(cells, widths, [])

    rule_width = style.width - _total(widths[:-1]) - len(GAP)
    rules = [row.cells[RULE] for row in rows]
    if rule_width < _LEAST_RULE or _added_lines(rules, rule_width) > _MOST_ADDED_LINES:
        return _narrow_grid(rows, widths[NAME], style)

    widths[RULE] = rule_width
    return _Grid(cells, widths, [])


def _widths(cells: list[list[str]]) -> list[int]:
    return [max(map(width, column)) for column in zip(*cells, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _added_lines(rules: list[str], cells: int) -> int:
    """How many lines broken sentences add to the table.

    A sentence that takes three lines or more is hard to read: it counts for too many.
    """
    counts = {rule: len(wrapped(rule, cells)) - 1 for rule in set(rules)}
    if max(counts.values()) > 1:
        return _MOST_ADDED_LINES + 1
    return sum(counts[rule] for rule in rules)


# ---------------------------------------------------------------- narrow tables


def _narrow_grid(rows: list[TableRow], name_width: int, style: Style) -> _Grid:
    """The widest of the narrow tables in which names keep their width.

    If none fits, names are cut in the narrowest one.
    """
    for narrowing in _NARROWINGS:
        codes = _codes(rows, narrowing.numbers)
        cells = _narrow_cells(rows, codes, narrowing)
        widths = _widths(cells)
        widths[NAME] = name_width
        if _total(widths) <= style.width:
            break

    excess = max(0, _total(widths) - style.width)
    widths[NAME] = max(_LEAST_NAME, name_width - excess)
    return _Grid(cells, widths, _legend(codes, style))


def _narrow_cells(
    rows: list[TableRow], codes: dict[tuple[str, str], str], narrowing: _Narrowing
) -> list[list[str]]:
    head = list(HEAD)
    head[INJECTED] = "INJ"
    cells = [head]
    for row in rows:
        line = list(row.cells)
        code = codes[row.code, line[RULE]]
        line[RULE] = code.partition(" ")[0] if narrowing.numbers else code
        if narrowing.short_ready:
            line[READY] = _short_ready(line[READY])
        cells.append(line)

    revisions = {line[REVISION] for line in cells[1:]} - {"-"}
    if len(revisions) <= 1:
        for line in cells:  # the column tells nothing apart
            del line[REVISION]

    return cells


def _short_ready(ready: str) -> str:
    """ "1 -> 2" for "1/1 -> 2/2"."""
    return " -> ".join(count.partition("/")[0] for count in ready.split(" -> "))


def _codes(rows: list[TableRow], numbers: bool) -> dict[tuple[str, str], str]:
    """(code, sentence) of each rule -> what stands for it in the legend.

    With numbers "1 no-webhook-matches". Else the code alone, or "no-webhook-matches 1" if there are
    several sentences for it.
    """
    sentences: dict[str, list[str]] = {}
    for row in rows:
        of_code = sentences.setdefault(row.code, [])
        if row.cells[RULE] not in of_code:
            of_code.append(row.cells[RULE])

    codes: dict[tuple[str, str], str] = {}
    for code, of_code in sentences.items():
        for number, sentence in enumerate(of_code, 1):
            if numbers:
                codes[code, sentence] = f"{len(codes) + 1} {code}"
            else:
                codes[code, sentence] = code if len(of_code) == 1 else f"{code} {number}"

    return codes


def _legend(codes: dict[tuple[str, str], str], style: Style) -> list[str]:
    """The rules in words."""
    code_width = max(map(len, codes.values()))
    sentence_width = max(style.width - code_width - len(GAP), 16)
    indent = " " * (code_width + len(GAP))

    result = [""]
    for (_, sentence), code in codes.items():
        first, *more = wrapped(sentence.removeprefix("no webhook matches: "), sentence_width)
        result.append(style.bold(pad(code, code_width)) + GAP + first)
        result += [indent + line for line in more]

    return result


# ---------------------------------------------------------------- lines


def _name_lines(names: list[str], cells: int) -> list[list[str]]:
    """Each name in its lines: cut in the middle if it is too long, but broken into several lines
    where another name would be cut to the same.
    """
    clipped = [clip(name, cells) for name in names]
    originals: dict[str, set[str]] = {}
    for name, short in zip(names, clipped, strict=True):
        originals.setdefault(short, set()).add(name)

    return [
        [short] if len(originals[short]) == 1 else broken(name, cells)
        for name, short in zip(names, clipped, strict=True)
    ]


def _row_lines(cells: list[str], name: list[str], widths: list[int], style: Style) -> list[str]:
    """A row in one line, or in as many as its name and its rule take."""
    rule = [cells[-1]]
    if style.width:
        rule = wrapped(cells[-1], widths[-1])

    first = [*cells]
    first[NAME], first[-1] = name[0], rule[0]
    line = _joined(first, widths)
    if style.colour:
        line = _with_coloured_verdict(line, first, widths, style)

    result = [line]
    continuation = [""] * len(cells)
    for name_part, rule_part in zip_longest(name[1:], rule[1:], fillvalue=""):
        continuation[NAME], continuation[-1] = name_part, rule_part
        result.append(_joined(continuation, widths))

    return result


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    *padded, last = cells
    columns = []
    for cell, size in zip(padded, widths, strict=False):  # the last width is the rule's
        columns.append(pad(clip(cell, size), size))
    return GAP.join([*columns, last])


def _with_coloured_verdict(line: str, cells: list[str], widths: list[int], style: Style) -> str:
    """The line with its verdict in colour. This comes last: escape sequences take no cells."""
    start = len(_joined([*cells[:INJECTED], ""], widths))
    verdict = pad(cells[INJECTED], widths[INJECTED])
    end = start + len(verdict)
    paint = {"yes": style.green, "error": style.red}.get(cells[INJECTED], style.yellow)
    return line[:start] + paint(verdict) + line[end:]
