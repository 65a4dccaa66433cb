"""What a plain YAML scalar means to Kubernetes: the resolution rules of go-yaml v2 under
sigs.k8s.io/yaml.

Source of the rules: go.yaml.in/yaml/v2 v2.4 (resolve.go) and sigs.k8s.io/yaml v1.6 (yaml.go, the
way to JSON). YAML 1.1 booleans, C-like integers (0755, 0x1F, 0b1) beside 0o14, underscores in
numbers; dates, sexagesimal numbers and "=" are strings.
"""

from __future__ import annotations

from math import inf, isfinite, isinf, isnan, nan

from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -inf),
}
"""Every spelling that is not a number and not the string it looks like."""

HINTS = frozenset("yYnNtTfFoO~+-.0123456789") | {""}
"""First characters (text[:1]) of all scalars that may be something else than a string."""

_NUMERIC = frozenset("+-.0123456789")
_IN_NUMBERS = "0123456789abcdefABCDEFxXoO+-._"  # no number has another character
_INTEGER = lazy_pattern(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))\Z"
)
_FLOAT = lazy_pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_POINT_FLOAT = lazy_pattern(
    r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?\Z"
)  # strconv.ParseFloat itself
_BINARY = lazy_pattern(
    r"0b([-+]?[01]+)\Z"
)  # "0b-1": go-yaml parses what follows "0b" as a signed number
_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)


def resolve(text: str) -> Any:
    """The value of a plain, untagged scalar: None, bool, int, float (may be nan, inf) or the text
    itself.
    """
    first = text[:1]
    if first not in HINTS:
        return text
    if text in WORDS:
        return WORDS[text]
    return resolve_number(text) if first in _NUMERIC else text


def resolve_number(text: str) -> Any:
    """Like resolve, for a text whose first character is a digit, a sign or a point and that is no
    word.
    """
    if text.isdecimal() and text.isascii() and (text[0] != "0" or text == "0") and len(text) < 20:
        return int(text)
    if text.strip(_IN_NUMBERS) or text.count(".") > 1:
        return text
    return _unusual_number(text)


def _unusual_number(text: str) -> Any:
    if text[0] == ".":
        value = float(text) if _POINT_FLOAT.match(text) else inf
        return text if isinf(value) else value

    plain = text.replace("_", "")
    match = _INTEGER.match(plain)
    if match:
        sign, hexadecimal, binary, octal, decimal = match.groups()
        if decimal:
            number = int(decimal) if len(decimal) < 25 else 2**70
        elif octal:
            number = int(octal, 8)
        else:
            number = int(hexadecimal, 16) if hexadecimal else int(binary, 2)

        if sign == "-":
            number = -number
        if number in _INT64 or (not sign and number in _UINT64):
            return number

    if _FLOAT.match(plain):
        value = float(plain)
        return (
            text if isinf(value) else value
        )  # out of range: strconv.ParseFloat fails, a string remains

    match = _BINARY.match(plain) if plain.startswith("0b") else None
    if match and int(match[1], 2) in _INT64:
        return int(match[1], 2)

    return text


def as_json_number(value: float) -> int | float:
    """What a float becomes on its way through JSON into Kubernetes: an integer where it prints as
    one.
    """
    if not value.is_integer() or abs(value) > 2**63:
        return value
    if abs(value) < 2**53:
        return int(value)

    mantissa, _, power = repr(value).partition(
        "e"
    )  # Go prints the shortest digits and fills up with zeros
    exponent = int(power or "0")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    number = int(whole + fraction) * 10 ** (exponent - len(fraction))
    return number if number in _INT64 else value


def key_text(value: Any) -> str | None:
    """The JSON key that a resolved mapping key becomes; None where Go refuses it (null, integers
    beyond int64).
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value in _INT64 else None
    if isinstance(value, float):
        return _float_key(value)
    return None


def _float_key(value: float) -> str:
    """strconv.FormatFloat(value, 'g', -1, 32), with YAML's names of the infinities."""
    if isnan(value):
        return ".nan"

    import struct  # late: floats as keys are rare

    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = inf if value > 0 else -inf

    if not isfinite(single):
        return ".inf" if single > 0 else "-.inf"

    for digits in range(1, 18):  # the shortest text that reads back to the same float32
        text = f"{single:.{digits - 1}e}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == single:
            break

    return general_format(text)


def general_format(scientific: str) -> str:
    """Go's FormatFloat(..., 'g', -1, ...) from a shortest "%e" text: plain digits for exponents
    from -4 to 5.
    """
    mantissa, _, exponent_text = scientific.partition("e")
    sign = "-" if mantissa[0] == "-" else ""
    digits = mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    exponent = int(exponent_text)
    if exponent < -4 or exponent >= 6:
        point = "." + digits[1:] if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{point}e{exponent:+03d}"

    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    if exponent + 1 >= len(digits):
        return sign + digits + "0" * (exponent + 1 - len(digits))

    return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"
