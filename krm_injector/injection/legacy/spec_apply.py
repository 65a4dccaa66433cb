"""A SidecarInjectionSpec applied to a pod: as the webhook's JSON patch does it, or as kube-inject's
own code did.

Source: createPatch (webhook.go), IntoObject (inject.go), app_probe.go of pilot/pkg/kube/inject
(1.1-1.3) and pkg/kube/inject (1.4-1.8).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from krm_injector.injection import pods
from krm_injector.injection.render import RenderError
from krm_injector.kube import go_json, types
from krm_injector.model import Object
from krm_injector.versions import Rules

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
# What istiod takes for injected where no status annotation says it (webhook.go legacyContainerNames
# ...).
LEGACY = {
    "initContainers": ["istio-init", "enable-core-dump"],
    "containers": ["istio-proxy"],
    "volumes": ["istio-certs", "istio-envoy"],
    "imagePullSecrets": [],
}
PROBERS = "ISTIO_KUBE_APP_PROBERS"
SCRAPING = "ISTIO_PROMETHEUS_ANNOTATIONS"
STATUS_PORT_ANNOTATION = "status.sidecar.istio.io/port"
REWRITE_ANNOTATION = "sidecar.istio.io/rewriteAppHTTPProbers"
MERGE_ANNOTATION = "prometheus.istio.io/merge-metrics"
NETWORK = "ISTIO_META_NETWORK"

_STATUS_PORT = re.compile(r"--?statusPort(?:=([0-9]+))?\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
# The annotations that podRedirectAnnot may set: those in Istio's annotationRegistry that a CNI
# plugin reads.
_REDIRECTS = (
    "sidecar.istio.io/inject",
    "sidecar.istio.io/interceptionMode",
    "sidecar.istio.io/status",
    "status.sidecar.istio.io/port",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "traffic.sidecar.istio.io/kubevirtInterfaces",
)
_NETWORKS = "k8s.v1.cni.cncf.io/networks"


class Spec(NamedTuple):
    """A SidecarInjectionSpec, decoded."""

    rewrite_probes: bool
    redirect: dict[str, str]
    init_containers: list[Object]
    containers: list[Object]
    volumes: list[Object]
    dns_config: Object | None
    pull_secrets: list[Object]


class Facts(NamedTuple):
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


def by_webhook(pod: Object, spec: Spec, facts: Facts) -> Object:
    """createPatch: an earlier injection is taken out, the spec's parts are added, probes are
    rewritten.
    """
    annotations, rules = pods.annotations_of(pod), facts.rules
    rewrite = _should_rewrite(annotations, spec, rules)
    if rewrite:
        spec = spec._replace(containers=_with_probers(spec.containers, pods.containers(pod), rules))

    added = {pods.STATUS_ANNOTATION: facts.status, **facts.injected_annotations}
    if _merges(annotations, facts):
        spec = spec._replace(containers=_with_scraping(spec.containers, annotations))
        added.update(_scrape_annotations(facts))

    port = _agent_port(spec.containers, annotations, facts) if rewrite else None
    before = pod
    if port is not None and rules.probes_first:
        rewritten = [_rewritten(c, port, rules) for c in pods.containers(pod)]
        pod = pods.with_spec(pod, containers=rewritten)

    pod = _exchanged(before, pod, spec, facts)
    if port is not None and not rules.probes_first:
        pod = pods.with_spec(pod, containers=_rewritten_by_place(before, pod, port, rules))
    if spec.dns_config is not None:
        pod = pods.with_spec(pod, dnsConfig=spec.dns_config)

    pod = pods.with_metadata(pod, "annotations", {**annotations, **added})
    return _with_labels(pod, _labels(pod, spec, facts))


def _exchanged(before: Object, pod: Object, spec: Spec, facts: Facts) -> Object:
    """The pod without what an earlier injection brought and with what this one brings."""
    earlier = earlier_names(before)
    fields: dict[str, list[Object]] = {}
    for field, among in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        token = _token_mount(pods.containers(before, field))
        added = [
            _with_token(c, token) if token and c.get("name") == pods.PROXY else c for c in among
        ]
        fields[field] = _patched(pods.containers(pod, field), earlier[field], added, facts)

    for field, among in (("volumes", spec.volumes), ("imagePullSecrets", spec.pull_secrets)):
        kept = [
            entry
            for entry in pods.containers(pod, field)
            if entry.get("name", "") not in earlier[field]
        ]
        fields[field] = kept + among

    return pods.with_spec(pod, **fields)


def _patched(
    present: list[Object], gone: list[str], added: list[Object], facts: Facts
) -> list[Object]:
    """The list as the patch's operations leave it: removals, then each addition at the end or in
    front.
    """
    result = [entry for entry in present if entry.get("name", "") not in gone]
    for index, entry in enumerate(added):
        name = entry.get("name")
        first = index == 0 and not present
        validates = name == pods.VALIDATION and facts.rules.validation_first
        if not first and (validates or (name == pods.PROXY and facts.hold)):
            result.insert(0, entry)
        else:
            result.append(entry)

    return result


def earlier_names(pod: Object) -> dict[str, list[str]]:
    """What an earlier injection brought, by its status annotation; without one, by the names of
    old.
    """
    text = pods.annotations_of(pod).get(pods.STATUS_ANNOTATION, "")
    try:
        status = go_json.loads(text) if text else None
    except go_json.GoJsonError:
        status = None

    if isinstance(status, dict):
        named = {field: status.get(field) or [] for field in LEGACY}
        valid = all(
            isinstance(names, list) and all(isinstance(n, str) for n in names)
            for names in named.values()
        )
        if valid and any(named.values()):
            return named

    return LEGACY


def _token_mount(containers: list[Object]) -> Object | None:
    """The mount of the service account's token in one of the containers, the last that has one."""
    found = None
    for container in containers:
        for mount in container.get("volumeMounts") or []:
            if mount.get("mountPath") == TOKEN_PATH and mount.get("name"):
                found = mount
    return found


def _with_token(container: Object, mount: Object) -> Object:
    return {**container, "volumeMounts": [*(container.get("volumeMounts") or []), mount]}


def _labels(pod: Object, spec: Spec, facts: Facts) -> dict[str, str]:
    wanted, labels = facts.rules.labels, pods.labels_of(pod)
    added: dict[str, str] = {}
    if "tls" in wanted:
        added["security.istio.io/tlsMode"] = "istio"

    if "canonical" in wanted:
        added["service.istio.io/canonical-name"] = _first_of(
            labels,
            ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app"),
            facts.workload_name,
        )
        added["service.istio.io/canonical-revision"] = _first_of(
            labels,
            ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"),
            "latest",
        )

    if "revision" in wanted:
        added["istio.io/rev"] = facts.revision

    network = _network(spec.containers) if "network" in wanted else ""
    if network:
        added["topology.istio.io/network"] = network

    return added


def _first_of(labels: dict[str, str], names: tuple[str, ...], default: str) -> str:
    return next((labels[name] for name in names if name in labels), default)


def _network(containers: list[Object]) -> str:
    variables = [variable for container in containers for variable in container.get("env") or []]
    return next((str(v.get("value", "")) for v in variables if v.get("name") == NETWORK), "")


def _with_labels(pod: Object, added: dict[str, str]) -> Object:
    """The pod with labels that it has not, or has empty."""
    labels = pods.labels_of(pod)
    missing = {name: value for name, value in added.items() if not labels.get(name)}
    return pods.with_metadata(pod, "labels", {**labels, **missing}) if missing else pod


# ---------------------------------------------------------------- kube-inject until 1.7


def by_kube_inject(pod: Object, spec: Spec, facts: Facts) -> Object:
    """IntoObject's own code: everything goes to the end, nothing is taken out, dnsConfig is the
    spec's or none.
    """
    rules, annotations = facts.rules, dict(pods.annotations_of(pod))
    if rules.merges_prometheus == "annotations" and _merges(annotations, facts):
        annotations.update(_scrape_annotations(facts))

    fields: dict[str, Any] = {
        "initContainers": pods.containers(pod, "initContainers") + spec.init_containers,
        "containers": _in_order(pods.containers(pod), spec.containers, facts.hold),
        "volumes": pods.containers(pod, "volumes") + spec.volumes,
        "dnsConfig": spec.dns_config,
    }
    if rules.manual_pull_secrets:
        fields["imagePullSecrets"] = pods.containers(pod, "imagePullSecrets") + spec.pull_secrets

    pod = pods.with_spec(pod, **fields)
    if _should_rewrite(annotations, spec, rules):
        pod = _probes_rewritten(pod, annotations, facts)

    if rules.pod_redirect:
        known = (*_REDIRECTS, _NETWORKS) if rules.pod_redirect == "multus" else _REDIRECTS
        annotations.update(
            {name: value for name, value in spec.redirect.items() if value and name in known}
        )

    pod = pods.with_metadata(
        pod, "annotations", {**annotations, pods.STATUS_ANNOTATION: facts.status}
    )
    if "revision" in rules.labels:  # whatever stood there
        pod = pods.with_metadata(
            pod, "labels", {**pods.labels_of(pod), "istio.io/rev": facts.revision}
        )

    return _with_labels(
        pod, {"security.istio.io/tlsMode": "istio"} if "tls" in rules.labels else {}
    )


def _in_order(present: list[Object], added: list[Object], hold: bool) -> list[Object]:
    proxy = pods.find_container(pods.PROXY, added) if hold else None
    if proxy is None:
        return present + added
    return [proxy, *present, *(c for c in added if c is not proxy)]


def _probes_rewritten(pod: Object, annotations: dict[str, str], facts: Facts) -> Object:
    """Probes and the proxy's knowledge of them; here the proxy is any istio-proxy of the pod, the
    first.
    """
    among = pods.containers(pod)
    port = _agent_port(among, annotations, facts)
    if port is None:
        return pod
    told = _with_probers(among, among, facts.rules)
    return pods.with_spec(pod, containers=[_rewritten(c, port, facts.rules) for c in told])


# ---------------------------------------------------------------- probes


def _should_rewrite(annotations: dict[str, str], spec: Spec, rules: Rules) -> bool:
    if rules.annotation_rewrites and REWRITE_ANNOTATION in annotations:
        stated = pods.parse_bool(annotations[REWRITE_ANNOTATION])
        if stated is not None:
            return stated
    return spec.rewrite_probes


def _agent_port(containers: list[Object], annotations: dict[str, str], facts: Facts) -> int | None:
    """Where the agent of the containers' istio-proxy answers probes; None where there is none or it
    is not said.
    """
    sidecar = pods.find_container(pods.PROXY, containers)
    if sidecar is None:
        return None
    if facts.status_port is None:
        return port_of_args(sidecar.get("args") or [])

    stated = annotations.get(STATUS_PORT_ANNOTATION)
    if stated is None:
        return facts.status_port

    from krm_injector.kube.go_numbers import atoi  # few pods state it

    return atoi(stated)


def port_of_args(args: list[str]) -> int | None:
    """The agent's --statusPort: with the number behind "=" or as the next argument."""
    for index, arg in enumerate(args):
        match = _STATUS_PORT.match(arg.strip())
        if match:
            number = match[1] or (args[index + 1] if index + 1 < len(args) else "")
            port = int(number) if _INTEGER.match(number) else -1
            return None if port == -1 else port
    return None


def _probe_fields(rules: Rules) -> tuple[tuple[str, str], ...]:
    fields = (
        ("readinessProbe", "readyz"),
        ("livenessProbe", "livez"),
        ("startupProbe", "startupz"),
    )
    return fields if rules.startup_probes else fields[:2]


def _with_probers(injected: list[Object], application: list[Object], rules: Rules) -> list[Object]:
    """The containers with the first istio-proxy told of the application's probes."""
    sidecar = pods.find_container(pods.PROXY, injected)
    text = probers_json(application, rules)
    if sidecar is None or not text:
        return injected
    env = [*(sidecar.get("env") or []), {"name": PROBERS, "value": text}]
    return [{**c, "env": env} if c is sidecar else c for c in injected]


def probers_json(containers: list[Object], rules: Rules) -> str:
    """ISTIO_KUBE_APP_PROBERS: Go's JSON of what the agent asks for each path; a port of unknown
    name is left out.
    """
    found: dict[str, str] = {}
    for container in containers:
        name = container.get("name", "")
        if name == pods.PROXY:
            continue

        ports = {
            p["name"]: p.get("containerPort", 0)
            for p in container.get("ports") or []
            if p.get("name")
        }
        for field, path in _probe_fields(rules):
            probe = container.get(field) or {}
            action = probe.get("httpGet")
            if action is None or (
                isinstance(action.get("port"), str) and action["port"] not in ports
            ):
                continue

            port = action.get("port", 0)
            text = types.dumps("v1.HTTPGetAction", {**action, "port": ports.get(port, port)})
            if rules.prober_form == "prober":
                timeout = probe.get("timeoutSeconds")
                text = f'{{"httpGet":{text}' + (
                    f',"timeoutSeconds":{timeout}}}' if timeout else "}"
                )

            found[f"/app-health/{name}/{path}"] = text

    if not found and not rules.empty_probers:
        return ""

    return "{" + ",".join(f"{go_json.dumps(path)}:{found[path]}" for path in sorted(found)) + "}"


def _rewritten(container: Object, port: int, rules: Rules) -> Object:
    """The application's container with its HTTP probes led to the agent; the proxy as it is."""
    name = container.get("name", "")
    if name == pods.PROXY:
        return container

    changed = {}
    for field, path in _probe_fields(rules):
        action = (container.get(field) or {}).get("httpGet")
        if action is not None:
            action = {**action, "path": f"/app-health/{name}/{path}", "port": port}
            if rules.https_probes and action.get("scheme") == "HTTPS":
                action["scheme"] = "HTTP"  # the agent speaks TLS to the application itself
            changed[field] = {**container[field], "httpGet": action}

    return {**container, **changed} if changed else container


def _rewritten_by_place(before: Object, pod: Object, port: int, rules: Rules) -> list[Object]:
    """The containers with probes replaced at the places that their containers had before others
    went or came.
    """
    result = list(pods.containers(pod))
    for index, container in enumerate(pods.containers(before)):
        rewritten = _rewritten(container, port, rules)
        for field, _ in _probe_fields(rules):
            if rewritten.get(field) is container.get(field):
                continue

            there = result[index].get(field) if index < len(result) else None
            if there is None or (rules.probe_patch == "action" and there.get("httpGet") is None):
                raise RenderError(
                    f"an earlier injection's containers stand before {container.get('name')!r}, "
                    f"and this version of Istio then patches the {field} of the wrong container; "
                    "eject the earlier injection first"
                )

            new = rewritten[field]
            value = new if rules.probe_patch == "probe" else {**there, "httpGet": new["httpGet"]}
            result[index] = {**result[index], field: value}

    return result


# ---------------------------------------------------------------- metrics


def _merges(annotations: dict[str, str], facts: Facts) -> bool:
    """enablePrometheusMerge: the pod's annotation, else the mesh."""
    if not facts.rules.merges_prometheus:
        return False
    stated = (
        pods.parse_bool(annotations[MERGE_ANNOTATION]) if MERGE_ANNOTATION in annotations else None
    )
    return facts.prometheus_merge if stated is None else stated


def _scrape_annotations(facts: Facts) -> dict[str, str]:
    return {
        "prometheus.io/port": str(facts.status_port),
        "prometheus.io/path": "/stats/prometheus",
        "prometheus.io/scrape": "true",
    }


def _with_scraping(containers: list[Object], annotations: dict[str, str]) -> list[Object]:
    """The proxy told where the application's own metrics are, where its annotations say anything of
    them.
    """
    found = {
        field: annotations.get(f"prometheus.io/{field}", "") for field in ("scrape", "path", "port")
    }
    sidecar = pods.find_container(pods.PROXY, containers)
    if sidecar is None or not any(found.values()):
        return containers

    text = (
        "{" + ",".join(f'"{field}":{go_json.dumps(value)}' for field, value in found.items()) + "}"
    )
    env = [*(sidecar.get("env") or []), {"name": SCRAPING, "value": text}]
    return [{**c, "env": env} if c is sidecar else c for c in containers]
