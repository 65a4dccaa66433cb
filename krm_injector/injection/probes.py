"""Probe rewrite: the kubelet asks the agent, the agent the application.

Source: pkg/kube/inject/app_probe.go (1.9-1.31).
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.istio_names import (
    APP_PROBERS_VARIABLE,
    PROXY_CONTAINER,
    REWRITE_PROBES_ANNOTATION,
)
from krm_injector.kube import go_json, types
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROBES = (("readinessProbe", "readyz"), ("livenessProbe", "livez"), ("startupProbe", "startupz"))
HANDLERS = (("preStop", "prestopz"), ("postStart", "poststartz"))
PROBE_ACTIONS = ("httpGet", "tcpSocket", "grpc")  # where a probe names several, the first is taken
HANDLER_ACTIONS = ("httpGet", "tcpSocket")
ACTION_TYPES = {
    "httpGet": "v1.HTTPGetAction",
    "tcpSocket": "v1.TCPSocketAction",
    "grpc": "v1.GRPCAction",
}


class Scope(NamedTuple):
    """What is rewritten."""

    actions: tuple[str, ...] = PROBE_ACTIONS
    lifecycle: bool = True
    init: bool = True  # in init containers too


def scope(rules: Rules, tcp_feature: bool) -> Scope:
    """By version; ``tcp_feature`` is REWRITE_TCP_PROBES of istiod."""
    actions = ["httpGet"]
    if rules.tcp_probes == "always" or (rules.tcp_probes == "feature" and tcp_feature):
        actions.append("tcpSocket")
    if rules.grpc_probes:
        actions.append("grpc")
    return Scope(tuple(actions), rules.lifecycle_probes, rules.init_probes)


def should_rewrite(annotations: dict[str, str], by_values: bool) -> bool:
    """By the pod's annotation, else by values.sidecarInjectorWebhook.rewriteAppHTTPProbe."""
    return pods.bool_annotation(annotations, REWRITE_PROBES_ANNOTATION, by_values)


# ---------------------------------------------------------------- what the agent asks


def app_probers(pod: Object, status_port: int, what: Scope) -> dict[str, Object]:
    """What the agent must ask for each path: {"/app-health/web/readyz": {"httpGet": ...,
    "timeoutSeconds": 1}}.

    A probe whose named port its container does not declare, or that already leads to
    ``status_port``, is left out.
    """
    containers = pods.containers(pod)
    if what.init:
        containers = pods.containers(pod, "initContainers") + containers

    probers: dict[str, Object] = {}
    for container in containers:
        name = container.get("name", "")
        if name == PROXY_CONTAINER:
            continue

        ports = pods.named_ports(container)
        for field, path in PROBES:
            probe = container.get(field)
            prober = _prober(probe, what.actions, ports, status_port)
            if prober is not None:
                if probe and probe.get("timeoutSeconds"):
                    prober["timeoutSeconds"] = probe["timeoutSeconds"]
                probers[f"/app-health/{name}/{path}"] = prober

        if not what.lifecycle:
            continue

        handlers = container.get("lifecycle") or {}
        for field, path in HANDLERS:
            prober = _prober(handlers.get(field), HANDLER_ACTIONS, ports, status_port)
            if prober is not None:
                probers[f"/app-lifecycle/{name}/{path}"] = prober

    return probers


def _prober(
    probe: Object | None, actions: tuple[str, ...], ports: dict[str, int], status_port: int
) -> Object | None:
    kind = _action(probe, actions)
    if kind is None or probe is None:
        return None

    action: Object = types.decode(ACTION_TYPES[kind], probe[kind], keep_empty=True)
    if kind == "grpc":
        return {kind: action}

    port = action.get("port")
    if isinstance(port, str):
        if port not in ports:
            return None
        action["port"] = ports[port]
    elif port == status_port:
        return None  # rewritten by an earlier injection

    return {kind: action}


def _action(probe: Object | None, actions: tuple[str, ...]) -> str | None:
    """The first of the actions that the probe has."""
    if not probe:
        return None

    for kind in actions:
        if probe.get(kind) is not None:
            return kind
    return None


def probers_json(probers: dict[str, Object]) -> str:
    """Go's JSON of the map: sorted paths, each action's fields in the order of its Go struct."""
    entries = [f"{go_json.dumps(path)}:{_prober_json(probers[path])}" for path in sorted(probers)]
    return "{" + ",".join(entries) + "}"


def _prober_json(prober: Object) -> str:
    parts = []
    for kind, go_type in ACTION_TYPES.items():
        if kind in prober:
            parts.append(f'"{kind}":{types.dumps(go_type, prober[kind])}')

    if prober.get("timeoutSeconds"):
        parts.append(f'"timeoutSeconds":{prober["timeoutSeconds"]}')
    return "{" + ",".join(parts) + "}"


def merge_env(
    env: list[Object], probers: dict[str, Object], reinjected: bool, append: bool
) -> list[Object]:
    """The proxy's env with ISTIO_KUBE_APP_PROBERS.

    On a pod that was injected before (``reinjected``), the probers found there win over those found
    now; where it had none, they are appended only from 1.27 on (``append``). Before 1.17 nobody
    looked there (pass False).
    """
    entry = {"name": APP_PROBERS_VARIABLE, "value": probers_json(probers)}
    if not reinjected:
        return [*env, entry]

    for index, variable in enumerate(env):
        if variable.get("name") == APP_PROBERS_VARIABLE:
            try:
                before = go_json.loads(variable.get("value") or "")
                earlier = {path: as_prober(prober) for path, prober in before.items()}
            except (go_json.GoJsonError, types.TypeMismatch, AttributeError):
                return env

            entry["value"] = probers_json({**probers, **earlier})
            return [*env[:index], entry, *env[index + 1 :]]

    return [*env, entry] if append else env


def as_prober(value: Any) -> Object:
    """One entry of ISTIO_KUBE_APP_PROBERS, typed: numbers are integers. Raises TypeMismatch,
    AttributeError.
    """
    prober: Object = {}
    for kind, go_type in ACTION_TYPES.items():
        if value.get(kind):
            prober[kind] = types.decode(go_type, value[kind], keep_empty=True)

    if value.get("timeoutSeconds"):
        prober["timeoutSeconds"] = int(value["timeoutSeconds"])
    return prober


# ---------------------------------------------------------------- what the kubelet asks


def rewrite(pod: Object, status_port: int, what: Scope) -> Object:
    """The pod with every probe (and lifecycle handler) of the application led to the agent's status
    port.
    """
    fields = {}
    for field in ("containers", "initContainers") if what.init else ("containers",):
        before = pods.containers(pod, field)
        after = [_rewritten_container(container, status_port, what) for container in before]
        if any(new is not old for new, old in zip(after, before, strict=True)):
            fields[field] = after

    return pods.with_spec(pod, **fields) if fields else pod


def _rewritten_container(container: Object, port: int, what: Scope) -> Object:
    """The container with its probes rewritten; the same object if it has none, or is the proxy."""
    name = container.get("name", "")
    if name == PROXY_CONTAINER:
        return container

    changes: Object = {}
    for field, path in PROBES:
        probe = container.get(field)
        kind = _action(probe, what.actions)
        if probe and kind:
            changes[field] = _rewritten(probe, kind, f"/app-health/{name}/{path}", port)

    handlers = container.get("lifecycle") if what.lifecycle else None
    if handlers:
        rewritten = _rewritten_handlers(handlers, name, port)
        if rewritten:
            changes["lifecycle"] = {**handlers, **rewritten}

    return {**container, **changes} if changes else container


def _rewritten_handlers(handlers: Object, container_name: str, port: int) -> Object:
    rewritten: Object = {}
    for field, path in HANDLERS:
        handler = handlers.get(field)
        kind = _action(handler, HANDLER_ACTIONS)
        if handler and kind:
            url_path = f"/app-lifecycle/{container_name}/{path}"
            rewritten[field] = _rewritten(handler, kind, url_path, port)
    return rewritten


def _rewritten(probe: Object, kind: str, path: str, port: int) -> Object:
    action: Object = dict(probe["httpGet"]) if kind == "httpGet" else {}
    action.update(path=path, port=port)
    if action.get("scheme") == "HTTPS":
        action["scheme"] = "HTTP"  # the agent speaks TLS to the application itself

    # httpGet takes the place of the action that it replaces, so that the probe's own fields keep
    # their order.
    rewritten: Object = {}
    for field, value in probe.items():
        if field == kind:
            rewritten["httpGet"] = action
        else:
            rewritten[field] = value
    return rewritten
