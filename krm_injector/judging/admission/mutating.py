"""MutatingAdmissionPolicies: named, not evaluated.

Source of the order: k8s.io/kubernetes 1.34 pkg/kubeapiserver/options/plugins.go
(AllOrderedPlugins: MutatingAdmissionPolicy, MutatingAdmissionWebhook, ValidatingAdmissionPolicy,
ValidatingAdmissionWebhook).
"""

from __future__ import annotations

from krm_injector.judging.admission import policies, requests
from krm_injector.judging.admission.matching import matches
from krm_injector.judging.admission.policies import Policy
from krm_injector.judging.admission.requests import Request
from krm_injector.judging.advice.injected_workload import BundleObjects, Finding, InjectedWorkload
from krm_injector.kube.paths import at
from krm_injector.kube.selectors import SelectorError
from krm_injector.model import Namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_KIND = "MutatingAdmissionPolicy"


def mutating(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """Each policy that is bound and may change the workload or its pods, once a run."""
    namespace = workload.decision.namespace
    names = policies.plurals(objects)
    made = list(requests.of_workload(workload.decision.workload, workload.injected, names))
    for number, policy in enumerate(policies.policies(objects, _KIND), 1):
        key = (_KIND, policy.ref.name)
        if key in objects.reported:
            continue

        changed = [request.shown for request in made if _may_change(policy, request, namespace)]
        if changed:
            objects.reported.add(key)
            yield _finding(policy, number, changed, workload)


def _may_change(policy: Policy, request: Request, namespace: Namespace | None) -> bool:
    """Whether the policy and a binding take the request, or may take it."""

    def takes(criteria: Any) -> bool:
        try:
            return matches(criteria, request, namespace) is not False
        except SelectorError:
            return True

    if not takes(policy.spec.get("matchConstraints")):
        return False
    return any(takes(at(each, ("spec", "matchResources"))) for each in policy.bindings)


def _finding(
    policy: Policy, number: int, changed: list[str], workload: InjectedWorkload
) -> Finding:
    again = policy.spec.get("reinvocationPolicy") == "IfNeeded"
    rerun = ", and again if a webhook changes the object after it" if again else ""
    message = (
        f"{policy} changes {' and '.join(changed)} ({workload.ref} and others like it), and is not "
        f"evaluated here. The cluster runs it before its mutating webhooks{rerun}: where the "
        "mesh's webhook injects, it sees no sidecar; in these manifests it sees one, and its "
        "changes come after injection"
    )
    return Finding("admission-mutating", message, "", None, None, policy.ref, policy.object)
