"""Explanation of one target -> TargetResult.data: what the forms over a whole fleet need of it, and
no more, since a fleet has ten thousand workloads.
"""

from __future__ import annotations

from krm_injector.presenting.explain.entries import added_amounts, document
from krm_injector.presenting.explain.rows import rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from krm_injector.judging.advice import Advice
    from krm_injector.model import ResourceRef
    from krm_injector.presenting.explain import Explanation

# What is taken over from an entry of docs/explain.schema.json as it is.
_TAKEN = ("apiVersion", "kind", "namespace", "name", "podTemplate", "verdict", "reason", "revision",
          "ambient", "containers", "errors", "doubt")  # fmt: skip


def data(explanation: Explanation) -> dict[str, Any]:
    """JSON values: the control planes, the workloads, the advice, and what injection requests."""
    return {
        "meshes": document(explanation.meshes, [])["meshes"],
        "workloads": [_workload(entry) for entry in explanation.entries],
        "advice": [_advice(each) for each in explanation.advice],
        "requests": _requests(explanation),
    }


def _workload(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without its evidence. Its ``detail`` does not name the Namespace, so that equal ones
    can be counted.
    """
    return {
        **{key: entry[key] for key in _TAKEN if key in entry},
        "detail": rule(dict(entry)),
        "changes": [change["text"] for change in entry["changes"][:1]],
        "advice": [warning["code"] for warning in entry["warnings"]],
    }


def _advice(advice: Advice) -> dict[str, Any]:
    result = advice.result
    return {
        "code": result.code,
        "severity": result.severity,
        "message": result.message,
        "resource": _resource(result.resource),
        "workload": advice.decision,
    }


def _resource(ref: ResourceRef | None) -> dict[str, str]:
    if ref is None:
        return {}

    return {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
    }


# ---------------------------------------------------------------- requests


def _requests(explanation: Explanation) -> dict[str, dict[str, Any]]:
    """By Namespace: what injection adds to the requests of the pods, and how many pods that are.
    Pods of DaemonSets, one a node, are not counted.
    """
    return {
        name: added_amounts(each)
        for name, each in explanation.requests.items()
        if each.most.injected
    }
