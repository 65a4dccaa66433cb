"""Calls of functions whose arguments have been compiled."""

from __future__ import annotations

from krm_injector.gotemplate.arguments import full_name
from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.runtime import LARGE, Closure, Frame, Site
from krm_injector.gotemplate.values import INVALID, Func, Method, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def arity_error(name: str, params: tuple[str, ...], variadic: bool, count: int, piped: bool) -> str:
    """Go's complaint about the number of arguments, "" where it is right."""
    if variadic:
        if count + piped < len(params) - 1:
            return f"wrong number of args for {name}: want at least {len(params) - 1} got {count}"
    elif count + piped != len(params):
        return f"wrong number of args for {name}: want {len(params)} got {count + piped}"
    return ""


def param_type(params: tuple[str, ...], variadic: bool, position: int) -> str:
    return params[-1] if variadic and position >= len(params) - 1 else params[position]


def final_type(params: tuple[str, ...], variadic: bool, count: int) -> str:
    """The type that a piped value must have after ``count`` arguments."""
    return param_type(params, variadic, count)


class Constant:
    """A literal argument."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, dot: Any, frame: Frame) -> Any:
        return self.value


# What costs steps by its size, as argument and as result: work on large values is bounded with
# everything else.
_SIZED = (str, list, dict)


def call_closure(func: Func, getters: list[Closure], nothing: Any, site: Site) -> Closure:
    """Evaluates the arguments, then calls.

    nothing: what the function sees of an argument that is invalid.
    """
    if len(getters) == 1:
        return _call_one(func.call, func.name, getters[0], nothing, site)
    if len(getters) == 2 and _is_small(getters[1]):
        return _call_with_literal(func.call, func.name, getters, nothing, site)

    call, name = func.call, func.name
    many = tuple(getters)

    def call_many(dot: Any, frame: Frame) -> Any:
        values = []
        for get in many:
            value = get(dot, frame)
            if value is INVALID:
                value = nothing
            elif isinstance(value, _SIZED) and len(value) > LARGE:
                frame[1].charge_large(len(value), site)
            values.append(value)

        try:
            result = call(*values)
        except Exception as error:
            raise site.calling(name, error) from None

        if isinstance(result, _SIZED) and len(result) > LARGE:
            frame[1].charge_large(len(result), site)

        return result

    return call_many


def _is_small(get: Closure) -> bool:
    """Whether an argument is a literal that costs no steps."""
    if not isinstance(get, Constant):
        return False
    return not isinstance(get.value, _SIZED) or len(get.value) <= LARGE


def _call_one(
    call: Callable[..., Any], name: str, get: Closure, nothing: Any, site: Site
) -> Closure:
    def call_one(dot: Any, frame: Frame) -> Any:
        value = get(dot, frame)
        if value is INVALID:
            value = nothing
        elif isinstance(value, _SIZED) and len(value) > LARGE:
            frame[1].charge_large(len(value), site)

        try:
            result = call(value)
        except Exception as error:
            raise site.calling(name, error) from None

        if isinstance(result, _SIZED) and len(result) > LARGE:
            frame[1].charge_large(len(result), site)

        return result

    return call_one


def _call_with_literal(
    call: Callable[..., Any], name: str, getters: list[Closure], nothing: Any, site: Site
) -> Closure:
    """A value and a literal, as in most conditions: isset .Annotations "name", eq .Mode "on"."""
    get = getters[0]
    literal = getters[1](None, [])

    def call_with_literal(dot: Any, frame: Frame) -> Any:
        value = get(dot, frame)
        if value is INVALID:
            value = nothing
        elif isinstance(value, _SIZED) and len(value) > LARGE:
            frame[1].charge_large(len(value), site)

        try:
            result = call(value, literal)
        except Exception as error:
            raise site.calling(name, error) from None

        if result is True or result is False:
            return result
        if isinstance(result, _SIZED) and len(result) > LARGE:
            frame[1].charge_large(len(result), site)

        return result

    return call_with_literal


def piped_closure(
    func: Func,
    getters: list[Closure],
    final: Closure,
    convert: Callable[[Any], Any] | None,
    nothing: Any,
    site: Site,
) -> Closure:
    """Evaluates the piped value, then the arguments, then calls; ``nothing`` as in call_closure.

    convert: gives the piped value its type, which Go looks at last; None where any will do.
    """
    call, name = func.call, func.name
    many = tuple(getters)

    def call_piped(dot: Any, frame: Frame) -> Any:
        last = final(dot, frame)
        values = []
        for get in many:
            value = get(dot, frame)
            if value is INVALID:
                value = nothing
            elif isinstance(value, _SIZED) and len(value) > LARGE:
                frame[1].charge_large(len(value), site)
            values.append(value)

        if convert is not None:
            last = convert(last)
        elif last is INVALID:
            last = nothing
        if isinstance(last, _SIZED) and len(last) > LARGE:
            frame[1].charge_large(len(last), site)

        try:
            result = call(*values, last)
        except Exception as error:
            raise site.calling(name, error) from None

        if isinstance(result, _SIZED) and len(result) > LARGE:
            frame[1].charge_large(len(result), site)

        return result

    return call_piped


def short_circuit(stop_at: bool, getters: list[Closure], final: Closure | None) -> Closure:
    """and (stops at what is false) and or (stops at what is true)."""
    many = tuple(getters)
    if final is None and len(many) == 2:
        first, second = many
        if stop_at:
            return lambda dot, frame: first(dot, frame) or second(dot, frame)
        return lambda dot, frame: first(dot, frame) and second(dot, frame)

    def run(dot: Any, frame: Frame) -> Any:
        last = None if final is None else final(dot, frame)
        value: Any = INVALID
        for get in many:
            value = get(dot, frame)
            if bool(value) is stop_at:
                return value
        return value if final is None else last

    return run


def call_value(callee: str, getters: list[Closure], piped: bool, site: Site) -> Closure:
    """The builtin call: its first argument is the function."""

    def run(dot: Any, frame: Frame) -> Any:
        last = getters[-1](dot, frame) if piped else None
        values = [get(dot, frame) for get in (getters[:-1] if piped else getters)]
        if piped:
            values.append(last)

        try:
            return _call_value(callee, values[0], values[1:])
        except Exception as error:
            raise site.calling("call", error) from None

    return run


def _call_value(callee: str, func: Any, values: list[Any]) -> Any:
    if func is None or func is INVALID:
        raise FuncError("call of nil")
    if not isinstance(func, (Func, Method)):
        raise FuncError(f"non-function {callee} of type {type_name(func)}")

    count = len(func.params)
    if func.variadic and len(values) < count - 1:
        raise FuncError(
            f"wrong number of args for {callee}: got {len(values)} want at least {count - 1}"
        )
    if not func.variadic and len(values) != count:
        raise FuncError(f"wrong number of args for {callee}: got {len(values)} want {count}")

    arguments = []
    for position, value in enumerate(values):
        go_type = full_name(param_type(func.params, func.variadic, position))
        arguments.append(_prepared(value, go_type, position))

    return func.call(*arguments)


def _prepared(value: Any, go_type: str, position: int) -> Any:
    from krm_injector.gotemplate.arguments import can_be_nil, zero_of

    if value is None or value is INVALID:
        if not can_be_nil(go_type):
            raise FuncError(f"arg {position}: value is nil; should be of type {go_type}")
        return zero_of(go_type)

    actual = type_name(value)
    if go_type in ("interface {}", "reflect.Value", actual):
        return value
    if isinstance(value, int) and "int" in go_type and not isinstance(value, bool):
        return value

    raise FuncError(f"arg {position}: value has type {actual}; should be {go_type}")
