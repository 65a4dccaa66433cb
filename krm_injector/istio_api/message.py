"""Messages as Go templates see them, and as plain Python for the rest of this package.

``fields`` holds what is set, by JSON name: scalars, enums as numbers, lists, dicts, Messages. A
scalar outside a oneof is never there with its zero value, as in proto3. Messages are not changed
once made.
"""

from __future__ import annotations

from krm_injector.gotemplate.values import (
    Enum,
    Int32,
    Int64,
    Method,
    StringList,
    StringMap,
    Struct,
    Uint32,
)
from krm_injector.istio_api.schema import DURATION, FREE_FORM, WRAPPERS, Field, MessageType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_INTEGERS: dict[str, type[int]] = {
    "int32": Int32,
    "int64": Int64,
    "uint32": Uint32,
    "uint64": Int64,
}
_ZERO: dict[str, Any] = {"string": "", "bool": False, "double": 0.0, "float": 0.0, "bytes": b""}
_GO_SCALAR = {"double": "float64", "float": "float32", "bytes": "[]uint8"}


class Getter(Method):
    """A method without arguments; callable from Python too."""

    __slots__ = ()

    def __call__(self) -> Any:
        return self.call()


class MessageList(list["Any"]):
    __slots__ = ("go_type",)

    def __init__(self, items: Iterable[Any], go_type: str) -> None:
        super().__init__(items)
        self.go_type = go_type


class MessageMap(dict[str, "Any"]):
    __slots__ = ("go_type", "zero")

    def __init__(self, items: dict[str, Any], go_type: str, zero: Any) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.zero = zero


class Message(Struct):
    """A pointer to a protobuf message, possibly nil."""

    __slots__ = ("fields", "go_type", "is_nil", "ready", "type")
    go_type: str  # type: ignore[misc]
    is_nil: bool

    def __init__(
        self, type_: MessageType, fields: dict[str, Any] | None = None, is_nil: bool = False
    ) -> None:
        self.type = type_
        self.fields: dict[str, Any] = {} if fields is None else fields
        self.is_nil = is_nil
        self.go_type = type_.go_type
        self.ready: dict[str, Any] = {}

    def __eq__(self, other: object) -> bool:
        """proto.Equal."""
        if not isinstance(other, Message):
            return NotImplemented
        return (
            self.type.name == other.type.name
            and self.is_nil == other.is_nil
            and self.fields == other.fields
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        contents = "nil" if self.is_nil else self.fields
        return f"<{self.go_type} {contents}>"

    def replace(self, **changes: Any) -> Message:
        """A copy with fields (JSON names) changed; None takes one away."""
        fields = {**self.fields, **changes}
        return Message(self.type, {k: v for k, v in fields.items() if v is not None})

    def go_attr(self, name: str) -> Any:
        members = self.type.go_members
        if members is None:
            members = self.type.go_members = _members(self.type)

        how, what = members[name]
        if how == "field":
            value = self._go_value(what)  # type: ignore[arg-type]
            if not self.is_nil and not isinstance(value, (list, dict)):
                self.ready[name] = value
            return value

        if how == "oneof":
            return self._go_oneof(str(what))
        if how == "get":
            return Getter(lambda: self._go_value(what))  # type: ignore[arg-type]
        if how == "get oneof":
            return Getter(lambda: self._go_oneof(str(what)))

        return Getter(getattr(self, str(what)))

    def go_string(self) -> str:
        return "<nil>" if self.is_nil else _text(self)

    def as_duration(self) -> Enum:
        """AsDuration: nanoseconds as an int64 that prints as "45s"."""
        nanos = duration_nanos(self)
        return Enum(nanos, duration_text(nanos), "time.Duration")

    def as_interface(self) -> Any:
        return self.fields.get("value")

    def _go_value(self, field: Field) -> Any:
        value = self.fields.get(field.json)
        if value is None:
            return _zero(field, self.type)
        if field.label == "*":
            return _go_list(field, value, self.type)
        if field.label == "%":
            return _go_map(field, value, self.type)
        return _go_scalar(field, value, self.type)

    def _go_oneof(self, oneof: str) -> Any:
        for field in self.type.fields:
            if field.oneof == oneof and field.json in self.fields:
                return OneofMember(self, field)
        return None


class OneofMember(Struct):
    """What Go's interface field of a oneof holds: *Tracing_Zipkin_ with the field Zipkin."""

    __slots__ = ("field", "go_type", "message")
    go_type: str  # type: ignore[misc]

    def __init__(self, message: Message, field: Field) -> None:
        self.message = message
        self.field = field
        name = f"{message.type.name}_{field.go}"
        nested = field.type == name or any(f.type == name for f in message.type.fields)
        self.go_type = "*" + name + ("_" if nested else "")

    def go_attr(self, name: str) -> Any:
        if name != self.field.go:
            raise KeyError(name)
        return self.message._go_value(self.field)

    def go_string(self) -> str:
        value = self.message._go_value(self.field)
        return "&{" + (value.go_string() if isinstance(value, Struct) else str(value)) + "}"


def _members(type_: MessageType) -> dict[str, tuple[str, Field | str]]:
    members: dict[str, tuple[str, Field | str]] = {"String": ("method", "go_string")}
    if type_.name == DURATION:
        members["AsDuration"] = ("method", "as_duration")

    if type_.name in FREE_FORM:
        name = {"Struct": "AsMap", "Value": "AsInterface", "ListValue": "AsSlice"}[
            type_.name.rpartition(".")[2]
        ]
        members[name] = ("method", "as_interface")

    for field in type_.fields:
        members["Get" + field.go] = ("get", field)
        if field.oneof:
            members[field.oneof] = ("oneof", field.oneof)
            members["Get" + field.oneof] = ("get oneof", field.oneof)
        else:
            members[field.go] = ("field", field)

    return members


def _zero(field: Field, owner: MessageType) -> Any:
    if field.label == "*":
        return _go_list(field, [], owner)
    if field.label == "%":
        return _go_map(field, {}, owner)
    if field.kind == "message":
        return Message(owner.schema.message(field.type), is_nil=True)
    return _go_scalar(field, _ZERO.get(field.kind, 0), owner)


def _go_scalar(field: Field, value: Any, owner: MessageType) -> Any:
    if field.kind == "enum":
        return Enum(value, owner.schema.enum_name(field.type, value) or str(value), field.type)
    integer = _INTEGERS.get(field.kind)
    return value if integer is None else integer(value)


def _go_list(field: Field, values: list[Any], owner: MessageType) -> Any:
    if field.kind == "string":
        return StringList(values)
    if field.kind == "message":
        return MessageList(values, "[]*" + field.type)
    return MessageList([_go_scalar(field, v, owner) for v in values], "[]" + _go_element(field))


def _go_map(field: Field, values: dict[str, Any], owner: MessageType) -> Any:
    if field.kind == "string":
        return StringMap(values)

    if field.kind == "message":
        return MessageMap(
            values,
            "map[string]*" + field.type,
            Message(owner.schema.message(field.type), is_nil=True),
        )

    entries = {k: _go_scalar(field, v, owner) for k, v in values.items()}
    return MessageMap(
        entries,
        "map[string]" + _go_element(field),
        _go_scalar(field, _ZERO.get(field.kind, 0), owner),
    )


def _go_element(field: Field) -> str:
    return field.type if field.kind == "enum" else _GO_SCALAR.get(field.kind, field.kind)


def duration_nanos(message: Message) -> int:
    """AsDuration: 0 for nil, held within int64."""
    nanos: int = message.fields.get("seconds", 0) * 10**9 + message.fields.get("nanos", 0)
    return max(-(2**63), min(2**63 - 1, nanos))


def duration_text(nanos: int) -> str:
    """time.Duration's String: 0s, 5.5s, 1m0s, 1h0m0.5s, 1.5ms."""
    sign, rest = ("-", -nanos) if nanos < 0 else ("", nanos)
    if rest == 0:
        return "0s"
    if rest < 10**9:
        for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
            if rest < size * 1000:
                return f"{sign}{_fraction(rest, size)}{unit}"

    hours, rest = divmod(rest, 3600 * 10**9)
    minutes, rest = divmod(rest, 60 * 10**9)
    text = f"{_fraction(rest, 10**9)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"

    return sign + (f"{hours}h{text}" if hours else text)


def _fraction(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).rjust(len(str(size)) - 1, '0').rstrip('0')}"


def duration_string(message: Any) -> str:
    """Istio's formatDuration: "45s", "1m0s"; a nil duration is "0s"."""
    return duration_text(0 if message is None else duration_nanos(message))


def _text(message: Message) -> str:
    """prototext on one line, which is what %v prints (Go puts one or two spaces between fields, at
    random).
    """
    if message.type.name in FREE_FORM:
        return str(message.fields.get("value"))

    parts = []
    for field in message.type.fields:
        if field.json not in message.fields:
            continue

        value = message.fields[field.json]
        if field.label == "%":
            for key in sorted(value):
                item = _text_value(field, value[key], message.type)
                parts.append(f'{field.name}:{{key:"{key}" value{item}}}')
        else:
            parts += [
                f"{field.name}{_text_value(field, v, message.type)}"
                for v in (value if field.label else [value])
            ]

    return " ".join(parts)


def _text_value(field: Field, value: Any, owner: MessageType) -> str:
    if field.kind == "message":
        return f":{{{_text(value)}}}"
    if field.kind == "enum":
        return f":{owner.schema.enum_name(field.type, value) or value}"

    if field.kind == "string":
        import json

        return ":" + json.dumps(value, ensure_ascii=False)

    if field.kind == "bool":
        return ":true" if value else ":false"

    from krm_injector.gotemplate.format import sprint

    return ":" + sprint(value)


__all__ = ["WRAPPERS", "Message", "duration_nanos", "duration_string", "duration_text"]
