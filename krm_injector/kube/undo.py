"""What takes an object back to what it was before: a description keyed by names, and its application.

``describe(before, after)`` is made once, from two objects; ``undo(later, description)`` takes back what was done, even
where others have edited ``later`` beside it since. A description is plain JSON. Form, of a child of a map or list:

    0                     it was not there: delete it
    [value]               it was this value
    [value, key]          it was there and was taken out; it stood behind that sibling ("" for none)
    [description, key, 1] it was moved; it stood behind that sibling; description (or null) is of what is inside
    {name: child, ...}    only these children of it differ

Children of a list of maps are named by what Kubernetes merges them by (name, mountPath, containerPort ...), with "#2"
behind the second of a name. In a map or list that was not there at all, the name "" stands for what to leave when it is
empty at last: 1 for nothing, [value] for that value. To be short, {"-": "a b"} stands for {"a": 0, "b": 0}.
"""

from __future__ import annotations

from typing import Any

MERGE_KEYS = ("mountPath", "containerPort", "devicePath", "ip", "topologyKey", "name")

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


def _numbered(plain: list[str]) -> list[str] | None:
    """The names, "#2" behind the second of its kind; None where that does not tell them apart after all."""
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


def keys_as(before: Any, after: Any) -> Any:
    """``after`` with the keys that ``before`` has too in their order there; new keys stay behind their predecessors."""
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
            return {key: keys_as(before[key], after[key]) if key in before else after[key] for key in order}
    if isinstance(before, list) and isinstance(after, list) and (old := names(before)) and (new := names(after)):
        known = dict(zip(old, before, strict=True))
        return [keys_as(known[n], item) if n in known else item for n, item in zip(new, after, strict=True)]
    return after


# ---------------------------------------------------------------- describing


def describe(before: Any, after: Any) -> Any:
    """What undoes the change from ``before`` to ``after``; None where nothing has to be undone."""
    return _describe(before, after, False)


def _describe(before: Any, after: Any, inside_element: bool) -> Any:
    if before is after:
        return None
    if isinstance(before, dict) and isinstance(after, dict) and not (_reserved(before) or _reserved(after)):
        return _describe_map(before, after, inside_element) or None
    if isinstance(before, list) and isinstance(after, list):
        old, new = names(before), names(after)
        if old is not None and new is not None:
            return _describe_list(dict(zip(old, before, strict=True)), dict(zip(new, after, strict=True))) or None
    if type(before) is type(after) and before == after and not _differs_in_type(before, after):
        return None
    if before is None and not inside_element and isinstance(child := _added(after, False), dict):
        return {**child, "": [None]}
    return [before]


def _differs_in_type(before: Any, after: Any) -> bool:
    """1, 1.0 and true are equal to Python and are not the same manifest."""
    if isinstance(before, dict):
        return any(type(before[k]) is not type(after[k]) or _differs_in_type(before[k], after[k]) for k in before)
    if isinstance(before, list):
        return any(type(a) is not type(b) or _differs_in_type(a, b) for a, b in zip(before, after, strict=True))
    return False


def _describe_map(before: dict[str, Any], after: dict[str, Any], inside_element: bool) -> dict[str, Any]:
    found: dict[str, Any] = {key: _added(after[key], inside_element) for key in after if key not in before}
    anchor = ""
    for key, value in before.items():
        if key not in after:
            found[key] = [value, anchor]
        elif (child := _describe(value, after[key], inside_element)) is not None:
            found[key] = child
        anchor = key
    return _short(found)


def _describe_list(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: 0 for name in after if name not in before}
    moved = _moved([name for name in before if name in after], [name for name in after if name in before])
    anchor = ""
    for name, value in before.items():
        if name not in after:
            found[name] = [value, anchor]
        else:
            child = _describe(value, after[name], True)
            if name in moved:
                found[name] = [child, anchor, 1]
            elif child is not None:
                found[name] = child
        anchor = name
    return _short(found)


def _short(node: dict[str, Any]) -> dict[str, Any]:
    gone = [name for name, child in node.items() if child.__class__ is int and name and " " not in name]
    if not gone:
        return node
    return {**{name: child for name, child in node.items() if name not in gone}, "-": " ".join(sorted(gone))}


def _long(node: dict[str, Any]) -> dict[str, Any]:
    """The node with each child by itself."""
    if "-" not in node:
        return node
    gone: dict[str, Any] = dict.fromkeys(node["-"].split(" "), 0)
    return {**gone, **{name: child for name, child in node.items() if name != "-"}}


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The elements to be taken out of both so that the rest stands in the same order; few, by trying each alone."""
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
    """The child for something new. What others may add to (labels, volumes) is taken apart, an element is not."""
    if not inside_element and isinstance(value, dict) and value and not _reserved(value):
        return _short({"": 1, **{key: _added(inner, False) for key, inner in value.items()}})
    if not inside_element and isinstance(value, list) and value and (found := names(value)) is not None:
        return _short({"": 1, **dict.fromkeys(found, 0)})
    return 0


# ---------------------------------------------------------------- undoing


def undo(value: Any, description: Any) -> Any:
    """``value`` without what ``description`` describes; children that are gone, or new, are left as they are."""
    if description is None:
        return value
    return _undo(value, description, False)


def _undo(value: Any, child: Any, inside_element: bool) -> Any:
    if child.__class__ is int:
        return _ABSENT
    if isinstance(child, list):
        return child[0]
    child = _long(child)
    if isinstance(value, dict):
        left: Any = _undo_map(value, child, inside_element)
    elif isinstance(value, list) and (found := names(value)) is not None:
        left = _undo_list(dict(zip(found, value, strict=True)), child)
    else:
        return value  # somebody put something else in its place
    last = child.get("")
    if left or last is None:
        return left
    return last[0] if isinstance(last, list) else _ABSENT


def _undo_map(value: dict[str, Any], node: dict[str, Any], inside_element: bool) -> dict[str, Any]:
    left = {}
    for key, inner in value.items():
        child = node.get(key) if key else None
        was_removed = isinstance(child, list) and len(child) > 1
        now = inner if child is None or was_removed else _undo(inner, child, inside_element)
        if now is not _ABSENT:
            left[key] = now
    ours = [key for key, child in node.items() if child.__class__ is int and key]
    if inside_element and ours and not any(key in value for key in ours):
        return left  # what had taken its place (a probe's httpGet) was replaced by somebody
    for key, child in node.items():
        if isinstance(child, list) and len(child) > 1 and key not in value:
            left = _with_behind(left, child[1], key, child[0])
    return left


def _undo_list(value: dict[str, Any], node: dict[str, Any]) -> list[Any]:
    left = {}
    for name, inner in value.items():
        child = node.get(name)
        if isinstance(child, list) and len(child) == 3:
            child = child[0]
        elif isinstance(child, list) and len(child) == 2:
            child = None
        now = inner if child is None else _undo(inner, child, True)
        if now is not _ABSENT:
            left[name] = now
    for name, child in node.items():
        if not isinstance(child, list) or not name:
            continue
        if len(child) == 3 and name in left:
            left = _with_behind({k: v for k, v in left.items() if k != name}, child[1], name, left[name])
        elif len(child) == 2 and name not in left:
            left = _with_behind(left, child[1], name, child[0])
    return list(left.values())


def _with_behind(value: dict[str, Any], anchor: str, key: str, inner: Any) -> dict[str, Any]:
    """The map with one more entry behind the anchor; at the start for "", at the end where the anchor is gone."""
    if not anchor:
        return {key: inner, **value}
    if anchor not in value:
        return {**value, key: inner}
    result = {}
    for name, item in value.items():
        result[name] = item
        if name == anchor:
            result[key] = inner
    return result


# ---------------------------------------------------------------- what was put there


Unit = tuple[str, Any]


def units(value: Any, description: Any) -> list[Unit]:
    """(path, value) of every small piece that stands where the description undoes something.

    A piece is a value of a map, an element of a list in a list's element (an env entry of a container), or a field
    of an element. Paths are as "spec.containers[istio-proxy].env[POD_NAME]".
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
    """What an added element consists of: its fields, and the elements of those that are lists of maps."""
    if isinstance(value, dict) and value and depth == 2:
        for key, inner in value.items():
            _pieces(inner, f"{path}.{key}" if path else key, 1, found)
    elif isinstance(value, list) and value and depth and (named := names(value)) is not None:
        found.extend([(f"{path}[{name}]", element) for name, element in zip(named, value, strict=True)])
    else:
        found.append((path, value))
