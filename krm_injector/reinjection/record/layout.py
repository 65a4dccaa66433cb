"""The layout in a record: the source text of entries that injection writes in another way.

It is a tree by names (kube.undo names the elements of lists). Each leaf has the lines of an entry
(see kube.yaml.edits for what an entry is). An ejected manifest gets these lines back.
"""

from __future__ import annotations

from krm_injector.istio_names import HELM_PREFIX
from krm_injector.kube import c_json, undo, yaml
from krm_injector.kube.paths import at, put
from krm_injector.model import Object
from krm_injector.reinjection.record.form import (
    RECORD_PATH,
    VERSION,
    BadRecord,
    compact_json,
    original,
    read,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from krm_injector.kube.yaml import Known, Path

MAX_LAYOUT = 65_536  # characters of one workload's entries; an object's annotations have 256 KiB

# Annotations that an orchestrator removes from its input. In a layout they would stay for ever.
_OF_ORCHESTRATORS = ("config.kubernetes.io/", "config.k8s.io/", HELM_PREFIX)


def with_layout(workload: Object, layout: Any) -> Object:
    """The injected workload whose record has this layout; None for none."""
    value = c_json.loads(at(workload, RECORD_PATH))
    if value["v"] != VERSION or value.get("layout") == layout:
        return workload  # records of several pod templates keep no layout

    value.pop("layout", None)
    if layout is not None:
        value["layout"] = layout

    changed: Object = put(workload, RECORD_PATH, compact_json(value))
    return changed


def with_entries(item: Object, entries: Mapping[Path, str]) -> Object:
    """The injected item whose records contain exactly these entries of the item before.

    entries: the lines of each entry, by its path in the item (see kube.yaml.edits).
    """
    for inside, workload in _recorded_objects(item):
        layout = _layout_of(workload, _entries_of(inside, entries))
        item = put(item, inside, with_layout(workload, layout))

    return item


def _entries_of(inside: Path, entries: Mapping[Path, str]) -> dict[Path, str]:
    """The entries of one object of an item, by their paths in that object."""
    depth = len(inside)
    return {
        path[depth:]: text
        for path, text in entries.items()
        if path[:depth] == inside and not any(name in text for name in _OF_ORCHESTRATORS)
    }


def _layout_of(workload: Object, entries: Mapping[Path, str]) -> Any:
    record = read(workload)
    assert record is not None
    if record.of or sum(map(len, entries.values())) > MAX_LAYOUT:
        return None
    return _by_names(yaml.nested(entries), original(workload, record)) or None


def item_layout(standing: Object, before: Object) -> Known | None:
    """How the entries of an injected item were written, by their paths in what it was before."""
    tree: Any = {}
    for inside, workload in _recorded_objects(standing):
        try:
            record = read(workload)
        except BadRecord:
            continue

        value = at(before, inside)
        if record is None or not record.layout or value is None:
            continue

        layout: Any = _by_numbers(record.layout, value)
        if not inside:
            return layout  # type: ignore[no-any-return]

        node = tree
        for step in inside[:-1]:
            node = node.setdefault(step, {})

        node[inside[-1]] = layout

    return tree or None


def _recorded_objects(item: Object, inside: Path = ()) -> list[tuple[Path, Object]]:
    """Each object in an item that has a record: the item itself, or objects of a List."""
    if at(item, RECORD_PATH) is not None:
        return [(inside, item)]

    members = item.get("items") if isinstance(item, dict) else None
    if not isinstance(members, list):
        return []

    objects: list[tuple[Path, Object]] = []
    for number, member in enumerate(members):
        objects += _recorded_objects(member, (*inside, "items", number))
    return objects


def _by_names(tree: Any, value: Any) -> Any:
    """The tree with the names of the elements of the value's lists in place of their numbers."""
    if isinstance(tree, str):
        return tree
    if isinstance(value, list):
        names = undo.entry_names(value)
        return {names[number]: _by_names(inner, value[number]) for number, inner in tree.items()}
    return {key: _by_names(inner, value[key]) for key, inner in tree.items() if key in value}


def _by_numbers(tree: Any, value: Any) -> Any:
    """The reverse of ``_by_names``; names that are not there any more are left out."""
    if isinstance(tree, str):
        return tree

    if isinstance(value, list):
        names = undo.entry_names(value)
        numbers = {name: number for number, name in enumerate(names)}
        return {
            numbers[name]: _by_numbers(inner, value[numbers[name]])
            for name, inner in tree.items()
            if name in numbers
        }

    if isinstance(value, dict):
        return {key: _by_numbers(inner, value[key]) for key, inner in tree.items() if key in value}

    return {}
