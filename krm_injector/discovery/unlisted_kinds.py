"""Pod templates of kinds that are not built in, at places that spec.workloads does not name.

A pod template that is not listed is not injected. So each kind with one is reported once, with what
to add to the functionConfig.
"""

from __future__ import annotations

from krm_injector.istio_names import INJECT
from krm_injector.kube import operators
from krm_injector.kube.paths import Path, Step, at
from krm_injector.kube.workloads import ANY, looks_like_pods, pattern_of
from krm_injector.model import ResourceRef, Result, Workload

Kind = tuple[str, str]  # apiVersion, kind

# Snapshots of other objects, kept by their controllers.
_COPIES = frozenset((("apps/v1", "ControllerRevision"),))


class UnlistedKind:
    """Objects of one kind with pod templates that spec.workloads does not list."""

    __slots__ = ("container_lists", "count", "first", "nested", "templates")

    def __init__(self, first: ResourceRef) -> None:
        self.first = first  # the first object
        self.count = 0  # objects
        # Path patterns, as ordered sets.
        self.templates: dict[Path, None] = {}
        self.container_lists: dict[Path, None] = {}  # containers that are no whole template
        self.nested: dict[str, Path] = {}  # kinds of whole objects that stand inside, and where


def note_unlisted(
    workload: Workload, listed: list[Step], unlisted: dict[Kind, UnlistedKind]
) -> None:
    """Notes the pod templates of an object that are not at one of the ``listed`` places."""
    kind = (workload.ref.api_version, workload.ref.kind)
    if kind in _COPIES:
        return

    operator = operators.known(*kind)
    if operator is not None and not operator.paths:
        unlisted.setdefault(kind, UnlistedKind(workload.ref)).count += 1
        return

    looks = looks_like_pods(workload.object)
    paths: dict[Path, None] = {}
    nested: dict[str, Path] = {}
    for place in looks.templates:
        if place in listed:
            continue

        outer = _enclosing_object(workload.object, place)
        if outer is None:
            paths[pattern_of(place)] = None
        else:
            nested_kind = str(at(workload.object, (*outer, "kind")))
            nested.setdefault(nested_kind, pattern_of(outer))

    container_lists = {pattern_of(place): None for place in looks.others if place not in listed}
    if paths or nested or container_lists:
        entry = unlisted.setdefault(kind, UnlistedKind(workload.ref))
        entry.count += 1
        entry.templates.update(paths)
        entry.container_lists.update(container_lists)
        entry.nested.update(nested)


def _enclosing_object(value: object, place: Step) -> Step | None:
    """The outermost place on the way at which a whole object stands, with apiVersion and kind; None
    if there is none.
    """
    for depth in range(1, len(place) + 1):
        part = at(value, place[:depth])
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("kind"), str) and isinstance(part.get("apiVersion"), str):
            return place[:depth]

    return None


def unlisted_results(kind: Kind, unlisted: UnlistedKind, is_named: bool) -> list[Result]:
    """What to report about a kind. ``is_named``: spec.workloads has it, with other paths."""
    operator = operators.known(*kind)
    if operator is not None and operator.elsewhere:
        return [_pods_elsewhere(unlisted)]
    if operator is not None and not operator.injectable:
        return [_left_to_the_cluster(unlisted, operator)]

    results = []
    if unlisted.templates:
        if operator is None or _has_unknown_path(unlisted, operator):
            results.append(_unknown_kind(unlisted))
        elif is_named:
            results.append(_paths_left_out(unlisted))
        else:
            results.append(_known_kind(unlisted, operator))
    if unlisted.container_lists:
        results.append(_containers_only(unlisted))
    if unlisted.nested:
        results.append(_nested_objects(unlisted))

    return results


def _has_unknown_path(unlisted: UnlistedKind, operator: operators.Known) -> bool:
    """Whether a template stands where the table of operators knows none."""
    for path in unlisted.templates:
        if not any(_covers(pattern, path) for pattern in operator.paths):
            return True
    return False


def _covers(pattern: Path, path: Path) -> bool:
    if len(pattern) != len(path):
        return False
    return all(part in (step, ANY) for part, step in zip(pattern, path, strict=True))


def _objects(unlisted: UnlistedKind) -> str:
    """The objects of a kind, as the subject of a sentence."""
    first, more = unlisted.first, unlisted.count - 1
    others = f", and {more} more of the kind" if more else ""
    return f"{first} ({first.api_version}{others})"


def _known_kind(unlisted: UnlistedKind, operator: operators.Known) -> Result:
    first = unlisted.first
    places = [operators.written(path) for path in operator.paths]
    note = f"{operator.note}. " if operator.note else ""
    message = (
        f"{_objects(unlisted)} has pod templates ({', '.join(places)}) and is left alone: its kind "
        f"is injected only where the functionConfig names it. {note}To inject it, add to "
        f"spec.workloads:\n- {{apiVersion: {first.api_version}, kind: {first.kind}}}"
    )
    return Result("warning", message, first, places[0], code="unknown-workload-kind")


def _paths_left_out(unlisted: UnlistedKind) -> Result:
    first = unlisted.first
    places = [operators.written(path) for path in unlisted.templates]
    message = (
        f"{_objects(unlisted)} has pod templates that spec.workloads does not name "
        f"({', '.join(places)}); they are left alone. To inject them too, name the kind without a "
        f"path, which stands for all:\n- {{apiVersion: {first.api_version}, kind: {first.kind}}}"
    )
    return Result("warning", message, first, places[0], code="unknown-workload-kind")


def _unknown_kind(unlisted: UnlistedKind) -> Result:
    first = unlisted.first
    places = [operators.written(path) for path in unlisted.templates]
    looks_like = f"a pod template at {places[0]}"
    field = f"podTemplate: {_quoted(places[0])}"
    if len(places) > 1:
        looks_like = f"pod templates at {', '.join(places)}"
        field = f"podTemplates: [{', '.join(map(_quoted, places))}]"

    message = (
        f"{_objects(unlisted)} holds what looks like {looks_like} and is left alone, since its "
        "kind is not known. To inject it, if its controller makes pods of that as it stands, add "
        f"to the functionConfig's spec.workloads:\n- {{apiVersion: {first.api_version}, kind: "
        f"{first.kind}, {field}}}"
    )
    return Result("warning", message, first, places[0], code="unknown-workload-kind")


def _quoted(path: str) -> str:
    return f'"{path}"' if "[" in path or "*" in path else path


def _nested_objects(unlisted: UnlistedKind) -> Result:
    places = [f"{kind} at {operators.written(path)}" for kind, path in unlisted.nested.items()]
    message = (
        f"{_objects(unlisted)} holds whole objects with pods ({', '.join(places)}), which are not "
        "seen here: they are neither injected nor checked. Inject them where they are written, "
        "before they are put in there; else the cluster's webhook decides about their pods"
    )
    field = operators.written(next(iter(unlisted.nested.values())))
    return Result("warning", message, unlisted.first, field, code="unknown-workload-kind")


def _left_to_the_cluster(unlisted: UnlistedKind, operator: operators.Known) -> Result:
    what = "holds no pod template, and is left alone"
    if operator.paths:
        what = "is left alone, since its templates are not what its pods are made of"

    message = f"{_objects(unlisted)} {what}: {operator.why}. {operators.label_advice(operator)}"
    field = operator.label.partition(" ")[0]
    return Result("warning", message, unlisted.first, field, code="pods-of-controller")


def _containers_only(unlisted: UnlistedKind) -> Result:
    places = [operators.written(path) for path in unlisted.container_lists]
    message = (
        f"{_objects(unlisted)} holds containers, but no whole pod template ({', '.join(places)}), "
        "and is left alone. Its controller makes pods of them, and the cluster's webhook injects "
        "those when they are created, by the labels of their Namespace or by the label "
        f'{INJECT}: "true" on the pods, where the kind lets one set it'
    )
    return Result("warning", message, unlisted.first, places[0], code="pods-of-controller")


def _pods_elsewhere(unlisted: UnlistedKind) -> Result:
    message = (
        f"the pods of {_objects(unlisted)} are made of manifests that are not here, and are "
        "neither injected nor checked: render them and inject what comes out, or leave them to "
        "the cluster's webhook"
    )
    return Result("info", message, unlisted.first, code="pods-not-seen")
