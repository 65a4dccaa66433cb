"""THE MAP: read -> configure -> discover -> take back earlier injections -> decide -> render -> merge -> post-process
-> record -> write.

Reading and writing are the caller's (cli.py); what is between is here, pure, and collects every error of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from krm_injector import doubt, eject, guard, record
from krm_injector.decide import decide_all
from krm_injector.discover import discover, walk
from krm_injector.discover import workloads as discover_workloads
from krm_injector.findings import findings
from krm_injector.function_config import Settings
from krm_injector.inject import Failure, inject
from krm_injector.istio_api import ApiError
from krm_injector.kube import undo
from krm_injector.kube.workloads import at
from krm_injector.kube.yaml import YamlError, same
from krm_injector.model import Decision, Mesh, Object, Result, Workload
from krm_injector.render import ControlPlane
from krm_injector.resource_list import Bundle


class Outcome(NamedTuple):
    """What a run came to. Error results mean that nothing may be written."""

    bundle: Bundle
    meshes: tuple[Mesh, ...]
    decisions: tuple[Decision, ...]  # about each workload as it was before an earlier injection
    replacements: dict[int, Object]  # item index -> the item as injection leaves it
    results: tuple[Result, ...]
    originals: dict[int, Object] = {}  # noqa: RUF012 - item index -> the item before an earlier injection, where it had one
    restored: tuple[eject.Restored, ...] = ()  # one a decision


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
    originals = _items(bundle, [one.workload for one in restored if one.record is not None])
    return Outcome(
        bundle, tuple(found.meshes), tuple(decisions), dict(originals), tuple(results), originals, tuple(restored)
    )


def run(bundle: Bundle, settings: Settings, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Everything: the decisions, and each injected item as it will stand. progress: called with done and all."""
    outcome = _run(bundle, settings, progress)
    if not any(result.code == doubt.CODE for result in outcome.results):
        return outcome
    count = len(outcome.decisions)
    results = doubt.settled(outcome.results, outcome.meshes, count, settings, lambda other: _told(_run(bundle, other)))
    return outcome._replace(results=results)


def _told(outcome: Outcome) -> tuple[Any, ...]:
    """What of an outcome people can see to differ: who is injected, what stands there after, what is wrong."""
    verdicts = [decision.injected for decision in outcome.decisions]
    errors = [result for result in outcome.results if result.severity == "error"]
    return verdicts, outcome.replacements, errors


def _run(bundle: Bundle, settings: Settings, progress: Callable[[int, int], None] | None = None) -> Outcome:
    outcome = decide_only(bundle, settings)
    results = list(outcome.results)
    planes: dict[int, ControlPlane] = {}
    replacements: dict[int, Any] = dict(outcome.replacements)
    for number, (found, one, decision) in enumerate(_each(bundle, outcome)):
        if progress is not None:
            progress(number, len(outcome.decisions))
        if not decision.injected or decision.mesh is None:
            if one.record is not None:
                results += _taken_back(found, one, decision)
            continue
        try:
            plane = planes.get(id(decision.mesh)) or ControlPlane(decision.mesh)
            planes[id(decision.mesh)] = plane
            injected = inject_once(decision, plane, settings)
        except Failure as failure:
            results.extend(failure.results)
        except (ApiError, YamlError) as problem:
            results.append(_unusable(decision.mesh, problem))
            break
        else:
            if one.record is not None:
                results += eject.edit_results(found, one.record, injected)
            index = decision.workload.item
            before = replacements.get(index, bundle.items[index].value)
            replacements[index] = _put(before, decision.workload.inside, injected)
    return outcome._replace(replacements=replacements, results=tuple(results))


def take_back(bundle: Bundle, settings: Settings) -> Outcome:
    """Every injection of the bundle's workloads taken back; replacements hold the items as they were before."""
    found, results = discover_workloads(list(walk(bundle)), settings)
    ejected = [eject.ejected(workload) for workload in found]
    changed = [after.workload for before, after in zip(found, ejected, strict=True) if after.workload is not before]
    results += [result for one in ejected for result in one.results]
    return Outcome(bundle, (), (), _items(bundle, changed), tuple(results), restored=tuple(ejected))


def verify(bundle: Bundle, settings: Settings) -> Outcome:
    """Whether each workload is as injection gives it now: errors where not, and nothing to replace."""
    from krm_injector.verify import Row, judge

    outcome = run(bundle, settings)
    planes: dict[int, ControlPlane] = {}
    rows = []
    for found, one, decision in _each(bundle, outcome):
        item = outcome.replacements.get(found.item, bundle.items[found.item].value)
        proven = one.record is not None or _proven(found, decision, planes, settings)
        rows.append(Row(found, one, decision, at(item, found.inside), proven))
    return outcome._replace(replacements={}, originals={}, results=judge(rows, outcome.results, settings.record))


def _proven(found: Workload, decision: Decision, planes: dict[int, ControlPlane], settings: Settings) -> bool:
    """Whether what Istio's traces tell of an injected workload without a record is enough to make it of that again."""
    before = eject.by_traces(found)
    if before is None or not decision.injected or decision.mesh is None:
        return True
    try:
        plane = planes.setdefault(id(decision.mesh), ControlPlane(decision.mesh))
    except (ApiError, YamlError):
        return True  # the run has told of it
    again = _fresh(decision._replace(workload=found._replace(object=before)), plane, settings)
    return again is not None and same(again, found.object)


def inject_once(decision: Decision, plane: ControlPlane, settings: Settings) -> Object:
    """One workload's object injected, with guard and record. The workload of the decision is as before any earlier
    injection of ours; one that Istio injected is taken back first where that can be proved right. Raises Failure,
    ApiError."""
    workload = decision.workload
    before = workload.object
    by_traces = eject.by_traces(workload)
    if by_traces is not None:
        again = _fresh(decision._replace(workload=workload._replace(object=by_traces)), plane, settings)
        if again is not None and same(again, before):
            # This very configuration made it of what its traces tell: so they tell enough.
            return _finished(by_traces, before, decision, plane, settings)
    return _finished(before, undo.keys_as(before, _injected(decision, plane, settings)), decision, plane, settings)


def _fresh(decision: Decision, plane: ControlPlane, settings: Settings) -> Object | None:
    try:
        return _injected(decision, plane, settings)
    except Failure:
        return None


def _injected(decision: Decision, plane: ControlPlane, settings: Settings) -> Object:
    """The injected object, its injected images as the functionConfig wants them. Raises Failure, ApiError."""
    injected = inject(decision, plane, settings.method == "manual")
    if settings.images.lock is None and not settings.images.registries:
        return injected
    from krm_injector import images

    injected, problems = images.applied(decision.workload, injected, settings.images)
    if problems:
        raise Failure(*problems)
    return injected


def _finished(before: Object, after: Object, decision: Decision, plane: ControlPlane, settings: Settings) -> Object:
    """The injected object with what is ours and not Istio's: the guard, and the record of what it was before."""
    guarded = settings.guard == "label"
    if guarded:
        problem = guard.problem(after, decision, plane)
        if problem is not None:
            raise Failure(problem)
        after = guard.guarded(after, decision, plane)
    if not settings.record or not (guarded or record.carries(decision.workload)):
        return after
    return record.attach(before, after, plane.mesh, decision.namespace)


def _each(bundle: Bundle, outcome: Outcome) -> list[tuple[Workload, eject.Restored, Decision]]:
    """Each workload as it stands in the bundle, as it was before an earlier injection, and its decision."""
    rows = []
    for one, decision in zip(outcome.restored, outcome.decisions, strict=True):
        workload = decision.workload
        standing = at(bundle.items[workload.item].value, workload.inside)
        rows.append((workload._replace(object=standing), one, decision))
    return rows


def _items(bundle: Bundle, workloads: Sequence[Workload]) -> dict[int, Any]:
    """The items with these workloads in their places."""
    items: dict[int, Any] = {}
    for workload in workloads:
        before = items.get(workload.item, bundle.items[workload.item].value)
        items[workload.item] = _put(before, workload.inside, workload.object)
    return items


def _taken_back(found: Workload, one: eject.Restored, decision: Decision) -> tuple[Result, ...]:
    message = (
        f"{found.ref} was injected before and is not to be any more ({decision.detail}): the injection is taken back"
    )
    said = Result("info", message, found.ref, code="injection-taken-back")
    assert one.record is not None
    return (said, *eject.edit_results(found, one.record, None))


def _put(value: Any, path: tuple[str | int, ...], leaf: Any) -> Any:
    """A copy of the value with ``leaf`` at the path."""
    if not path:
        return leaf
    key: Any = path[0]
    changed: Any = list(value) if isinstance(value, list) else dict(value)
    changed[key] = _put(value[key], path[1:], leaf)
    return changed


def check(bundle: Bundle, settings: Settings) -> Outcome:
    """Nothing is changed: the policy of an InjectionCheck and the advice, as results."""
    from krm_injector import advice  # only a check pays for it
    from krm_injector import check as checks

    problems = [*checks.problems(settings.require, "spec.require"), *checks.problems(settings.forbid, "spec.forbid")]
    if problems:
        return Outcome(bundle, (), (), {}, tuple(problems))
    outcome = run(bundle, settings)
    standing = [eject.injected_by_istio(found) for found, _, _ in _each(bundle, outcome)]
    results = [result for result in outcome.results if result.code not in checks.OF_WRITING]
    results += checks.policy(outcome.decisions, standing, outcome.meshes, settings)
    results += advice.results(advice.advise(bundle, outcome.decisions, outcome.replacements, settings))
    return outcome._replace(replacements={}, originals={}, results=tuple(results))


ACTIONS = {"inject": run, "eject": take_back, "verify": verify, "check": check}  # by Settings.action


def _unusable(mesh: Mesh, problem: Exception) -> Result:
    message = f"the configuration of control plane {mesh.revision} ({mesh.source}) cannot be used: {problem}"
    return Result("error", message, code="mesh-invalid")
