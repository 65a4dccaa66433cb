"""What takes an object back to what it was before: a description keyed by names, and its
application.

``describe(before, after)`` is made once, from two objects. ``undo(later, description)`` takes back
what was done, even where others have edited ``later`` beside it since. undo_description.py explains
the form of a description.
"""

from __future__ import annotations

from krm_injector.kube.element_names import MERGE_KEYS, entry_names, names
from krm_injector.kube.key_order import element_elsewhere, keys_as, ordered_like
from krm_injector.kube.undo_description import Node, describe, expanded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

__all__ = ["MERGE_KEYS", "Unit", "describe", "entry_names", "keys_as", "names", "undo", "units"]

Unit: TypeAlias = "tuple[str, Any]"

_ABSENT: Any = object()


def undo(value: Any, description: Any) -> Any:
    """``value`` without what ``description`` describes; children that are gone, or new, are left as
    they are.

    Raises TypeError, LookupError or AttributeError where the description has not the form.
    """
    if description is None:
        return value
    return _undo(value, description, False)


def _undo(
    value: Any, child: Any, inside_element: bool, siblings: dict[str, Any] | None = None
) -> Any:
    """inside_element: it is a field of a list's element; siblings: the map that it is in."""
    if child.__class__ is int:
        return _ABSENT
    if isinstance(child, list):
        return ordered_like(child[0], value)

    node = expanded(child)
    element_names = names(value) if isinstance(value, list) else None
    if isinstance(value, dict):
        rest: Any = _undo_map(value, node, inside_element)
    elif element_names is not None:
        rest = _undo_list(dict(zip(element_names, value, strict=True)), node, siblings or {})
    else:
        return value  # somebody put something else in its place

    when_empty = node.get("")
    if rest or when_empty is None:
        return rest

    return when_empty[0] if isinstance(when_empty, list) else _ABSENT


# ---------------------------------------------------------------- maps


def _undo_map(value: dict[str, Any], node: Node, inside_element: bool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    taken = {
        key: child
        for key, child in node.items()
        if key and _was_taken_out(child) and key not in value
    }
    by_rule = sorted(key for key, child in taken.items() if child[1] is None)
    model = None
    for key, inner in value.items():
        child = node.get(key) if key else None
        if taken and model is None and _is_new(child):
            # The first new key: here stood those that were taken out for it.
            model = inner
            result.update((name, ordered_like(taken[name][0], model)) for name in by_rule)
            by_rule = []

        if child is not None and not _was_taken_out(child):
            inner = _undo(inner, child, inside_element, value)
        if inner is not _ABSENT:
            result[key] = inner

    new_keys = [key for key, child in node.items() if child.__class__ is int and key]
    if inside_element and new_keys and not any(key in value for key in new_keys):
        return result  # what had taken its place (a probe's httpGet) was replaced by somebody

    result.update((name, taken[name][0]) for name in by_rule)
    anchors = {key: child[1] for key, child in taken.items() if child[1] is not None}
    return _inserted(result, anchors, {key: ordered_like(taken[key][0], model) for key in anchors})


def _was_taken_out(child: Any) -> bool:
    return isinstance(child, list) and len(child) > 1


def _was_moved(child: Any) -> bool:
    return isinstance(child, list) and len(child) == 3


def _is_new(child: Any) -> bool:
    return child.__class__ is int or (isinstance(child, dict) and child.get("").__class__ is int)


# ---------------------------------------------------------------- lists


def _undo_list(elements: dict[str, Any], node: Node, siblings: dict[str, Any]) -> list[Any]:
    """The elements, by name, as they were; siblings: the map that the list is in."""
    result: dict[str, Any] = {}
    anchors: dict[str, str] = {}
    inserted: dict[str, Any] = {}
    for name, element in elements.items():
        child: Any = node.get(name)
        target = result
        if _was_moved(child):
            child, anchors[name] = child[0], child[1]
            target = inserted
        elif _was_taken_out(child):
            child = None  # somebody put one of that name there again

        if child is not None:
            element = _undo(element, child, True)
        if element is not _ABSENT:
            target[name] = element

    for name, child in node.items():
        taken_out = _was_taken_out(child) and not _was_moved(child)
        if name and taken_out and name not in elements:
            anchors[name] = child[1]
            inserted[name] = ordered_like(child[0], element_elsewhere(siblings, name))

    return list(_inserted(result, anchors, inserted).values())


def _inserted(
    value: dict[str, Any], anchors: dict[str, str], new: dict[str, Any]
) -> dict[str, Any]:
    """The map with new entries, each behind its anchor: at the start for "", at the end where the
    anchor is gone.
    """
    if not anchors:
        return value

    followers: dict[str, list[str]] = {}
    for name in sorted(anchors):
        followers.setdefault(anchors[name], []).append(name)

    order: list[str] = []
    placed: set[str] = set()

    def place_behind(name: str) -> None:
        for follower in followers.get(name, ()):
            if follower not in placed:
                placed.add(follower)
                order.append(follower)
                place_behind(follower)

    place_behind("")
    for name in value:
        order.append(name)
        place_behind(name)

    for name in sorted(anchors):
        if anchors[name] not in anchors:
            place_behind(anchors[name])

    return {name: new[name] if name in placed else value[name] for name in order}


# ---------------------------------------------------------------- what was put there


def units(value: Any, description: Any) -> list[Unit]:
    """(path, value) of every small piece that stands where the description undoes something.

    A piece is a value of a map, an element of a list in a list's element (an env entry of a
    container), or a field of an element. Paths are as "spec.containers[istio-proxy].env[POD_NAME]".
    """
    pieces: list[Unit] = []
    if description is not None:
        _add_units(value, description, "", pieces)
    return pieces


def _add_units(value: Any, child: Any, path: str, pieces: list[Unit]) -> None:
    if not isinstance(child, dict):
        _add_pieces(value, path, 2, pieces)
        return

    node = expanded(child)
    element_names = names(value) if isinstance(value, list) else None
    if isinstance(value, dict):
        for key, inner in node.items():
            if key and key in value and not (isinstance(inner, list) and len(inner) == 2):
                _add_units(value[key], inner, f"{path}.{key}" if path else key, pieces)
    elif element_names is not None:
        for name, element in zip(element_names, value, strict=True):
            inner = node.get(name)
            if isinstance(inner, list):
                inner = inner[0] if _was_moved(inner) else None
            if inner is not None:
                _add_units(element, inner, f"{path}[{name}]", pieces)
    else:
        pieces.append((path, value))


def _add_pieces(value: Any, path: str, depth: int, pieces: list[Unit]) -> None:
    """What an added element consists of: its fields, and the elements of those that are lists of
    maps.
    """
    if isinstance(value, dict) and value and depth == 2:
        for key, inner in value.items():
            _add_pieces(inner, f"{path}.{key}" if path else key, 1, pieces)
        return

    element_names = names(value) if isinstance(value, list) and value and depth else None
    if element_names is None:
        pieces.append((path, value))
    else:
        pieces.extend(
            [
                (f"{path}[{name}]", element)
                for name, element in zip(element_names, value, strict=True)
            ]
        )
