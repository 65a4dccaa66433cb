"""Comments that kpt copied to Istio's part of a workload, and values that a setter wrote there
since. They are no edits by hand.

kpt copies comments by position in lists (sources/resource_list/put_back.py). So in files from an
earlier krm-injector, the comment of the user's first container may be on Istio's first one. If the
comment names a setter, the setter replaces Istio's value with the user's. Such a value differs from
an edit by hand: its comment is also on the same field of the element that had this position before
the injection, and both values are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from krm_injector.injection import merge
from krm_injector.istio_names import INIT_CONTAINER, PROXY_CONTAINER, VALIDATION_CONTAINER
from krm_injector.kube.element_names import ORDER, entry_names
from krm_injector.kube.paths import at, put, without
from krm_injector.kube.workloads import text
from krm_injector.kube.yaml import same
from krm_injector.kube.yaml.comments import Steps, line_comments
from krm_injector.model import Object, Result, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection.eject import Restored, shown
from krm_injector.sources.resource_list import Bundle, texts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The lists of a pod's spec that injection puts elements into.
_LISTS = ("initContainers", "containers", "volumes", "imagePullSecrets")
_ISTIO_CONTAINERS = (INIT_CONTAINER, VALIDATION_CONTAINER, PROXY_CONTAINER)


class Copied(NamedTuple):
    """One value of Istio that has the comment of a value of the user."""

    path: str  # as a ChangedPiece has it, "spec.template.spec.containers[istio-proxy].image"
    comment: str
    owner: str  # the name of the user's element
    steps: Steps  # from the pod's spec, ("containers", 0, "image")
    value: Any
    written: bool  # whether the value is the user's too: a setter wrote it


def without_copied_values(
    bundle: Bundle, workloads: Sequence[Workload], restored: Sequence[Restored]
) -> list[Restored]:
    """Each workload with the comments copied to Istio's part. The workload before injection is
    without the values that setters wrote there.
    """
    comments = _Comments(bundle)
    result = []
    for workload, before in zip(workloads, restored, strict=True):
        copied = _copied(comments, workload, before)
        if copied:
            before = before._replace(
                workload=_without_written(workload, before.workload, copied),
                results=without_setter_edits(before.results, workload, copied),
                copied=tuple(copied),
            )
        result.append(before)

    return result


# ---------------------------------------------------------------- which comments were copied


class _Comments:
    """The comments of a bundle. Each item is read once, however many workloads it holds."""

    def __init__(self, bundle: Bundle) -> None:
        self._items = bundle.items
        self._texts = texts_of(bundle)
        # An item and a length -> path of that length -> the comments below it
        self._of_items: dict[tuple[int, int], dict[Steps, dict[Steps, str]]] = {}

    def of(self, workload: Workload) -> Mapping[Steps, str]:
        """The comments in a workload's object, by their steps in the item."""
        length = len(workload.inside)
        key = (workload.item, length)
        if key not in self._of_items:
            below: dict[Steps, dict[Steps, str]] = {}
            for steps, comment in self._of_item(workload.item).items():
                below.setdefault(steps[:length], {})[steps] = comment
            self._of_items[key] = below

        return self._of_items[key].get(workload.inside, {})

    def _of_item(self, index: int) -> dict[Steps, str]:
        place, text = self._items[index].place, self._texts[index]
        if place is None or text.find("#", place.start, place.end) < 0:
            return {}
        return line_comments(text, place)


def _copied(comments: _Comments, workload: Workload, restored: Restored) -> list[Copied]:
    all_comments = comments.of(workload) if restored.record is not None else {}
    if not all_comments:
        return []

    path = (*workload.template, "spec")
    standing = at(workload.object, path)
    before = at(restored.workload.object, path)

    spec = (*workload.inside, *path)
    in_spec = {
        steps[len(spec) :]: comment
        for steps, comment in all_comments.items()
        if steps[: len(spec)] == spec and len(steps) > len(spec) + 2
    }
    copied = (
        _copied_at(steps, comment, in_spec, standing, before, workload.template)
        for steps, comment in in_spec.items()
    )
    return [entry for entry in copied if entry is not None]


def _copied_at(
    steps: Steps,
    comment: str,
    comments: Mapping[Steps, str],
    standing: Object,
    before: Object,
    template: Steps,
) -> Copied | None:
    """The value at the steps, if its comment is that of another element that had this position
    before.

    standing, before: the pod's spec now and before injection; comments: by their steps in it.
    """
    field, index, *rest = steps
    if field not in _LISTS or not isinstance(index, int):
        return None

    new_names, old_names = _element_names(standing.get(field)), _element_names(before.get(field))
    name = new_names[index]
    value = at(standing, steps)
    for owner_index, owner in enumerate(new_names):
        owner_steps = (field, owner_index, *rest)
        if owner_index == index or comments.get(owner_steps) != comment:
            continue

        written = same(value, at(standing, owner_steps))
        # A setter wrote the name too, so that the element looks like one of the user's.
        renamed = owner_index > index and owner == name and rest == ["name"]
        had_place = old_names[index : index + 1] == [owner]
        moved = _is_istios(name, old_names) and (had_place or (name in old_names and written))
        if renamed or moved:
            path = _path_text((*template, "spec"), standing, steps)
            return Copied(path, comment, owner, steps, value, written)

    return None


def _element_names(elements: Any) -> list[str]:
    """The name of each element, "" for one without; [] if there is no list."""
    if not isinstance(elements, list):
        return []
    return [str(element.get("name")) if isinstance(element, dict) else "" for element in elements]


def _is_istios(name: str, old_names: list[str]) -> bool:
    return name in _ISTIO_CONTAINERS or name not in old_names


def _path_text(start: Steps, standing: Any, steps: Steps) -> str:
    """The steps as text, elements of lists by name."""
    path, value = text(start), standing
    for step in steps:
        if isinstance(step, int):
            path += f"[{entry_names(value)[step]}]"
        else:
            path += f".{step}"
        value = at(value, (step,))

    return path


# ---------------------------------------------------------------- what stood before


def _without_written(standing: Workload, before: Workload, copied: Sequence[Copied]) -> Workload:
    """The workload before injection without what setters wrote into own istio containers, and
    without the elements to which a setter gave a name of the user. The record treats these as the
    user's.
    """
    path = (*before.template, "spec")
    spec = dict(at(before.object, path))
    for entry in copied:
        field, index, *rest = entry.steps
        if not entry.written or not spec.get(field):
            continue

        name = at(standing.object, (*path, field, index, "name"))
        if name in _element_names(spec[field]):
            spec[field] = _without_value(spec[field], name, rest, entry.value)

    kept = {key: value for key, value in spec.items() if value or key not in _LISTS}
    return before._replace(object=put(before.object, path, kept))


def _without_value(elements: Any, name: str, rest: Sequence[Any], value: Any) -> Any:
    """The list without a value that a setter wrote into the element of that name.

    rest: where the value stands in the element.
    """
    element_names = _element_names(elements)
    number = element_names.index(name)
    if rest == ["name"]:
        # The first element of that name is the one that a setter renamed, if there are two.
        return without(elements, (number,)) if element_names.count(name) > 1 else elements

    if not same(at(elements[number], rest), value):
        return elements

    container = _without_field(elements[number], rest)
    if _says_nothing(container):
        return without(elements, (number,))
    if rest == ["image"]:
        container = {**container, "image": merge.AUTO_IMAGE}
    return put(elements, (number,), container)


def _says_nothing(container: Object) -> bool:
    """Whether a container has nothing but its name."""
    return set(container) <= {"name"} or container == {
        "name": container.get("name"),
        "image": merge.AUTO_IMAGE,
    }


def _without_field(value: Any, rest: Sequence[Any]) -> Any:
    """The value without one field, and without the maps that this leaves empty."""
    first, *further = rest
    if isinstance(value, list):
        return put(value, (first,), _without_field(value[first], further))
    inner = _without_field(value[first], further) if further else None
    return {**value, first: inner} if inner else without(value, (first,))


# ---------------------------------------------------------------- results


def is_edit(path: str, standing: Workload, copied: Sequence[Copied]) -> bool:
    """Whether the edit that the record shows at the path was made by hand, and not by a copied
    comment.
    """
    return not any(entry.written and _is_of(path, standing, entry) for entry in copied)


def _is_of(path: str, standing: Workload, entry: Copied) -> bool:
    """Whether a setter made the edit at the path."""
    if not path or path == entry.path or path.startswith(f"{entry.path}."):
        return True

    field, _, *rest = entry.steps
    if rest != ["name"]:
        return False

    # An element with another name: the list has another order, and one element less.
    steps = (*standing.template, "spec", str(field))
    if path.removesuffix(ORDER) == text(steps):
        return True

    prefix = text(steps) + "["
    if not path.startswith(prefix):
        return False
    name = path[len(prefix) :].partition("]")[0]
    return name not in _element_names(at(standing.object, steps))


def without_setter_edits(
    results: Iterable[Result], standing: Workload, copied: Sequence[Copied]
) -> tuple[Result, ...]:
    """The results without those that report a copied value as an edit by hand."""
    return tuple(
        result
        for result in results
        if result.code != "edit-lost" or is_edit(result.field, standing, copied)
    )


def results(standing: Workload, copied: Sequence[Copied]) -> list[Result]:
    """A result for each: a warning if a value was overwritten, otherwise an info result."""
    return [_result(standing, entry) for entry in copied]


def _result(standing: Workload, entry: Copied) -> Result:
    ref, path, value = standing.ref, entry.path, entry.value
    if entry.written:
        message = (
            f"{setter_sentence(standing, entry)}. Istio's value comes back, and the comment is "
            "taken out there"
        )
        return Result("warning", message, ref, path, value, code="comment-copied")

    message = (
        f'the comment "# {entry.comment}" stands on {path} of {ref}, which is Istio\'s: '
        f"{_how(entry)}. It is taken out there"
    )
    return Result("info", message, ref, path, value, code="comment-copied")


def setter_sentence(standing: Workload, entry: Copied) -> str:
    """The sentence about a value that a setter wrote."""
    return (
        f"{entry.path} of {standing.ref} is {shown(entry.value)}, as in {_own(entry)}: "
        f'{_how(entry)}, and a setter that goes by "# {entry.comment}" wrote to both'
    )


def _how(entry: Copied) -> str:
    return f"kpt copied the comment from {_own(entry)} by its place in the list"


def _own(entry: Copied) -> str:
    return f"the workload's own {entry.steps[0]}[{entry.owner}]"
