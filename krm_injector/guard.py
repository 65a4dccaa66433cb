"""The guard: what keeps the webhook of a cluster from injecting a second time into what was injected here.

A webhook reads ``sidecar.istio.io/inject`` in two places. The API server asks the objectSelector of the webhook
configuration (the label, since 1.9; optional from 1.6 on), then istiod asks the pod: the annotation in every version,
since 1.12 the label before it (pkg/kube/inject/inject.go injectRequired). The istio-cni plugin reads it too, and does
not set up the redirection of a pod that says false, unless the pod has an istio-init that does it
(cni/cmd/istio-cni/main.go to 1.11, cni/pkg/plugin/plugin.go): there the guard would take the pod out of the mesh.
"""

from __future__ import annotations

from typing import Any

from krm_injector import pods
from krm_injector.kube.workloads import at
from krm_injector.model import Decision, Object, Result
from krm_injector.pod_rules import INJECT
from krm_injector.render import ControlPlane

_SELECTORS = (("spec", "selector", "matchLabels", INJECT), ("spec", "selector", INJECT))


def guarded(injected: Object, decision: Decision, plane: ControlPlane) -> Object:
    """The injected workload with the guard on its pod template."""
    template = decision.workload.template
    metadata = {**(at(injected, (*template, "metadata")) or {})}
    metadata["labels"] = {**(metadata.get("labels") or {}), INJECT: "false"}
    if not plane.mesh.rules.inject_label:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), INJECT: "false"}
    result: Object = _put(injected, (*template, "metadata"), metadata)
    return result


def problem(injected: Object, decision: Decision, plane: ControlPlane) -> Result | None:
    """Why this workload cannot have the guard; None where it can."""
    ref = decision.workload.ref
    inits = at(injected, (*decision.workload.template, "spec", "initContainers")) or []
    if not pods.find_container(pods.INIT, inits) and (_cni(plane) or pods.find_container(pods.VALIDATION, inits)):
        message = (
            f"{ref} cannot have the guard: the mesh uses the Istio CNI plugin, which sets up no redirection for a pod "
            f'with {INJECT}: "false", so its traffic would go past the sidecar. Set spec.guard to none, and turn '
            "the webhook off for the Namespace instead"
        )
        return Result("error", message, ref, "spec.guard", code="guard-impossible")
    for path in _SELECTORS:
        if at(decision.workload.object, path) not in (None, "false"):
            field = ".".join(path[:-1])
            message = (
                f"{ref} cannot have the guard: its {field} selects pods by {INJECT}. Set spec.guard to none, or take "
                "the label out of the selector"
            )
            return Result("error", message, ref, field, code="guard-impossible")
    return None


def _cni(plane: ControlPlane) -> bool:
    """Whether the values say that the CNI plugin does what istio-init does (pilot.cni since 1.22, before istio_cni)."""
    values: Any = plane.values or {}
    return any(at(values, path) is True for path in (("pilot", "cni", "enabled"), ("istio_cni", "enabled")))


def _put(value: Any, path: tuple[str, ...], leaf: Any) -> Any:
    return leaf if not path else {**value, path[0]: _put(value.get(path[0]) or {}, path[1:], leaf)}
