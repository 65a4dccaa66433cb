"""One workload injected, whatever injected it before: taken back where that can be proved, then
guard and record.
"""

from __future__ import annotations

from krm_injector.function_config import Settings
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.inject import Failure, inject
from krm_injector.istio_api import ApiError
from krm_injector.kube import undo
from krm_injector.kube.yaml import YamlError, same
from krm_injector.model import Decision, Object, Workload
from krm_injector.reinjection import eject, istio_traces, record


def inject_once(decision: Decision, plane: PreparedControlPlane, settings: Settings) -> Object:
    """One workload's object injected, with guard and record.

    The workload of the decision is as before any earlier injection of ours; one that Istio injected
    is taken back first where that can be proved right. Raises Failure, ApiError.
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
    """A workload that Istio injected, before and after injection; None if it does not stand as
    Istio left it.

    Where this very configuration made it of what its traces may tell, it stays as it is. Otherwise
    what they do not tell must make no difference. Raises Failure.
    """
    workload = decision.workload
    standing = workload.object
    likely = istio_traces.before_injection(workload)
    if likely is None:
        return None

    def trial(before: Object) -> Object | None:
        return _injected_or_none(_with_object(decision, before), plane, settings)

    after = trial(likely)
    if _is_same(after, standing):
        return likely, standing

    from krm_injector.reinjection import open_questions, reconstruct  # few pods get here

    if not reconstruct.as_istio_left_it(workload):
        return None

    # By another answer to what the traces leave open, this configuration may have made it still.
    questions = open_questions.that_matter(workload, likely, after, trial)
    for before in open_questions.other_readings(workload, likely, questions):
        if _is_same(trial(before), standing):
            return before, standing

    lost = [*reconstruct.lost(workload), *(question.what for question in questions)]
    if lost:
        if _is_same(trial(standing), standing):
            return None  # Istio's own second pass changes nothing either: no proof, and no harm
        raise Failure(eject.taken_back_loses(workload, lost))

    if after is None:  # injected once more, for the Failure that says why not
        after = _injected(_with_object(decision, likely), plane, settings)

    return likely, undo.keys_as(likely, after)


def _is_same(injected: Object | None, standing: Object) -> bool:
    return injected is not None and same(injected, standing)


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
    """The injected object, its injected images as the functionConfig wants them. Raises Failure,
    ApiError.
    """
    injected = inject(decision, plane, settings.method == "manual")
    if settings.images.lock is None and not settings.images.registries:
        return injected

    from krm_injector.injection import images  # only a functionConfig with images pays for it

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
    """The injected object with what is ours and not Istio's: the guard, and the record of what it
    was before.
    """
    guarded = settings.guard == "label"
    if guarded:
        from krm_injector.reinjection import webhook_guard  # only spec.guard pays for it

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
    """Whether Istio's traces tell enough of an injected workload without a record to make it again.

    planes: the control planes made ready so far, by id() of their meshes; more are added.
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
