"""Letter case and line shape as sprig's helpers (goutils 1.1.1, xstrings 1.5.0) see them.

goutils walks the bytes of a string and widens each to a rune, so text outside ASCII comes out as
Latin-1 read twice; that is what the webhook would print, so it is what these functions print.
"""

from __future__ import annotations

import unicodedata

from krm_injector.gotemplate.errors import check_size
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.gotext import (
    from_bytes,
    go_lower,
    go_runes,
    go_title_rune,
    go_upper,
    is_space,
    to_bytes,
)
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.sprig.word_cases import camelcase, kebabcase, snakecase


def _widen(byte: int) -> str:
    return chr(byte)


def initials(text: str) -> str:
    spend(len(text))
    out: list[str] = []
    gap = True
    for byte in to_bytes(text):
        char = _widen(byte)
        if is_space(char):
            gap = True
        elif gap:
            out.append(char)
            gap = False

    return "".join(out)


def nospace(text: str) -> str:
    spend(len(text))
    kept = [_widen(byte) for byte in to_bytes(text) if not is_space(_widen(byte))]
    return text if len(kept) == len(to_bytes(text)) else "".join(kept)


def untitle(text: str) -> str:
    spend(len(text))
    out: list[str] = []
    start = True
    for char in go_runes(text):
        if is_space(char):
            start = True
        elif start:
            char = go_lower(char)
            start = False
        out.append(char)

    return "".join(out)


def title(text: str) -> str:
    """strings.Title: a letter that follows a separator is put in title case."""
    spend(len(text))
    out: list[str] = []
    previous = " "
    for char in go_runes(text):
        out.append(go_title_rune(char) if _is_separator(previous) else char)
        previous = char
    return "".join(out)


def _is_separator(char: str) -> bool:
    if char < "\x80":
        return not (char.isalnum() or char == "_")
    if unicodedata.category(char)[0] == "L" or unicodedata.category(char) == "Nd":
        return False
    return is_space(char)


def swapcase(text: str) -> str:
    spend(len(text))
    out: list[str] = []
    start = True
    for char in go_runes(text):
        category = unicodedata.category(char)
        if category in ("Lu", "Lt"):
            out.append(go_lower(char))
            start = False
        elif category == "Ll":
            out.append(go_title_rune(char) if start else go_upper(char))
            start = False
        else:
            out.append(char)
            start = is_space(char)

    return "".join(out)


def wrap_custom(text: str, width: int, newline: str, long_words: bool) -> str:
    spend(len(text))
    data = to_bytes(text)
    sep = to_bytes(newline or "\n")
    width = max(width, 1)
    # A line is made of every width bytes where words are cut, and of every space at most where they
    # are not.
    lines = data.count(b" ") + (len(data) // width if long_words else 0)
    check_size(len(data) + lines * len(sep))
    offset = 0
    out: list[bytes] = []
    while len(data) - offset > width:
        if data[offset] == 0x20:
            offset += 1
            continue

        space = data.rfind(b" ", offset, offset + width + 1)
        if space >= offset:
            out += (data[offset:space], sep)
            offset = space + 1
        elif long_words:
            out += (data[offset : offset + width], sep)
            offset += width
        else:
            space = data.find(b" ", offset + width)
            if space < 0:
                out.append(data[offset:])
                offset = len(data)
            else:
                out += (data[offset:space], sep)
                offset = space + 1

    out.append(data[offset:])
    return from_bytes(b"".join(out))


def wrap(width: int, text: str) -> str:
    return wrap_custom(text, width, "", False)


def wrap_with(width: int, newline: str, text: str) -> str:
    return wrap_custom(text, width, newline, True)


def abbrev(width: int, text: str) -> str:
    return text if width < 4 else _abbreviate(text, 0, width)


def abbrevboth(left: int, right: int, text: str) -> str:
    if right < 4 or (left > 0 and right < 7):
        return text
    return _abbreviate(text, left, right)


def _abbreviate(text: str, offset: int, width: int) -> str:
    data = to_bytes(text)
    if width < 4:
        return ""
    if len(data) <= width:
        return text

    keep = width - 3
    offset = min(offset, len(data))
    if len(data) - offset < keep:
        offset = len(data) - keep
    if offset <= 4:
        return from_bytes(data[:keep] + b"...")
    if width < 7:
        return ""
    if offset + keep < len(data):
        return "..." + _abbreviate(from_bytes(data[offset:]), 0, keep)

    return "..." + from_bytes(data[len(data) - keep :])


FUNCS = functions({
    "title": (title, "string"),
    "untitle": (untitle, "string"),
    "abbrev": (abbrev, "int", "string"),
    "abbrevboth": (abbrevboth, "int", "int", "string"),
    "nospace": (nospace, "string"),
    "initials": (initials, "string"),
    "swapcase": (swapcase, "string"),
    "snakecase": (snakecase, "string"),
    "camelcase": (camelcase, "string"),
    "kebabcase": (kebabcase, "string"),
    "wrap": (wrap, "int", "string"),
    "wrapWith": (wrap_with, "int", "string", "string"),
})  # fmt: skip
