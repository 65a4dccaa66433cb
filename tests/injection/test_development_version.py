"""Istio 1.32-dev (chart of 2026-08-22) on its own installations.

The webhook of 1.31 is asked where it is at hand: the code that injects is the same in both (git
diff of pkg/kube/inject between 1.31.0-rc.0 and that master shows tests only).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import builders
import pytest
import yaml
from builders import namespace
from outside import ask_webhook, needs_path, webhook_oracle
from paths import SHARED

from krm_injector import pipeline
from krm_injector.function_config import Settings
from krm_injector.sources import resource_list

INSTALLATIONS = SHARED / "istio" / "installations" / "1.32-dev"
MESHES = sorted(INSTALLATIONS.glob("*.yaml"))
Object = dict[str, Any]

pytestmark = needs_path(INSTALLATIONS)

# What #61215 is about: values that would add to the pod if they were not quoted.
HOSTILE = 'debug"\n    - --evil: [x'
PODS: dict[str, Object | None] = {
    "plain": None,
    "levels": {"sidecar.istio.io/logLevel": "debug", "sidecar.istio.io/agentLogLevel": "a: b"},
    "hostile": {"sidecar.istio.io/logLevel": HOSTILE, "sidecar.istio.io/componentLogLevel": "{"},
    "image": {"sidecar.istio.io/proxyImage": 'registry.example/a"b: #c'},
    "bootstrap": {"sidecar.istio.io/bootstrapOverride": "on"},
}


def documents(mesh: Path) -> list[Object]:
    return [document for document in yaml.safe_load_all(mesh.read_text()) if document]


def config_map(items: list[Object], name: str) -> Object:
    (found,) = (
        item["data"]
        for item in items
        if item["kind"] == "ConfigMap" and item["metadata"]["name"].startswith(name)
        if (name == "istio") == ("mesh" in item["data"])
    )
    return dict(found)


def workloads() -> list[Object]:
    return [builders.deployment(name, "shop", annotations=given) for name, given in PODS.items()]


def run(mesh: Path) -> tuple[pipeline.Outcome, list[Object]]:
    """The outcome, and the pods that PODS come to."""
    revision = "canary" if mesh.stem == "canary" else "default"
    items = [*documents(mesh), namespace("shop", {"istio.io/rev": revision}), *workloads()]
    bundle = resource_list.read_manifests(yaml.safe_dump_all(items).encode())
    outcome = pipeline.run(bundle, Settings(native_sidecars=False))
    first = len(items) - len(PODS)
    written = [outcome.replacements[index] for index in range(first, len(items))]
    return outcome, [item["spec"]["template"]["spec"] for item in written]


def proxy(pod: Object) -> Object:
    (container,) = (c for c in pod["containers"] if c["name"] == "istio-proxy")
    return dict(container)


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.stem)
def test_an_installation_is_recognised(mesh: Path) -> None:
    outcome, _ = run(mesh)
    (plane,) = outcome.meshes
    assert plane.rules.minor == (1, 32)
    assert not [result for result in outcome.results if result.code.startswith("mesh-version")]


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.stem)
def test_annotations_are_quoted_and_the_proxy_counts_its_processors_itself(mesh: Path) -> None:
    _, pods = run(mesh)
    by_name = dict(zip(PODS, pods, strict=True))
    for pod in pods:
        assert "GOMAXPROCS" not in [variable["name"] for variable in proxy(pod)["env"]]

    assert f"--proxyLogLevel={HOSTILE}" in proxy(by_name["hostile"])["args"]
    assert len(proxy(by_name["hostile"])["args"]) == len(proxy(by_name["plain"])["args"])
    assert "--log_output_level=a: b" in proxy(by_name["levels"])["args"]
    assert proxy(by_name["image"])["image"] == 'registry.example/a"b: #c'


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.stem)
def test_pods_equal_those_of_the_webhook(mesh: Path, tmp_path: Path) -> None:
    items = documents(mesh)
    injector, mesh_map = config_map(items, "istio-sidecar-injector"), config_map(items, "istio")
    revision = "canary" if mesh.stem == "canary" else "default"
    request = {
        "config": injector["config"],
        "values": injector["values"],
        "mesh": mesh_map["mesh"],
        "webhooks": [],
        "namespace": "shop",
        "ns_labels": {"istio.io/rev": revision},
        "revision": revision,
        "native": False,
    }
    requests = [
        {"id": workload["metadata"]["name"], "workload": yaml.safe_dump(workload), **request}
        for workload in workloads()
    ]
    answers = ask_webhook(webhook_oracle(), requests, tmp_path)
    _, pods = run(mesh)
    for answer, pod in zip(answers, pods, strict=True):
        theirs, ours = proxy(answer["pod"]["spec"]), proxy(pod)
        assert answer["injected"], answer
        for field in ("args", "image", "env", "resources", "ports", "readinessProbe"):
            assert ours.get(field) == theirs.get(field), (answer["id"], field)
