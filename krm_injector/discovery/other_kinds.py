"""Objects of kinds that are not built in: the pod templates that spec.workloads names, and those
that nobody does.

A pod template that is not seen is not injected, so each is told, once a kind, with what to add.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from krm_injector.function_config import ExtraKind, Settings
from krm_injector.kube import operators
from krm_injector.kube import workloads as kinds
from krm_injector.kube.paths import Path, Step
from krm_injector.model import ResourceRef, Result, Workload
from krm_injector.workload import decodable

# Snapshots of other objects, kept by their controllers.
_COPIES = frozenset((("apps/v1", "ControllerRevision"),))


class _Unseen:
    """Objects of one kind with pod templates that nobody named."""

    __slots__ = ("inside", "number", "parts", "paths", "ref")

    def __init__(self, ref: ResourceRef) -> None:
        self.ref = ref  # the first of them
        self.paths: dict[Path, None] = {}  # patterns, in their order
        self.parts: dict[Path, None] = {}  # containers that are no whole template
        self.inside: dict[str, Path] = {}  # kinds of whole objects that stand inside, and where
        self.number = 0  # of objects


def workloads(
    objects: Iterable[Workload], settings: Settings
) -> tuple[list[Workload], list[Result]]:
    """The pod templates of those objects whose kinds spec.workloads names, in order, each a
    workload of its own.

    ``objects``: each with the path () in place of its template's. Results: errors for what cannot
    be injected, and warnings for pod templates that nobody named and for paths that no object has.
    """
    named: dict[tuple[str, str], list[ExtraKind]] = {}
    for extra in settings.workloads:
        named.setdefault((extra.api_version, extra.kind), []).append(extra)

    found: list[Workload] = []
    results: list[Result] = []
    led: dict[ExtraKind, bool] = {}  # whether some object has something at the path
    unseen: dict[tuple[str, str], _Unseen] = {}
    for one in objects:
        kind = (one.ref.api_version, one.ref.kind)
        places: list[Step] = []
        extras = named.get(kind, [])
        only = len(extras) == 1 and not {kinds.EACH, kinds.ANY} & set(extras[0].template)
        for extra in extras:
            there = kinds.templates(one.object, extra.template)
            led[extra] = led.get(extra, False) or bool(there) or _refers(one)
            places += [place for place in there if place not in places]

        for place in places:
            problems = list(_problems(one, place, settings))
            results += problems
            if not problems:
                found.append(one._replace(template=place, only=only))

        if kind not in _COPIES:
            _look(one, places, unseen)

    results += [
        _leads_nowhere(extra, settings)
        for extra, led_there in led.items()
        if extra.named and not led_there
    ]
    results += _without_any(led)
    results += [result for kind in unseen for result in _told(kind, unseen[kind], kind in named)]
    return found, results


def _refers(one: Workload) -> bool:
    """Whether the object takes its pod template from another one (Rollout's workloadRef)."""
    return isinstance(kinds.at(one.object, ("spec", "workloadRef")), dict)


# ---------------------------------------------------------------- templates that are named


def _problems(one: Workload, place: Step, settings: Settings) -> Iterable[Result]:
    """Why there is nothing to inject at a place that spec.workloads names."""
    broken = next(
        (number for number, step in enumerate(place) if step in (kinds.EACH, kinds.ANY)), len(place)
    )
    if broken < len(place) or not isinstance(kinds.at(one.object, place), dict):
        yield _wrong_way(one, place, settings)
        return

    mismatches = decodable.of_workload(one.object, place)
    if mismatches:
        yield from (decodable.mistyped(one.ref, mismatch) for mismatch in mismatches)
        return

    incomplete = _incomplete(kinds.at(one.object, place), kinds.text(place))
    if incomplete:
        known = operators.known(one.ref.api_version, one.ref.kind) or operators.Known(())
        message = (
            f"{incomplete}: the controller of {one.ref} completes it later, and injection into a "
            f"part of a pod would be wrong. Correct the path, or take {one.ref.kind} out of "
            f"spec.workloads. {operators.label_advice(known)}"
        )
        yield Result("error", message, one.ref, kinds.text(place), code="pod-template-incomplete")


def _wrong_way(one: Workload, place: Step, settings: Settings) -> Result:
    """The error for a path that meets a list where it names a field, or the other way round."""
    way: list[str | int] = []
    here: Any = one.object
    for step in place:
        fits = (
            isinstance(here, list)
            if isinstance(step, int) or step == kinds.EACH
            else isinstance(here, dict)
        )
        if not fits or step in (kinds.EACH, kinds.ANY):
            break

        way.append(step)
        here = kinds.at(here, (step,))

    at = kinds.text(way)
    words = {"list": "a list", "dict": "a map", "str": "a string"}
    what = words.get(type(here).__name__, f"the value {here!r:.40}")
    extra = _extra_of(one, place, settings)
    field = _field(extra, settings) if extra else "spec.workloads"
    path = operators.written(extra.template) if extra else kinds.text(place)
    if isinstance(here, list):
        advice = f"write {operators.written(kinds.pattern_of(tuple(way)))}[] for every entry of it"
    else:
        advice = "correct the path, or the object"

    message = f"{field} of the functionConfig has the path {path}, but {at} of {one.ref} is {what}; {advice}"
    return Result("error", message, one.ref, at, code="workload-path")


def _extra_of(one: Workload, place: Step, settings: Settings) -> ExtraKind | None:
    for extra in settings.workloads:
        kind = (extra.api_version, extra.kind)
        if kind == (one.ref.api_version, one.ref.kind) and place in kinds.templates(
            one.object, extra.template
        ):
            return extra
    return None


def _incomplete(template: object, path: str) -> str:
    """What keeps a value from being a whole pod template, as the start of a sentence; "" for
    nothing.
    """
    containers = kinds.at(template, ("spec", "containers"))
    if not isinstance(containers, list) or not containers:
        return f"{path} has no containers"
    for number, container in enumerate(containers):
        if not container.get("name"):
            return f"{path}.spec.containers[{number}] has no name"
    return ""


def _field(extra: ExtraKind, settings: Settings) -> str:
    spec = "spec.injection.workloads" if settings.action == "check" else "spec.workloads"
    return f"{spec}[{extra.entry}]"


def _leads_nowhere(extra: ExtraKind, settings: Settings) -> Result:
    field, path = _field(extra, settings), operators.written(extra.template)
    message = (
        f"{field} of the functionConfig names {path} of {extra.kind} ({extra.api_version}), and "
        f"no {extra.kind} here has anything there: nothing is injected by it. Correct the path, "
        "or take it out"
    )
    return Result("warning", message, field=field, current=path, code="workload-path-unused")


def _without_any(led: dict[ExtraKind, bool]) -> list[Result]:
    """Warnings for kinds that are named without a path, and of which no object has a pod template."""
    by_table = {(extra.api_version, extra.kind) for extra in led if not extra.named}
    with_some = {(extra.api_version, extra.kind) for extra, led_there in led.items() if led_there}
    results = []
    for api_version, kind in sorted(by_table - with_some):
        of = operators.known(api_version, kind) or operators.Known(())
        paths = ", ".join(map(operators.written, of.paths))
        message = (
            f"spec.workloads names {kind} of {api_version}, and no {kind} here has a pod template "
            f"({paths}): their controller makes the pods by itself. {operators.label_advice(of)}"
        )
        results.append(Result("warning", message, current=kind, code="workload-path-unused"))

    return results


# ---------------------------------------------------------------- templates that nobody named


def _look(one: Workload, places: list[Step], unseen: dict[tuple[str, str], _Unseen]) -> None:
    """Notes the pod templates of an object that are not among these places."""
    kind = (one.ref.api_version, one.ref.kind)
    known = operators.known(*kind)
    if known is not None and not known.paths:
        unseen.setdefault(kind, _Unseen(one.ref)).number += 1
        return

    paths: dict[Path, None] = {}
    inside: dict[str, Path] = {}
    looks = kinds.looks_like_pods(one.object)
    parts = {kinds.pattern_of(place): None for place in looks.others if place not in places}
    for place in looks.templates:
        if place in places:
            continue
        whole = _whole_object(one.object, place)
        if whole is not None:
            inside.setdefault(str(kinds.at(one.object, (*whole, "kind"))), kinds.pattern_of(whole))
        else:
            paths[kinds.pattern_of(place)] = None

    if paths or inside or parts:
        found = unseen.setdefault(kind, _Unseen(one.ref))
        found.paths.update(paths)
        found.parts.update(parts)
        found.inside.update(inside)
        found.number += 1


def _whole_object(value: object, place: Step) -> Step | None:
    """The outermost place on the way at which a whole object stands, with apiVersion and kind; None
    for none.
    """
    for depth in range(1, len(place) + 1):
        here = kinds.at(value, place[:depth])
        if (
            isinstance(here, dict)
            and isinstance(here.get("kind"), str)
            and isinstance(here.get("apiVersion"), str)
        ):
            return place[:depth]

    return None


def _told(kind: tuple[str, str], unseen: _Unseen, named: bool) -> list[Result]:
    """``named``: whether spec.workloads has the kind, with other paths."""
    known = operators.known(*kind)
    if known is not None and known.elsewhere:
        return [_elsewhere(unseen)]
    if known is not None and not known.injectable:
        return [_left_to_the_cluster(unseen, known)]

    results = []
    if unseen.paths:
        results.append(_known(unseen, known, named) if known is not None else _unknown(unseen))
    if unseen.parts:
        results.append(_in_part(unseen))
    if unseen.inside:
        results.append(_nested(unseen))

    return results


def _all(unseen: _Unseen) -> str:
    more = unseen.number - 1
    return (
        f"{unseen.ref} ({unseen.ref.api_version}{f', and {more} more of the kind' if more else ''})"
    )


def _known(unseen: _Unseen, known: operators.Known, named: bool) -> Result:
    """For a kind of the table: its own paths count, and those that were found besides."""
    ref = unseen.ref
    others = [
        path for path in unseen.paths if not any(_covers(pattern, path) for pattern in known.paths)
    ]
    if others:
        return _unknown(unseen)
    if named:
        return _named_in_part(unseen)

    places = [operators.written(path) for path in known.paths]
    message = (
        f"{_all(unseen)} has pod templates ({', '.join(places)}) and is left alone: its kind is "
        "injected only where the functionConfig names it. "
        f"{known.note + '. ' if known.note else ''}To inject it, add to spec.workloads:\n- "
        f"{{apiVersion: {ref.api_version}, kind: {ref.kind}}}"
    )
    return Result("warning", message, ref, places[0], code="unknown-workload-kind")


def _named_in_part(unseen: _Unseen) -> Result:
    ref = unseen.ref
    places = [operators.written(path) for path in unseen.paths]
    message = (
        f"{_all(unseen)} has pod templates that spec.workloads does not name "
        f"({', '.join(places)}); they are left alone. To inject them too, name the kind without a "
        f"path, which stands for all:\n- {{apiVersion: {ref.api_version}, kind: {ref.kind}}}"
    )
    return Result("warning", message, ref, places[0], code="unknown-workload-kind")


def _covers(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and all(
        one in (other, kinds.ANY) for one, other in zip(pattern, path, strict=True)
    )


def _unknown(unseen: _Unseen) -> Result:
    ref = unseen.ref
    paths = [operators.written(path) for path in unseen.paths]
    many = (
        f"pod templates at {', '.join(paths)}"
        if len(paths) > 1
        else f"a pod template at {paths[0]}"
    )
    field = f"podTemplate: {_quoted(paths[0])}"
    if len(paths) > 1:
        field = f"podTemplates: [{', '.join(map(_quoted, paths))}]"

    message = (
        f"{_all(unseen)} holds what looks like {many} and is left alone, since its kind is not "
        "known. To inject it, if its controller makes pods of that as it stands, add to the "
        f"functionConfig's spec.workloads:\n- {{apiVersion: {ref.api_version}, kind: {ref.kind}, "
        f"{field}}}"
    )
    return Result("warning", message, ref, paths[0], code="unknown-workload-kind")


def _quoted(path: str) -> str:
    return f'"{path}"' if "[" in path or "*" in path else path


def _nested(unseen: _Unseen) -> Result:
    places = ", ".join(
        f"{kind} at {operators.written(path)}" for kind, path in unseen.inside.items()
    )
    message = (
        f"{_all(unseen)} holds whole objects with pods ({places}), which are not seen here: they "
        "are neither injected nor checked. Inject them where they are written, before they are "
        "put in there; else the cluster's webhook decides about their pods"
    )
    field = operators.written(next(iter(unseen.inside.values())))
    return Result("warning", message, unseen.ref, field, code="unknown-workload-kind")


def _left_to_the_cluster(unseen: _Unseen, known: operators.Known) -> Result:
    what = "is left alone, since its templates are not what its pods are made of" if known.paths else (
        "holds no pod template, and is left alone")  # fmt: skip
    message = f"{_all(unseen)} {what}: {known.why}. {operators.label_advice(known)}"
    return Result(
        "warning", message, unseen.ref, known.label.partition(" ")[0], code="pods-of-controller"
    )


def _in_part(unseen: _Unseen) -> Result:
    places = [operators.written(path) for path in unseen.parts]
    message = (
        f"{_all(unseen)} holds containers, but no whole pod template ({', '.join(places)}), and "
        "is left alone. Its controller makes pods of them, and the cluster's webhook injects "
        "those when they are created, by the labels "
        'of their Namespace or by the label sidecar.istio.io/inject: "true" on the pods, where '
        "the kind lets one set it"
    )
    return Result("warning", message, unseen.ref, places[0], code="pods-of-controller")


def _elsewhere(unseen: _Unseen) -> Result:
    message = (
        f"the pods of {_all(unseen)} are made of manifests that are not here, and are neither "
        "injected nor checked: render them and inject what comes out, or leave them to the "
        "cluster's webhook"
    )
    return Result("info", message, unseen.ref, code="pods-not-seen")
