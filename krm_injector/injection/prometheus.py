"""Metrics merging: scrapers are led to the agent, the pod's own scrape settings go to it by an
environment variable.

Source: pkg/kube/inject/webhook.go applyPrometheusMerge, applySecurePrometheusAnnotation (1.9-1.31);
the targets of 1.31: pilot/cmd/pilot-agent/status/server.go.
"""

from __future__ import annotations

import re

from krm_injector.injection import pods
from krm_injector.injection.merge import BadAnnotation
from krm_injector.kube import go_json
from krm_injector.model import Object
from krm_injector.versions import Rules

ENV = "ISTIO_PROMETHEUS_ANNOTATIONS"
SECURE_PORT_ENV = "ENVOY_SECURE_MERGED_METRICS_PORT"
SECURE_PORT_ANNOTATION = "prometheus.istio.io/secure-port"
MERGE_ANNOTATION = "prometheus.istio.io/merge-metrics"
FIELDS = {
    "prometheus_io_scrape": "scrape",
    "prometheus_io_path": "path",
    "prometheus_io_port": "port",
    "prometheus_istio_io_scrape_targets": "targets",  # "PORT:PATH,PORT:PATH", 1.31+
}
SPELLED = {
    "prometheus.io/scrape": "scrape",
    "prometheus.io/path": "path",
    "prometheus.io/port": "port",
}
# The ports that the proxy and its agent hold for themselves.
RESERVED_PORTS = frozenset((15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090))

_other = re.compile(r"[^a-zA-Z0-9_]")
_number = re.compile(r"[+-]?[0-9]+\Z")


def _field(annotation: str, rules: Rules) -> str | None:
    """Which setting an annotation is: Prometheus reads prometheus.io/port, prometheus-io.port ...
    alike.
    """
    if not annotation.startswith("prometheus"):
        return None
    if not rules.prometheus_spellings:
        return SPELLED.get(annotation)
    field = FIELDS.get(_other.sub("_", annotation))
    return None if field == "targets" and not rules.prometheus_targets else field


def settings(annotations: dict[str, str], rules: Rules) -> dict[str, str]:
    """The scrape settings among a pod's annotations: {"scrape": "true", "port": "9090"}, where set."""
    return {
        field: value
        for name, value in sorted(annotations.items())
        if (field := _field(name, rules))
    }


def cleared(annotations: dict[str, str], rules: Rules) -> dict[str, str]:
    return {k: v for k, v in annotations.items() if _field(k, rules) is None}


def apply(pod: Object, mesh_wants: bool, status_port: int, rules: Rules) -> Object:
    """The pod with merged metrics, or as it was where scraping or merging is off or was set up
    before.

    Raises BadAnnotation for a port that nobody may scrape (1.31+).
    """
    annotations = pods.annotations_of(pod)
    found = settings(annotations, rules)
    if rules.prometheus_spellings and pods.parse_bool(found.get("scrape", "true")) is False:
        return pod

    target = str(status_port)
    if not _enabled(annotations, mesh_wants) or found.get("port") == target:
        return pod  # the user leads scrapers to the agent already, or an earlier injection did

    targets = _targets(found.pop("targets", ""))
    if targets:
        found["port"], found["path"] = targets[0]
    if rules.prometheus_targets:
        _check_ports(
            annotations, targets or [(found.get("port", ""), "")], status_port, rules, bool(targets)
        )

    sidecar = pods.find_sidecar(pod, rules.native_sidecars)
    if sidecar is not None and any(found.values()):
        env = [*(sidecar.get("env") or []), {"name": ENV, "value": _settings_json(found, targets)}]
        pod = pods.replace_container(pod, sidecar, {**sidecar, "env": env})

    ours = {
        "prometheus.io/port": target,
        "prometheus.io/path": "/stats/prometheus",
        "prometheus.io/scrape": "true",
    }
    return pods.with_metadata(pod, "annotations", {**cleared(annotations, rules), **ours})


def with_secure_port(pod: Object, native: bool) -> Object:
    """The pod with the port of metrics over mTLS as an annotation, where the proxy has one and
    nobody else set it.
    """
    annotations = pods.annotations_of(pod)
    wanted = _other.sub("_", SECURE_PORT_ANNOTATION)
    sidecar = pods.find_sidecar(pod, native)
    if sidecar is None or any(_other.sub("_", name) == wanted for name in annotations):
        return pod

    for variable in sidecar.get("env") or []:
        value = variable.get("value") or ""
        if variable.get("name") == SECURE_PORT_ENV and value not in ("", "0"):
            return pods.with_metadata(
                pod, "annotations", {**annotations, SECURE_PORT_ANNOTATION: value}
            )

    return pod


def _enabled(annotations: dict[str, str], mesh_wants: bool) -> bool:
    wanted = (
        pods.parse_bool(annotations[MERGE_ANNOTATION]) if MERGE_ANNOTATION in annotations else None
    )
    return mesh_wants if wanted is None else wanted


def _settings_json(found: dict[str, str], targets: list[tuple[str, str]]) -> str:
    parts = [
        f'"{field}":{go_json.dumps(found.get(field, ""))}' for field in ("scrape", "path", "port")
    ]
    if targets:
        shown = [
            f'{{"port":{go_json.dumps(port)},"path":{go_json.dumps(path)}}}'
            for port, path in targets
        ]
        parts.append(f'"targets":[{",".join(shown)}]')

    return "{" + ",".join(parts) + "}"


def _targets(text: str) -> list[tuple[str, str]]:
    """ "9090:/m, 9091" -> [("9090", "/m"), ("9091", "/metrics")]; none where one has no port: Istio
    passes over it.
    """
    found = []
    for entry in filter(None, map(str.strip, text.split(","))):
        port, _, path = entry.partition(":")
        if not port.strip():
            return []
        found.append((port.strip(), path.strip() or "/metrics"))
    return found


def _check_ports(
    annotations: dict[str, str],
    targets: list[tuple[str, str]],
    status_port: int,
    rules: Rules,
    listed: bool,
) -> None:
    wanted = "targets" if listed else "port"
    for port, _path in targets:
        if not port and not listed:
            continue

        number = int(port) if _number.match(port) else 0
        if not 1 <= number <= 65535:
            problem = f'"{port}" is not a port'
        elif number == status_port or number in RESERVED_PORTS:
            problem = f"port {port} is the proxy's own and cannot be scraped"
        else:
            continue

        name = next(name for name in sorted(annotations) if _field(name, rules) == wanted)
        raise BadAnnotation(name, annotations[name], problem)
