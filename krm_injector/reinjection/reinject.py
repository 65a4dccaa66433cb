"""One workload injected, whatever injected it before: taken back where that can be proved, then
guard and record.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from krm_injector.function_config import Settings
from krm_injector.injection.inject import Failure, inject
from krm_injector.injection.render import ControlPlane
from krm_injector.istio_api import ApiError
from krm_injector.kube import undo
from krm_injector.kube.yaml import YamlError, same
from krm_injector.model import Decision, Object, Workload
from krm_injector.reinjection import eject, reconstruct, record, webhook_guard

MOST_READINGS = 256


def inject_once(decision: Decision, plane: ControlPlane, settings: Settings) -> Object:
    """One workload's object injected, with guard and record. The workload of the decision is as
    before any earlier injection of ours; one that Istio injected is taken back first where that can
    be proved right. Raises Failure, ApiError.
    """
    workload = decision.workload
    before = workload.object
    if eject.injected_by_istio(workload):
        found = _by_traces(decision, plane, settings)
        if found is not None:
            return _finished(*found, decision, plane, settings)

    return _finished(
        before,
        undo.keys_as(before, _injected(decision, plane, settings)),
        decision,
        plane,
        settings,
    )


def _by_traces(
    decision: Decision, plane: ControlPlane, settings: Settings
) -> tuple[Object, Object] | None:
    """Before and after, of a workload that Istio injected; None where it does not stand as Istio
    left it.

    Where this very configuration made it of what its traces may tell, it stays. Else what they do
    not tell must make no difference. Raises Failure.
    """
    workload = decision.workload
    likely = eject.by_traces(workload)
    if likely is None:
        return None

    def made_of(before: Object) -> Object | None:
        return _fresh(decision._replace(workload=workload._replace(object=before)), plane, settings)

    after = made_of(likely)
    if after is not None and same(after, workload.object):
        return likely, workload.object
    if not reconstruct.as_istio_left_it(workload):
        return None

    lost = reconstruct.lost(workload)
    open_ones = _that_matter(workload, likely, after, made_of)
    # Most workloads have at most three such questions; the bound is against a pod with many
    # containers.
    for answers in itertools.islice(
        itertools.product(*((None, *one.answers) for one in open_ones)), 1, MOST_READINGS
    ):
        before = reconstruct.answered(workload, likely, filter(None, answers))
        again = made_of(before)
        if again is not None and same(again, workload.object):
            return before, workload.object

    if lost or open_ones:
        standing = made_of(workload.object)
        if standing is not None and same(standing, workload.object):
            return None  # Istio's own second pass changes nothing either: no proof, and no harm
        raise Failure(eject.loses(workload, [*lost, *(question.what for question in open_ones)]))

    if after is None:
        after = _injected(
            decision._replace(workload=workload._replace(object=likely)), plane, settings
        )  # says why not

    return likely, undo.keys_as(likely, after)


def _that_matter(
    workload: Workload,
    likely: Object,
    after: Object | None,
    made_of: Callable[[Object], Object | None],
) -> list[reconstruct.Question]:
    """The open questions whose answers make a difference to this configuration."""

    def differs(answers: Iterable[Callable[[Object], Object]]) -> bool:
        again = made_of(reconstruct.answered(workload, likely, answers))
        return (again is None) != (after is None) or not (again is None or same(again, after))

    asked = reconstruct.questions(workload, likely)
    if not any(
        differs(answers)
        for answers in itertools.zip_longest(*(one.answers for one in asked), fillvalue=_as_is)
    ):
        return []  # all at once: most often this settles it

    return [one for one in asked if any(differs((answer,)) for answer in one.answers)]


def _as_is(pod: Object) -> Object:
    return pod


def _fresh(decision: Decision, plane: ControlPlane, settings: Settings) -> Object | None:
    try:
        return _injected(decision, plane, settings)
    except Failure:
        return None


def _injected(decision: Decision, plane: ControlPlane, settings: Settings) -> Object:
    """The injected object, its injected images as the functionConfig wants them. Raises Failure,
    ApiError.
    """
    injected = inject(decision, plane, settings.method == "manual")
    if settings.images.lock is None and not settings.images.registries:
        return injected

    from krm_injector.injection import images

    injected, problems = images.applied(decision.workload, injected, settings.images)
    if problems:
        raise Failure(*problems)
    return injected


def _finished(
    before: Object, after: Object, decision: Decision, plane: ControlPlane, settings: Settings
) -> Object:
    """The injected object with what is ours and not Istio's: the guard, and the record of what it
    was before.
    """
    guarded = settings.guard == "label"
    if guarded:
        problem = webhook_guard.problem(after, decision, plane)
        if problem is not None:
            raise Failure(problem)
        after = webhook_guard.guarded(after, decision, plane)

    if not settings.record or not (guarded or record.carries(decision.workload)):
        return after
    return record.attach(before, after, plane.mesh, decision.namespace, decision.workload)


def proven(
    found: Workload, decision: Decision, planes: dict[str, ControlPlane], settings: Settings
) -> bool:
    """Whether what Istio's traces tell of an injected workload without a record is enough to make
    it of that again.
    """
    if not eject.injected_by_istio(found) or not decision.injected or decision.mesh is None:
        return True

    try:
        plane = planes.setdefault(decision.mesh.revision, ControlPlane(decision.mesh))
    except (ApiError, YamlError):
        return True  # the run has told of it

    try:
        told = _by_traces(decision._replace(workload=found), plane, settings)
    except Failure:
        return True  # the run has told of it

    return told is not None and told[1] is found.object
