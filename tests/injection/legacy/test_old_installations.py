"""The unchanged installations of Istio 1.1.1 and 1.2.2 as a bundle: alone, and beside a newer
control plane.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import builders
import pytest
import yaml
from builders import namespace
from command import krm_text
from outside import needs_path
from paths import DIFFERENTIAL, SHARED

from krm_injector import pipeline
from krm_injector.function_config import Settings
from krm_injector.sources import resource_list

INSTALLATIONS = SHARED / "istio" / "install"
CANARY = DIFFERENTIAL / "mesh"
VERSIONS = ("1.1.1", "1.2.2")
Object = dict[str, Any]

pytestmark = needs_path(INSTALLATIONS)


def installation(version: str) -> list[Object]:
    return [d for d in yaml.safe_load_all((INSTALLATIONS / f"{version}.yaml").read_text()) if d]


def deployment(name: str, where: str, annotations: Object | None = None) -> Object:
    probed = {
        "ports": [{"name": "http", "containerPort": 80}],
        "livenessProbe": {"httpGet": {"path": "/", "port": "http"}},
    }
    return builders.deployment(name, where, container=probed, annotations=annotations)


def sample() -> list[Object]:
    return [
        namespace("on", {"istio-injection": "enabled"}),
        namespace("off", {"istio-injection": "disabled"}),
        deployment("in", "on"),
        deployment("out", "off"),
        deployment("no", "on", {"sidecar.istio.io/inject": "Off"}),
        deployment("yes", "on", {"sidecar.istio.io/inject": "YES"}),
    ]


def run(objects: list[Object], **settings: Any) -> pipeline.Outcome:
    bundle = resource_list.read_manifests(yaml.safe_dump_all(objects).encode())
    return pipeline.run(bundle, Settings(**settings))


def templates(objects: list[Object], outcome: pipeline.Outcome) -> Iterator[tuple[str, Object]]:
    for index, item in enumerate(objects):
        if item["kind"] == "Deployment":
            after = outcome.replacements.get(index, item)
            yield item["metadata"]["name"], after["spec"]["template"]


def containers(objects: list[Object], outcome: pipeline.Outcome) -> dict[str, int]:
    return {name: len(pod["spec"]["containers"]) for name, pod in templates(objects, outcome)}


def told(outcome: pipeline.Outcome, *severities: str) -> list[str]:
    return [result.message for result in outcome.results if result.severity in severities]


@pytest.mark.parametrize(
    ("version", "evidence"),
    [("1.1.1", "an image tag in the template"), ("1.2.2", "values.global.tag")],
)
def test_a_sample_bundle_is_injected(version: str, evidence: str) -> None:
    objects = [*installation(version), *sample()]
    outcome = run(objects)
    assert told(outcome, "error", "warning") == []
    assert containers(objects, outcome) == {"in": 2, "out": 1, "no": 1, "yes": 2}
    (info,) = [result.message for result in outcome.results if result.code == "mesh"]
    assert f"Istio {version} by {evidence}; webhooks of istio-sidecar-injector" in info
    pods = dict(templates(objects, outcome))
    assert pods["in"]["spec"]["containers"][1]["image"] == f"docker.io/istio/proxyv2:{version}"
    assert (
        pods["in"]["spec"]["initContainers"][0]["image"] == f"docker.io/istio/proxy_init:{version}"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_explain_tells_who_is_injected_by_an_old_installation(version: str, tmp_path: Path) -> None:
    file = tmp_path / "bundle.yaml"
    file.write_text(yaml.safe_dump_all([*installation(version), *sample()]))
    done = krm_text("explain", str(file))
    assert done.returncode == 0, done.stderr
    rows = {
        line.split()[1]: line for line in done.stdout.splitlines() if line.startswith("Deployment")
    }
    assert "1/1 -> 2/2" in rows["on/in"]
    assert "->" not in rows["off/out"]
    assert "webhook" in rows["off/out"]


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_webhook_configuration_a_default_installation_is_assumed(version: str) -> None:
    objects = [*(o for o in installation(version) if o["kind"] == "ConfigMap"), *sample()]
    outcome = run(objects)
    assert containers(objects, outcome) == {"in": 2, "out": 1, "no": 1, "yes": 2}
    (info,) = [result.message for result in outcome.results if result.code == "mesh"]
    assert (
        "those of a default installation are assumed: "
        "istio-sidecar-injector/sidecar-injector.istio.io" in info
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_kube_inject_asks_nobody(version: str) -> None:
    objects = [*installation(version), *sample()]
    outcome = run(objects, method="manual")
    assert containers(objects, outcome) == {"in": 2, "out": 2, "no": 2, "yes": 2}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_second_run_changes_nothing(version: str) -> None:
    objects = [*installation(version), *sample()]
    once = run(objects)
    again = [once.replacements.get(index, item) for index, item in enumerate(objects)]
    twice = run(again)
    assert [twice.replacements.get(index, item) for index, item in enumerate(again)] == again


def enabled_by_default() -> list[Object]:
    """The installation of 1.2.2 as `enableNamespacesByDefault: true` renders it."""
    objects = installation("1.2.2")
    for item in objects:
        if item["kind"] == "MutatingWebhookConfiguration":
            item["webhooks"][0]["namespaceSelector"] = {
                "matchExpressions": [
                    {"key": "name", "operator": "NotIn", "values": ["istio-system"]},
                    {"key": "istio-injection", "operator": "NotIn", "values": ["disabled"]},
                ]
            }
    return objects


def test_namespaces_enabled_by_default() -> None:
    rest = [
        namespace("plain"),
        deployment("plain", "plain"),
        namespace("home", {"name": "istio-system"}),
        deployment("home", "home"),
    ]
    objects = [*enabled_by_default(), *sample(), *rest]
    found = containers(objects, run(objects))
    assert found == {"in": 2, "out": 1, "no": 1, "yes": 2, "plain": 2, "home": 1}
    values = [o for o in enabled_by_default() if o["kind"] == "ConfigMap"]
    for item in values:
        if "values" in item["data"]:
            item["data"]["values"] = item["data"]["values"].replace(
                '"enableNamespacesByDefault":false', '"enableNamespacesByDefault":true'
            )
    assumed = [*values, *sample(), *rest]
    assert containers(assumed, run(assumed)) == found


def test_a_configuration_of_a_version_yet_to_come() -> None:
    objects = [*installation("1.2.2"), *sample()]
    for item in objects:
        if "values" in item.get("data", {}):
            item["data"] = {
                "config": "policy: enabled\ntemplates: {sidecar: '{}'}\n",
                "values": '{"global":{"tag":"1.99.0"}}',
            }
    outcome = run(objects)
    assert [r.code for r in outcome.results if r.severity == "warning"] == ["mesh-version-newer"]
    assert told(outcome, "error") == []


def test_a_template_that_uses_a_function_of_later() -> None:
    objects = [*installation("1.2.2"), *sample()]
    for item in objects:
        if "values" in item.get("data", {}):
            item["data"]["config"] = item["data"]["config"].replace(
                "template: |-\n", "template: |-\n  # {{ toLower `X` }}\n"
            )
    message = told(run(objects), "error")[0]
    assert 'function "toLower" not defined' in message
    assert "1.3" in message


def test_two_control_planes_of_different_eras() -> None:
    """Each workload by its own webhook: the old default one beside a canary of 1.30."""
    canary = [d for d in yaml.safe_load_all((CANARY / "canary.yaml").read_text()) if d]
    revision = next(
        d["metadata"]["labels"]["istio.io/rev"] for d in canary if d["kind"].startswith("Mutating")
    )
    objects = [
        *installation("1.1.1"),
        *canary,
        *sample(),
        namespace("new", {"istio.io/rev": revision}),
        deployment("new", "new"),
    ]
    outcome = run(objects)
    assert told(outcome, "error", "warning") == []
    assert [(mesh.revision, mesh.rules.result) for mesh in outcome.meshes] == [
        ("default", "spec"),
        (revision, "pod"),
    ]
    pods = dict(templates(objects, outcome))
    assert pods["in"]["spec"]["containers"][1]["image"] == "docker.io/istio/proxyv2:1.1.1"
    images = [
        c["image"] for field in ("initContainers", "containers") for c in pods["new"]["spec"][field]
    ]
    assert any(":1.30" in image for image in images)
