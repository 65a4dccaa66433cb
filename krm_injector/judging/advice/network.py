"""Ports, addresses, Services, probes and identities that the redirection of traffic touches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from krm_injector.injection import pods, probes
from krm_injector.istio_names import REWRITE_PROBES_ANNOTATION
from krm_injector.judging.advice.subject import (
    Facts,
    Finding,
    Subject,
    mapping,
    mappings,
    ref_of,
    selects,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object

# The proxy's own ports (istio.io, "Ports used by Istio"; each version's bootstrap): port, since
# when, use.
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
PROTOCOL = re.compile(
    r"(grpc|grpc-web|http|http2|https|mongo|mysql|redis|tcp|tls|udp)(-|\Z)", re.IGNORECASE
)
PROXY_ID = 1337
OWN_HOSTS = ("", "localhost", "127.0.0.1", "::1")


def port_collision(subject: Subject, _: Facts) -> Iterator[Finding]:
    taken = {port: use for port, since, use in PROXY_PORTS if since <= subject.minor}
    for container in (*subject.application, *subject.init):
        if container.get("name") in (pods.PROXY, pods.INIT):
            continue

        for index, port in enumerate(mappings(container.get("ports"))):
            number = port.get("containerPort")
            if number in taken and port.get("protocol", "TCP") in (
                "TCP",
                *(("UDP",) if number == 15053 else ()),
            ):
                message = (
                    f"container {container.get('name')} of {subject.ref} has port {number}, which "
                    f"the proxy needs for {taken[number]}: one of the two cannot listen. Move the "
                    "application to another port"
                )
                yield Finding("port-collision", message,
                              subject.container_path(container, f"ports[{index}].containerPort"), number)  # fmt: skip


def proxy_identity(subject: Subject, _: Facts) -> Iterator[Finding]:
    """The redirection lets the proxy's user and group pass: whoever shares them talks past the
    proxy.
    """
    stated = mapping(mapping(subject.proxy).get("securityContext"))
    users = {PROXY_ID, stated.get("runAsUser")} - {None, 0}
    pod = mapping(subject.before.get("securityContext"))
    for container in (*subject.application, *subject.init):
        if container.get("name") in (pods.PROXY, pods.INIT):
            continue

        own = mapping(container.get("securityContext"))
        for field in ("runAsUser", "runAsGroup"):
            value = own.get(field, pod.get(field))
            if value in users:
                place = subject.container_path(container, f"securityContext.{field}")
                if field not in own:
                    place = f"{subject.path}.securityContext.{field}"

                message = (
                    f"container {container.get('name')} of {subject.ref} runs with {field} "
                    f"{value}, which is the proxy's: its outbound traffic is not redirected, so "
                    "it has no mutual TLS, routing or telemetry. Choose another"
                )
                yield Finding("proxy-identity", message, place, value)


def host_port(subject: Subject, _: Facts) -> Iterator[Finding]:
    for container in subject.application:
        for index, port in enumerate(mappings(container.get("ports"))):
            if port.get("hostPort"):
                message = (
                    f"host port {port['hostPort']} of {subject.ref} leads to the pod's own "
                    "address and so through the proxy: clients outside of the mesh are refused "
                    "where mutual TLS is strict. Exclude the port "
                    "(traffic.sidecar.istio.io/excludeInboundPorts) or let them come by a gateway"
                )
                yield Finding("host-port", message, subject.container_path(container, f"ports[{index}].hostPort"),
                              port["hostPort"])  # fmt: skip


def services(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Ports without a protocol, of Services that select an injected workload; each port is told
    once.
    """
    index = facts.cache.get(("services", subject.ref.namespace))
    if index is None:
        index = facts.cache["services", subject.ref.namespace] = _by_selector(
            facts, subject.ref.namespace
        )

    for label in subject.labels.items():
        for service in index.get(label, ()):
            if id(service) in facts.cache:
                continue

            if all(
                subject.labels.get(key) == value
                for key, value in service["spec"]["selector"].items()
            ):
                facts.cache[id(service)] = True
                yield from _ports(subject, service)


def _by_selector(facts: Facts, namespace: str) -> dict[tuple[str, str], list[Object]]:
    """The Services of a Namespace by the first label that each selects by."""
    index: dict[tuple[str, str], list[Object]] = {}
    for service in facts.of("Service", namespace):
        selector = at(service, ("spec", "selector"))
        if (
            isinstance(selector, dict)
            and selector
            and all(isinstance(value, str) for value in selector.values())
        ):
            index.setdefault(next(iter(selector.items())), []).append(service)

    return index


def _ports(subject: Subject, service: Object) -> Iterator[Finding]:
    ref = ref_of(service, "Service", subject.ref.namespace)
    for index, port in enumerate(mappings(at(service, ("spec", "ports")))):
        name = port.get("name")
        if (
            port.get("appProtocol")
            or port.get("protocol", "TCP") != "TCP"
            or PROTOCOL.match(str(name or ""))
        ):
            continue

        called = f"is called {name}" if name else "has no name"
        message = (
            f"port {port.get('port')} of {ref}, which selects {subject.ref}, {called} and has no "
            "appProtocol: the proxy has to guess the protocol from the first bytes; protocols in "
            "which the server speaks first (MySQL, SMTP) wait until that times out. Name it "
            "PROTOCOL or PROTOCOL-SUFFIX (http, grpc, tcp, ...) or state appProtocol"
        )
        yield Finding(
            "service-port-protocol", message, f"spec.ports[{index}].name", name, None, ref, service
        )


def listen_address(subject: Subject, _: Facts) -> Iterator[Finding]:
    """Before 1.10 the proxy delivered to 127.0.0.1, so that an application on the pod's address
    alone got nothing (istio.io, upgrade notes of 1.10). The address shows where a container's
    arguments use the pod's.
    """
    if subject.minor >= (1, 10):
        return

    for container in subject.application:
        own = {
            variable.get("name") for variable in mappings(container.get("env"))
            if at(variable, ("valueFrom", "fieldRef", "fieldPath")) == "status.podIP"
        }  # fmt: skip
        words = [str(word) for field in ("command", "args") for word in container.get(field) or []]
        used = next(
            (word for word in words for name in own if f"$({name})" in word or f"${name}" in word),
            None,
        )
        if used is not None:
            message = (
                f"container {container.get('name')} of {subject.ref} seems to listen on the pod's "
                f"address ({used}); the proxy of Istio before 1.10 delivers to 127.0.0.1. Listen "
                "on 0.0.0.0, or state traffic.sidecar.istio.io/includeInboundPorts without the "
                "port"
            )
            yield Finding("listen-address", message, subject.container_path(container), used)


def service_account_token(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """A proxy with its own projected token needs no mount of the pod's; one without
    (first-party-jwt) does.
    """
    proxy = subject.proxy
    stated = subject.before.get("automountServiceAccountToken")
    place = f"{subject.path}.automountServiceAccountToken"
    if stated is None:
        name = subject.before.get("serviceAccountName") or "default"
        for account in facts.of("ServiceAccount", subject.ref.namespace):
            if at(account, ("metadata", "name")) == name:
                stated, place = (
                    account.get("automountServiceAccountToken"),
                    f"{subject.path}.serviceAccountName",
                )

    if stated is not False or proxy is None:
        return

    projected = {
        volume.get("name") for volume in mappings(subject.after.get("volumes"))
        if any("serviceAccountToken" in source for source in mappings(at(volume, ("projected", "sources"))))
    }  # fmt: skip
    if not any(mount.get("name") in projected for mount in mappings(proxy.get("volumeMounts"))):
        message = (
            f"{subject.ref} mounts no service account token, and its proxy has none of its own "
            "(values: jwtPolicy first-party-jwt): it cannot get a certificate. Mount the token, "
            "or let the mesh use third-party-jwt"
        )
        yield Finding("service-account-token", message, place, False, True)


# ---------------------------------------------------------------- probes


def probe(subject: Subject, facts: Facts) -> Iterator[Finding]:
    after = {
        container.get("name"): container for field in ("initContainers", "containers")
        for container in mappings(subject.after.get(field))
    }  # fmt: skip
    for container in (*subject.application, *subject.init):
        if container.get("name") == pods.PROXY:
            continue
        for field, _ in probes.PROBES:
            asked = container.get(field)
            if isinstance(asked, dict):
                now = mapping(mapping(after.get(container.get("name"))).get(field))
                yield from _probe(subject, facts, container, field, asked, now)


def _probe(
    subject: Subject, facts: Facts, container: Object, field: str, asked: Object, now: Object
) -> Iterator[Finding]:
    action = next(
        (kind for kind in probes.PROBE_ACTIONS if isinstance(asked.get(kind), dict)), None
    )
    if action is None:
        return

    where = f"the {field} of container {container.get('name')} of {subject.ref}"
    place = subject.container_path(container, f"{field}.{action}")
    port, host = asked[action].get("port"), asked[action].get("host") or ""
    rewritten = str(at(now, ("httpGet", "path")) or "").startswith("/app-health/")
    names = {one.get("name") for one in mappings(container.get("ports"))}
    if isinstance(port, str) and not port.isdigit() and port not in names:
        message = (
            f"{where} asks port {port}, which the container does not declare: "
            + ("the agent is told nothing of it and answers that it does not know the probe"
               if rewritten else "the kubelet cannot find it")
            + ". Declare the port or give its number"
        )  # fmt: skip
        yield Finding("probe-port-unknown", message, f"{place}.port", port)

    if rewritten and action == "httpGet" and host not in OWN_HOSTS:
        message = (
            f"{where} asks host {host}; its rewritten form asks the status port of that host, "
            "where this pod's agent "
            "does not answer. Leave the host out (a Host header may stay), or set "
            f'{REWRITE_PROBES_ANNOTATION}: "false"'
        )
        yield Finding("probe-host", message, f"{place}.host", host)

    if not rewritten and action in ("httpGet", "grpc") and strict(subject, facts):
        message = (
            f"{where} is not rewritten, and a PeerAuthentication of the bundle makes mutual TLS "
            "strict: the kubelet's "
            f'plain request is refused. Take {REWRITE_PROBES_ANNOTATION}: "false" away (or set '
            "rewriteAppHTTPProbe)"
        )
        yield Finding("probe-mutual-tls", message, place)


def strict(subject: Subject, facts: Facts) -> bool:
    """Whether a PeerAuthentication makes the workload's mutual TLS strict; the most specific that
    says so decides. Exceptions for single ports are not looked at.
    """
    if not facts.has("PeerAuthentication"):
        return False

    mesh = subject.decision.mesh
    root = mesh.root_namespace if mesh else ""
    here = facts.of("PeerAuthentication", subject.ref.namespace)
    everywhere = facts.of("PeerAuthentication", root) if root != subject.ref.namespace else []
    own = [
        p
        for p in here
        if at(p, ("spec", "selector")) and selects(at(p, ("spec", "selector")), subject.labels)
    ]
    wide = [p for among in (here, everywhere) for p in among if not at(p, ("spec", "selector"))]
    for policy in (*own, *wide):
        mode = at(policy, ("spec", "mtls", "mode"))
        if mode not in (None, "UNSET"):
            return bool(mode == "STRICT")

    return False
