"""A template may render YAML that is no Pod: a value of another type than its field. That is an
error about the template, wherever the value is met first.
"""

from __future__ import annotations

import pytest

from krm_injector import pipeline
from krm_injector.function_config import settings
from krm_injector.kube import yaml
from krm_injector.model import Object
from krm_injector.sources import resource_list

NAMESPACE = {"name": "shop", "labels": {"istio-injection": "enabled"}}
POD: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"containers": [{"name": "web", "image": "web"}]},
}
OLD, NEW = "1.5.10", "1.30.3"
PARTS = [
    ("containers", "x"),
    ("containers", "{a: b}"),
    ("containers", "5"),
    ("containers", "[x]"),
    ("containers", "[{name: istio-proxy, env: x}]"),
    ("containers", "[{name: istio-proxy, env: [x]}]"),
    ("containers", "[{name: istio-proxy, env: [{name: a, valueFrom: x}]}]"),
    ("containers", "[{name: istio-proxy, ports: x}]"),
    ("initContainers", "{a: b}"),
    ("initContainers", "[{name: istio-proxy, ports: x}]"),
    ("volumes", "x"),
    ("volumes", "[{name: a, projected: {sources: x}}]"),
    ("volumes", "[{name: a, projected: {sources: [{downwardAPI: x}]}}]"),
    ("dnsConfig", "x"),
]


def errors(version: str, config: Object) -> list[tuple[str, str]]:
    injector = {"config": yaml.dump({"policy": "enabled", **config}), "values": "{}"}
    mesh = {"injector": injector, "meshConfig": "{}", "version": version}
    function_config = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "metadata": {"name": "istio"},
        "spec": {"mesh": mesh, "namespaces": [NAMESPACE]},
    }
    bundle = resource_list.read_manifests(yaml.dump(POD).encode(), "web.yaml")
    results = pipeline.run(bundle, settings(function_config)).results
    return [(each.code, each.message) for each in results if each.severity == "error"]


@pytest.mark.parametrize(("field", "value"), PARTS)
def test_a_partial_pod_with_a_value_of_a_wrong_type(field: str, value: str) -> None:
    template = f"spec:\n  {field}: {value}\n"
    (error,) = errors(NEW, {"defaultTemplates": ["sidecar"], "templates": {"sidecar": template}})
    assert error[0] == "template-unusable"
    assert f"spec.{field}" in error[1]


@pytest.mark.parametrize(
    "template", ["spec: x", "spec: [1]", "metadata: x", "metadata: {labels: x}"]
)
def test_a_partial_pod_whose_parts_are_none(template: str) -> None:
    (error,) = errors(NEW, {"defaultTemplates": ["sidecar"], "templates": {"sidecar": template}})
    assert error[0] == "template-unusable"
    assert template.partition(":")[0] in error[1]


@pytest.mark.parametrize(("field", "value"), PARTS)
def test_the_same_in_old_versions(field: str, value: str) -> None:
    (error,) = errors(OLD, {"template": f"{field}: {value}\n"})
    assert error[0] == "template-unusable"
    assert field in error[1]
