"""What is null or empty in a control plane's ConfigMaps, as istiod reads it.

Answers of the webhook of 1.31 (istio-webhook-oracle). The code that decides is the same in 1.22 to
1.31: pkg/kube/inject/webhook.go NewValuesConfig and unmarshalConfig, with sigs.k8s.io/yaml, which
leaves a map that is made already where the text is null.
"""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector import pipeline
from krm_injector.function_config import settings
from krm_injector.kube import yaml
from krm_injector.model import Object
from krm_injector.outcome import Outcome
from krm_injector.sources.resource_list import read_manifests

CONFIG = """\
policy: enabled
defaultTemplates: [sidecar]
templates:
  sidecar: |
    metadata:
      annotations:
        values: {{ toJson .Values | quote }}
        image: {{ .ProxyImage | quote }}
    spec:
      containers:
      - name: istio-proxy
        image: proxy
"""
VERSIONS = [f"1.{minor}.0" for minor in range(22, 32)]


def config_map(name: str, **data: str) -> Object:
    metadata = {"name": name, "namespace": "istio-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def run(version: str, config: str = CONFIG, values: str = "{}", mesh: str = "{}") -> Outcome:
    labels = {"istio-injection": "enabled"}
    documents: list[Object] = [
        config_map("istio-sidecar-injector", config=config, values=values),
        config_map("istio", mesh=mesh),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        },
    ]
    function_config = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "metadata": {"name": "istio"},
        "spec": {"mesh": {"version": version}, "record": False},
    }
    text = "---\n".join(map(yaml.dump, documents))
    return pipeline.run(read_manifests(text.encode()), settings(function_config))


def pod_of(outcome: Outcome) -> Any:
    assert [result for result in outcome.results if result.severity == "error"] == []
    return outcome.replacements[3]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", ["null", "~", "", "# a comment\n", "---\n"])
def test_null_values_are_empty_values(version: str, values: str) -> None:
    pod = pod_of(run(version, values=values))
    assert pod == pod_of(run(version, values="{}"))
    assert pod["metadata"]["annotations"]["values"] == "{}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("values", "shown", "image"),
    [
        ("global: null", '{"global":null}', "/proxyv2:"),
        ("global: {hub: null, tag: null}", '{"global":{"hub":null,"tag":null}}', "/proxyv2:<nil>"),
        ("sidecarInjectorWebhook: null", '{"sidecarInjectorWebhook":null}', "/proxyv2:"),
    ],
)
def test_null_members_stay_in_values(version: str, values: str, shown: str, image: str) -> None:
    annotations = pod_of(run(version, values=values))["metadata"]["annotations"]
    assert (annotations["values"], annotations["image"]) == (shown, image)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", ["[]", "1", "global: {hub: 1}", "{"])
def test_values_that_istiod_cannot_parse_are_an_error(version: str, values: str) -> None:
    codes = {result.code for result in run(version, values=values).results}
    assert codes & {"mesh-not-yaml", "mesh-invalid"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_null_template_adds_nothing(version: str) -> None:
    config = "policy: enabled\ndefaultTemplates: [sidecar]\ntemplates: {sidecar: null}\n"
    pod = pod_of(run(version, config))
    assert [container["name"] for container in pod["spec"]["containers"]] == ["web"]
    assert "sidecar.istio.io/status" in pod["metadata"]["annotations"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("fields", "containers"),
    [
        ("defaultTemplates: null", ["web", "istio-proxy"]),
        ("aliases: null", ["web", "istio-proxy"]),
        ("defaultTemplates: [x]\naliases: {x: null}", ["web"]),
        ("neverInjectSelector: null", ["web", "istio-proxy"]),
        ("neverInjectSelector: [null]", ["web", "istio-proxy"]),
        ("neverInjectSelector: [{matchExpressions: [{operator: null}]}]", ["web", "istio-proxy"]),
        ("injectedAnnotations: {a: null, b: 1}", ["web", "istio-proxy"]),
    ],
)
def test_null_in_the_configuration_is_go_s_zero_value(
    version: str, fields: str, containers: list[str]
) -> None:
    config = CONFIG.replace("defaultTemplates: [sidecar]\n", "") + fields + "\n"
    pod = pod_of(run(version, config))
    assert [container["name"] for container in pod["spec"]["containers"]] == containers
    if "injectedAnnotations" in fields:
        annotations = pod["metadata"]["annotations"]
        assert (annotations["a"], annotations["b"]) == ("", "1")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("fields", ["defaultTemplates: [null]", "aliases: {sidecar: [null]}"])
def test_null_as_a_template_s_name_names_no_template(version: str, fields: str) -> None:
    outcome = run(version, CONFIG.replace("defaultTemplates: [sidecar]\n", "") + fields + "\n")
    codes = [result.code for result in outcome.results if result.severity == "error"]
    assert codes == ["template-unusable"]


@pytest.mark.parametrize("version", [f"1.{minor}.0" for minor in range(1, 9)])
@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ("template: null", "template: ''"),
        ("template: ''\nneverInjectSelector: [null]", "template: ''"),
        (
            "template: ''\ninjectedAnnotations: {a: null}",
            "template: ''\ninjectedAnnotations: {a: ''}",
        ),
    ],
)
def test_null_is_the_zero_value_in_old_versions_too(version: str, fields: str, same: str) -> None:
    pod = pod_of(run(version, f"policy: enabled\n{fields}\n"))
    assert pod == pod_of(run(version, f"policy: enabled\n{same}\n"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("config", "code"),
    [
        ("null", "mesh-config-invalid"),  # istiod injects nothing, and logs the policy ""
        ("templates: null", "policy-illegal"),
        ("policy: enabled\ntemplates: null\ndefaultTemplates: null\n", "template-unusable"),
    ],
)
def test_a_configuration_without_policy_or_templates_injects_nothing(
    version: str, config: str, code: str
) -> None:
    outcome = run(version, config=config)
    assert code in {result.code for result in outcome.results if result.severity == "error"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mesh", ["null", "~", ""])
def test_a_null_mesh_configuration_has_the_defaults(version: str, mesh: str) -> None:
    assert pod_of(run(version, mesh=mesh)) == pod_of(run(version, mesh="{}"))
