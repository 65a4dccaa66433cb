"""resource.ParseQuantity and its canonical String(), in exact integer arithmetic.

Source of the rules: k8s.io/apimachinery 0.35 pkg/api/resource (quantity.go, suffix.go, amount.go).
"""

from __future__ import annotations

from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.light import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SHAPE = lazy_pattern(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[+-]?[0-9]*)\Z")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = ["", *_BINARY]
_EXPONENT = lazy_pattern(r"[eE]([+-]?[0-9]+)\Z")
_MAX = 2**63 - 1
_MAX_BINARY_NANO = _MAX * 10**9  # quantities with a binary suffix stop at int64's end
_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_SUFFIX = "unable to parse quantity's suffix"
_NUMERIC = "unable to parse numeric part of quantity"
# Digits that a number has, and zeros that its exponent adds. Python writes at most 4,300 digits.
_FARTHEST = 2000


class QuantityError(ValueError):
    """The value is no quantity. Attributes: value (as given), reason (Go's sentence)."""

    def __init__(self, value: Any, reason: str) -> None:
        super().__init__(f"{value!r} is not a quantity: {reason}")
        self.value = value
        self.reason = reason


def from_json(value: Any) -> str:
    """A JSON value as Quantity reads it and writes it again: spaces are cut, null is "0"."""
    if value is None:
        return "0"
    return _of_text(value) if isinstance(value, str) else parse(value)


@lru_cache(maxsize=1024)
def _of_text(text: str) -> str:
    """Remembered, because the containers of a run ask for few different quantities."""
    return parse(text.strip())


def parse(value: Any) -> str:
    """The canonical text of a quantity ("1000m" -> "1", "1024Mi" -> "1Gi", 0.5 -> "500m").

    value: str, int or float, the latter two as JSON numbers. Raises QuantityError.
    """
    text = _number_text(value) if not isinstance(value, str) else value
    if text == "0":
        return text

    parts = _parts(text)
    if parts is None:
        raise QuantityError(value, _WRONG)

    sign, digits, fraction, suffix = parts
    whole = digits.lstrip("0")
    if fraction is None and suffix == "" and not whole:
        return "0"  # nothing but a sign and zeros: Go reads it as zero

    try:
        return _canonical(text, sign == "-", whole or "0", fraction or "", suffix)
    except _Malformed as err:
        raise QuantityError(value, str(err)) from None


def nano(value: Any) -> int:
    """A quantity in billionths, rounded up as the API server does: "100m" -> 100_000_000. Raises
    QuantityError.
    """
    text = parse(value.strip() if isinstance(value, str) else value)
    match = _SHAPE.match(text)
    assert match is not None
    base, exponent, _ = _interpret(match[4])
    digits, places = match[2] + (match[3] or ""), len(match[3] or "")
    number = int(digits or "0") * 10**9
    if base == 2:
        number = -(-(number << exponent) // 10**places)
    else:
        shift = exponent - places
        if abs(shift) > _FARTHEST:  # 1e999999999 is a quantity, which nothing can have
            raise QuantityError(value, _NUMERIC)
        scale = int(10 ** abs(shift))
        number = number * scale if shift >= 0 else -(-number // scale)

    return -number if match[1] == "-" else number


def in_thousandths(value: Any) -> Any:
    """A quantity rounded up to thousandths, as the API server stores resources; the value itself
    where it is that precise. Raises QuantityError.

    Source: SetDefaults_ResourceList (Kubernetes 1.37, pkg/apis/core/v1/defaults.go).
    """
    exact = nano(value)
    if exact % 10**6 == 0:
        return value

    match = _SHAPE.match(from_json(value))
    assert match is not None
    return _write(-(-exact // 10**6), -3, _interpret(match[4])[2])


def _parts(text: str) -> tuple[str, str, str | None, str] | None:
    """Sign, whole digits, digits behind a point and suffix; None where the text has another
    shape.
    """
    whole = text.rstrip("EKMGTPikmnu")
    if whole.isdecimal() and whole.isascii():
        # "500m", "128Mi", as most are: the expression is not even compiled.
        return "", whole, None, text[len(whole) :]

    match = _SHAPE.match(text)
    return (match[1], match[2], match[3], match[4]) if match and text else None


class _Malformed(Exception):
    pass


def _number_text(value: Any) -> str:
    """A JSON number's text as a YAML or JSON reader passes it on."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise QuantityError(value, _WRONG)
    if isinstance(value, int):
        return str(value)
    from krm_injector.kube.go_json import float_text

    return float_text(value)


def _interpret(suffix: str) -> tuple[int, int, str]:
    """base, exponent, format ("si", "binary", "exponent") of a suffix."""
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], "si"
    if suffix in _BINARY:
        return 2, _BINARY[suffix], "binary"

    match = _EXPONENT.match(suffix)
    if match is None or len(match[1].lstrip("+-0")) > 19 or not -(2**63) <= int(match[1]) <= _MAX:
        raise _Malformed(_SUFFIX)

    exponent = int(match[1]) & 0xFFFFFFFF  # Go narrows the exponent to int32
    return 10, exponent - 2**32 if exponent >= 2**31 else exponent, "exponent"


def _canonical(text: str, negative: bool, whole: str, fraction: str, suffix: str) -> str:
    base, exponent, form = _interpret(suffix)
    if len(whole) + len(fraction) > _FARTHEST:
        raise _Malformed(_NUMERIC)

    if base == 10:
        mantissa, scale, precision = 1, exponent, 18 - len(whole) - len(fraction)
    elif fraction:
        mantissa, scale, precision = 1, 0, -1
    else:
        mantissa, scale, precision = 1 << exponent, 0, 15 - len(whole) - exponent * 3 // 10 - 1

    scale -= len(fraction)
    digits = whole + fraction
    if precision >= 0 and scale >= -9:
        number = int(digits)
        product = number * mantissa
        if product <= _MAX:
            # Go keeps the text as written where it looks canonical, which "1.500" and "+5" do.
            if form == "binary":
                keep = number & 7 != 0
            else:
                keep = scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"
            return text if keep else _write(-product if negative else product, scale, form)

    if not any(char.isdigit() for char in text[: len(text) - len(suffix)]):
        raise _Malformed(_NUMERIC)  # Go's fast path takes "k" for 0, this one does not

    return _slow(negative, int(digits), base, exponent, len(fraction), form)


def _slow(negative: bool, number: int, base: int, exponent: int, places: int, form: str) -> str:
    """The path of big or very small numbers: rounded up to nano, capped at int64 for binary
    suffixes.
    """
    scale = -places
    if base == 2:
        number <<= exponent
    else:
        scale += exponent

    if scale > _FARTHEST:
        raise _Malformed(_NUMERIC)

    if number and scale < -9:
        drop = -9 - scale
        number = 1 if drop > _FARTHEST else -(-number // 10**drop)
        scale = -9

    if form == "binary":
        if scale < 0:
            number, scale = number * 10 ** (scale + 9), -9
        if number > (_MAX_BINARY_NANO if scale == -9 else _MAX):
            number, scale = _MAX, 0
        elif scale == -9 and 0 < number < 10**9:
            form = "si"

    return _write(-number if negative else number, scale, form)


def _write(number: int, scale: int, form: str) -> str:
    """number * 10**scale in its canonical form."""
    if number == 0:
        return "0"

    if form == "binary":
        whole = _whole(number, scale)
        if whole is not None and not -1024 < whole < 1024:
            power = 0
            while whole % 1024 == 0:
                whole //= 1024
                power += 1
            # Beyond Ei Go finds no suffix and writes none.
            suffix = _BINARY_SUFFIX[power] if power < len(_BINARY_SUFFIX) else ""
            return f"{whole}{suffix}"

        form = "si"

    while number % 10 == 0:
        number //= 10
        scale += 1

    shift = scale % 3
    number, scale = number * 10**shift, scale - shift
    if form == "exponent":
        return f"{number}e{scale}" if scale else str(number)

    return (
        f"{number}{_DECIMAL_SUFFIX.get(scale, '')}"  # beyond E Go finds no suffix and writes none
    )


def _whole(number: int, scale: int) -> int | None:
    """number * 10**scale where it is an integer, else None."""
    if scale >= 0:
        return int(number * 10**scale)
    whole, rest = divmod(number, 10**-scale)
    return None if rest else whole
