"""YAML text to messages, as Istio's protomarshal.ApplyYAML reads it.

Source of the rules: pkg/util/protomarshal (1.12-1.30) and github.com/golang/protobuf 1.5 jsonpb:
fields by JSON or proto name, unknown ones passed over, null leaves a field as it is, a field that
is given replaces the whole field.
"""

from __future__ import annotations

from krm_injector.istio_api.errors import ApiError, shown
from krm_injector.istio_api.message import Message
from krm_injector.istio_api.schema import (
    DURATION,
    FREE_FORM,
    WRAPPERS,
    Field,
    MessageType,
    Version,
    schema,
)
from krm_injector.kube import yaml
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_INTEGER = lazy_pattern(r" *(-?(?:0|[1-9][0-9]*)) *\Z")
_NUMBER = lazy_pattern(r" *(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?) *\Z")
_LIMITS = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_DURATION_PART = lazy_pattern(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]+)")


class _Wrong(Exception):
    """A value that does not fit, before its path is known."""


def parse(name: str, text: str, version: Version, base: Message | None = None) -> Message:
    """The message that the YAML (or JSON) text describes, laid over base. name: as
    "v1alpha1.ProxyConfig".

    Only the first document counts and the last of several equal keys, as for Istio. Raises
    ApiError.
    """
    type_ = schema(version).message(name)
    what = name.rpartition(".")[2]
    try:
        value = yaml.load(text, strict=False)
    except yaml.YamlError as error:
        raise ApiError(what, "", text, f"is not YAML: {error}") from None
    return apply(type_, value, base, what)


def apply(
    type_: MessageType, value: Any, base: Message | None = None, what: str = "", path: str = ""
) -> Message:
    """The decoded value as a message, laid over base. Raises ApiError."""
    message = Message(type_, dict(base.fields) if base is not None and not base.is_nil else {})
    if value is not None:
        _Decoder(what or type_.name.rpartition(".")[2]).message_into(message, value, path)
    return message


class _Decoder:
    """Carries what an error names."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what

    def message_into(self, message: Message, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise ApiError(self.what, path, value, f"must be a mapping, not {shown(value)}")

        fields = message.fields
        for field in message.type.fields:
            if field.json in value:
                member = value[field.json]
            elif field.name in value:
                member = value[field.name]
            else:
                continue

            if member is None and not (field.type == "google.protobuf.Value" and not field.label):
                continue

            where = f"{path}.{field.json}" if path else field.json
            self._set(fields, message.type, field, self.field(field, member, message.type, where))

    def _set(self, fields: dict[str, Any], owner: MessageType, field: Field, value: Any) -> None:
        if field.oneof:
            for other in owner.fields:
                if other.oneof == field.oneof:
                    fields.pop(other.json, None)
        elif not value and (field.label or field.kind != "message"):
            fields.pop(field.json, None)  # proto3 does not tell zero from a field that is not there
            return

        fields[field.json] = value

    def field(self, field: Field, value: Any, owner: MessageType, path: str) -> Any:
        if field.label == "*":
            if not isinstance(value, list):
                raise ApiError(self.what, path, value, f"must be a list, not {shown(value)}")
            return [self.single(field, v, owner, f"{path}[{i}]") for i, v in enumerate(value)]

        if field.label == "%":
            if not isinstance(value, dict):
                raise ApiError(self.what, path, value, f"must be a mapping, not {shown(value)}")
            return {k: self.single(field, v, owner, f"{path}.{k}") for k, v in value.items()}

        return self.single(field, value, owner, path)

    def single(self, field: Field, value: Any, owner: MessageType, path: str) -> Any:
        if field.kind == "message":
            return self.message(owner.schema.message(field.type), value, path)

        try:
            if field.kind == "enum":
                return _enum(owner.schema.enum(field.type), value)
            return _SCALARS[field.kind](value)
        except _Wrong as wrong:
            raise ApiError(self.what, path, value, f"{wrong}, not {shown(value)}") from None

    def message(self, type_: MessageType, value: Any, path: str) -> Message:
        name = type_.name
        message = Message(type_)
        if name in FREE_FORM or name.startswith("k8s."):
            message.fields["value"] = self.free_form(name, value, path)
            return message

        if value is None:
            return message

        try:
            if name in WRAPPERS:
                inner = _SCALARS[WRAPPERS[name]](value)
                if inner:
                    message.fields["value"] = inner
                return message

            if name == DURATION:
                return Message(type_, _duration_fields(value))

            if name == "operator.IntOrString":
                message.fields["value"] = (
                    value if isinstance(value, str) else _integer(value, "int32")
                )
                return message
        except _Wrong as wrong:
            raise ApiError(self.what, path, value, f"{wrong}, not {shown(value)}") from None

        self.message_into(message, value, path)
        return message

    def free_form(self, name: str, value: Any, path: str) -> Any:
        python_type = {"google.protobuf.Struct": dict, "google.protobuf.ListValue": list}.get(name)
        if python_type and value is not None and not isinstance(value, python_type):
            kind = "mapping" if python_type is dict else "list"
            raise ApiError(self.what, path, value, f"must be a {kind}, not {shown(value)}")
        return value


def _string(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise _Wrong("must be a string (in quotes)")


def _bool(value: Any) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    raise _Wrong("must be true or false")


def _integer(value: Any, kind: str) -> int:
    if value is None or value == "null":
        return 0

    low, high = _LIMITS[kind]
    if isinstance(value, str):
        match = _INTEGER.match(value)
        number = (
            int(match[1]) if match and len(value) < 40 and not (low == 0 and "-" in value) else None
        )
    else:
        number = value if isinstance(value, int) and not isinstance(value, bool) else None

    if number is None:
        raise _Wrong("must be a whole number")
    if not low <= number <= high:
        raise _Wrong(f"must be a number from {low} to {high}")

    return number


def _double(value: Any) -> float:
    if value is None or value == "null":
        return 0.0

    if isinstance(value, str):
        if value in ("NaN", "Infinity", "-Infinity"):
            return float(value.replace("Infinity", "inf"))
        match = _NUMBER.match(value)
        number = float(match[1]) if match else None
    else:
        number = (
            float(value)
            if isinstance(value, (int, float)) and not isinstance(value, bool)
            else None
        )

    if number is None or number in (float("inf"), float("-inf")) or number != number:
        raise _Wrong("must be a number")

    return number


def _bytes(value: Any) -> bytes:
    from base64 import b64decode

    try:
        return b64decode(_string(value).replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        raise _Wrong("must be base64") from None


def _integer_reader(kind: str) -> Callable[[Any], int]:
    return lambda value: _integer(value, kind)


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "string": _string,
    "bool": _bool,
    "bytes": _bytes,
    "double": _double,
    "float": _double,
    **{kind: _integer_reader(kind) for kind in _LIMITS},
}


def _enum(values: dict[str, int], value: Any) -> int:
    if isinstance(value, str):
        if value not in values:
            raise _Wrong(f"must be one of {', '.join(values)}")
        return values[value]
    return _integer(value, "int32")


def _duration_fields(value: Any) -> dict[str, Any]:
    nanos = parse_duration(value) if isinstance(value, str) else None
    if nanos is None:
        raise _Wrong("must be a duration with a unit, as 45s, 1m30s or 0.5s")
    sign = -1 if nanos < 0 else 1
    seconds, rest = divmod(abs(nanos), 10**9)
    return {k: sign * v for k, v in (("seconds", seconds), ("nanos", rest)) if v}


def parse_duration(text: str) -> int | None:
    """Go's time.ParseDuration: nanoseconds, or None where it is an error."""
    negative = text.startswith("-")
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0

    suffix = rest.lstrip("0123456789")
    if suffix in _UNITS and 0 < len(rest) - len(suffix) < 6:  # what most are: 45s
        plain = int(rest[: -len(suffix)]) * _UNITS[suffix]
        return -plain if negative else plain

    total = at = 0
    while at < len(rest):
        match = _DURATION_PART.match(rest, at)
        if match is None or not (match[1] or match[2]) or match[3] not in _UNITS:
            return None

        unit = _UNITS[match[3]]
        total += int(match[1] or "0") * unit
        if match[2]:
            digits = match[2][:18]  # Go stops adding digits where they no longer fit
            total += int(float(int(digits)) * (unit / 10.0 ** len(digits)))

        at = match.end()

    if not rest or total > 2**63 - (0 if negative else 1):
        return None

    return -total if negative else total
