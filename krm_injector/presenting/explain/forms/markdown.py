"""Markdown for a pull request: the counts, a table, what may not be meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from krm_injector.model import Mesh
from krm_injector.presenting.explain.style import Look, printable
from krm_injector.presenting.explain.table import doubted, doubts, totals
from krm_injector.presenting.explain.table_rows import HEAD, rows_of


def text(meshes: Sequence[Mesh], told: list[dict[str, Any]], look: Look) -> str:
    rows, hidden = rows_of(told, look.limit)
    found = []
    if rows:
        found = [_line(HEAD), _line(("---",) * len(HEAD)), *(_line(row.cells) for row in rows)]
        if hidden:
            found.append(_line(("…", f"and {hidden:,} more", "", "", "", "")))
        found.append("")

    found.append(_escaped(" ".join(totals(meshes, told))))
    doubtful = doubts(told)
    if doubtful:
        found += ["", "**Left out, and perhaps meant in:**", ""]

    for change, entries in doubtful:
        help_or_not = (
            f"To inject: {change}" if entries[0]["changes"] else change[:1].upper() + change[1:]
        )
        found.append(f"- {_escaped(doubted(entries))}. {_escaped(help_or_not)}.")

    return "\n".join(found) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_escaped, cells)) + " |"


def _escaped(text: str) -> str:
    """What would end a cell, or be taken for markup or HTML, as characters."""
    text = printable(text)
    for character in "\\|`<*":
        text = text.replace(character, f"\\{character}" if character != "<" else "&lt;")
    return text
