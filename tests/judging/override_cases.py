"""For every override a bundle that has it, and one that just does not: the mesh's own default, a
neighbour value, or a pod that the setting has no effect on.
"""

from __future__ import annotations

import json
from typing import Any

import builders
from judging.advice_cases import NS, deployment

from krm_injector.discovery import profile
from krm_injector.model import Object

TRAFFIC = "traffic.sidecar.istio.io/"
SIDECAR = "sidecar.istio.io/"
MESH_IMAGE = f"{profile.HUB}/proxyv2:{profile.DEFAULT.tag}"
PROXY = "istio-proxy"
GATEWAY = {"inject.istio.io/templates": "gateway"}


def annotated(**annotations: str) -> list[Object]:
    """The Namespace, and a Deployment with annotations of sidecar.istio.io."""
    return [NS, deployment(annotations={SIDECAR + key: text for key, text in annotations.items()})]


def traffic(**annotations: str) -> list[Object]:
    keys = {TRAFFIC + key: text for key, text in annotations.items()}
    return [NS, deployment(annotations=keys)]


def configured(text: str, *mesh: Object) -> list[Object]:
    """The annotation proxy.istio.io/config, on a mesh of its own or the embedded profile."""
    return [NS, *mesh, deployment(annotations={"proxy.istio.io/config": text})]


def own_proxy(**fields: Any) -> list[Object]:
    return [NS, deployment(beside=[{"name": PROXY, "image": "auto", **fields}])]


def mounted(**mount: Any) -> list[Object]:
    """A mount and its volume by annotations."""
    volume = mount.pop("volume", {"emptyDir": {}})
    return annotated(
        userVolume=json.dumps({"own": volume}), userVolumeMount=json.dumps({"own": mount})
    )


def mesh(default_config: str = "{}", **proxy: Any) -> list[Object]:
    """A small mesh with these values.global.proxy and this defaultConfig."""
    template = {
        "spec": {
            "containers": [{"name": PROXY, "image": "proxyv2:1.30.0"}],
            "initContainers": [{"name": "istio-init", "image": "proxyv2:1.30.0"}],
        }
    }
    return builders.control_plane(
        json.dumps(template),
        mesh=f"rootNamespace: istio-system\ndefaultConfig: {default_config}",
        version="1.30.0",
        values={"global": {"hub": "example.com", "tag": "1.30.0", "proxy": proxy}},
    )


def two_templates() -> list[Object]:
    proxy = json.dumps({"spec": {"containers": [{"name": PROXY, "image": "proxyv2:1.30.0"}]}})
    return builders.control_plane(templates={"sidecar": proxy, "spire": "spec: {}"})


def chosen(templates: str, **spec: Any) -> list[Object]:
    return [NS, deployment(annotations={"inject.istio.io/templates": templates}, **spec)]


GATEWAY_POD = [
    NS,
    builders.workload(
        template=builders.pod_template(
            {"name": PROXY, "image": "auto"},
            annotations={**GATEWAY, f"{TRAFFIC}excludeInboundPorts": "8080"},
        )
    ),
]
APPLICATION_AS_GATEWAY = chosen("gateway")
VOLUME = [{"name": "istio-envoy", "emptyDir": {}}]
OTHER_VOLUME = [{"name": "envoy", "emptyDir": {}}]

# code: what triggers it, what just does not
CASES: dict[str, tuple[list[Object], list[Object]]] = {
    "override-inbound-ports": (
        traffic(excludeInboundPorts="15020, 9090"),
        traffic(excludeInboundPorts="15020,15090"),
    ),
    "override-inbound-only": (
        traffic(includeInboundPorts="8080"),
        traffic(includeInboundPorts="*"),
    ),
    "override-inbound-off": (
        traffic(includeInboundPorts=""),
        traffic(includeInboundPorts="8080"),
    ),
    "override-outbound-ports": (
        traffic(excludeOutboundPorts="5432"),
        [NS, *mesh(excludeOutboundPorts="5432"), *traffic(excludeOutboundPorts="5432")[1:]],
    ),
    "override-outbound-ranges": (
        traffic(excludeOutboundIPRanges="10.1.2.3/32"),
        [NS, *mesh(excludeIPRanges="10.1.2.3/32"),
         *traffic(excludeOutboundIPRanges="10.1.2.3/32")[1:]],
    ),
    "override-outbound-only": (
        traffic(includeOutboundIPRanges="10.0.0.0/8"),
        [NS, *mesh(includeIPRanges="10.1.0.0/16"),
         *traffic(includeOutboundIPRanges="10.0.0.0/8")[1:]],
    ),
    "override-outbound-off": (
        traffic(includeOutboundIPRanges=""),
        traffic(includeOutboundIPRanges="", includeOutboundPorts="443"),
    ),
    "override-interfaces": (traffic(excludeInterfaces="eth1"), traffic(excludeInterfaces="")),
    "override-virtual-interfaces": (
        traffic(kubevirtInterfaces="net1"),
        traffic(kubevirtInterfaces=""),
    ),
    "override-interception": (
        annotated(interceptionMode="NONE"),
        annotated(interceptionMode="REDIRECT"),
    ),
    "override-proxy-image": (
        annotated(proxyImage="example.com/own/proxyv2:1"),
        annotated(proxyImage=MESH_IMAGE),
    ),
    "override-bootstrap": (
        annotated(bootstrapOverride="own-bootstrap"),
        configured("concurrency: 2"),
    ),
    "override-templates": (APPLICATION_AS_GATEWAY, GATEWAY_POD),
    "override-template-added": (
        [*chosen("sidecar,spire"), *two_templates()],
        [*chosen("sidecar"), *two_templates()],
    ),
    "override-privileged": (
        own_proxy(securityContext={"privileged": True}),
        own_proxy(securityContext={"privileged": False, "capabilities": {"drop": ["ALL"]}}),
    ),
    "override-log-level": (annotated(logLevel="debug"), annotated(logLevel="info")),
    "override-command": (own_proxy(command=["sleep"]), own_proxy(command=[])),
    "override-environment": (
        own_proxy(env=[{"name": "DISABLE_ENVOY", "value": "true"}]),
        own_proxy(env=[{"name": "DISABLE_ENVOY", "value": "false"}]),
    ),
    "override-proxy-files": (
        mounted(mountPath="/etc/istio/proxy/own"),
        mounted(mountPath="/etc/istio/own"),
    ),
    "override-proxy-volume": (
        mounted(mountPath="/etc/istio/own"),
        annotated(userVolume='{"own": {"emptyDir": {}}}'),
    ),
    "override-volumes": ([NS, deployment(volumes=VOLUME)], [NS, deployment(volumes=OTHER_VOLUME)]),
    "override-control-plane": (
        configured("discoveryAddress: istiod.other.svc:15012"),
        configured("discoveryAddress: istiod.istio-system.svc:15012"),
    ),
    "override-telemetry": (
        configured("tracing: {zipkin: {address: 'zipkin.other:9411'}}"),
        configured("tracing: {sampling: 10}"),
    ),
    "override-forwarded-headers": (
        configured("gatewayTopology: {numTrustedProxies: 1}"),
        configured("gatewayTopology: {numTrustedProxies: 1}",
                   *mesh("{gatewayTopology: {numTrustedProxies: 2}}")),
    ),
    "override-hold": (
        configured("holdApplicationUntilProxyStarts: false",
                   *mesh("{holdApplicationUntilProxyStarts: true}")),
        configured("holdApplicationUntilProxyStarts: false"),
    ),
    "override-readiness": (
        [NS, deployment(annotations={"status.sidecar.istio.io/port": "0"})],
        [NS, deployment(annotations={"status.sidecar.istio.io/port": "15029"})],
    ),
    "override-tls-mode": (
        [NS, deployment(labels={"security.istio.io/tlsMode": "disabled"})],
        [NS, deployment(labels={"security.istio.io/tlsMode": "istio"})],
    ),
}  # fmt: skip
# The same, in a cluster with native sidecars.
NATIVE_CASES: dict[str, tuple[list[Object], list[Object]]] = {
    "override-native-sidecar": (annotated(nativeSidecar="false"), annotated(nativeSidecar="true")),
}
