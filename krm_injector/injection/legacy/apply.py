"""A SidecarInjectionSpec applied to a pod: as the webhook's JSON patch does it, or as kube-inject's
own code did.

Source: createPatch (webhook.go), IntoObject (inject.go) of pilot/pkg/kube/inject (1.1-1.3) and
pkg/kube/inject (1.4-1.8).
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.injection.legacy import probes
from krm_injector.injection.legacy.spec import SidecarInjectionSpec
from krm_injector.istio_names import (
    APP_NAME_LABEL,
    CANONICAL_NAME_LABEL,
    CANONICAL_REVISION_LABEL,
    CORE_DUMP_CONTAINER,
    INIT_CONTAINER,
    INJECT,
    INTERCEPTION_ANNOTATION,
    MERGE_METRICS_ANNOTATION,
    NETWORK_LABEL,
    NETWORK_VARIABLE,
    PROMETHEUS_VARIABLE,
    PROXY_CONTAINER,
    REVISION_LABEL,
    STATUS_ANNOTATION,
    STATUS_PORT_ANNOTATION,
    TLS_MODE_LABEL,
    VALIDATION_CONTAINER,
)
from krm_injector.kube import go_json
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
# What istiod takes for injected where no status annotation says it (webhook.go legacyContainerNames
# ...).
LEGACY_NAMES = {
    "initContainers": [INIT_CONTAINER, CORE_DUMP_CONTAINER],
    "containers": [PROXY_CONTAINER],
    "volumes": ["istio-certs", "istio-envoy"],
    "imagePullSecrets": [],
}
# The annotations that podRedirectAnnot may set: those in Istio's annotationRegistry that a CNI
# plugin reads.
_REDIRECTS = (
    INJECT,
    INTERCEPTION_ANNOTATION,
    STATUS_ANNOTATION,
    STATUS_PORT_ANNOTATION,
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "traffic.sidecar.istio.io/kubevirtInterfaces",
)
_NETWORKS = "k8s.v1.cni.cncf.io/networks"


class ApplySettings(NamedTuple):
    """What applying a spec asks of the control plane."""

    rules: Rules
    status: str  # the status annotation
    revision: str
    workload_name: str
    status_port: int | None  # of the mesh (1.6+)
    prometheus_merge: bool
    hold: bool
    injected_annotations: dict[str, str]


# ---------------------------------------------------------------- the webhook


def by_webhook(pod: Object, spec: SidecarInjectionSpec, settings: ApplySettings) -> Object:
    """createPatch: an earlier injection is taken out, the spec's parts are added, probes are
    rewritten.
    """
    annotations, rules = pods.annotations_of(pod), settings.rules
    added = {STATUS_ANNOTATION: settings.status, **settings.injected_annotations}
    port = None
    if probes.should_rewrite(annotations, spec, rules):
        containers = probes.with_probers(spec.containers, pods.containers(pod), rules)
        spec = spec._replace(containers=containers)
        port = probes.agent_port(containers, annotations, settings.status_port)

    if _merges_metrics(annotations, settings):
        spec = spec._replace(containers=_with_scraping(spec.containers, annotations))
        added.update(_scrape_annotations(settings))

    before = pod
    if port is not None and rules.probes_first:
        rewritten = [probes.rewritten(entry, port, rules) for entry in pods.containers(pod)]
        pod = pods.with_spec(pod, containers=rewritten)

    pod = _exchanged(before, pod, spec, settings)
    if port is not None and not rules.probes_first:
        rewritten = probes.rewritten_by_place(before, pod, port, rules)
        pod = pods.with_spec(pod, containers=rewritten)
    if spec.dns_config is not None:
        pod = pods.with_spec(pod, dnsConfig=spec.dns_config)

    pod = pods.with_metadata(pod, "annotations", {**annotations, **added})
    return _with_labels(pod, _labels(pod, spec, settings))


def _exchanged(
    before: Object, pod: Object, spec: SidecarInjectionSpec, settings: ApplySettings
) -> Object:
    """The pod without what an earlier injection brought and with what this one brings."""
    earlier = earlier_names(before)
    fields: dict[str, list[Object]] = {}
    for field, containers in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
    ):
        token = _token_mount(pods.containers(before, field))
        added = _with_token(containers, token) if token else containers
        fields[field] = _patched(pods.containers(pod, field), earlier[field], added, settings)

    for field, entries in (("volumes", spec.volumes), ("imagePullSecrets", spec.pull_secrets)):
        fields[field] = _without_names(pods.containers(pod, field), earlier[field]) + entries

    return pods.with_spec(pod, **fields)


def _patched(
    present: list[Object], removed: list[str], added: list[Object], settings: ApplySettings
) -> list[Object]:
    """The list as the patch's operations leave it: removals, then each addition at the end or in
    front.
    """
    result = _without_names(present, removed)
    for index, entry in enumerate(added):
        name = entry.get("name")
        makes_list = index == 0 and not present
        validates = name == VALIDATION_CONTAINER and settings.rules.validation_first
        in_front = validates or (name == PROXY_CONTAINER and settings.hold)
        if in_front and not makes_list:
            result.insert(0, entry)
        else:
            result.append(entry)

    return result


def _without_names(entries: list[Object], names: list[str]) -> list[Object]:
    return [entry for entry in entries if entry.get("name", "") not in names]


def earlier_names(pod: Object) -> dict[str, list[str]]:
    """What an earlier injection brought, by its status annotation; without one, by the names of
    old.
    """
    text = pods.annotations_of(pod).get(STATUS_ANNOTATION, "")
    try:
        status = go_json.loads(text) if text else None
    except go_json.GoJsonError:
        status = None

    if not isinstance(status, dict):
        return LEGACY_NAMES

    names = {field: status.get(field) or [] for field in LEGACY_NAMES}
    valid = all(map(_are_strings, names.values()))
    return names if valid and any(names.values()) else LEGACY_NAMES


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _token_mount(containers: list[Object]) -> Object | None:
    """The mount of the service account's token in one of the containers, the last that has one."""
    last = None
    for container in containers:
        for mount in container.get("volumeMounts") or []:
            if mount.get("mountPath") == TOKEN_PATH and mount.get("name"):
                last = mount
    return last


def _with_token(containers: list[Object], mount: Object) -> list[Object]:
    """The containers with that mount in each istio-proxy."""
    result = []
    for container in containers:
        if container.get("name") == PROXY_CONTAINER:
            mounts = [*(container.get("volumeMounts") or []), mount]
            container = {**container, "volumeMounts": mounts}
        result.append(container)
    return result


# ---------------------------------------------------------------- labels


def _labels(pod: Object, spec: SidecarInjectionSpec, settings: ApplySettings) -> dict[str, str]:
    kinds, labels = settings.rules.labels, pods.labels_of(pod)
    added: dict[str, str] = {}
    if "tls" in kinds:
        added[TLS_MODE_LABEL] = "istio"

    if "canonical" in kinds:
        names = (CANONICAL_NAME_LABEL, APP_NAME_LABEL, "app")
        added[CANONICAL_NAME_LABEL] = _first_label(labels, names, settings.workload_name)
        names = (CANONICAL_REVISION_LABEL, "app.kubernetes.io/version", "version")
        added[CANONICAL_REVISION_LABEL] = _first_label(labels, names, "latest")

    if "revision" in kinds:
        added[REVISION_LABEL] = settings.revision

    network = _network(spec.containers) if "network" in kinds else ""
    if network:
        added[NETWORK_LABEL] = network

    return added


def _first_label(labels: dict[str, str], names: tuple[str, ...], default: str) -> str:
    return next((labels[name] for name in names if name in labels), default)


def _network(containers: list[Object]) -> str:
    """The first ISTIO_META_NETWORK of the containers."""
    for container in containers:
        for variable in container.get("env") or []:
            if variable.get("name") == NETWORK_VARIABLE:
                return str(variable.get("value", ""))
    return ""


def _with_labels(pod: Object, added: dict[str, str]) -> Object:
    """The pod with labels that it has not, or has empty."""
    labels = pods.labels_of(pod)
    missing = {name: value for name, value in added.items() if not labels.get(name)}
    return pods.with_metadata(pod, "labels", {**labels, **missing}) if missing else pod


# ---------------------------------------------------------------- kube-inject until 1.7


def by_kube_inject(pod: Object, spec: SidecarInjectionSpec, settings: ApplySettings) -> Object:
    """IntoObject's own code: everything goes to the end, nothing is taken out, dnsConfig is the
    spec's or none.
    """
    rules, annotations = settings.rules, dict(pods.annotations_of(pod))
    if rules.merges_prometheus == "annotations" and _merges_metrics(annotations, settings):
        annotations.update(_scrape_annotations(settings))

    pod = _with_parts(pod, spec, settings)
    if probes.should_rewrite(annotations, spec, rules):
        pod = _with_rewritten_probes(pod, annotations, settings)

    if rules.pod_redirect:
        allowed = (*_REDIRECTS, _NETWORKS) if rules.pod_redirect == "multus" else _REDIRECTS
        for name, value in spec.redirect.items():
            if value and name in allowed:
                annotations[name] = value

    annotations[STATUS_ANNOTATION] = settings.status
    pod = pods.with_metadata(pod, "annotations", annotations)
    if "revision" in rules.labels:  # whatever stood there
        revision = {REVISION_LABEL: settings.revision}
        pod = pods.with_metadata(pod, "labels", {**pods.labels_of(pod), **revision})

    return _with_labels(pod, {TLS_MODE_LABEL: "istio"}) if "tls" in rules.labels else pod


def _with_parts(pod: Object, spec: SidecarInjectionSpec, settings: ApplySettings) -> Object:
    """The pod with the spec's parts behind its own."""
    fields: dict[str, Any] = {
        "initContainers": pods.containers(pod, "initContainers") + spec.init_containers,
        "containers": _in_order(pods.containers(pod), spec.containers, settings.hold),
        "volumes": pods.containers(pod, "volumes") + spec.volumes,
        "dnsConfig": spec.dns_config,
    }
    if settings.rules.manual_pull_secrets:
        fields["imagePullSecrets"] = pods.containers(pod, "imagePullSecrets") + spec.pull_secrets
    return pods.with_spec(pod, **fields)


def _in_order(present: list[Object], added: list[Object], hold: bool) -> list[Object]:
    """All containers; the proxy in front where the application waits for it."""
    proxy = pods.find_container(PROXY_CONTAINER, added) if hold else None
    if proxy is None:
        return present + added
    return [proxy, *present, *(container for container in added if container is not proxy)]


def _with_rewritten_probes(
    pod: Object, annotations: dict[str, str], settings: ApplySettings
) -> Object:
    """Probes and the proxy's knowledge of them; here the proxy is any istio-proxy of the pod, the
    first.
    """
    containers, rules = pods.containers(pod), settings.rules
    port = probes.agent_port(containers, annotations, settings.status_port)
    if port is None:
        return pod

    informed = probes.with_probers(containers, containers, rules)
    rewritten = [probes.rewritten(container, port, rules) for container in informed]
    return pods.with_spec(pod, containers=rewritten)


# ---------------------------------------------------------------- metrics


def _merges_metrics(annotations: dict[str, str], settings: ApplySettings) -> bool:
    """enablePrometheusMerge: the pod's annotation, else the mesh."""
    if not settings.rules.merges_prometheus:
        return False
    return pods.bool_annotation(annotations, MERGE_METRICS_ANNOTATION, settings.prometheus_merge)


def _scrape_annotations(settings: ApplySettings) -> dict[str, str]:
    return {
        "prometheus.io/port": str(settings.status_port),
        "prometheus.io/path": "/stats/prometheus",
        "prometheus.io/scrape": "true",
    }


def _with_scraping(containers: list[Object], annotations: dict[str, str]) -> list[Object]:
    """The containers with the application's scrape settings in the environment of the proxy, where
    the pod's annotations state any.
    """
    fields = ("scrape", "path", "port")
    scrape = {field: annotations.get(f"prometheus.io/{field}", "") for field in fields}
    sidecar = pods.find_container(PROXY_CONTAINER, containers)
    if sidecar is None or not any(scrape.values()):
        return containers

    entries = [f'"{field}":{go_json.dumps(value)}' for field, value in scrape.items()]
    variable = {"name": PROMETHEUS_VARIABLE, "value": "{" + ",".join(entries) + "}"}
    informed = pods.with_env(sidecar, variable)
    return [informed if container is sidecar else container for container in containers]
