"""What takes an object back to what it was before: a description keyed by names, and its
application.

``describe(before, after)`` is made once, from two objects; ``undo(later, description)`` takes back
what was done, even where others have edited ``later`` beside it since. A description is plain JSON.
Form, of a child of a map or list:

    0                     it was not there: delete it
    [value]               it was this value
    [value, key]          it was there and was taken out; it stood behind that sibling ("" for none)
    [value, null]         a map's key that was taken out, and stood where ``_by_rule`` puts it
    [description, key, 1] it was moved; it stood behind that sibling; description (or null) is of
        what is inside
    {name: child, ...}    only these children of it differ

Children of a list of maps are named by what Kubernetes merges them by (name, mountPath,
containerPort ...), with "#2" behind the second of a name. In a map or list that was not there at
all, the name "" stands for what to leave when it is empty at last: 1 for nothing, [value] for that
value. To be short, {"-": "a b"} stands for {"a": 0, "b": 0}.

Children, and the keys inside values, are sorted, so that the description is the same whether the
maps it was made of were sorted (kustomize does that) or not. Their order comes back by rule, from
what stands in the later object. Only where the rules fail does a description tell of order: by a
sibling's name, or by a value in an order of its own.
"""

from __future__ import annotations

from typing import Any

MERGE_KEYS = ("mountPath", "containerPort", "devicePath", "ip", "topologyKey", "name", "groupName")

_ABSENT: Any = object()


def names(items: list[Any]) -> list[str] | None:
    """What tells the elements of a list of maps apart; None where nothing does."""
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
    """The names, "#2" behind the second of its kind; None where that does not tell them apart after
    all.
    """
    if len(set(plain)) == len(plain):
        return None if "" in plain or "-" in plain else plain

    found: list[str] = []
    seen: dict[str, int] = {}
    for name in plain:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")

    return found if len(set(found)) == len(found) and not _reserved(seen) else None


def _reserved(keys: dict[str, Any]) -> bool:
    return "" in keys or "-" in keys


def keys_as(before: Any, after: Any, beside: dict[str, Any] | None = None) -> Any:
    """``after`` with the keys that ``before`` has too in their order there; new keys stay behind
    their predecessors.

    An element that moved to another list of the same map (a container that became an init
    container) is known again. beside: the map that ``before`` stands in.
    """
    if before is after:
        return after

    if isinstance(before, dict) and isinstance(after, dict):
        rows: dict[str, list[str]] = {"": []}
        at = ""
        for key in after:
            if key in before:
                at = key
                rows[at] = [key]
            else:
                rows[at].append(key)

        order = [*rows[""], *(key for old in before if old in rows and old for key in rows[old])]
        if len(order) == len(after):
            return {key: keys_as(before.get(key), after[key], before) for key in order}

    if isinstance(after, list) and (new := names(after)) is not None:
        old = names(before) if isinstance(before, list) else None
        known = dict(zip(old, before, strict=True)) if old else {}
        models = [known[name] if name in known else _elsewhere(beside, name) for name in new]
        return [keys_as(model, item) for model, item in zip(models, after, strict=True)]

    return after


def _elsewhere(lists: dict[str, Any] | None, name: str) -> Any:
    """The element of that name in a list of the map; None where there is none."""
    for key in sorted(lists or ()):
        items = (lists or {})[key]
        if isinstance(items, list) and (found := names(items)) is not None and name in found:
            return items[found.index(name)]
    return None


# ---------------------------------------------------------------- describing


def describe(before: Any, after: Any) -> Any:
    """What undoes the change from ``before`` to ``after``; None where nothing has to be undone."""
    return _describe(before, after, False)


def _describe(
    before: Any, after: Any, inside_element: bool, beside: dict[str, Any] | None = None
) -> Any:
    if before is after:
        return None

    if (
        isinstance(before, dict)
        and isinstance(after, dict)
        and not (_reserved(before) or _reserved(after))
    ):
        return _describe_map(before, after, inside_element) or None

    if isinstance(before, list) and isinstance(after, list):
        old, new = names(before), names(after)
        if old is not None and new is not None:
            one, other = dict(zip(old, before, strict=True)), dict(zip(new, after, strict=True))
            return _describe_list(one, other, beside or {}) or None

    if type(before) is type(after) and before == after and not _differs_in_type(before, after):
        return None
    if before is None and not inside_element and isinstance(child := _added(after, False), dict):
        return {**child, "": [None]}

    return [_told(before, after)]


def _differs_in_type(before: Any, after: Any) -> bool:
    """1, 1.0 and true are equal to Python and are not the same manifest."""
    if isinstance(before, dict):
        return any(
            type(before[k]) is not type(after[k]) or _differs_in_type(before[k], after[k])
            for k in before
        )

    if isinstance(before, list):
        return any(
            type(a) is not type(b) or _differs_in_type(a, b)
            for a, b in zip(before, after, strict=True)
        )

    return False


def _describe_map(
    before: dict[str, Any], after: dict[str, Any], inside_element: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: _added(after[key], inside_element) for key in after if key not in before
    }
    model = after[next(iter(found))] if found else None
    by_rule = _by_rule(before, after)
    anchor = ""
    for key, value in before.items():
        if key not in after:
            found[key] = [_told(value, model), None if by_rule else anchor]
        elif (child := _describe(value, after[key], inside_element, after)) is not None:
            found[key] = child
        anchor = key

    return _short(found)


def _by_rule(before: dict[str, Any], after: dict[str, Any]) -> bool:
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


def _told(before: Any, model: Any) -> Any:
    """The value as a description holds it: sorted, if ``_like`` finds its order again."""
    if not isinstance(before, (dict, list)):
        return before
    plain = _sorted(before)
    return plain if repr(_like(plain, model)) == repr(before) else before


def _like(value: Any, model: Any) -> Any:
    """A value out of a description, the keys of its maps in the order they have in the model."""
    if isinstance(value, (dict, list)) and repr(_sorted(value)) == repr(value):
        return keys_as(model, value)
    return value


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _describe_list(
    before: dict[str, Any], after: dict[str, Any], beside: dict[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {name: 0 for name in after if name not in before}
    moved = _moved(
        [name for name in before if name in after], [name for name in after if name in before]
    )
    anchor = ""
    for name, value in before.items():
        if name not in after:
            found[name] = [_told(value, _elsewhere(beside, name)), anchor]
        else:
            child = _describe(value, after[name], True)
            if name in moved:
                found[name] = [child, anchor, 1]
            elif child is not None:
                found[name] = child

        anchor = name

    return _short(found)


def _short(node: dict[str, Any]) -> dict[str, Any]:
    gone = [
        name for name, child in node.items() if child.__class__ is int and name and " " not in name
    ]
    found = {name: node[name] for name in sorted(node) if name not in gone}
    return {**found, "-": " ".join(sorted(gone))} if gone else found


def _long(node: dict[str, Any]) -> dict[str, Any]:
    """The node with each child by itself."""
    if "-" not in node:
        return node
    gone: dict[str, Any] = dict.fromkeys(node["-"].split(" "), 0)
    return {**gone, **{name: child for name, child in node.items() if name != "-"}}


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The elements to be taken out of both so that the rest stands in the same order; few, by
    trying each alone.
    """
    moved: set[str] = set()
    while before != after:
        costs = []
        for name in before:
            one, other = [n for n in before if n != name], [n for n in after if n != name]
            costs.append((sum(a != b for a, b in zip(one, other, strict=True)), name))
        _, gone = min(costs, key=lambda cost: cost[0])
        moved.add(gone)
        before, after = [n for n in before if n != gone], [n for n in after if n != gone]

    return moved


def _added(value: Any, inside_element: bool) -> Any:
    """The child for something new. What others may add to (labels, volumes) is taken apart, an
    element is not.
    """
    if not inside_element and isinstance(value, dict) and value and not _reserved(value):
        return _short({"": 1, **{key: _added(inner, False) for key, inner in value.items()}})

    if (
        not inside_element
        and isinstance(value, list)
        and value
        and (found := names(value)) is not None
    ):
        return _short({"": 1, **dict.fromkeys(found, 0)})

    return 0


# ---------------------------------------------------------------- undoing


def undo(value: Any, description: Any) -> Any:
    """``value`` without what ``description`` describes; children that are gone, or new, are left as
    they are.
    """
    if description is None:
        return value
    return _undo(value, description, False)


def _undo(
    value: Any, child: Any, inside_element: bool, beside: dict[str, Any] | None = None
) -> Any:
    if child.__class__ is int:
        return _ABSENT
    if isinstance(child, list):
        return _like(child[0], value)

    child = _long(child)
    if isinstance(value, dict):
        left: Any = _undo_map(value, child, inside_element)
    elif isinstance(value, list) and (found := names(value)) is not None:
        left = _undo_list(dict(zip(found, value, strict=True)), child, beside or {})
    else:
        return value  # somebody put something else in its place

    last = child.get("")
    if left or last is None:
        return left

    return last[0] if isinstance(last, list) else _ABSENT


def _undo_map(value: dict[str, Any], node: dict[str, Any], inside_element: bool) -> dict[str, Any]:
    left: dict[str, Any] = {}
    taken = {
        key: child for key, child in node.items() if key and _taken_out(child) and key not in value
    }
    by_rule = sorted(key for key, child in taken.items() if child[1] is None)
    model = None
    for key, inner in value.items():
        child = node.get(key) if key else None
        if taken and model is None and _is_new(child):
            model = inner
            left.update((name, _like(taken[name][0], model)) for name in by_rule)
            by_rule = []

        now = (
            inner
            if child is None or _taken_out(child)
            else _undo(inner, child, inside_element, value)
        )
        if now is not _ABSENT:
            left[key] = now

    ours = [key for key, child in node.items() if child.__class__ is int and key]
    if inside_element and ours and not any(key in value for key in ours):
        return left  # what had taken its place (a probe's httpGet) was replaced by somebody

    left.update((name, taken[name][0]) for name in by_rule)
    behind = {key: child[1] for key, child in taken.items() if child[1] is not None}
    return _with_behind(left, behind, {key: _like(taken[key][0], model) for key in behind})


def _taken_out(child: Any) -> bool:
    return isinstance(child, list) and len(child) > 1


def _is_new(child: Any) -> bool:
    return child.__class__ is int or (isinstance(child, dict) and child.get("").__class__ is int)


def _undo_list(value: dict[str, Any], node: dict[str, Any], beside: dict[str, Any]) -> list[Any]:
    left: dict[str, Any] = {}
    behind: dict[str, str] = {}
    elements: dict[str, Any] = {}
    for name, inner in value.items():
        child = node.get(name)
        moved = False
        if isinstance(child, list) and len(child) == 3:
            moved, behind[name], child = True, child[1], child[0]
        elif _taken_out(child):
            child = None

        now = inner if child is None else _undo(inner, child, True)
        if now is not _ABSENT:
            (elements if moved else left)[name] = now

    for name, child in node.items():
        if name and isinstance(child, list) and len(child) == 2 and name not in value:
            behind[name], elements[name] = child[1], _like(child[0], _elsewhere(beside, name))

    return list(_with_behind(left, behind, elements).values())


def _with_behind(
    value: dict[str, Any], behind: dict[str, str], new: dict[str, Any]
) -> dict[str, Any]:
    """The map with new entries, each behind its anchor: at the start for "", at the end where the
    anchor is gone.
    """
    if not behind:
        return value

    followers: dict[str, list[str]] = {}
    for name in sorted(behind):
        followers.setdefault(behind[name], []).append(name)

    order: list[str] = []
    seen: set[str] = set()

    def walk(name: str) -> None:
        for follower in followers.get(name, ()):
            if follower not in seen:
                seen.add(follower)
                order.append(follower)
                walk(follower)

    walk("")
    for name in value:
        order.append(name)
        walk(name)

    for name in sorted(behind):
        if behind[name] not in behind:
            walk(behind[name])

    return {name: new[name] if name in seen else value[name] for name in order}


# ---------------------------------------------------------------- what was put there


Unit = tuple[str, Any]


def units(value: Any, description: Any) -> list[Unit]:
    """(path, value) of every small piece that stands where the description undoes something.

    A piece is a value of a map, an element of a list in a list's element (an env entry of a
    container), or a field of an element. Paths are as "spec.containers[istio-proxy].env[POD_NAME]".
    """
    found: list[Unit] = []
    if description is not None:
        _units(value, description, "", found)
    return found


def _units(value: Any, child: Any, path: str, found: list[Unit]) -> None:
    if not isinstance(child, dict):
        _pieces(value, path, 2, found)
        return

    child = _long(child)
    if isinstance(value, dict):
        for key, inner in child.items():
            if key and key in value and not (isinstance(inner, list) and len(inner) == 2):
                _units(value[key], inner, f"{path}.{key}" if path else key, found)
    elif isinstance(value, list) and (named := names(value)) is not None:
        for name, element in zip(named, value, strict=True):
            inner = child.get(name)
            if isinstance(inner, list):
                inner = inner[0] if len(inner) == 3 else None
            if inner is not None:
                _units(element, inner, f"{path}[{name}]", found)
    else:
        found.append((path, value))


def _pieces(value: Any, path: str, depth: int, found: list[Unit]) -> None:
    """What an added element consists of: its fields, and the elements of those that are lists of
    maps.
    """
    if isinstance(value, dict) and value and depth == 2:
        for key, inner in value.items():
            _pieces(inner, f"{path}.{key}" if path else key, 1, found)
    elif isinstance(value, list) and value and depth and (named := names(value)) is not None:
        found.extend(
            [(f"{path}[{name}]", element) for name, element in zip(named, value, strict=True)]
        )
    else:
        found.append((path, value))
