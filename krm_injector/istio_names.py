"""Well-known names: labels, annotations, containers and objects of Istio, Kubernetes and KRM.

Each is written only here. Sources: istio/api label/labels.gen.go and annotation/annotations.gen.go,
istio/istio pkg/kube/inject, and the KRM functions specification (config.kubernetes.io/...).
"""

from __future__ import annotations

# ---------------------------------------------------------------- labels of Namespaces and pods

INJECTION_LABEL = "istio-injection"  # of a Namespace: enabled, disabled
REVISION_LABEL = "istio.io/rev"  # of a Namespace or a pod: a revision or a revision tag
TAG_LABEL = "istio.io/tag"  # of what makes a revision tag
DATAPLANE_MODE_LABEL = "istio.io/dataplane-mode"  # ambient, none
INJECT = "sidecar.istio.io/inject"  # label of a pod, and annotation
NETWORK_LABEL = "topology.istio.io/network"
TLS_MODE_LABEL = "security.istio.io/tlsMode"
CANONICAL_NAME_LABEL = "service.istio.io/canonical-name"
CANONICAL_REVISION_LABEL = "service.istio.io/canonical-revision"
POD_SECURITY_LABEL = (
    "pod-security.kubernetes.io/"  # of a Namespace, followed by enforce, warn or audit
)
NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"  # set by the API server on every Namespace
APP_NAME_LABEL = "app.kubernetes.io/name"
APP_INSTANCE_LABEL = "app.kubernetes.io/instance"
APP_PART_OF_LABEL = "app.kubernetes.io/part-of"

# ---------------------------------------------------------------- annotations of pods

STATUS_ANNOTATION = "sidecar.istio.io/status"  # what injection added, as JSON
TEMPLATES_ANNOTATION = "inject.istio.io/templates"
PROXY_CONFIG_ANNOTATION = "proxy.istio.io/config"
OVERRIDES_ANNOTATION = "proxy.istio.io/overrides"
IMAGE_TYPE_ANNOTATION = "sidecar.istio.io/proxyImageType"
NATIVE_SIDECAR_ANNOTATION = "sidecar.istio.io/nativeSidecar"
INTERCEPTION_ANNOTATION = "sidecar.istio.io/interceptionMode"
STATUS_PORT_ANNOTATION = "status.sidecar.istio.io/port"
REWRITE_PROBES_ANNOTATION = "sidecar.istio.io/rewriteAppHTTPProbers"
MERGE_METRICS_ANNOTATION = "prometheus.istio.io/merge-metrics"
SECURE_PORT_ANNOTATION = "prometheus.istio.io/secure-port"
SCRAPE_TARGETS_ANNOTATION = "prometheus.istio.io/scrape-targets"

DEFAULT_CONTAINER_ANNOTATION = "kubectl.kubernetes.io/default-container"
DEFAULT_LOGS_CONTAINER_ANNOTATION = "kubectl.kubernetes.io/default-logs-container"

# ---------------------------------------------------------------- containers, users, objects

PROXY_CONTAINER = "istio-proxy"
INIT_CONTAINER = "istio-init"
CORE_DUMP_CONTAINER = "enable-core-dump"
VALIDATION_CONTAINER = "istio-validation"
PROXY_UID = 1337  # the proxy's user and group (tools/istio-iptables/pkg/constants)

SYSTEM_NAMESPACE = "istio-system"
# Kubernetes' own Namespaces, in which Istio injects nothing (pkg/kube/inject/initializer.go, 1.9+).
KUBERNETES_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "local-path-storage")
INJECTOR_CONFIG_MAP = "istio-sidecar-injector"  # followed by -REVISION, except for default
MESH_CONFIG_MAP = "istio"  # likewise

# ---------------------------------------------------------------- environment of the proxy

APP_PROBERS_VARIABLE = "ISTIO_KUBE_APP_PROBERS"
PROMETHEUS_VARIABLE = "ISTIO_PROMETHEUS_ANNOTATIONS"
CLUSTER_VARIABLE = "ISTIO_META_CLUSTER_ID"
NETWORK_VARIABLE = "ISTIO_META_NETWORK"
APP_CONTAINERS_VARIABLE = "ISTIO_META_APP_CONTAINERS"
SECURE_METRICS_PORT_VARIABLE = "ENVOY_SECURE_MERGED_METRICS_PORT"
COMPLIANCE_VARIABLE = "COMPLIANCE_POLICY"  # of istiod: what templates see as .CompliancePolicy
NATIVE_VARIABLE = "ENABLE_NATIVE_SIDECARS"  # of istiod

# ---------------------------------------------------------------- KRM functions

LOCAL_CONFIG = "config.kubernetes.io/local-config"  # anything but "false": never applied
FUNCTION_ANNOTATION = "config.kubernetes.io/function"
PATH_ANNOTATION = "config.kubernetes.io/path"
# the same, from newer orchestrators
INTERNAL_PATH_ANNOTATION = "internal.config.kubernetes.io/path"
ORIGIN_ANNOTATION = "config.kubernetes.io/origin"  # of kustomize's originAnnotations
INDEX_ANNOTATION = "config.kubernetes.io/index"
# Annotations by which an orchestrator recognises an item, the newest first.
ID_ANNOTATIONS = (
    "internal.config.kubernetes.io/id",
    "config.kubernetes.io/id",
    "config.k8s.io/id",
)
HELM_PREFIX = "postrenderer.helm.sh/"  # of what Helm 4 writes for itself, and takes back
# How the annotations begin by which kustomize and kpt know an object.
ORCHESTRATORS = (
    "config.kubernetes.io/",
    "internal.config.kubernetes.io/",
    "config.k8s.io/",
    "kustomize.config.k8s.io/",
)

# ---------------------------------------------------------------- krm-injector

GROUP = "krm-injector.dev"
API_VERSION = "krm-injector.dev/v1alpha1"  # of every functionConfig
RECORD_ANNOTATION = "krm-injector.dev/injected"  # what an object was before injection
SILENCE_ANNOTATION = "krm-injector.dev/silence"  # codes, separated by commas; "*" for all
FUNCTION_FILE = "istio-inject.yaml"  # a directory's functionConfig if none is named


def with_revision(name: str, revision: str) -> str:
    """The name of a control plane's object: NAME for the revision default, otherwise
    NAME-REVISION.
    """
    return name if revision == "default" else f"{name}-{revision}"
