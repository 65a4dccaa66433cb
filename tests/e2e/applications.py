"""Applications of Argo CD: what repo-server sends the plugin, and what it gives back."""

from __future__ import annotations

import json
from typing import Any

from e2e.real_programs import key
from paths import ROOT

PLUGIN = (ROOT / "functions" / "argocd" / "plugin.yaml").read_text()
CONFIG = (
    "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata: {name: istio}\n"
    "spec: {}\n"
)
LABELS: list[dict[str, Any]] = [{"name": "namespace-labels", "map": {"istio-injection": "enabled"}}]
APP = {
    "ARGOCD_APP_NAME": "web",
    "ARGOCD_APP_NAMESPACE": "shop",
    "ARGOCD_APP_REVISION": "1a2b3c4",
    "ARGOCD_APP_SOURCE_PATH": "app",
    "KUBE_VERSION": "1.31",
    "KUBE_API_VERSIONS": "v1,apps/v1,monitoring.coreos.com/v1",
}
NAMESPACE = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
LOCAL = NAMESPACE.replace(
    "{name: shop,", '{name: shop, annotations: {config.kubernetes.io/local-config: "true"},'
)


def deployment(name: str = "web") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: "
        f"{{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: "
        f"{name}}}}}\n    spec:\n      containers:\n      - {{name: {name}, image: "
        f"registry.example/{name}:1}}\n"
    )


def service(name: str) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n"
        f"spec: {{ports: [{{port: 80}}]}}\n"
    )


def app(parameters: list[dict[str, Any]] | None = None, **env: str) -> dict[str, str]:
    """What repo-server sends for an Application."""
    sent = {**APP, **{f"ARGOCD_ENV_{name}": value for name, value in env.items()}}
    if parameters is not None:
        sent["ARGOCD_APP_PARAMETERS"] = json.dumps(parameters)
    return sent


CHART = {
    "app/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "app/values.yaml": "replicas: 1\nimage:\n  tag: one\nhosts: [a]\n",
    "app/templates/web.yaml": deployment()
    .replace(
        "name: web}\nspec:", "name: {{ .Release.Name }}}\nspec:\n  replicas: {{ .Values.replicas }}"
    )
    .replace("registry.example/web:1", "registry.example/web:{{ .Values.image.tag }}"),
    "app/templates/facts.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: facts}\ndata:\n"
    "  kube: {{ .Capabilities.KubeVersion.Version }}\n  ns: {{ .Release.Namespace }}\n"
    '  monitoring: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" | quote }}\n',
    "values-prod.yaml": "replicas: 3\nimage: {tag: prod}\n",
}


def by_key(manifests: list[str]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {key(value): value for value in map(json.loads, manifests)}


def many(count: int) -> dict[str, str | bytes]:
    """Manifests of which one in ten is a workload."""
    return {
        f"app/{n // 100}/m{n}.yaml": deployment(f"web-{n}") if n % 10 == 0 else service(f"web-{n}")
        for n in range(count)
    }
