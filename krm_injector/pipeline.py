"""THE MAP: read -> configure -> discover -> take back earlier injections -> decide -> render ->
merge -> post-process -> record -> write.

Reading and writing are the caller's (cli.py); what is between is here, pure, and collects every
error of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from krm_injector.decision.decide import decide_all
from krm_injector.decision.label_warnings import findings
from krm_injector.discovery import version_inference
from krm_injector.discovery.discover import discover
from krm_injector.discovery.workloads import find_workloads as discover_workloads
from krm_injector.function_config import Settings
from krm_injector.injection.inject import Failure
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.istio_api import ApiError
from krm_injector.kube.paths import at, put
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Decision, Mesh, Result, Workload
from krm_injector.outcome import AS_KNOWN, Outcome, Place, Template, items_with, rows, told
from krm_injector.reinjection import eject, istio_traces, record
from krm_injector.reinjection.reinject import inject_once, proven
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.members import Member, ref_of, walk

__all__ = [
    "ACTIONS", "AS_KNOWN", "Outcome", "check", "decide_only", "run", "take_back", "verify", "with_replacements",
]  # fmt: skip


def decide_only(bundle: Bundle, settings: Settings) -> Outcome:
    """Who is injected, and why; nothing is rendered. Earlier injections are taken back first."""
    found = discover(bundle, settings)
    restored = _looked_at(bundle, found.workloads, eject.restored_all(found.workloads))
    workloads = [one.workload for one in restored]
    decisions = decide_all(workloads, found.namespaces, found.meshes, settings)
    results = [*found.results, *(result for one in restored for result in one.results)]
    results += [result for decision in decisions for result in decision.results]
    if settings.method == "automatic":
        results += findings(decisions, found.meshes)

    taken_back = [
        one.workload
        for one, was in zip(restored, found.workloads, strict=True)
        if one.workload is not was
    ]
    originals = items_with(bundle, taken_back)
    return Outcome(
        bundle,
        tuple(found.meshes),
        tuple(decisions),
        dict(originals),
        tuple(results),
        originals,
        tuple(restored),
    )


def _looked_at(
    bundle: Bundle, workloads: list[Workload], restored: list[eject.Restored]
) -> list[eject.Restored]:
    """The workloads before injection without what kpt's copied comments made of them."""
    if all(one.record is None for one in restored):
        return restored
    if not any("#" in part.text for part in bundle.parts or (bundle,)):
        return restored

    from krm_injector.reinjection import (
        setter_comments,
    )  # only injected workloads with comments pay for it

    return setter_comments.looked_at(bundle, workloads, restored)


def run(
    bundle: Bundle, settings: Settings, progress: Callable[[int, int], None] | None = None
) -> Outcome:
    """Everything: the decisions, and each injected item as it will stand. progress: called with
    done and all.
    """
    outcome = _run(bundle, settings, progress)
    if not any(result.code == version_inference.UNKNOWN_VERSION for result in outcome.results):
        return outcome

    count = len(outcome.decisions)
    results = version_inference.settle_unknown_version(
        outcome.results, outcome.meshes, count, settings, lambda other: told(_run(bundle, other))
    )
    return outcome._replace(results=results)


def _run(
    bundle: Bundle, settings: Settings, progress: Callable[[int, int], None] | None = None
) -> Outcome:
    outcome = decide_only(bundle, settings)
    results = list(outcome.results)
    planes: dict[int, PreparedControlPlane] = {}
    unusable: set[int] = set()
    replacements: dict[int, Any] = dict(outcome.replacements)
    edited: dict[Template, tuple[Any, ...]] = {}
    parts: dict[
        Place, list[tuple[Workload, Any]]
    ] = {}  # of objects with several templates, each injected by itself
    refused: set[Place] = set()
    for number, (found, one, decision) in enumerate(rows(bundle, outcome)):
        if progress is not None:
            progress(number, len(outcome.decisions))

        if not decision.injected or decision.mesh is None:
            if one.record is not None:
                results += _taken_back(found, one, decision)
            continue

        place = (found.item, found.inside)
        if id(decision.mesh) in unusable:
            refused.add(place)
            continue

        try:
            plane = planes.get(id(decision.mesh)) or PreparedControlPlane(decision.mesh)
            planes[id(decision.mesh)] = plane
            injected = inject_once(decision, plane, settings)
        except Failure as failure:
            results.extend(failure.results)
            refused.add(place)
        except (ApiError, YamlError) as problem:
            results.append(_unusable(decision.mesh, problem))
            unusable.add(id(decision.mesh))
            refused.add(place)
        else:
            if one.copied:
                results += _told_of_copied(found, one)

            if one.record is not None and not record.intact(found.object, one.record):
                injected, edits, said = _edits(
                    found, one, decision, injected, plane, outcome, settings
                )
                edited[found.item, found.inside, found.template] = edits
                results += said

            if one.record is not None and one.record.layout is not None and settings.record:
                injected = record.with_layout(injected, one.record.layout)

            if found.only:
                _replace(bundle, replacements, place, injected)
            else:
                parts.setdefault(place, []).append((decision.workload, injected))

    for place, injected_parts in parts.items():
        if place not in refused:  # half an object is never injected
            _replace(bundle, replacements, place, _joined(injected_parts))

    return outcome._replace(
        replacements=replacements,
        results=tuple(results),
        edits=edited,
        unusable=frozenset(unusable),
    )


def _replace(bundle: Bundle, replacements: dict[int, Any], place: Place, injected: Any) -> None:
    index, inside = place
    before = replacements.get(index, bundle.items[index].value)
    replacements[index] = put(before, inside, injected)


def _joined(parts: list[tuple[Workload, Any]]) -> Any:
    """One object with its templates injected, of as many in which one of them is."""
    result: Any = parts[0][0].object
    for workload, injected in parts:
        result = put(result, workload.template, at(injected, workload.template))
    return record.joined(result, [injected for _, injected in parts])


def _told_of_copied(found: Workload, one: eject.Restored) -> list[Result]:
    from krm_injector.reinjection import setter_comments

    return setter_comments.results(found, one.copied)


def _edits(
    found: Workload,
    one: eject.Restored,
    decision: Decision,
    injected: Any,
    plane: PreparedControlPlane,
    outcome: Outcome,
    settings: Settings,
) -> tuple[Any, tuple[Any, ...], list[Result]]:
    """The workload with what can be kept of the edits by hand, those edits, and what is said of
    them.
    """
    from krm_injector.reinjection import manual_edits  # only an edited workload pays for it

    def again(other: Decision) -> Any:
        return inject_once(other, plane, settings)

    taken = manual_edits.taken_up(found, one, decision, injected, again, outcome.meshes, settings)
    return taken.injected, taken.edits, manual_edits.results(found, taken.edits)


def with_replacements(bundle: Bundle, replacements: Mapping[int, Any]) -> Bundle:
    """The bundle with the items as a run leaves them, for another run."""
    items = [item._replace(value=replacements.get(item.index, item.value)) for item in bundle.items]
    return bundle._replace(items=items)


def take_back(bundle: Bundle, settings: Settings) -> Outcome:
    """Every injection of the bundle's workloads taken back; replacements hold the items as they
    were before.
    """
    found, results = discover_workloads(list(walk(bundle)), settings)
    found += _recorded(list(walk(bundle)), found)
    ejected = _looked_at(bundle, found, eject.ejected_all(found))
    changed = [
        after.workload
        for before, after in zip(found, ejected, strict=True)
        if after.workload is not before
    ]
    results += [result for one in ejected for result in one.results]
    for workload, one in zip(found, ejected, strict=True):
        results += _told_of_copied(workload, one) if one.copied else ()

    return Outcome(
        bundle, (), (), items_with(bundle, changed), tuple(results), restored=tuple(ejected)
    )


def _recorded(members: list[Member], found: list[Workload]) -> list[Workload]:
    """The objects with a record besides: it tells of its pod templates itself, whatever the
    functionConfig names.
    """
    known = {(workload.item, workload.inside) for workload in found}
    return [
        Workload(member.item, member.inside, ref_of(member), member.value, ())
        for member in members
        if (member.item, member.inside) not in known
        and isinstance(at(member.value, ("metadata", "annotations", record.ANNOTATION)), str)
    ]


def verify(bundle: Bundle, settings: Settings) -> Outcome:
    """Whether each workload is as injection gives it now: errors where not, and nothing to replace."""
    from krm_injector.judging.verify import Row, judge

    outcome = run(bundle, settings)
    planes: dict[int, PreparedControlPlane] = {}
    judged = []
    for found, one, decision in rows(bundle, outcome):
        if id(decision.mesh) in outcome.unusable:
            continue  # nothing was injected to compare with, and the run has told why

        item = outcome.replacements.get(found.item, bundle.items[found.item].value)
        sure = one.record is not None or proven(found, decision, planes, settings)
        edits = outcome.edits.get((found.item, found.inside, found.template), ())
        fresh = at(item, found.inside)
        fresh = fresh if found.only else record.fresh_template(found, fresh)
        judged.append(Row(found, one, decision, fresh, sure, edits))

    results = judge(judged, outcome.results, settings.record, outcome.meshes)
    return outcome._replace(replacements={}, originals={}, edits={}, results=results)


def _taken_back(found: Workload, one: eject.Restored, decision: Decision) -> tuple[Result, ...]:
    message = f"{found.shown} was injected before and is not to be any more ({decision.detail}): the injection is taken back"
    said = Result("info", message, found.ref, code="injection-taken-back")
    assert one.record is not None
    edits = eject.edit_results(found, one.record)
    if not one.copied:
        return (said, *edits)

    from krm_injector.reinjection import setter_comments

    return (
        said,
        *_told_of_copied(found, one),
        *setter_comments.without_copied(edits, found, one.copied),
    )


def check(bundle: Bundle, settings: Settings) -> Outcome:
    """Nothing is changed: the policy of an InjectionCheck and the advice, as results."""
    from krm_injector.judging import advice  # only a check pays for it
    from krm_injector.judging import policy as checks

    problems = [
        *checks.problems(settings.require, "spec.require"),
        *checks.problems(settings.forbid, "spec.forbid"),
    ]
    if problems:
        return Outcome(bundle, (), (), {}, tuple(problems))

    outcome = run(bundle, settings)
    standing = [istio_traces.injected_by_istio(found) for found, _, _ in rows(bundle, outcome)]
    results = [result for result in outcome.results if result.code not in checks.OF_WRITING]
    results += checks.policy(outcome.decisions, standing, outcome.meshes, settings)
    results += advice.results(
        advice.advise(bundle, outcome.decisions, outcome.replacements, settings)
    )
    return outcome._replace(replacements={}, originals={}, results=tuple(results))


ACTIONS = {
    "inject": run,
    "eject": take_back,
    "verify": verify,
    "check": check,
}  # by Settings.action


def _unusable(mesh: Mesh, problem: Exception) -> Result:
    message = f"the configuration of control plane {mesh.revision} ({mesh.source}) cannot be used: {problem}"
    return Result("error", message, code="mesh-invalid")
