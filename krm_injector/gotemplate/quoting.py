"""strconv.Quote."""

from __future__ import annotations

_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
}
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
_CONTROLS.update({ord(char): escape for char, escape in _ESCAPES.items()})
_ASCII_QUOTED = {mark: {**_CONTROLS, ord(mark): "\\" + mark} for mark in "\"'"}


def quote(text: str, mark: str = '"', ascii_only: bool = False) -> str:
    """strconv.Quote (QuoteToASCII, QuoteRune with another mark)."""
    if text.isascii():
        return mark + text.translate(_ASCII_QUOTED[mark]) + mark

    if text.isprintable() and not ascii_only:
        return mark + text.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark

    out = [mark]
    for char in text:
        code = ord(char)
        if char == mark:
            out.append("\\" + char)
        elif char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif 0xDC80 <= code <= 0xDCFF:
            out.append(f"\\x{code - 0xDC00:02x}")
        elif char.isprintable() and (code < 128 or not ascii_only):
            out.append(char)
        elif code < 32 or code == 127:
            out.append(f"\\x{code:02x}")
        elif code < 0x10000:
            out.append(f"\\u{code:04x}")
        else:
            out.append(f"\\U{code:08x}")

    out.append(mark)
    return "".join(out)
