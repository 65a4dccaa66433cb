"""What is done to the merged pod that a template cannot do: cluster, metrics, probes, metadata,
order.

Source: pkg/kube/inject/webhook.go postProcessPod (1.9-1.31).
"""

from __future__ import annotations

from krm_injector.injection import pods, probes, prometheus
from krm_injector.istio_names import (
    CORE_DUMP_CONTAINER,
    INIT_CONTAINER,
    NETWORK_LABEL,
    NETWORK_VARIABLE,
    PROXY_CONTAINER,
    STATUS_ANNOTATION,
    STATUS_PORT_ANNOTATION,
    VALIDATION_CONTAINER,
)
from krm_injector.kube import go_json
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules


class PostProcessing(NamedTuple):
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


def post_process(pod: Object, template_pod: Object, settings: PostProcessing) -> Object:
    """The finished pod; ``template_pod`` is what the templates alone give."""
    rules = settings.rules
    native = rules.native_sidecars
    pod = _with_cluster_env(pod, settings.proxy_env, native)
    pod = prometheus.apply(pod, settings.prometheus_merge, settings.status_port, rules)
    if rules.prometheus_targets:
        pod = prometheus.with_secure_port(pod, native)

    pod = _with_probes(pod, settings)
    pod = _with_metadata(pod, template_pod, settings)
    return _ordered(pod, settings.hold, native)


def _with_cluster_env(pod: Object, env: dict[str, str], native: bool) -> Object:
    sidecar = pods.find_sidecar(pod, native)
    if sidecar is None or not env:
        return pod
    return pods.replace_container(pod, sidecar, pods.with_proxy_env(sidecar, env))


def _with_probes(pod: Object, settings: PostProcessing) -> Object:
    rules = settings.rules
    sidecar = pods.find_sidecar(pod, rules.native_sidecars)
    annotations = pods.annotations_of(pod)
    if sidecar is None or not probes.should_rewrite(annotations, settings.rewrite_probes):
        return pod

    scope = probes.scope(rules, settings.rewrite_tcp)
    probers = probes.app_probers(pod, settings.status_port, scope)
    if probers:
        reinjected = rules.merge_probers and STATUS_ANNOTATION in annotations
        env = sidecar.get("env") or []
        env = probes.merge_env(env, probers, reinjected, rules.append_probers)
        pod = pods.replace_container(pod, sidecar, {**sidecar, "env": env})

    port = annotations.get(STATUS_PORT_ANNOTATION)
    if port is None:
        return probes.rewrite(pod, settings.status_port, scope)

    from krm_injector.kube.go_numbers import atoi  # few pods state it

    return probes.rewrite(pod, atoi(port), scope)


def _with_metadata(pod: Object, template_pod: Object, settings: PostProcessing) -> Object:
    if NETWORK_VARIABLE in settings.proxy_env:
        network = {NETWORK_LABEL: settings.proxy_env[NETWORK_VARIABLE]}
        pod = pods.with_metadata(pod, "labels", {**pods.labels_of(pod), **network})

    revision = settings.revision if settings.rules.status_revision else None
    status = {STATUS_ANNOTATION: status_json(template_pod, revision)}
    return pods.with_annotations(pod, {**status, **settings.injected_annotations})


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
    containers = pods.containers(pod)
    inits = pods.containers(pod, "initContainers")
    move_proxy = _first if hold else _last
    containers = move_proxy(containers, PROXY_CONTAINER)
    if native and pods.find_container(PROXY_CONTAINER, inits):
        for name in (CORE_DUMP_CONTAINER, PROXY_CONTAINER, VALIDATION_CONTAINER, INIT_CONTAINER):
            inits = _first(inits, name)
    else:
        inits = _first(inits, VALIDATION_CONTAINER)
        inits = _last(inits, INIT_CONTAINER)
        inits = _last(inits, CORE_DUMP_CONTAINER)

    return pods.with_spec(pod, containers=containers, initContainers=inits)


def _first(containers: list[Object], name: str) -> list[Object]:
    """The containers with the one of that name in front: of several the last, as Istio does."""
    matching = [container for container in containers if container.get("name") == name]
    return matching[-1:] + pods.without(containers, name) if matching else containers


def _last(containers: list[Object], name: str) -> list[Object]:
    """The containers with the one of that name at the end: of several the last."""
    matching = [container for container in containers if container.get("name") == name]
    return pods.without(containers, name) + matching[-1:] if matching else containers
