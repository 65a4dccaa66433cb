"""What mypy knows of a module: its names with those that stand under ``if TYPE_CHECKING``."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any


def names(module: ModuleType) -> dict[str, Any]:
    source = inspect.getsource(module)
    assert "\nTYPE_CHECKING = False\n" in source
    known: dict[str, Any] = {"__name__": module.__name__}
    exec(source.replace("\nTYPE_CHECKING = False\n", "\nTYPE_CHECKING = True\n"), known)
    return known
