"""What a generated fleet has beside its overlays: a chart, a kpt package, a plain directory, and
Argo CD's ApplicationSets.
"""

from __future__ import annotations

from pathlib import Path

import inputs
from inputs import Object

NAMESPACES = ("edge", "platform")
CHART, PACKAGE, PLAIN = "charts/edge-proxy", "platform/housekeeping", "platform/node-agents"
REPOSITORY = "https://git.example/company/deployments.git"

# A chart's template is text: helm's own marks are in it.
TEMPLATE = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels:
    app: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      app: {{ .Release.Name }}
  template:
    metadata:
      labels:
        app: {{ .Release.Name }}
        ring: {{ .Values.ring }}
    spec:
      containers:
      - name: proxy
        image: registry.example/edge-proxy:{{ .Values.tag }}
        ports:
        - name: http
          containerPort: 8080
"""


def write(root: Path, clusters: list[tuple[str, str]]) -> None:
    """``clusters``: names and rings."""
    _write_chart(root / CHART, sorted({ring for _, ring in clusters}))
    _write_package(root / PACKAGE)
    _write_plain(root / PLAIN)
    sets = [_of_chart(clusters), _of_directories(clusters)]
    _write(root / "argocd" / "applicationsets.yaml", sets)


def _write(path: Path, documents: list[Object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    inputs.write_manifests(path, documents)


def _write_chart(directory: Path, rings: list[str]) -> None:
    chart = {"apiVersion": "v2", "name": "edge-proxy", "version": "0.1.0", "type": "application"}
    _write(directory / "Chart.yaml", [chart])
    _write(directory / "values.yaml", [{"replicas": 1, "tag": "1.0.0", "ring": "none"}])
    for ring in rings:
        replicas = 4 if ring == "production" else 2
        _write(directory / f"values-{ring}.yaml", [{"replicas": replicas, "ring": ring}])
    (directory / "templates").mkdir()
    (directory / "templates" / "deployment.yaml").write_text(TEMPLATE)


def _write_package(directory: Path) -> None:
    kptfile = {
        "apiVersion": "kpt.dev/v1",
        "kind": "Kptfile",
        "metadata": {
            "name": "housekeeping",
            "annotations": {"config.kubernetes.io/local-config": "true"},
        },
        "info": {"description": "Jobs that clean up"},
    }
    _write(directory / "Kptfile", [kptfile])
    pod = _pod("cleaner", restartPolicy="OnFailure")
    spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": pod}}}
    _write(directory / "cleaner.yaml", [_object("batch/v1", "CronJob", "cleaner", spec)])


def _write_plain(directory: Path) -> None:
    for name, more in (("log-agent", {}), ("node-exporter", {"hostNetwork": True})):
        spec = {"selector": {"matchLabels": {"app": name}}, "template": _pod(name, **more)}
        _write(directory / f"{name}.yaml", [_object("apps/v1", "DaemonSet", name, spec)])


def _pod(name: str, **more: object) -> Object:
    container = {"name": "main", "image": f"registry.example/{name}:1.0.0"}
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **more}}


def _object(version: str, kind: str, name: str, spec: Object) -> Object:
    metadata = {"name": name, "namespace": "platform"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


# ---------------------------------------------------------------- Argo CD


def _of_chart(clusters: list[tuple[str, str]]) -> Object:
    """The chart on each cluster, with the values of its ring."""
    elements = [{"cluster": name, "ring": ring} for name, ring in clusters]
    source = {
        "repoURL": REPOSITORY,
        "targetRevision": "HEAD",
        "path": CHART,
        "helm": {"valueFiles": ["values-{{ring}}.yaml"]},
    }
    return _application_set(
        "edge-proxy", [{"list": {"elements": elements}}], "edge-proxy-{{cluster}}", source, "edge",
        "{{cluster}}",
    )  # fmt: skip


def _of_directories(clusters: list[tuple[str, str]]) -> Object:
    """Each directory of platform/, on the first cluster."""
    git = {"repoURL": REPOSITORY, "revision": "HEAD", "directories": [{"path": "platform/*"}]}
    source = {"repoURL": REPOSITORY, "targetRevision": "HEAD", "path": "{{path}}"}
    return _application_set(
        "platform", [{"git": git}], "{{path.basename}}", source, "platform", clusters[0][0]
    )


def _application_set(
    name: str, generators: list[Object], of: str, source: Object, namespace: str, cluster: str
) -> Object:
    spec = {
        "project": "default",
        "source": source,
        "destination": {"name": cluster, "namespace": namespace},
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "generators": generators,
            "template": {"metadata": {"name": of}, "spec": spec},
        },
    }
