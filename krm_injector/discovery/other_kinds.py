"""Objects of kinds that are not built in -> workloads at the paths that spec.workloads names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from krm_injector.discovery.unlisted_kinds import (
    Kind,
    UnlistedKind,
    note_unlisted,
    unlisted_results,
)
from krm_injector.function_config import ExtraKind, Settings
from krm_injector.istio_names import STATUS_ANNOTATION
from krm_injector.kube import operators
from krm_injector.kube.paths import Step, at
from krm_injector.kube.workloads import (
    ANY,
    EACH,
    pattern_of,
    templates,
    text,
)
from krm_injector.model import Result, Workload
from krm_injector.workload import decodable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


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
    unlisted: dict[Kind, UnlistedKind] = {}
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

        note_unlisted(workload, paths, unlisted)

    for extra, used in is_used.items():
        if extra.named and not used:
            results.append(_unused_path(extra, settings))

    results += _kinds_without_template(is_used)
    for kind, unlisted_kind in unlisted.items():
        results += unlisted_results(kind, unlisted_kind, kind in extras_by_kind)

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
    """The error for a path that meets a list where it names a field, or the reverse."""
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
    """What keeps a value from being a whole pod template, as the start of a sentence; "" if it is
    one.
    """
    containers = at(template, ("spec", "containers"))
    if containers == [] and at(template, ("metadata", "annotations", STATUS_ANNOTATION)):
        return ""  # injection has made the only one, istio-proxy, a native sidecar
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
