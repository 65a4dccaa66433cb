"""The order of keys, carried over from one object to another that has most of them too."""

from __future__ import annotations

from krm_injector.kube.element_names import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def keys_as(before: Any, after: Any, siblings: dict[str, Any] | None = None) -> Any:
    """``after`` with the keys that ``before`` has too in their order there; new keys stay behind
    their predecessors.

    An element that moved to another list of the same map (a container that became an init
    container) is known again. siblings: the map that ``before`` stands in.
    """
    if before is after:
        return after

    if isinstance(before, dict) and isinstance(after, dict):
        order = _key_order(before, after)
        if len(order) == len(after):
            return {key: keys_as(before.get(key), after[key], before) for key in order}

    if isinstance(after, list) and (new_names := names(after)) is not None:
        old_names = names(before) if isinstance(before, list) else None
        elements = dict(zip(old_names, before, strict=True)) if old_names else {}
        if not all(name in elements for name in new_names):
            elements = {**_elements_of(siblings), **elements}
        return [
            keys_as(elements.get(name), item) for name, item in zip(new_names, after, strict=True)
        ]

    return after


def _key_order(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The keys of ``after``: those of ``before`` in their order, behind each the new keys that
    stand behind it. Some are missing where a key is "".
    """
    rows: dict[str, list[str]] = {"": []}  # by the old key in front
    anchor = ""
    for key in after:
        if key in before:
            anchor = key
            rows[anchor] = [key]
        else:
            rows[anchor].append(key)

    order = rows[""].copy()
    for key in before:
        if key and key in rows:
            order += rows[key]
    return order


def element_elsewhere(lists: dict[str, Any] | None, name: str) -> Any:
    """The element of that name in any list of the map; None where there is none."""
    return _elements_of(lists).get(name)


def _elements_of(lists: dict[str, Any] | None) -> dict[str, Any]:
    """The elements of all lists of the map by their names; of several the one in the list with the
    first key.
    """
    elements: dict[str, Any] = {}
    for key in sorted(lists or (), reverse=True):
        items = (lists or {})[key]
        element_names = names(items) if isinstance(items, list) else None
        if element_names:
            elements.update(zip(element_names, items, strict=True))
    return elements


def sorted_keys(value: Any) -> Any:
    """The value with the keys of all its maps sorted."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


def ordered_like(value: Any, model: Any) -> Any:
    """A value whose keys are sorted, with the keys of its maps in the order they have in the
    model; any other value as it is.
    """
    if isinstance(value, (dict, list)) and repr(sorted_keys(value)) == repr(value):
        return keys_as(model, value)
    return value
