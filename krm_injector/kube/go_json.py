"""encoding/json of Go for decoded values: Marshal and Unmarshal as they treat any.

Source of the rules: Go's encoding/json (encode.go, scanner.go); maps are written in key order, <, >
and & escaped.
"""

from __future__ import annotations

from krm_injector.kube.c_json import encode_basestring
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.light import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from json import JSONDecodeError, JSONDecoder
    from typing import Any, NoReturn

_STRING_OR_BRACKET = lazy_pattern(r'(?s)"(?:[^"\\]|\\.)*"?|[][{}]')

MAX_DEPTH = 200  # as of YAML; Go's own bound is 10,000


class GoJsonError(ValueError):
    """Text that encoding/json refuses, or a value it cannot write. Attributes: reason (Go-like),
    offset.
    """

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


def float_text(value: float) -> str:
    """A float64 as encoding/json writes it: 1 for 1.0, 0.000001, 1e-7, 1e+21."""
    if value != value or value in (float("inf"), float("-inf")):
        name = "NaN" if value != value else ("+Inf" if value > 0 else "-Inf")
        raise GoJsonError(f"json: unsupported value: {name}")

    text = repr(value)
    if "e" not in text:  # repr has none from 1e-4 up to 1e16
        return text[:-2] if text.endswith(".0") else text

    mantissa, _, exponent = text.partition("e")
    power = int(exponent)
    if -7 < power < 21:
        return _positional(mantissa, power)
    if mantissa.endswith(".0"):
        mantissa = mantissa[:-2]

    return f"{mantissa}e{power:+d}"


def _positional(mantissa: str, power: int) -> str:
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    if fraction == "0":
        fraction = ""

    digits = whole + fraction
    if power >= 0:
        return f"{sign}{digits.ljust(power + 1, '0')}"
    return f"{sign}0.{'0' * (-power - 1)}{digits}"


def string_text(value: str) -> str:
    """A string in quotes, not HTML escaped; half surrogates become U+FFFD."""
    try:
        value.encode()
    except UnicodeEncodeError:
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return encode_basestring(value)


def escape(text: str, escape_html: bool = True) -> str:
    """Go's escapes over a finished JSON text: these characters occur inside strings only."""
    if escape_html and ("<" in text or ">" in text or "&" in text):
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    if "\u2028" in text or "\u2029" in text:
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text


def dumps(value: Any, escape_html: bool = True, sort_keys: bool = True) -> str:
    """json.Marshal of a decoded value; sort_keys=False keeps the order of dicts (that of struct
    fields).
    """
    parts: list[str] = []
    _write(value, parts.append, sort_keys)
    return escape("".join(parts), escape_html)


def _write(value: Any, put: Any, sort_keys: bool) -> None:
    if isinstance(value, str):
        put(string_text(value))
    elif value is None:
        put("null")
    elif value is True or value is False:
        put("true" if value else "false")
    elif isinstance(value, int):
        put(int.__repr__(value))
    elif isinstance(value, float):
        put(float_text(value))
    elif isinstance(value, dict):
        separator = "{"
        for key in sorted(value) if sort_keys else value:
            put(separator)
            put(string_text(key))
            put(":")
            _write(value[key], put, sort_keys)
            separator = ","

        put("}" if value else "{}")
    elif isinstance(value, (list, tuple)):
        separator = "["
        for item in value:
            put(separator)
            _write(item, put, sort_keys)
            separator = ","
        put("]" if value else "[]")
    else:
        raise GoJsonError(f"json: unsupported type: {type(value).__name__}")


def _refuse_constant(name: str) -> NoReturn:
    raise GoJsonError(f"invalid character {name[:1]!r} looking for beginning of value")


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise GoJsonError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return number


@cache
def _decoder() -> JSONDecoder:
    from json import JSONDecoder  # late: see c_json.py

    return JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_refuse_constant)


_AFTER = {
    "Expecting value": "looking for beginning of value",
    "Extra data": "after top-level value",
    "Expecting ':' delimiter": "after object key",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
}


def loads(text: str) -> Any:
    """json.Unmarshal into any: every number a float, the last of duplicate keys wins. Raises
    GoJsonError.
    """
    from json import JSONDecodeError  # late: see c_json.py

    if text.count("[") + text.count("{") > MAX_DEPTH and _too_deep(text):
        raise GoJsonError("exceeded max depth")
    try:
        value = _decoder().decode(text)
    except JSONDecodeError as err:
        raise GoJsonError(_reason(text, err), err.pos) from None

    return _mend(value) if "\\u" in text else value


def _too_deep(text: str) -> bool:
    depth = 0
    for token in _STRING_OR_BRACKET.findall(text):
        depth += (token in "[{") - (token in "]}")
        if depth > MAX_DEPTH:
            return True
    return False


def _reason(text: str, err: JSONDecodeError) -> str:
    rest = text[err.pos :].lstrip(" \t\r\n")
    if not rest or err.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"

    place = _AFTER.get(err.msg, "")
    if err.msg.startswith("Expecting property name"):
        place = "looking for beginning of object key string"
    elif err.msg.startswith("Expecting ','"):
        place = (
            "after object key:value pair" if _in_object(text[: err.pos]) else "after array element"
        )
    elif err.msg.startswith("Invalid \\"):
        rest = text[err.pos + 1 :] or rest

    return f"invalid character {_quote(rest[0])} {place or 'looking for beginning of value'}"


def _quote(char: str) -> str:
    if char == "'":
        return "'\\''"
    if char == '"':
        return "'\"'"
    return repr(char)


def _in_object(head: str) -> bool:
    """Whether the innermost container left open is an object."""
    opened: list[str] = []
    inside = escaped = False
    for char in head:
        if inside:
            inside, escaped = escaped or char != '"', char == "\\" and not escaped
        elif char == '"':
            inside = True
        elif char in "{[":
            opened.append(char)
        elif char in "}]" and opened:
            opened.pop()

    return bool(opened) and opened[-1] == "{"


def _mend(value: Any) -> Any:
    """Half surrogates, written as \\ud800, are U+FFFD in Go."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value

    if isinstance(value, list):
        return [_mend(item) for item in value]
    if isinstance(value, dict):
        return {_mend(key): _mend(item) for key, item in value.items()}

    return value
