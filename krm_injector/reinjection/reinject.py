"""Injects one workload, whatever injected it before. Takes an earlier injection back if it can be
proved, and adds guard and record.
"""

from __future__ import annotations

from krm_injector.function_config import Settings
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.inject import Failure, inject
from krm_injector.istio_api import ApiError
from krm_injector.kube import undo, yaml
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Decision, Object, Workload
from krm_injector.reinjection import eject, istio_traces, record


def inject_once(decision: Decision, plane: PreparedControlPlane, settings: Settings) -> Object:
    """One workload's object injected, with guard and record.

    The workload of the decision is as it was before any injection of ours. An injection by Istio is
    taken back first if its traces prove enough. Raises Failure, ApiError.
    """
    workload = decision.workload
    if istio_traces.injected_by_istio(workload):
        pair = _before_and_after(decision, plane, settings)
        if pair is not None:
            return _finished(*pair, decision, plane, settings)

    before = workload.object
    after = undo.keys_as(before, _injected(decision, plane, settings))
    return _finished(before, after, decision, plane, settings)


def _before_and_after(
    decision: Decision, plane: PreparedControlPlane, settings: Settings
) -> tuple[Object, Object] | None:
    """A workload that Istio injected, before and after injection; None if it is not as Istio left
    it.

    If this configuration gives exactly this workload for one reading of its traces, it stays as it
    is. Otherwise the open questions must make no difference. Raises Failure.
    """
    workload = decision.workload
    standing = workload.object
    likely = istio_traces.before_injection(workload)
    if likely is None:
        return None

    def trial(before: Object) -> Object | None:
        return _injected_or_none(_with_object(decision, before), plane, settings)

    after = trial(likely)
    if _is_same(after, workload, settings):
        return likely, standing

    from krm_injector.reinjection import open_questions, reconstruct  # late: few pods need it

    if not reconstruct.as_istio_left_it(workload):
        return None

    # With another answer to an open question, this configuration may still have made it.
    questions = open_questions.that_matter(workload, likely, after, trial)
    for before in open_questions.other_readings(workload, likely, questions):
        if _is_same(trial(before), workload, settings):
            return before, standing

    lost = [*reconstruct.lost(workload), *(question.what for question in questions)]
    if lost:
        if _is_same(trial(standing), workload, settings):
            return None  # Istio's own second pass changes nothing either, so this does no harm
        raise Failure(eject.taken_back_loses(workload, lost))

    if after is None:  # inject again, for the Failure that has the reason
        after = _injected(_with_object(decision, likely), plane, settings)

    return likely, undo.keys_as(likely, after)


def _is_same(injected: Object | None, standing: Workload, settings: Settings) -> bool:
    """Whether a workload is as injection gives it. Where injection reads what the API server
    stores, a default that is written out makes no difference.
    """
    if injected is None or yaml.same(injected, standing.object):
        return injected is not None
    if not settings.defaults:
        return False

    from krm_injector.injection import stored  # late: only spec.cluster.defaults needs it

    return stored.same_once_stored(injected, standing.object, standing.template)


def _with_object(decision: Decision, value: Object) -> Decision:
    return decision._replace(workload=decision.workload._replace(object=value))


# ---------------------------------------------------------------- the injection itself


def _injected_or_none(
    decision: Decision, plane: PreparedControlPlane, settings: Settings
) -> Object | None:
    try:
        return _injected(decision, plane, settings)
    except Failure:
        return None


def _injected(decision: Decision, plane: PreparedControlPlane, settings: Settings) -> Object:
    """The injected object, with its injected images as the functionConfig states them. Raises
    Failure, ApiError.
    """
    injected = inject(decision, plane, settings.method == "manual", settings.defaults)
    if settings.images.lock is None and not settings.images.registries:
        return injected

    from krm_injector.injection import images  # late: only a functionConfig with images needs it

    injected, problems = images.applied(decision.workload, injected, settings.images)
    if problems:
        raise Failure(*problems)
    return injected


def _finished(
    before: Object,
    after: Object,
    decision: Decision,
    plane: PreparedControlPlane,
    settings: Settings,
) -> Object:
    """The injected object with our own additions: the guard, and the record."""
    guarded = settings.guard == "label"
    if guarded:
        from krm_injector.reinjection import webhook_guard  # late: only spec.guard needs it

        problem = webhook_guard.problem(after, decision, plane)
        if problem is not None:
            raise Failure(problem)
        after = webhook_guard.guarded(after, decision, plane)

    if not settings.record or not (guarded or record.can_carry_record(decision.workload)):
        return after
    return record.attach(before, after, plane.mesh, decision.namespace, decision.workload)


def traces_suffice(
    standing: Workload,
    decision: Decision,
    planes: dict[str, PreparedControlPlane],
    settings: Settings,
) -> bool:
    """Whether Istio's traces show enough of an injected workload without a record to inject it
    again.

    planes: the control planes prepared so far, by id() of their meshes. Others are added.
    """
    if not istio_traces.injected_by_istio(standing):
        return True
    if not decision.injected or decision.mesh is None:
        return True

    key = decision.mesh.revision
    try:
        if key not in planes:
            planes[key] = PreparedControlPlane(decision.mesh)
        plane = planes[key]
        pair = _before_and_after(decision._replace(workload=standing), plane, settings)
    except (ApiError, YamlError, Failure):
        return True  # an error of the run already

    return pair is not None and pair[1] is standing.object
