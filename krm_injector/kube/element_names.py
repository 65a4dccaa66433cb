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
    for item in items:
        if not isinstance(item, dict):
            return None

    for key in MERGE_KEYS:
        plain = _plain_names(items, key)
        if plain is not None:
            return _numbered(plain)
    return None


def _plain_names(items: list[dict[str, Any]], key: str) -> list[str] | None:
    """The value of the key in each element; None where one has no text or number there."""
    plain: list[str] = []
    for item in items:
        value = item.get(key)
        if type(value) is str:
            plain.append(value)
        elif isinstance(value, (str, int)):
            plain.append(str(value))
        else:
            return None
    return plain


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
