"""Every annotation and label that injection, the CNI plugin or the agent read of a pod: what judges
it, or why it weakens nothing.

Sources: istio/api annotation/annotations.gen.go and label/labels.gen.go; the injection templates of
1.1 to 1.32. tests/judging/overrides/test_table.py compares with both.
"""

from __future__ import annotations

from functools import partial

from krm_injector.istio_names import (
    CANONICAL_NAME_LABEL,
    CANONICAL_REVISION_LABEL,
    DEFAULT_CONTAINER_ANNOTATION,
    DEFAULT_LOGS_CONTAINER_ANNOTATION,
    IMAGE_TYPE_ANNOTATION,
    INJECT,
    INTERCEPTION_ANNOTATION,
    MERGE_METRICS_ANNOTATION,
    NATIVE_SIDECAR_ANNOTATION,
    NETWORK_LABEL,
    OVERRIDES_ANNOTATION,
    PROXY_CONFIG_ANNOTATION,
    REVISION_LABEL,
    REWRITE_PROBES_ANNOTATION,
    SCRAPE_TARGETS_ANNOTATION,
    SECURE_PORT_ANNOTATION,
    STATUS_ANNOTATION,
    STATUS_PORT_ANNOTATION,
    TEMPLATES_ANNOTATION,
)
from krm_injector.judging.advice.injected_workload import Finding
from krm_injector.judging.advice.overrides import capture, proxy, proxy_config, volumes
from krm_injector.judging.advice.overrides.own import USER_VOLUME, Own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

Check: TypeAlias = "Callable[[Own, str], Iterator[Finding]]"


def _interception(own: Own, value: str) -> Iterator[Finding]:
    finding = own.of_annotation("override-interception", INTERCEPTION_ANNOTATION, "")
    yield from capture.interception(own, finding, value)


ANNOTATIONS: dict[str, Check] = {
    capture.INBOUND_ONLY: capture.inbound_only,
    capture.INBOUND_EXCLUDED: capture.inbound_excluded,
    capture.OUTBOUND_ONLY: capture.outbound_only,
    capture.OUTBOUND_RANGES: capture.outbound_ranges,
    capture.OUTBOUND_PORTS: capture.outbound_ports,
    capture.INTERFACES: capture.interfaces,
    capture.VIRTUAL_INTERFACES: partial(capture.virtual_interfaces, capture.VIRTUAL_INTERFACES),
    capture.REROUTED_INTERFACES: partial(capture.virtual_interfaces, capture.REROUTED_INTERFACES),
    INTERCEPTION_ANNOTATION: _interception,
    proxy.IMAGE: proxy.image,
    IMAGE_TYPE_ANNOTATION: proxy.image_type,
    proxy.BOOTSTRAP: proxy.bootstrap,
    TEMPLATES_ANNOTATION: proxy.templates,
    proxy.CORE_DUMP: proxy.core_dump,
    proxy.LOW_PORTS: proxy.low_ports,
    proxy.LOG_LEVEL: partial(proxy.log_level, proxy.LOG_LEVEL),
    proxy.COMPONENT_LOG_LEVEL: partial(proxy.log_level, proxy.COMPONENT_LOG_LEVEL),
    proxy.AGENT_LOG_LEVEL: partial(proxy.log_level, proxy.AGENT_LOG_LEVEL),
    NATIVE_SIDECAR_ANNOTATION: proxy.native_sidecar,
    STATUS_PORT_ANNOTATION: proxy.status_port,
    proxy.DISCOVERY_ADDRESS: partial(proxy.control_plane, proxy.DISCOVERY_ADDRESS),
    proxy.CONTROL_PLANE_AUTH: partial(proxy.control_plane, proxy.CONTROL_PLANE_AUTH),
    PROXY_CONFIG_ANNOTATION: proxy_config.check,
    volumes.USER_VOLUME_MOUNT: volumes.mounted,
}
# Their checks are others': the volumes are judged where they are mounted, and the overrides with
# the pod's own containers.
ELSEWHERE = frozenset((USER_VOLUME, OVERRIDES_ANNOTATION))

_RESOURCES = "requests and limits of the proxy: the warnings about resources"
_STATS = "which statistics the proxy keeps"
_PROBE = "how often the kubelet asks the proxy whether it is ready"
_NAMES = "a name that telemetry shows"
HARMLESS: dict[str, str] = {
    INJECT: "the verdict itself: spec.require of an InjectionCheck",
    REVISION_LABEL: "which control plane injects: explain shows it",
    STATUS_ANNOTATION: "what injection wrote",
    DEFAULT_CONTAINER_ANNOTATION: "which container kubectl takes",
    DEFAULT_LOGS_CONTAINER_ANNOTATION: "which container kubectl takes",
    "sidecar.istio.io/proxyCPU": _RESOURCES,
    "sidecar.istio.io/proxyCPULimit": _RESOURCES,
    "sidecar.istio.io/proxyMemory": _RESOURCES,
    "sidecar.istio.io/proxyMemoryLimit": _RESOURCES,
    REWRITE_PROBES_ANNOTATION: "probes of the application: probe-mutual-tls",
    "readiness.status.sidecar.istio.io/applicationPorts": _PROBE,
    "readiness.status.sidecar.istio.io/failureThreshold": _PROBE,
    "readiness.status.sidecar.istio.io/initialDelaySeconds": _PROBE,
    "readiness.status.sidecar.istio.io/periodSeconds": _PROBE,
    MERGE_METRICS_ANNOTATION: "whether one port has all metrics",
    SCRAPE_TARGETS_ANNOTATION: "whether one port has all metrics",
    SECURE_PORT_ANNOTATION: "metrics by mutual TLS",
    capture.OUTBOUND_PORTS_TOO: "redirects more traffic, never less",
    "sidecar.istio.io/extraStatTags": _STATS,
    "sidecar.istio.io/statsCompression": _STATS,
    "sidecar.istio.io/statsEvictionInterval": _STATS,
    "sidecar.istio.io/statsFlushInterval": _STATS,
    "sidecar.istio.io/statsHistogramBins": _STATS,
    "sidecar.istio.io/statsHistogramBuckets": _STATS,
    "sidecar.istio.io/statsInclusionPrefixes": _STATS,
    "sidecar.istio.io/statsInclusionRegexps": _STATS,
    "sidecar.istio.io/statsInclusionSuffixes": _STATS,
    "k8s.v1.cni.cncf.io/networks": "further networks; injection adds its own",
    CANONICAL_NAME_LABEL: _NAMES,
    CANONICAL_REVISION_LABEL: _NAMES,
    "service.istio.io/workload-name": _NAMES,
    NETWORK_LABEL: "how other networks reach the pod",
    "topology.istio.io/subzone": "locality for load balancing",
    "networking.istio.io/tunnel": "whether other proxies reach the pod by HBONE",
    "gateway.istio.io/agentgatewayImage": "of gateways that istiod deploys, not of injection",
}
