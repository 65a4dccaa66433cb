"""Field access: keys of maps, fields and methods of structs; Go's errors for what is neither."""

from __future__ import annotations

from krm_injector.gotemplate import node as ast
from krm_injector.gotemplate.arguments import adapt, full_name
from krm_injector.gotemplate.calls import arity_error, final_type, param_type
from krm_injector.gotemplate.runtime import LARGE, Closure, Frame, Site
from krm_injector.gotemplate.values import INVALID, Enum, Func, Method, Struct, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class _Compiler(Protocol):
        def argument(self, arg: ast.Node, go_type: str, raw: bool = False) -> Closure: ...

        def site(self, at: ast.Node) -> Site: ...


def chain_closure(
    base: Closure | None, slot: int, names: list[str], site: Site, element: bool | None
) -> Closure:
    """The value of ``names`` one after the other, from ``base``, else from a variable's ``slot``,
    else (slot below 0) from dot.

    ``element``: None where the first receiver is a range's element, whose type to Go is mostly
    interface {}.
    """
    if base is None and slot < 0:
        return _from_dot(names, site, element)
    if base is None and not names:
        return lambda dot, frame: frame[slot]

    if base is None and len(names) == 1:
        name = names[0]

        def variable_field(dot: Any, frame: Frame) -> Any:
            value = frame[slot]
            if type(value) is dict:
                return value.get(name, INVALID)
            return field(value, name, site, element)

        return variable_field

    def base_or_variable(dot: Any, frame: Frame) -> Any:
        return frame[slot] if base is None else base(dot, frame)

    return _walking(base_or_variable, tuple(names), site, element)


def _from_dot(names: list[str], site: Site, element: bool | None) -> Closure:
    if not names:
        return lambda dot, frame: dot

    first = names[0]
    if len(names) == 1:

        def field_of_dot(dot: Any, frame: Frame) -> Any:
            if type(dot) is dict:
                return dot.get(first, INVALID)
            if isinstance(dot, Struct) and first in dot.ready:
                return dot.ready[first]
            return field(dot, first, site, element)

        return field_of_dot

    return _walking(None, tuple(names), site, element)


def _walking(
    base: Closure | None, names: tuple[str, ...], site: Site, element: bool | None
) -> Closure:
    """Fields one after the other, from ``base``, else from dot. What most templates read (maps in
    structs that have been read before) is found here, and all else by _walk.
    """

    def walking(dot: Any, frame: Frame) -> Any:
        start = value = dot if base is None else base(dot, frame)
        for name in names:
            if type(value) is dict:
                value = value.get(name, INVALID)
            elif isinstance(value, Struct) and name in value.ready:
                value = value.ready[name]
            else:
                return _walk(start, names, site, element)

        return value

    return walking


def _walk(value: Any, names: tuple[str, ...], site: Site, element: bool | None) -> Any:
    """The value of ``names`` one after the other; ``element`` as in chain_closure."""
    inside = element
    for name in names:
        if type(value) is dict:
            value = value.get(name, INVALID)
            inside = True
        elif isinstance(value, Struct) and name in value.ready:
            value = value.ready[name]
            inside = False
        else:
            value = field(value, name, site, inside)
            inside = False

    return value


def field(value: Any, name: str, site: Site, element: bool | None = False) -> Any:
    """One field of anything but a plain dict."""
    if isinstance(value, Struct):
        try:
            result = value.go_attr(name)
        except KeyError:
            if name in value.go_unexported:
                go_type = _struct_type(value, element)
                site.fail(f"{name} is an unexported field of struct type {go_type}")
            site.fail(f"can't evaluate field {name} in type {_struct_type(value, element)}")

        if isinstance(result, Method):
            return call_method(result, name, (), site)
        if value.is_nil:
            site.fail(f"nil pointer evaluating {_struct_type(value, element)}.{name}")

        return result

    if value is INVALID:
        return INVALID
    if isinstance(value, dict) and type_name(value).startswith("map[string]"):
        return value.get(name, INVALID)
    if value is None:
        site.fail(f"nil pointer evaluating interface {{}}.{name}")
    if isinstance(value, Enum) and name == "String":
        return value.name

    # What lies in a container is an interface {} to Go; only a range over a count gives bare
    # integers.
    bare = element is False or (element is None and type(value) is int)
    go_type = type_name(value) if bare else "interface {}"
    site.fail(f"can't evaluate field {name} in type {go_type}")


def _struct_type(value: Struct, element: bool | None) -> str:
    """The type Go names: what lies in a plain map is an interface {}. A range's structs come from
    typed slices.
    """
    return "interface {}" if element is True else value.go_type


def call_method(method: Method, name: str, values: tuple[Any, ...], site: Site) -> Any:
    if method.params or values:
        complaint = arity_error(name, method.params, method.variadic, len(values), False)
        if complaint:
            site.fail(complaint)

    try:
        return method.call(*values)
    except Exception as error:
        raise site.calling(name, error) from None


class Arguments:
    """Arguments of a method call: which types they must have shows when the method is at hand."""

    __slots__ = ("compiler", "final", "getters", "nodes", "site")

    def __init__(
        self, compiler: _Compiler, nodes: list[ast.Node], final: Closure | None, site: Site
    ) -> None:
        self.compiler = compiler
        self.nodes = nodes
        self.final = final
        self.site = site
        self.getters: dict[tuple[int, str], Closure] = {}
        for position in range(len(nodes)):  # variables resolve where the call stands, so now
            self.getter(position, "interface {}")

    def getter(self, position: int, go_type: str) -> Closure:
        """What evaluates the argument at ``position`` as a value of that type."""
        getter = self.getters.get((position, go_type))
        if getter is None:
            getter = self.getters[position, go_type] = self.compiled(position, go_type)
        return getter

    def compiled(self, position: int, go_type: str) -> Closure:
        argument = self.nodes[position]
        if isinstance(argument, (ast.String, ast.Number, ast.Bool, ast.Nil)):
            return self.compiler.argument(argument, go_type)

        evaluate = self.getters.get((position, "interface {}"))
        if evaluate is None:
            return self.compiler.argument(argument, "reflect.Value", raw=True)
        return _adapting(evaluate, go_type, self.compiler.site(ast.last_visited(argument)))

    def evaluate(self, method: Method, dot: Any, frame: Frame, final: Any) -> tuple[Any, ...]:
        params, variadic = method.params, method.variadic
        values = [
            self.getter(i, full_name(param_type(params, variadic, i)))(dot, frame)
            for i in range(len(self.nodes))
        ]
        if self.final is not None:
            last = self.compiler.site(ast.last_visited(self.nodes[-1])) if self.nodes else self.site
            values.append(
                adapt(final, full_name(final_type(params, variadic, len(self.nodes))), last)
            )

        return tuple(None if value is INVALID else value for value in values)


def _adapting(evaluate: Closure, go_type: str, site: Site) -> Closure:
    return lambda dot, frame: adapt(evaluate(dot, frame), go_type, site)


def method_closure(receiver: Closure, name: str, arguments: Arguments, site: Site) -> Closure:
    """A field with arguments: it must be a method."""
    final = arguments.final

    def call(dot: Any, frame: Frame) -> Any:
        last = None if final is None else final(dot, frame)
        value = receiver(dot, frame)
        if value is INVALID:
            return INVALID

        method = _method_of(value, name, site)
        complaint = arity_error(
            name, method.params, method.variadic, len(arguments.nodes), final is not None
        )
        if complaint:
            site.fail(complaint)

        values = arguments.evaluate(method, dot, frame, last)
        result = call_method(method, name, values, site)
        if isinstance(result, (str, list)) and len(result) > LARGE:
            frame[1].charge_large(len(result), site)

        return result

    return call


def _method_of(value: Any, name: str, site: Site) -> Method:
    if isinstance(value, Struct):
        return _struct_method(value, name, site)
    if isinstance(value, dict) and type_name(value).startswith("map[string]"):
        site.fail(f"{name} is not a method but has arguments")
    if isinstance(value, Enum) and name == "String":
        text = value.name
        return Method(lambda: text)

    field(value, name, site)
    raise AssertionError(value)


def _struct_method(value: Struct, name: str, site: Site) -> Method:
    try:
        method = value.go_attr(name)
    except KeyError:
        if name in value.go_unexported:
            site.fail(f"{name} is an unexported field of struct type {value.go_type}")
        site.fail(f"can't evaluate field {name} in type {value.go_type}")

    if isinstance(method, Method):
        return method
    if value.is_nil and not isinstance(method, Func):
        site.fail(f"nil pointer evaluating {value.go_type}.{name}")
    site.fail(f"{name} has arguments but cannot be invoked as function")
