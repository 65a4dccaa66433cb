"""Numbers in text as Go reads them: strconv.Atoi, and fmt.Sscanf with %d.

Source of the rules: Go's strconv/atoi.go and fmt/scan.go. Digits are those of ASCII; Python's own
readers take more.
"""

from __future__ import annotations

from krm_injector.lazy_pattern import lazy_pattern

_INTEGER = lazy_pattern(r"[+-]?[0-9]+\Z")
_UNSIGNED = lazy_pattern("[0-9]+")
# What fmt/scan.go takes for a blank, but the line feed: before a number that is an error.
_BLANKS = (
    "\t\v\f\r \x85\xa0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + "\u2028\u2029\u202f\u205f\u3000"
)


def atoi(text: str) -> int:
    """What strconv.Atoi gives beside its error: 0 for what is no number, the nearest int64 for one
    that is too big.
    """
    if not _INTEGER.match(text):
        return 0
    digits = text.lstrip("+-").lstrip("0")
    number = int(digits[:20] or "0")
    return max(-number, -(2**63)) if text[0] == "-" else min(number, 2**63 - 1)


def sscanf_uint32(text: str, separator: str) -> tuple[int, int] | None:
    """fmt.Sscanf(text, "%d" + separator + "%d") into two uint32; None where it gives an error.

    Blanks may stand before a number and nowhere else; there is no sign; what follows the second
    number is not read.
    """
    first = _uint32(text, 0)
    if first is None or not text.startswith(separator, first[1]):
        return None
    second = _uint32(text, first[1] + len(separator))
    return (first[0], second[0]) if second is not None else None


def _uint32(text: str, start: int) -> tuple[int, int] | None:
    """The number at a place and where it ends."""
    while start < len(text) and text[start] in _BLANKS:
        start += 1

    match = _UNSIGNED.match(text, start)
    if match is None:
        return None

    digits = match[0].lstrip("0")
    number = int(digits[:11] or "0")
    return (number, match.end()) if number < 2**32 else None
