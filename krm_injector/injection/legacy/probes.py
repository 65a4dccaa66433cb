"""Probe rewrite in Istio 1.1 to 1.8: HTTP probes only, and the agent's port by arguments or mesh.

Source: app_probe.go of pilot/pkg/kube/inject (1.1-1.3) and pkg/kube/inject (1.4-1.8).
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.injection.control_plane import RenderError
from krm_injector.injection.legacy.spec import SidecarInjectionSpec, number_argument
from krm_injector.istio_names import (
    APP_PROBERS_VARIABLE,
    PROXY_CONTAINER,
    REWRITE_PROBES_ANNOTATION,
    STATUS_PORT_ANNOTATION,
)
from krm_injector.kube import go_json, types
from krm_injector.model import Object
from krm_injector.versions import Rules

_PROBES = (("readinessProbe", "readyz"), ("livenessProbe", "livez"), ("startupProbe", "startupz"))


def should_rewrite(annotations: dict[str, str], spec: SidecarInjectionSpec, rules: Rules) -> bool:
    if not rules.annotation_rewrites:
        return spec.rewrite_probes
    return pods.bool_annotation(annotations, REWRITE_PROBES_ANNOTATION, spec.rewrite_probes)


def agent_port(
    containers: list[Object], annotations: dict[str, str], mesh_port: int | None
) -> int | None:
    """Where the agent of the containers' istio-proxy answers probes; None if there is none or it is
    not said.

    ``mesh_port``: the mesh's, None if the proxy's arguments say it (Rules.status_port).
    """
    sidecar = pods.find_container(PROXY_CONTAINER, containers)
    if sidecar is None:
        return None
    if mesh_port is None:
        return port_of_args(sidecar.get("args") or [])

    annotation = annotations.get(STATUS_PORT_ANNOTATION)
    if annotation is None:
        return mesh_port

    from krm_injector.kube.go_numbers import atoi  # few pods state it

    return atoi(annotation)


def port_of_args(args: list[str]) -> int | None:
    """The agent's --statusPort: with the number behind "=" or as the next argument."""
    port = number_argument(args, "statusPort")
    return None if port == -1 else port


def with_probers(injected: list[Object], application: list[Object], rules: Rules) -> list[Object]:
    """The containers with the application's probes in the environment of the first istio-proxy."""
    sidecar = pods.find_container(PROXY_CONTAINER, injected)
    text = probers_json(application, rules)
    if sidecar is None or not text:
        return injected

    variable = {"name": APP_PROBERS_VARIABLE, "value": text}
    informed = pods.with_env(sidecar, variable)
    return [informed if container is sidecar else container for container in injected]


def probers_json(containers: list[Object], rules: Rules) -> str:
    """ISTIO_KUBE_APP_PROBERS: Go's JSON of what the agent asks for each path; a port of unknown
    name is left out. "" if the variable is not written at all.
    """
    probers: dict[str, str] = {}
    for container in containers:
        name = container.get("name", "")
        if name == PROXY_CONTAINER:
            continue

        ports = pods.named_ports(container)
        for field, path in _probe_fields(rules):
            prober = _prober_json(container.get(field) or {}, ports, rules)
            if prober:
                probers[f"/app-health/{name}/{path}"] = prober

    if not probers and not rules.empty_probers:
        return ""

    entries = [f"{go_json.dumps(path)}:{probers[path]}" for path in sorted(probers)]
    return "{" + ",".join(entries) + "}"


def _prober_json(probe: Object, ports: dict[str, int], rules: Rules) -> str:
    """What the agent asks for one probe; "" if it is no HTTP probe or its port is unknown."""
    action = probe.get("httpGet")
    if action is None:
        return ""

    port = action.get("port", 0)
    if isinstance(port, str) and port not in ports:
        return ""

    action_json = types.dumps("v1.HTTPGetAction", {**action, "port": ports.get(port, port)})
    if rules.prober_form == "action":
        return action_json

    timeout = probe.get("timeoutSeconds")
    timeout_json = f',"timeoutSeconds":{timeout}' if timeout else ""
    return f'{{"httpGet":{action_json}{timeout_json}}}'


def rewritten(container: Object, port: int, rules: Rules) -> Object:
    """The application's container with its HTTP probes led to the agent; the proxy as it is."""
    name = container.get("name", "")
    if name == PROXY_CONTAINER:
        return container

    changes = {}
    for field, path in _probe_fields(rules):
        action = (container.get(field) or {}).get("httpGet")
        if action is None:
            continue

        action = {**action, "path": f"/app-health/{name}/{path}", "port": port}
        if rules.https_probes and action.get("scheme") == "HTTPS":
            action["scheme"] = "HTTP"  # the agent speaks TLS to the application itself
        changes[field] = {**container[field], "httpGet": action}

    return {**container, **changes} if changes else container


def rewritten_by_place(before: Object, pod: Object, port: int, rules: Rules) -> list[Object]:
    """The pod's containers with probes replaced at the places that their containers had in
    ``before``, when others had not come or gone yet.

    Raises RenderError if such a place is another container's now.
    """
    containers = list(pods.containers(pod))
    for index, container in enumerate(pods.containers(before)):
        new = rewritten(container, port, rules)
        for field, _path in _probe_fields(rules):
            probe = new.get(field)
            if probe is None or probe is container.get(field):
                continue

            place = containers[index] if index < len(containers) else {}
            containers[index] = _patched(place, field, probe, container, rules)

    return containers


def _patched(place: Object, field: str, probe: Object, container: Object, rules: Rules) -> Object:
    """The container at the place with the probe of another one that has stood there."""
    present = place.get(field)
    if present is None or (rules.probe_patch == "action" and present.get("httpGet") is None):
        raise RenderError(
            f"an earlier injection's containers stand before {container.get('name')!r}, "
            f"and this version of Istio then patches the {field} of the wrong container; "
            "eject the earlier injection first"
        )

    if rules.probe_patch == "action":
        probe = {**present, "httpGet": probe["httpGet"]}
    return {**place, field: probe}


def _probe_fields(rules: Rules) -> tuple[tuple[str, str], ...]:
    return _PROBES if rules.startup_probes else _PROBES[:2]
