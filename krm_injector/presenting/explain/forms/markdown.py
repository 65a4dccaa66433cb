"""Markdown for a pull request: a table, the counts, what was perhaps meant in, and what workloads
override of their mesh.
"""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.presenting.explain import overrides
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.rows import HEAD, rows_of
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.explain.totals import doubt_sentence, doubts, totals
from krm_injector.presenting.text import printable


def render(explanation: Explanation, style: Style) -> str:
    meshes, entries = explanation.meshes, explanation.entries
    lines = _table(explanation, style)
    lines.append(escaped(" ".join(totals(meshes, entries, explanation.requests))))
    groups = doubts(entries)
    if groups:
        lines += ["", "**Left out, and perhaps meant in:**", ""]

    for remedy, members in groups:
        if members[0]["changes"]:
            advice = f"To inject: {remedy}"
        else:
            advice = remedy[:1].upper() + remedy[1:]
        lines.append(f"- {escaped(doubt_sentence(members))}. {escaped(advice)}.")

    lines += _overrides(explanation, style)
    return "\n".join(lines) + "\n"


def _table(explanation: Explanation, style: Style) -> list[str]:
    """The table's lines and the blank one behind it; none if there are no workloads."""
    rows, hidden = rows_of(explanation.entries, style.limit)
    if not rows:
        return []

    lines = [_line(HEAD), _line(("---",) * len(HEAD))]
    lines += [_line(row.cells) for row in rows]
    if hidden:
        lines.append(_line(("…", f"and {hidden:,} more", "", "", "", "")))

    return [*lines, ""]


def _overrides(explanation: Explanation, style: Style) -> list[str]:
    rows = overrides.rows(explanation.entries)
    if not rows:
        return []

    shown = rows[: style.limit or None]
    lines = ["", f"**{overrides.TITLE}:**", ""]
    lines += [_line(overrides.HEAD), _line(("---",) * len(overrides.HEAD))]
    lines += [_line(row[: len(overrides.HEAD)]) for row in shown]
    if len(shown) < len(rows):
        lines.append(_line(("…", f"and {len(rows) - len(shown):,} more", "", "")))
    return lines


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escaped, cells)) + " |"


def escaped(text: str) -> str:
    """The text without what would end a cell, or be read as markup or HTML."""
    text = printable(text)
    for character in "\\|`*":
        text = text.replace(character, f"\\{character}")
    return text.replace("<", "&lt;")
