"""A page of help in the form of man: groff's macros of man(7).

There is no date in it: the same program prints the same bytes.
"""

from __future__ import annotations

from krm_injector import __version__
from krm_injector.cli.help.page import Entry, Literal, Page, Rows, Synopsis, Text, is_item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MANUALS = {1: "User Commands", 5: "File Formats", 7: "Miscellanea"}
_PROGRAM = "krm-injector"


def text(page: Page) -> str:
    """The page as man reads it."""
    name = name_of(page)
    manual = _MANUALS[page.section]
    lines = [
        f'.TH "{name.upper()}" "{page.section}" "" "{_PROGRAM} {__version__}" "{manual}"',
        ".nh",
        ".ad l",
        ".SH NAME",
        f"{_escaped(name)} \\- {_escaped(page.summary)}",
    ]
    return "\n".join([*lines, *_sections(page), *_see_also(page)]) + "\n"


def name_of(page: Page) -> str:
    """krm-injector-fleet-plan: man's pages of commands within a program are named so."""
    return "-".join(filter(None, [_PROGRAM, *page.name.replace(".", "-").split()]))


def file_name(page: Page) -> str:
    return f"{name_of(page)}.{page.section}"


def _sections(page: Page) -> Iterator[str]:
    """The synopsis first, as man has it; texts before the first other section describe."""
    for block in page.blocks:
        if isinstance(block, Synopsis):
            yield from (".SH SYNOPSIS", f".B {_escaped(block.words)}")

    titles = iter(("DESCRIPTION", "FIELDS" if page.section == 5 else "NOTES"))
    described = False
    for block in page.blocks:
        if isinstance(block, Rows):
            yield f".SH {_escaped(block.title.upper())}"
            yield from _rows(block.rows)
            described = False
        elif not isinstance(block, Synopsis):
            lines = list(_block(block))
            if not described:
                yield f".SH {next(titles, 'NOTES')}"
                described = True
                del lines[: lines[0] == ".PP"]  # a section begins a paragraph by itself
            yield from lines


def _block(block: Text | Literal | Entry) -> Iterator[str]:
    if isinstance(block, Literal):
        yield from _literal(block.lines)
    elif isinstance(block, Entry):
        yield from (".TP", f".B {_escaped(block.term)}", _escaped(block.text))
        if block.rows:
            yield from (".RS", *_rows(block.rows), ".RE")
        for example in block.examples:
            yield from (".RS", *_literal(example.splitlines()), ".RE")
    elif is_item(block):
        yield from (".IP \\(bu 2", _escaped(block.text[2:]))
    else:
        yield from (".PP", _escaped(block.text))


def _rows(rows: list[tuple[str, str]]) -> Iterator[str]:
    for left, right in rows:
        yield from (".TP", f".B {_escaped(left)}", _escaped(right))


def _literal(lines: tuple[str, ...] | list[str]) -> Iterator[str]:
    yield from (".PP", ".RS 4", ".nf", *(_escaped(line) or "\\&" for line in lines), ".fi", ".RE")


def _see_also(page: Page) -> list[str]:
    if not page.name:
        return [".SH SEE ALSO", "krm\\-injector\\-config(5), krm\\-injector\\-codes(7)"]
    return [".SH SEE ALSO", "krm\\-injector(1)"]


def _escaped(text: str) -> str:
    """Text in which groff reads nothing as its own: a backslash, a dash, quotes, a dot or a quote
    at the start of a line.
    """
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha")
    safe = safe.replace("~", "\\(ti").replace("`", "\\(ga").replace('"', "\\(dq")
    return f"\\&{safe}" if safe.startswith(".") else safe
