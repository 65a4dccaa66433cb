"""Probes: whether the kubelet's requests still work when traffic is redirected.

Injection rewrites most probes to ask the agent (injection/probes.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.injection.probes import PROBE_ACTIONS, PROBES
from krm_injector.istio_names import PROXY_CONTAINER, REWRITE_PROBES_ANNOTATION
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    mappings,
    selects,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple

OWN_HOSTS = ("", "localhost", "127.0.0.1", "::1")


class Probe(NamedTuple):
    """One probe of the application."""

    container: Object  # before injection
    field: str  # "readinessProbe", ...
    action: str  # "httpGet", "tcpSocket", "grpc"
    port: object  # number or name
    host: object
    rewritten: bool  # injection lets the agent ask it


def probes(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """Probes that fail after injection."""
    for probe in _probes_of(workload):
        where = f"the {probe.field} of container {probe.container.get('name')} of {workload.ref}"
        path = workload.container_path(probe.container, f"{probe.field}.{probe.action}")
        yield from _port_unknown(probe, where, path)
        yield from _host(probe, where, path)

        direct = not probe.rewritten and probe.action in ("httpGet", "grpc")
        if direct and strict(workload, objects):
            message = (
                f"{where} is not rewritten, and a PeerAuthentication of the bundle makes mutual "
                "TLS strict: the kubelet's "
                f'plain request is refused. Take {REWRITE_PROBES_ANNOTATION}: "false" away (or '
                "set rewriteAppHTTPProbe)"
            )
            yield Finding("probe-mutual-tls", message, path)


def _probes_of(workload: InjectedWorkload) -> Iterator[Probe]:
    injected = {}
    for field in ("initContainers", "containers"):
        for container in mappings(workload.after.get(field)):
            injected[container.get("name")] = container

    for container in (*workload.application, *workload.init):
        if container.get("name") == PROXY_CONTAINER:
            continue

        for field, _ in PROBES:
            before = mapping(container.get(field))
            kinds = (kind for kind in PROBE_ACTIONS if isinstance(before.get(kind), dict))
            action = next(kinds, None)
            if action is None:
                continue

            after = mapping(mapping(injected.get(container.get("name"))).get(field))
            path = str(at(after, ("httpGet", "path")) or "")
            request = before[action]
            port, host = request.get("port"), request.get("host") or ""
            yield Probe(container, field, action, port, host, path.startswith("/app-health/"))


def _port_unknown(probe: Probe, where: str, path: str) -> Iterator[Finding]:
    port = probe.port
    if not isinstance(port, str) or port.isdigit():
        return
    if any(declared.get("name") == port for declared in mappings(probe.container.get("ports"))):
        return

    if probe.rewritten:
        effect = "the agent is told nothing of it and answers that it does not know the probe"
    else:
        effect = "the kubelet cannot find it"

    message = (
        f"{where} asks port {port}, which the container does not declare: {effect}. Declare the "
        "port or give its number"
    )
    yield Finding("probe-port-unknown", message, f"{path}.port", port)


def _host(probe: Probe, where: str, path: str) -> Iterator[Finding]:
    if not probe.rewritten or probe.action != "httpGet" or probe.host in OWN_HOSTS:
        return

    message = (
        f"{where} asks host {probe.host}; its rewritten form asks the status port of that host, "
        "where this pod's agent "
        "does not answer. Leave the host out (a Host header may stay), or set "
        f'{REWRITE_PROBES_ANNOTATION}: "false"'
    )
    yield Finding("probe-host", message, f"{path}.host", probe.host)


def strict(workload: InjectedWorkload, objects: BundleObjects) -> bool:
    """Whether a PeerAuthentication makes the workload's mutual TLS strict. The most specific one
    that states a mode decides. Exceptions for single ports are ignored.
    """
    if not objects.has("PeerAuthentication"):
        return False

    mesh, namespace = workload.decision.mesh, workload.ref.namespace
    root_namespace = mesh.root_namespace if mesh else ""
    local = objects.of("PeerAuthentication", namespace)
    mesh_wide = []
    if root_namespace != namespace:
        mesh_wide = objects.of("PeerAuthentication", root_namespace)

    own, wide = [], []
    for policy in local:
        selector = at(policy, ("spec", "selector"))
        if not selector:
            wide.append(policy)
        elif selects(selector, workload.labels):
            own.append(policy)

    wide += [policy for policy in mesh_wide if not at(policy, ("spec", "selector"))]
    for policy in (*own, *wide):
        mode = at(policy, ("spec", "mtls", "mode"))
        if mode not in (None, "UNSET"):
            return bool(mode == "STRICT")

    return False
