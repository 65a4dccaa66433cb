"""sprig's defaults (defaults.go)."""

from __future__ import annotations

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.sprig.reflect import empty
from krm_injector.gotemplate.sprig.registry import functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def default(fallback: Any, *values: Any) -> Any:
    return fallback if not values or empty(values[0]) else values[0]


def coalesce(*values: Any) -> Any:
    return next((value for value in values if not empty(value)), None)


def all_of(*values: Any) -> bool:
    return not any(map(empty, values))


def any_of(*values: Any) -> bool:
    return not all(map(empty, values))


def ternary(yes: Any, no: Any, condition: bool) -> Any:
    return yes if condition else no


def fail(message: str) -> str:
    raise FuncError(message)


def hello() -> str:
    return "Hello!"


FUNCS = functions({
    "default": (default, "any", "...any"),
    "coalesce": (coalesce, "...any"),
    "all": (all_of, "...any"),
    "any": (any_of, "...any"),
    "ternary": (ternary, "any", "any", "bool"),
    "fail": (fail, "string"),
    "hello": (hello,),
})  # fmt: skip
