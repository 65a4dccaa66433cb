"""Error results -> the workloads that they keep from a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from krm_injector.kube.paths import at
from krm_injector.model import Decision, Reason, Result

if TYPE_CHECKING:
    from krm_injector.codes import CodeName

# Reasons that are refusals, with the code of the error; of workloads with one cause only the first
# has the result.
_REFUSED: dict[Reason, CodeName] = {
    Reason.NO_CONTROL_PLANE: "control-plane-missing",
    Reason.NAMESPACE_UNKNOWN: "namespace-missing",
    Reason.POD_LABEL_UNKNOWN: "pod-label-unknown",
    Reason.POLICY_ILLEGAL: "policy-illegal",
}
Refusals = Sequence[Sequence[Result]]


def refusals(
    decisions: Sequence[Decision], replacements: Mapping[int, Any], results: Sequence[Result]
) -> Refusals:
    """For each decision the errors because of which `inject` refuses its workload: those about it,
    those about its Namespace, those of its control plane. ``replacements``: item index -> the item
    as injection leaves it.
    """
    errors = [result for result in results if result.severity == "error"]
    if not errors:
        return [()] * len(decisions)

    about: dict[Any, list[Result]] = {}
    for error in errors:
        ref = error.resource
        about.setdefault(
            ("Namespace", ref.name) if ref and ref.kind == "Namespace" else ref, []
        ).append(error)

    disputed = [
        error for error in errors if error.code == "namespace-conflict" and _of_application(error)
    ]
    return [_of(decision, replacements, about, disputed) for decision in decisions]


def _of_application(error: Result) -> bool:
    return error.resource is not None and error.resource.kind == "Application"


def _of(
    decision: Decision,
    replacements: Mapping[int, Any],
    about: Mapping[Any, list[Result]],
    disputed: list[Result],
) -> list[Result]:
    ref = decision.workload.ref
    found = [*about.get(ref, ()), *about.get(("Namespace", ref.namespace), ())]
    namespace = decision.namespace
    if namespace is not None and namespace.source.startswith("Application "):
        # Argo CD's Applications that disagree: the result's resource is one of them.
        names = ([ref.name for ref in error.about] for error in disputed)
        pairs = zip(disputed, names, strict=True)
        found += [error for error, about in pairs if namespace.name in about]

    code = _REFUSED.get(decision.reason)
    if code and not any(result.code in (code, "webhook-path") for result in found):
        found.append(Result("error", decision.detail, ref, code=code))

    if not found and decision.injected and not _injected(decision, replacements):
        # Its control plane is of no use, which the run tells once and of no workload.
        found = [*about.get(None, ())] or [
            Result("error", "it could not be injected", ref, code="mesh-invalid")
        ]

    return found


def _injected(decision: Decision, replacements: Mapping[int, Any]) -> bool:
    """Whether the run came to an injected object; one that it left alone is still the very same."""
    workload = decision.workload
    after = at(replacements.get(workload.item), workload.inside)
    return after is not None and after is not workload.object
