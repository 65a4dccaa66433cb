"""The guard: keeps the webhook of a cluster from injecting pods again that were injected here.

A webhook reads ``sidecar.istio.io/inject`` in two places. The API server evaluates the
objectSelector of the webhook configuration (the label, since 1.9; optional from 1.5 on), then
istiod reads the pod: the annotation in every version, since 1.12 the label before it
(pkg/kube/inject/inject.go injectRequired). The istio-cni plugin reads the annotation, and since
1.16 the label before it, and does not set up the redirection of a pod that says false, unless the
pod has an istio-init for that (cni/cmd/istio-cni/main.go to 1.10, cni/pkg/plugin/plugin.go): there
the guard would take the pod out of the mesh.
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.istio_names import (
    INIT_CONTAINER,
    INJECT,
    INJECTION_LABEL,
    VALIDATION_CONTAINER,
)
from krm_injector.kube import selectors
from krm_injector.kube.paths import at, put
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Object, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Labels that keep every webhook away without a label on the pods (the namespaceSelectors of the
# charts of 1.1 to 1.32).
_INSTEAD = (
    f"label the Namespace {INJECTION_LABEL}: disabled in the cluster, which keeps every webhook "
    "away, and give the labels that injection goes by under spec.namespaces"
)

# Values that say that the CNI plugin replaces istio-init: since 1.22, before.
_CNI_VALUES = (("pilot", "cni", "enabled"), ("istio_cni", "enabled"))


def guarded(injected: Object, decision: Decision, plane: PreparedControlPlane) -> Object:
    """The injected workload with the guard on its pod template."""
    metadata = (*decision.workload.template, "metadata")
    result: Object = put(injected, (*metadata, "labels", INJECT), "false")
    if not plane.mesh.rules.inject_label:
        result = put(result, (*metadata, "annotations", INJECT), "false")
    return result


def problem(injected: Object, decision: Decision, plane: PreparedControlPlane) -> Result | None:
    """Why this workload cannot have the guard; None if it can."""
    ref, who = decision.workload.ref, decision.workload.shown
    if _cni_redirects(injected, decision, plane):
        message = (
            f"{who} cannot have the guard: the mesh uses the Istio CNI plugin, which sets up no "
            f'redirection for a pod with {INJECT}: "false", so its traffic would go past the '
            f"sidecar. Set spec.guard to none, and {_INSTEAD}"
        )
        return Result("error", message, ref, "spec.guard", code="guard-impossible")

    field = _excluding_selector(decision)
    if field:
        message = (
            f"{who} cannot have the guard: its {field} does not select pods with {INJECT}: "
            '"false". Take the label out of the selector, or set spec.guard to none, and '
            f"{_INSTEAD}"
        )
        return Result("error", message, ref, field, code="guard-impossible")

    return None


def _cni_redirects(injected: Object, decision: Decision, plane: PreparedControlPlane) -> bool:
    """Whether the CNI plugin, and no istio-init, sets up the pod's redirection."""
    path = (*decision.workload.template, "spec", "initContainers")
    containers = at(injected, path) or []
    if pods.find_container(INIT_CONTAINER, containers):
        return False

    values: Any = plane.values or {}
    if any(at(values, path) is True for path in _CNI_VALUES):
        return True
    return pods.find_container(VALIDATION_CONTAINER, containers) is not None


def _excluding_selector(decision: Decision) -> str:
    """The field of the workload's selector, if that would not select its guarded pods; "" if it
    would.
    """
    workload = decision.workload
    path = (*workload.template[:-1], "selector")
    value = at(workload.object, path) if workload.template else None
    if not isinstance(value, dict):
        return ""

    # ReplicationControllers and DeploymentConfigs have the labels without matchLabels.
    if not {"matchLabels", "matchExpressions"} & value.keys():
        value = {"matchLabels": value}
    try:
        selector = selectors.parse(value)
    except selectors.SelectorError:
        return ""  # the API server refuses it

    fits = all(
        requirement.matches({INJECT: "false"})
        for requirement in selector.requirements
        if requirement.key == INJECT
    )
    return "" if fits else text(path)
