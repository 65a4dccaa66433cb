"""Well-known names: labels, annotations, containers and objects of Istio, Kubernetes and KRM.

Each is written here once. Sources: istio/api label/labels.gen.go and annotation/annotations.gen.go,
istio/istio pkg/kube/inject, and the KRM functions specification (config.kubernetes.io/...).
"""

from __future__ import annotations

# ---------------------------------------------------------------- labels of Namespaces and pods

INJECTION_LABEL = "istio-injection"  # of a Namespace: enabled, disabled
REVISION_LABEL = "istio.io/rev"  # of a Namespace or a pod: a revision or a revision tag
DATAPLANE_MODE_LABEL = "istio.io/dataplane-mode"  # ambient, none
INJECT = "sidecar.istio.io/inject"  # label of a pod, and annotation
NETWORK_LABEL = "topology.istio.io/network"
TLS_MODE_LABEL = "security.istio.io/tlsMode"
NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"  # set by the API server on every Namespace
POD_SECURITY_LABEL = "pod-security.kubernetes.io/"  # and enforce, warn or audit; of a Namespace

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

# ---------------------------------------------------------------- containers, users, objects

PROXY_CONTAINER = "istio-proxy"
INIT_CONTAINER = "istio-init"
VALIDATION_CONTAINER = "istio-validation"
PROXY_UID = 1337  # the proxy's user and group (tools/istio-iptables/pkg/constants)

SYSTEM_NAMESPACE = "istio-system"
INJECTOR_CONFIG_MAP = "istio-sidecar-injector"  # with -REVISION behind it but for default
MESH_CONFIG_MAP = "istio"  # likewise

# ---------------------------------------------------------------- environment of the proxy

APP_PROBERS_VARIABLE = "ISTIO_KUBE_APP_PROBERS"
PROMETHEUS_VARIABLE = "ISTIO_PROMETHEUS_ANNOTATIONS"
CLUSTER_VARIABLE = "ISTIO_META_CLUSTER_ID"
NETWORK_VARIABLE = "ISTIO_META_NETWORK"

# ---------------------------------------------------------------- KRM functions

LOCAL_CONFIG = "config.kubernetes.io/local-config"  # anything but "false": never applied
FUNCTION_ANNOTATION = "config.kubernetes.io/function"
PATH_ANNOTATION = "config.kubernetes.io/path"
INDEX_ANNOTATION = "config.kubernetes.io/index"

# ---------------------------------------------------------------- krm-injector

API_VERSION = "krm-injector.dev/v1alpha1"  # of every functionConfig
RECORD_ANNOTATION = "krm-injector.dev/injected"  # what an object was before injection
SILENCE_ANNOTATION = "krm-injector.dev/silence"  # codes, separated by commas; "*" for all
FUNCTION_FILE = "istio-inject.yaml"  # a directory's functionConfig where none is named
