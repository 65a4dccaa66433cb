"""What differs between Istio versions: one table, one row a behaviour, each with its source.

A behaviour is a field of Rules, whose defaults are those of OLDEST. CHANGES lists, oldest first,
the version from which a field takes another value; read down a version to see what changed in it. A
version that changes nothing needs no row: only NEWEST moves on (docs/adding-a-version.md). The mesh
API's own fields and defaults by version stand beside their messages (istio_api/tables_generated.py,
defaults.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Names = frozenset[str]

OLDEST = (1, 1)  # the oldest version described here
NEWEST = (1, 31)

_SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "local-path-storage")
_DATA = "DeploymentMeta ObjectMeta Spec ProxyConfig MeshConfig"
_FUNCTIONS = (
    "formatDuration isset excludeInboundPort includeInboundPorts kubevirtInterfaces "
    "applicationPorts annotation valueOrDefault toJSON toJson fromJSON toYaml indent directory"
)


class Rules(NamedTuple):
    """How one minor version of Istio behaves."""

    minor: tuple[int, int] = OLDEST

    # What a template gives: "spec", a SidecarInjectionSpec that code applies, or "pod", a partial
    # Pod that is merged
    result: str = "spec"

    # Who is injected
    ignored_namespaces: tuple[str, ...] = ("kube-system", "kube-public")
    inject_label: bool = (
        False  # the label sidecar.istio.io/inject is read, and wins over the annotation
    )
    # injectRequired takes y, yes, true, on (any case) as true and any other non-empty value as
    # false; strict: exactly "true" and "false", anything else being no opinion.
    inject_value_strict: bool = False
    manual_asks: bool = (
        False  # kube-inject asks injectRequired at all; before, it looks at hostNetwork only
    )
    # kube-inject leaves a pod with istio-proxy beside others alone: "" | "by name" | "by status"
    # (and its annotation)
    manual_skips_injected: str = ""
    object_selector: bool = (
        False  # values.sidecarInjectorWebhook.objectSelector.enabled where nobody says
    )
    spares_control_plane: bool = (
        False  # enableNamespacesByDefault leaves the Namespace of the control plane out
    )
    spares_revisions: bool = False  # ... and those with istio-env or istio.io/rev
    webhook_per_selector: bool = (
        False  # rev.namespace., rev.object., namespace., object. instead of one webhook
    )
    auto_spares_system: bool = False  # webhook auto. leaves kube-system and its like out
    paths_below: bool = False  # istiod answers below /inject too
    # "slashes": /inject/k/v; "colons": /inject/:ENV:k=v too; "escaped": --slash-- as well
    path_env: str = "slashes"

    # Who owns the pod
    manual_pod_owner: bool = False  # a bare Pod's owner is guessed by kube-inject as by the webhook
    deployment_config_owner: bool = (
        False  # OpenShift's DeploymentConfig is recognised by the label deploymentconfig
    )
    rollout_owner: bool = False  # an Argo Rollout is recognised by rollouts-pod-template-hash
    owner_reference: bool = (
        False  # the webhook asks the owner reference; before, the pod itself is its owner
    )
    bare_replica_set: bool = False  # a ReplicaSet of its own counts as a Deployment of that name
    cron_job_digits: str = (
        ""  # of the time at the end of the name of a CronJob's Job: "" not read | "10" | "8-10"
    )
    cron_job_api_version: str = "batch/v1beta1"  # what istiod says that such a Job's owner has

    # What a template sees
    template_data: Names = frozenset(_DATA.split())  # the fields of SidecarTemplateData
    functions: Names = frozenset(_FUNCTIONS.split())  # Istio's template functions, over sprig's
    delimiters: tuple[str, str] = ("[[", "]]")
    sprig: bool = False  # sprig's functions are there
    sprig_lacks: Names = frozenset(("sha512sum",))  # of sprig 3.3.0's functions
    value_or_default: str = "string"  # what valueOrDefault takes: "string" | "any"
    ports_of_tcp: bool = False  # includeInboundPorts and applicationPorts leave UDP and SCTP out
    multus_looks: bool = False  # appendMultusNetwork reads what is there, and adds nothing that is
    # of .DeploymentMeta: "*v1.ObjectMeta" | "v1.ObjectMeta" | "types.NamespacedName"
    meta_type: str = "*v1.ObjectMeta"
    estimates_concurrency: bool = False  # .EstimatedConcurrency is filled (before, it is 0)
    # ProxyConfig resources count; the annotation proxy.istio.io/config is laid over the mesh's by
    # kube-inject for everything, and by the webhook not for .MeshConfig. Before, both see it laid
    # over in templates only.
    proxy_config_resources: bool = False
    image_variant: str = (
        ""  # values.global.variant in .ProxyImage: "" | "no image given" | "no type given"
    )
    cni_network_by_namespace: bool = False  # appendMultusNetwork splits "namespace/name"
    proxy_ids: bool = False  # ProxyUID, ProxyGID follow OpenShift's ranges
    values_required: bool = False  # values that are null are an error
    # Minor of k8s.io/api: fields of a template that it does not have are dropped
    # (kube/pod_history.py), and before 35 Go writes "divisor: 0" for a resourceFieldRef without
    # one.
    kubernetes: int = 11

    # Applying a SidecarInjectionSpec (only where result is "spec")
    manual_patches: bool = (
        False  # kube-inject applies it as the webhook does; before, by code of its own
    )
    manual_pull_secrets: bool = False  # ... that knows imagePullSecrets
    # ... and podRedirectAnnot: "" | "istio" annotations of Istio's | "multus" its networks too
    pod_redirect: str = ""
    annotation_rewrites: bool = False  # sidecar.istio.io/rewriteAppHTTPProbers counts
    https_probes: bool = (
        False  # the kubelet asks the agent by HTTP where the application speaks HTTPS
    )
    prober_form: str = (
        "action"  # in ISTIO_KUBE_APP_PROBERS: the "action" itself, or a "prober" that holds it
    )
    empty_probers: bool = True  # ISTIO_KUBE_APP_PROBERS is there without probes as well: {}
    startup_probes: bool = False
    probe_patch: str = "action"  # what of a probe the webhook's patch replaces: "action" | "probe"
    # the webhook rewrites probes before it moves containers, not by their old places after
    probes_first: bool = False
    status_port: str = "args"  # where the agent's port is read: the sidecar's "args", or the "mesh"
    # fsGroup 1337: "token" with sdsUdsPath and enableSdsTokenMount, in place of the pod's
    # securityContext; "path" with sdsUdsPath, in its place; "merged" the same in it; "feature" by
    # ENABLE_LEGACY_FSGROUP_INJECTION
    fs_group: str = "token"
    config_injected_annotations: bool = False  # injectedAnnotations
    labels: Names = frozenset()  # that are added: "tls", "canonical", "revision", "network"
    proxy_config_annotation: bool = False  # proxy.istio.io/config
    # The mesh was written out by Istio's own test-suite, which has defaults of its own (mesh.go
    # TestMode, 1.6 only): "" never | "possible" in this version | "yes", as control_planes finds in
    # the mesh itself
    test_mesh: str = ""
    cluster_by_path: str = (
        ""  # cluster and network: "" | "ends" the path's last parts | "pairs" its keys and values
    )
    merges_prometheus: str = (
        ""  # "" | "webhook" | "annotations" kube-inject too, but without the variable | "both"
    )
    validation_first: bool = False  # the webhook puts istio-validation before other init containers
    hold: str = ""  # holdApplicationUntilProxyStarts: "" | "values" | "mesh" or the values

    # Native sidecars
    native_sidecars: bool = False  # an istio-proxy among the init containers is a sidecar
    native_annotation: bool = False  # sidecar.istio.io/nativeSidecar is read
    native_default: bool = False  # ENABLE_NATIVE_SIDECARS where nobody says

    # The user's own istio containers
    overrides_spare_injected: bool = (
        False  # what an earlier injection put there is no override of the user's
    )
    init_user: bool = False  # adjustInitContainerUser
    openshift_reset_user: str = (
        ""  # "" | "containers" | "all": whose runAsUser is compared with the proxy's
    )

    # Probes, metrics, status
    tcp_probes: str = (
        ""  # "" never rewritten | "feature" unless REWRITE_TCP_PROBES is false | "always"
    )
    grpc_probes: bool = False
    init_probes: bool = False  # init containers' probes are rewritten too
    lifecycle_probes: bool = False  # preStop and postStart handlers are rewritten like probes
    merge_probers: bool = (
        False  # ISTIO_KUBE_APP_PROBERS of an earlier injection are merged, not written once more
    )
    append_probers: bool = False  # a re-injected sidecar without ISTIO_KUBE_APP_PROBERS gets it
    prometheus_spellings: bool = (
        False  # prometheus-io/port ... count as prometheus.io/port; scrape: "false" is heeded
    )
    prometheus_targets: bool = (
        False  # prometheus.istio.io/scrape-targets, secure-port; ports are checked
    )
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


Change = tuple[
    tuple[int, int], dict[str, Any], str
]  # since, fields (a value, or a function of the old one), source

_INJECT = "pkg/kube/inject/inject.go"  # until 1.3 under pilot/
_WEBHOOK = "pkg/kube/inject/webhook.go"
_PROBE = "pkg/kube/inject/app_probe.go"
_CHART = "sidecarInjectorWebhook/templates/mutatingwebhook.yaml"

CHANGES: tuple[Change, ...] = (
    # 1.2
    ((1, 2), {"delimiters": ("{{", "}}")}, f"{_INJECT} parseTemplate"),
    ((1, 2), {"template_data": _with("Values")}, f"{_INJECT} SidecarTemplateData"),
    (
        (1, 2),
        {"functions": _with("contains", "render"), "value_or_default": "any"},
        f"{_INJECT} InjectionData",
    ),
    ((1, 2), {"manual_skips_injected": "by name"}, f"{_INJECT} intoObject"),
    (
        (1, 2),
        {"annotation_rewrites": True, "https_probes": True},
        f"{_PROBE} ShouldRewriteAppHTTPProbers",
    ),
    ((1, 2), {"spares_control_plane": True}, _CHART),
    ((1, 2), {"kubernetes": 13}, "go.mod: k8s.io/api"),
    # 1.3
    ((1, 3), {"template_data": _with("TypeMeta")}, f"{_INJECT} SidecarTemplateData"),
    ((1, 3), {"functions": _with("structToJSON", "toLower")}, f"{_INJECT} InjectionData"),
    ((1, 3), {"owner_reference": True, "bare_replica_set": True}, f"{_WEBHOOK} inject"),
    ((1, 3), {"pod_redirect": "istio"}, f"{_INJECT} rewriteCniPodSPec"),
    ((1, 3), {"fs_group": "path"}, f"{_INJECT} IntoObject, {_WEBHOOK} inject"),
    # 1.4
    (
        (1, 4),
        {"functions": _with("protoToJSON"), "ports_of_tcp": True},
        f"{_INJECT} InjectionData, getPortsForContainer",
    ),
    (
        (1, 4),
        {"fs_group": "merged", "labels": _with("tls")},
        f"{_INJECT} IntoObject, {_WEBHOOK} createPatch",
    ),
    ((1, 4), {"config_injected_annotations": True}, f"{_WEBHOOK} inject"),
    ((1, 4), {"kubernetes": 16}, "go.mod: k8s.io/api"),
    # 1.5
    ((1, 5), {"kubernetes": 17}, "go.mod: k8s.io/api"),
    ((1, 5), {"functions": _with("env")}, f"{_INJECT} InjectionData"),
    (
        (1, 5),
        {"prober_form": "prober", "probe_patch": "probe"},
        f"{_PROBE} DumpAppProbers, createProbeRewritePatch",
    ),
    ((1, 5), {"labels": _with("canonical")}, f"{_WEBHOOK} createPatch"),
    ((1, 5), {"spares_revisions": True}, "istio-discovery/templates/mutatingwebhook.yaml"),
    # 1.6
    ((1, 6), {"kubernetes": 18}, "go.mod: k8s.io/api"),
    ((1, 6), {"manual_pull_secrets": True}, f"{_INJECT} IntoObject"),
    ((1, 6), {"status_port": "mesh"}, f"{_PROBE} rewriteAppHTTPProbe"),
    (
        (1, 6),
        {"labels": _with("revision"), "validation_first": True},
        f"{_WEBHOOK} createPatch, addContainer",
    ),
    ((1, 6), {"pod_redirect": "multus"}, f"{_INJECT} AnnotationValidation"),
    ((1, 6), {"merges_prometheus": "webhook"}, f"{_WEBHOOK} enablePrometheusMerge"),
    ((1, 6), {"cluster_by_path": "ends"}, f"{_INJECT} overwriteClusterInfo"),
    ((1, 6), {"proxy_config_annotation": True}, f"{_INJECT} InjectionData"),
    ((1, 6), {"cron_job_digits": "10"}, f"{_WEBHOOK} inject"),
    ((1, 6), {"test_mesh": "possible"}, "pkg/config/mesh/mesh.go DefaultMeshConfig"),
    ((1, 6), {"paths_below": True}, f"{_WEBHOOK} NewWebhook: /inject/ (late in 1.6)"),
    # 1.7
    ((1, 7), {"test_mesh": ""}, "pkg/config/mesh/mesh.go DefaultMeshConfig"),
    ((1, 7), {"startup_probes": True}, f"{_PROBE} DumpAppProbers"),
    ((1, 7), {"probes_first": True}, f"{_WEBHOOK} createPatch"),
    ((1, 7), {"hold": "values"}, f"{_INJECT} injectContainers, {_WEBHOOK} shouldBeInjectedInFront"),
    ((1, 7), {"merges_prometheus": "annotations"}, f"{_INJECT} IntoObject"),
    # 1.8
    ((1, 8), {"kubernetes": 19}, "go.mod: k8s.io/api"),
    (
        (1, 8),
        {"manual_patches": True, "pod_redirect": ""},
        f"{_INJECT} IntoObject: injectPod for both",
    ),
    ((1, 8), {"manual_asks": True}, f"{_INJECT} IntoObject"),
    ((1, 8), {"bare_replica_set": False}, "pkg/kube/util.go GetDeployMetaFromPod"),
    (
        (1, 8),
        {"sprig": True, "functions": _with("appendMultusNetwork")},
        f"{_INJECT} parseTemplate, InjectionData",
    ),
    (
        (1, 8),
        {"cluster_by_path": "pairs", "labels": _with("network")},
        f"{_INJECT} InjectionData, createPatch",
    ),
    ((1, 8), {"fs_group": "feature", "merges_prometheus": "both"}, f"{_WEBHOOK} injectPod"),
    ((1, 8), {"empty_probers": False}, f"{_PROBE} DumpAppProbers"),
    ((1, 8), {"hold": "mesh"}, f"{_INJECT} InjectionData"),
    # 1.9
    ((1, 9), {"kubernetes": 20}, "go.mod: k8s.io/api"),
    ((1, 9), {"result": "pod"}, f"{_INJECT} RunTemplate: templates of Pods, merged"),
    ((1, 9), {"ignored_namespaces": _SYSTEM}, "pkg/kube/inject/initializer.go"),
    ((1, 9), {"manual_skips_injected": "by status"}, f"{_INJECT} IntoObject"),
    (
        (1, 9),
        {"template_data": _with("Revision"), "multus_looks": True},
        f"{_INJECT} SidecarTemplateData",
    ),
    ((1, 9), {"object_selector": True}, "istio-discovery/values.yaml objectSelector"),
    # 1.10
    (
        (1, 10),
        {"webhook_per_selector": True},
        "istio-discovery/templates/mutatingwebhook.yaml, useLegacySelectors",
    ),
    ((1, 10), {"path_env": "colons"}, "pkg/kube/inject/webhook.go parseInjectEnvs"),
    ((1, 10), {"cron_job_digits": "8-10"}, "pkg/kube/util.go cronJobNameRegexp"),
    (
        (1, 10),
        {"template_data": _with("EstimatedConcurrency")},
        "pkg/kube/inject/inject.go SidecarTemplateData",
    ),
    # 1.11
    ((1, 11), {"meta_type": "v1.ObjectMeta"}, "pkg/kube/inject/inject.go SidecarTemplateData"),
    ((1, 11), {"estimates_concurrency": True}, "pkg/kube/inject/inject.go estimateConcurrency"),
    ((1, 11), {"kubernetes": 21}, "go.mod: k8s.io/api"),
    ((1, 11), {"status_revision": True}, "pkg/kube/inject/inject.go SidecarInjectionStatus"),
    # 1.12
    ((1, 12), {"inject_label": True}, "pkg/kube/inject/inject.go injectRequired"),
    ((1, 12), {"deployment_config_owner": True}, "pkg/kube/util.go GetDeployMetaFromPod"),
    (
        (1, 12),
        {"tcp_probes": "feature"},
        "pkg/kube/inject/app_probe.go, pilot/pkg/features RewriteTCPProbes",
    ),
    ((1, 12), {"kubernetes": 22}, "go.mod: k8s.io/api"),
    # 1.13
    ((1, 13), {"kubernetes": 24}, "go.mod: k8s.io/api (1.13.0: 0.23)"),
    ((1, 13), {"template_data": _with("ProxyImage")}, "pkg/kube/inject/inject.go ProxyImage"),
    (
        (1, 13),
        {"proxy_config_resources": True},
        "pilot/pkg/model/proxy_config.go, inject.go IntoObject, RunTemplate",
    ),
    ((1, 13), {"grpc_probes": True}, "pkg/kube/inject/app_probe.go"),
    ((1, 13), {"prometheus_spellings": True}, "pkg/kube/inject/webhook.go applyPrometheusMerge"),
    # 1.14
    (
        (1, 14),
        {"functions": _without("render")},
        "pkg/kube/inject/inject.go RunTemplate: templates parsed once",
    ),
    # 1.15
    ((1, 15), {"functions": _with("excludeInterfaces")}, "pkg/kube/inject/template.go"),
    ((1, 15), {"path_env": "escaped"}, "pkg/kube/inject/webhook.go parseInjectEnvs"),
    # 1.16
    ((1, 16), {"cidr_strict": True}, "pkg/kube/inject/validate.go validateCIDRList"),
    ((1, 16), {"auto_spares_system": True}, "istio-discovery/templates/mutatingwebhook.yaml"),
    ((1, 16), {"kubernetes": 25}, "go.mod: k8s.io/api"),
    # 1.17
    ((1, 17), {"manual_skips_injected": ""}, "pkg/kube/inject/inject.go IntoObject"),
    (
        (1, 17),
        {"overrides_spare_injected": True},
        "pkg/kube/inject/webhook.go reapplyOverwrittenContainers",
    ),
    ((1, 17), {"merge_probers": True}, "pkg/kube/inject/webhook.go mergeOrAppendProbers"),
    ((1, 17), {"kubernetes": 26}, "go.mod: k8s.io/api"),
    # 1.18
    (
        (1, 18),
        {"template_data": _without("EstimatedConcurrency")},
        "pkg/kube/inject/inject.go SidecarTemplateData",
    ),
    ((1, 18), {"functions": _with("omit", "strdict", "toJsonMap")}, "pkg/kube/inject/template.go"),
    ((1, 18), {"kubernetes": 27}, "go.mod: k8s.io/api"),
    # 1.19
    (
        (1, 19),
        {"native_sidecars": True, "init_probes": True},
        "pkg/kube/inject/webhook.go reorderPod, app_probe.go",
    ),
    ((1, 19), {"tcp_probes": "always"}, "pkg/kube/inject/app_probe.go"),
    (
        (1, 19),
        {"template_data": _with("CompliancePolicy")},
        "pkg/kube/inject/inject.go SidecarTemplateData",
    ),
    (
        (1, 19),
        {"functions": _without("toJson")},
        "pkg/kube/inject/template.go: sprig's toJson from here on",
    ),
    ((1, 19), {"kubernetes": 28}, "go.mod: k8s.io/api"),
    # 1.20
    ((1, 20), {"init_user": True, "proxy_ids": True}, "pkg/kube/inject/webhook.go, openshift.go"),
    (
        (1, 20),
        {"template_data": _with("ProxyUID", "ProxyGID")},
        "pkg/kube/inject/inject.go SidecarTemplateData",
    ),
    # 1.21
    ((1, 21), {"manual_pod_owner": True}, "pkg/kube/inject/inject.go IntoObject"),
    ((1, 21), {"functions": _with("mergeMaps")}, "pkg/kube/inject/template.go"),
    ((1, 21), {"kubernetes": 29}, "go.mod: k8s.io/api"),
    # 1.22
    (
        (1, 22),
        {"cron_job_api_version": "batch/v1", "rollout_owner": True},
        "pkg/kube/util.go GetDeployMetaFromPod",
    ),
    (
        (1, 22),
        {"meta_type": "types.NamespacedName"},
        "pkg/kube/inject/inject.go SidecarTemplateData",
    ),
    (
        (1, 22),
        {"template_data": _with("InboundTrafficPolicyMode")},
        "pkg/kube/inject/inject.go SidecarTemplateData",
    ),
    ((1, 22), {"image_variant": "no image given"}, "pkg/kube/inject/inject.go ProxyImage"),
    ((1, 22), {"kubernetes": 30}, "go.mod: k8s.io/api"),
    # 1.23
    (
        (1, 23),
        {"cni_network_by_namespace": True},
        "pkg/kube/inject/template.go appendMultusNetwork",
    ),
    (
        (1, 23),
        {"openshift_reset_user": "containers", "values_required": True},
        "pkg/kube/inject/webhook.go inject",
    ),
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
    (
        (1, 27),
        {"append_probers": True, "openshift_reset_user": "all"},
        "pkg/kube/inject/webhook.go",
    ),
    ((1, 27), {"validate_quantities": True}, "pkg/kube/inject/validate.go"),
    ((1, 27), {"native_default": True}, "pilot/pkg/features/pilot.go ENABLE_NATIVE_SIDECARS"),
    (
        (1, 27),
        {"template_data": _with("NativeSidecars")},
        "pkg/kube/inject/inject.go SidecarTemplateData",
    ),
    # 1.28
    ((1, 28), {"functions": _with("omitNil")}, "pkg/kube/inject/template.go"),
    ((1, 28), {"kubernetes": 34}, "go.mod: k8s.io/api"),
    # 1.29
    ((1, 29), {"kubernetes": 35}, "go.mod: k8s.io/api"),
    # 1.30
    ((1, 30), {"validate_interfaces": True}, "pkg/kube/inject/validate.go"),
    ((1, 30), {"functions": _with("otelResourceAttributes")}, "pkg/kube/inject/template.go"),
    # 1.31
    ((1, 31), {"kubernetes": 36}, "go.mod: k8s.io/api"),
    (
        (1, 31),
        {"template_data": _with("ProxyInitImage")},
        "pkg/kube/inject/inject.go ProxyInitImage",
    ),
    ((1, 31), {"image_variant": "no type given"}, "pkg/kube/inject/inject.go proxyImageURL"),
    (
        (1, 31),
        {"prometheus_targets": True},
        "pkg/kube/inject/webhook.go applyPrometheusMerge, status/server.go",
    ),
)


def parse_version(text: str) -> tuple[int, int] | None:
    """The minor version that a tag or label names: "1.30.3", "1.30-alpha.abc", "v1.24" -> (1, 30);
    else None.
    """
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


def minors() -> tuple[tuple[int, int], ...]:
    """The minor versions that are described here, oldest first."""
    return tuple((1, minor) for minor in range(OLDEST[1], NEWEST[1] + 1))


def versions_with(function: str) -> tuple[tuple[int, int], ...]:
    """The minor versions, oldest first, that have a template function of Istio's."""
    return tuple(minor for minor in minors() if function in rules_for(minor).functions)
