"""The checks by which istiod refuses a mesh configuration or an annotation proxy.istio.io/config.

Source: ValidateMeshConfig and ValidateMeshConfigProxyConfig
(pkg/config/validation/agent/validation.go from 1.22, pkg/config/validation/validation.go before).
Warnings are not reported: they change nothing.
"""

from __future__ import annotations

from typing import Any

from krm_injector.istio_api import addresses
from krm_injector.istio_api.message import Message, duration_nanos, duration_text
from krm_injector.istio_api.schema import schema

MILLISECOND, SECOND, HOUR = 10**6, 10**9, 3600 * 10**9
_TOPOLOGY_LABELS = (
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.istio.io/subzone",
)

Problem = tuple[
    str, Any, str
]  # field path, its value, what is wrong (a clause that follows the path)


def proxy_config_problems(config: Message, minor: tuple[int, int]) -> list[Problem]:
    number = schema(minor).minor
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
    problems += _address(fields, "statsdUdpAddress") + _address(
        fields, "envoyMetricsServiceAddress"
    )
    for field in ("envoyMetricsService", "envoyAccessLogService"):
        service = fields.get(field)
        if service is not None:
            problems += _address(service.fields, "address", f"{field}.address")

    problems += _port(fields, "proxyAdminPort")
    if fields.get("controlPlaneAuthPolicy", 0) not in (0, 1):
        problems.append(
            (
                "controlPlaneAuthPolicy",
                fields["controlPlaneAuthPolicy"],
                "must be NONE or MUTUAL_TLS",
            )
        )

    if number >= 11:
        problems += _port(fields, "statusPort")
    if fields.get("privateKeyProvider") is not None:
        problems += _key_provider_problems(fields["privateKeyProvider"])
    if fields.get("connectionSettings") is not None:  # 1.31
        problems += _connection_problems(fields["connectionSettings"].fields)

    return problems


def mesh_config_problems(mesh: Message, minor: tuple[int, int]) -> list[Problem]:
    number = schema(minor).minor
    if (
        number <= 2
    ):  # Istio's own test cases of 1.1 and 1.2 do not keep its rule on parentShutdownDuration
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

    for path, value, problem in proxy_config_problems(fields["defaultConfig"], minor):
        problems.append((f"defaultConfig.{path}", value, problem))

    if fields.get("localityLbSetting") is not None:
        problems += _locality_problems(fields["localityLbSetting"].fields, number)
    if fields.get("zoneAwareLbSetting") is not None:  # 1.31
        problems += _zone_aware_problems(fields["zoneAwareLbSetting"].fields)

    for at, settings in enumerate(fields.get("serviceSettings", ())):
        for host in settings.fields.get("hosts", ()):
            wrong = addresses.wildcard_domain_problem(host)
            problems += [(f"serviceSettings[{at}].hosts", host, wrong)] if wrong else []

    if number >= 8:
        problems += _trust_domain_problems(fields)

    if (
        number >= 18
        and fields.get("meshMTLS") is not None
        and fields["meshMTLS"].fields.get("ecdhCurves")
    ):
        problems.append(
            (
                "meshMTLS.ecdhCurves",
                fields["meshMTLS"].fields["ecdhCurves"],
                "is not supported here",
            )
        )

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
        wrong = addresses.address_problem(usable) if usable else "must not be empty"
        if wrong:
            problems.append((f"tracing.{name}.address", address, wrong))
        if name == "lightstep" and not tracer.fields.get("accessToken"):
            problems.append(("tracing.lightstep.accessToken", "", "must not be empty"))

    tls = tracing.fields.get("tlsSettings")
    if tls is not None:
        problems += [
            (f"tracing.tlsSettings{path}", value, wrong)
            for path, value, wrong in _tls(tls.fields, number)
        ]

    return problems


def _tls(tls: dict[str, Any], number: int) -> list[Problem]:
    problems: list[Problem] = []
    mode, credential = tls.get("mode", 0), tls.get("credentialName", "")  # 1 is SIMPLE, 2 MUTUAL
    if number >= 26 and credential.startswith("configmap://"):
        problems.append((".credentialName", credential, "cannot name a ConfigMap here"))

    skip = tls.get("insecureSkipVerify")
    if number >= 19 and skip is not None and skip.fields.get("value"):
        barred = {
            1: ("caCertificates", "credentialName", "subjectAltNames"),
            2: ("caCertificates", "subjectAltNames"),
        }
        for name in barred.get(mode, ()):
            if tls.get(name):
                problems.append(
                    (f".{name}", tls[name], "cannot be given together with insecureSkipVerify")
                )

    if mode in (1, 2) and credential:
        for name in ("clientCertificate", "caCertificates", "privateKey", "caCrl"):
            if tls.get(name):
                problems.append(
                    (f".{name}", tls[name], "cannot be given together with credentialName")
                )
        return problems

    if mode == 2:
        for name in ("clientCertificate", "privateKey"):
            if not tls.get(name):
                problems.append((f".{name}", "", "must not be empty where mode is MUTUAL"))

    return problems


def _key_provider_problems(provider: Message) -> list[Problem]:
    for name in ("cryptomb", "qat"):
        chosen = provider.fields.get(name)
        if chosen is not None:
            delay = chosen.fields.get("pollDelay")
            if delay is None or not delay.fields:
                return [
                    (f"privateKeyProvider.{name}.pollDelay", None, "must be given and not zero")
                ]
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
    "httpIdleTimeout", "httpMaxConnectionDuration", "httpDrainTimeout", "httpRequestTimeout",
    "httpRequestHeadersTimeout", "httpStreamIdleTimeout", "httpMaxStreamDuration",
)  # fmt: skip


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


def _zone_aware_problems(fields: dict[str, Any]) -> list[Problem]:
    path = "zoneAwareLbSetting"
    labels = [label for label in fields.get("failoverPriority", ()) if label in _TOPOLOGY_LABELS]
    problems: list[Problem] = [
        (f"{path}.failoverPriority", label, "must not be a topology label") for label in labels
    ]
    for at, rule in enumerate(fields.get("failover", ())):
        problems += _failover_problems(rule.fields, f"{path}.failover[{at}]", newer=True)

    return problems


def _failover_problems(rule: dict[str, Any], where: str, newer: bool) -> list[Problem]:
    """newer: from 1.13 on, which looks at both regions and at slashes too."""
    origin, target = rule.get("from", ""), rule.get("to", "")
    shown, problems = f"{origin} {target}", list[Problem]()
    if origin == target:
        problems.append((where, origin, "must name two different regions"))
    if newer and "/" in origin + target:
        problems.append((where, shown, "must name regions only"))
    if "*" in (origin + target if newer else target):
        problems.append((where, shown, 'must not hold a wildcard "*"'))
    return problems


def _trust_domain_problems(fields: dict[str, Any]) -> list[Problem]:
    named = [("trustDomain", fields.get("trustDomain", ""))]
    named += [
        (f"trustDomainAliases[{at}]", alias)
        for at, alias in enumerate(fields.get("trustDomainAliases", ()))
    ]
    problems: list[Problem] = []
    for path, domain in named:
        labels = domain.split(".")
        if len(labels) > 1 and labels[-1] == "":
            labels.pop()
        if not all(addresses.is_label(label) for label in labels):
            problems.append((path, domain, "must be a domain name"))

    return problems


def _locality_problems(fields: dict[str, Any], number: int) -> list[Problem]:
    path = "localityLbSetting"
    distribute, failover = fields.get("distribute", []), fields.get("failover", [])
    priority = fields.get("failoverPriority", [])
    if distribute and failover:
        return [(path, None, "cannot hold both distribute and failover")]

    if number >= 20 and failover and any(label in _TOPOLOGY_LABELS for label in priority):
        return [
            (
                f"{path}.failoverPriority",
                priority,
                "cannot hold a topology label together with failover",
            )
        ]

    problems: list[Problem] = []
    for at, rule in enumerate(distribute):
        weights = rule.fields.get("to", {})
        where = f"{path}.distribute[{at}].to"
        if any(not 1 <= weight <= 100 for weight in weights.values()):
            return [(where, weights, "must have weights from 1 to 100")]
        if sum(weights.values()) != 100:
            return [(where, weights, "must have weights that add up to 100")]
        problems += _overlaps(list(weights), where)

    problems += _overlaps(
        [rule.fields.get("from", "") for rule in distribute], f"{path}.distribute"
    )
    for at, rule in enumerate(failover):
        problems += _failover_problems(rule.fields, f"{path}.failover[{at}]", newer=number >= 13)

    return problems


def _overlaps(localities: list[str], path: str) -> list[Problem]:
    """validateLocalities: REGION, REGION/ZONE or REGION/ZONE/SUBZONE, none inside another."""
    seen: dict[str, dict[str, set[str]]] = {}
    for locality in localities:
        stars = locality.count("*")
        if stars > 1 or (stars and not locality.endswith("*")):
            return [(path, locality, 'may have one wildcard "*", at the end')]

        parts = locality.split("/", 2)
        if "" in parts and "*" not in seen:
            return [(path, locality, "must not have an empty region, zone or subzone")]
        if "*" in seen or _taken(seen, parts):
            return [(path, locality, "overlaps with another one")]

        zones = seen.setdefault(parts[0], {})
        zones.setdefault(parts[1] if len(parts) > 1 else "*", set()).add(
            parts[2] if len(parts) > 2 else "*"
        )

    return []


def _taken(seen: dict[str, dict[str, set[str]]], parts: list[str]) -> bool:
    zones = seen.get(parts[0])
    if zones is None:
        return False
    if len(parts) == 1 or "*" in zones:
        return True

    subzones = zones.get(parts[1])
    if subzones is None:
        return False
    return len(parts) == 2 or "*" in subzones or parts[2] in subzones
