"""The table for a terminal: a row per workload, totals, and what was perhaps meant in."""

from __future__ import annotations

from krm_injector.presenting.explain.columns import GAP, table_lines
from krm_injector.presenting.explain.entries import Entry
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.rows import rows_of
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.explain.totals import doubt_sentence, doubts, totals
from krm_injector.presenting.text import ELLIPSIS, printable, wrapped
from krm_injector.results import counted

_MOST_DOUBTS = 10
_ARROW = f"{GAP * 2}-> "


def render(explanation: Explanation, style: Style) -> str:
    """With style.verbose each workload's evidence in full, instead of the table."""
    meshes, entries = explanation.meshes, explanation.entries
    if style.verbose:
        from krm_injector.presenting.explain import verbose

        return verbose.text(explanation, style)

    rows, hidden = rows_of(entries, style.limit)
    lines, legend = table_lines(rows, style) if rows else ([], [])
    if hidden:
        lines.append(
            f"{ELLIPSIS} and {counted(hidden, 'more workload')}; --limit 0 shows each, --output "
            "json all there is"
        )

    lines += legend
    if not hidden and len(rows) < len(entries):
        sentence = "Workloads that are alike share a line; --limit 0 gives each its own."
        lines += ["", *_lines(sentence, style.width)]

    lines.append("")
    for sentence in totals(meshes, entries, explanation.requests):
        lines += _lines(sentence, style.width)

    lines += _doubt_lines(entries, style)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _doubt_lines(entries: list[Entry], style: Style) -> list[str]:
    groups = doubts(entries)
    if not groups:
        return []

    result = ["", style.bold("Left out, and perhaps meant in:")]
    for remedy, members in groups[:_MOST_DOUBTS]:
        result += _hanging(doubt_sentence(members), GAP, GAP * 2, style)
        result += _hanging(printable(remedy), _ARROW, " " * len(_ARROW), style)

    if len(groups) > _MOST_DOUBTS:
        more = len(groups) - _MOST_DOUBTS
        result.append(f"{GAP}{ELLIPSIS} and {more:,} more; -v tells of each")

    return result


def _hanging(sentence: str, first_indent: str, indent: str, style: Style) -> list[str]:
    """The sentence in lines behind an indent, of which the first line has another one."""
    cells = style.width - len(indent) if style.width else 0
    first, *more = _lines(sentence, cells)
    return [first_indent + first, *(indent + line for line in more)]


def _lines(sentence: str, cells: int) -> list[str]:
    return wrapped(sentence, max(cells, 20)) if cells else [sentence]
