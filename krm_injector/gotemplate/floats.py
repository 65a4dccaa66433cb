"""Floating point numbers as Go writes them (strconv.FormatFloat, and fmt's # flag)."""

from __future__ import annotations

from math import copysign


def float_text(value: float, verb: str = "g", precision: int = -1) -> str:
    """strconv.FormatFloat for the verbs e, E, f, g, G; precision -1 is the shortest that reads
    back.
    """
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"

    upper = verb in "EGX"
    verb = verb.lower()
    if verb in "bx":
        text = _binary_float(value) if verb == "b" else _hex_float(value, precision)
    elif precision >= 0:
        text = _general(value, precision or 1) if verb == "g" else f"{value:.{precision}{verb}}"
    else:
        text = _shortest(value, verb)

    return text.upper() if upper else text


def _binary_float(value: float) -> str:
    """4503599627370496p-51: the mantissa as an integer and the power of two."""
    mantissa, power = value.hex().lstrip("-")[2:].split("p")
    bits = int(mantissa.replace(".", "").ljust(14, "0"), 16)
    exponent = int(power) if bits else -1022
    sign = "-" if copysign(1, value) < 0 else ""
    return f"{sign}{bits}p{exponent - 52:+d}"


def _hex_float(value: float, precision: int) -> str:
    """0x1.8p+01, rounded half to even where a precision says so."""
    bits, exponent = 0, 0
    if value:
        mantissa, power = abs(value).hex()[2:].split("p")
        bits, exponent = int(mantissa.replace(".", "").ljust(14, "0"), 16), int(power)
        missing = 53 - bits.bit_length()  # a denormal
        bits, exponent = bits << missing, exponent - missing

    if 0 <= precision < 13:
        shift = 52 - 4 * precision
        rest, half = bits & ((1 << shift) - 1), 1 << (shift - 1)
        bits = (bits >> shift) + (rest > half or (rest == half and bits >> shift & 1))
        bits <<= shift
        if bits >> 53:
            bits, exponent = bits >> 1, exponent + 1

    digits = f"{bits & ((1 << 52) - 1):013x}"
    digits = digits.rstrip("0") if precision < 0 else digits[:precision].ljust(precision, "0")
    sign = "-" if copysign(1, value) < 0 else ""
    fraction = f".{digits}" if digits else ""
    return f"{sign}0x{bits >> 52}{fraction}p{exponent:+03d}"


def _digits(value: float) -> tuple[str, str, int]:
    """Sign, shortest digits and the decimal exponent of the first one."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    sign = "-" if mantissa[0] == "-" else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = whole + fraction
    power = int(exponent or 0) + len(whole) - 1
    stripped = digits.lstrip("0")
    power -= len(digits) - len(stripped)
    stripped = stripped.rstrip("0")
    return (sign, stripped, power) if stripped else (sign, "0", 0)


def _shortest(value: float, verb: str) -> str:
    sign, digits, power = _digits(value)
    if verb == "g":
        verb = "e" if power < -4 or power >= 6 else "f"
    return sign + _layout(digits, power, verb)


def _layout(digits: str, power: int, verb: str) -> str:
    if verb == "e":
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{tail}e{power:+03d}"

    if power < 0:
        return "0." + "0" * (-power - 1) + digits
    if len(digits) <= power + 1:
        return digits + "0" * (power + 1 - len(digits))
    return digits[: power + 1] + "." + digits[power + 1 :]


def _general(value: float, precision: int) -> str:
    mantissa, _, exponent = f"{value:.{precision - 1}e}".partition("e")
    power = int(exponent)
    sign = "-" if mantissa[0] == "-" else ""
    digits = mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    limit = precision
    if limit > len(digits) and len(digits) >= power + 1:
        limit = len(digits)
    return sign + _layout(digits, power, "e" if power < -4 or power >= limit else "f")


def sharp_float(text: str, verb: str, precision: int) -> str:
    """The # flag: always a decimal point, and no digits dropped for %g."""
    number, mark, exponent = text[1:], "", ""
    for letter in "pP" if verb in "xX" else "eE":
        if letter in number:
            number, mark, exponent = number.partition(letter)

    digits = (6 if precision < 0 else precision) if verb in "vgGx" else 0  # Go forgets X
    digits -= len(number.replace(".", "").lstrip("0"))
    if "." not in number:
        if number == "0":  # Go counts the zero of 0x0 and its x as others
            digits -= 1
        number += "."

    return text[0] + number + "0" * max(digits, 0) + mark + exponent
