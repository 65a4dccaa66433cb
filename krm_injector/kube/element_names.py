"""What tells the elements of a list of maps apart: the value of the key that Kubernetes merges them
by.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The merge keys of Kubernetes' lists (patchMergeKey in k8s.io/api), the more particular first.
MERGE_KEYS = ("mountPath", "containerPort", "devicePath", "ip", "topologyKey", "name", "groupName")

ORDER = " (order)"  # behind a list's path: the value is the order of its elements' names


def names(items: list[Any]) -> list[str] | None:
    """The name of each element; None where nothing tells them apart.

    Behind the second element of a name stands "#2".
    """
    if not all(isinstance(item, dict) for item in items):
        return None
    for key in MERGE_KEYS:
        values = [item.get(key) for item in items]
        if all(isinstance(value, (str, int)) for value in values):
            return _numbered([str(value) for value in values])
    return None


def entry_names(items: list[Any]) -> list[str]:
    """What tells the elements of a list apart: their names, where they have none their places."""
    return names(items) or [str(index) for index in range(len(items))]


def _numbered(plain: list[str]) -> list[str] | None:
    """The names with "#2" behind the second of its kind; None where that does not tell them apart
    after all.
    """
    if len(set(plain)) == len(plain):
        return None if has_reserved(plain) else plain

    numbered: list[str] = []
    counts: dict[str, int] = {}
    for name in plain:
        counts[name] = counts.get(name, 0) + 1
        numbered.append(name if counts[name] == 1 else f"{name}#{counts[name]}")

    if len(set(numbered)) < len(numbered) or has_reserved(plain):
        return None
    return numbered


def has_reserved(keys: Any) -> bool:
    """Whether one of the keys means something else in a description of kube.undo."""
    return "" in keys or "-" in keys
