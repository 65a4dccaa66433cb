"""The scalars under v1.Pod as Go decodes them from JSON: strings, numbers, quantities, times."""

from __future__ import annotations

from krm_injector.kube import quantity
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

# Kinds of the types that are no struct of TYPES; every other name is a string type
# ("v1.PullPolicy").
SCALARS = {
    "string": "string",
    "bool": "bool",
    "int32": "int32",
    "int64": "int64",
    "v1.Time": "time",
    "v1.FieldsV1": "any",
    "resource.Quantity": "quantity",
    "intstr.IntOrString": "int-or-string",
}
_LIMITS = {"int32": 2**31, "int64": 2**63}
_RFC3339 = lazy_pattern(
    r"(?a)(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|([+-])(\d\d):(\d\d))\Z"
)

Decoder: TypeAlias = "Callable[[Any], Any]"


class TypeMismatch(ValueError):
    """json.Unmarshal would refuse this value. Attributes: path, expected, got, value (as in
    Mismatch).
    """

    def __init__(self, expected: str, value: Any, path: str = "", reason: str = "") -> None:
        self.expected = expected
        self.value = value
        self.got = json_word(value)
        self.reason = reason
        self.path = path
        super().__init__(expected, value)

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{place}expected {self.expected}, got {self.got}{reason}"


def json_word(value: Any) -> str:
    """What Go's errors call a JSON value: string, bool, number 12, array, object, null."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return f"number {value}"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"


def scalar_decoder(kind: str, coerce: bool) -> Decoder:
    if kind == "string":
        return _coerced_string if coerce else string

    if kind in _LIMITS:
        limit = _LIMITS[kind]
        return lambda value: (
            value if type(value) is int and -limit <= value < limit else _integer(value, kind)
        )

    return {
        "bool": _bool,
        "quantity": _quantity,
        "int-or-string": _int_or_string,
        "time": _time,
        "any": _any,
    }[kind]


def string(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise TypeMismatch("string", value)


def _coerced_string(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _shortest(value)
    return string(value)


def _shortest(value: float) -> str:
    """strconv.FormatFloat(value, 'g', -1, 32): sigs.k8s.io/yaml writes floats as the nearest
    float32.
    """
    from struct import pack, unpack

    try:
        packed = pack("f", value)
    except OverflowError:
        return "+Inf" if value > 0 else "-Inf"

    near = unpack("f", packed)[0]
    if near != near or near in (float("inf"), float("-inf")):
        return "NaN" if near != near else ("+Inf" if near > 0 else "-Inf")

    text = next(
        text for places in range(17) if pack("f", float(text := f"{near:.{places}e}")) == packed
    )
    mantissa, _, exponent = text.partition("e")
    power = int(exponent)
    if -4 <= power < 6:
        return f"{near:.{max(len(mantissa.lstrip('-').replace('.', '')) - 1 - power, 0)}f}"

    return f"{mantissa}e{exponent[0]}{abs(power):02d}"


def _bool(value: Any) -> Any:
    if value is True or value is False:
        return value
    if value is None:
        return False
    raise TypeMismatch("bool", value)


def _integer(value: Any, kind: str) -> int:
    """Floats without a fraction are integers in the JSON that Go sees (80.0 of YAML is 80)."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeMismatch(kind, value)

    limit = _LIMITS[kind]
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 1e21):
        raise TypeMismatch(kind, value)
    if not -limit <= value < limit:
        raise TypeMismatch(kind, value, reason="out of range")

    return int(value)


def _quantity(value: Any) -> Any:
    try:
        return quantity.from_json(value)
    except quantity.QuantityError as err:
        raise TypeMismatch("resource.Quantity", value, reason=err.reason) from None


def _int_or_string(value: Any) -> Any:
    if isinstance(value, str):
        return value
    try:
        return _integer(value, "int32")
    except TypeMismatch as err:
        err.expected = "intstr.IntOrString"
        raise


def _time(value: Any) -> Any:
    """metav1.Time: RFC 3339, written in UTC and whole seconds; the zero time is null."""
    if value is None:
        return None

    match = _RFC3339.match(value) if isinstance(value, str) else None
    if match is None:
        raise TypeMismatch("v1.Time", value, reason="times are written as 2006-01-02T15:04:05Z")

    from datetime import datetime, timedelta

    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        time = datetime(year, month, day, hour, minute, second)
        if match[7]:
            offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
            time += -offset if match[7] == "+" else offset
    except (ValueError, OverflowError):
        raise TypeMismatch("v1.Time", value, reason="no such time") from None

    return None if time == datetime(1, 1, 1) else f"{time.isoformat()}Z"


def _any(value: Any) -> Any:
    return value
