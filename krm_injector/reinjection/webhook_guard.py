"""The guard: what keeps the webhook of a cluster from injecting a second time into what was
injected here.

A webhook reads ``sidecar.istio.io/inject`` in two places. The API server asks the objectSelector of
the webhook configuration (the label, since 1.9; optional from 1.5 on), then istiod asks the pod:
the annotation in every version, since 1.12 the label before it (pkg/kube/inject/inject.go
injectRequired). The istio-cni plugin reads the annotation, and since 1.16 the label before it, and
does not set up the redirection of a pod that says false, unless the pod has an istio-init that does
it (cni/cmd/istio-cni/main.go to 1.10, cni/pkg/plugin/plugin.go): there the guard would take the pod
out of the mesh.
"""

from __future__ import annotations

from typing import Any

from krm_injector.injection import pods
from krm_injector.injection.render import ControlPlane
from krm_injector.istio_names import INJECT
from krm_injector.kube import selectors
from krm_injector.kube.paths import at, put
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Object, Result

# What keeps every webhook away without a word on the pods (the namespaceSelectors of the charts of
# 1.1 to 1.31).
INSTEAD = (
    "label the Namespace istio-injection: disabled in the cluster, which keeps every webhook "
    "away, and give the labels that injection goes by under spec.namespaces"
)


def guarded(injected: Object, decision: Decision, plane: ControlPlane) -> Object:
    """The injected workload with the guard on its pod template."""
    template = decision.workload.template
    metadata = {**(at(injected, (*template, "metadata")) or {})}
    metadata["labels"] = {**(metadata.get("labels") or {}), INJECT: "false"}
    if not plane.mesh.rules.inject_label:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), INJECT: "false"}
    result: Object = put(injected, (*template, "metadata"), metadata)
    return result


def problem(injected: Object, decision: Decision, plane: ControlPlane) -> Result | None:
    """Why this workload cannot have the guard; None where it can."""
    ref, who = decision.workload.ref, decision.workload.shown
    inits = at(injected, (*decision.workload.template, "spec", "initContainers")) or []
    if not pods.find_container(pods.INIT, inits) and (
        _cni(plane) or pods.find_container(pods.VALIDATION, inits)
    ):
        message = (
            f"{who} cannot have the guard: the mesh uses the Istio CNI plugin, which sets up no "
            "redirection for a pod "
            f'with {INJECT}: "false", so its traffic would go past the sidecar. Set spec.guard to '
            f"none, and {INSTEAD}"
        )
        return Result("error", message, ref, "spec.guard", code="guard-impossible")

    field = _selects(decision)
    if field:
        message = (
            f"{who} cannot have the guard: its {field} does not select pods with {INJECT}: "
            '"false". Take the label '
            f"out of the selector, or set spec.guard to none, and {INSTEAD}"
        )
        return Result("error", message, ref, field, code="guard-impossible")

    return None


def _selects(decision: Decision) -> str:
    """The field of the workload's selector, where that would not select its guarded pods; "" where
    it would.
    """
    path = (*decision.workload.template[:-1], "selector")
    found = at(decision.workload.object, path) if decision.workload.template else None
    if not isinstance(found, dict):
        return ""

    flat = (
        not {"matchLabels", "matchExpressions"} & found.keys()
    )  # of ReplicationControllers and DeploymentConfigs
    try:
        selector = selectors.parse({"matchLabels": found} if flat else found)
    except selectors.SelectorError:
        return ""  # the API server's to refuse

    asked = [requirement for requirement in selector.requirements if requirement.key == INJECT]
    return (
        "" if all(requirement.matches({INJECT: "false"}) for requirement in asked) else text(path)
    )


def _cni(plane: ControlPlane) -> bool:
    """Whether the values say that the CNI plugin does what istio-init does (pilot.cni since 1.22,
    before istio_cni).
    """
    values: Any = plane.values or {}
    return any(
        at(values, path) is True for path in (("pilot", "cni", "enabled"), ("istio_cni", "enabled"))
    )
