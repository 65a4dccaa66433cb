"""Markdown for a comment on a pull request, which has a limit of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.forms.columns import Column
from krm_injector.presenting.explain.forms import markdown as of_explain
from krm_injector.presenting.text import ELLIPSIS
from krm_injector.results import counted

LIMIT = 65_536  # GitHub's of a comment. It counts characters; bytes of UTF-8 are never fewer
_RESERVE = 200  # for the sentence that tells of a cut
_LONGEST = 1_000  # characters of one entry, which may quote what a program said


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; a column whose cells are all empty is left out."""
    rows = list(rows)
    kept = [at for at in range(len(columns)) if any(row[at] for row in rows)]
    head = [columns[at].head for at in kept]
    rule = ["---:" if columns[at].number else "---" for at in kept]
    body = ([escaped(row[at]) for at in kept] for row in rows)
    return ["", *("| " + " | ".join(cells) + " |" for cells in (head, rule, *body)), ""]


def escaped(text: str) -> str:
    """The text without what would be read as markup, HTML, a link or a picture."""
    return of_explain.escaped(text).replace("[", "\\[")


def heading(text: str) -> list[str]:
    return ["", f"### {escaped(text)}", ""]


def item(text: str, indent: str = "") -> str:
    return f"{indent}- {escaped(clipped(text))}"


def clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + ELLIPSIS


def comment(lines: Iterable[str], rest: str) -> str:
    """The lines as one comment. What does not fit goes from the end, and a sentence says so.

    rest: where all is to be found, "--output html has all".
    """
    lines = _without_double_blanks(lines)
    text = "\n".join(lines) + "\n"
    if len(text.encode()) <= LIMIT:
        return text

    kept: list[str] = []
    room = LIMIT - _RESERVE
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)

    hidden = counted(len(lines) - len(kept), "more line")
    return (
        "\n".join(kept)
        + f"\n\n**{ELLIPSIS} and {hidden}, which no comment has room for: {rest}.**\n"
    )


def _without_double_blanks(lines: Iterable[str]) -> list[str]:
    result: list[str] = []
    for line in lines:
        if line or (result and result[-1]):
            result.append(line)
    while result and not result[-1]:
        result.pop()
    return result
