"""Admission policies of the bundle, evaluated on the injected workloads and on their pods.

ValidatingAdmissionPolicies with their bindings and parameters; MutatingAdmissionPolicies are only
named. Source of the rules: k8s.io/apiserver 0.34 pkg/admission/plugin/policy, and
kubernetes.io/docs, Validating Admission Policy.

CEL is a library's (cel-expr-python, the extra ``admission``). Nothing of this folder but this file
is imported where the bundle has no such policy.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from krm_injector.judging.advice.injected_workload import (
        BundleObjects,
        Finding,
        InjectedWorkload,
    )

_POLICIES = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
_MUTATING = "MutatingAdmissionPolicy"


def check(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """What the bundle's admission policies do to the workload and its pods."""
    if any(objects.has(kind) for kind in _POLICIES):
        from krm_injector.judging.admission import findings  # late: few bundles have policies

        yield from findings.validating(workload, objects)

    if objects.has(_MUTATING):
        from krm_injector.judging.admission import mutating  # late: few bundles have policies

        yield from mutating.mutating(workload, objects)
