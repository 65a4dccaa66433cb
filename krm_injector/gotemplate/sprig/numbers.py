"""sprig's arithmetic (numeric.go) over the conversions of github.com/spf13/cast 1.10.0.

Integers are int64 and wrap around; whatever cannot be converted counts as 0, without an error.
"""

from __future__ import annotations

import math
import re

from krm_injector.gotemplate.errors import FuncError, check_size
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.reflect import IntList, go_format
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.values import Int64
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MIN = -(1 << 63)
_MAX = (1 << 63) - 1
_DECIMAL = lazy_pattern(r"([-+]?[0-9]*)(?:\.[0-9]*)?\Z")
_INTEGER = lazy_pattern(
    r"([-+]?)(?:(0[xX])(_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|(0[bB])(_?[01]+(?:_[01]+)*)"
    r"|(0[oO]?)(_?[0-7]+(?:_[0-7]+)*)|([0-9]|[1-9][0-9]*(?:_[0-9]+)*))\Z"
)
_FLOAT = lazy_pattern(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9_]+)?\Z")
_HEX_FLOAT = lazy_pattern(r"[-+]?0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][-+]?[0-9]+\Z")
_WORD = lazy_pattern(r"[-+]?inf(?:inity)?\Z|nan\Z", re.IGNORECASE)


def wrapped(number: int) -> Int64:
    """The int64 that Go's arithmetic leaves."""
    return Int64((number - _MIN) % (1 << 64) + _MIN)


def parse_int(text: str) -> int | None:
    """strconv.ParseInt(text, 0, 64); None for an error."""
    match = _INTEGER.match(text)
    if not match:
        return None

    sign, hexa, hex_digits, binary, binary_digits, octal, octal_digits, digits = match.groups()
    if hexa:
        number = int(hex_digits.replace("_", ""), 16)
    elif binary:
        number = int(binary_digits.replace("_", ""), 2)
    elif octal:
        number = int(octal_digits.replace("_", ""), 8)
    else:
        plain = digits.replace("_", "")
        if len(plain) > 20:
            return None
        number = int(plain)

    number = -number if sign == "-" else number
    return number if _MIN <= number <= _MAX else None


def parse_float(text: str) -> float | None:
    """strconv.ParseFloat(text, 64); None for an error, a number out of range among them."""
    if _WORD.match(text):
        return float(text)
    if not text.isascii() or "__" in text:
        return None

    if _HEX_FLOAT.match(text):
        try:
            return float.fromhex(text.replace("_", ""))
        except (ValueError, OverflowError):
            return None

    if not _FLOAT.match(text):
        return None

    try:
        number = float(text)
    except ValueError:
        return None

    return None if math.isinf(number) else number


def to_int64(value: Any) -> Int64:
    if isinstance(value, (bool, int)):
        return Int64(value)

    if isinstance(value, float):
        # The processor's conversion: what does not fit is the smallest int64 (amd64).
        return (
            Int64(int(value))
            if -9.3e18 < value < 9.2233720368547758e18 and value >= _MIN
            else Int64(_MIN)
        )

    if isinstance(value, str):
        match = _DECIMAL.match(value) if "." in value else None
        text = value if match is None else match[1]
        if match is not None and text in ("", "-", "+"):
            text += "0"
        return Int64(parse_int(text) or 0)

    return Int64(0)


def to_int(value: Any) -> int:
    return int(to_int64(value))


def to_float64(value: Any) -> float:
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, str):
        number = parse_float(value)
        return 0.0 if number is None else number
    return 0.0


def atoi(text: str) -> int:
    """strconv.Atoi without its error: out of range gives the nearest bound, anything else that
    fails 0.
    """
    if not re.fullmatch(r"[-+]?[0-9]+", text) or not text.isascii():
        return 0
    digits = text.lstrip("+-").lstrip("0")[:20] or "0"
    return max(_MIN, min(_MAX, -int(digits) if text[0] == "-" else int(digits)))


def to_decimal(value: Any) -> Int64:
    """The number whose octal digits are the value's text."""
    text = value if isinstance(value, str) else go_format("%v", value)
    if not re.fullmatch(r"[-+]?[0-7]+", text) or len(text) > 400:
        return Int64(0)
    number = int(text, 8)
    return Int64(number) if _MIN <= number <= _MAX else Int64(0)


def add1(value: Any) -> Int64:
    return wrapped(to_int64(value) + 1)


def add(*values: Any) -> Int64:
    return wrapped(sum(map(to_int64, values)))


def sub(left: Any, right: Any) -> Int64:
    return wrapped(to_int64(left) - to_int64(right))


def mul(first: Any, *values: Any) -> Int64:
    product = to_int64(first)
    for value in values:
        product = wrapped(product * to_int64(value))
    return product


def div(left: Any, right: Any) -> Int64:
    over, under = int(to_int64(left)), int(to_int64(right))
    if under == 0:
        raise FuncError("runtime error: integer divide by zero")
    quotient = abs(over) // abs(under)
    return wrapped(quotient if (over < 0) == (under < 0) else -quotient)


def mod(left: Any, right: Any) -> Int64:
    over, under = int(to_int64(left)), int(to_int64(right))
    if under == 0:
        raise FuncError("runtime error: integer divide by zero")
    rest = abs(over) % abs(under)
    return Int64(-rest if over < 0 else rest)


def biggest(first: Any, *values: Any) -> Int64:
    return max(map(to_int64, (first, *values)))


def smallest(first: Any, *values: Any) -> Int64:
    return min(map(to_int64, (first, *values)))


def _extreme(values: tuple[Any, ...], pick: Any) -> float:
    numbers = [to_float64(value) for value in values]
    infinite = pick(math.inf, -math.inf)
    if infinite in numbers:
        return float(infinite)
    if any(math.isnan(number) for number in numbers):
        return math.nan
    # To Go, minus zero is less than zero.
    return float(pick(numbers, key=lambda number: (number, math.copysign(1, number))))


def maxf(*values: Any) -> float:
    return _extreme(values, max)


def minf(*values: Any) -> float:
    return _extreme(values, min)


def _whole(number: float, rule: Any) -> float:
    if math.isinf(number) or math.isnan(number):
        return number
    # copysign keeps Go's minus zero.
    return math.copysign(float(rule(number)), number)


def floor(value: Any) -> float:
    return _whole(to_float64(value), math.floor)


def ceil(value: Any) -> float:
    return _whole(to_float64(value), math.ceil)


def rounded(value: Any, places: int, on: float = 0.5, *_more: float) -> float:
    try:
        power = math.pow(10, places)
    except OverflowError:
        power = math.inf

    digit = power * to_float64(value)
    rule = math.ceil if math.modf(digit)[0] >= on else math.floor
    number = _whole(digit, rule)
    if power == 0.0:
        return math.nan if number == 0 or math.isnan(number) else math.copysign(math.inf, number)

    return number / power


def _decimals(values: tuple[Any, ...], operation: str) -> float:
    """shopspring/decimal: exact on each float's shortest decimal form, division to 16 places."""
    import decimal

    context = decimal.Context(
        prec=4000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, rounding=decimal.ROUND_HALF_UP
    )
    result: decimal.Decimal | None = None
    for value in values:
        number = to_float64(value)
        if math.isinf(number) or math.isnan(number):
            shown = "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
            raise FuncError(f"Cannot create a Decimal from {shown}")

        item = decimal.Decimal(repr(number))
        if result is None:
            result = item
        elif operation != "divide":
            result = getattr(context, operation)(result, item)
        elif not item:
            raise FuncError("decimal division by 0")
        else:
            result = context.quantize(context.divide(result, item), decimal.Decimal("1e-16"))

    number = float(result or 0)
    return 0.0 if number == 0 else number


def add1f(value: Any) -> float:
    return _decimals((value, 1), "add")


def addf(*values: Any) -> float:
    return _decimals((0.0, *values), "add")


def subf(first: Any, *values: Any) -> float:
    return _decimals((first, *values), "subtract")


def mulf(first: Any, *values: Any) -> float:
    return _decimals((first, *values), "multiply")


def divf(first: Any, *values: Any) -> float:
    return _decimals((first, *values), "divide")


def until_step(start: int, stop: int, step: int) -> IntList:
    if step == 0 or (stop < start) != (step < 0):
        return IntList()
    numbers = range(start, stop, step)
    check_size((stop - start) // step * 8)
    last = numbers[-1] if numbers else start
    if _MIN <= last + step <= _MAX:
        return IntList(numbers)

    # Go's counter runs over, and is then again on the side of the stop where it began.
    found = IntList(numbers)
    at = int(wrapped(last + step))
    while (at < stop) == (step > 0) and at != stop:
        check_size(len(found) * 8)
        spend(1)
        found.append(at)
        at = int(wrapped(at + step))

    return found


def until(count: int) -> IntList:
    return until_step(0, count, -1 if count < 0 else 1)


def seq(*numbers: int) -> str:
    """The numbers of shell's seq, as one text."""
    if not 1 <= len(numbers) <= 3:
        return ""

    start = 1 if len(numbers) == 1 else numbers[0]
    end = numbers[-1]
    unit = -1 if end < start else 1
    step = numbers[1] if len(numbers) == 3 else unit
    if unit < 0 < step:
        return ""
    return " ".join(map(str, until_step(start, int(wrapped(end + unit)), step)))


FUNCS = functions({
    "atoi": (atoi, "string"),
    "int": (to_int, "any"),
    "int64": (to_int64, "any"),
    "float64": (to_float64, "any"),
    "toDecimal": (to_decimal, "any"),
    "seq": (seq, "...int"),
    "until": (until, "int"),
    "untilStep": (until_step, "int", "int", "int"),
    "add1": (add1, "any"),
    "add": (add, "...any"),
    "sub": (sub, "any", "any"),
    "div": (div, "any", "any"),
    "mod": (mod, "any", "any"),
    "mul": (mul, "any", "...any"),
    "add1f": (add1f, "any"),
    "addf": (addf, "...any"),
    "subf": (subf, "any", "...any"),
    "divf": (divf, "any", "...any"),
    "mulf": (mulf, "any", "...any"),
    "biggest": (biggest, "any", "...any"),
    "max": (biggest, "any", "...any"),
    "min": (smallest, "any", "...any"),
    "maxf": (maxf, "any", "...any"),
    "minf": (minf, "any", "...any"),
    "ceil": (ceil, "any"),
    "floor": (floor, "any"),
    "round": (rounded, "any", "int", "...float64"),
})  # fmt: skip
