"""encoding/json as sprig calls it: the text of a value, and the value of a text with Go's words for
what is wrong.
"""

from __future__ import annotations

import math
import re

from krm_injector.gotemplate.errors import FuncError, check_size
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.gotext import go_runes, to_bytes
from krm_injector.gotemplate.sprig.json_errors import complaint_about
from krm_injector.gotemplate.sprig.reflect import is_nil
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.values import Enum, type_name
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ESCAPED = lazy_pattern('[\x00-\x1f"\\\\<>&\u2028\u2029\ud800-\udfff]')
_ESCAPED_RAW = lazy_pattern('[\x00-\x1f"\\\\\u2028\u2029\ud800-\udfff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TOO_DEEP = "json: unsupported value: encountered a cycle via map[string]interface {}"


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if "\ud800" <= char <= "\udfff":
        return "\\ufffd"
    return _SHORT.get(char) or f"\\u{ord(char):04x}"


def _string(text: str, html: bool) -> str:
    return '"' + (_ESCAPED if html else _ESCAPED_RAW).sub(_escape, text) + '"'


def go_json_float(number: float) -> str:
    """A float64 in JSON: as ECMAScript prints it, 1e21 and beyond with an exponent."""
    if math.isinf(number) or math.isnan(number):
        shown = "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
        raise FuncError(f"json: unsupported value: {shown}")

    size = abs(number)
    text = repr(number)
    if size != 0 and (size < 1e-6 or size >= 1e21):
        # repr uses an exponent in all of this range; Go writes it without a leading zero and the
        # mantissa without .0.
        mantissa, _, exponent = text.partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"

    if "e" in text:
        # repr turns to exponents earlier than Go does; no precision is lost by spelling the digits
        # out.
        from decimal import Decimal

        text = format(Decimal(text), "f")

    return text.removesuffix(".0")


class _Writer:
    def __init__(self, html: bool, step: str) -> None:
        self.html = html
        self.step = step
        self.out: list[str] = []
        self.size = 0

    def put(self, text: str) -> None:
        self.size += len(text) + 8  # a piece takes room however short it is
        check_size(self.size)
        self.out.append(text)

    def value(self, value: Any, indent: str) -> None:
        if value is None or is_nil(value):
            self.put("null")
        elif isinstance(value, bool):
            self.put("true" if value else "false")
        elif isinstance(value, str):
            self.put(_string(value, self.html))
        elif isinstance(value, (int, Enum)):
            self.put(int.__repr__(value))
        elif isinstance(value, float):
            self.put(go_json_float(value))
        elif isinstance(value, dict):
            pairs = sorted(value.items(), key=lambda pair: to_bytes(pair[0]))
            self.many("{}", [(_string(key, self.html) + ":", item) for key, item in pairs], indent)
        elif isinstance(value, (list, tuple)):
            self.many("[]", [("", item) for item in value], indent)
        elif isinstance(value, bytes):
            from base64 import b64encode

            self.put(f'"{b64encode(value).decode()}"')
        else:
            self.object(value)

    def object(self, value: Any) -> None:
        """A struct says itself how it looks in JSON, through a method go_json() -> str."""
        if getattr(value, "is_nil", False):
            self.put("null")
            return

        to_json = getattr(value, "go_json", None)
        if to_json is None:
            raise FuncError(f"json: unsupported type: {type_name(value)}")

        text: str = to_json()
        if self.step:
            import json  # late: toJson does not need it

            writer = _Writer(self.html, self.step)
            writer.value(json.loads(text), "")
            text = "".join(writer.out)

        self.put(text)

    def many(self, brackets: str, items: list[tuple[str, Any]], indent: str) -> None:
        if not items:
            self.put(brackets)
            return

        spend(len(items))
        inner = indent + self.step
        gap = "\n" + inner if self.step else ""
        self.put(brackets[0])
        for i, (label, item) in enumerate(items):
            self.put(("," if i else "") + gap + label + (" " if label and self.step else ""))
            self.value(item, inner)

        self.put(("\n" + indent if self.step else "") + brackets[1])


def _text(value: Any, html: bool = True, step: str = "") -> str:
    writer = _Writer(html, step)
    try:
        writer.value(value, "")
    except RecursionError:
        raise FuncError(_TOO_DEEP) from None
    return "".join(writer.out)


def must_to_json(value: Any) -> str:
    return _text(value)


def must_to_pretty_json(value: Any) -> str:
    return _text(value, step="  ")


def must_to_raw_json(value: Any) -> str:
    return _text(value, html=False)


def _quiet(value: Any, step: str) -> str:
    try:
        return _text(value, step=step)
    except FuncError as error:
        if (
            type(error) is not FuncError
        ):  # too large: a limit of ours, not an error that sprig swallows
            raise
        return ""


def to_json(value: Any) -> str:
    return _quiet(value, "")


def to_pretty_json(value: Any) -> str:
    return _quiet(value, "  ")


def to_raw_json(value: Any) -> str:
    return must_to_raw_json(value)


def from_json(text: str) -> Any:
    try:
        return must_from_json(text)
    except FuncError:
        return None


def must_from_json(text: str) -> Any:
    """json.Unmarshal into an empty interface: every number a float64."""
    import json  # late: toJson does not need it

    spend(len(text) >> 3)
    try:
        return json.loads(
            _readable(text), parse_int=_number, parse_float=_number, parse_constant=_constant
        )
    except RecursionError:
        raise FuncError("exceeded max depth") from None
    except ValueError:
        spend(len(text))
        raise FuncError(complaint_about(to_bytes(text))) from None


def _readable(text: str) -> str:
    """Bytes that are no UTF-8, and escapes of half a surrogate pair, read as U+FFFD."""
    if not text.isascii():
        text = go_runes(text)
    if "\\u" in text or "\\U" in text:
        text = _SURROGATE.sub(_half, text)
    return text


_SURROGATE = lazy_pattern(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def _half(match: re.Match[str]) -> str:
    return "\\ufffd" if len(match[0]) == 6 else match[0]


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise FuncError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return number


def _constant(text: str) -> float:
    raise ValueError(text)


FUNCS = functions({
    "fromJson": (from_json, "string"),
    "mustFromJson": (must_from_json, "string"),
    "toJson": (to_json, "any"),
    "mustToJson": (must_to_json, "any"),
    "toPrettyJson": (to_pretty_json, "any"),
    "mustToPrettyJson": (must_to_pretty_json, "any"),
    "toRawJson": (to_raw_json, "any"),
    "mustToRawJson": (must_to_raw_json, "any"),
})  # fmt: skip
