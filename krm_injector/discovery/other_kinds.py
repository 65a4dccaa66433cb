"""Objects of kinds that are not built in: the pod templates that spec.workloads names, and those
that it does not.

A pod template that nobody sees is not injected. So each kind with one is reported once, with what
to add to the functionConfig.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from krm_injector.function_config import ExtraKind, Settings
from krm_injector.istio_names import INJECT
from krm_injector.kube import operators
from krm_injector.kube.paths import Path, Step, at
from krm_injector.kube.workloads import (
    ANY,
    EACH,
    looks_like_pods,
    pattern_of,
    templates,
    text,
)
from krm_injector.model import ResourceRef, Result, Workload
from krm_injector.workload import decodable

Kind = tuple[str, str]  # apiVersion, kind

# Snapshots of other objects, kept by their controllers.
_COPIES = frozenset((("apps/v1", "ControllerRevision"),))


class _UnlistedKind:
    """Objects of one kind with pod templates that spec.workloads does not list."""

    __slots__ = ("container_lists", "count", "first", "nested", "templates")

    def __init__(self, first: ResourceRef) -> None:
        self.first = first  # the first object
        self.count = 0  # objects
        # Path patterns, as ordered sets.
        self.templates: dict[Path, None] = {}
        self.container_lists: dict[Path, None] = {}  # containers that are no whole template
        self.nested: dict[str, Path] = {}  # kinds of whole objects that stand inside, and where


def find_workloads(
    objects: Iterable[Workload], settings: Settings
) -> tuple[list[Workload], list[Result]]:
    """The pod templates that spec.workloads names, in order, each a workload of its own.

    ``objects``: each object with () in place of its template's path. Results: errors about what
    cannot be injected; warnings about pod templates that nobody named, and about paths that lead to
    nothing in any object.
    """
    extras_by_kind: dict[Kind, list[ExtraKind]] = {}
    for extra in settings.workloads:
        extras_by_kind.setdefault((extra.api_version, extra.kind), []).append(extra)

    workloads: list[Workload] = []
    results: list[Result] = []
    is_used: dict[ExtraKind, bool] = {}  # whether some object has anything at the path
    unlisted: dict[Kind, _UnlistedKind] = {}
    for workload in objects:
        kind = (workload.ref.api_version, workload.ref.kind)
        extras = extras_by_kind.get(kind, [])
        paths = _template_paths(workload, extras, is_used)
        only = len(extras) == 1 and not {EACH, ANY} & set(extras[0].template)
        for path in paths:
            problems = list(_problems(workload, path, settings))
            results += problems
            if not problems:
                workloads.append(workload._replace(template=path, only=only))

        if kind not in _COPIES:
            _note_unlisted(workload, paths, unlisted)

    for extra, used in is_used.items():
        if extra.named and not used:
            results.append(_unused_path(extra, settings))

    results += _kinds_without_template(is_used)
    for kind, unlisted_kind in unlisted.items():
        results += _unlisted_results(kind, unlisted_kind, kind in extras_by_kind)

    return workloads, results


def _template_paths(
    workload: Workload, extras: list[ExtraKind], is_used: dict[ExtraKind, bool]
) -> list[Step]:
    """The places that the paths of spec.workloads lead to, each once. Notes the paths in use."""
    paths: list[Step] = []
    for extra in extras:
        places = templates(workload.object, extra.template)
        paths += [place for place in places if place not in paths]
        used = bool(places) or _refers(workload)
        is_used[extra] = is_used.get(extra, False) or used

    return paths


def _refers(workload: Workload) -> bool:
    """Whether the object takes its pod template from another one (Rollout's workloadRef)."""
    return isinstance(at(workload.object, ("spec", "workloadRef")), dict)


# ---------------------------------------------------------------- templates that are named


def _problems(workload: Workload, path: Step, settings: Settings) -> Iterator[Result]:
    """Why there is nothing to inject at a place that spec.workloads names."""
    is_pattern = EACH in path or ANY in path  # its rest leads to nothing: templates() left it
    template = None if is_pattern else at(workload.object, path)
    if not isinstance(template, dict):
        yield _wrong_path(workload, path, settings)
        return

    mismatches = decodable.of_workload(workload.object, path)
    if mismatches:
        for mismatch in mismatches:
            yield decodable.mistyped(workload.ref, mismatch)
        return

    field = text(path)
    gap = _gap_in_template(template, field)
    if gap:
        kind = workload.ref.kind
        operator = operators.known(workload.ref.api_version, kind) or operators.Known(())
        message = (
            f"{gap}: the controller of {workload.ref} completes it later, and injection into a "
            f"part of a pod would be wrong. Correct the path, or take {kind} out of "
            f"spec.workloads. {operators.label_advice(operator)}"
        )
        yield Result("error", message, workload.ref, field, code="pod-template-incomplete")


def _wrong_path(workload: Workload, path: Step, settings: Settings) -> Result:
    """The error for a path that meets a list where it names a field, or the other way round."""
    existing, value = _existing_part(workload.object, path)
    field = text(existing)
    extra = _extra_of(workload, path, settings)
    entry = _entry_field(extra, settings) if extra else "spec.workloads"
    stated_path = operators.written(extra.template) if extra else text(path)

    words = {"list": "a list", "dict": "a map", "str": "a string"}
    what = words.get(type(value).__name__, f"the value {value!r:.40}")
    advice = "correct the path, or the object"
    if isinstance(value, list):
        pattern = operators.written(pattern_of(existing))
        advice = f"write {pattern}[] for every entry of it"

    message = (
        f"{entry} of the functionConfig has the path {stated_path}, but {field} of "
        f"{workload.ref} is {what}; {advice}"
    )
    return Result("error", message, workload.ref, field, code="workload-path")


def _existing_part(value: Any, path: Step) -> tuple[Step, Any]:
    """How far a path leads into a value, and what stands there."""
    for depth, step in enumerate(path):
        is_index = isinstance(step, int) or step == EACH
        fits = isinstance(value, list if is_index else dict)
        if not fits or step in (EACH, ANY):
            return path[:depth], value

        value = at(value, (step,))

    return path, value


def _extra_of(workload: Workload, path: Step, settings: Settings) -> ExtraKind | None:
    """The entry of spec.workloads that leads to the place."""
    kind = (workload.ref.api_version, workload.ref.kind)
    for extra in settings.workloads:
        if (extra.api_version, extra.kind) != kind:
            continue
        if path in templates(workload.object, extra.template):
            return extra

    return None


def _gap_in_template(template: object, field: str) -> str:
    """What keeps a value from being a whole pod template, as the start of a sentence; "" where it
    is one.
    """
    containers = at(template, ("spec", "containers"))
    if not isinstance(containers, list) or not containers:
        return f"{field} has no containers"
    for index, container in enumerate(containers):
        if not container.get("name"):
            return f"{field}.spec.containers[{index}] has no name"
    return ""


def _entry_field(extra: ExtraKind, settings: Settings) -> str:
    spec = "spec.injection.workloads" if settings.action == "check" else "spec.workloads"
    return f"{spec}[{extra.entry}]"


def _unused_path(extra: ExtraKind, settings: Settings) -> Result:
    field, path = _entry_field(extra, settings), operators.written(extra.template)
    message = (
        f"{field} of the functionConfig names {path} of {extra.kind} ({extra.api_version}), and "
        f"no {extra.kind} here has anything there: nothing is injected by it. Correct the path, "
        "or take it out"
    )
    return Result("warning", message, field=field, current=path, code="workload-path-unused")


def _kinds_without_template(is_used: dict[ExtraKind, bool]) -> list[Result]:
    """Warnings about kinds that are named without a path, and of which no object has a pod
    template.
    """
    without_path = {(extra.api_version, extra.kind) for extra in is_used if not extra.named}
    with_template = {(extra.api_version, extra.kind) for extra, used in is_used.items() if used}
    results = []
    for api_version, kind in sorted(without_path - with_template):
        operator = operators.known(api_version, kind) or operators.Known(())
        paths = ", ".join(map(operators.written, operator.paths))
        message = (
            f"spec.workloads names {kind} of {api_version}, and no {kind} here has a pod template "
            f"({paths}): their controller makes the pods by itself. "
            f"{operators.label_advice(operator)}"
        )
        results.append(Result("warning", message, current=kind, code="workload-path-unused"))

    return results


# ---------------------------------------------------------------- templates that nobody named


def _note_unlisted(
    workload: Workload, listed: list[Step], unlisted: dict[Kind, _UnlistedKind]
) -> None:
    """Notes the pod templates of an object that are not at one of the listed places."""
    kind = (workload.ref.api_version, workload.ref.kind)
    operator = operators.known(*kind)
    if operator is not None and not operator.paths:
        unlisted.setdefault(kind, _UnlistedKind(workload.ref)).count += 1
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
        entry = unlisted.setdefault(kind, _UnlistedKind(workload.ref))
        entry.count += 1
        entry.templates.update(paths)
        entry.container_lists.update(container_lists)
        entry.nested.update(nested)


def _enclosing_object(value: object, place: Step) -> Step | None:
    """The outermost place on the way at which a whole object stands, with apiVersion and kind; None
    where there is none.
    """
    for depth in range(1, len(place) + 1):
        part = at(value, place[:depth])
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("kind"), str) and isinstance(part.get("apiVersion"), str):
            return place[:depth]

    return None


def _unlisted_results(kind: Kind, unlisted: _UnlistedKind, is_named: bool) -> list[Result]:
    """``is_named``: whether spec.workloads has the kind, with other paths."""
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


def _has_unknown_path(unlisted: _UnlistedKind, operator: operators.Known) -> bool:
    """Whether a template stands where the table of operators knows none."""
    for path in unlisted.templates:
        if not any(_covers(pattern, path) for pattern in operator.paths):
            return True
    return False


def _covers(pattern: Path, path: Path) -> bool:
    if len(pattern) != len(path):
        return False
    return all(part in (step, ANY) for part, step in zip(pattern, path, strict=True))


def _objects(unlisted: _UnlistedKind) -> str:
    """The objects of a kind, as the subject of a sentence."""
    first, more = unlisted.first, unlisted.count - 1
    others = f", and {more} more of the kind" if more else ""
    return f"{first} ({first.api_version}{others})"


def _known_kind(unlisted: _UnlistedKind, operator: operators.Known) -> Result:
    first = unlisted.first
    places = [operators.written(path) for path in operator.paths]
    note = f"{operator.note}. " if operator.note else ""
    message = (
        f"{_objects(unlisted)} has pod templates ({', '.join(places)}) and is left alone: its kind "
        f"is injected only where the functionConfig names it. {note}To inject it, add to "
        f"spec.workloads:\n- {{apiVersion: {first.api_version}, kind: {first.kind}}}"
    )
    return Result("warning", message, first, places[0], code="unknown-workload-kind")


def _paths_left_out(unlisted: _UnlistedKind) -> Result:
    first = unlisted.first
    places = [operators.written(path) for path in unlisted.templates]
    message = (
        f"{_objects(unlisted)} has pod templates that spec.workloads does not name "
        f"({', '.join(places)}); they are left alone. To inject them too, name the kind without a "
        f"path, which stands for all:\n- {{apiVersion: {first.api_version}, kind: {first.kind}}}"
    )
    return Result("warning", message, first, places[0], code="unknown-workload-kind")


def _unknown_kind(unlisted: _UnlistedKind) -> Result:
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


def _nested_objects(unlisted: _UnlistedKind) -> Result:
    places = [f"{kind} at {operators.written(path)}" for kind, path in unlisted.nested.items()]
    message = (
        f"{_objects(unlisted)} holds whole objects with pods ({', '.join(places)}), which are not "
        "seen here: they are neither injected nor checked. Inject them where they are written, "
        "before they are put in there; else the cluster's webhook decides about their pods"
    )
    field = operators.written(next(iter(unlisted.nested.values())))
    return Result("warning", message, unlisted.first, field, code="unknown-workload-kind")


def _left_to_the_cluster(unlisted: _UnlistedKind, operator: operators.Known) -> Result:
    what = "holds no pod template, and is left alone"
    if operator.paths:
        what = "is left alone, since its templates are not what its pods are made of"

    message = f"{_objects(unlisted)} {what}: {operator.why}. {operators.label_advice(operator)}"
    field = operator.label.partition(" ")[0]
    return Result("warning", message, unlisted.first, field, code="pods-of-controller")


def _containers_only(unlisted: _UnlistedKind) -> Result:
    places = [operators.written(path) for path in unlisted.container_lists]
    message = (
        f"{_objects(unlisted)} holds containers, but no whole pod template ({', '.join(places)}), "
        "and is left alone. Its controller makes pods of them, and the cluster's webhook injects "
        "those when they are created, by the labels of their Namespace or by the label "
        f'{INJECT}: "true" on the pods, where the kind lets one set it'
    )
    return Result("warning", message, unlisted.first, places[0], code="pods-of-controller")


def _pods_elsewhere(unlisted: _UnlistedKind) -> Result:
    message = (
        f"the pods of {_objects(unlisted)} are made of manifests that are not here, and are "
        "neither injected nor checked: render them and inject what comes out, or leave them to "
        "the cluster's webhook"
    )
    return Result("info", message, unlisted.first, code="pods-not-seen")
