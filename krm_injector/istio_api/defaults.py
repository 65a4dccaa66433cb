"""What istiod starts from before it reads the mesh's configuration, and what PROXY_CONFIG leaves
out.

Source: DefaultProxyConfig and DefaultMeshConfig of each tag (pkg/config/mesh/mesh.go; 1.1 and 1.2:
pilot/pkg/model/context.go), cleanProxyConfig (pkg/kube/inject/template.go; 1.6-1.8: inject.go).
"""

from __future__ import annotations

from krm_injector.istio_api.decode import apply
from krm_injector.istio_api.message import Message
from krm_injector.istio_api.schema import Version, covers, schema
from krm_injector.istio_names import PROXY_CONTAINER, SYSTEM_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROXY = "v1alpha1.ProxyConfig"
MESH = "v1alpha1.MeshConfig"

# (field, value, minors of Istio 1 that have this default)
_PROXY: tuple[tuple[str, Any, str], ...] = (
    ("configPath", "/etc/istio/proxy", "-5"),
    ("configPath", "./etc/istio/proxy", "6-"),
    ("binaryPath", "/usr/local/bin/envoy", "-"),
    ("serviceCluster", PROXY_CONTAINER, "-"),
    ("drainDuration", "45s", "-"),
    ("parentShutdownDuration", "60s", "-16"),
    ("terminationDrainDuration", "5s", "7-"),
    ("discoveryAddress", "istio-pilot:15010", "-5"),
    ("discoveryAddress", "istiod.istio-system.svc:15012", "6-"),
    ("connectTimeout", "1s", "-5"),
    ("proxyAdminPort", 15000, "-"),
    ("controlPlaneAuthPolicy", "MUTUAL_TLS", "7-"),
    ("concurrency", 2, "6-17"),
    ("statNameLength", 189, "-"),
    ("statusPort", 15020, "6-"),
    ("envoyMetricsService", {"address": ""}, "3-8"),
    ("envoyAccessLogService", {"address": ""}, "3-8"),
    ("tracing", {"zipkin": {"address": "zipkin.istio-system:9411"}}, "6-21"),
)

_PROVIDERS = [
    {"name": "prometheus", "prometheus": {}},
    {"name": "stackdriver", "stackdriver": {}},
    {"name": "envoy", "envoyFileAccessLog": {"path": "/dev/stdout"}},
]
_MESH: tuple[tuple[str, Any, str], ...] = (
    ("enableTracing", True, "-"),
    ("accessLogFile", "/dev/stdout", "-5"),
    ("disablePolicyChecks", True, "-7"),
    ("disableMixerHttpReports", True, "6-7"),
    ("reportBatchMaxEntries", 100, "6-7"),
    ("reportBatchMaxTime", "1s", "6-7"),
    ("sdsUdsPath", "unix:./etc/istio/proxy/SDS", "6-7"),
    ("protocolDetectionTimeout", "0.1s", "3-5"),
    ("protocolDetectionTimeout", "5s", "6-7"),
    ("protocolDetectionTimeout", "0s", "8-"),
    ("ingressService", "istio-ingressgateway", "-"),
    ("ingressControllerMode", "STRICT", "6-"),
    ("ingressClass", "istio", "6-"),
    ("trustDomain", "cluster.local", "6-"),
    ("enableAutoMtls", False, "4-5"),
    ("enableAutoMtls", True, "6-"),
    ("outboundTrafficPolicy", {"mode": "ALLOW_ANY"}, "-"),
    ("inboundTrafficPolicy", {"mode": "PASSTHROUGH"}, "22-"),
    ("localityLbSetting", {"enabled": True}, "6-"),
    ("rootNamespace", SYSTEM_NAMESPACE, "-"),
    ("proxyListenPort", 15001, "-"),
    ("proxyInboundListenPort", 15006, "18-"),
    ("connectTimeout", "1s", "-5"),
    ("connectTimeout", "10s", "6-"),
    ("defaultServiceExportTo", ["*"], "-"),
    ("defaultVirtualServiceExportTo", ["*"], "-"),
    ("defaultDestinationRuleExportTo", ["*"], "-"),
    ("dnsRefreshRate", "5s", "-13"),
    ("dnsRefreshRate", "60s", "14-"),
    ("thriftConfig", {}, "6-16"),
    ("enablePrometheusMerge", True, "18-"),
    ("defaultProviders", {"accessLogging": ["envoy"]}, "11-11"),
    ("defaultProviders", {}, "12-"),
    ("extensionProviders", _PROVIDERS[2:], "11-11"),
    ("extensionProviders", _PROVIDERS, "12-"),
)

# The fields that protoToJSON leaves out of PROXY_CONFIG where they have their default, from 1.6 on.
_CLEANED: tuple[tuple[str, str], ...] = (
    *(
        (field, "6-")
        for field in (
            "configPath",
            "binaryPath",
            "serviceCluster",
            "drainDuration",
            "discoveryAddress",
        )
    ),
    *(
        (field, "6-")
        for field in ("envoyMetricsService", "envoyAccessLogService", "tracing", "proxyAdminPort")
    ),
    *((field, "6-") for field in ("statNameLength", "statusPort", "concurrency")),
    ("controlPlaneAuthPolicy", "7-"),
    ("terminationDrainDuration", "7-"),
    ("parentShutdownDuration", "6-16"),
)

_CACHE: dict[tuple[str, Version], Message] = {}


def default_proxy_config(version: Version) -> Message:
    return _default(PROXY, _PROXY, version)


def default_mesh_config(version: Version) -> Message:
    """With defaultConfig in it."""
    mesh = _default(MESH, _MESH, version)
    return mesh.replace(defaultConfig=default_proxy_config(version))


def _default(name: str, rows: tuple[tuple[str, Any, str], ...], version: Version) -> Message:
    types = schema(version)
    cached = _CACHE.get((name, types.version))
    if cached is None:
        values = {field: value for field, value, minors in rows if covers(minors, types.minor)}
        if name == MESH and types.minor == 6 and not types.since(6, 5):
            values["protocolDetectionTimeout"] = "0.1s"  # 5s from 1.6.5 on
        cached = _CACHE[(name, types.version)] = apply(types.message(name), values)
    return cached


def clean_proxy_config(message: Message, version: Version) -> Message:
    """A ProxyConfig without what has its default; any other message as it is."""
    if message.type.name != PROXY or message.is_nil:
        return message

    defaults = default_proxy_config(version).fields
    number = schema(version).minor
    same = {
        f
        for f, minors in _CLEANED
        if covers(minors, number) and message.fields.get(f) == defaults.get(f)
    }
    return Message(message.type, {k: v for k, v in message.fields.items() if k not in same})
