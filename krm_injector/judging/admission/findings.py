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
    from typing import Any

    from krm_injector.codes import CodeName

_KIND = "ValidatingAdmissionPolicy"
_CONTEXT = "give it with --context"


class _Run(NamedTuple):
    """What all workloads of a run share."""

    policies: tuple[Policy, ...]
    plurals: dict[tuple[str, str], str]
    language: Language | None


class _Applied(NamedTuple):
    """What one binding of a policy says of one request."""

    policy: Policy
    binding: str
    actions: tuple[str, ...]
    request: Request
    verdict: Verdict


def validating(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """The findings about one workload: one for each binding that objects to it or to what is made
    of it. What is not evaluated is told once a run.
    """
    if objects.policies is None:
        objects.policies = _Run(
            policies.policies(objects, _KIND), policies.plurals(objects), language.load()
        )
        for binding in policies.unbound(objects, _KIND):
            yield _without_policy(binding)

    denied: dict[tuple[str, str], list[_Applied]] = {}
    run: _Run = objects.policies
    for applied in _applied(workload, workload.injected, run, objects):
        if applied.verdict.outcome == "unknown":
            yield from _unknown(applied, workload, objects)
        else:
            denied.setdefault((applied.policy.ref.name, applied.binding), []).append(applied)

    if not denied:
        return

    names = {name for name, _ in denied}
    asked = run._replace(policies=tuple(each for each in run.policies if each.ref.name in names))
    before = {
        (applied.policy.ref.name, applied.binding, applied.verdict.field)
        for applied in _applied(workload, workload.decision.workload.object, asked, objects)
        if applied.verdict.outcome == "denied"
    }
    for key, group in denied.items():
        fields = {applied.verdict.field for applied in group}
        yield _refused(group, workload, {field for field in fields if (*key, field) not in before})


def _applied(
    workload: InjectedWorkload, value: Object, run: _Run, objects: BundleObjects
) -> Iterator[_Applied]:
    """What does not let through the workload's object with this value, or what is made of it."""
    namespace = workload.decision.namespace
    for request in requests.of_workload(workload.decision.workload, value, run.plurals):
        for policy in run.policies:
            yield from _of_policy(policy, request, namespace, run.language, objects)


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
        yield _Applied(policy, "", (), request, Verdict("unknown", message, ""))
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
            yield _Applied(policy, name, actions, request, verdict)


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


def _refused(group: list[_Applied], workload: InjectedWorkload, caused: set[str]) -> Finding:
    """The finding about what a binding does not let through.

    caused: the fields of the expressions that say nothing of the workload before injection.
    """
    policy, binding, actions, first, _ = group[0]
    shown = list(dict.fromkeys(applied.request.shown for applied in group))
    # What is made of a refused object is not made: its messages say the same of another name.
    verdicts = [applied.verdict for applied in group if applied.request is first]
    said = "; ".join(dict.fromkeys(verdict.message for verdict in verdicts))
    message = f"{policy} (binding {binding}) {_effect(actions, shown, workload)}: {said}"
    if all(verdict.field in caused for verdict in verdicts):
        message = f"{message}. Without injection it says nothing"
    elif caused:
        own = [verdict.message for verdict in verdicts if verdict.field in caused]
        message = f"{message}. Because of injection: {'; '.join(dict.fromkeys(own))}"

    code: CodeName = "admission-denied" if "Deny" in actions else "admission-warned"
    return Finding(code, message)


def _effect(actions: tuple[str, ...], shown: list[str], workload: InjectedWorkload) -> str:
    """What happens to which objects. Where a controller's object is let through and its pods are
    refused, only events tell.
    """
    *others, last = shown
    these = f"{', '.join(others)} and {last}" if others else last
    is_own = shown[0] == str(workload.ref)
    if "Deny" in actions:
        return f"refuses {these}" if is_own else f"lets {workload.ref} through and refuses {these}"

    whose = these if is_own else f"{these} ({workload.ref})"
    if "Warn" in actions:
        return f"makes the API server warn of {whose}"
    return f"notes {whose} in the audit log"


def _unknown(
    applied: _Applied, workload: InjectedWorkload, objects: BundleObjects
) -> Iterator[Finding]:
    policy, binding, _, _, verdict = applied
    key = (policy.ref.name, binding, verdict.message, verdict.field)
    others = "and others like it"
    if verdict.message == language.MISSING_LIBRARY:
        key = ("", "", verdict.message, "")  # of all policies, once
        others = "and others, nor is any other policy"
    if key in objects.reported:
        return

    objects.reported.add(key)
    place = f"{verdict.field}, " if verdict.field else ""
    effect = f". If it applies, it objects: {verdict.effect}" if verdict.effect else ""
    message = (
        f"{policy} is not evaluated on {workload.ref} {others}: {place}{verdict.message}{effect}"
    )
    yield Finding(
        "admission-unknown", message, verdict.field, None, None, policy.ref, policy.object
    )


def _without_policy(binding: Object) -> Finding:
    name = at(binding, ("spec", "policyName"))
    ref = ref_of(binding, f"{_KIND}Binding", "")
    message = f"{ref} binds {_KIND} {name}, which is not here and not evaluated; {_CONTEXT}"
    return Finding("admission-unknown", message, "spec.policyName", name, None, ref, binding)
