"""How a module of sprig's functions declares what it has.

Every module with template functions has ``FUNCS = functions({name: (function, type, ...)})``. The
package's index (index_generated.py) repeats names and types, so that a template compiles without
the modules; ``tools/generate_sprig_index.py`` makes it from them.
"""

from __future__ import annotations

from krm_injector.gotemplate.values import Func

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def functions(entries: dict[str, tuple[Any, ...]]) -> dict[str, Func]:
    """Template functions by name, from ``(function, Go type of each parameter, ...)``.

    "..." before the last type marks the parameter that repeats, as in Go.
    """
    return {name: _func(name, *entry) for name, entry in entries.items()}


def _func(name: str, call: Callable[..., Any], *params: str) -> Func:
    variadic = bool(params) and params[-1].startswith("...")
    if variadic:
        params = (*params[:-1], params[-1].removeprefix("..."))
    return Func(name, call, params, variadic)
