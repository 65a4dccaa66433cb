"""What the compiled closures share while a template runs: the budget, the output, and how errors
get their place.
"""

from __future__ import annotations

from _thread import get_ident  # threading takes longer to import

from krm_injector.gotemplate.errors import (
    ExecError,
    FuncError,
    LimitExceeded,
    Limits,
    TemplateError,
    TooLarge,
)
from krm_injector.gotemplate.node import Node, Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TypeAlias

# Every compiled expression and statement: called with dot and the frame of variables. A frame is a
# list: [0] the value of $, [1] the Run, then one slot for each variable declared anywhere in that
# template.
Frame: TypeAlias = "list[Any]"
Closure: TypeAlias = "Callable[[Any, Frame], Any]"

LARGE = 4096  # results longer than this cost steps: copying them is the work then


class Run:
    """The budget and the output of one execution."""

    __slots__ = ("depth", "left", "limits", "steps", "write")

    def __init__(self, limits: Limits, write: Callable[[str], None]) -> None:
        self.limits = limits
        self.steps = limits.steps
        self.left = limits.output
        self.depth = 0
        self.write = write

    def spend(self, steps: int) -> None:
        """Accounts for work inside a function. Raises TooLarge."""
        self.steps -= steps
        if self.steps < 0:
            raise TooLarge(f"more than {self.limits.steps} steps")

    def charge_large(self, size: int, site: Site) -> None:
        """Accounts for a large value that a function takes or makes."""
        if size > self.limits.output:
            site.exceed(
                f"a value of {size} characters or items is larger than {self.limits.output}"
            )
        self.steps -= size >> 6
        if self.steps < 0:
            site.exceed(f"more than {self.limits.steps} steps")


class Account:
    """The steps that several executions have together, as those of one run on all its workloads.

    Steps are counted, not timed: what is refused on one machine is refused on every other.
    """

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps


# The execution under way, by thread: functions get values, and no Run. (Nothing awaits in one. A
# context variable would import a library.)
_current: dict[int, Run] = {}


def spend(steps: int) -> None:
    """Called by a function before work that its arguments' sizes do not bound. Raises TooLarge
    beyond the limits.
    """
    run = _current.get(get_ident())
    if run is not None:
        run.spend(steps)


def execute(action: Callable[[Run], None], limits: Limits, account: Account | None) -> str:
    """What ``action`` writes, within the steps that the limits, the execution around this one and
    the account all leave; both of them pay for the steps taken.
    """
    thread = get_ident()
    outer = _current.get(thread)
    steps = limits.steps
    if outer is not None:
        steps = min(steps, outer.steps)
    if account is not None:
        steps = min(steps, account.left)

    steps = max(steps, 0)
    output: list[str] = []
    run = Run(limits._replace(steps=steps), output.append)
    _current[thread] = run
    try:
        action(run)
    finally:
        del _current[thread]
        if outer is not None:
            _current[thread] = outer
            outer.steps -= steps - run.steps
        if account is not None:
            account.left -= steps - run.steps

    return "".join(output)


# What a statement returns to leave or to continue the loop around it; else it returns None.
BREAK, CONTINUE = 1, 2


class Body:
    """The statements of a list. They are compiled when the list is first run: most branches of
    a template are taken for no pod of a run. What parsing can complain of is known by then.
    """

    __slots__ = ("compile", "statements")

    def __init__(self, compile_list: Callable[[], tuple[Closure, ...]]) -> None:
        self.compile = compile_list
        self.statements: tuple[Closure, ...] = (self.first_run,)

    def first_run(self, dot: Any, frame: Frame) -> Any:
        """Stands for the statements until they are compiled, and returns what they return."""
        self.statements = statements = self.compile()
        for item in statements:
            signal = item(dot, frame)
            if signal:
                return signal

        return None


NO_STATEMENTS = Body(tuple)
NO_STATEMENTS.statements = ()


class Unit:
    """One template that is being compiled: its name, and the text for places in errors."""

    __slots__ = ("name", "source")

    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self.source = source


class Site:
    """A node to which Go would attribute an error."""

    __slots__ = ("node", "unit")

    def __init__(self, unit: Unit, node: Node) -> None:
        self.unit = unit
        self.node = node

    def error(self, message: str, kind: type[ExecError] = ExecError) -> ExecError:
        from krm_injector.gotemplate.quoting import quote

        source = self.unit.source
        line, column = source.place(self.node.pos)
        context = str(self.node)
        if len(context) > 20000:
            context = context[:20000] + "..."

        return kind(
            f"template: {source.name}:{line}:{column}: executing {quote(self.unit.name)} at "
            f"<{context}>: {message}",
            message=message,
            name=self.unit.name,
            line=line,
            column=column,
            context=context,
        )

    def fail(self, message: str) -> NoReturn:
        raise self.error(message)

    def exceed(self, message: str) -> NoReturn:
        raise self.error(message, LimitExceeded)

    def calling(self, name: str, cause: Exception) -> TemplateError:
        """The error to raise when the function ``name`` raised ``cause``."""
        if isinstance(cause, TemplateError):
            return cause
        if isinstance(cause, (TooLarge, RecursionError, MemoryError)):
            return self.error(f"error calling {name}: {cause}", LimitExceeded)
        if isinstance(cause, FuncError):
            return self.error(f"error calling {name}: {cause}")
        return self.error(f"error calling {name}: {type(cause).__name__}: {cause}")
