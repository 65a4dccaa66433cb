"""What is done to the merged pod that a template cannot do: cluster, metrics, probes, metadata,
order.

Source: pkg/kube/inject/webhook.go postProcessPod (1.9-1.31).
"""

from __future__ import annotations

from typing import NamedTuple

from krm_injector.injection import pods, probes, prometheus
from krm_injector.kube import go_json
from krm_injector.model import Object
from krm_injector.versions import Rules

NETWORK_LABEL = "topology.istio.io/network"
NETWORK_ENV = "ISTIO_META_NETWORK"


class Facts(NamedTuple):
    """What post-processing asks of the control plane."""

    rules: Rules
    revision: str
    proxy_env: dict[str, str]  # by the webhook's path, the cluster and the network
    prometheus_merge: bool  # meshConfig.enablePrometheusMerge
    status_port: int  # meshConfig.defaultConfig.statusPort
    rewrite_probes: bool  # values.sidecarInjectorWebhook.rewriteAppHTTPProbe
    hold: bool  # holdApplicationUntilProxyStarts for this pod
    injected_annotations: dict[str, str]
    rewrite_tcp: bool = True  # REWRITE_TCP_PROBES of istiod (1.12-1.18)


def post_process(pod: Object, template_pod: Object, facts: Facts) -> Object:
    """The finished pod; ``template_pod`` is what the templates alone gave."""
    native = facts.rules.native_sidecars
    pod = _with_cluster_env(pod, facts.proxy_env, native)
    pod = prometheus.apply(pod, facts.prometheus_merge, facts.status_port, facts.rules)
    if facts.rules.prometheus_targets:
        pod = prometheus.with_secure_port(pod, native)

    pod = _with_probes(pod, facts)
    pod = _with_metadata(pod, template_pod, facts)
    return _ordered(pod, facts.hold, native)


def _with_cluster_env(pod: Object, env: dict[str, str], native: bool) -> Object:
    sidecar = pods.find_sidecar(pod, native)
    if sidecar is None or not env:
        return pod
    kept = [v for v in sidecar.get("env") or [] if v.get("name") not in env]
    ours = [{"name": k, "value": env[k]} if env[k] else {"name": k} for k in sorted(env)]
    return pods.replace_container(pod, sidecar, {**sidecar, "env": kept + ours})


def _with_probes(pod: Object, facts: Facts) -> Object:
    sidecar = pods.find_sidecar(pod, facts.rules.native_sidecars)
    annotations = pods.annotations_of(pod)
    if sidecar is None or not probes.should_rewrite(annotations, facts.rewrite_probes):
        return pod

    what = probes.scope(facts.rules, facts.rewrite_tcp)
    probers = probes.app_probers(pod, facts.status_port, what)
    if probers:
        reinjected = facts.rules.merge_probers and pods.STATUS_ANNOTATION in annotations
        env = probes.merge_env(
            sidecar.get("env") or [], probers, reinjected, facts.rules.append_probers
        )
        pod = pods.replace_container(pod, sidecar, {**sidecar, "env": env})

    port = annotations.get(probes.STATUS_PORT_ANNOTATION)
    if port is None:
        return probes.rewrite(pod, facts.status_port, what)

    from krm_injector.kube.go_numbers import atoi  # few pods state it

    return probes.rewrite(pod, atoi(port), what)


def _with_metadata(pod: Object, template_pod: Object, facts: Facts) -> Object:
    if NETWORK_ENV in facts.proxy_env:
        pod = pods.with_metadata(
            pod, "labels", {**pods.labels_of(pod), NETWORK_LABEL: facts.proxy_env[NETWORK_ENV]}
        )

    status = {
        pods.STATUS_ANNOTATION: status_json(
            template_pod, facts.revision if facts.rules.status_revision else None
        )
    }
    return pods.with_metadata(
        pod, "annotations", {**pods.annotations_of(pod), **status, **facts.injected_annotations}
    )


def status_json(template_pod: Object, revision: str | None) -> str:
    """sidecar.istio.io/status: the names of what the templates brought, null where they brought
    none.

    revision: None before 1.11, which does not write it.
    """
    parts = []
    for field in ("initContainers", "containers", "volumes", "imagePullSecrets"):
        names = [(entry or {}).get("name") or "" for entry in pods.containers(template_pod, field)]
        parts.append(f'"{field}":{go_json.dumps(names or None)}')
    if revision is not None:
        parts.append(f'"revision":{go_json.dumps(revision or "default")}')
    return "{" + ",".join(parts) + "}"


def _ordered(pod: Object, hold: bool, native: bool) -> Object:
    """istio-proxy last (first when the application waits for it); init containers around the
    iptables set-up.
    """
    among = pods.containers(pod)
    inits = pods.containers(pod, "initContainers")
    among = _first(among, pods.PROXY) if hold else _last(among, pods.PROXY)
    if native and pods.find_container(pods.PROXY, inits):
        for name in (pods.CORE_DUMP, pods.PROXY, pods.VALIDATION, pods.INIT):
            inits = _first(inits, name)
    else:
        inits = _last(_last(_first(inits, pods.VALIDATION), pods.INIT), pods.CORE_DUMP)

    return pods.with_spec(pod, containers=among, initContainers=inits)


def _first(among: list[Object], name: str) -> list[Object]:
    found = [c for c in among if c.get("name") == name]
    return found[-1:] + pods.without(among, name) if found else among


def _last(among: list[Object], name: str) -> list[Object]:
    found = [c for c in among if c.get("name") == name]
    return pods.without(among, name) + found[-1:] if found else among
