"""What differs between Istio versions: one table, one row per behaviour, each with its source.

A behaviour is a field of Rules, whose defaults are those of OLDEST. CHANGES lists, oldest first,
the version from which a field takes another value. Where that came with a patch release, the row
names the first one of each minor; a version without a patch number counts as the last patch
release. docs/istio-versions.md is generated from this table. To add a version, read
docs/adding-a-version.md: a version that changes nothing needs no row, only NEWEST moves on.

The fields and defaults of the mesh API by version are not here: they are beside their messages
(istio_api/tables_generated.py, defaults.py).
"""

from __future__ import annotations

from krm_injector.istio_names import KUBERNETES_NAMESPACES
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Literal, TypeAlias

# Choices that functions elsewhere have as a parameter. Others are written at their field.
PathForm: TypeAlias = 'Literal["slashes", "colons", "escaped"]'
MetaType: TypeAlias = 'Literal["*v1.ObjectMeta", "v1.ObjectMeta", "types.NamespacedName"]'
ImageVariant: TypeAlias = 'Literal["", "no image given", "no type given"]'
ResetUser: TypeAlias = 'Literal["", "containers", "all"]'

Names = frozenset[str]
Minor = tuple[int, int]  # (1, 30)

OLDEST = (1, 1)  # the oldest version described here
NEWEST = (1, 32)

_DATA = "DeploymentMeta ObjectMeta Spec ProxyConfig MeshConfig"
_FUNCTIONS = (
    "formatDuration isset excludeInboundPort includeInboundPorts kubevirtInterfaces "
    "applicationPorts annotation valueOrDefault toJSON toJson fromJSON toYaml indent directory"
)


class Rules(NamedTuple):
    """The behaviour of one minor version of Istio. A comment is above the field that it
    explains.
    """

    minor: Minor = OLDEST
    # What istio_api is asked for: the minor, with the number of the patch release if it is known.
    api: tuple[int, ...] = OLDEST

    # "spec": a template gives a SidecarInjectionSpec, which code applies field by field.
    # "pod": a template gives a partial Pod, which is merged.
    result: Literal["spec", "pod"] = "spec"

    # ------------------------------------------------------------ who is injected

    ignored_namespaces: tuple[str, ...] = ("kube-system", "kube-public")
    # The label sidecar.istio.io/inject is read, and has precedence over the annotation.
    inject_label: bool = False
    # True: exactly "true" and "false" count, anything else is no opinion. False: injectRequired
    # takes y, yes, true, on (any case) as true and any other non-empty value as false.
    inject_value_strict: bool = False
    # kube-inject asks injectRequired. Before, it looks at hostNetwork only.
    manual_asks: bool = False
    # kube-inject leaves a pod alone that has istio-proxy beside other containers. "by status": only
    # where the status annotation is there too.
    manual_skips_injected: Literal["", "by name", "by status"] = ""
    # The default of values.sidecarInjectorWebhook.objectSelector.enabled.
    object_selector: bool = False
    # enableNamespacesByDefault leaves out the Namespace of the control plane ...
    spares_control_plane: bool = False
    # ... and Namespaces with the label istio-env or istio.io/rev.
    spares_revisions: bool = False
    # Four webhooks (rev.namespace., rev.object., namespace., object.) instead of one.
    webhook_per_selector: bool = False
    # The webhook auto. leaves the Namespaces of Kubernetes itself out.
    auto_spares_system: bool = False
    # istiod answers below /inject too.
    paths_below: bool = False
    # "slashes": /inject/k/v. "colons": /inject/:ENV:k=v too. "escaped": --slash-- as well.
    path_env: PathForm = "slashes"

    # ------------------------------------------------------------ who owns the pod

    # kube-inject guesses the owner of a bare Pod as the webhook does.
    manual_pod_owner: bool = False
    # OpenShift's DeploymentConfig is recognised by the label deploymentconfig.
    deployment_config_owner: bool = False
    # A template sees that label. Before, finding the owner takes it from the pod.
    deployment_config_label: bool = False
    # An Argo Rollout is recognised by the label rollouts-pod-template-hash.
    rollout_owner: bool = False
    # The webhook asks the owner reference. Before, the pod itself is its owner.
    owner_reference: bool = False
    # A ReplicaSet without an owner counts as a Deployment of the same name.
    bare_replica_set: bool = False
    # How many digits of the time end the name of a CronJob's Job. "": they are not read.
    cron_job_digits: Literal["", "10", "8-10"] = ""
    # The API version that istiod states for the owner of such a Job.
    cron_job_api_version: Literal["batch/v1beta1", "batch/v1"] = "batch/v1beta1"

    # ------------------------------------------------------------ what a template sees

    template_data: Names = frozenset(_DATA.split())  # the fields of SidecarTemplateData
    functions: Names = frozenset(_FUNCTIONS.split())  # Istio's template functions, over sprig's
    delimiters: tuple[str, str] = ("[[", "]]")
    sprig: bool = False  # sprig's functions are there
    sprig_lacks: Names = frozenset(("sha512sum",))  # of sprig 3.3.0's functions
    value_or_default: Literal["string", "any"] = "string"  # what valueOrDefault takes
    ports_of_tcp: bool = False  # includeInboundPorts and applicationPorts leave UDP and SCTP out
    multus_looks: bool = False  # appendMultusNetwork adds no network that is there already
    meta_type: MetaType = "*v1.ObjectMeta"  # of .DeploymentMeta
    estimates_concurrency: bool = False  # .EstimatedConcurrency is filled (before, it is 0)
    # ProxyConfig resources count. kube-inject lays the annotation proxy.istio.io/config over the
    # mesh's for everything, the webhook not for .MeshConfig. Before, both lay it over in templates
    # only.
    proxy_config_resources: bool = False
    # When values.global.variant counts in .ProxyImage. "": never.
    image_variant: ImageVariant = ""
    cni_network_by_namespace: bool = False  # appendMultusNetwork splits "namespace/name"
    # Minor of k8s.io/api. Fields of a template that it does not have are dropped
    # (kube/pod_history.py).
    kubernetes: int = 11

    # ------------------------------------------------------------ applying a SidecarInjectionSpec
    # Only where result is "spec".

    # kube-inject applies it as the webhook does. Before, by code of its own ...
    manual_patches: bool = False
    # ... which knows imagePullSecrets ...
    manual_pull_secrets: bool = False
    # ... and podRedirectAnnot: "istio" annotations of Istio's, "multus" its networks too.
    pod_redirect: Literal["", "istio", "multus"] = ""
    annotation_rewrites: bool = False  # the annotation rewriteAppHTTPProbers counts
    # The kubelet asks the agent by HTTP where the application speaks HTTPS.
    https_probes: bool = False
    # In ISTIO_KUBE_APP_PROBERS: the action itself, or a prober that holds it.
    prober_form: Literal["action", "prober"] = "action"
    empty_probers: bool = True  # ISTIO_KUBE_APP_PROBERS is {} if there are no probes
    startup_probes: bool = False
    # What of a probe the webhook's patch replaces.
    probe_patch: Literal["action", "probe"] = "action"
    # The webhook rewrites probes before it moves containers. Before, afterwards, at the places that
    # the containers had.
    probes_first: bool = False
    status_port: Literal["args", "mesh"] = (
        "args"  # where the agent's port is read: the sidecar's args
    )
    # When the pod gets fsGroup 1337, and how. "token": with sdsUdsPath and enableSdsTokenMount, in
    # place of the pod's securityContext. "path": with sdsUdsPath, in its place. "merged": the same,
    # within it. "feature": by ENABLE_LEGACY_FSGROUP_INJECTION.
    fs_group: Literal["token", "path", "merged", "feature"] = "token"
    config_injected_annotations: bool = False  # injectedAnnotations of data.config are added
    labels: Names = frozenset()  # that are added: "tls", "canonical", "revision", "network"
    proxy_config_annotation: bool = False  # proxy.istio.io/config is read
    # The mesh was written out by Istio's own test suite, which has defaults of its own (mesh.go
    # TestMode, 1.6 only). "": never. "possible": in this version. "yes": discovery finds it so.
    test_mesh: Literal["", "possible", "yes"] = ""
    # Cluster and network by the webhook's path. "ends": its last parts. "pairs": keys and values.
    cluster_by_path: Literal["", "ends", "pairs"] = ""
    # Who merges metrics. "annotations": kube-inject too, but without the variable.
    merges_prometheus: Literal["", "webhook", "annotations", "both"] = ""
    validation_first: bool = False  # the webhook puts istio-validation before other init containers
    # holdApplicationUntilProxyStarts. "values": of the values. "mesh": of the mesh or the values.
    hold: Literal["", "values", "mesh"] = ""
    # Where result is "pod": the mesh's own counts. Before, only with the annotation
    # proxy.istio.io/config.
    hold_of_mesh: bool = False

    # ------------------------------------------------------------ native sidecars

    native_sidecars: bool = False  # an istio-proxy among the init containers is a sidecar
    native_annotation: bool = False  # sidecar.istio.io/nativeSidecar is read
    native_default: bool = False  # the default of ENABLE_NATIVE_SIDECARS

    # ------------------------------------------------------------ the user's own istio containers

    # What an earlier injection added does not count as the user's override.
    overrides_spare_injected: bool = False
    # Who says as whom the user's own istio-proxy runs. "template": the template, where that names a
    # user other than 1337. "own": itself, and init containers follow.
    own_proxy_user: Literal["", "template", "own"] = ""
    # Whose runAsUser is compared with the proxy's on OpenShift.
    openshift_reset_user: ResetUser = ""

    # ------------------------------------------------------------ probes, metrics, status

    # TCP probes are rewritten. "feature": unless REWRITE_TCP_PROBES is false.
    tcp_probes: Literal["", "feature", "always"] = ""
    grpc_probes: bool = False
    init_probes: bool = False  # init containers' probes are rewritten too
    lifecycle_probes: bool = False  # preStop and postStart handlers are rewritten like probes
    # ISTIO_KUBE_APP_PROBERS of an earlier injection are merged, not written once more.
    merge_probers: bool = False
    append_probers: bool = False  # a re-injected sidecar without ISTIO_KUBE_APP_PROBERS gets it
    # prometheus-io/port and the like count as prometheus.io/port. scrape: "false" is heeded.
    prometheus_spellings: bool = False
    # prometheus.istio.io/scrape-targets and secure-port are read. Ports are checked.
    prometheus_targets: bool = False
    status_revision: bool = False  # sidecar.istio.io/status has "revision"

    # ------------------------------------------------------------ annotation values refused

    cidr_strict: bool = False  # address ranges: netip.ParsePrefix instead of net.ParseCIDR
    validate_core_dump: bool = True  # sidecar.istio.io/enableCoreDump must be a boolean
    validate_quantities: bool = False  # sidecar.istio.io/proxyCPU ... must be quantities
    validate_interfaces: bool = False  # excludeInterfaces ... must be interface names


def _with(*names: str) -> Callable[[Names], Names]:
    return lambda before: before | frozenset(names)


def _without(*names: str) -> Callable[[Names], Names]:
    return lambda before: before - frozenset(names)


class Change(NamedTuple):
    """A row of the table."""

    since: Minor
    fields: dict[str, Any]  # a value, or a function of the value before
    source: str
    # The minors that have it from a patch release on only, and which: {23: 6, 24: 4} is 1.23.6 and
    # 1.24.4.
    late: dict[int, int] | None = None


_INJECT = "pkg/kube/inject/inject.go"  # until 1.3 under pilot/
_WEBHOOK = "pkg/kube/inject/webhook.go"
_PROBE = "pkg/kube/inject/app_probe.go"
_TEMPLATE = "pkg/kube/inject/template.go"
_VALIDATE = "pkg/kube/inject/validate.go"
_OWNER = "pkg/kube/util.go"
_CHART = "sidecarInjectorWebhook/templates/mutatingwebhook.yaml"
_DISCOVERY_CHART = "istio-discovery/templates/mutatingwebhook.yaml"

# fmt: off
_ROWS: tuple[tuple[Any, ...], ...] = (
    # 1.2
    ((1, 2), {"delimiters": ("{{", "}}")}, f"{_INJECT} parseTemplate"),
    ((1, 2), {"template_data": _with("Values")}, f"{_INJECT} SidecarTemplateData"),
    ((1, 2), {"functions": _with("contains", "render"), "value_or_default": "any"},
     f"{_INJECT} InjectionData"),
    ((1, 2), {"manual_skips_injected": "by name"}, f"{_INJECT} intoObject"),
    ((1, 2), {"annotation_rewrites": True, "https_probes": True},
     f"{_PROBE} ShouldRewriteAppHTTPProbers"),
    ((1, 2), {"spares_control_plane": True}, _CHART),
    ((1, 2), {"kubernetes": 13}, "go.mod: k8s.io/api"),
    # 1.3
    ((1, 3), {"template_data": _with("TypeMeta")}, f"{_INJECT} SidecarTemplateData"),
    ((1, 3), {"functions": _with("structToJSON", "toLower")}, f"{_INJECT} InjectionData"),
    ((1, 3), {"owner_reference": True, "bare_replica_set": True}, f"{_WEBHOOK} inject"),
    ((1, 3), {"pod_redirect": "istio"}, f"{_INJECT} rewriteCniPodSPec"),
    ((1, 3), {"fs_group": "path"}, f"{_INJECT} IntoObject, {_WEBHOOK} inject"),
    # 1.4
    ((1, 4), {"functions": _with("protoToJSON"), "ports_of_tcp": True},
     f"{_INJECT} InjectionData, getPortsForContainer"),
    ((1, 4), {"labels": _with("tls")}, f"{_WEBHOOK} createPatch"),
    ((1, 4), {"fs_group": "merged"}, f"{_INJECT} IntoObject, {_WEBHOOK} inject", {4: 5}),
    ((1, 4), {"config_injected_annotations": True}, f"{_WEBHOOK} inject"),
    ((1, 4), {"kubernetes": 16}, "go.mod: k8s.io/api"),
    # 1.5
    ((1, 5), {"kubernetes": 17}, "go.mod: k8s.io/api"),
    ((1, 5), {"functions": _with("env")}, f"{_INJECT} InjectionData"),
    ((1, 5), {"prober_form": "prober", "probe_patch": "probe"},
     f"{_PROBE} DumpAppProbers, createProbeRewritePatch"),
    ((1, 5), {"labels": _with("canonical")}, f"{_WEBHOOK} createPatch"),
    ((1, 5), {"spares_revisions": True}, _DISCOVERY_CHART),
    # 1.6
    ((1, 6), {"kubernetes": 18}, "go.mod: k8s.io/api"),
    ((1, 6), {"manual_pull_secrets": True}, f"{_INJECT} IntoObject", {6: 3}),
    ((1, 6), {"status_port": "mesh"}, f"{_PROBE} rewriteAppHTTPProbe"),
    ((1, 6), {"labels": _with("revision"), "validation_first": True},
     f"{_WEBHOOK} createPatch, addContainer"),
    ((1, 6), {"pod_redirect": "multus"}, f"{_INJECT} AnnotationValidation", {6: 3}),
    ((1, 6), {"merges_prometheus": "webhook"}, f"{_WEBHOOK} enablePrometheusMerge"),
    ((1, 6), {"cluster_by_path": "ends"}, f"{_INJECT} overwriteClusterInfo", {6: 1}),
    ((1, 6), {"proxy_config_annotation": True},
     f"{_INJECT} InjectionData (1.6.0: istio.io/proxyConfig)", {6: 1}),
    ((1, 6), {"cron_job_digits": "10"}, f"{_WEBHOOK} inject", {6: 10, 7: 2}),
    ((1, 6), {"test_mesh": "possible"}, "pkg/config/mesh/mesh.go DefaultMeshConfig"),
    ((1, 6), {"paths_below": True}, f"{_WEBHOOK} NewWebhook: /inject/", {6: 1}),
    # 1.7
    ((1, 7), {"test_mesh": ""}, "pkg/config/mesh/mesh.go DefaultMeshConfig"),
    ((1, 7), {"startup_probes": True}, f"{_PROBE} DumpAppProbers"),
    ((1, 7), {"probes_first": True}, f"{_WEBHOOK} createPatch", {7: 1}),
    ((1, 7), {"hold": "values"}, f"{_INJECT} injectContainers, {_WEBHOOK} shouldBeInjectedInFront"),
    ((1, 7), {"merges_prometheus": "annotations"}, f"{_INJECT} IntoObject"),
    # 1.8
    ((1, 8), {"kubernetes": 19}, "go.mod: k8s.io/api"),
    ((1, 8), {"manual_patches": True, "pod_redirect": ""},
     f"{_INJECT} IntoObject: injectPod for both"),
    ((1, 8), {"manual_asks": True}, f"{_INJECT} IntoObject"),
    ((1, 8), {"bare_replica_set": False}, f"{_OWNER} GetDeployMetaFromPod"),
    ((1, 8), {"sprig": True, "functions": _with("appendMultusNetwork")},
     f"{_INJECT} parseTemplate, InjectionData"),
    ((1, 8), {"cluster_by_path": "pairs", "labels": _with("network")},
     f"{_INJECT} InjectionData, createPatch"),
    ((1, 8), {"fs_group": "feature", "merges_prometheus": "both"}, f"{_WEBHOOK} injectPod"),
    ((1, 8), {"empty_probers": False}, f"{_PROBE} DumpAppProbers"),
    ((1, 8), {"hold": "mesh"}, f"{_INJECT} InjectionData"),
    # 1.9
    ((1, 9), {"kubernetes": 20}, "go.mod: k8s.io/api"),
    ((1, 9), {"result": "pod"}, f"{_INJECT} RunTemplate: templates of Pods, merged"),
    ((1, 9), {"ignored_namespaces": KUBERNETES_NAMESPACES}, "pkg/kube/inject/initializer.go"),
    ((1, 9), {"manual_skips_injected": "by status"}, f"{_INJECT} IntoObject"),
    ((1, 9), {"template_data": _with("Revision"), "multus_looks": True},
     f"{_INJECT} SidecarTemplateData"),
    ((1, 9), {"object_selector": True}, "istio-discovery/values.yaml objectSelector"),
    ((1, 9), {"hold_of_mesh": True}, f"{_WEBHOOK} reorderPod", {9: 1}),
    # 1.10
    ((1, 10), {"webhook_per_selector": True}, f"{_DISCOVERY_CHART}, useLegacySelectors"),
    ((1, 10), {"path_env": "colons"}, f"{_WEBHOOK} parseInjectEnvs"),
    ((1, 10), {"cron_job_digits": "8-10"}, f"{_OWNER} cronJobNameRegexp", {10: 6, 11: 5, 12: 1}),
    ((1, 10), {"template_data": _with("EstimatedConcurrency")}, f"{_INJECT} SidecarTemplateData",
     {10: 1}),
    # 1.11
    ((1, 11), {"meta_type": "v1.ObjectMeta"}, f"{_INJECT} SidecarTemplateData"),
    ((1, 11), {"estimates_concurrency": True}, f"{_INJECT} estimateConcurrency"),
    ((1, 11), {"kubernetes": 21}, "go.mod: k8s.io/api"),
    ((1, 11), {"status_revision": True}, f"{_INJECT} SidecarInjectionStatus"),
    # 1.12
    ((1, 12), {"inject_label": True}, f"{_INJECT} injectRequired"),
    ((1, 12), {"deployment_config_owner": True}, f"{_OWNER} GetDeployMetaFromPod", {12: 1}),
    ((1, 12), {"tcp_probes": "feature"}, f"{_PROBE}, pilot/pkg/features RewriteTCPProbes"),
    ((1, 12), {"kubernetes": 22}, "go.mod: k8s.io/api"),
    # 1.13
    ((1, 13), {"kubernetes": 23}, "go.mod: k8s.io/api"),
    ((1, 13), {"kubernetes": 24}, "go.mod: k8s.io/api", {13: 9, 14: 5}),
    ((1, 13), {"template_data": _with("ProxyImage")}, f"{_INJECT} ProxyImage"),
    ((1, 13), {"proxy_config_resources": True},
     "pilot/pkg/model/proxy_config.go, inject.go IntoObject, RunTemplate"),
    ((1, 13), {"grpc_probes": True}, _PROBE),
    ((1, 13), {"prometheus_spellings": True}, f"{_WEBHOOK} applyPrometheusMerge"),
    # 1.14
    ((1, 14), {"functions": _without("render")}, f"{_INJECT} RunTemplate: templates parsed once"),
    # 1.15
    ((1, 15), {"functions": _with("excludeInterfaces")}, _TEMPLATE),
    ((1, 15), {"path_env": "escaped"}, f"{_WEBHOOK} parseInjectEnvs"),
    # 1.16
    ((1, 16), {"cidr_strict": True}, f"{_VALIDATE} validateCIDRList"),
    ((1, 16), {"auto_spares_system": True}, _DISCOVERY_CHART),
    ((1, 16), {"kubernetes": 25}, "go.mod: k8s.io/api"),
    # 1.17
    ((1, 17), {"manual_skips_injected": ""}, f"{_INJECT} IntoObject"),
    ((1, 17), {"overrides_spare_injected": True}, f"{_WEBHOOK} reapplyOverwrittenContainers"),
    ((1, 17), {"merge_probers": True}, f"{_WEBHOOK} mergeOrAppendProbers"),
    ((1, 17), {"kubernetes": 26}, "go.mod: k8s.io/api"),
    # 1.18
    ((1, 18), {"template_data": _without("EstimatedConcurrency")},
     f"{_INJECT} SidecarTemplateData"),
    ((1, 18), {"functions": _with("omit", "strdict", "toJsonMap")}, _TEMPLATE),
    ((1, 18), {"kubernetes": 27}, "go.mod: k8s.io/api"),
    # 1.19
    ((1, 19), {"native_sidecars": True, "init_probes": True},
     f"{_WEBHOOK} reorderPod, app_probe.go"),
    ((1, 19), {"tcp_probes": "always"}, _PROBE),
    ((1, 19), {"template_data": _with("CompliancePolicy")}, f"{_INJECT} SidecarTemplateData",
     {19: 8, 20: 4}),
    ((1, 19), {"functions": _without("toJson")}, f"{_TEMPLATE}: sprig's toJson from here on"),
    ((1, 19), {"kubernetes": 28}, "go.mod: k8s.io/api"),
    ((1, 19), {"deployment_config_label": True}, f"{_OWNER} GetDeployMetaFromPod",
     {19: 9, 20: 5, 21: 1}),
    # 1.20
    ((1, 20), {"own_proxy_user": "template"}, f"{_WEBHOOK} resetFieldsInAutoImageContainer",
     {20: 1}),
    ((1, 20), {"own_proxy_user": "own"}, f"{_WEBHOOK} adjustInitContainerUser",
     {20: 7, 21: 3, 22: 1}),
    ((1, 20), {"template_data": _with("ProxyUID", "ProxyGID")}, f"{_INJECT} SidecarTemplateData"),
    # 1.21
    ((1, 21), {"manual_pod_owner": True}, f"{_INJECT} IntoObject"),
    ((1, 21), {"functions": _with("mergeMaps")}, _TEMPLATE),
    ((1, 21), {"kubernetes": 29}, "go.mod: k8s.io/api"),
    # 1.22
    ((1, 22), {"cron_job_api_version": "batch/v1", "rollout_owner": True},
     f"{_OWNER} GetDeployMetaFromPod"),
    ((1, 22), {"meta_type": "types.NamespacedName"}, f"{_INJECT} SidecarTemplateData"),
    ((1, 22), {"template_data": _with("InboundTrafficPolicyMode")},
     f"{_INJECT} SidecarTemplateData"),
    ((1, 22), {"image_variant": "no image given"}, f"{_INJECT} ProxyImage"),
    ((1, 22), {"kubernetes": 30}, "go.mod: k8s.io/api"),
    # 1.23
    ((1, 23), {"cni_network_by_namespace": True}, f"{_TEMPLATE} appendMultusNetwork",
     {23: 6, 24: 4, 25: 1}),
    ((1, 23), {"openshift_reset_user": "containers"}, f"{_WEBHOOK} inject", {23: 1}),
    # 1.24
    ((1, 24), {"native_annotation": True}, f"{_INJECT} RunTemplate"),
    ((1, 24), {"sprig_lacks": frozenset()}, "go.mod: Masterminds/sprig 3.3.0"),
    ((1, 24), {"kubernetes": 31}, "go.mod: k8s.io/api"),
    # 1.25
    ((1, 25), {"kubernetes": 32}, "go.mod: k8s.io/api"),
    ((1, 25), {"lifecycle_probes": True}, _PROBE),
    ((1, 25), {"validate_core_dump": False}, _VALIDATE),
    # 1.26
    ((1, 26), {"kubernetes": 33}, "go.mod: k8s.io/api", {26: 4}),
    # 1.27
    ((1, 27), {"inject_value_strict": True}, f"{_INJECT} injectRequired"),
    ((1, 27), {"append_probers": True, "openshift_reset_user": "all"}, _WEBHOOK),
    ((1, 27), {"validate_quantities": True}, f"{_VALIDATE} validateResourceQuantity",
     {27: 6, 28: 4}),
    ((1, 27), {"native_default": True}, "pilot/pkg/features/pilot.go ENABLE_NATIVE_SIDECARS"),
    ((1, 27), {"template_data": _with("NativeSidecars")}, f"{_INJECT} SidecarTemplateData"),
    # 1.28
    ((1, 28), {"functions": _with("omitNil")}, _TEMPLATE, {28: 6, 29: 1}),
    ((1, 28), {"kubernetes": 34}, "go.mod: k8s.io/api"),
    # 1.29
    ((1, 29), {"kubernetes": 35}, "go.mod: k8s.io/api"),
    # 1.30
    ((1, 30), {"validate_interfaces": True}, _VALIDATE),
    ((1, 30), {"functions": _with("otelResourceAttributes")}, _TEMPLATE),
    # 1.31
    ((1, 31), {"kubernetes": 36}, "go.mod: k8s.io/api"),
    ((1, 31), {"template_data": _with("ProxyInitImage")}, f"{_INJECT} ProxyInitImage"),
    ((1, 31), {"image_variant": "no type given"}, f"{_INJECT} proxyImageURL"),
    ((1, 31), {"prometheus_targets": True}, f"{_WEBHOOK} applyPrometheusMerge, status/server.go"),
)
# fmt: on
CHANGES: tuple[Change, ...] = tuple(Change(*row) for row in _ROWS)

# Not a row: null values. A data.values that is null or empty counts as {} in every version:
# NewValuesConfig makes the map before it decodes, and sigs.k8s.io/yaml leaves it for null. From
# 1.23 on RunTemplate fails for values that are nil ("failed to parse values.yaml"), which only
# happens if istiod could not parse them. That is an error of discovery in every version.


_VERSION = lazy_pattern(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[.\-+]|$)")


_LONGEST = 128  # characters of a tag, which registries take no longer


def patch_of(text: str) -> int | None:
    """The patch number that a tag or label names: "1.30.3-distroless" -> 3, "1.31.0-rc.0" -> 0.

    None where the text names none ("1.30", "1.32-alpha.abc").
    """
    patch = _numbers(text)[2]
    return int(patch) if patch else None


def parse_version(text: str) -> Minor | None:
    """The minor version that a tag or label names: "1.30.3", "1.30-alpha.abc", "v1.24" -> (1, 30).

    None if the text names none.
    """
    major, minor, _ = _numbers(text)
    return (int(major), int(minor)) if major and minor else None


def _numbers(text: str) -> Sequence[str | None]:
    """The digits of three numbers; None for each that the text does not name."""
    if len(text) > _LONGEST:
        return (None, None, None)

    parts = text.split(".")
    if len(parts) == 3 and all(map(str.isdecimal, parts)):
        return parts
    match = _VERSION.match(text)
    return match.groups() if match else (None, None, None)


def rules_for(minor: Minor | None, patch: int | None = None) -> Rules:
    """The rules of a version: of a patch release, or of the last one of a minor version.

    None, an unknown version, takes the newest.
    """
    minor = minor or NEWEST
    fields: dict[str, Any] = Rules()._asdict()
    for change in CHANGES:
        if change.since > minor:
            break
        if patch is not None and patch < (change.late or {}).get(minor[1], 0):
            continue

        for name, value in change.fields.items():
            fields[name] = value(fields[name]) if callable(value) else value

    fields["minor"] = minor
    fields["api"] = minor if patch is None else (*minor, patch)
    return Rules(**fields)


def minors() -> tuple[Minor, ...]:
    """The minor versions that are described here, oldest first."""
    return tuple((1, minor) for minor in range(OLDEST[1], NEWEST[1] + 1))


def versions_with(function: str) -> tuple[Minor, ...]:
    """The minor versions, oldest first, that have a template function of Istio's."""
    return tuple(minor for minor in minors() if function in rules_for(minor).functions)
