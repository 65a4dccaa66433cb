"""Finds items whose comments an orchestrator must not copy back, because it would put them on other
values.

kpt compares the output of a function with its input. It copies the comments of each node to the
node at the same place (in lists by index), if that has no comment of its own
(copyCommentsAndSyncOrder in kyaml/fn/runtime/runtimeutil/runtimeutil.go, VisitList in
kyaml/comments/comments.go, kyaml 0.20.1; kustomize runs the same code). Injection puts Istio's
containers and volumes in front, and taking it back takes them out, so a comment would land on a
neighbour; and if the comment names a setter, the next run of the setter overwrites that neighbour.

kpt recognises an item only by its id annotation. The answer keeps the comments of its own text, and
the order of its fields, so nothing has to be copied back. If a list with comments has other
elements at its places than before, the item is returned without its id, as a new item is. Any other
item keeps its id.
"""

from __future__ import annotations

from krm_injector.istio_names import ID_ANNOTATIONS
from krm_injector.kube import yaml
from krm_injector.kube.paths import at, without
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from krm_injector.kube.yaml.comments import Steps


def lands_elsewhere(text: str, place: yaml.Place, before: Object, after: Object) -> bool:
    """Whether a comment of the item's text would be copied to another element than its own."""
    moved = set(moved_lists(before, after))
    if not moved:
        return False

    from krm_injector.kube.yaml.comments import commented_lists  # late: most items have no id

    commented = commented_lists(text, place)
    if commented is None:  # the item cannot be read by itself: any list may have a comment
        return True
    return not moved.isdisjoint(commented)


def moved_lists(before: Any, after: Any, path: Steps = ()) -> Iterator[Steps]:
    """The paths of the lists that have another element at a place than before: one of another name,
    or value.
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
    """The annotations by which the orchestrator recognises this item."""
    annotations = at(item, ("metadata", "annotations"))
    if not isinstance(annotations, dict):
        return ()
    return tuple(key for key in ID_ANNOTATIONS if key in annotations)


def without_ids(item: Object) -> Object:
    """A copy of the item without these annotations."""
    for key in ids_of(item):
        item = without(item, ("metadata", "annotations", key))
    return item


def without_moved_ids(before: Object, after: Object) -> Object:
    """The item without these annotations, if its lists have other elements at their places than
    before.
    """
    return without_ids(after) if any(moved_lists(before, after)) else after


def text_without_ids(text: str, place: yaml.Place, item: Object, newline: str) -> str:
    """The item's text without the lines of these annotations. All other bytes stay, including
    comments around them.

    place: the place of the item in its text, at offset 0. A flow collection is written anew.
    """
    keys = ids_of(item)
    if not keys:
        return text

    from krm_injector.kube.yaml.locate import line_of  # late: as in lands_elsewhere

    lines = text.splitlines(keepends=True)
    numbers = [line_of(text, place, ("metadata", "annotations", key)) - 1 for key in keys]
    for number, key in zip(numbers, keys, strict=True):
        if not lines[number].lstrip(" ").startswith(f"{key}:"):
            return yaml.rewrite(text, place, item, without_ids(item), newline)

    kept = [line for number, line in enumerate(lines) if number not in numbers]
    return "".join(kept)
