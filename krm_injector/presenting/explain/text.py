"""Text in a terminal's cells: how wide it is, cut to a width, broken into lines."""

from __future__ import annotations

ELLIPSIS = "…"


def width(text: str) -> int:
    """Cells that a text takes: two for East Asian wide characters, none for marks that combine."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    import unicodedata  # 1 ms, and names in other scripts are rare

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def pad(text: str, cells: int) -> str:
    """The text with blanks up to a width."""
    return text + " " * (cells - width(text))


def clip(text: str, cells: int) -> str:
    """The text in at most so many cells: its middle goes, since names differ at their ends."""
    if width(text) <= cells:
        return text
    if cells <= 1:
        return ELLIPSIS[:cells]

    tail = (cells - 1) // 2
    end = _start(text[::-1], tail)[::-1]
    while end and not _cells(end[0]):  # a mark whose letter is gone
        end = end[1:]

    return _start(text, cells - 1 - tail) + ELLIPSIS + end


def _start(text: str, cells: int) -> str:
    for end, character in enumerate(text):
        cells -= _cells(character)
        if cells < 0:
            return text[:end]
    return text


def broken(text: str, cells: int) -> list[str]:
    """The text in lines of at most so many cells, broken behind a slash, dash or dot where one is
    near.
    """
    found = []
    while width(text) > cells:
        start = _start(text, cells) or text[:1]
        at = max(map(start.rfind, "/-.")) + 1
        start = start[:at] if at * 2 > len(start) else start
        found.append(start)
        text = text[len(start) :]

    return [*found, text]


def lines(text: str, cells: int) -> list[str]:
    """The text broken between words; a word that is too long is broken too."""
    found: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= cells:
            line = joined
            continue

        if line:
            found.append(line)

        while width(word) > cells:
            start = _start(word, cells) or word[:1]
            found.append(start)
            word = word[len(start) :]

        line = word

    return [*found, line] if line or not found else found
