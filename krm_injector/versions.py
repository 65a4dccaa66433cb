"""What differs between Istio versions: one table, one row a behaviour, each with its source.

A behaviour is a field of Rules. CHANGES lists, oldest first, the version from which a field takes another value.
Adding a version in which nothing changes needs no line here (NEWEST moves on).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

NEWEST = (1, 30)


class Rules(NamedTuple):
    """How one minor version of Istio behaves. Defaults are those of the oldest version described (1.19)."""

    minor: tuple[int, int] = (1, 19)
    # injectRequired takes y, yes, true, on (any case) as true and any other non-empty value as false;
    # from 1.27 on exactly "true" and "false", anything else being no opinion.
    inject_value_strict: bool = False
    # The template data of IntoObject for a bare Pod comes from its owner references, as in the webhook.
    manual_pod_owner: bool = False
    # apiVersion that istiod gives the owner of a Job whose name ends in a timestamp.
    cron_job_api_version: str = "batch/v1beta1"
    rollout_owner: bool = False  # an Argo Rollout is recognised by rollouts-pod-template-hash
    tracing_default: bool = True  # defaultConfig.tracing has the zipkin address among the defaults
    cni_network_by_namespace: bool = False  # appendMultusNetwork splits "namespace/name"
    native_annotation: bool = False  # sidecar.istio.io/nativeSidecar is read
    native_default: bool = False  # ENABLE_NATIVE_SIDECARS where nobody says
    lifecycle_probes: bool = False  # preStop and postStart handlers are rewritten like probes
    cidr_strict: bool = False  # address ranges: netip.ParsePrefix instead of net.ParseCIDR
    validate_core_dump: bool = True  # sidecar.istio.io/enableCoreDump must be a boolean
    validate_quantities: bool = False  # sidecar.istio.io/proxyCPU ... must be quantities
    validate_interfaces: bool = False  # excludeInterfaces ... must be interface names
    append_probers: bool = False  # a re-injected sidecar without ISTIO_KUBE_APP_PROBERS gets it
    init_user: bool = False  # adjustInitContainerUser
    proxy_ids: bool = False  # ProxyUID, ProxyGID, OpenShift's ranges
    openshift_reset_user: str = ""  # "" | "containers" | "all": whose runAsUser is compared with the proxy's
    zero_divisor: bool = True  # Go writes "divisor: 0" for a resourceFieldRef without one (k8s.io/api before 0.35)


CHANGES: tuple[tuple[tuple[int, int], dict[str, Any], str], ...] = (
    ((1, 16), {"cidr_strict": True}, "pkg/kube/inject/validate.go validateCIDRList"),
    ((1, 20), {"init_user": True, "proxy_ids": True}, "pkg/kube/inject/webhook.go, openshift.go"),
    ((1, 21), {"manual_pod_owner": True}, "pkg/kube/inject/inject.go IntoObject"),
    ((1, 22), {"tracing_default": False}, "pkg/config/mesh/mesh.go DefaultProxyConfig"),
    ((1, 22), {"cron_job_api_version": "batch/v1", "rollout_owner": True}, "pkg/kube/util.go GetDeployMetaFromPod"),
    ((1, 23), {"cni_network_by_namespace": True}, "pkg/kube/inject/template.go appendMultusNetwork"),
    ((1, 23), {"openshift_reset_user": "containers"}, "pkg/kube/inject/webhook.go inject"),
    ((1, 24), {"native_annotation": True}, "pkg/kube/inject/inject.go RunTemplate"),
    ((1, 25), {"lifecycle_probes": True}, "pkg/kube/inject/app_probe.go"),
    ((1, 25), {"validate_core_dump": False}, "pkg/kube/inject/validate.go"),
    ((1, 27), {"inject_value_strict": True}, "pkg/kube/inject/inject.go injectRequired"),
    ((1, 27), {"append_probers": True, "openshift_reset_user": "all"}, "pkg/kube/inject/webhook.go"),
    ((1, 27), {"validate_quantities": True}, "pkg/kube/inject/validate.go"),
    ((1, 27), {"native_default": True}, "pilot/pkg/features/pilot.go ENABLE_NATIVE_SIDECARS"),
    ((1, 29), {"zero_divisor": False}, "go.mod: k8s.io/api 0.35 omits a zero ResourceFieldSelector.divisor"),
    ((1, 30), {"validate_interfaces": True}, "pkg/kube/inject/validate.go"),
)


def parse_version(text: str) -> tuple[int, int] | None:
    """The minor version that a tag or label names: "1.30.3", "1.30-alpha.abc", "v1.24" -> (1, 30); else None."""
    match = re.match(r"v?(\d+)\.(\d+)(?:[.\-+]|$)", text)
    return (int(match[1]), int(match[2])) if match else None


def rules_for(minor: tuple[int, int] | None) -> Rules:
    """The rules of a minor version; None (unknown) takes the newest."""
    wanted = minor or NEWEST
    rules = Rules(minor=wanted)
    for since, change, _source in CHANGES:
        if since <= wanted:
            rules = rules._replace(**change)
    return rules
