"""Statements of the tree -> closures: text, output, if, with, range, template."""

from __future__ import annotations

from krm_injector.gotemplate import node as ast
from krm_injector.gotemplate.errors import LimitExceeded
from krm_injector.gotemplate.evaluate import Expressions, normal
from krm_injector.gotemplate.format import to_text
from krm_injector.gotemplate.loops import Loop, jumping_loop, plain_loop, range_closure
from krm_injector.gotemplate.parse import Tree
from krm_injector.gotemplate.runtime import (
    BREAK,
    CONTINUE,
    NO_STATEMENTS,
    Body,
    Closure,
    Frame,
    Run,
    Site,
    Unit,
)
from krm_injector.gotemplate.values import INVALID, Func, Method, Struct, Watch, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Compiled:
    """One template, ready to run."""

    __slots__ = ("blank", "body", "cost", "unit")

    def __init__(self, unit: Unit, tree: Tree) -> None:
        self.unit = unit
        self.body = Body(tuple)
        # Initial values of its variables' slots.
        self.blank: list[Any] = [INVALID] * tree.declared
        self.cost = 1 + tree.steps

    def run(self, dot: Any, run: Run) -> None:
        frame: Frame = [dot, run, *self.blank]
        for item in self.body.statements:
            item(dot, frame)


def compile_trees(
    source: ast.Source,
    trees: dict[str, Tree],
    functions: Mapping[str, Func],
    watch: Watch | None = None,
) -> dict[str, Compiled]:
    compiled = {name: Compiled(Unit(name, source), tree) for name, tree in trees.items()}
    for name, tree in trees.items():
        target = compiled[name]
        target.body = _Statements(target.unit, functions, compiled, watch).scoped(tree.root)

    return compiled


class _Statements(Expressions):
    def __init__(
        self,
        unit: Unit,
        functions: Mapping[str, Func],
        compiled: dict[str, Compiled],
        watch: Watch | None,
    ) -> None:
        super().__init__(unit, functions, watch)
        self.compiled = compiled

    def scoped(self, items: list[Any]) -> Body:
        """A list whose variables end with it."""
        scope, dot_is_element = dict(self.scope), self.dot_is_element

        def compile_list() -> tuple[Closure, ...]:
            outer, slots = (self.scope, self.dot_is_element), self.slots
            self.scope, self.dot_is_element = dict(scope), dot_is_element
            try:
                return tuple([self.statement(item) for item in items])
            except RecursionError:
                self.slots = slots
                raise
            finally:
                self.scope, self.dot_is_element = outer

        return Body(compile_list) if items else NO_STATEMENTS

    def statement(self, item: ast.Node) -> Closure:
        if isinstance(item, ast.Text):
            return _text(item.text, self.site(item))

        if isinstance(item, ast.Action):
            evaluate = self.pipeline(item.pipe)
            return _silent(evaluate) if item.pipe.declared else _output(evaluate, self.site(item))

        if isinstance(item, ast.Branch):
            outer = self.scope
            self.scope = dict(outer)
            try:
                if item.kind == "range":
                    return self.range(item)
                return self.branch(item)
            finally:
                self.scope = outer

        if isinstance(item, ast.Call):
            return self.call(item)

        if isinstance(item, ast.Jump):
            signal = BREAK if item.kind == "break" else CONTINUE
            return lambda dot, frame: signal

        raise AssertionError(item)

    # if and with

    def branch(self, item: ast.Branch) -> Closure:
        is_with = item.kind == "with"
        arms: list[tuple[Closure, Body]] = []
        for pipe, items in item.arms:
            condition = normal(self.pipeline(pipe)) if is_with else self.pipeline(pipe)
            outer = self.dot_is_element
            self.dot_is_element = outer and not is_with
            arms.append((condition, self.scoped(items)))
            self.dot_is_element = outer

        otherwise = self.scoped(item.otherwise or [])
        if item.jumps:
            return _jumping(arms, otherwise, is_with)
        if len(arms) > 1:
            return _branches(arms, otherwise, is_with)

        return _with(*arms[0], otherwise) if is_with else _if(*arms[0], otherwise)

    # range

    def range(self, item: ast.Branch) -> Closure:
        pipe, _ = item.arms[0]
        declared, pipe.declared = pipe.declared, []  # the loop sets them, not the pipeline
        evaluate = self.pipeline(pipe)
        pipe.declared = declared
        if self.watch is not None:
            evaluate = _watched(evaluate, self.watch)

        last = ast.last_visited(pipe)
        slots: list[int] = []
        for name in declared:
            if pipe.assign and name not in self.scope:
                return self.raising(last, f"undefined variable: {name}", evaluate)
            slots.append(self.scope[name] if pipe.assign else self.declare(name))

        if not pipe.assign:
            self.elements.update(slots[-1:])

        loop = self.loop(item, slots)
        otherwise = self.scoped(item.otherwise or [])
        return range_closure(evaluate, slots, loop, otherwise, self.site(last))

    def loop(self, item: ast.Branch, slots: list[int]) -> Loop:
        """The body of a range, as what runs it over pairs of index and element."""
        _, items = item.arms[0]
        outer, self.dot_is_element = self.dot_is_element, True
        body = self.scoped(items)
        self.dot_is_element = outer

        index_slot = slots[0] if len(slots) > 1 else -1
        element_slot = slots[-1] if slots else -1
        make = jumping_loop if item.jumps else plain_loop
        return make(body, index_slot, element_slot, 1 + item.steps, self.site(item))

    # template

    def call(self, item: ast.Call) -> Closure:
        evaluate = normal(self.pipeline(item.pipe)) if item.pipe is not None else None
        target = self.compiled.get(item.name)
        if target is None:
            from krm_injector.gotemplate.quoting import quote

            return self.raising(item, f"template {quote(item.name)} not defined")

        site = self.site(item)

        def run_template(dot: Any, frame: Frame) -> None:
            run: Run = frame[1]
            run.steps -= target.cost
            if run.steps < 0:
                site.exceed(f"more than {run.limits.steps} steps")
            if run.depth >= run.limits.depth:
                site.exceed(f"exceeded maximum template depth ({run.limits.depth})")

            value = INVALID if evaluate is None else evaluate(dot, frame)
            run.depth += 1
            try:
                target.run(value, run)
            except RecursionError:
                raise site.error("exceeded maximum depth", LimitExceeded) from None

            run.depth -= 1

        return run_template


def _text(text: str, site: Site) -> Closure:
    size = len(text)

    def write_text(dot: Any, frame: Frame) -> None:
        run = frame[1]
        run.left -= size
        if run.left < 0:
            site.exceed(f"output is longer than {run.limits.output} characters")
        run.write(text)

    return write_text


def _output(evaluate: Closure, site: Site) -> Closure:
    def write_value(dot: Any, frame: Frame) -> None:
        value = evaluate(dot, frame)
        text = value if type(value) is str else _printed(value, site)
        run = frame[1]
        run.left -= len(text)
        if run.left < 0:
            site.exceed(f"output is longer than {run.limits.output} characters")
        run.write(text)

    return write_value


def _printed(value: Any, site: Site) -> str:
    """How an action writes its value: a nil as <no value>, a pointer as what it points to."""
    if value is INVALID or value is None:
        return "<no value>"
    if isinstance(value, (Func, Method)):
        site.fail(f"can't print {site.node} of type {type_name(value)}")

    try:
        text = to_text(value)
    except Exception as error:
        raise site.calling("print", error) from None

    if isinstance(value, Struct) and text.startswith("&{") and value.go_type.startswith("*"):
        return text[1:]

    return text


def _silent(evaluate: Closure) -> Closure:
    def declare(dot: Any, frame: Frame) -> None:
        evaluate(dot, frame)

    return declare


def _if(condition: Closure, body: Body, otherwise: Body) -> Closure:
    def run_if(dot: Any, frame: Frame) -> None:
        for item in (body if condition(dot, frame) else otherwise).statements:
            item(dot, frame)

    return run_if


def _with(condition: Closure, body: Body, otherwise: Body) -> Closure:
    def run_with(dot: Any, frame: Frame) -> None:
        value = condition(dot, frame)
        if value:
            for item in body.statements:
                item(value, frame)
        else:
            for item in otherwise.statements:
                item(dot, frame)

    return run_with


def _branches(arms: list[tuple[Closure, Body]], otherwise: Body, is_with: bool) -> Closure:
    def run_branches(dot: Any, frame: Frame) -> None:
        for condition, body in arms:
            value = condition(dot, frame)
            if value:
                inner = value if is_with else dot
                for item in body.statements:
                    item(inner, frame)
                return

        for item in otherwise.statements:
            item(dot, frame)

    return run_branches


def _jumping(arms: list[tuple[Closure, Body]], otherwise: Body, is_with: bool) -> Closure:
    """if or with that holds a break or continue: what its statements return goes on to the loop."""

    def run_jumping(dot: Any, frame: Frame) -> Any:
        chosen = otherwise
        for condition, body in arms:
            value = condition(dot, frame)
            if value:
                chosen = body
                if is_with:
                    dot = value
                break

        for item in chosen.statements:
            signal = item(dot, frame)
            if signal:
                return signal

        return None

    return run_jumping


def _watched(evaluate: Closure, watch: Watch) -> Closure:
    """What a range goes over, shown to the watch as if range were a function."""
    show = watch(Func("range", lambda value: value, ("reflect.Value",))).call
    return lambda dot, frame: show(evaluate(dot, frame))
