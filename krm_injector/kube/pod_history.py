"""From which Kubernetes API (minor of k8s.io/api, 1.11 on) the types under v1.Pod have a field.

An older API server, or whoever decodes with an older k8s.io/api, drops what it does not know. Only
fields that a template can hold; whole types that came later are dropped with the field that leads
to them.
"""

from __future__ import annotations

from krm_injector.kube.pod_types_generated import TYPES
from krm_injector.kube.types import INLINE, element_type, kind_of
from krm_injector.light import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NEWEST = 35  # what pod_types_generated.py describes

_SINCE: dict[int, dict[str, str]] = {
    12: {"v1.PodSpec": "runtimeClassName", "v1.SecurityContext": "procMount"},
    13: {"v1.PodSpec": "enableServiceLinks"},
    14: {
        "v1.PodSecurityContext": "windowsOptions",
        "v1.SecurityContext": "windowsOptions",
        "v1.VolumeMount": "subPathExpr",
    },
    15: {"v1.PodSpec": "preemptionPolicy"},
    16: {
        "v1.Container": "startupProbe",
        "v1.PodSpec": "ephemeralContainers overhead topologySpreadConstraints",
    },
    18: {"v1.PodSecurityContext": "fsGroupChangePolicy"},
    19: {
        "v1.PodSecurityContext": "seccompProfile",
        "v1.PodSpec": "setHostnameAsFQDN",
        "v1.SecurityContext": "seccompProfile",
        "v1.VolumeSource": "ephemeral",
    },
    21: {"v1.PodAffinityTerm": "namespaceSelector", "v1.Probe": "terminationGracePeriodSeconds"},
    22: {
        "v1.PersistentVolumeClaimSpec": "dataSourceRef",
        "v1.WindowsSecurityContextOptions": "hostProcess",
    },
    23: {"v1.PodSpec": "os", "v1.ProbeHandler": "grpc"},
    24: {"v1.TopologySpreadConstraint": "minDomains"},
    25: {
        "v1.PodSpec": "hostUsers",
        "v1.TopologySpreadConstraint": "nodeAffinityPolicy nodeTaintsPolicy matchLabelKeys",
    },
    26: {"v1.PodSpec": "schedulingGates resourceClaims", "v1.ResourceRequirements": "claims"},
    27: {"v1.Container": "resizePolicy", "v1.EphemeralContainerCommon": "resizePolicy"},
    28: {"v1.Container": "restartPolicy", "v1.EphemeralContainerCommon": "restartPolicy"},
    29: {
        "v1.LifecycleHandler": "sleep",
        "v1.PersistentVolumeClaimSpec": "volumeAttributesClassName",
        "v1.PodAffinityTerm": "matchLabelKeys mismatchLabelKeys",
        "v1.VolumeProjection": "clusterTrustBundle",
    },
    30: {
        "v1.PodSecurityContext": "appArmorProfile",
        "v1.SecurityContext": "appArmorProfile",
        "v1.VolumeMount": "recursiveReadOnly",
    },
    31: {
        "v1.PodSecurityContext": "supplementalGroupsPolicy",
        "v1.ResourceClaim": "request",
        "v1.VolumeSource": "image",
    },
    32: {"v1.PodSecurityContext": "seLinuxChangePolicy", "v1.PodSpec": "resources"},
    33: {"v1.Lifecycle": "stopSignal"},
    34: {
        "v1.Container": "restartPolicyRules",
        "v1.EnvVarSource": "fileKeyRef",
        "v1.EphemeralContainerCommon": "restartPolicyRules",
        "v1.PodSpec": "hostnameOverride",
        "v1.VolumeProjection": "podCertificate",
    },
    35: {"v1.PodCertificateProjection": "userAnnotations", "v1.PodSpec": "workloadRef"},
}


def known(go_type: str, value: Any, minor: int) -> Any:
    """``value`` without the fields that k8s.io/api 0.``minor`` does not have; the same object where
    nothing changes.
    """
    kind = kind_of(go_type)
    if kind == "pointer":
        return known(element_type(go_type), value, minor)

    if kind == "slice" and isinstance(value, list):
        inner = element_type(go_type)
        items = [known(inner, item, minor) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value

    if kind != "struct" or not isinstance(value, dict):
        return value

    fields, late = _fields(go_type), _late(go_type, minor)
    kept = {
        k: known(fields[k], v, minor) if k in fields else v
        for k, v in value.items()
        if k not in late
    }
    return kept if len(kept) != len(value) or any(kept[k] is not value[k] for k in kept) else value


@cache
def _fields(go_type: str) -> dict[str, str]:
    """JSON name -> Go type, fields of embedded structs included."""
    types: dict[str, str] = {}
    for name, _, field_type, flags, _, _ in TYPES[go_type]:
        types.update(_fields(field_type) if flags & INLINE else {name: field_type})
    return types


@cache
def _late(go_type: str, minor: int) -> frozenset[str]:
    """The JSON names of the fields that came after that minor."""
    names: set[str] = set()
    for since, by_type in _SINCE.items():
        if since > minor:
            names.update(by_type.get(go_type, "").split())

    for _, _, field_type, flags, _, _ in TYPES[go_type]:
        if flags & INLINE:
            names |= _late(field_type, minor)

    return frozenset(names)
