"""What ValidatingAdmissionPolicies do to an injected workload, as findings."""

from __future__ import annotations

from krm_injector.judging.admission import evaluation, language, policies, requests
from krm_injector.judging.admission.evaluation import Evaluation, Verdict
from krm_injector.judging.admission.language import Language
from krm_injector.judging.admission.matching import matches
from krm_injector.judging.admission.policies import Policy
from krm_injector.judging.admission.requests import Request
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    ref_of,
)
from krm_injector.kube.paths import at
from krm_injector.kube.selectors import SelectorError
from krm_injector.model import Namespace, Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

_KIND = "ValidatingAdmissionPolicy"
_CONTEXT = "give it with --context"


class _Run(NamedTuple):
    """What all workloads of a run share."""

    policies: tuple[Policy, ...]
    plurals: dict[tuple[str, str], str]
    language: Language | None


class _Applied(NamedTuple):
    """A verdict of one binding. Two are the same if they say the same of the same expression."""

    policy: Policy
    binding: str
    actions: tuple[str, ...]
    verdict: Verdict

    @property
    def key(self) -> tuple[str, ...]:
        return (self.policy.ref.name, self.binding, *self.verdict)


_Found: TypeAlias = "dict[tuple[str, ...], tuple[_Applied, list[Request]]]"


def validating(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """The findings about one workload; what is not evaluated is told once a run."""
    run = objects.policies
    if run is None:
        run = objects.policies = _Run(
            policies.policies(objects, _KIND), policies.plurals(objects), language.load()
        )
        for binding in policies.unbound(objects, _KIND):
            yield _without_policy(binding)

    after = _found(workload, workload.injected, run, objects)
    before: _Found | None = None
    for key, (applied, refused) in after.items():
        if applied.verdict.outcome == "unknown":
            yield from _unknown(applied, workload, objects)
            continue

        if before is None:
            before = _found(workload, workload.decision.workload.object, run, objects)
        yield _refused(applied, refused, workload, caused=key not in before)


def _found(workload: InjectedWorkload, value: Object, run: _Run, objects: BundleObjects) -> _Found:
    """The verdicts about the workload's object with this value and about what is made of it, each
    with the requests that it is about.
    """
    found: _Found = {}
    namespace = workload.decision.namespace
    for request in requests.of_workload(workload.decision.workload, value, run.plurals):
        for policy in run.policies:
            for applied in _of_policy(policy, request, namespace, run.language, objects):
                found.setdefault(applied.key, (applied, []))[1].append(request)

    return found


def _of_policy(
    policy: Policy,
    request: Request,
    namespace: Namespace | None,
    cel: Language | None,
    objects: BundleObjects,
) -> Iterator[_Applied]:
    constraints = policy.spec.get("matchConstraints")
    takes, doubt = _takes(constraints, request, namespace, "spec.matchConstraints")
    if takes is False:
        return
    if not policy.bindings:
        message = "no binding of it is here; if the cluster has one, " + _CONTEXT
        yield _Applied(policy, "", (), Verdict("unknown", message, ""))
        return

    for binding in policy.bindings:
        resources = at(binding, ("spec", "matchResources"))
        bound, its_doubt = _takes(resources, request, namespace, "")
        if bound is False:
            continue

        name = policies.name_of(binding)
        stated = at(binding, ("spec", "validationActions"))
        actions = tuple(map(str, stated)) if isinstance(stated, list) else ()
        for verdict in _verdicts(policy, binding, request, namespace, cel, objects):
            cause = doubt or its_doubt
            if cause and verdict.outcome == "denied":
                verdict = Verdict("unknown", cause, verdict.field, verdict.message)
            yield _Applied(policy, name, actions, verdict)


def _takes(
    criteria: Any, request: Request, namespace: Namespace | None, field: str
) -> tuple[bool | None, str]:
    """Whether criteria take a request, and why that is not known, where it is not."""
    try:
        takes = matches(criteria, request, namespace)
    except SelectorError as problem:
        return None, f"its selector cannot be read: {field} {problem}".replace("  ", " ")

    if takes is not None:
        return takes, ""
    return None, (
        f"whether it takes {request.kind} of {request.group or 'v1'} in Namespace "
        f"{request.namespace} depends on labels or versions that are not here"
    )


def _verdicts(
    policy: Policy,
    binding: Object,
    request: Request,
    namespace: Namespace | None,
    cel: Language | None,
    objects: BundleObjects,
) -> Iterator[Verdict]:
    if cel is None:
        yield Verdict("unknown", language.MISSING_LIBRARY, "")
        return

    try:
        parameters = policies.params(policy, binding, request, objects)
    except policies.ParamsMissing as problem:
        yield Verdict("unknown", f"{problem}; {_CONTEXT}", "spec.paramKind")
        return

    known = evaluation.namespace_object(namespace)
    for parameter in parameters:
        yield from Evaluation(cel, policy, request, parameter, known).verdicts()


# ---------------------------------------------------------------- findings


def _refused(
    applied: _Applied, refused: list[Request], workload: InjectedWorkload, caused: bool
) -> Finding:
    policy, binding, actions, verdict = applied
    message = (
        f"{_effect(actions, refused, workload)}: {policy} (binding {binding}): {verdict.message}"
    )
    if caused:
        message = f"{message}. Without injection it is allowed"
    code = "admission-denied" if "Deny" in actions else "admission-warned"
    return Finding(code, message)  # type: ignore[arg-type]  # both are codes


def _effect(actions: tuple[str, ...], refused: list[Request], workload: InjectedWorkload) -> str:
    """What happens to which objects. Where a controller's object is accepted and its pods are
    refused, only events tell.
    """
    shown = " and ".join(request.shown for request in refused)
    is_own = refused[0].shown == str(workload.ref)
    whose = shown if is_own else f"{shown} ({workload.ref})"
    if "Deny" in actions:
        verb = "is" if len(refused) == 1 and refused[0].shown != "its pods" else "are"
        accepted = "" if is_own else f"{workload.ref} is accepted, but "
        return f"{accepted}{shown} {verb} refused"
    if "Warn" in actions:
        return f"the API server warns of {whose}"
    return f"the API server notes {whose} in its audit log"


def _unknown(
    applied: _Applied, workload: InjectedWorkload, objects: BundleObjects
) -> Iterator[Finding]:
    policy, binding, _, verdict = applied
    key = (policy.ref.name, binding, verdict.message, verdict.field)
    if key in objects.reported:
        return

    objects.reported.add(key)
    place = f"{verdict.field}, " if verdict.field else ""
    effect = f". If it applies, it objects: {verdict.effect}" if verdict.effect else ""
    message = (
        f"{policy} is not evaluated on {workload.ref} and others like it: "
        f"{place}{verdict.message}{effect}"
    )
    yield Finding(
        "admission-unknown", message, verdict.field, None, None, policy.ref, policy.object
    )


def _without_policy(binding: Object) -> Finding:
    name = at(binding, ("spec", "policyName"))
    ref = ref_of(binding, f"{_KIND}Binding", "")
    message = f"{ref} binds {_KIND} {name}, which is not here and not evaluated; {_CONTEXT}"
    return Finding("admission-unknown", message, "spec.policyName", name, None, ref, binding)
