"""What does not fit the mesh's types."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ApiError(Exception):
    """A value that istiod refuses.

    Attributes: what ("MeshConfig", "ProxyConfig", "values"), path ("defaultConfig.concurrency"; ""
    for the whole), value (as given), problem (what is wrong, without the path). The sentence holds
    all but the value's inside.
    """

    def __init__(self, what: str, path: str, value: Any, problem: str) -> None:
        self.what = what
        self.path = path
        self.value = value
        self.problem = problem
        where = f"{what} field {path}" if path else what
        super().__init__(f"{where}: {problem}")


def shown(value: Any) -> str:
    """A value for a sentence: short, JSON-like."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]

    text = repr(value) if isinstance(value, (int, float)) else f'"{value}"'
    return text if len(text) <= 60 else text[:57] + "..."
