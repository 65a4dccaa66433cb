"""Plain data read into Kubernetes' Go types and written again, as encoding/json does it.

decode() is json.Unmarshal into a Go type followed by json.Marshal: fields in Go's order, unknown
ones dropped, omitempty applied, quantities in canonical form. Names are matched exactly, as
sigs.k8s.io/json does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from krm_injector.kube import go_json, quantity
from krm_injector.kube.pod_types_generated import TYPES

OMITEMPTY, OMITZERO, INLINE = 1, 2, 4

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
_ZEROS: dict[str, Any] = {
    "bool": False,
    "int32": 0,
    "int64": 0,
    "int-or-string": 0,
    "quantity": "0",
    "time": None,
}
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|([+-])(\d\d):(\d\d))\Z", re.ASCII
)

Decoder = Callable[[Any], Any]


class Mismatch(NamedTuple):
    """A value that its Go type cannot hold."""

    path: str  # "spec.containers[0].ports[1].containerPort"
    expected: str  # Go's type: "int32", "[]v1.Container", "resource.Quantity"
    got: str  # JSON's word: "string", "number 1.5", "bool", "array", "object", "null"
    value: Any


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
        return f"{place}expected {self.expected}, got {self.got}{f' ({self.reason})' if self.reason else ''}"


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


def join_path(outer: str, inner: str) -> str:
    """outer and inner as one field path; an inner one may begin with an index or a quoted key."""
    if not outer or not inner or inner.startswith("["):
        return outer + inner
    return f"{outer}.{inner}"


@cache
def kind_of(go_type: str) -> str:
    """pointer, slice, map, struct, or a kind of SCALARS."""
    if go_type.startswith("*"):
        return "pointer"
    if go_type.startswith("[]"):
        return "slice"
    if go_type.startswith("map["):
        return "map"
    if go_type in TYPES:
        return "struct"
    return SCALARS.get(go_type, "string")


def element_type(go_type: str) -> str:
    """The type that a pointer, slice or map leads to."""
    if go_type.startswith("*"):
        return go_type[1:]
    return go_type[2:] if go_type.startswith("[]") else go_type.partition("]")[2]


def fields_of(type_name: str) -> Iterator[tuple[str, str, int]]:
    """(JSON name, Go type, flags) of a struct, those of embedded structs in their place."""
    for name, _, go_type, flags, _, _ in TYPES[type_name]:
        if flags & INLINE:
            yield from fields_of(go_type)
        else:
            yield name, go_type, flags


class Options(NamedTuple):
    """How to read and write; see decode()."""

    keep_empty: bool = False
    coerce: bool = False
    fold_case: bool = False


def decode(
    type_name: str,
    value: Any,
    path: str = "",
    *,
    keep_empty: bool = False,
    coerce: bool = False,
    fold_case: bool = False,
) -> Any:
    """value as the Go type type_name would be written after reading it.

    keep_empty: what Go writes for fields nobody gave is kept ("resources": {}, "containers": null),
    maps are sorted: the exact JSON. Else it is left out, as are nulls: what belongs into a
    manifest. coerce: numbers and booleans become strings where Go wants strings, as
    sigs.k8s.io/yaml does it on typed targets. fold_case: a field is also found under its name in
    other case, as plain encoding/json does (Istio reads pods with it; the API server does not).
    Raises TypeMismatch for the first value that does not fit.
    """
    try:
        return decoder(type_name, Options(keep_empty, coerce, fold_case))(value)
    except TypeMismatch as err:
        err.path = join_path(path, err.path)
        raise


def dumps(type_name: str, value: Any, escape_html: bool = True) -> str:
    """json.Marshal of value read as the Go type. Raises TypeMismatch."""
    return go_json.dumps(decode(type_name, value, keep_empty=True), escape_html, sort_keys=False)


@cache
def decoder(go_type: str, options: Options) -> Decoder:
    """The function that decodes values of a Go type, None included."""
    kind = kind_of(go_type)
    if kind == "pointer":
        inner = decoder(element_type(go_type), options)
        return lambda value: None if value is None else inner(value)

    if kind == "slice":
        return _slice_decoder(go_type, options)
    if kind == "map":
        return _map_decoder(go_type, options)
    if kind == "struct":
        return _struct_decoder(go_type, options)

    return _scalar_decoder(kind, options)


def _scalar_decoder(kind: str, options: Options) -> Decoder:
    if kind == "string":
        return _coerced_string if options.coerce else _string

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


def _string(value: Any) -> Any:
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
    return _string(value)


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
    """Floats without a fraction are integers in the JSON that Go sees (YAML's 80.0 is written 80)."""
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


def _slice_decoder(go_type: str, options: Options) -> Decoder:
    inner = decoder(element_type(go_type), options)
    if element_type(go_type) == "byte":
        return _string

    def decode_slice(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise TypeMismatch(go_type, value)

        try:
            return [inner(item) for item in value]
        except TypeMismatch:
            for index, item in enumerate(value):
                _at(inner, item, f"[{index}]")
            raise

    return decode_slice


def _at(inner: Decoder, value: Any, step: str) -> Any:
    """inner(value), whose complaint then begins with step."""
    try:
        return inner(value)
    except TypeMismatch as err:
        err.path = join_path(step, err.path)
        raise


def _map_decoder(go_type: str, options: Options) -> Decoder:
    inner = decoder(element_type(go_type), options)

    def decode_map(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise TypeMismatch(go_type, value)

        try:
            if options.keep_empty:
                return {key: inner(value[key]) for key in sorted(value)}
            return {key: inner(item) for key, item in value.items()}
        except TypeMismatch:
            for key, item in value.items():
                _at(inner, item, f'["{key}"]' if "." in key or "/" in key else key)
            raise

    return decode_map


class _FieldRule(NamedTuple):
    """How one field is decoded and whether it is written."""

    name: str
    decode: Decoder
    omit_absent: bool  # a field that is absent or null is not written
    omit_falsy: bool  # ... nor one whose decoded value is empty


def _field_rule(name: str, go_type: str, flags: int, options: Options) -> _FieldRule:
    kind = kind_of(go_type)
    omitempty = bool(flags & OMITEMPTY)
    # omitempty never holds for struct values, which have no empty value; omitzero does.
    is_struct = kind in ("struct", "time", "quantity", "int-or-string")
    if options.keep_empty:
        omit = bool(flags & OMITZERO) if is_struct else omitempty
        return _FieldRule(name, decoder(go_type, options), omit, omit and kind != "pointer")

    omit_falsy = omitempty and kind not in ("pointer", "quantity", "int-or-string")
    return _FieldRule(name, decoder(go_type, options), True, omit_falsy)


def _fold(value: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """value with its fields under their own names; of two, Go takes the last, which its sorted maps
    end with.
    """
    folded = {name.lower(): name for name in names}
    return {
        key if key in names else folded.get(key.lower(), key): value[key] for key in sorted(value)
    }


def _struct_decoder(type_name: str, options: Options) -> Decoder:
    rules: list[_FieldRule] = []  # filled at the first use: a type may hold itself
    names = frozenset(name for name, _, _ in fields_of(type_name))

    def decode_struct(value: Any) -> Any:
        if not isinstance(value, dict):
            if value is not None:
                raise TypeMismatch(type_name, value)
            value = {}

        if not rules:
            rules.extend(_field_rule(*field, options) for field in fields_of(type_name))
        if options.fold_case and not value.keys() <= names:
            value = _fold(value, names)

        written: dict[str, Any] = {}
        get = value.get
        name = ""
        try:
            for name, decode_field, omit_absent, omit_falsy in rules:
                item = get(name)
                if item is None:
                    if omit_absent:
                        continue
                    written[name] = decode_field(None)
                else:
                    item = decode_field(item)
                    if item or not omit_falsy:
                        written[name] = item
        except TypeMismatch as err:
            err.path = join_path(name, err.path)
            raise

        return written

    return decode_struct


def check(type_name: str, value: Any, path: str = "") -> list[Mismatch]:
    """Every value that does not fit its Go type, found in order."""
    try:
        decoder(type_name, Options())(value)  # three times as fast as looking at each value
    except TypeMismatch:
        found: list[Mismatch] = []
        _check(type_name, value, path, found)
        return found
    return []


def _check(go_type: str, value: Any, path: str, found: list[Mismatch]) -> None:
    kind = kind_of(go_type)
    if value is None:
        return

    if kind == "pointer":
        _check(element_type(go_type), value, path, found)
    elif kind == "struct" and isinstance(value, dict):
        for name, inner, _ in fields_of(go_type):
            if name in value:
                _check(inner, value[name], join_path(path, name), found)
    elif kind == "slice" and isinstance(value, list):
        for index, item in enumerate(value):
            _check(element_type(go_type), item, f"{path}[{index}]", found)
    elif kind == "map" and isinstance(value, dict):
        for key, item in value.items():
            step = f'["{key}"]' if "." in key or "/" in key else key
            _check(element_type(go_type), item, join_path(path, step), found)
    elif kind in ("struct", "slice", "map"):
        found.append(Mismatch(path, go_type, json_word(value), value))
    else:
        try:
            decoder(go_type, Options())(value)
        except TypeMismatch as err:
            found.append(Mismatch(path, err.expected, err.got, value))
