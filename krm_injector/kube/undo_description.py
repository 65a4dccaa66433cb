"""The description that takes an object back to what it was before: its form, and how it is made.

A description is plain JSON. Form, of a child of a map or list:

    0                     it was not there: delete it
    [value]               it was this value
    [value, key]          it was there and was taken out; it stood behind that sibling ("" for none)
    [value, null]         a map's key that was taken out, and stood where ``_stands_by_rule`` puts
        it
    [description, key, 1] it was moved; it stood behind that sibling; description (or null) is of
        what is inside
    {name: child, ...}    only these children of it differ

Children of a list of maps are named by what Kubernetes merges them by (name, mountPath,
containerPort ...), with "#2" behind the second of a name. In a map or list that was not there at
all, the name "" stands for what to leave when it is empty in the end: 1 for nothing, [value] for
that value. To be short, {"-": "a b"} stands for {"a": 0, "b": 0}.

Children, and the keys inside values, are sorted, so that the description is the same whether the
maps it was made of were sorted (kustomize does that) or not. Their order comes back by rule, from
what stands in the later object. Only where the rules fail does a description tell of order: by a
sibling's name, or by a value in an order of its own.
"""

from __future__ import annotations

from krm_injector.kube.element_names import has_reserved, names
from krm_injector.kube.key_order import element_elsewhere, ordered_like, sorted_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Node: TypeAlias = "dict[str, Any]"  # the children that differ, by name


def describe(before: Any, after: Any) -> Any:
    """What undoes the change from ``before`` to ``after``; None where nothing has to be undone."""
    return _describe(before, after, False)


def _describe(
    before: Any, after: Any, inside_element: bool, siblings: dict[str, Any] | None = None
) -> Any:
    """inside_element: it is a field of a list's element; siblings: the map that it is in."""
    if before is after:
        return None

    if (
        isinstance(before, dict)
        and isinstance(after, dict)
        and not (has_reserved(before) or has_reserved(after))
    ):
        return _describe_map(before, after, inside_element) or None

    if isinstance(before, list) and isinstance(after, list):
        old_names, new_names = names(before), names(after)
        if old_names is not None and new_names is not None:
            old = dict(zip(old_names, before, strict=True))
            new = dict(zip(new_names, after, strict=True))
            return _describe_list(old, new, siblings or {}) or None

    if type(before) is type(after) and before == after and not _differs_in_type(before, after):
        return None

    if before is None and not inside_element:
        child = _added(after, False)
        if isinstance(child, dict):
            return {**child, "": [None]}

    return [_held(before, after)]


def _differs_in_type(before: Any, after: Any) -> bool:
    """Whether two equal values differ after all: 1, 1.0 and true are equal to Python and are not
    the same manifest.
    """
    if isinstance(before, dict):
        return any(
            type(before[key]) is not type(after[key]) or _differs_in_type(before[key], after[key])
            for key in before
        )

    if isinstance(before, list):
        return any(
            type(old) is not type(new) or _differs_in_type(old, new)
            for old, new in zip(before, after, strict=True)
        )

    return False


# ---------------------------------------------------------------- maps


def _describe_map(before: dict[str, Any], after: dict[str, Any], inside_element: bool) -> Node:
    node: Node = {key: _added(after[key], inside_element) for key in after if key not in before}
    model = after[next(iter(node))] if node else None
    by_rule = _stands_by_rule(before, after)
    anchor = ""
    for key, value in before.items():
        if key not in after:
            node[key] = [_held(value, model), None if by_rule else anchor]
        else:
            child = _describe(value, after[key], inside_element, after)
            if child is not None:
                node[key] = child

        anchor = key

    return short(node)


def _stands_by_rule(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the keys that were taken out stood, sorted, where the first new key stands now;
    without one, at the end.

    So a probe's own action comes back to where the action stands that took its place.
    """
    order: list[str] = []
    taken = sorted(key for key in before if key not in after)
    for key in after:
        if key in before:
            order.append(key)
        else:
            order += taken
            taken = []

    return order + taken == list(before)


def _held(value: Any, model: Any) -> Any:
    """The value as a description holds it: sorted, if ``ordered_like`` finds its order again."""
    if not isinstance(value, (dict, list)):
        return value
    plain = sorted_keys(value)
    return plain if repr(ordered_like(plain, model)) == repr(value) else value


def _added(value: Any, inside_element: bool) -> Any:
    """The child for something new.

    What others may add to (labels, volumes) is described by its members. An element is not.
    """
    if inside_element or not value:
        return 0

    if isinstance(value, dict) and not has_reserved(value):
        return short({"": 1, **{key: _added(inner, False) for key, inner in value.items()}})

    element_names = names(value) if isinstance(value, list) else None
    if element_names is not None:
        return short({"": 1, **dict.fromkeys(element_names, 0)})

    return 0


# ---------------------------------------------------------------- lists


def _describe_list(before: dict[str, Any], after: dict[str, Any], siblings: dict[str, Any]) -> Node:
    """Both lists as maps by their elements' names; siblings: the map that the list is in."""
    node: Node = {name: 0 for name in after if name not in before}
    common = [name for name in before if name in after]
    moved = _moved(common, [name for name in after if name in before])
    anchor = ""
    for name, value in before.items():
        if name not in after:
            node[name] = [_held(value, element_elsewhere(siblings, name)), anchor]
        else:
            child = _describe(value, after[name], True)
            if name in moved:
                node[name] = [child, anchor, 1]
            elif child is not None:
                node[name] = child

        anchor = name

    return short(node)


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The elements to be taken out of both so that the rest stands in the same order.

    They are few, but need not be the fewest: one is taken out after the other, each time the one
    without which the most others stand in their places.
    """
    moved: set[str] = set()
    while before != after:
        costs = []
        for name in before:
            old, new = _without(before, name), _without(after, name)
            costs.append((sum(a != b for a, b in zip(old, new, strict=True)), name))

        _, cheapest = min(costs, key=lambda cost: cost[0])
        moved.add(cheapest)
        before, after = _without(before, cheapest), _without(after, cheapest)

    return moved


def _without(names_of_elements: list[str], name: str) -> list[str]:
    return [element for element in names_of_elements if element != name]


# ---------------------------------------------------------------- the short form


def short(node: Node) -> Node:
    """The node, sorted, with all children that are 0 under "-"."""
    new = [
        name for name, child in node.items() if child.__class__ is int and name and " " not in name
    ]
    children = {name: node[name] for name in sorted(node) if name not in new}
    return {**children, "-": " ".join(sorted(new))} if new else children


def expanded(node: Node) -> Node:
    """The node with each child by itself."""
    if "-" not in node:
        return node
    children: Node = dict.fromkeys(node["-"].split(" "), 0)
    children.update((name, child) for name, child in node.items() if name != "-")
    return children
