"""The tree of a parsed regular expression, and what can be read off it.

A tree is a tuple, its first item the kind: ("char", c, fold), ("any", newline_too), ("class",
ranges), ("at", what), ("cat", nodes), ("alt", nodes), ("group", number, node), ("repeat", min, max
or -1, greedy, node).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Node: TypeAlias = "tuple[Any, ...]"


def copies(node: Node) -> int:
    """How often the innermost piece is repeated at most, as Go's limit of 1000 counts it."""
    kind = node[0]
    if kind == "repeat":
        times: int = node[2] if node[2] >= 0 else node[1]
        inner: int = copies(node[4])
        return max(1, times) * inner

    if kind == "group":
        return copies(node[2])
    return max(map(copies, node[1]), default=1) if kind in ("cat", "alt") else 1


def shape(node: Node) -> tuple[int, float]:
    """(power, ways): backtracking takes at most about ways * length ** power steps."""
    power, ways = _cost(node)
    return power + 1, ways


def _cost(node: Node) -> tuple[int, float]:
    kind = node[0]
    if kind == "group":
        return _cost(node[2])

    if kind == "cat":
        power, ways = 0, 1.0
        for part in node[1]:
            more, factor = _cost(part)
            power, ways = power + more, ways * factor
        return power, min(ways, 1e18)

    if kind == "alt":
        costs = [_cost(part) for part in node[1]]
        return max(power for power, _ in costs), min(sum(ways for _, ways in costs), 1e18)

    if kind != "repeat":
        return 0, 1.0

    _, least, most, _greedy, inner = node
    power, ways = _cost(inner)
    if most < 0 or most > 1:
        if power or ways > 1 or may_be_empty(inner):
            return 99, 1e18
        return (1, 1.0) if most < 0 else (0, float(most - least + 1))

    return power, ways + (most - least)


def expanded(node: Node) -> int:
    """The pieces of an expression with every counted repetition written out."""
    kind = node[0]
    if kind == "group":
        return expanded(node[2])
    if kind in ("cat", "alt"):
        return sum(map(expanded, node[1]))
    return max(node[1], node[2], 1) * expanded(node[4]) if kind == "repeat" else 1


def may_be_empty(node: Node) -> bool:
    kind = node[0]
    if kind == "group":
        return may_be_empty(node[2])
    if kind == "cat":
        return all(map(may_be_empty, node[1]))
    if kind == "alt":
        return any(map(may_be_empty, node[1]))
    if kind == "repeat":
        return node[1] == 0 or may_be_empty(node[4])

    return bool(kind == "at")
