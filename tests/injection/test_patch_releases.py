"""What a patch release changed in the injected pod. Sources: the rows of versions.py."""

from __future__ import annotations

import json
from typing import Any

import builders
import pytest

from krm_injector import pipeline
from krm_injector.function_config import settings
from krm_injector.kube import yaml
from krm_injector.model import Object
from krm_injector.sources.resource_list import read_manifests

CONFIG = """\
policy: enabled
defaultTemplates: [sidecar]
templates:
  sidecar: |
    metadata:
      annotations:
        labels: {{ toJson .ObjectMeta.Labels | quote }}
        owner: {{ .DeploymentMeta.Name }}
        env: {{ protoToJSON .ProxyConfig | quote }}
    spec:
      containers:
      - name: istio-proxy
        image: proxy
"""

LABELS = {"app": "web", "deploymentconfig": "web"}


def injected(version: str, workload: Object, mesh: str = "{}") -> Any:
    """The pod template of the workload, injected by a control plane of that version."""
    function_config = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "metadata": {"name": "istio"},
        "spec": {"mesh": {"version": version}, "record": False},
    }
    documents = [
        _config_map("istio-sidecar-injector", config=CONFIG, values="{}"),
        _config_map("istio", mesh=mesh),
        builders.namespace(injection="enabled"),
        workload,
    ]
    text = "---\n".join(map(yaml.dump, documents))
    outcome = pipeline.run(read_manifests(text.encode()), settings(function_config))
    assert [result for result in outcome.results if result.severity == "error"] == []
    return outcome.replacements[3]["spec"]["template"]


def _config_map(name: str, **data: str) -> Object:
    metadata = {"name": name, "namespace": "istio-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def workload(kind: str, api_version: str, **metadata: Any) -> Object:
    template = {"metadata": metadata, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    name = {"name": "web", "namespace": "shop"}
    spec = {"template": template}
    return {"apiVersion": api_version, "kind": kind, "metadata": name, "spec": spec}


@pytest.mark.parametrize(
    ("version", "seen"),
    [
        ("1.12.0", True),
        ("1.12.1", False),
        ("1.19.8", False),
        ("1.19.9", True),
        ("1.20.4", False),
        ("1.20.5", True),
        ("1.21.0", False),
        ("1.21.1", True),
        ("1.30.3", True),
    ],
)
def test_the_label_of_a_deployment_config(version: str, seen: bool) -> None:
    config = workload("DeploymentConfig", "apps.openshift.io/v1", labels=LABELS)
    metadata = injected(version, config)["metadata"]
    assert ("deploymentconfig" in json.loads(metadata["annotations"]["labels"])) is seen
    assert metadata["labels"]["deploymentconfig"] == "web"


@pytest.mark.parametrize(
    ("version", "annotation", "first"),
    [
        ("1.9.0", None, "web"),
        ("1.9.0", "concurrency: 1", "istio-proxy"),
        ("1.9.1", None, "istio-proxy"),
        ("1.10.0", None, "istio-proxy"),
    ],
)
def test_hold_of_the_mesh(version: str, annotation: str | None, first: str) -> None:
    mesh = "defaultConfig: {holdApplicationUntilProxyStarts: true}"
    annotations = {"proxy.istio.io/config": annotation} if annotation else {}
    pod = injected(version, workload("Deployment", "apps/v1", annotations=annotations), mesh)
    assert pod["spec"]["containers"][0]["name"] == first


@pytest.mark.parametrize(
    ("version", "metadata"),
    [("1.10.2", {"B": "b"}), ("1.10.3", {"A": "a", "B": "b"}), ("1.30.3", {"A": "a", "B": "b"})],
)
def test_metadata_of_the_mesh_and_the_pod(version: str, metadata: dict[str, str]) -> None:
    mesh = "defaultConfig: {proxyMetadata: {A: a}}"
    annotations = {"proxy.istio.io/config": "proxyMetadata: {B: b}"}
    pod = injected(version, workload("Deployment", "apps/v1", annotations=annotations), mesh)
    env = json.loads(pod["metadata"]["annotations"]["env"])
    assert env["proxyMetadata"] == metadata
