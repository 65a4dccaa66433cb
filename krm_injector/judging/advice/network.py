"""Ports, addresses, Services and identities that the redirection of traffic affects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from krm_injector.injection.probes import PROBES
from krm_injector.istio_names import INIT_CONTAINER, PROXY_CONTAINER, PROXY_UID
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    mappings,
    ref_of,
)
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object

# The proxy's own ports (istio.io, "Ports used by Istio"; each version's bootstrap): port, first
# minor version, use.
PROXY_PORTS = (
    (15000, (1, 0), "Envoy's administration"),
    (15001, (1, 0), "outbound traffic"),
    (15004, (1, 8), "the agent's debug service"),
    (15006, (1, 3), "inbound traffic"),
    (15008, (1, 9), "HBONE tunnels"),
    (15020, (1, 1), "the agent's health checks and merged metrics"),
    (15021, (1, 6), "the proxy's readiness"),
    (15053, (1, 8), "DNS"),
    (15090, (1, 1), "Envoy's metrics"),
)
DNS_PORT = 15053  # the proxy listens here for UDP too
# Names of ports that state the protocol (istio.io, "Protocol Selection").
PROTOCOL = lazy_pattern(
    r"(grpc|grpc-web|http|http2|https|mongo|mysql|redis|tcp|tls|udp)(-|\Z)", re.IGNORECASE
)

# Inbound traffic of ports without a protocol is TCP before. Source: pilot/pkg/features/pilot.go,
# PILOT_ENABLE_PROTOCOL_SNIFFING_FOR_INBOUND: false in 1.4.0, true in 1.5.0.
DETECTS_INBOUND = (1, 5)


def port_collision(workload: InjectedWorkload, _: BundleObjects) -> Iterator[Finding]:
    """Ports of the application that the proxy of this version needs."""
    uses = {port: use for port, since, use in PROXY_PORTS if since <= workload.minor}
    for container in _own_containers(workload):
        for index, port in enumerate(mappings(container.get("ports"))):
            number, protocol = port.get("containerPort"), port.get("protocol", "TCP")
            if number not in uses:
                continue
            if protocol != "TCP" and not (protocol == "UDP" and number == DNS_PORT):
                continue

            message = (
                f"container {container.get('name')} of {workload.ref} has port {number}, which "
                f"the proxy needs for {uses[number]}: one of the two cannot listen. Move the "
                "application to another port"
            )
            field = workload.container_path(container, f"ports[{index}].containerPort")
            yield Finding("port-collision", message, field, number)


def proxy_identity(workload: InjectedWorkload, _: BundleObjects) -> Iterator[Finding]:
    """Traffic of the proxy's user and group is not redirected. A container that runs as them
    bypasses the proxy.
    """
    proxy_context = mapping(mapping(workload.proxy).get("securityContext"))
    identities = {
        field: {PROXY_UID, proxy_context.get(field)} - {None, 0}
        for field in ("runAsUser", "runAsGroup")
    }
    pod_context = mapping(workload.before.get("securityContext"))
    for container in _own_containers(workload):
        context = mapping(container.get("securityContext"))
        for field, those in identities.items():
            value = context.get(field, pod_context.get(field))
            if value not in those:
                continue

            path = f"{workload.path}.securityContext.{field}"
            if field in context:
                path = workload.container_path(container, f"securityContext.{field}")

            message = (
                f"container {container.get('name')} of {workload.ref} runs with {field} "
                f"{value}, which is the proxy's: its outbound traffic is not redirected, so "
                "it has no mutual TLS, routing or telemetry. Choose another"
            )
            yield Finding("proxy-identity", message, path, value)


def _own_containers(workload: InjectedWorkload) -> list[Object]:
    """The application's containers, without its own overrides of injected ones."""
    injected = (PROXY_CONTAINER, INIT_CONTAINER)
    containers = (*workload.application, *workload.init)
    return [container for container in containers if container.get("name") not in injected]


def host_port(workload: InjectedWorkload, _: BundleObjects) -> Iterator[Finding]:
    """Host ports, which lead to the pod's address and so through the proxy."""
    for container in workload.application:
        for index, port in enumerate(mappings(container.get("ports"))):
            number = port.get("hostPort")
            if not number:
                continue

            message = (
                f"host port {number} of {workload.ref} leads to the pod's own "
                "address and so through the proxy: clients outside of the mesh are refused "
                "where mutual TLS is strict. Exclude the port "
                "(traffic.sidecar.istio.io/excludeInboundPorts) or let them come by a gateway"
            )
            field = workload.container_path(container, f"ports[{index}].hostPort")
            yield Finding("host-port", message, field, number)


# ---------------------------------------------------------------- Services


def services(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """Ports without a protocol, of Services that select an injected workload; each Service once in
    a run.
    """
    namespace, labels = workload.ref.namespace, workload.labels
    by_label = objects.services.get(namespace)
    if by_label is None:
        by_label = objects.services[namespace] = _by_first_label(objects, namespace)

    for label in labels.items():
        for service in by_label.get(label, ()):
            if id(service) in objects.reported:
                continue

            selector = service["spec"]["selector"]
            if all(labels.get(key) == value for key, value in selector.items()):
                objects.reported.add(id(service))
                yield from _ports_without_protocol(workload, service)


def _by_first_label(objects: BundleObjects, namespace: str) -> dict[tuple[str, str], list[Object]]:
    """The Services of a Namespace by the first label of their selector, so that a workload is
    compared only with those that can select it.
    """
    by_label: dict[tuple[str, str], list[Object]] = {}
    for service in objects.of("Service", namespace):
        selector = at(service, ("spec", "selector"))
        if not isinstance(selector, dict) or not selector:
            continue

        if all(isinstance(value, str) for value in selector.values()):
            first = next(iter(selector.items()))
            by_label.setdefault(first, []).append(service)

    return by_label


def _ports_without_protocol(workload: InjectedWorkload, service: Object) -> Iterator[Finding]:
    ref = ref_of(service, "Service", workload.ref.namespace)
    for index, port in enumerate(mappings(at(service, ("spec", "ports")))):
        name = port.get("name")
        if port.get("appProtocol") or port.get("protocol", "TCP") != "TCP":
            continue
        if PROTOCOL.match(str(name or "")) or _guessed_well(workload, port):
            continue

        named = f"is called {name}" if name else "has no name"
        message = (
            f"port {port.get('port')} of {ref}, which selects {workload.ref}, {named} and has no "
            "appProtocol: the proxy has to guess the protocol from the first bytes; protocols in "
            "which the server speaks first (MySQL, SMTP) wait until that times out. Name it "
            "PROTOCOL or PROTOCOL-SUFFIX (http, grpc, tcp, ...) or state appProtocol"
        )
        field = f"spec.ports[{index}].name"
        yield Finding("service-port-protocol", message, field, name, None, ref, service)


def _guessed_well(workload: InjectedWorkload, port: Object) -> bool:
    """Whether the manifest shows that this port's clients speak first, in a protocol that the proxy
    detects (HTTP, gRPC or TLS): a probe, or the scraping of Prometheus, asks it that way.
    """
    if workload.minor < DETECTS_INBOUND:
        return False

    numbers = _target_numbers(workload, port)
    template = workload.decision.workload.template
    before = at(workload.decision.workload.object, (*template, "metadata", "annotations"))
    annotations = mapping(before)
    scraped = annotations.get("prometheus.io/scrape") == "true"
    if scraped and annotations.get("prometheus.io/port") in [str(each) for each in numbers]:
        return True

    return any(asked in numbers for asked in _probed_ports(workload))


def _target_numbers(workload: InjectedWorkload, port: Object) -> list[object]:
    """The containers' ports that a Service's port leads to."""
    target = port.get("targetPort") or port.get("port")
    if not isinstance(target, str):
        return [target]

    named = (_number_of(container, target) for container in workload.application)
    return [number for number in named if number is not None]


def _probed_ports(workload: InjectedWorkload) -> Iterator[object]:
    """The ports that HTTP and gRPC probes of the application ask on the pod's own address."""
    for container in workload.application:
        for field, _ in PROBES:
            probe = mapping(container.get(field))
            request = mapping(probe.get("httpGet") or probe.get("grpc"))
            port = request.get("port")
            number = _number_of(container, port) if isinstance(port, str) else port
            if number is not None and not request.get("host"):
                yield number


def _number_of(container: Object, name: str) -> object:
    ports = mappings(container.get("ports"))
    return next((port.get("containerPort") for port in ports if port.get("name") == name), None)


# ---------------------------------------------------------------- addresses and tokens


def listen_address(workload: InjectedWorkload, _: BundleObjects) -> Iterator[Finding]:
    """Before 1.10 the proxy delivered to 127.0.0.1, so an application that listened only on the
    pod's address got nothing (istio.io, upgrade notes of 1.10). The evidence is a container's
    argument that uses the pod's address.
    """
    if workload.minor >= (1, 10):
        return

    for container in workload.application:
        word = _word_with_pod_address(container)
        if word is None:
            continue

        message = (
            f"container {container.get('name')} of {workload.ref} seems to listen on the pod's "
            f"address ({word}); the proxy of Istio before 1.10 delivers to 127.0.0.1. Listen "
            "on 0.0.0.0, or state traffic.sidecar.istio.io/includeInboundPorts without the "
            "port"
        )
        yield Finding("listen-address", message, workload.container_path(container), word)


def _word_with_pod_address(container: Object) -> str | None:
    """The first word of a container's command that expands a variable of the pod's address."""
    variables = []
    for variable in mappings(container.get("env")):
        if at(variable, ("valueFrom", "fieldRef", "fieldPath")) == "status.podIP":
            variables.append(variable.get("name"))

    for field in ("command", "args"):
        for word in map(str, container.get(field) or []):
            if any(f"$({name})" in word or f"${name}" in word for name in variables):
                return word

    return None


def service_account_token(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """A proxy with its own projected token needs no mount of the pod's; one without
    (first-party-jwt) does.
    """
    if workload.proxy is None:
        return

    field = "automountServiceAccountToken"
    stated = workload.before.get(field)
    path = f"{workload.path}.{field}"
    if stated is None:
        name = workload.before.get("serviceAccountName") or "default"
        for account in objects.of("ServiceAccount", workload.ref.namespace):
            if at(account, ("metadata", "name")) == name:
                stated, path = account.get(field), f"{workload.path}.serviceAccountName"

    if stated is not False or _mounts_own_token(workload, workload.proxy):
        return

    message = (
        f"{workload.ref} mounts no service account token, and its proxy has none of its own "
        "(values: jwtPolicy first-party-jwt): it cannot get a certificate. Mount the token, "
        "or let the mesh use third-party-jwt"
    )
    yield Finding("service-account-token", message, path, False, True)


def _mounts_own_token(workload: InjectedWorkload, proxy: Object) -> bool:
    """Whether the proxy mounts a volume with a projected service account token."""
    projected = set()
    for volume in mappings(workload.after.get("volumes")):
        sources = mappings(at(volume, ("projected", "sources")))
        if any("serviceAccountToken" in source for source in sources):
            projected.add(volume.get("name"))

    return any(mount.get("name") in projected for mount in mappings(proxy.get("volumeMounts")))
