"""Error results -> the workloads that `inject` refuses because of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from krm_injector.kube.paths import at
from krm_injector.model import Decision, Reason, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.codes import CodeName

# Reasons that are refusals, with the code of the error; of workloads with one cause only the first
# has the result.
REFUSED: dict[Reason, CodeName] = {
    Reason.NO_CONTROL_PLANE: "control-plane-missing",
    Reason.NAMESPACE_UNKNOWN: "namespace-missing",
    Reason.POD_LABEL_UNKNOWN: "pod-label-unknown",
    Reason.POLICY_ILLEGAL: "policy-illegal",
}
ErrorsByDecision = Sequence[Sequence[Result]]


def refusals(
    decisions: Sequence[Decision], replacements: Mapping[int, Any], results: Sequence[Result]
) -> ErrorsByDecision:
    """For each decision the errors because of which `inject` refuses its workload: those about the
    workload, about its Namespace, and about its control plane.

    replacements: the index of an item -> the item as injection leaves it.
    """
    errors = [result for result in results if result.severity == "error"]
    if not errors:
        return [()] * len(decisions)

    by_subject = _by_subject(errors)
    return [_errors_of(decision, replacements, by_subject) for decision in decisions]


def _by_subject(errors: Sequence[Result]) -> Mapping[Any, list[Result]]:
    """The errors by the key under which a workload finds them.

    A ResourceRef: about this object. ("Namespace", name): about this Namespace. ("named", name):
    about another object, because of this Namespace. None: about the run.
    """
    by_subject: dict[Any, list[Result]] = {}
    for error in errors:
        ref = error.resource
        key = ("Namespace", ref.name) if ref and ref.kind == "Namespace" else ref
        by_subject.setdefault(key, []).append(error)

        for namespace in error.about:
            by_subject.setdefault(("named", namespace.name), []).append(error)

    return by_subject


def _errors_of(
    decision: Decision, replacements: Mapping[int, Any], by_subject: Mapping[Any, list[Result]]
) -> list[Result]:
    ref = decision.workload.ref
    errors = list(by_subject.get(ref, ()))
    errors += by_subject.get(("Namespace", ref.namespace), ())

    namespace = decision.namespace
    if namespace is not None and namespace.source.startswith("Application "):
        # Argo CD's Applications disagree about it: the result's resource is one of them.
        errors += by_subject.get(("named", namespace.name), ())

    code = REFUSED.get(decision.reason)
    if code and not any(error.code in (code, "webhook-path") for error in errors):
        errors.append(Result("error", decision.detail, ref, code=code))

    if not errors and decision.injected and not _injected(decision, replacements):
        # Its control plane cannot be used. The run says so once, without naming a workload.
        errors = [*by_subject.get(None, ())]
        if not errors:
            errors.append(Result("error", "it could not be injected", ref, code="mesh-invalid"))

    return errors


def _injected(decision: Decision, replacements: Mapping[int, Any]) -> bool:
    """Whether the run made an injected object; one that it left alone is still the very same."""
    workload = decision.workload
    after = at(replacements.get(workload.item), workload.inside)
    return after is not None and after is not workload.object
