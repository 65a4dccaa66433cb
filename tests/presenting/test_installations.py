"""Installations as people have them: what snapshot makes of each, what is injected with it, and
what is said where a part of it is elsewhere.

Objects are built here in the form that the charts of 1.24 to 1.31, istioctl 1.31 and the Sail
operator (2026-08) give them. test_charts.py and test_istioctl_installations.py have the real ones.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    REVISION,
    bundle,
    config_map,
    control_plane,
    deployment,
    requirement,
    resource,
    webhook,
    webhook_configuration,
    webhooks,
)
from presenting.installations import ASKING, URL, injected, refusal, taken

from krm_injector import pipeline
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.model import Object
from krm_injector.presenting import snapshot

TEMPLATE = """
spec:
  containers:
  - name: istio-proxy
    image: proxyv2
    env:
    - name: ISTIO_META_CLUSTER_ID
      value: "{{ valueOrDefault .Values.global.multiCluster.clusterName `Kubernetes` }}"
"""


def plane(revision: str = "", /, **values: Any) -> list[Object]:
    labels = {REVISION: revision or "default"}
    merged = {"global": {"tag": "1.31.0", "multiCluster": {"clusterName": ""}}, **values}
    return control_plane(TEMPLATE, revision=revision, labels=labels, values=merged)


def default_webhooks(name: str, revision: str = "default", **labels: str) -> Object:
    """The webhooks by the label istio-injection."""
    asks = requirement("istio-injection", "In", "enabled")
    not_off = requirement("sidecar.istio.io/inject", "NotIn", "false")
    hook = webhook("namespace", revision, [asks], [not_off])
    return webhook_configuration(name, hook, labels={REVISION: revision, **labels})


def tag_service(tag: str, revision: str = "1-31") -> Object:
    metadata = {
        "namespace": "istio-system",
        "labels": {"app": "istiod", "istio.io/tag": tag, REVISION: revision},
    }
    return resource("v1", "Service", f"istiod-revision-tag-{tag}", metadata=metadata, spec={})


def remote(configuration: Object, url: str = URL) -> Object:
    """The same webhooks, leading to an istiod of another cluster."""
    for hook in configuration["webhooks"]:
        hook["clientConfig"] = {"url": url}
    return configuration


# ---------------------------------------------------------------- Helm


def test_a_revision_with_tags_of_the_istiod_chart() -> None:
    """Each tag has webhooks and, since 1.28, a Service."""
    tagged = [webhooks("1-31", "prod"), tag_service("prod")]
    documents, said = taken([*plane("1-31"), webhooks("1-31"), *tagged])
    assert injected(documents) == {"by-revision", "by-tag"}
    assert [value["kind"] for value in documents].count("Service") == 0
    assert said == []


def test_a_tag_that_is_only_a_service_injects_nothing() -> None:
    documents, said = taken([*plane("1-31"), webhooks("1-31"), tag_service("prod")])
    assert injected(documents) == {"by-revision"}
    (result,) = said
    assert (result.severity, result.code) == ("warning", "mesh-incomplete")
    assert str(result.resource) == "Service istio-system/istiod-revision-tag-prod"
    assert "not injected by a Service" in result.message
    assert "kubectl get mutatingwebhookconfiguration -l istio.io/tag=prod" in result.message


def test_the_default_chart_beside_a_revision() -> None:
    default = default_webhooks("istio-revision-tag-default", "1-31", **{"istio.io/tag": "default"})
    documents, said = taken([*plane("1-31"), webhooks("1-31"), default])
    assert injected(documents) == {"plain", "by-revision"}
    assert said == []


@pytest.mark.parametrize(
    ("values", "stated"),
    [
        ({"operatorManageWebhooks": True}, "values.global.operatorManageWebhooks: true"),
        ({"resourceScope": "namespace"}, "values.global.resourceScope: namespace"),
    ],
)
def test_webhooks_that_somebody_else_makes(values: dict[str, Any], stated: str) -> None:
    settings = {"global": {"tag": "1.31.0", "multiCluster": {"clusterName": ""}, **values}}
    parts = plane(**settings)
    _, said = taken(parts)
    (result,) = said
    assert (result.severity, result.code) == ("warning", "mesh-incomplete")
    assert str(result.resource) == "ConfigMap istio-system/istio-sidecar-injector"
    assert stated in result.message
    assert "Add the cluster's own: kubectl get mutatingwebhookconfiguration" in result.message
    documents, said = taken([*parts, default_webhooks("istio-sidecar-injector")])
    assert injected(documents) == {"plain"}
    assert said == []


def test_the_clusters_part_alone_has_no_configuration() -> None:
    """Of the chart with values.global.resourceScope: cluster, and of a chart of tags."""
    message = refusal([webhooks("1-31"), webhooks("1-31", "prod")])
    assert "holds only webhooks (istio-sidecar-injector-1-31, istio-revision-tag-prod)" in message
    assert "ConfigMaps istio-sidecar-injector-1-31 and istio-1-31 of the control plane" in message
    assert "krm-injector snapshot CONTROL-PLANE FILE" in message


@pytest.mark.parametrize("chart", ["base", "cni", "gateway"])
def test_the_other_charts_hold_no_mesh(chart: str) -> None:
    """istio-cni has a ConfigMap of Istio's, too."""
    objects = {
        "base": resource("v1", "ServiceAccount", "istio-reader-service-account"),
        "cni": config_map("istio-cni-config", {"AMBIENT_ENABLED": "true"}),
        "gateway": deployment("gateway", container={"image": "auto"}),
    }
    assert "`helm template` of the istiod chart" in refusal([objects[chart]])
    documents, said = taken([*objects.values(), *plane(), default_webhooks("istiod")])
    assert len(documents) == 3
    assert said == []


# ---------------------------------------------------------------- istiod's environment


def istiod(**variables: str) -> Object:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    labels = {"app": "istiod", REVISION: "default"}
    value = deployment("istiod", "istio-system", container={"name": "discovery", "env": env})
    value["metadata"]["labels"] = labels
    return value


def test_native_sidecars_that_only_istiod_knows_of() -> None:
    """Until 1.25 the ConfigMap does not hold pilot.env."""
    parts = [
        *control_plane(TEMPLATE, version="1.24.6", labels={REVISION: "default"}),
        default_webhooks("istio-sidecar-injector"),
    ]
    made = snapshot.take([*parts, istiod(ENABLE_NATIVE_SIDECARS="true")])
    (result,) = [result for result in made.results if result.code == "mesh-incomplete"]
    assert str(result.resource) == "Deployment istio-system/istiod"
    assert "ENABLE_NATIVE_SIDECARS to true" in result.message
    assert result.message.endswith("nativeSidecars: true")
    for same in (istiod(ENABLE_NATIVE_SIDECARS="false"), istiod(REVISION="default")):
        assert [r.code for r in snapshot.take([*parts, same]).results] == ["mesh"]


def test_a_compliance_policy_is_named() -> None:
    parts = [*plane(), default_webhooks("istio-sidecar-injector")]
    made = snapshot.take([*parts, istiod(COMPLIANCE_POLICY="fips-140-2")])
    (result,) = [result for result in made.results if result.code == "mesh-incomplete"]
    assert result.message.endswith("controlPlaneEnv: {COMPLIANCE_POLICY: fips-140-2}")


def test_a_compliance_policy_that_the_values_hold_needs_no_word() -> None:
    """From 1.26 on: templates see it."""
    parts = plane(pilot={"env": {"COMPLIANCE_POLICY": "fips-140-2"}})
    webhooks = default_webhooks("istio-sidecar-injector")
    for environment, told in (
        ({"COMPLIANCE_POLICY": "fips-140-2"}, ""),
        ({"COMPLIANCE_POLICY": "pqc"}, "controlPlaneEnv: {COMPLIANCE_POLICY: pqc}"),
        ({}, 'controlPlaneEnv: {COMPLIANCE_POLICY: ""}'),
    ):
        results = snapshot.take([*parts, webhooks, istiod(**environment)]).results
        said = [result.message for result in results if result.code == "mesh-incomplete"]
        assert [message.partition("functionConfig: ")[2] for message in said] == [told] * bool(told)


def test_a_shared_mesh_configuration_is_named() -> None:
    parts = plane(pilot={"env": {"SHARED_MESH_CONFIG": "company-mesh"}})
    company = config_map("company-mesh", {"mesh": "accessLogFile: /dev/stdout"})
    _, said = taken([*parts, company, default_webhooks("istio-sidecar-injector")])
    (result,) = said
    assert (result.severity, result.code) == ("warning", "mesh-incomplete")
    assert "reads ConfigMap company-mesh too" in result.message


# ---------------------------------------------------------------- several clusters


def test_a_remote_cluster_needs_the_configuration_of_its_primary() -> None:
    message = refusal([remote(default_webhooks("istio-sidecar-injector"))])
    assert "ConfigMaps istio-sidecar-injector and istio of the cluster in which" in message
    assert "kubectl --context PRIMARY get" in message


def test_a_remote_cluster_with_the_configuration_of_its_primary() -> None:
    documents, said = taken([*plane(), remote(default_webhooks("istio-sidecar-injector"))])
    (result,) = said
    assert (result.severity, result.code) == ("info", "mesh")
    assert f"leads to {URL}" in result.message
    settings = Settings(mesh=MeshSettings(documents=tuple(documents)))
    outcome = pipeline.run(bundle(ASKING["plain"], deployment("web", "plain")), settings)
    (changed,) = outcome.replacements.values()
    containers = changed["spec"]["template"]["spec"]["containers"]
    (proxy,) = [container for container in containers if container["name"] == "istio-proxy"]
    assert {"name": "ISTIO_META_CLUSTER_ID", "value": "remote1"} in proxy["env"]


def test_the_webhooks_of_two_clusters_are_told_apart() -> None:
    ours = remote(default_webhooks("istio-sidecar-injector"))
    message = refusal([*plane(), default_webhooks("istio-sidecar-injector"), ours])
    assert "MutatingWebhookConfiguration istio-sidecar-injector is there more than once" in message
    assert "only the webhooks of the one whose pods are meant" in message


# ---------------------------------------------------------------- the Sail operator


def sail(kind: str, spec: dict[str, Any]) -> Object:
    return {
        "apiVersion": "sailoperator.io/v1",
        "kind": kind,
        "metadata": {"name": "default"},
        "spec": spec,
    }


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        (sail("Istio", {"version": "v1.31.0", "namespace": "mesh"}), "-n mesh"),
        (sail("IstioRevision", {"namespace": "istio-system"}), "-n istio-system"),
        (sail("IstioRevisionTag", {"targetRef": {"kind": "Istio"}}), "-n istio-system"),
    ],
    ids=["Istio", "IstioRevision", "IstioRevisionTag"],
)
def test_an_operators_resource_leads_to_the_cluster(resource: Object, where: str) -> None:
    message = refusal([resource])
    assert f"{resource['kind']} default says how to install a mesh" in message
    assert f"kubectl get {where} configmap,mutatingwebhookconfiguration" in message


def test_what_the_operator_makes() -> None:
    """Istio "default", RevisionBased, with IstioRevisionTag "default": the revision is named after
    the version, and the tag's chart makes its webhooks and its Service.
    """
    revision = "default-v1-31-0"
    tag = default_webhooks("istio-revision-tag-default", revision, **{"istio.io/tag": "default"})
    resources = [sail("Istio", {}), sail("IstioRevision", {}), sail("IstioRevisionTag", {})]
    made = [*plane(revision), webhooks(revision), tag, tag_service("default", revision)]
    documents, said = taken([*resources, *made])
    assert injected(documents) == {"plain"}
    assert said == []


# ---------------------------------------------------------------- istioctl


def test_what_istioctl_install_makes_of_the_default_revision() -> None:
    """It turns the chart's webhooks off by selectors that match nothing, and makes the tag default
    (istioctl/pkg/tag/util.go DeactivateIstioInjectionWebhook, 1.31).
    """
    off = default_webhooks("istio-sidecar-injector")
    never = {"matchLabels": {"istio.io/deactivated": "never-match"}}
    for hook in off["webhooks"]:
        hook["namespaceSelector"] = hook["objectSelector"] = never
    tag = default_webhooks("istio-revision-tag-default", **{"istio.io/tag": "default"})
    documents, said = taken([*plane(), off, tag])
    assert injected(documents) == {"plain"}
    assert said == []
