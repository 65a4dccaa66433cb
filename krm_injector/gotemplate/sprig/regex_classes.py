"""Character classes of Go's regular expressions, as ranges of code points: named ones, their
opposites, and what case folding adds.
"""

from __future__ import annotations

import re
from functools import lru_cache

from krm_injector.gotemplate.sprig.gotext import go_lower, go_title_rune, go_upper

Ranges = list[tuple[int, int]]
MAX_RUNE = 0x10FFFF
MAX_FOLD = 0x2000  # a class of more runes is not searched for their other cases
_DIGIT: Ranges = [(0x30, 0x39)]
_SPACE: Ranges = [(9, 10), (12, 13), (32, 32)]
_WORD: Ranges = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)]
PERL = {"d": _DIGIT, "s": _SPACE, "w": _WORD}
POSIX: dict[str, Ranges] = {
    "alnum": [(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)],
    "alpha": [(0x41, 0x5A), (0x61, 0x7A)],
    "ascii": [(0, 0x7F)],
    "blank": [(9, 9), (32, 32)],
    "cntrl": [(0, 0x1F), (0x7F, 0x7F)],
    "digit": _DIGIT,
    "graph": [(0x21, 0x7E)],
    "lower": [(0x61, 0x7A)],
    "print": [(0x20, 0x7E)],
    "punct": [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)],
    "space": [(9, 13), (32, 32)],
    "upper": [(0x41, 0x5A)],
    "word": _WORD,
    "xdigit": [(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
}


def orbit(char: str) -> set[str]:
    """The runes that simple case folding takes for one another."""
    runes = {char, go_lower(char), go_upper(char), go_title_rune(char)}
    runes |= {go_lower(c) for c in runes} | {go_upper(c) for c in runes}
    for group in (
        "kK\u212a",
        "sS\u017f",
        "\u00e5\u00c5\u212b",
        "\u03c9\u03a9\u2126",
        "\u03b8\u0398\u03d1\u03f4",
    ):
        if runes & set(group):
            runes |= set(group)

    return runes


def merged(ranges: Ranges) -> Ranges:
    out: Ranges = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out


def negated(ranges: Ranges) -> Ranges:
    out: Ranges = []
    start = 0
    for low, high in merged(ranges):
        if low > start:
            out.append((start, low - 1))
        start = high + 1

    if start <= MAX_RUNE:
        out.append((start, MAX_RUNE))
    return out


def folded(low: int, high: int) -> Ranges:
    ranges = [(low, high)]
    if high - low < MAX_FOLD:
        for code in range(low, high + 1):
            ranges += ((ord(c), ord(c)) for c in orbit(chr(code)))
    return ranges


@lru_cache(maxsize=1)
def _categories() -> dict[str, Ranges]:
    """The runes of every general category, of one letter and of two: all are found in one pass."""
    from unicodedata import category

    table: dict[str, Ranges] = {}
    # Surrogates are no runes. Here they are bytes that are no UTF-8, which Go reads as U+FFFD.
    for code in (*range(0xD800), *range(0xE000, MAX_RUNE + 1)):
        category_of_code = category(chr(code))
        for name in (category_of_code, category_of_code[0]) if category_of_code != "Cn" else ():
            ranges = table.setdefault(name, [])
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))

    return table


def category_named(name: str) -> tuple[tuple[int, int], ...] | None:
    """The runes of a general category ("L", "Lu", "Any"); None for a name that is none."""
    if name == "Any":
        return ((0, MAX_RUNE),)
    if not re.fullmatch("C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?", name):
        return None
    return tuple(_categories().get(name, ()))
