"""Items whose comments no orchestrator may put back, because it would put them onto other values.

What a function answers, kpt compares with what it gave it: it copies the comments of each node onto
the node that stands in its place, in lists by index, wherever that has no comment of its own
(copyCommentsAndSyncOrder in kyaml/fn/runtime/runtimeutil/runtimeutil.go, VisitList in
kyaml/comments/comments.go, kyaml 0.20.1; kustomize runs the same code). Injection puts Istio's
containers and volumes in front, and taking it back takes them out, so a comment would land on a
neighbour; a comment that names a setter makes the next run of the setter overwrite that neighbour.

An item is known again by its id annotation alone. The answer keeps the comments of its own text,
and the order of its fields, so nothing has to be put back: an item goes back without that id, as a
new one does, where a list that has comments holds other elements in its places than before. Any
other item keeps the id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from krm_injector.kube import yaml
from krm_injector.kube.paths import at, without
from krm_injector.kube.yaml.comments import Steps, commented_lists
from krm_injector.kube.yaml.locate import line_of
from krm_injector.model import Object

# By which an orchestrator knows an item again, the newest first.
IDS = ("internal.config.kubernetes.io/id", "config.kubernetes.io/id", "config.k8s.io/id")


def lands_elsewhere(text: str, place: yaml.Place, before: Object, after: Object) -> bool:
    """Whether a comment of the item's text would be put onto another element than its own."""
    moved = set(moved_lists(before, after))
    if not moved:
        return False

    commented = commented_lists(text, place)
    if commented is None:  # the item cannot be read by itself: any list may have a comment
        return True
    return not moved.isdisjoint(commented)


def moved_lists(before: Any, after: Any, path: Steps = ()) -> Iterator[Steps]:
    """The paths of the lists in which a place holds another element than before: one of another
    name, or value.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if value is not after.get(key):
                yield from moved_lists(value, after.get(key), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        if any(not _are_same(old, new) for old, new in zip(before, after, strict=False)):
            yield path
        for index, (old, new) in enumerate(zip(before, after, strict=False)):
            yield from moved_lists(old, new, (*path, index))


def _are_same(old: Any, new: Any) -> bool:
    """Whether two elements are the same one: by their name, else by their value."""
    name = at(old, ("name",))
    if name is not None:
        return bool(name == at(new, ("name",)))
    return bool(old == new)


def ids_of(item: Object) -> tuple[str, ...]:
    """The annotations by which the orchestrator knows this item again."""
    annotations = at(item, ("metadata", "annotations"))
    if not isinstance(annotations, dict):
        return ()
    return tuple(key for key in IDS if key in annotations)


def without_ids(item: Object) -> Object:
    """A copy of the item without these annotations."""
    for key in ids_of(item):
        item = without(item, ("metadata", "annotations", key))
    return item


def without_moved_ids(before: Object, after: Object) -> Object:
    """The item without these annotations where lists of it hold other elements than before."""
    return without_ids(after) if any(moved_lists(before, after)) else after


def text_without_ids(text: str, place: yaml.Place, item: Object, newline: str) -> str:
    """The item's text without the lines of these annotations; all other bytes stay, comments around
    them too.

    place: where the item stands in its text, at offset 0. What stands in a flow collection is
    written anew.
    """
    keys = ids_of(item)
    if not keys:
        return text

    lines = text.splitlines(keepends=True)
    numbers = [line_of(text, place, ("metadata", "annotations", key)) - 1 for key in keys]
    for number, key in zip(numbers, keys, strict=True):
        if not lines[number].lstrip(" ").startswith(f"{key}:"):
            return yaml.rewrite(text, place, item, without_ids(item), newline)

    kept = [line for number, line in enumerate(lines) if number not in numbers]
    return "".join(kept)
