"""Policies, bindings and parameters as builders, and for each code of admission policies a bundle
that brings it, and one that just does not.
"""

from __future__ import annotations

from typing import Any

import builders
import pytest

from krm_injector.judging.admission import language
from krm_injector.model import Object

VERSION = "admissionregistration.k8s.io/v1"
NEEDS_CEL = pytest.mark.skipif(
    language.load() is None, reason="cel-expr-python is not installed (the extra admission)"
)
NS = builders.namespace(injection="enabled", env="prod")
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["pods"]}
DEPLOYMENTS = {**PODS, "apiGroups": ["apps"], "resources": ["deployments"]}
ONE_CONTAINER = "object.spec.containers.size() == 1"  # with a sidecar there are two


def policy(*expressions: str, rules: Any = PODS, kind: str = "Validating", **spec: Any) -> Object:
    """A policy about pods, with these validations."""
    constraints = {"resourceRules": [rules] if isinstance(rules, dict) else rules}
    spec = {"matchConstraints": constraints, **spec}
    if expressions:
        spec["validations"] = [{"expression": each} for each in expressions]
    return {
        "apiVersion": VERSION,
        "kind": f"{kind}AdmissionPolicy",
        "metadata": {"name": "rule"},
        "spec": spec,
    }


def binding(*actions: str, kind: str = "Validating", name: str = "rule", **spec: Any) -> Object:
    spec = {"policyName": "rule", **spec}
    if kind == "Validating":
        spec["validationActions"] = list(actions or ("Deny",))
    return {
        "apiVersion": VERSION,
        "kind": f"{kind}AdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": spec,
    }


def deployment(**fields: Any) -> Object:
    return builders.deployment(**fields)


MUTATING = policy(kind="Mutating", mutations=[])
CASES: dict[str, tuple[list[Object], list[Object]]] = {
    "admission-denied": (
        [NS, policy(ONE_CONTAINER), binding(), deployment()],
        [NS, policy("object.spec.containers.size() == 2"), binding(), deployment()],
    ),
    "admission-warned": (
        [NS, policy(ONE_CONTAINER), binding("Warn", "Audit"), deployment()],
        [NS, policy(ONE_CONTAINER), binding("Warn", "Deny"), deployment()],
    ),
    "admission-unknown": (
        [NS, policy("request.userInfo.username != 'x'"), binding(), deployment()],
        [NS, policy("true || request.userInfo.username != 'x'"), binding(), deployment()],
    ),
    "admission-mutating": (
        [NS, MUTATING, binding(kind="Mutating"), deployment()],
        [NS, MUTATING, deployment()],
    ),
}
