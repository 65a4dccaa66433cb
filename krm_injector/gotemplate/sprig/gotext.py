"""Go strings in Python: bytes behind a str, runes, and the case mappings of package unicode.

A Go string may hold bytes that are no UTF-8 (trunc cuts inside a rune); a str carries them as lone
surrogates (error handler "surrogateescape"), and the printer turns them back into those bytes.
"""

from __future__ import annotations

from krm_injector.lazy_pattern import lazy_pattern

_BYTE = lazy_pattern("[\udc80-\udcff]")


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def is_space(char: str) -> bool:
    """unicode.IsSpace."""
    if char <= "\xff":
        return char in "\t\n\v\f\r \x85\xa0"
    return (
        char == "\u1680" or "\u2000" <= char <= "\u200a" or char in "\u2028\u2029\u202f\u205f\u3000"
    )


SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def go_upper(text: str) -> str:
    """unicode.ToUpper on each rune: one rune for one, so that the German sharp s stays as it is."""
    if text.isascii():
        return text.upper()
    return "".join(u if len(u := c.upper()) == 1 else c for c in go_runes(text))


def go_lower(text: str) -> str:
    if text.isascii():
        return text.lower()
    # Python lowers U+0130 to two runes and a sigma by its place; Go knows one rune for each.
    parts = go_runes(text).replace("\u0130", "i").split("\u03a3")
    return "\u03c3".join(part.lower() for part in parts)


def go_runes(text: str) -> str:
    """The text as Go's package strings maps it: a byte that is no UTF-8 is U+FFFD."""
    return _BYTE.sub("\ufffd", text)


def go_title_rune(char: str) -> str:
    mapped = char.title()
    return mapped if len(mapped) == 1 else char
