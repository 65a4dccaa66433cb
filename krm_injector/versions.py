"""What differs between Istio versions: one table, one row a behaviour, each with its source.

A behaviour is a field of Rules, whose defaults are those of OLDEST. CHANGES lists, oldest first, the version from
which a field takes another value; read down a version to see what changed in it. A version that changes nothing needs
no row: only NEWEST moves on (docs/adding-a-version.md). The mesh API's own fields and defaults by version stand beside
their messages (istio_api/tables.py, defaults.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Names = frozenset[str]

OLDEST = (1, 9)  # the oldest version described here
NEWEST = (1, 31)

_DATA = "TypeMeta DeploymentMeta ObjectMeta Spec ProxyConfig MeshConfig Values Revision"
_FUNCTIONS = (
    "formatDuration isset excludeInboundPort includeInboundPorts kubevirtInterfaces applicationPorts annotation "
    "valueOrDefault toJSON toJson fromJSON structToJSON protoToJSON toYaml indent directory contains toLower "
    "appendMultusNetwork env render"
)


class Rules(NamedTuple):
    """How one minor version of Istio behaves."""

    minor: tuple[int, int] = OLDEST

    # Who is injected
    inject_label: bool = False  # the label sidecar.istio.io/inject is read, and wins over the annotation
    # injectRequired takes y, yes, true, on (any case) as true and any other non-empty value as false;
    # strict: exactly "true" and "false", anything else being no opinion.
    inject_value_strict: bool = False
    manual_skips_injected: bool = True  # kube-inject leaves a pod alone that has istio-proxy and the status annotation
    webhook_per_selector: bool = False  # rev.namespace., rev.object., namespace., object. instead of one webhook
    auto_spares_system: bool = False  # webhook auto. leaves kube-system and its like out
    path_env: str = "slashes"  # "slashes": /inject/k/v; "colons": /inject/:ENV:k=v too; "escaped": --slash-- as well

    # Who owns the pod
    manual_pod_owner: bool = False  # a bare Pod's owner is guessed by kube-inject as by the webhook
    deployment_config_owner: bool = False  # OpenShift's DeploymentConfig is recognised by the label deploymentconfig
    rollout_owner: bool = False  # an Argo Rollout is recognised by rollouts-pod-template-hash
    cron_job_digits: str = "10"  # of the time at the end of the name of a CronJob's Job: "10" | "8-10"
    cron_job_api_version: str = "batch/v1beta1"  # what istiod says that such a Job's owner has

    # What a template sees
    template_data: Names = frozenset(_DATA.split())  # the fields of SidecarTemplateData
    functions: Names = frozenset(_FUNCTIONS.split())  # Istio's template functions, over sprig's
    sprig_lacks: Names = frozenset(("sha512sum",))  # of sprig 3.3.0's functions
    meta_type: str = "*v1.ObjectMeta"  # of .DeploymentMeta: "*v1.ObjectMeta" | "v1.ObjectMeta" | "types.NamespacedName"
    estimates_concurrency: bool = False  # .EstimatedConcurrency is filled (before, it is 0)
    # ProxyConfig resources count; the annotation proxy.istio.io/config is laid over the mesh's by kube-inject for
    # everything, and by the webhook not for .MeshConfig. Before, both see it laid over in templates only.
    proxy_config_resources: bool = False
    image_variant: str = ""  # values.global.variant in .ProxyImage: "" | "no image given" | "no type given"
    cni_network_by_namespace: bool = False  # appendMultusNetwork splits "namespace/name"
    proxy_ids: bool = False  # ProxyUID, ProxyGID follow OpenShift's ranges
    values_required: bool = False  # values that are null are an error
    # Minor of k8s.io/api: fields of a template that it does not have are dropped (kube/pod_history.py), and before 35
    # Go writes "divisor: 0" for a resourceFieldRef without one.
    kubernetes: int = 20

    # Native sidecars
    native_sidecars: bool = False  # an istio-proxy among the init containers is a sidecar
    native_annotation: bool = False  # sidecar.istio.io/nativeSidecar is read
    native_default: bool = False  # ENABLE_NATIVE_SIDECARS where nobody says

    # The user's own istio containers
    overrides_spare_injected: bool = False  # what an earlier injection put there is no override of the user's
    init_user: bool = False  # adjustInitContainerUser
    openshift_reset_user: str = ""  # "" | "containers" | "all": whose runAsUser is compared with the proxy's

    # Probes, metrics, status
    tcp_probes: str = ""  # "" never rewritten | "feature" unless REWRITE_TCP_PROBES is false | "always"
    grpc_probes: bool = False
    init_probes: bool = False  # init containers' probes are rewritten too
    lifecycle_probes: bool = False  # preStop and postStart handlers are rewritten like probes
    merge_probers: bool = False  # ISTIO_KUBE_APP_PROBERS of an earlier injection are merged, not written once more
    append_probers: bool = False  # a re-injected sidecar without ISTIO_KUBE_APP_PROBERS gets it
    prometheus_spellings: bool = False  # prometheus-io/port ... count as prometheus.io/port; scrape: "false" is heeded
    prometheus_targets: bool = False  # prometheus.istio.io/scrape-targets, secure-port; ports are checked
    status_revision: bool = False  # sidecar.istio.io/status has "revision"

    # Which annotation values are refused
    cidr_strict: bool = False  # address ranges: netip.ParsePrefix instead of net.ParseCIDR
    validate_core_dump: bool = True  # sidecar.istio.io/enableCoreDump must be a boolean
    validate_quantities: bool = False  # sidecar.istio.io/proxyCPU ... must be quantities
    validate_interfaces: bool = False  # excludeInterfaces ... must be interface names


def _with(*names: str) -> Callable[[Names], Names]:
    return lambda before: before | frozenset(names)


def _without(*names: str) -> Callable[[Names], Names]:
    return lambda before: before - frozenset(names)


Change = tuple[tuple[int, int], dict[str, Any], str]  # since, fields (a value, or a function of the old one), source

CHANGES: tuple[Change, ...] = (
    # 1.10
    ((1, 10), {"webhook_per_selector": True}, "istio-discovery/templates/mutatingwebhook.yaml, useLegacySelectors"),
    ((1, 10), {"path_env": "colons"}, "pkg/kube/inject/webhook.go parseInjectEnvs"),
    ((1, 10), {"cron_job_digits": "8-10"}, "pkg/kube/util.go cronJobNameRegexp"),
    ((1, 10), {"template_data": _with("EstimatedConcurrency")}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    # 1.11
    ((1, 11), {"meta_type": "v1.ObjectMeta"}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    ((1, 11), {"estimates_concurrency": True}, "pkg/kube/inject/inject.go estimateConcurrency"),
    ((1, 11), {"kubernetes": 21}, "go.mod: k8s.io/api"),
    ((1, 11), {"status_revision": True}, "pkg/kube/inject/inject.go SidecarInjectionStatus"),
    # 1.12
    ((1, 12), {"inject_label": True}, "pkg/kube/inject/inject.go injectRequired"),
    ((1, 12), {"deployment_config_owner": True}, "pkg/kube/util.go GetDeployMetaFromPod"),
    ((1, 12), {"tcp_probes": "feature"}, "pkg/kube/inject/app_probe.go, pilot/pkg/features RewriteTCPProbes"),
    ((1, 12), {"kubernetes": 22}, "go.mod: k8s.io/api"),
    # 1.13
    ((1, 13), {"kubernetes": 24}, "go.mod: k8s.io/api (1.13.0: 0.23)"),
    ((1, 13), {"template_data": _with("ProxyImage")}, "pkg/kube/inject/inject.go ProxyImage"),
    ((1, 13), {"proxy_config_resources": True}, "pilot/pkg/model/proxy_config.go, inject.go IntoObject, RunTemplate"),
    ((1, 13), {"grpc_probes": True}, "pkg/kube/inject/app_probe.go"),
    ((1, 13), {"prometheus_spellings": True}, "pkg/kube/inject/webhook.go applyPrometheusMerge"),
    # 1.14
    ((1, 14), {"functions": _without("render")}, "pkg/kube/inject/inject.go RunTemplate: templates parsed once"),
    # 1.15
    ((1, 15), {"functions": _with("excludeInterfaces")}, "pkg/kube/inject/template.go"),
    ((1, 15), {"path_env": "escaped"}, "pkg/kube/inject/webhook.go parseInjectEnvs"),
    # 1.16
    ((1, 16), {"cidr_strict": True}, "pkg/kube/inject/validate.go validateCIDRList"),
    ((1, 16), {"auto_spares_system": True}, "istio-discovery/templates/mutatingwebhook.yaml"),
    ((1, 16), {"kubernetes": 25}, "go.mod: k8s.io/api"),
    # 1.17
    ((1, 17), {"manual_skips_injected": False}, "pkg/kube/inject/inject.go IntoObject"),
    ((1, 17), {"overrides_spare_injected": True}, "pkg/kube/inject/webhook.go reapplyOverwrittenContainers"),
    ((1, 17), {"merge_probers": True}, "pkg/kube/inject/webhook.go mergeOrAppendProbers"),
    ((1, 17), {"kubernetes": 26}, "go.mod: k8s.io/api"),
    # 1.18
    ((1, 18), {"template_data": _without("EstimatedConcurrency")}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    ((1, 18), {"functions": _with("omit", "strdict", "toJsonMap")}, "pkg/kube/inject/template.go"),
    ((1, 18), {"kubernetes": 27}, "go.mod: k8s.io/api"),
    # 1.19
    ((1, 19), {"native_sidecars": True, "init_probes": True}, "pkg/kube/inject/webhook.go reorderPod, app_probe.go"),
    ((1, 19), {"tcp_probes": "always"}, "pkg/kube/inject/app_probe.go"),
    ((1, 19), {"template_data": _with("CompliancePolicy")}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    ((1, 19), {"functions": _without("toJson")}, "pkg/kube/inject/template.go: sprig's toJson from here on"),
    ((1, 19), {"kubernetes": 28}, "go.mod: k8s.io/api"),
    # 1.20
    ((1, 20), {"init_user": True, "proxy_ids": True}, "pkg/kube/inject/webhook.go, openshift.go"),
    ((1, 20), {"template_data": _with("ProxyUID", "ProxyGID")}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    # 1.21
    ((1, 21), {"manual_pod_owner": True}, "pkg/kube/inject/inject.go IntoObject"),
    ((1, 21), {"functions": _with("mergeMaps")}, "pkg/kube/inject/template.go"),
    ((1, 21), {"kubernetes": 29}, "go.mod: k8s.io/api"),
    # 1.22
    ((1, 22), {"cron_job_api_version": "batch/v1", "rollout_owner": True}, "pkg/kube/util.go GetDeployMetaFromPod"),
    ((1, 22), {"meta_type": "types.NamespacedName"}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    ((1, 22), {"template_data": _with("InboundTrafficPolicyMode")}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    ((1, 22), {"image_variant": "no image given"}, "pkg/kube/inject/inject.go ProxyImage"),
    ((1, 22), {"kubernetes": 30}, "go.mod: k8s.io/api"),
    # 1.23
    ((1, 23), {"cni_network_by_namespace": True}, "pkg/kube/inject/template.go appendMultusNetwork"),
    ((1, 23), {"openshift_reset_user": "containers", "values_required": True}, "pkg/kube/inject/webhook.go inject"),
    # 1.24
    ((1, 24), {"native_annotation": True}, "pkg/kube/inject/inject.go RunTemplate"),
    ((1, 24), {"sprig_lacks": frozenset()}, "go.mod: Masterminds/sprig 3.3.0"),
    ((1, 24), {"kubernetes": 31}, "go.mod: k8s.io/api"),
    # 1.25
    ((1, 25), {"kubernetes": 32}, "go.mod: k8s.io/api"),
    ((1, 25), {"lifecycle_probes": True}, "pkg/kube/inject/app_probe.go"),
    ((1, 25), {"validate_core_dump": False}, "pkg/kube/inject/validate.go"),
    # 1.26
    ((1, 26), {"kubernetes": 33}, "go.mod: k8s.io/api"),
    # 1.27
    ((1, 27), {"inject_value_strict": True}, "pkg/kube/inject/inject.go injectRequired"),
    ((1, 27), {"append_probers": True, "openshift_reset_user": "all"}, "pkg/kube/inject/webhook.go"),
    ((1, 27), {"validate_quantities": True}, "pkg/kube/inject/validate.go"),
    ((1, 27), {"native_default": True}, "pilot/pkg/features/pilot.go ENABLE_NATIVE_SIDECARS"),
    ((1, 27), {"template_data": _with("NativeSidecars")}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    # 1.28
    ((1, 28), {"functions": _with("omitNil")}, "pkg/kube/inject/template.go"),
    ((1, 28), {"kubernetes": 34}, "go.mod: k8s.io/api"),
    # 1.29
    ((1, 29), {"kubernetes": 35}, "go.mod: k8s.io/api"),
    # 1.30
    ((1, 30), {"validate_interfaces": True}, "pkg/kube/inject/validate.go"),
    ((1, 30), {"functions": _with("otelResourceAttributes")}, "pkg/kube/inject/template.go"),
    # 1.31
    ((1, 31), {"template_data": _with("ProxyInitImage")}, "pkg/kube/inject/inject.go ProxyInitImage"),
    ((1, 31), {"image_variant": "no type given"}, "pkg/kube/inject/inject.go proxyImageURL"),
    ((1, 31), {"prometheus_targets": True}, "pkg/kube/inject/webhook.go applyPrometheusMerge, status/server.go"),
)


def parse_version(text: str) -> tuple[int, int] | None:
    """The minor version that a tag or label names: "1.30.3", "1.30-alpha.abc", "v1.24" -> (1, 30); else None."""
    match = re.match(r"v?(\d+)\.(\d+)(?:[.\-+]|$)", text)
    return (int(match[1]), int(match[2])) if match else None


def rules_for(minor: tuple[int, int] | None) -> Rules:
    """The rules of a minor version; None (unknown) takes the newest."""
    wanted = minor or NEWEST
    fields: dict[str, Any] = Rules()._asdict()
    for since, changes, _source in CHANGES:
        if since <= wanted:
            for name, value in changes.items():
                fields[name] = value(fields[name]) if callable(value) else value
    return Rules(**{**fields, "minor": wanted})
