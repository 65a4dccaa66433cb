"""Comments that kpt copied onto Istio's part of a workload, and what a setter wrote there since: no
edits by hand.

kpt copies comments by place in lists (resource_list/put_back.py). Files that an earlier
krm-injector gave it may so have the comment of the user's first container on Istio's first one.
Where the comment names a setter, Istio's value is then replaced by the user's. Both are told from
an edit by hand: the comment of a value in Istio's element stands behind the same field of the
element that had this place before the injection, and the values are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from krm_injector.injection import merge, pods
from krm_injector.kube.paths import at, put
from krm_injector.kube.undo import names
from krm_injector.kube.workloads import text
from krm_injector.kube.yaml import same
from krm_injector.kube.yaml.comments import Steps, line_comments
from krm_injector.model import Object, Result, Workload
from krm_injector.reinjection import record
from krm_injector.reinjection.eject import Restored, shown
from krm_injector.sources.resource_list import Bundle, Item, texts_of

LISTS = ("initContainers", "containers", "volumes", "imagePullSecrets")
ISTIO = (pods.INIT, pods.VALIDATION, pods.PROXY)


class Copied(NamedTuple):
    """One value of Istio's that carries the comment of a value of the user's."""

    path: str  # as record.Edit has it, "spec.template.spec.containers[istio-proxy].image"
    comment: str
    owner: str  # the name of the user's element
    steps: Steps  # from the pod's spec, ("containers", 0, "image")
    value: Any
    written: bool  # whether the value is the user's too: a setter wrote it


def looked_at(
    bundle: Bundle, workloads: Sequence[Workload], restored: Sequence[Restored]
) -> list[Restored]:
    """Each workload with what was copied onto Istio's part; what stood before is without what
    setters made of that.
    """
    told = []
    texts = texts_of(bundle)
    for workload, one in zip(workloads, restored, strict=True):
        found = _copied(bundle.items[workload.item], texts[workload.item], workload, one)
        if found:
            before = _without(workload, one.workload, found)
            said = without_copied(one.results, workload, found)
            one = one._replace(workload=before, results=said, copied=tuple(found))
        told.append(one)

    return told


# ---------------------------------------------------------------- finding


def _copied(item: Item, text: str, workload: Workload, one: Restored) -> list[Copied]:
    place = item.place
    if one.record is None or place is None or text.find("#", place.start, place.end) < 0:
        return []

    spec = (*workload.inside, *workload.template, "spec")
    comments = {
        path[len(spec) :]: comment
        for path, comment in line_comments(text, place).items()
        if path[: len(spec)] == spec and len(path) > len(spec) + 2
    }
    standing = at(workload.object, (*workload.template, "spec"))
    before = at(one.workload.object, (*workload.template, "spec"))
    return [
        found
        for steps, comment in comments.items()
        if (found := _at_its_place(steps, comment, comments, standing, before, workload.template))
        is not None
    ]


def _at_its_place(
    steps: Steps,
    comment: str,
    comments: Mapping[Steps, str],
    standing: Object,
    before: Object,
    template: Steps,
) -> Copied | None:
    """The value at the steps, where its comment is the one of another element that had this place
    before.
    """
    field, index, *rest = steps
    if field not in LISTS or not isinstance(index, int):
        return None

    among, old = _named(standing.get(field)), _named(before.get(field))
    value, own = at(standing, steps), among[index] in old
    for owner, name in enumerate(among):
        if owner == index or comments.get((field, owner, *rest)) != comment:
            continue

        written = same(value, at(standing, (field, owner, *rest)))
        renamed = owner > index and name == among[index] and rest == ["name"]
        moved = _of_istio(among[index], old) and (
            old[index : index + 1] == [name] or (own and written)
        )
        if renamed or moved:
            return Copied(
                _path((*template, "spec"), standing, steps), comment, name, steps, value, written
            )

    return None


def _named(among: Any) -> list[str]:
    return (
        [str(one.get("name")) if isinstance(one, dict) else "" for one in among]
        if isinstance(among, list)
        else []
    )


def _of_istio(name: str, before: list[str]) -> bool:
    return name in ISTIO or name not in before


def _path(start: Steps, standing: Any, steps: Steps) -> str:
    """The steps in words, elements of lists by name."""
    words, value = text(start), standing
    for step in steps:
        if isinstance(step, int):
            found = names(value)
            words += f"[{step if found is None else found[step]}]"
        else:
            words += f".{step}"
        value = at(value, (step,))

    return words


# ---------------------------------------------------------------- what stood before


def _without(standing: Workload, before: Workload, found: Sequence[Copied]) -> Workload:
    """The workload before injection without what setters wrote into own istio containers, and
    without the elements that a setter gave a name of the user's: the record takes those for the
    user's.
    """
    path = (*before.template, "spec")
    spec = dict(at(before.object, path))
    for one in found:
        field, index, *rest = one.steps
        if not one.written or not spec.get(field):
            continue

        name = at(standing.object, (*path, field, index, "name"))
        among = _named(spec[field])
        if name not in among:
            continue

        number = among.index(name)
        elements = list(spec[field])
        if rest == ["name"]:
            if among.count(name) > 1:
                del elements[number]
        elif not same(at(elements[number], rest), one.value):
            continue
        elif (left := _stripped(elements[number], rest)) is not None:
            elements[number] = left
        else:
            del elements[number]

        spec[field] = elements

    kept = {key: value for key, value in spec.items() if value or key not in LISTS}
    return before._replace(object=put(before.object, path, kept))


def _stripped(element: Any, rest: Sequence[Any]) -> Any:
    """The container without one field; None where it then says nothing of its own any more."""
    left = _less(element, rest)
    if set(left) <= {"name"} or (
        set(left) == {"name", "image"} and left["image"] == merge.AUTO_IMAGE
    ):
        return None
    return {**left, "image": merge.AUTO_IMAGE} if rest == ["image"] else left


def _less(value: Any, rest: Sequence[Any]) -> Any:
    first, *further = rest
    if isinstance(value, list):
        return [_less(one, further) if number == first else one for number, one in enumerate(value)]
    inner = _less(value[first], further) if further else None
    left = {key: one for key, one in value.items() if key != first}
    return {**value, first: inner} if inner else left


# ---------------------------------------------------------------- in words


def is_edit(path: str, standing: Workload, copied: Sequence[Copied]) -> bool:
    """Whether an edit that the record shows at the path was made by hand, and not by what was
    copied.
    """
    for one in copied:
        if not one.written:
            continue

        field, _, *rest = one.steps
        prefix = text((*standing.template, "spec", str(field))) + "["
        if not path or path == one.path or path.startswith(f"{one.path}."):
            return False
        if rest == ["name"] and path.removesuffix(record.ORDER) == prefix[:-1]:
            return False

        if rest == ["name"] and path.startswith(prefix):
            name = path[len(prefix) :].partition("]")[0]
            if name not in _named(at(standing.object, (*standing.template, "spec", field))):
                return False  # the element that has another name now

    return True


def without_copied(
    told: Iterable[Result], standing: Workload, copied: Sequence[Copied]
) -> tuple[Result, ...]:
    """The results without those that take what was copied for an edit by hand."""
    return tuple(r for r in told if r.code != "edit-lost" or is_edit(r.field, standing, copied))


def results(standing: Workload, copied: Sequence[Copied]) -> list[Result]:
    """What becomes of each: a warning where a value was overwritten, else a note."""
    return [_result(standing, one) for one in copied]


def _result(standing: Workload, one: Copied) -> Result:
    if not one.written:
        message = (
            f'the comment "# {one.comment}" stands on {one.path} of {standing.ref}, which is '
            f"Istio's: {_how(one)}. "
            "It is taken out there"
        )
        return Result("info", message, standing.ref, one.path, one.value, code="comment-copied")

    message = (
        f"{wrong(standing, one)}. Istio's value comes back, and the comment is taken out there"
    )
    return Result("warning", message, standing.ref, one.path, one.value, code="comment-copied")


def wrong(standing: Workload, one: Copied) -> str:
    return (
        f"{one.path} of {standing.ref} is {shown(one.value)}, as in {_own(one)}: {_how(one)}, and "
        "a setter that "
        f'goes by "# {one.comment}" wrote to both'
    )


def _how(one: Copied) -> str:
    return f"kpt copied the comment from {_own(one)} by its place in the list"


def _own(one: Copied) -> str:
    return f"the workload's own {one.steps[0]}[{one.owner}]"
