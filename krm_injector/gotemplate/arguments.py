"""Arguments of functions and methods: what Go's evalArg and validateType let through, and their
words when not.
"""

from __future__ import annotations

from krm_injector.gotemplate import node as ast
from krm_injector.gotemplate.runtime import Closure, Frame, Site
from krm_injector.gotemplate.values import INVALID, NilMap, StringMap, Struct, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SIGNED = frozenset({"int", "int8", "int16", "int32", "int64"})
_UNSIGNED = frozenset({"uint", "uint8", "uint16", "uint32", "uint64", "uintptr"})
_FLOATS = frozenset({"float32", "float64"})
_EXACT: dict[str, type] = {
    "string": str,
    "int": int,
    "bool": bool,
    "float64": float,
    "map[string]interface {}": dict,
    "[]interface {}": list,
    "map[string]string": StringMap,
}
# Interfaces with methods that any struct of ours may stand for.
_INTERFACES = frozenset({"proto.Message", "protoreflect.ProtoMessage", "fmt.Stringer", "error"})


def full_name(go_type: str) -> str:
    """The type as reflect prints it: "any" is "interface {}"."""
    if "any" not in go_type:
        return go_type
    head, _, tail = go_type.rpartition("]")
    if tail == "any":
        return f"{head}]interface {{}}" if head else "interface {}"
    return go_type


def can_be_nil(go_type: str) -> bool:
    """Whether nil is a value of the type."""
    return (
        go_type in ("interface {}", "reflect.Value")
        or go_type in _INTERFACES
        or go_type[:1] in "*["
        or go_type.startswith(("map[", "func("))
    )


def zero_of(go_type: str) -> Any:
    """The nil of a type that has one."""
    if go_type == "map[string]string":
        return StringMap()
    if go_type.startswith("map["):
        return NilMap()
    return [] if go_type.startswith("[") else None


def adapt(value: Any, go_type: str, site: Site) -> Any:
    """validateType for whatever is not at once of the right type."""
    if go_type in ("interface {}", "reflect.Value"):
        return None if value is INVALID else value

    if value is INVALID:
        if can_be_nil(go_type):
            return zero_of(go_type)
        site.fail(f"invalid value; expected {go_type}")

    if value is not None:
        actual = type_name(value)
        if actual == go_type or (isinstance(value, list) and go_type.startswith("[]")):
            return value

        dereferenced = actual == "*" + go_type
        if isinstance(value, Struct) and (
            dereferenced or go_type in _INTERFACES or "*" + actual == go_type
        ):
            if value.is_nil and dereferenced:
                site.fail(f"dereference of nil pointer of type {go_type}")
            return value

        site.fail(f"wrong type for value; expected {go_type}; got {actual}")

    if go_type in _INTERFACES:
        return None

    site.fail(f"wrong type for value; expected {go_type}; got interface {{}}")


def checked(evaluate: Closure, go_type: str, site: Site) -> Closure:
    """``evaluate`` with its value as the parameter type wants it."""
    exact = _EXACT.get(go_type)

    def check(dot: Any, frame: Frame) -> Any:
        value = evaluate(dot, frame)
        return value if type(value) is exact else adapt(value, go_type, site)

    return check


def converter(go_type: str, site: Site) -> Callable[[Any], Any]:
    """What gives a piped value as the parameter type wants it."""
    exact = _EXACT.get(go_type)
    return lambda value: value if type(value) is exact else adapt(value, go_type, site)


def constant(argument: ast.Node, go_type: str, site: Site) -> Any:
    """The value of a literal argument for a parameter of that type."""
    if isinstance(argument, ast.Nil):
        if can_be_nil(go_type):
            return zero_of(go_type)
        site.fail(f"cannot assign nil to {go_type}")

    if go_type in ("interface {}", "reflect.Value"):
        return ideal(argument, site)

    value: Any
    if go_type == "bool":
        value = argument.value if isinstance(argument, ast.Bool) else None
        expected = "bool"
    elif go_type == "string":
        value = argument.value if isinstance(argument, ast.String) else None
        expected = "string"
    else:
        value, expected = _number_for(argument, go_type, site)

    if value is None:
        site.fail(f"expected {expected}; found {argument}")

    return value


def _number_for(argument: ast.Node, go_type: str, site: Site) -> tuple[Any, str]:
    """The value of a literal as a number of that type, None where it has none; and Go's word for
    what the type holds.
    """
    number = argument if isinstance(argument, ast.Number) else None
    if go_type in _SIGNED:
        return number and number.as_int, "integer"
    if go_type in _UNSIGNED:
        return number and number.as_uint, "unsigned integer"
    if go_type in _FLOATS:
        return number and number.as_float, "float"

    site.fail(f"can't handle {argument} for arg of type {go_type}")


def ideal(literal: ast.Node, site: Site) -> Any:
    """The value of a literal where nothing says which type it should have."""
    if isinstance(literal, (ast.String, ast.Bool)):
        return literal.value

    if isinstance(literal, ast.Number):
        if literal.as_complex is not None:
            return literal.as_complex
        if literal.as_float is not None and _is_written_as_float(literal.text):
            return literal.as_float
        if literal.as_int is not None:
            return literal.as_int

        site.fail(f"{literal.text} overflows int")

    site.fail(f"can't handle assignment of {literal} to empty interface argument")


def _is_written_as_float(text: str) -> bool:
    """Whether a number has a point or an exponent; a hexadecimal one has "e" among its digits."""
    if text[0] == "'":
        return False
    if text[:2] in ("0x", "0X"):
        return "p" in text or "P" in text
    return any(character in text for character in ".eEpP")
