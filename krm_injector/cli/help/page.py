"""A page of help, before it is text or a man page, and as text: at most 80 columns wide."""

from __future__ import annotations

import textwrap

from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

_WIDTH = 80
_WIDEST = 21  # words that have their text beside them; longer ones have it below


class Synopsis(NamedTuple):
    """How a command is called."""

    words: str


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Literal(NamedTuple):
    """Lines that stay as they are: YAML, a command."""

    lines: tuple[str, ...]


class Rows(NamedTuple):
    """A section of words with their meaning."""

    title: str
    rows: list[tuple[str, str]]


class Entry(NamedTuple):
    """A word with all that there is to say about it: a field of the functionConfig."""

    term: str
    text: str
    rows: list[tuple[str, str]]  # its values
    examples: tuple[str, ...]


if TYPE_CHECKING:
    Block: TypeAlias = Synopsis | Text | Literal | Rows | Entry


class Page(NamedTuple):
    name: str  # "build", "config"; "" is the page about the program
    section: int  # of the manual: 1 commands, 5 files, 7 the rest
    summary: str  # begins with a small letter and has no full stop
    blocks: list[Block]


def plain(page: Page) -> str:
    """The page as text."""
    return "\n\n".join("\n".join(_lines(block)) for block in page.blocks) + "\n"


def _lines(block: Block) -> list[str]:
    if isinstance(block, Synopsis):
        return _wrapped("usage: ", block.words)
    if isinstance(block, Text):
        return _wrapped("- ", block.text[2:]) if is_item(block) else _wrapped("", block.text)
    if isinstance(block, Literal):
        return [f"    {line}".rstrip() for line in block.lines]
    if isinstance(block, Rows):
        return [f"{block.title}:", *_columns(block.rows)]
    return _entry_lines(block)


def is_item(block: Text) -> bool:
    """Whether a paragraph is an item of a list."""
    return block.text.startswith("- ")


def _entry_lines(entry: Entry) -> list[str]:
    lines = [*_wrapped("", entry.term), *_wrapped("    ", entry.text)]
    lines += [f"    {line}" for line in _columns(entry.rows, _WIDTH - 4)]
    for example in entry.examples:
        first, *others = example.splitlines()
        lines += [f"    example: {first}", *(f"             {line}" for line in others)]

    return lines


def _columns(rows: list[tuple[str, str]], most: int = _WIDTH) -> list[str]:
    widths = [len(left) for left, _ in rows]
    width = max((width for width in widths if width <= _WIDEST), default=_WIDEST)
    lines: list[str] = []
    for left, right in rows:
        start = f"  {left:<{width}}  "
        if len(left) > width:
            lines.append(f"  {left}")
            start = " " * (width + 4)
        lines += _wrapped(start, right, most)

    return lines


def _wrapped(start: str, text: str, most: int = _WIDTH) -> list[str]:
    """The text after a start, in lines that are indented by the start's width."""
    return textwrap.wrap(
        text,
        most,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,
        break_long_words=False,
    )
