"""Text in a terminal: control characters made visible, and widths in cells.

A cell is the width of one Latin letter. Names come from the input, so nothing here trusts them.
"""

from __future__ import annotations

from krm_injector.lazy_pattern import lazy_pattern

ELLIPSIS = "…"

# C0 and C1 controls, and what separates lines or turns their direction (Unicode, UAX #9).
_CONTROL = lazy_pattern(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text on one line, with control characters made visible."""
    return controls_escaped(" ".join(text.split()))


def controls_escaped(text: str) -> str:
    """The text with each control character, which a terminal would obey, as "\\x1b"."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def width(text: str) -> int:
    """Cells of a text: two for an East Asian wide character, none for a combining mark."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if character.isascii():
        return 1

    import unicodedata  # takes 1 ms, and names in other scripts are rare

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def pad(text: str, cells: int) -> str:
    """The text, filled with blanks up to a width."""
    return text + " " * (cells - width(text))


def clip(text: str, cells: int) -> str:
    """The text in at most this many cells. Its middle goes, since names differ at their ends."""
    if width(text) <= cells:
        return text
    if cells <= 1:
        return ELLIPSIS[:cells]

    tail_cells = (cells - 1) // 2
    tail = _start(text[::-1], tail_cells)[::-1]
    while tail and not _cells(tail[0]):  # a combining mark whose letter is gone
        tail = tail[1:]

    return _start(text, cells - 1 - tail_cells) + ELLIPSIS + tail


def _start(text: str, cells: int) -> str:
    """The longest start of the text that fits into the cells."""
    for end, character in enumerate(text):
        cells -= _cells(character)
        if cells < 0:
            return text[:end]
    return text


def broken(text: str, cells: int) -> list[str]:
    """The text in lines of at most this many cells.

    A line ends behind a slash, dash or dot if there is one in its second half.
    """
    lines = []
    while width(text) > cells:
        start = _start(text, cells) or text[:1]
        after_separator = max(map(start.rfind, "/-.")) + 1
        if after_separator * 2 > len(start):
            start = start[:after_separator]

        lines.append(start)
        text = text[len(start) :]

    return [*lines, text]


def wrapped(text: str, cells: int) -> list[str]:
    """The text broken between words; a word that is too long for a line is broken too."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= cells:
            line = joined
            continue

        if line:
            lines.append(line)

        while width(word) > cells:
            start = _start(word, cells) or word[:1]
            lines.append(start)
            word = word[len(start) :]

        line = word

    return [*lines, line] if line or not lines else lines
