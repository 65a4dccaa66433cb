"""The annotation proxy.istio.io/config: what it changes of the ProxyConfig that the mesh gives.

Source: istio/api mesh/v1alpha1/proxy.proto (1.1 to 1.32). A field that only repeats the mesh's
value changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.istio_names import (
    IMAGE_TYPE_ANNOTATION,
    INTERCEPTION_ANNOTATION,
    PROXY_CONFIG_ANNOTATION,
)
from krm_injector.judging.advice.injected_workload import Finding, mapping
from krm_injector.judging.advice.overrides import capture, environment, proxy
from krm_injector.judging.advice.overrides.own import Own
from krm_injector.kube.paths import at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from krm_injector.codes import CodeName

# What the messages say of a field, by its JSON name.
_CONTROL_PLANE = "names another control plane, or how to reach and trust it"
_BOOTSTRAP = "changes how Envoy starts, past what the control plane configures"
_TELEMETRY = "sends what the mesh records of its traffic to another address"
_HEADERS = "believes what callers say of themselves in headers"

PLAIN: dict[str, tuple[CodeName, str]] = {
    "discoveryAddress": ("override-control-plane", _CONTROL_PLANE),
    "controlPlaneAuthPolicy": ("override-control-plane", _CONTROL_PLANE),
    "sds": ("override-control-plane", _CONTROL_PLANE),
    "caCertificatesPem": (
        "override-control-plane", "makes the proxy trust further certificate authorities",
    ),
    "configPath": ("override-bootstrap", _BOOTSTRAP),
    "binaryPath": ("override-bootstrap", _BOOTSTRAP),
    "customConfigFile": ("override-bootstrap", _BOOTSTRAP),
    "proxyBootstrapTemplatePath": ("override-bootstrap", _BOOTSTRAP),
    "runtimeValues": ("override-bootstrap", _BOOTSTRAP),
    "zipkinAddress": ("override-telemetry", _TELEMETRY),
    "statsdUdpAddress": ("override-telemetry", _TELEMETRY),
    "envoyMetricsServiceAddress": ("override-telemetry", _TELEMETRY),
    "envoyMetricsService": ("override-telemetry", _TELEMETRY),
    "envoyAccessLogService": ("override-telemetry", _TELEMETRY),
}  # fmt: skip
# What tunes the proxy, and names that only telemetry shows. None of it takes a protection away.
HARMLESS = frozenset(
    (
        "availabilityZone", "concurrency", "connectTimeout", "connectionSettings",
        "discoveryRefreshDelay", "drainDuration", "extraStatTags", "fileFlushInterval",
        "fileFlushMinSizeKb", "meshId", "parentShutdownDuration", "privateKeyProvider",
        "proxyAdminPort", "proxyStatsMatcher", "readinessProbe", "serviceCluster",
        "statNameLength", "statsCompression", "statsEvictionInterval", "statusPort",
        "terminationDrainDuration", "tracingServiceName",
    )
)  # fmt: skip
_TRACERS = ("zipkin", "lightstep", "datadog", "openCensusAgent")
_FORWARDED = ("FORWARD_ONLY", "ALWAYS_FORWARD_ONLY", "APPEND_FORWARD")
_HOLD = "holdApplicationUntilProxyStarts"


def check(own: Own, value: str) -> Iterator[Finding]:
    before, after = own.configs
    if before == after:
        return

    for field, (code, effect) in PLAIN.items():
        if after.get(field) not in (None, before.get(field)):
            yield _finding(own, code, field, after[field], effect)

    for field, field_check in OTHERS.items():
        if after.get(field) != before.get(field):
            yield from field_check(own, before.get(field), after.get(field))


def _finding(own: Own, code: CodeName, field: str, value: Any, effect: str) -> Finding:
    shown = f"{field}: {_text(value)}"
    message = (
        f"{PROXY_CONFIG_ANNOTATION} of {own.workload.ref} has {shown}, which {effect}. Leave it "
        "to the mesh (meshConfig.defaultConfig)"
    )
    values = (f"{field}={_text(value)}",)
    return own.of_annotation(code, PROXY_CONFIG_ANNOTATION, message, values, shown)


def _text(value: Any) -> str:
    """A value as it stands in YAML's flow style; long ones (certificates) are cut."""
    import json

    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


# ---------------------------------------------------------------- fields with rules of their own


def _interception_mode(own: Own, before: Any, after: Any) -> Iterator[Finding]:
    if INTERCEPTION_ANNOTATION in own.annotations:
        return  # it wins, and has a check of its own

    finding = _finding(own, "override-interception", "interceptionMode", after, "")
    yield from capture.interception(own, finding, str(after))


def _image(own: Own, before: Any, after: Any) -> Iterator[Finding]:
    value = str(mapping(after).get("imageType", ""))
    if IMAGE_TYPE_ANNOTATION in own.annotations:
        return

    finding = _finding(own, "override-proxy-image", "image.imageType", value, "")
    yield from proxy.other_image_type(own, finding, value)


def _hold(own: Own, before: Any, after: Any) -> Iterator[Finding]:
    """The values turn it on too, and nothing turns it off then."""
    if not before or after or own.workload.native or own.facts.typed.hold_application:
        return

    effect = "lets the application start before its proxy: its first calls fail"
    yield _finding(own, "override-hold", _HOLD, False, effect)


def _proxy_metadata(own: Own, before: Any, after: Any) -> Iterator[Finding]:
    known = mapping(before)
    changed = [(k, str(v)) for k, v in mapping(after).items() if known.get(k) != v]
    place = own.of_annotation("override-environment", PROXY_CONFIG_ANNOTATION, "")
    where = f"{PROXY_CONFIG_ANNOTATION} (proxyMetadata) of {own.workload.ref}"
    yield from environment.findings(changed, where, place)


def _tracing(own: Own, before: Any, after: Any) -> Iterator[Finding]:
    """Where traces go. How many there are, and their tags, are the workload's business."""
    for tracer in _TRACERS:
        address = at(after, (tracer, "address"))
        if address and address != at(before, (tracer, "address")):
            field = f"tracing.{tracer}.address"
            yield _finding(own, "override-telemetry", field, address, _TELEMETRY)


def _gateway_topology(own: Own, before: Any, after: Any) -> Iterator[Finding]:
    proxies = mapping(after).get("numTrustedProxies", 0)
    if proxies > mapping(before).get("numTrustedProxies", 0):
        field = "gatewayTopology.numTrustedProxies"
        yield _finding(own, "override-forwarded-headers", field, proxies, _HEADERS)

    if "proxyProtocol" in mapping(after) and "proxyProtocol" not in mapping(before):
        field = "gatewayTopology.proxyProtocol"
        yield _finding(own, "override-forwarded-headers", field, after["proxyProtocol"], _HEADERS)

    yield from _certificates(own, "gatewayTopology", "forwardClientCertDetails", before, after)


def _proxy_headers(own: Own, before: Any, after: Any) -> Iterator[Finding]:
    yield from _certificates(own, "proxyHeaders", "forwardedClientCert", before, after)


def _certificates(own: Own, owner: str, name: str, before: Any, after: Any) -> Iterator[Finding]:
    """x-forwarded-client-cert: a sidecar appends by default, a gateway sets its own."""
    value = mapping(after).get(name)
    harmful = _FORWARDED if own.is_gateway else _FORWARDED[:2]
    if value in harmful and value != mapping(before).get(name):
        yield _finding(own, "override-forwarded-headers", f"{owner}.{name}", value, _HEADERS)


OTHERS: dict[str, Callable[[Own, Any, Any], Iterator[Finding]]] = {
    "interceptionMode": _interception_mode,
    "image": _image,
    _HOLD: _hold,
    "proxyMetadata": _proxy_metadata,
    "tracing": _tracing,
    "gatewayTopology": _gateway_topology,
    "proxyHeaders": _proxy_headers,
}
