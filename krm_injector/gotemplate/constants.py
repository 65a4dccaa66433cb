"""Go's literals: quoted strings, characters and numbers (strconv's and text/template's rules)."""

from __future__ import annotations

from krm_injector.gotemplate import lex
from krm_injector.gotemplate.node import Number
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_ESCAPE = lazy_pattern(
    r"\\(?:([abfnrtv\\])|(['\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_INT = lazy_pattern(r"([+-]?)(?:0[xX]_?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|0[bB]_?([01]+(?:_[01]+)*)"
                  r"|0[oO]?_?([0-7]+(?:_[0-7]+)*)|([0-9]+(?:_[0-9]+)*))\Z")  # fmt: skip
_RUN = "[0-9](?:_?[0-9])*"
_DECIMAL = lazy_pattern(rf"[+-]?(?:{_RUN}\.?(?:{_RUN})?|\.{_RUN})(?:[eE][+-]?{_RUN})?\Z")
_HEX = lazy_pattern(
    r"[+-]?0[xX](?:_?[0-9a-fA-F])*\.?[0-9a-fA-F]*(?:_?[0-9a-fA-F])*[pP][+-]?[0-9]+\Z"
)


def unquote(text: str) -> str | None:
    """The value of a quoted or raw string literal, None where it is malformed (strconv.Unquote)."""
    body = text[1:-1]
    if text[0] == "`":
        return body.replace("\r", "") if "\r" in body else body
    if "\\" not in body:
        return body
    return _unescape(body, text[0])


def _unescape(body: str, mark: str) -> str | None:
    good = True
    bytes_seen = False

    def character_of(match: re.Match[str]) -> str:
        nonlocal good, bytes_seen
        simple, quoted, hexadecimal, octal, short, long = match.groups()
        if simple:
            return _SIMPLE[simple]

        if quoted:
            good = good and quoted == mark
            return str(quoted)

        if hexadecimal or octal:
            code = int(hexadecimal, 16) if hexadecimal else int(octal, 8)
            good = good and code < 256
            bytes_seen = bytes_seen or code > 127
            return chr(code) if code < 128 else chr(0xDC00 + (code & 0xFF))

        if short or long:
            code = int(short or long, 16)
            if code <= 0x10FFFF and not 0xD800 <= code < 0xE000:
                return chr(code)

        good = False
        return ""

    value = _ESCAPE.sub(character_of, body)
    if not good:
        return None
    if bytes_seen:  # bytes written one by one may make up a character
        value = value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")

    return value


def number(pos: int, text: str, kind: int) -> Number:
    """The constant under every type that holds it. ValueError carries Go's sentence."""
    from krm_injector.gotemplate.quoting import quote

    constant = Number(pos, text)
    if kind == lex.CHARCONST:
        _character(constant, text)
        return constant

    if text.isdecimal() and text.isascii() and (text[0] != "0" or text == "0") and len(text) < 19:
        constant.as_int = constant.as_uint = int(text)  # as most are written
        constant.as_float = float(text)
        return constant

    if kind == lex.COMPLEX or text.endswith("i"):
        _complex(constant, text, kind)
        return constant

    match = _INT.match(text)
    if match is not None:
        _integer(constant, match)
        if constant.as_float is not None:
            return constant

    value = _float(text)
    if value is None:
        raise ValueError(f"illegal number syntax: {quote(text)}")
    if not any(c in text for c in ".eEpP"):
        raise ValueError(f"integer overflow: {quote(text)}")

    _from_float(constant, value)
    return constant


def _complex(constant: Number, text: str, kind: int) -> None:
    imaginary = text[:-1]
    real = "0"
    if kind == lex.COMPLEX:
        split = max(
            i
            for i in range(1, len(imaginary))
            if imaginary[i] in "+-" and imaginary[i - 1] not in "eEpP"
        )
        real, imaginary = imaginary[:split], imaginary[split:]

    parts = _float(real), _float(imaginary)
    if parts[0] is not None and parts[1] is not None:
        constant.as_complex = complex(parts[0], parts[1])
        if parts[1] == 0:
            _from_float(constant, parts[0])
        return

    from krm_injector.gotemplate.quoting import quote

    raise ValueError(f"illegal number syntax: {quote(text)}")


def _character(constant: Number, text: str) -> None:
    body = text[1:-1]
    value = _unescape(body, "'") if "\\" in body else body
    if value is None or not value:
        raise ValueError("invalid syntax")
    if len(value) != 1:
        raise ValueError(f"malformed character constant: {text}")

    code = ord(value)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00

    constant.as_int = constant.as_uint = code
    constant.as_float = float(code)


def _integer(constant: Number, match: re.Match[str]) -> None:
    sign, hexadecimal, binary, octal, decimal = match.groups()
    if hexadecimal:
        value = int(hexadecimal, 16)
    elif binary:
        value = int(binary, 2)
    elif octal:
        value = int(octal, 8)
    elif decimal[0] == "0" and decimal != "0":
        return  # 089: no octal number, and as a float it is no integer
    else:
        value = int(decimal) if len(decimal) < 400 else 1 << 64

    if sign == "-":
        value = -value
    if not sign and value < 1 << 64:
        constant.as_uint = value

    if -(1 << 63) <= value < 1 << 63:
        constant.as_int = value
        if value == 0:
            constant.as_uint = 0

    if constant.as_int is not None or constant.as_uint is not None:
        constant.as_float = float(value)


def _float(text: str) -> float | None:
    try:
        if _DECIMAL.match(text):
            value = float(text)
        elif _HEX.match(text):
            value = float.fromhex(text.replace("_", ""))
        else:
            return None
    except (ValueError, OverflowError):
        return None

    return None if value in (float("inf"), float("-inf")) else value


def _from_float(constant: Number, value: float) -> None:
    constant.as_float = value
    if value == int(value):
        if -(1 << 63) <= value < 1 << 63:
            constant.as_int = int(value)
        if 0 <= value < 1 << 64:
            constant.as_uint = int(value)
