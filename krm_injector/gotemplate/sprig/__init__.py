"""sprig v3.3.0's text functions that give the same answer everywhere (TxtFuncMap, without what a
build cannot have).

In: arguments that the engine has checked against the Go types. Out: Go values (see values.py), or
FuncError. May import: the rest of gotemplate, the standard library.

``FUNCS`` holds every name of sprig, so that a template parses as it does in Go; those whose result
depends on the machine, the clock or chance fail when they are called. Each module declares its
functions in a table FUNCS of its own (registry.py), and is imported when one of them is first
called: a template that calls none pays for none.
"""

from __future__ import annotations

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.sprig.index_generated import INDEX
from krm_injector.gotemplate.values import Func

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# The names that a build cannot answer; unavailable.py says why.
UNAVAILABLE = tuple(name for name, (module, *_) in INDEX.items() if module == "unavailable")


def _late(module: str, name: str) -> Callable[..., Any]:
    """The function, its module imported when it is first called."""
    function: Callable[..., Any] | None = None

    def call(*arguments: Any) -> Any:
        nonlocal function
        if function is None:
            function = __import__(f"{__name__}.{module}", fromlist=("FUNCS",)).FUNCS[name].call

        try:
            return function(*arguments)
        except RecursionError:
            raise FuncError("the value is nested too deeply or holds itself") from None

    return call


FUNCS: dict[str, Func] = {
    name: Func(name, _late(module, name), params, variadic)
    for name, (module, params, variadic) in INDEX.items()
}
