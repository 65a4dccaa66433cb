"""Metrics merging: scrapers are led to the agent, the pod's own scrape settings go to it by an environment variable.

Source: pkg/kube/inject/webhook.go applyPrometheusMerge (1.19-1.30).
"""

from __future__ import annotations

import re

from krm_injector import pods
from krm_injector.kube import go_json
from krm_injector.model import Object

ENV = "ISTIO_PROMETHEUS_ANNOTATIONS"
MERGE_ANNOTATION = "prometheus.istio.io/merge-metrics"
FIELDS = {"prometheus_io_scrape": "scrape", "prometheus_io_path": "path", "prometheus_io_port": "port"}

_other = re.compile(r"[^a-zA-Z0-9_]")


def _field(annotation: str) -> str | None:
    """ "scrape", "path" or "port": Prometheus reads every spelling alike (prometheus.io/port, prometheus-io.port ...)."""
    return FIELDS.get(_other.sub("_", annotation)) if annotation.startswith("prometheus") else None


def settings(annotations: dict[str, str]) -> dict[str, str]:
    """The scrape settings among a pod's annotations: {"scrape": "true", "port": "9090"}, where set."""
    return {field: value for name, value in sorted(annotations.items()) if (field := _field(name))}


def cleared(annotations: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in annotations.items() if _field(k) is None}


def apply(pod: Object, mesh_wants: bool, status_port: int) -> Object:
    """The pod with merged metrics, or as it was where scraping or merging is off or was set up before."""
    annotations = pods.annotations_of(pod)
    found = settings(annotations)
    if pods.parse_bool(found.get("scrape", "true")) is False or not _enabled(annotations, mesh_wants):
        return pod
    target = str(status_port)
    if found.get("port") == target:
        return pod  # the user leads scrapers to the agent already, or an earlier injection did
    sidecar = pods.find_in_pod(pods.PROXY, pod)
    if sidecar is not None and any(found.values()):
        whole = {"scrape": "", "path": "", "port": "", **found}
        text = "{" + ",".join(f'"{k}":{go_json.dumps(whole[k])}' for k in ("scrape", "path", "port")) + "}"
        env = [*(sidecar.get("env") or []), {"name": ENV, "value": text}]
        pod = pods.replace_container(pod, sidecar, {**sidecar, "env": env})
    ours = {"prometheus.io/port": target, "prometheus.io/path": "/stats/prometheus", "prometheus.io/scrape": "true"}
    return pods.with_metadata(pod, "annotations", {**cleared(annotations), **ours})


def _enabled(annotations: dict[str, str], mesh_wants: bool) -> bool:
    wanted = pods.parse_bool(annotations[MERGE_ANNOTATION]) if MERGE_ANNOTATION in annotations else None
    return mesh_wants if wanted is None else wanted
