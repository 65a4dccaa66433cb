"""One workload injected, whatever injected it before: taken back where that can be proved, then guard and record."""

from __future__ import annotations

from krm_injector import eject, guard, record
from krm_injector.function_config import Settings
from krm_injector.inject import Failure, inject
from krm_injector.istio_api import ApiError
from krm_injector.kube import undo
from krm_injector.kube.yaml import YamlError, same
from krm_injector.model import Decision, Object, Workload
from krm_injector.render import ControlPlane


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


def proven(found: Workload, decision: Decision, planes: dict[int, ControlPlane], settings: Settings) -> bool:
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
