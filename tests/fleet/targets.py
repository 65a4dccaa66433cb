"""Directories of every kind that can be a target of a fleet, and what a single command makes of
them.
"""

from __future__ import annotations

from pathlib import Path

from command import krm
from files import write

from krm_injector.fleet.model import Target, Task

ENVIRONMENT = ("PATH", "KRM_INJECTOR_SHAPES")
NAMESPACE = """apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
"""


def deployment(name: str, namespace: str = "shop", image: str = "web:1") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}{place}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: web  # the application
        image: {image}
        ports: [{{containerPort: 8080}}]
"""


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "values.yaml": "image: web:1\nreplicas: 1\n",
    "templates/all.yaml": """apiVersion: v1
kind: Namespace
metadata: {name: "{{ .Release.Namespace }}", labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "{{ .Values.image }}"}
""",
}
FUNCTION_CONFIG = """apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata:
  name: istio
  annotations: {config.kubernetes.io/local-config: "true"}
spec:
  namespaces:
  - {name: elsewhere, labels: {istio-injection: enabled}}
"""
FILES = {
    "plain/all.yaml": f"{NAMESPACE}---\n{deployment('web')}",
    "facts/web.yaml": deployment("web", "elsewhere"),
    "facts/istio-inject.yaml": FUNCTION_CONFIG,
    "base/kustomization.yaml": "resources: [all.yaml]\n",
    "base/all.yaml": f"{NAMESPACE}---\n{deployment('web')}---\n{deployment('db')}",
    "overlay/kustomization.yaml": "resources: [../base]\nnamePrefix: prod-\n",
    "missing/web.yaml": deployment("web", "nowhere"),
    "package/Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: package}\n",
    "package/all.yaml": f"{NAMESPACE}---\n{deployment('web')}",
    **{f"chart/{name}": text for name, text in CHART.items()},
    "chart/prod.yaml": "image: web:2\n",
}


def repository(directory: Path) -> Path:
    return write(directory, FILES)


def task(target: Target, command: str = "build", **options: object) -> Task:
    import os

    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return Task(target, command, options, environment)  # type: ignore[arg-type]


def built(*words: str, cwd: Path) -> str:
    """What `krm-injector build` prints."""
    done = krm("build", *words, cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
