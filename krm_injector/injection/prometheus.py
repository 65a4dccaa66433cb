"""Metrics merging: scrapers are led to the agent, the pod's own scrape settings go to it by an
environment variable.

Source: pkg/kube/inject/webhook.go applyPrometheusMerge, applySecurePrometheusAnnotation (1.9-1.31);
the targets of 1.31: pilot/cmd/pilot-agent/status/server.go.
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.injection.merge import BadAnnotation
from krm_injector.istio_names import (
    MERGE_METRICS_ANNOTATION,
    PROMETHEUS_VARIABLE,
    SECURE_METRICS_PORT_VARIABLE,
    SECURE_PORT_ANNOTATION,
)
from krm_injector.kube import go_json
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object
from krm_injector.versions import Rules

FIELDS = {
    "prometheus_io_scrape": "scrape",
    "prometheus_io_path": "path",
    "prometheus_io_port": "port",
    "prometheus_istio_io_scrape_targets": "targets",  # "PORT:PATH,PORT:PATH", 1.31+
}
EXACT_FIELDS = {
    "prometheus.io/scrape": "scrape",
    "prometheus.io/path": "path",
    "prometheus.io/port": "port",
}
DEFAULT_PATH = "/metrics"
# The ports that the proxy and its agent hold for themselves.
RESERVED_PORTS = frozenset((15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090))

_NO_NAME_CHARACTER = lazy_pattern(r"[^a-zA-Z0-9_]")
_INTEGER = lazy_pattern(r"[+-]?[0-9]+\Z")


Target = tuple[str, str]  # port and path of the application's own metrics


# ---------------------------------------------------------------- the settings of a pod


def _field(annotation: str, rules: Rules) -> str | None:
    """Which setting an annotation is: Prometheus reads prometheus.io/port, prometheus-io.port ...
    alike.
    """
    if not annotation.startswith("prometheus"):
        return None
    if not rules.prometheus_spellings:
        return EXACT_FIELDS.get(annotation)

    field = FIELDS.get(_NO_NAME_CHARACTER.sub("_", annotation))
    return None if field == "targets" and not rules.prometheus_targets else field


def settings(annotations: dict[str, str], rules: Rules) -> dict[str, str]:
    """The scrape settings among a pod's annotations: {"scrape": "true", "port": "9090"}, where
    set.
    """
    return {
        field: value
        for name, value in sorted(annotations.items())
        if (field := _field(name, rules))
    }


def cleared(annotations: dict[str, str], rules: Rules) -> dict[str, str]:
    """The annotations that are no scrape settings."""
    return {name: value for name, value in annotations.items() if _field(name, rules) is None}


def _targets(text: str) -> list[Target]:
    """ "9090:/m, 9091" -> [("9090", "/m"), ("9091", "/metrics")].

    None at all where one entry has no port: Istio passes over the whole annotation.
    """
    targets = []
    for entry in filter(None, map(str.strip, text.split(","))):
        port, _, path = entry.partition(":")
        if not port.strip():
            return []
        targets.append((port.strip(), path.strip() or DEFAULT_PATH))
    return targets


# ---------------------------------------------------------------- merging


def apply(pod: Object, mesh_merges: bool, status_port: int, rules: Rules) -> Object:
    """The pod with merged metrics, or as it was where scraping or merging is off or was set up
    before.

    Raises BadAnnotation for a port that nobody may scrape (1.31+).
    """
    annotations = pods.annotations_of(pod)
    scrape = settings(annotations, rules)
    if rules.prometheus_spellings and pods.parse_bool(scrape.get("scrape", "true")) is False:
        return pod

    agent_port = str(status_port)
    if scrape.get("port") == agent_port:
        return pod  # the user leads scrapers to the agent already, or an earlier injection did
    if not pods.bool_annotation(annotations, MERGE_METRICS_ANNOTATION, mesh_merges):
        return pod

    targets = _targets(scrape.pop("targets", ""))
    if targets:
        scrape["port"], scrape["path"] = targets[0]
    if rules.prometheus_targets:
        _check_ports(annotations, targets, scrape.get("port", ""), status_port, rules)

    sidecar = pods.find_sidecar(pod, rules.native_sidecars)
    if sidecar is not None and any(scrape.values()):
        variable = {"name": PROMETHEUS_VARIABLE, "value": _settings_json(scrape, targets)}
        pod = pods.replace_container(pod, sidecar, pods.with_env(sidecar, variable))

    agent_settings = {
        "prometheus.io/port": agent_port,
        "prometheus.io/path": "/stats/prometheus",
        "prometheus.io/scrape": "true",
    }
    return pods.with_metadata(pod, "annotations", {**cleared(annotations, rules), **agent_settings})


def _settings_json(scrape: dict[str, str], targets: list[Target]) -> str:
    """What the agent reads from its environment, as Go writes it."""
    parts = []
    for field in ("scrape", "path", "port"):
        parts.append(f'"{field}":{go_json.dumps(scrape.get(field, ""))}')

    if targets:
        entries = [
            f'{{"port":{go_json.dumps(port)},"path":{go_json.dumps(path)}}}'
            for port, path in targets
        ]
        parts.append(f'"targets":[{",".join(entries)}]')

    return "{" + ",".join(parts) + "}"


def _check_ports(
    annotations: dict[str, str], targets: list[Target], port: str, status_port: int, rules: Rules
) -> None:
    """Raises BadAnnotation for a port of the targets or, without targets, for the only one."""
    field = "targets" if targets else "port"
    ports = [target_port for target_port, _path in targets]
    if not targets and port:
        ports = [port]

    for text in ports:
        problem = _port_problem(text, status_port)
        if problem:
            name = next(name for name in sorted(annotations) if _field(name, rules) == field)
            raise BadAnnotation(name, annotations[name], problem)


def _port_problem(text: str, status_port: int) -> str:
    """Why a port cannot be scraped; "" if it can."""
    # A number of thousands of digits is none that Python reads.
    port = int(text) if len(text) <= 20 and _INTEGER.match(text) else 0
    if not 1 <= port <= 65535:
        return f'"{text}" is not a port'
    if port == status_port or port in RESERVED_PORTS:
        return f"port {text} is the proxy's own and cannot be scraped"
    return ""


def _is_spelled_as(annotation: str, name: str) -> bool:
    """Whether two names are the same to a program that has letters, digits and "_" only."""
    if len(name) != len(annotation):
        return False
    return _NO_NAME_CHARACTER.sub("_", name) == _NO_NAME_CHARACTER.sub("_", annotation)


def with_secure_port(pod: Object, native: bool) -> Object:
    """The pod with the port of metrics over mTLS as an annotation, where the proxy has one and
    nobody else set it.
    """
    annotations = pods.annotations_of(pod)
    sidecar = pods.find_sidecar(pod, native)
    if sidecar is None:
        return pod
    if any(_is_spelled_as(SECURE_PORT_ANNOTATION, name) for name in annotations):
        return pod

    for variable in sidecar.get("env") or []:
        port = variable.get("value") or ""
        if variable.get("name") == SECURE_METRICS_PORT_VARIABLE and port not in ("", "0"):
            return pods.with_annotations(pod, {SECURE_PORT_ANNOTATION: port})

    return pod
