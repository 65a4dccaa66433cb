"""What a report says, in sections, for a terminal and for a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.forms import columns, markdown
from krm_injector.fleet.forms.columns import GAP, Column
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.text import ELLIPSIS
from krm_injector.results import counted


class Entry(NamedTuple):
    text: str
    further: str = ""  # where it is
    remedy: str = ""  # what to do about it


class Section(NamedTuple):
    """A table, or a list. ``hidden`` of its rows or entries are not here."""

    title: str  # "": none
    noun: str  # of a row or an entry
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[str]] = ()
    entries: Sequence[Entry] = ()
    hidden: int = 0


def kept(items: Sequence[object], limit: int) -> int:
    """How many of the items are shown. One that would be alone in "and 1 more" is shown too."""
    return len(items) if not limit or len(items) <= limit + 1 else limit


# ---------------------------------------------------------------- for a terminal


def as_text(
    sentences: Iterable[str],
    sections: Iterable[Section],
    style: Style,
    remedy: str = "--limit 0 shows each",
) -> str:
    """remedy: how to see what is hidden."""
    lines: list[str] = []
    for text in sentences:
        lines += columns.sentence(text, style)
    for section in sections:
        lines += _text_lines(section, style, remedy)

    return "\n".join(line.rstrip() for line in lines) + "\n"


def _text_lines(section: Section, style: Style, remedy: str) -> list[str]:
    lines = ["", *([style.bold(section.title)] if section.title else ())]
    if section.rows:
        lines += columns.table(section.columns, section.rows, style)
    for entry in section.entries:
        lines += columns.sentence(entry.text, style, GAP, GAP * 2)
        if entry.further:
            lines += columns.sentence(entry.further, style, GAP * 2)
        if entry.remedy:
            lines += columns.remedy(entry.remedy, style)

    if section.hidden:
        lines += columns.sentence(f"{_more(section)}; {remedy}", style)
    return lines


def _more(section: Section) -> str:
    return f"{ELLIPSIS} and {counted(section.hidden, f'more {section.noun}')}"


# ---------------------------------------------------------------- for a pull request


def as_markdown(sentences: Iterable[str], sections: Iterable[Section], rest: str) -> str:
    """rest: where all of it is to be found, if the comment has no room."""
    lines = [markdown.escaped(" ".join(sentences))]
    for section in sections:
        lines += markdown.heading(section.title) if section.title else ()
        if section.rows:
            lines += markdown.table(section.columns, section.rows)
        for entry in section.entries:
            lines.append(markdown.item(entry.text))
            lines += (markdown.item(each, "  ") for each in (entry.further, entry.remedy) if each)

        if section.hidden:
            lines += ["", f"{_more(section)}."]

    return markdown.comment(lines, rest)
