"""Messages to JSON, as Istio's protomarshal.ToJSON writes them (github.com/golang/protobuf 1.5
jsonpb).

Fields in the order of their declaration, a oneof where its first member stands; no spaces; maps
sorted; <, > and & in strings escaped; int64 in quotes; durations with 0, 3, 6 or 9 digits behind
the point.
"""

from __future__ import annotations

from krm_injector.istio_api.message import Message
from krm_injector.istio_api.schema import DURATION, FREE_FORM, WRAPPERS, Field, MessageType
from krm_injector.kube import go_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_json(message: Message) -> str:
    parts: list[str] = []
    _message(message, parts)
    return "".join(parts)


def _message(message: Message, parts: list[str]) -> None:
    name = message.type.name
    if name == DURATION:
        parts.append(
            f'"{_duration(message.fields.get("seconds", 0), message.fields.get("nanos", 0))}"'
        )
        return

    if name in WRAPPERS:
        field = message.type.fields[0]
        default: Any = {"string": "", "bool": False}.get(field.kind, 0)
        _single(field, message.fields.get("value", default), message.type, parts)
        return

    if name in FREE_FORM:
        parts.append(go_json.dumps(message.fields.get("value")))
        return

    separator = "{"
    for field in _ordered(message):
        parts.append(f'{separator}"{field.json}":')
        separator = ","
        _field(field, message.fields[field.json], message.type, parts)

    parts.append("{}" if separator == "{" else "}")


def _ordered(message: Message) -> list[Field]:
    """The fields that are set, in their order; a oneof's member takes the place of the first."""
    result: list[Field] = []
    done: set[str] = set()
    for field in message.type.fields:
        if not field.oneof:
            if field.json in message.fields:
                result.append(field)
        elif field.oneof not in done:
            done.add(field.oneof)
            members = [
                f
                for f in message.type.fields
                if f.oneof == field.oneof and f.json in message.fields
            ]
            result += members[:1]

    return result


def _field(field: Field, value: Any, owner: MessageType, parts: list[str]) -> None:
    if field.label == "*":
        for at, item in enumerate(value):
            parts.append("," if at else "[")
            _single(field, item, owner, parts)
        parts.append("]" if value else "[]")
    elif field.label == "%":
        for at, key in enumerate(sorted(value, key=_utf8)):
            parts.append(("," if at else "{") + go_json.dumps(key) + ":")
            _single(field, value[key], owner, parts)
        parts.append("}" if value else "{}")
    else:
        _single(field, value, owner, parts)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _single(field: Field, value: Any, owner: MessageType, parts: list[str]) -> None:
    if field.kind == "message":
        _message(value, parts)
    elif field.kind == "enum":
        name = owner.schema.enum_name(field.type, value)
        parts.append(str(value) if name is None else f'"{name}"')
    elif field.kind in ("int64", "uint64"):
        parts.append(f'"{value}"')
    elif field.kind in ("double", "float"):
        parts.append(_double(value))
    elif field.kind == "bytes":
        from base64 import b64encode

        parts.append(f'"{b64encode(value).decode()}"')
    else:
        parts.append(go_json.dumps(value))


def _double(value: float) -> str:
    if value != value:
        return '"NaN"'
    if value in (float("inf"), float("-inf")):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return go_json.float_text(value)


def _duration(seconds: int, nanos: int) -> str:
    sign = "-" if seconds < 0 or nanos < 0 else ""
    text = f"{sign}{abs(seconds)}.{abs(nanos):09d}"
    for tail in ("000", "000", ".000"):
        text = text.removesuffix(tail)
    return text + "s"
