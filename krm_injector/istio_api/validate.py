"""The checks by which istiod refuses a mesh configuration or an annotation proxy.istio.io/config.

Source: ValidateMeshConfig and ValidateMeshConfigProxyConfig
(pkg/config/validation/agent/validation.go from 1.22, pkg/config/validation/validation.go before).
Warnings are not reported: they change nothing.
"""

from __future__ import annotations

from krm_injector.istio_api import addresses
from krm_injector.istio_api.message import Message, duration_nanos, duration_text
from krm_injector.istio_api.schema import Version, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

# field path, its value, what is wrong (a clause that follows the path)
Problem: TypeAlias = "tuple[str, Any, str]"

MILLISECOND, SECOND, HOUR = 10**6, 10**9, 3600 * 10**9


def proxy_config_problems(config: Message, version: Version) -> list[Problem]:
    number = schema(version).minor
    fields = config.fields
    problems: list[Problem] = []
    for field in ("configPath", "binaryPath"):
        if not fields.get(field):
            problems.append((field, "", "must not be empty"))

    if not fields.get("serviceCluster") and "tracingServiceName" not in fields:
        problems.append(
            ("serviceCluster", "", "must not be empty unless tracingServiceName is given")
        )

    problems += _drain_problems(fields, number)
    problems += _address(fields, "discoveryAddress", required=True)
    problems += _tracing_problems(fields.get("tracing"), number)
    problems += _address(fields, "statsdUdpAddress")
    problems += _address(fields, "envoyMetricsServiceAddress")
    for field in ("envoyMetricsService", "envoyAccessLogService"):
        service = fields.get(field)
        if service is not None:
            problems += _address(service.fields, "address", f"{field}.address")

    problems += _port(fields, "proxyAdminPort")
    policy = fields.get("controlPlaneAuthPolicy", 0)
    if policy not in (0, 1):
        problems.append(("controlPlaneAuthPolicy", policy, "must be NONE or MUTUAL_TLS"))

    if number >= 11:
        problems += _port(fields, "statusPort")
    if fields.get("privateKeyProvider") is not None:
        problems += _key_provider_problems(fields["privateKeyProvider"])
    if fields.get("connectionSettings") is not None:  # 1.31
        problems += _connection_problems(fields["connectionSettings"].fields)

    return problems


def mesh_config_problems(mesh: Message, version: Version) -> list[Problem]:
    number = schema(version).minor
    if number <= 2:
        # Istio's own test cases of 1.1 and 1.2 do not keep its rule on parentShutdownDuration.
        return []

    fields = mesh.fields
    problems = _port(fields, "proxyListenPort")
    longest = HOUR if number >= 12 else 30 * SECOND
    problems += _duration(fields, "connectTimeout", MILLISECOND, longest)
    detection = fields.get("protocolDetectionTimeout")
    if detection is not None and duration_nanos(detection) % MILLISECOND:
        problems.append(
            ("protocolDetectionTimeout", _shown(detection), "must be in whole milliseconds")
        )

    for path, value, problem in proxy_config_problems(fields["defaultConfig"], version):
        problems.append((f"defaultConfig.{path}", value, problem))

    problems += _load_balancing_problems(fields, number)
    problems += _service_problems(fields)
    retries = fields.get("defaultInboundHttpRetryPolicy")
    if retries is not None:  # 1.32
        from krm_injector.istio_api.retries import inbound_retry_problems

        problems += inbound_retry_problems(retries.fields)
    if number >= 8:
        problems += _trust_domain_problems(fields)
    if number >= 18 and fields.get("meshMTLS") is not None:
        curves = fields["meshMTLS"].fields.get("ecdhCurves")
        if curves:
            problems.append(("meshMTLS.ecdhCurves", curves, "is not supported here"))

    return problems


def _load_balancing_problems(fields: dict[str, Any], number: int) -> list[Problem]:
    locality, zone_aware = fields.get("localityLbSetting"), fields.get("zoneAwareLbSetting")
    if locality is None and zone_aware is None:
        return []

    from krm_injector.istio_api.localities import locality_problems, zone_aware_problems

    problems: list[Problem] = []
    if locality is not None:
        problems += locality_problems(locality.fields, number)
    if zone_aware is not None:  # 1.31
        problems += zone_aware_problems(zone_aware.fields)
    return problems


def _service_problems(fields: dict[str, Any]) -> list[Problem]:
    problems: list[Problem] = []
    for at, settings in enumerate(fields.get("serviceSettings", ())):
        for host in settings.fields.get("hosts", ()):
            problem = addresses.wildcard_domain_problem(host)
            if problem:
                problems.append((f"serviceSettings[{at}].hosts", host, problem))

    return problems


def _shown(duration: Message) -> str:
    return duration_text(duration_nanos(duration))


def _port(fields: dict[str, Any], name: str) -> list[Problem]:
    port = fields.get(name, 0)
    return [] if 1 <= port <= 65535 else [(name, port, "must be a port from 1 to 65535")]


def _address(
    fields: dict[str, Any], name: str, path: str = "", required: bool = False
) -> list[Problem]:
    value = fields.get(name, "")
    if not value:
        return [(path or name, value, "must not be empty")] if required else []
    problem = addresses.address_problem(value)
    return [(path or name, value, problem)] if problem else []


def _duration(
    fields: dict[str, Any], name: str, least: int, most: int | None = None
) -> list[Problem]:
    message = fields.get(name)
    nanos = 0 if message is None else duration_nanos(message)
    shown = duration_text(nanos)
    if nanos < least:
        return [(name, shown, f"must be at least {duration_text(least)}")]
    if nanos % MILLISECOND:
        return [(name, shown, "must be in whole milliseconds")]
    if most is not None and nanos > most:
        return [(name, shown, f"must be at most {duration_text(most)}")]

    return []


def _drain_problems(fields: dict[str, Any], number: int) -> list[Problem]:
    longest = HOUR if number <= 21 else None
    names = ["drainDuration"] + (["parentShutdownDuration"] if number <= 16 else [])
    problems = [p for name in names for p in _duration(fields, name, MILLISECOND, longest)]
    if problems:
        return problems

    nanos = [duration_nanos(fields[name]) for name in names]
    for name, value in zip(names, nanos, strict=True):
        if value % SECOND:
            problems.append((name, duration_text(value), "must be in whole seconds"))

    if len(nanos) == 2 and nanos[1] <= nanos[0]:
        problems.append((names[1], duration_text(nanos[1]), "must be longer than drainDuration"))

    return problems


def _tracing_problems(tracing: Message | None, number: int) -> list[Problem]:
    if tracing is None:
        return []

    problems: list[Problem] = []
    for name in ("zipkin", "datadog", "lightstep"):
        tracer = tracing.fields.get(name)
        if tracer is None:
            continue

        address = tracer.fields.get("address", "")
        usable = address if name == "lightstep" else address.replace("$(HOST_IP)", "127.0.0.1", 1)
        problem = addresses.address_problem(usable) if usable else "must not be empty"
        if problem:
            problems.append((f"tracing.{name}.address", address, problem))
        if name == "lightstep" and not tracer.fields.get("accessToken"):
            problems.append(("tracing.lightstep.accessToken", "", "must not be empty"))

    tls = tracing.fields.get("tlsSettings")
    if tls is not None:
        problems += [
            (f"tracing.tlsSettings{path}", value, problem)
            for path, value, problem in _tls(tls.fields, number)
        ]

    return problems


def _tls(tls: dict[str, Any], number: int) -> list[Problem]:
    problems: list[Problem] = []
    mode, credential = tls.get("mode", 0), tls.get("credentialName", "")
    if number >= 26 and credential.startswith("configmap://"):
        problems.append((".credentialName", credential, "cannot name a ConfigMap here"))

    skip = tls.get("insecureSkipVerify")
    if number >= 19 and skip is not None and skip.fields.get("value"):
        barred = _NOT_VERIFIED.get(mode, ())
        problems += _together_with("insecureSkipVerify", barred, tls)

    if mode in (_SIMPLE, _MUTUAL) and credential:
        barred = ("clientCertificate", "caCertificates", "privateKey", "caCrl")
        problems += _together_with("credentialName", barred, tls)
    elif mode == _MUTUAL:
        missing = [name for name in ("clientCertificate", "privateKey") if not tls.get(name)]
        problems += [(f".{name}", "", "must not be empty where mode is MUTUAL") for name in missing]

    return problems


_SIMPLE, _MUTUAL = 1, 2  # of ClientTLSSettings.TLSmode
# What cannot be given where certificates are not verified, by mode.
_NOT_VERIFIED = {
    _SIMPLE: ("caCertificates", "credentialName", "subjectAltNames"),
    _MUTUAL: ("caCertificates", "subjectAltNames"),
}


def _together_with(field: str, barred: tuple[str, ...], tls: dict[str, Any]) -> list[Problem]:
    names = [name for name in barred if tls.get(name)]
    return [(f".{name}", tls[name], f"cannot be given together with {field}") for name in names]


def _key_provider_problems(provider: Message) -> list[Problem]:
    for name in ("cryptomb", "qat"):
        settings = provider.fields.get(name)
        if settings is not None:
            delay = settings.fields.get("pollDelay")
            if delay is None or not delay.fields:
                path = f"privateKeyProvider.{name}.pollDelay"
                return [(path, None, "must be given and not zero")]
            return []

    return [("privateKeyProvider", None, "must hold cryptomb or qat")]


_LEAST = {
    "listenerPerConnectionBufferLimitBytes": 0,
    "clusterPerConnectionBufferLimitBytes": 0,
    "httpMaxConcurrentStreams": 1,
    "http2InitialStreamWindowSize": 65535,
    "http2InitialConnectionWindowSize": 65535,
    "listenerConnectionLimit": 1,
    "globalDownstreamConnectionLimit": 1,
}
_TIMES = (
    "httpIdleTimeout",
    "httpMaxConnectionDuration",
    "httpDrainTimeout",
    "httpRequestTimeout",
    "httpRequestHeadersTimeout",
    "httpStreamIdleTimeout",
    "httpMaxStreamDuration",
)


def _connection_problems(fields: dict[str, Any]) -> list[Problem]:
    problems: list[Problem] = []
    for name, least in _LEAST.items():
        number = fields.get(name)
        value = None if number is None else number.fields.get("value", 0)
        if value is not None and value < least:
            problems.append((f"connectionSettings.{name}", value, f"must be at least {least}"))

    for name in _TIMES:
        if fields.get(name) is not None and duration_nanos(fields[name]) < 0:
            problems.append(
                (f"connectionSettings.{name}", _shown(fields[name]), "must not be negative")
            )

    return problems


def _trust_domain_problems(fields: dict[str, Any]) -> list[Problem]:
    domains = [("trustDomain", fields.get("trustDomain", ""))]
    for at, alias in enumerate(fields.get("trustDomainAliases", ())):
        domains.append((f"trustDomainAliases[{at}]", alias))

    problems: list[Problem] = []
    for path, domain in domains:
        labels = domain.split(".")
        if len(labels) > 1 and labels[-1] == "":
            labels.pop()
        if not all(addresses.is_label(label) for label in labels):
            problems.append((path, domain, "must be a domain name"))

    return problems
