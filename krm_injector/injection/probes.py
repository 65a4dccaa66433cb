"""Probe rewrite: the kubelet asks the agent, the agent the application
(pkg/kube/inject/app_probe.go, 1.9-1.31).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from krm_injector.injection import pods
from krm_injector.kube import go_json, types
from krm_injector.model import Object
from krm_injector.versions import Rules

PROBERS_ENV = "ISTIO_KUBE_APP_PROBERS"
STATUS_PORT_ANNOTATION = "status.sidecar.istio.io/port"
REWRITE_ANNOTATION = "sidecar.istio.io/rewriteAppHTTPProbers"

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
    tcp = rules.tcp_probes == "always" or (rules.tcp_probes == "feature" and tcp_feature)
    actions = (
        "httpGet",
        *(("tcpSocket",) if tcp else ()),
        *(("grpc",) if rules.grpc_probes else ()),
    )
    return Scope(actions, rules.lifecycle_probes, rules.init_probes)


def should_rewrite(annotations: dict[str, str], by_values: bool) -> bool:
    wanted = (
        pods.parse_bool(annotations[REWRITE_ANNOTATION])
        if REWRITE_ANNOTATION in annotations
        else None
    )
    return by_values if wanted is None else wanted


def app_probers(pod: Object, status_port: int, what: Scope) -> dict[str, Object]:
    """What the agent must ask for each path: {"/app-health/web/readyz": {"httpGet": ...,
    "timeoutSeconds": 1}}.

    A probe whose named port its container does not declare, or that already leads to
    ``status_port``, is left out.
    """
    found: dict[str, Object] = {}
    for container in (
        pods.containers(pod, "initContainers") if what.init else []
    ) + pods.containers(pod):
        name = container.get("name", "")
        if name == pods.PROXY:
            continue

        ports = {
            p["name"]: p.get("containerPort", 0)
            for p in container.get("ports") or []
            if p.get("name")
        }
        for field, path in PROBES:
            probe = container.get(field)
            prober = _prober(probe, what.actions, ports, status_port)
            if prober is not None:
                if probe and probe.get("timeoutSeconds"):
                    prober["timeoutSeconds"] = probe["timeoutSeconds"]
                found[f"/app-health/{name}/{path}"] = prober

        for field, path in HANDLERS if what.lifecycle else ():
            prober = _prober(
                (container.get("lifecycle") or {}).get(field), HANDLER_ACTIONS, ports, status_port
            )
            if prober is not None:
                found[f"/app-lifecycle/{name}/{path}"] = prober

    return found


def _prober(
    probe: Object | None, actions: tuple[str, ...], ports: dict[str, int], status_port: int
) -> Object | None:
    kind = _action(probe, actions)
    if kind is None or probe is None:
        return None

    action: Object = types.decode(ACTION_TYPES[kind], probe[kind], keep_empty=True)
    if kind != "grpc":
        port = action.get("port")
        if isinstance(port, str):
            if port not in ports:
                return None
            action["port"] = ports[port]
        elif port == status_port:
            return None  # rewritten by an earlier injection

    return {kind: action}


def _action(probe: Object | None, actions: tuple[str, ...]) -> str | None:
    for kind in actions if probe else ():
        if probe is not None and probe.get(kind) is not None:
            return kind
    return None


def probers_json(probers: dict[str, Object]) -> str:
    """Go's JSON of the map: sorted paths, each action's fields in the order of its Go struct."""
    return (
        "{"
        + ",".join(go_json.dumps(p) + ":" + _prober_json(probers[p]) for p in sorted(probers))
        + "}"
    )


def _prober_json(prober: Object) -> str:
    parts = [
        f'"{kind}":{types.dumps(ACTION_TYPES[kind], prober[kind])}'
        for kind in ACTION_TYPES
        if kind in prober
    ]
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
    entry = {"name": PROBERS_ENV, "value": probers_json(probers)}
    if not reinjected:
        return [*env, entry]

    for index, variable in enumerate(env):
        if variable.get("name") == PROBERS_ENV:
            try:
                before = go_json.loads(variable.get("value") or "")
                known = {k: as_prober(v) for k, v in before.items()}
            except (go_json.GoJsonError, types.TypeMismatch, AttributeError):
                return env
            merged = {"name": PROBERS_ENV, "value": probers_json({**probers, **known})}
            return [*env[:index], merged, *env[index + 1 :]]

    return [*env, entry] if append else env


def as_prober(value: Any) -> Object:
    """One entry of ISTIO_KUBE_APP_PROBERS, typed: numbers are integers. Raises TypeMismatch,
    AttributeError.
    """
    prober = {
        k: types.decode(t, value[k], keep_empty=True)
        for k, t in ACTION_TYPES.items()
        if value.get(k)
    }
    if value.get("timeoutSeconds"):
        prober["timeoutSeconds"] = int(value["timeoutSeconds"])
    return prober


def rewrite(pod: Object, status_port: int, what: Scope) -> Object:
    """The pod with every probe (and lifecycle handler) of the application led to the agent's status
    port.
    """
    fields = {}
    for field in ("containers", "initContainers") if what.init else ("containers",):
        before = pods.containers(pod, field)
        after = [
            c if c.get("name") == pods.PROXY else _rewrite_container(c, status_port, what)
            for c in before
        ]
        if any(a is not b for a, b in zip(after, before, strict=True)):
            fields[field] = after

    return pods.with_spec(pod, **fields) if fields else pod


def _rewrite_container(container: Object, port: int, what: Scope) -> Object:
    name = container.get("name", "")
    changed: Object = {}
    for field, path in PROBES:
        probe = container.get(field)
        kind = _action(probe, what.actions)
        if probe and kind:
            changed[field] = _rewritten(probe, kind, f"/app-health/{name}/{path}", port)

    hooks: Object = {}
    for field, path in HANDLERS if what.lifecycle else ():
        handler = (container.get("lifecycle") or {}).get(field)
        kind = _action(handler, HANDLER_ACTIONS)
        if handler and kind:
            hooks[field] = _rewritten(handler, kind, f"/app-lifecycle/{name}/{path}", port)

    if hooks:
        changed["lifecycle"] = {**container["lifecycle"], **hooks}

    return {**container, **changed} if changed else container


def _rewritten(probe: Object, kind: str, path: str, port: int) -> Object:
    action: Object = dict(probe["httpGet"]) if kind == "httpGet" else {}
    action.update(path=path, port=port)
    if action.get("scheme") == "HTTPS":
        action["scheme"] = "HTTP"  # the agent speaks TLS to the application itself
    # httpGet takes the place of the action it replaces, so that the probe's own fields keep their
    # order.
    return {("httpGet" if k == kind else k): (action if k == kind else v) for k, v in probe.items()}
