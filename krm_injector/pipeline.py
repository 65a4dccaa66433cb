"""THE MAP: read -> configure -> discover -> take back earlier injections -> decide -> render -> merge -> post-process
-> record -> write.

Reading and writing are the caller's (cli.py); what is between is here, pure, and collects every error of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from krm_injector import doubt, eject, record
from krm_injector.decide import decide_all
from krm_injector.discover import discover, walk
from krm_injector.discover import workloads as discover_workloads
from krm_injector.findings import findings
from krm_injector.function_config import Settings
from krm_injector.inject import Failure
from krm_injector.istio_api import ApiError
from krm_injector.kube.workloads import at
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Decision, Mesh, Result, Workload
from krm_injector.once import inject_once, proven
from krm_injector.outcome import Outcome, Place, items_with, put, rows, told
from krm_injector.render import ControlPlane
from krm_injector.resource_list import Bundle

__all__ = ["ACTIONS", "Outcome", "check", "decide_only", "run", "take_back", "verify", "with_replacements"]


def decide_only(bundle: Bundle, settings: Settings) -> Outcome:
    """Who is injected, and why; nothing is rendered. Earlier injections are taken back first."""
    found = discover(bundle, settings)
    restored = [eject.restored(workload) for workload in found.workloads]
    workloads = [one.workload for one in restored]
    decisions = decide_all(workloads, found.namespaces, found.meshes, settings)
    results = [*found.results, *(result for one in restored for result in one.results)]
    results += [result for decision in decisions for result in decision.results]
    if settings.method == "automatic":
        results += findings(decisions, found.meshes)
    originals = items_with(bundle, [one.workload for one in restored if one.record is not None])
    return Outcome(
        bundle, tuple(found.meshes), tuple(decisions), dict(originals), tuple(results), originals, tuple(restored)
    )


def run(bundle: Bundle, settings: Settings, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Everything: the decisions, and each injected item as it will stand. progress: called with done and all."""
    outcome = _run(bundle, settings, progress)
    if not any(result.code == doubt.CODE for result in outcome.results):
        return outcome
    count = len(outcome.decisions)
    results = doubt.settled(outcome.results, outcome.meshes, count, settings, lambda other: told(_run(bundle, other)))
    return outcome._replace(results=results)


def _run(bundle: Bundle, settings: Settings, progress: Callable[[int, int], None] | None = None) -> Outcome:
    outcome = decide_only(bundle, settings)
    results = list(outcome.results)
    planes: dict[int, ControlPlane] = {}
    unusable: set[int] = set()
    replacements: dict[int, Any] = dict(outcome.replacements)
    edited: dict[Place, tuple[Any, ...]] = {}
    for number, (found, one, decision) in enumerate(rows(bundle, outcome)):
        if progress is not None:
            progress(number, len(outcome.decisions))
        if not decision.injected or decision.mesh is None:
            if one.record is not None:
                results += _taken_back(found, one, decision)
            continue
        if id(decision.mesh) in unusable:
            continue
        try:
            plane = planes.get(id(decision.mesh)) or ControlPlane(decision.mesh)
            planes[id(decision.mesh)] = plane
            injected = inject_once(decision, plane, settings)
        except Failure as failure:
            results.extend(failure.results)
        except (ApiError, YamlError) as problem:
            results.append(_unusable(decision.mesh, problem))
            unusable.add(id(decision.mesh))
        else:
            if one.record is not None and not record.intact(found.object, one.record):
                injected, edits, said = _edits(found, one.record, decision, injected, plane, outcome, settings)
                edited[found.item, found.inside] = edits
                results += said
            index = decision.workload.item
            before = replacements.get(index, bundle.items[index].value)
            replacements[index] = put(before, decision.workload.inside, injected)
    return outcome._replace(replacements=replacements, results=tuple(results), edits=edited)


def _edits(
    found: Workload,
    was: record.Record,
    decision: Decision,
    injected: Any,
    plane: ControlPlane,
    outcome: Outcome,
    settings: Settings,
) -> tuple[Any, tuple[Any, ...], list[Result]]:
    """The workload with what can be kept of the edits by hand, those edits, and what is said of them."""
    from krm_injector import overrides  # only an edited workload pays for it

    def again(other: Decision) -> Any:
        return inject_once(other, plane, settings)

    taken = overrides.taken_up(found, was, decision, injected, again, outcome.meshes, settings)
    return taken.injected, taken.edits, overrides.results(found, taken.edits)


def with_replacements(bundle: Bundle, replacements: Mapping[int, Any]) -> Bundle:
    """The bundle with the items as a run leaves them, for another run."""
    items = [item._replace(value=replacements.get(item.index, item.value)) for item in bundle.items]
    return bundle._replace(items=items)


def take_back(bundle: Bundle, settings: Settings) -> Outcome:
    """Every injection of the bundle's workloads taken back; replacements hold the items as they were before."""
    found, results = discover_workloads(list(walk(bundle)), settings)
    ejected = [eject.ejected(workload) for workload in found]
    changed = [after.workload for before, after in zip(found, ejected, strict=True) if after.workload is not before]
    results += [result for one in ejected for result in one.results]
    return Outcome(bundle, (), (), items_with(bundle, changed), tuple(results), restored=tuple(ejected))


def verify(bundle: Bundle, settings: Settings) -> Outcome:
    """Whether each workload is as injection gives it now: errors where not, and nothing to replace."""
    from krm_injector.verify import Row, judge

    outcome = run(bundle, settings)
    planes: dict[int, ControlPlane] = {}
    judged = []
    for found, one, decision in rows(bundle, outcome):
        item = outcome.replacements.get(found.item, bundle.items[found.item].value)
        sure = one.record is not None or proven(found, decision, planes, settings)
        edits = outcome.edits.get((found.item, found.inside), ())
        judged.append(Row(found, one, decision, at(item, found.inside), sure, edits))
    results = judge(judged, outcome.results, settings.record, outcome.meshes)
    return outcome._replace(replacements={}, originals={}, edits={}, results=results)


def _taken_back(found: Workload, one: eject.Restored, decision: Decision) -> tuple[Result, ...]:
    message = (
        f"{found.ref} was injected before and is not to be any more ({decision.detail}): the injection is taken back"
    )
    said = Result("info", message, found.ref, code="injection-taken-back")
    assert one.record is not None
    return (said, *eject.edit_results(found, one.record))


def check(bundle: Bundle, settings: Settings) -> Outcome:
    """Nothing is changed: the policy of an InjectionCheck and the advice, as results."""
    from krm_injector import advice  # only a check pays for it
    from krm_injector import check as checks

    problems = [*checks.problems(settings.require, "spec.require"), *checks.problems(settings.forbid, "spec.forbid")]
    if problems:
        return Outcome(bundle, (), (), {}, tuple(problems))
    outcome = run(bundle, settings)
    standing = [eject.injected_by_istio(found) for found, _, _ in rows(bundle, outcome)]
    results = [result for result in outcome.results if result.code not in checks.OF_WRITING]
    results += checks.policy(outcome.decisions, standing, outcome.meshes, settings)
    results += advice.results(advice.advise(bundle, outcome.decisions, outcome.replacements, settings))
    return outcome._replace(replacements={}, originals={}, results=tuple(results))


ACTIONS = {"inject": run, "eject": take_back, "verify": verify, "check": check}  # by Settings.action


def _unusable(mesh: Mesh, problem: Exception) -> Result:
    message = f"the configuration of control plane {mesh.revision} ({mesh.source}) cannot be used: {problem}"
    return Result("error", message, code="mesh-invalid")
