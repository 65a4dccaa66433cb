"""parse and Template: the way in."""

from __future__ import annotations

from krm_injector.gotemplate.builtins import BUILTINS
from krm_injector.gotemplate.compile import compile_trees
from krm_injector.gotemplate.errors import ExecError, LimitExceeded, Limits, ParseError
from krm_injector.gotemplate.node import Source
from krm_injector.gotemplate.parse import Tree, parse_trees
from krm_injector.gotemplate.runtime import Account, Run, execute
from krm_injector.gotemplate.values import INVALID, Func, Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Template:
    """A parsed template with those it defines. It holds no state of an execution: run it as often
    as you like.
    """

    __slots__ = ("_compiled", "_source", "_trees", "name")

    def __init__(
        self,
        source: Source,
        trees: dict[str, Tree],
        functions: Mapping[str, Func],
        watch: Watch | None = None,
    ) -> None:
        """Raises ParseError."""
        self.name = source.name
        self._source = source
        self._trees = trees
        try:
            self._compiled = compile_trees(source, trees, functions, watch)
        except RecursionError:
            name, message = self.name, "template nests too deep"
            raise ParseError(
                f"template: {name}:1: {message}", message=message, name=name, line=1
            ) from None

    def watched(self, functions: Mapping[str, Func], watch: Watch) -> Template:
        """The same template with functions of the same names, which are watched: see parse."""
        return Template(self._source, self._trees, functions, watch)

    def defined(self) -> list[str]:
        return sorted(self._compiled)

    def execute(
        self,
        data: Any,
        limits: Limits = Limits(),  # noqa: B008
        name: str | None = None,
        account: Account | None = None,
    ) -> str:
        """The output for ``data`` (see values.py). ExecError where Go's Execute fails,
        LimitExceeded beyond limits.

        ``account``: what the execution takes its steps from, beside those of the execution that it
        is part of, if any.
        """
        target = self._compiled.get(self.name if name is None else name)
        if target is None:
            message = f"no template {name!r} associated with template {self.name!r}"
            raise ExecError(f"template: {message}", message=message, name=self.name)

        def run_target(run: Run) -> None:
            if not run.steps:
                raise self._exceeded(
                    "no steps are left: earlier templates of this run took them all"
                )
            target.run(INVALID if data is None else data, run)

        try:
            return execute(run_target, limits, account)
        except (RecursionError, MemoryError) as error:
            raise self._exceeded(f"template asks for too much: {error}") from None

    def _exceeded(self, message: str) -> LimitExceeded:
        return LimitExceeded(f"template: {self.name}: {message}", message=message, name=self.name)


def parse(
    text: str,
    name: str = "",
    funcs: Mapping[str, Func] | None = None,
    delims: tuple[str, str] = ("{{", "}}"),
    watch: Watch | None = None,
) -> Template:
    """Compiles a template. ``funcs`` come before the builtins of the same name. ParseError where
    Go's Parse fails.

    ``watch``: given each function that the template calls (``range`` as one that gives its value),
    gives the one to call in its place. It is asked while the template is compiled. and, or and call
    are not among them.
    """
    functions: Mapping[str, Func] = funcs if funcs is not None else {}
    source = Source(name, text)
    trees = parse_trees(source, {**BUILTINS, **functions}, delims)
    return Template(source, trees, functions, watch)
