"""Expressions of the tree -> closures."""

from __future__ import annotations

from krm_injector.gotemplate import node as ast
from krm_injector.gotemplate.arguments import checked, constant, converter, full_name, ideal
from krm_injector.gotemplate.builtins import BUILTINS, SHORT_CIRCUIT
from krm_injector.gotemplate.calls import (
    Constant,
    arity_error,
    call_closure,
    call_value,
    final_type,
    param_type,
    piped_closure,
    short_circuit,
)
from krm_injector.gotemplate.errors import ExecError
from krm_injector.gotemplate.fields import Arguments, chain_closure, method_closure
from krm_injector.gotemplate.runtime import Closure, Frame, Site, Unit
from krm_injector.gotemplate.values import INVALID, Func, Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_ANYTHING = ("interface {}", "reflect.Value")  # parameters that take any value
_LITERALS = (ast.String, ast.Bool, ast.Number, ast.Nil)


class Expressions:
    """Compiles the expressions of one template; knows which variable lives in which slot of the
    frame.
    """

    def __init__(
        self, unit: Unit, functions: Mapping[str, Func], watch: Watch | None = None
    ) -> None:
        self.unit = unit
        self.functions = functions
        self.watch = watch  # see parse
        self.scope: dict[str, int] = {"$": 0}
        self.slots = 2  # a frame starts with $ and the Run
        # slots that hold a range's elements, as they lie in their container
        self.elements: set[int] = set()
        self.dot_is_element = False

    def site(self, at: ast.Node) -> Site:
        return Site(self.unit, at)

    def declare(self, name: str) -> int:
        slot = self.slots
        self.slots += 1
        self.scope[name] = slot
        return slot

    # Pipelines

    def pipeline(self, pipe: ast.Pipe) -> Closure:
        """The value of a pipeline, None where Go's could be a nil interface: users of the value see
        no difference.
        """
        evaluate: Closure | None = None
        for position, command in enumerate(pipe.commands):
            before = pipe.commands[position - 1] if position else None
            evaluate = self.command(command, evaluate, before)
        assert evaluate is not None
        return self.declaring(pipe, evaluate) if pipe.declared else evaluate

    def declaring(self, pipe: ast.Pipe, evaluate: Closure) -> Closure:
        slots = []
        for name in pipe.declared:
            if pipe.assign and name not in self.scope:
                return self.raising(ast.last_visited(pipe), f"undefined variable: {name}", evaluate)
            slots.append(self.scope[name] if pipe.assign else self.declare(name))

        if len(slots) == 1:
            slot = slots[0]

            def declare_one(dot: Any, frame: Frame) -> Any:
                value = evaluate(dot, frame)
                if value is None:
                    value = INVALID
                frame[slot] = value
                return value

            return declare_one

        def declare_all(dot: Any, frame: Frame) -> Any:
            value = evaluate(dot, frame)
            if value is None:
                value = INVALID
            for each in slots:
                frame[each] = value
            return value

        return declare_all

    def raising(self, at: ast.Node, message: str, first: Closure | None = None) -> Closure:
        """A closure that fails when it runs, as Go finds some static mistakes only then."""
        site = self.site(at)

        def fail(dot: Any, frame: Frame) -> Any:
            if first is not None:
                first(dot, frame)
            site.fail(message)

        return fail

    # Commands

    def command(
        self, command: ast.Command, final: Closure | None, before: ast.Command | None = None
    ) -> Closure:
        head, args = command.args[0], command.args[1:]
        if isinstance(head, ast.Identifier):
            return self.function(head, command, args, final)
        if isinstance(head, (ast.Field, ast.Chain, ast.Variable)):
            return self.fields(head, args, final)

        at = head
        if isinstance(head, ast.Pipe):
            at = ast.last_visited(before) if before else command

        if args or final is not None:
            return self.raising(at, f"can't give argument to non-function {head}", final)

        if isinstance(head, ast.Pipe):
            return normal(self.pipeline(head))
        if isinstance(head, ast.Nil):
            return self.raising(head, "nil is not a command")
        if isinstance(head, ast.Dot):
            return _dot

        return self.literal(head)

    def literal(self, head: ast.Node) -> Closure:
        try:
            value = ideal(head, self.site(head))
        except ExecError as error:
            return self.raising(head, error.message)
        return lambda dot, frame: value

    # Fields and variables

    def fields(
        self,
        head: ast.Field | ast.Chain | ast.Variable,
        args: list[ast.Node],
        final: Closure | None,
    ) -> Closure:
        site = self.site(head)
        base: Closure | None = None
        slot = -1
        element: bool | None = False
        names = head.names
        if isinstance(head, ast.Variable):
            slot = self.scope.get(head.name, -1)
            if slot < 0:
                return self.raising(head, f"undefined variable: {head.name}", final)

            element = None if slot in self.elements else False
            if not names and (args or final is not None):
                return self.raising(head, f"can't give argument to non-function {head}", final)
        elif isinstance(head, ast.Chain):
            if isinstance(head.node, ast.Nil):
                return self.raising(head, f"indirection through explicit nil in {head}", final)

            site = self.site(ast.last_visited(head))
            inner = head.node
            if isinstance(inner, ast.Pipe):
                base = normal(self.pipeline(inner))
            elif isinstance(inner, ast.Identifier):
                base = self.function(inner, inner, [], None)
            else:
                raise AssertionError(inner)
        else:
            element = None if self.dot_is_element else False

        if args or final is not None:
            final = normal(final) if final else None
            receiver = chain_closure(base, slot, names[:-1], site, element)
            return method_closure(receiver, names[-1], Arguments(self, args, final, site), site)

        return chain_closure(base, slot, names, site, element)

    # Functions

    def function(
        self, ident: ast.Identifier, context: ast.Node, args: list[ast.Node], final: Closure | None
    ) -> Closure:
        name = ident.name
        builtin = name not in self.functions
        func = BUILTINS[name] if builtin else self.functions[name]
        wrong = arity_error(name, func.params, func.variadic, len(args), final is not None)
        if wrong:
            return self.raising(ident, wrong, final)

        site = self.site(context)
        if builtin and name in SHORT_CIRCUIT:
            return self.short_circuiting(name, args, normal(final) if final else None, site)

        if self.watch is not None:
            func = self.watch(func)

        getters = self.arguments(func, args, builtin)
        if builtin and name == "slice":
            self.hide_indexes(args, getters)

        # What the function sees of a value that is not there.
        nothing = INVALID if builtin and "reflect.Value" in func.params else None
        if final is None:
            return call_closure(func, getters, nothing, site)

        convert: Callable[[Any], Any] | None = None
        go_type = full_name(final_type(func.params, func.variadic, len(args)))
        if builtin or go_type not in _ANYTHING:
            final = normal(final)
        if go_type not in _ANYTHING:
            last = self.site(ast.last_visited(args[-1]) if args else ident)
            convert = converter(go_type, last)

        return piped_closure(func, getters, final, convert, nothing, site)

    def short_circuiting(
        self, name: str, args: list[ast.Node], final: Closure | None, site: Site
    ) -> Closure:
        """and, or, and call: builtins that look at their arguments one by one."""
        # The value of a pipeline may be None here: users of the result see no difference.
        getters = [
            self.pipeline(arg)
            if isinstance(arg, ast.Pipe)
            else self.argument(arg, "reflect.Value", raw=True)
            for arg in args
        ]
        if name != "call":
            return short_circuit(name == "or", getters, final)

        if final is not None:
            getters.append(final)
        callee = str(args[0]) if args else ""
        return call_value(callee, getters, final is not None, site)

    def arguments(self, func: Func, args: list[ast.Node], builtin: bool) -> list[Closure]:
        getters: list[Closure] = []
        for position, arg in enumerate(args):
            go_type = full_name(param_type(func.params, func.variadic, position))
            try:
                getters.append(self.argument(arg, go_type, raw=builtin))
            except ExecError as error:
                # A literal that cannot be of that type: Go says so when it gets there.
                getters.append(self.raising(arg, error.message))

        return getters

    def hide_indexes(self, args: list[ast.Node], getters: list[Closure]) -> None:
        """The builtin slice does not look into interfaces for its indexes."""
        for position, arg in enumerate(args[1:], 1):
            if isinstance(arg, ast.Field):
                receiver = chain_closure(None, -1, arg.names[:-1], self.site(arg), False)
                getters[position] = _in_interface(getters[position], receiver)

    def argument(self, arg: ast.Node, go_type: str, raw: bool = False) -> Closure:
        """The value of an argument as a parameter of the type ``go_type`` takes it; a ``raw``
        parameter sees what is invalid.
        """
        if isinstance(arg, _LITERALS):
            value = constant(arg, go_type, self.site(arg))
            if value is None and raw and go_type == "reflect.Value":
                value = INVALID
            return Constant(value)

        anything = go_type in _ANYTHING
        if isinstance(arg, ast.Dot):
            evaluate: Closure = _dot
        elif isinstance(arg, (ast.Field, ast.Chain, ast.Variable)):
            evaluate = self.fields(arg, [], None)
        elif isinstance(arg, ast.Identifier):
            evaluate = self.function(arg, arg, [], None)
        elif isinstance(arg, ast.Pipe):
            evaluate = self.pipeline(arg) if anything and not raw else normal(self.pipeline(arg))
        else:
            raise AssertionError(arg)

        if anything:
            return evaluate  # the call itself replaces what is invalid, see calls.py

        return checked(evaluate, go_type, self.site(ast.last_visited(arg)))


class _InInterface:
    """Stands for a value of which Go sees only that an interface {} holds it."""

    go_type = "interface {}"


_IN_INTERFACE = _InInterface()


def _in_interface(evaluate: Closure, receiver: Closure) -> Closure:
    """A field's value, hidden where it lies in a map[string]any."""

    def in_interface(dot: Any, frame: Frame) -> Any:
        value = evaluate(dot, frame)
        if value is not INVALID and type(receiver(dot, frame)) is dict:
            return _IN_INTERFACE
        return value

    return in_interface


def _dot(dot: Any, frame: Frame) -> Any:
    return dot


def normal(evaluate: Closure) -> Closure:
    """A pipeline's value as Go hands it on: a nil interface has become no value at all."""

    def normalised(dot: Any, frame: Frame) -> Any:
        value = evaluate(dot, frame)
        return INVALID if value is None else value

    return normalised
