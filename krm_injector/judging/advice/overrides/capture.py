"""Traffic that a workload keeps out of its proxy by annotations.

Sources: what istio-init and the CNI plugin make of the annotations (istio/istio
tools/istio-iptables/pkg/cmd/root.go, cni/pkg/plugin/sidecar_redirect.go, 1.31); the defaults that
they replace are values.global.proxy of the installation.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.istio_names import INTERCEPTION_ANNOTATION, STATUS_PORT_ANNOTATION
from krm_injector.judging.advice.injected_workload import Finding, mappings
from krm_injector.judging.advice.overrides.own import Own, listed
from krm_injector.results import counted

_TRAFFIC = "traffic.sidecar.istio.io/"
INBOUND_ONLY = f"{_TRAFFIC}includeInboundPorts"
INBOUND_EXCLUDED = f"{_TRAFFIC}excludeInboundPorts"
OUTBOUND_ONLY = f"{_TRAFFIC}includeOutboundIPRanges"
OUTBOUND_RANGES = f"{_TRAFFIC}excludeOutboundIPRanges"
OUTBOUND_PORTS = f"{_TRAFFIC}excludeOutboundPorts"
OUTBOUND_PORTS_TOO = f"{_TRAFFIC}includeOutboundPorts"
INTERFACES = f"{_TRAFFIC}excludeInterfaces"
VIRTUAL_INTERFACES = f"{_TRAFFIC}kubevirtInterfaces"
REROUTED_INTERFACES = "istio.io/reroute-virtual-interfaces"

ALL = "*"
_EVERYWHERE = frozenset(("0.0.0.0/0", "::/0"))
# The agent's and Envoy's own ports, which templates exclude for every pod.
_PROXY_PORTS = frozenset(("15000", "15020", "15021", "15090"))
_INBOUND_EFFECT = "callers need no mutual TLS and no AuthorizationPolicy is asked"
_INBOUND_REMEDY = (
    "Where callers have no mutual TLS, a PeerAuthentication with portLevelMtls lets them in and "
    "keeps the policies"
)
_OUTBOUND_EFFECT = "no mutual TLS, no routing and no egress policy apply to it"
_OUTBOUND_REMEDY = (
    "Where the other side has no proxy, a DestinationRule or ServiceEntry tells the proxy so"
)


def redirected(own: Own) -> bool:
    """Whether annotations about ports and ranges have an effect: a gateway's traffic is never
    redirected, and the mode NONE redirects nothing.
    """
    return not own.is_gateway and mode(own) != "NONE"


def mode(own: Own) -> str:
    """The interception mode of the pod (the annotation, else its ProxyConfig)."""
    stated = own.annotations.get(INTERCEPTION_ANNOTATION)
    return stated or str(own.configs[1].get("interceptionMode", "REDIRECT"))


# ---------------------------------------------------------------- inbound


def inbound_only(own: Own, value: str) -> Iterator[Finding]:
    """Only the listed ports are redirected; "" is none."""
    before = _default_inbound(own)
    ports = listed(value)
    if value.strip() == ALL or not redirected(own) or set(ports) >= before:
        return

    ref = own.workload.ref
    if not ports:
        message = (
            f"no inbound traffic of {ref} goes through its proxy ({INBOUND_ONLY} is empty): "
            f"{_INBOUND_EFFECT}. {_INBOUND_REMEDY}"
        )
        yield own.of_annotation("override-inbound-off", INBOUND_ONLY, message)
        return

    missing = [port for port in _declared(own) if port not in ports]
    beside = f", not that to the declared {_ports(missing)}" if missing else ""
    message = (
        f"of the inbound traffic of {ref} only that to {_ports(ports)} goes through its proxy"
        f"{beside} ({INBOUND_ONLY}): elsewhere {_INBOUND_EFFECT}. {_INBOUND_REMEDY}"
    )
    yield own.of_annotation("override-inbound-only", INBOUND_ONLY, message, tuple(ports))


def inbound_excluded(own: Own, value: str) -> Iterator[Finding]:
    spared = {*_PROXY_PORTS, *listed(own.facts.proxy_value("excludeInboundPorts"))}
    spared.add(own.annotations.get(STATUS_PORT_ANNOTATION, ""))
    ports = [port for port in listed(value) if port not in spared]
    if not ports or not redirected(own):
        return

    message = (
        f"inbound traffic of {own.workload.ref} to {_ports(ports)} goes past its proxy "
        f"({INBOUND_EXCLUDED}): {_INBOUND_EFFECT}. {_INBOUND_REMEDY}"
    )
    yield own.of_annotation("override-inbound-ports", INBOUND_EXCLUDED, message, tuple(ports))


def status_port(own: Own, value: str) -> Iterator[Finding]:
    """The status port is excluded for every pod: one that the application has goes with it."""
    port = value.strip()
    if port not in _declared(own) or not redirected(own):
        return

    message = (
        f"{STATUS_PORT_ANNOTATION} of {own.workload.ref} is {port}, which its application has: "
        f"inbound traffic to it goes past the proxy, and {_INBOUND_EFFECT}. Leave the status port "
        "to the mesh"
    )
    yield own.of_annotation("override-inbound-ports", STATUS_PORT_ANNOTATION, message, (port,))


def _default_inbound(own: Own) -> set[str]:
    """What the mesh redirects: "*", or the ports that the containers declare (until 1.1)."""
    stated = own.facts.proxy_value("includeInboundPorts")
    if stated:
        return set(listed(stated))
    return {ALL} if own.workload.minor >= (1, 2) else set(_declared(own))


def _declared(own: Own) -> list[str]:
    """The TCP ports of the application's containers."""
    return [
        str(port.get("containerPort"))
        for container in own.workload.application
        for port in mappings(container.get("ports"))
        if port.get("protocol", "TCP") == "TCP"
    ]


# ---------------------------------------------------------------- outbound


def outbound_only(own: Own, value: str) -> Iterator[Finding]:
    """Only what goes to the listed ranges (and to includeOutboundPorts) is redirected."""
    ranges, before = listed(value), listed(own.facts.proxy_value("includeIPRanges")) or [ALL]
    if value.strip() == ALL or not redirected(own) or _cover(ranges, before):
        return

    ref, ports = own.workload.ref, listed(own.annotations.get(OUTBOUND_PORTS_TOO, ""))
    if not ranges and not ports:
        message = (
            f"no outbound traffic of {ref} goes through its proxy ({OUTBOUND_ONLY} is empty): "
            f"{_OUTBOUND_EFFECT}. {_OUTBOUND_REMEDY}"
        )
        yield own.of_annotation("override-outbound-off", OUTBOUND_ONLY, message)
        return

    where = [f"to {', '.join(ranges)}"] if ranges else []
    where += [f"to {_ports(ports)}"] if ports else []
    message = (
        f"of the outbound traffic of {ref} only what goes {' or '.join(where)} goes through its "
        f"proxy ({OUTBOUND_ONLY}): {_OUTBOUND_EFFECT}, wherever else it goes. {_OUTBOUND_REMEDY}"
    )
    yield own.of_annotation("override-outbound-only", OUTBOUND_ONLY, message, tuple(ranges))


def outbound_ranges(own: Own, value: str) -> Iterator[Finding]:
    ranges = [each for each in listed(value) if each not in _mesh_excludes(own)]
    if not ranges or not redirected(own):
        return

    ref, shown = own.workload.ref, ", ".join(ranges)
    if _EVERYWHERE.intersection(ranges):
        message = (
            f"no outbound traffic of {ref} goes through its proxy ({OUTBOUND_RANGES}: {shown}): "
            f"{_OUTBOUND_EFFECT}. {_OUTBOUND_REMEDY}"
        )
        yield own.of_annotation("override-outbound-off", OUTBOUND_RANGES, message, tuple(ranges))
        return

    message = (
        f"outbound traffic of {ref} to {shown} goes past its proxy ({OUTBOUND_RANGES}): "
        f"{_OUTBOUND_EFFECT}. {_OUTBOUND_REMEDY}"
    )
    yield own.of_annotation("override-outbound-ranges", OUTBOUND_RANGES, message, tuple(ranges))


def _mesh_excludes(own: Own) -> list[str]:
    return listed(own.facts.proxy_value("excludeIPRanges"))


def outbound_ports(own: Own, value: str) -> Iterator[Finding]:
    known = listed(own.facts.proxy_value("excludeOutboundPorts"))
    ports = [port for port in listed(value) if port not in known]
    if not ports or not redirected(own):
        return

    message = (
        f"outbound traffic of {own.workload.ref} to {_ports(ports)} of any address goes past its "
        f"proxy ({OUTBOUND_PORTS}): {_OUTBOUND_EFFECT}. {_OUTBOUND_REMEDY}"
    )
    yield own.of_annotation("override-outbound-ports", OUTBOUND_PORTS, message, tuple(ports))


def _cover(ranges: list[str], wanted: list[str]) -> bool:
    """Whether each wanted range lies in one of the ranges."""
    if ALL in ranges or set(ranges) >= set(wanted):
        return True
    if ALL in wanted:
        return bool(_EVERYWHERE.intersection(ranges))

    import ipaddress  # late: few workloads name ranges

    try:
        networks = [ipaddress.ip_network(each, strict=False) for each in ranges]
        needed = [ipaddress.ip_network(each, strict=False) for each in wanted]
    except ValueError:
        return False

    return all(
        any(
            need.version == network.version
            and network.network_address <= need.network_address  # type: ignore[operator]
            and need.broadcast_address <= network.broadcast_address  # type: ignore[operator]
            for network in networks
        )
        for need in needed
    )


# ---------------------------------------------------------------- interfaces, and the mode


def interfaces(own: Own, value: str) -> Iterator[Finding]:
    names = listed(value)
    if not names or not redirected(own):
        return

    message = (
        f"all traffic of {own.workload.ref} over {', '.join(names)} goes past its proxy "
        f"({INTERFACES}): no mutual TLS and no policy of the mesh apply to it. Exclude the "
        "interface only if the mesh has nothing to do with what is behind it"
    )
    yield own.of_annotation("override-interfaces", INTERFACES, message, tuple(names))


def virtual_interfaces(name: str, own: Own, value: str) -> Iterator[Finding]:
    names = listed(value)
    if not names or not redirected(own):
        return

    message = (
        f"what comes to {own.workload.ref} over {', '.join(names)} counts as outbound traffic "
        f"({name}): its inbound policies do not apply to it. This is meant for virtual machines "
        "and nested containers of the pod"
    )
    yield own.of_annotation("override-virtual-interfaces", name, message, tuple(names))


def interception(own: Own, stated_by: Finding, stated: str) -> Iterator[Finding]:
    """The mode that an annotation states, where the mesh has another. stated_by: with its field."""
    ref, before = own.workload.ref, own.configs[0].get("interceptionMode", "REDIRECT")
    if own.is_gateway or stated == before or stated not in ("NONE", "TPROXY"):
        return

    if stated == "NONE":
        message = (
            f"no traffic of {ref} is redirected to its proxy (interception mode NONE): the "
            "application meets the mesh only where it talks to the proxy itself. Take the setting "
            "away, or exclude single ports"
        )
    else:
        message = (
            f"the proxy of {ref} runs as root with NET_ADMIN (interception mode TPROXY; the mesh "
            f"has {before}). Leave the mode to the mesh, unless the application needs the "
            "addresses of its callers"
        )
    yield stated_by._replace(message=message, values=(stated,))


def _ports(ports: list[str]) -> str:
    """port 80; ports 80, 90."""
    noun = counted(len(ports), "port").partition(" ")[2]
    return f"{noun} {', '.join(ports)}"
