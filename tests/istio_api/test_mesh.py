"""MeshConfig and ProxyConfig: defaults, merging, ProxyConfig resources, what PROXY_CONFIG leaves
out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from outside import needs_path
from paths import CORPUS

from krm_injector.istio_api import (
    ApiError,
    annotated_mesh_config,
    clean_proxy_config,
    default_proxy_config,
    duration_string,
    merge_proxy_config,
    mesh_config,
    proxy_config_for,
    to_json,
    typed_values,
)
from krm_injector.istio_api.message import Message
from krm_injector.istio_api.schema import Version, schema
from krm_injector.model import Object

NEWEST = (1, 32)
# 1.1 to 1.5 have no PROXY_CONFIG; the cases of 1.6 were made with defaults that only Istio's tests
# use (TestMode).
VERSIONS = [v for v in os.listdir(CORPUS) if int(v.split(".")[1]) >= 7] if CORPUS.is_dir() else []


def cleaned(config: Message, minor: Version = NEWEST) -> Any:
    return json.loads(to_json(clean_proxy_config(config, minor)))


def resource(name: str, namespace: str, spec: Object, created: str | None = None) -> Object:
    meta = {
        "name": name,
        "namespace": namespace,
        **({"creationTimestamp": created} if created else {}),
    }
    return {
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "ProxyConfig",
        "metadata": meta,
        "spec": spec,
    }


def effective(
    mesh: str = "",
    annotation: str | None = None,
    resources: Sequence[Object] = (),
    labels: dict[str, str] | None = None,
    namespace: str = "shop",
    minor: tuple[int, int] = NEWEST,
) -> Any:
    annotations = {} if annotation is None else {"proxy.istio.io/config": annotation}
    config = mesh_config(mesh, minor)
    return cleaned(
        proxy_config_for(
            config, annotations, namespace, labels or {}, resources, "istio-system", minor
        ),
        minor,
    )


def test_default_values_are_left_out_of_proxy_config() -> None:
    for minor in range(7, NEWEST[1] + 1):
        assert to_json(clean_proxy_config(default_proxy_config((1, minor)), (1, minor))) == "{}"
    assert cleaned(default_proxy_config((1, 5)), (1, 5))["statNameLength"] == 189


def test_default_config_is_merged_and_the_rest_replaced() -> None:
    mesh = mesh_config(
        "defaultConfig: {statusPort: 15021, proxyMetadata: {A: a}}\nlocalityLbSetting: "
        "{failoverPriority: [a]}",
        NEWEST,
    )
    config = mesh.fields["defaultConfig"]
    assert cleaned(config) == {"statusPort": 15021, "proxyMetadata": {"A": "a"}}
    assert config.fields["discoveryAddress"] == "istiod.istio-system.svc:15012"
    assert "enabled" not in mesh.fields["localityLbSetting"].fields


def test_tracing_default_until_1_21() -> None:
    assert "tracing" in default_proxy_config((1, 21)).fields
    assert "tracing" not in default_proxy_config((1, 22)).fields
    assert (
        effective(
            "defaultConfig: {tracing: {zipkin: {address: 'zipkin.istio-system:9411'}}}",
            minor=(1, 21),
        )
        == {}
    )
    assert "tracing" in effective(
        "defaultConfig: {tracing: {zipkin: {address: 'zipkin.istio-system:9411'}}}"
    )


def test_extension_providers_by_name() -> None:
    mesh = mesh_config(
        "extensionProviders: [{name: envoy, zipkin: {service: z, port: 1}}, {name: new}]", NEWEST
    )
    names = [p.fields["name"] for p in mesh.fields["extensionProviders"]]
    assert names == ["prometheus", "stackdriver", "envoy", "new"]
    assert "zipkin" in mesh.fields["extensionProviders"][2].fields


def test_trust_domain_aliases_are_a_sorted_set() -> None:
    assert mesh_config("trustDomainAliases: [b, a, b]", NEWEST).fields["trustDomainAliases"] == [
        "a",
        "b",
    ]


def test_a_refused_mesh_names_every_problem() -> None:
    with pytest.raises(ApiError) as caught:
        mesh_config(
            "proxyListenPort: 0\ntrustDomain: a_b\ndefaultConfig: {discoveryAddress: nowhere}",
            NEWEST,
        )
    for path in ("proxyListenPort", "trustDomain", "defaultConfig.discoveryAddress"):
        assert path in str(caught.value)


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("{}", ""),
        ("{attempts: 3, retryOn: 'reset-before-request,503', backoff: 0.050s}", ""),
        ("{attempts: 3, perTryTimeout: 1s, retryRemoteLocalities: true}", ""),
        ("{attempts: -1}", "attempts"),
        ("{attempts: 3, retryOn: 'reset-before-request,not-a-policy'}", "retryOn"),
        ("{attempts: 3, retryOn: '600'}", "retryOn"),
        ("{attempts: 3, retryOn: '5xx,'}", "retryOn"),
        ("{attempts: 3, backoff: 0.000000999s}", "backoff"),
        ("{attempts: 3, perTryTimeout: 1.0000001s}", "perTryTimeout"),
        ("{retryOn: reset-before-request}", "retryOn"),
        ("{backoff: 0.050s}", "backoff"),
        ("{retryRemoteLocalities: false}", "retryRemoteLocalities"),
    ],
)
def test_the_inbound_retry_policy_of_1_32(policy: str, problem: str) -> None:
    """The cases of Istio's TestValidateMeshConfigDefaultInboundHTTPRetryPolicy, and more."""
    if not problem:
        mesh_config(f"defaultInboundHttpRetryPolicy: {policy}", (1, 32))
        return

    with pytest.raises(ApiError, match=f"defaultInboundHttpRetryPolicy.{problem}"):
        mesh_config(f"defaultInboundHttpRetryPolicy: {policy}", (1, 32))


def test_the_least_size_of_a_zone_aware_cluster_has_32_bits() -> None:
    """The webhook of 1.31: cannot unmarshal number 5000000000 into Go value of type uint32."""
    mesh_config("zoneAwareLbSetting: {minClusterSize: 4294967295}", (1, 31))
    with pytest.raises(ApiError, match=r"minClusterSize"):
        mesh_config("zoneAwareLbSetting: {minClusterSize: 5000000000}", (1, 31))


def test_before_1_32_the_inbound_retry_policy_is_an_unknown_field() -> None:
    mesh = mesh_config("defaultInboundHttpRetryPolicy: {attempts: -1}", (1, 31))
    assert "defaultInboundHttpRetryPolicy" not in mesh.fields


def test_annotations_merge_metadata_and_headers() -> None:
    base = merge_proxy_config(
        "{proxyMetadata: {A: a, B: b}, proxyHeaders: {server: {value: s}, "
        "metadataExchangeHeaders: {mode: IN_MESH}}}",
        default_proxy_config(NEWEST),
        NEWEST,
    )
    over = merge_proxy_config(
        "{proxyMetadata: {B: c}, proxyHeaders: {requestId: {disabled: true}}}", base, NEWEST
    )
    assert cleaned(over) == {
        "proxyMetadata": {"A": "a", "B": "c"},
        "proxyHeaders": {"requestId": {"disabled": True}, "server": {"value": "s"}},
    }
    assert base.fields["proxyMetadata"] == {"A": "a", "B": "b"}


def test_metadata_is_replaced_before_1_10() -> None:
    base = merge_proxy_config("proxyMetadata: {A: a}", default_proxy_config((1, 9)), (1, 9))
    assert cleaned(merge_proxy_config("proxyMetadata: {B: b}", base, (1, 9)), (1, 9)) == {
        "proxyMetadata": {"B": "b"}
    }


@pytest.mark.parametrize(
    ("version", "merged"),
    [((1, 10, 2), False), ((1, 10, 3), True), ((1, 10), True), ((1, 11, 0), True)],
)
def test_metadata_is_merged_from_1_10_3_on(version: Version, merged: bool) -> None:
    base = merge_proxy_config("proxyMetadata: {A: a}", default_proxy_config(version), version)
    over = merge_proxy_config("proxyMetadata: {B: b}", base, version)
    assert over.fields["proxyMetadata"] == ({"A": "a", "B": "b"} if merged else {"B": "b"})


def test_headers_are_merged_from_1_19_1_on() -> None:
    text = "proxyHeaders: {server: {value: s}, metadataExchangeHeaders: {mode: IN_MESH}}"
    kept = {}
    for version in ((1, 19, 0), (1, 19, 1)):
        base = merge_proxy_config(text, default_proxy_config(version), version)
        over = merge_proxy_config("proxyHeaders: {requestId: {disabled: true}}", base, version)
        kept[version] = (
            [*cleaned(base, version)["proxyHeaders"]],
            [*over.fields["proxyHeaders"].fields],
        )
    assert kept[1, 19, 0] == (["server"], ["requestId"])
    assert kept[1, 19, 1] == (["server", "metadataExchangeHeaders"], ["requestId", "server"])


@pytest.mark.parametrize(
    ("field", "before", "first"),
    [
        ("MeshConfig.ingressSelector", (1, 6, 0), (1, 6, 1)),
        ("MeshConfig.pathNormalization", (1, 8, 5), (1, 8, 6)),
        ("MeshConfig.pathNormalization", (1, 9, 4), (1, 9, 5)),
        ("MeshConfig.caCertificates", (1, 9, 0), (1, 9, 1)),
        ("ProxyConfig.caCertificatesPem", (1, 9, 0), (1, 9, 1)),
        ("ProxyConfig.image", (1, 12, 0), (1, 12, 1)),
    ],
)
def test_fields_that_came_with_a_patch_release(field: str, before: Version, first: Version) -> None:
    message, _, name = field.partition(".")
    has = [
        name in schema(version).message(f"v1alpha1.{message}").by_json
        for version in (before, first, first[:2])
    ]
    assert has == [False, True, True]


def test_what_a_patch_release_changed_otherwise() -> None:
    with pytest.raises(ApiError, match="meshId"):
        merge_proxy_config("meshId: m", default_proxy_config((1, 7, 0)), (1, 7, 0))
    assert cleaned(merge_proxy_config("meshId: m", default_proxy_config((1, 7)), (1, 7)), (1, 7))
    timeouts = [
        duration_string(mesh_config("", version).fields["protocolDetectionTimeout"])
        for version in ((1, 6, 4), (1, 6, 5), (1, 6))
    ]
    assert timeouts == ["100ms", "5s", "5s"]


def test_levels_of_proxy_config_resources() -> None:
    resources = [
        resource(
            "root",
            "istio-system",
            {"environmentVariables": {"L": "root", "R": "1"}, "concurrency": 1},
        ),
        resource("shop", "shop", {"environmentVariables": {"L": "namespace"}, "concurrency": 2}),
        resource(
            "web",
            "shop",
            {
                "selector": {"matchLabels": {"app": "web"}},
                "environmentVariables": {"L": "workload"},
            },
        ),
        resource("other", "other", {"environmentVariables": {"L": "other"}}),
    ]
    assert effective(resources=resources) == {
        "concurrency": 2,
        "proxyMetadata": {"L": "namespace", "R": "1"},
    }
    assert effective(resources=resources, namespace="none")["proxyMetadata"] == {
        "L": "root",
        "R": "1",
    }
    assert effective(resources=resources, labels={"app": "web"})["proxyMetadata"]["L"] == "workload"
    annotated = effective(annotation="proxyMetadata: {L: annotation}", resources=resources)
    assert annotated == {"concurrency": 2, "proxyMetadata": {"L": "annotation", "R": "1"}}
    both = effective(
        annotation="proxyMetadata: {L: annotation}", resources=resources, labels={"app": "web"}
    )
    assert both["proxyMetadata"]["L"] == "workload"


def test_of_several_resources_the_oldest_counts() -> None:
    new = resource("a", "shop", {"concurrency": 1}, "2024-01-02T00:00:00Z")
    old = resource("b", "shop", {"concurrency": 2}, "2024-01-01T00:00:00Z")
    assert effective(resources=[new, old]) == {"concurrency": 2}
    first, second = (
        resource("x", "shop", {"concurrency": 3}),
        resource("y", "shop", {"concurrency": 4}),
    )
    assert effective(resources=[second, first]) == {"concurrency": 3}
    # What has no time is still to be created: the webhook of 1.31 takes it for the newest.
    assert effective(resources=[first, new]) == {"concurrency": 1}


def test_an_empty_selector_selects_nothing() -> None:
    assert effective(resources=[resource("a", "shop", {"selector": {}, "concurrency": 1})]) == {}


def test_resources_of_wrong_types_are_named() -> None:
    with pytest.raises(ApiError, match="ProxyConfig shop/a field concurrency"):
        effective(resources=[resource("a", "shop", {"concurrency": "many"})])


def test_the_image_of_a_resource() -> None:
    found = effective(resources=[resource("a", "shop", {"image": {"imageType": "debug"}})])
    assert found == {"image": {"imageType": "debug"}}


def test_zero_values_of_an_annotation() -> None:
    """The webhook lays the annotation over the mesh by way of JSON, which drops zeros; kube-inject
    does not.
    """
    mesh = "defaultConfig: {interceptionMode: TPROXY}"
    assert effective(mesh, "interceptionMode: REDIRECT") == {"interceptionMode": "TPROXY"}
    manual = annotated_mesh_config("interceptionMode: REDIRECT", mesh_config(mesh, NEWEST), NEWEST)
    assert cleaned(manual.fields["defaultConfig"]) == {}
    assert effective("defaultConfig: {concurrency: 4}", "concurrency: 0") == {"concurrency": 0}


def test_lists_before_1_16_are_joined() -> None:
    mesh = "defaultConfig: {extraStatTags: [a]}"
    assert effective(mesh, "extraStatTags: [b]", minor=(1, 15)) == {"extraStatTags": ["a", "b"]}
    assert effective(mesh, "extraStatTags: [b]", minor=(1, 16)) == {"extraStatTags": ["b"]}


def test_an_annotation_that_does_not_parse_is_passed_over() -> None:
    assert effective(annotation="concurrency: many") == {}


def test_a_oneof_is_replaced() -> None:
    found = effective(
        "defaultConfig: {serviceCluster: mine}", "tracingServiceName: CANONICAL_NAME_ONLY"
    )
    assert found == {"tracingServiceName": "CANONICAL_NAME_ONLY"}


def proxy_configs(document: Any) -> list[tuple[str | None, str]]:
    """(annotation or None, PROXY_CONFIG) of every injected pod template in a document."""
    if isinstance(document, list):
        return [found for item in document for found in proxy_configs(item)]
    if not isinstance(document, dict):
        return []
    found = [pair for value in document.values() for pair in proxy_configs(value)]
    spec = document.get("spec")
    if isinstance(spec, dict) and "containers" in spec:
        annotation = ((document.get("metadata") or {}).get("annotations") or {}).get(
            "proxy.istio.io/config"
        )
        for container in (spec.get("initContainers") or []) + spec["containers"]:
            if container["name"] == "istio-proxy":
                values = [
                    e["value"] for e in container.get("env", []) if e["name"] == "PROXY_CONFIG"
                ]
                found += [(annotation, value.strip()) for value in values]
    return found


@needs_path(CORPUS)
@pytest.mark.parametrize("version", VERSIONS)
def test_proxy_config_of_istios_own_cases(version: str) -> None:
    folder, minor = CORPUS / version, (1, int(version.split(".")[1]))
    seen = 0
    meshes = {}
    for case in json.loads((folder / "cases.json").read_text()):
        if "expected" not in case:
            continue
        key = case["mesh"]
        if key not in meshes:
            meshes[key] = mesh_config((folder / key).read_text(), minor)
        typed_values((folder / case["values"]).read_text(), minor)
        for document in yaml.load_all((folder / case["expected"]).read_text(), yaml.CSafeLoader):
            for annotation, wanted in proxy_configs(document):
                mesh = meshes[key]
                if annotation is not None:
                    mesh = annotated_mesh_config(annotation, mesh, minor)
                assert to_json(clean_proxy_config(mesh.fields["defaultConfig"], minor)) == wanted, (
                    case["name"]
                )
                seen += 1
    assert seen > 20
