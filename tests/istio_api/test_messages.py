"""Messages: what jsonpb reads and writes, and what a Go template sees of them."""

from __future__ import annotations

import json

import pytest
from outside import needs_path
from paths import SHARED, TESTS

from krm_injector.gotemplate.values import Enum, StringList, StringMap, type_name
from krm_injector.istio_api import (
    ApiError,
    default_mesh_config,
    default_proxy_config,
    duration_string,
    duration_text,
    mesh_config,
    parse,
    to_json,
    typed_values,
    values_map,
)
from krm_injector.istio_api.decode import parse_duration
from krm_injector.istio_api.message import Message
from krm_injector.istio_api.schema import covers, go_name, json_name, schema

NEWEST = (1, 32)
# Answers of github.com/golang/protobuf 1.5.4 jsonpb over istio.io/api 1.30.3, called as
# protomarshal.ApplyYAML does: {message, base (applied first), text, error: true | json: ToJSON of
# the result, printed: its %v with single spaces}.
TABLE = [
    json.loads(line) for line in (TESTS / "istio_api/jsonpb.jsonl").read_text("utf-8").splitlines()
]


def proxy(text: str, minor: tuple[int, int] = NEWEST, base: Message | None = None) -> Message:
    return parse("v1alpha1.ProxyConfig", text, minor, base)


def test_reads_and_writes_as_jsonpb() -> None:
    wrong = []
    for row in TABLE:
        name = "v1alpha1." + row["message"]
        base = parse(name, row["base"], NEWEST) if "base" in row else None
        try:
            message = parse(name, row["text"], NEWEST, base)
        except ApiError as error:
            if not row.get("error"):
                wrong.append((row, str(error)))
            continue
        if row.get("error") or to_json(message) != row["json"]:
            wrong.append((row, to_json(message)))
        elif row["printed"] and message.go_string() != row["printed"]:
            wrong.append((row, message.go_string()))
    assert len(TABLE) > 1000
    assert wrong == []


@pytest.mark.parametrize(
    "text, path, word",
    [
        ("concurrency: two", "concurrency", "whole number"),
        ("tracing: {zipkin: {address: 5}}", "tracing.zipkin.address", "string"),
        ("drainDuration: 45", "drainDuration", "duration"),
        ("interceptionMode: redirect", "interceptionMode", "REDIRECT, TPROXY"),
        ("proxyMetadata: {A: 1}", "proxyMetadata.A", "string"),
        ("extraStatTags: [a, 1]", "extraStatTags[1]", "string"),
        (
            "holdApplicationUntilProxyStarts: 'true'",
            "holdApplicationUntilProxyStarts",
            "true or false",
        ),
        ("statusPort: 99999999999", "statusPort", "2147483647"),
        ("tracing: zipkin", "tracing", "mapping"),
        ("extraStatTags: a", "extraStatTags", "list"),
        ("[a]", "", "mapping"),
        ("a: [", "", "YAML"),
    ],
)
def test_errors_name_the_path(text: str, path: str, word: str) -> None:
    with pytest.raises(ApiError) as caught:
        proxy(text)
    assert caught.value.path == path
    assert word in caught.value.problem
    assert path in str(caught.value)


def test_go_fields_and_getters() -> None:
    config = proxy(
        "{concurrency: 0, drainDuration: 90s, interceptionMode: TPROXY, proxyMetadata: {A: b}, "
        "extraStatTags: [x], tracing: {zipkin: {address: 'z:9411'}, sampling: 1.5}, "
        "caCertificatesPem: []}"
    )
    assert config.go_type == "*v1alpha1.ProxyConfig"
    assert config.go_attr("InterceptionMode").name == "TPROXY"
    assert isinstance(config.go_attr("GetInterceptionMode").call(), Enum)
    assert config.go_attr("Concurrency").go_attr("Value") == 0
    assert config.go_attr("Concurrency").go_type == "*wrapperspb.Int32Value"
    assert str(config.go_attr("DrainDuration").go_attr("AsDuration").call()) == "1m30s"
    assert (
        config.go_attr("ProxyMetadata") == {"A": "b"}
        and type(config.go_attr("ProxyMetadata")) is StringMap
    )
    assert type(config.go_attr("ExtraStatTags")) is StringList
    assert type_name(config.go_attr("StatusPort")) == "int32"
    assert config.go_attr("Tracing").go_attr("Sampling") == 1.5
    with pytest.raises(KeyError):
        config.go_attr("NoSuchField")


def test_unset_messages_are_nil_pointers_whose_getters_work() -> None:
    config = proxy("{}")
    assert config.go_attr("Image").is_nil
    assert config.go_attr("Image").go_type == "*v1beta1.ProxyImage"
    assert config.go_attr("GetImage").call().go_attr("GetImageType").call() == ""
    assert config.go_attr("Tracing").go_attr("GetZipkin").call().is_nil
    assert config.go_attr("Tracing").go_attr("GetTracer").call() is None
    assert config.go_attr("HoldApplicationUntilProxyStarts").go_attr("GetValue").call() is False
    assert config.go_attr("Image").go_string() == "<nil>"
    assert duration_string(config.go_attr("DrainDuration")) == "0s"


def test_oneofs_are_an_interface_field() -> None:
    tracing = proxy("tracing: {zipkin: {address: 'z:9411'}}").go_attr("Tracing")
    assert tracing.go_attr("Tracer").go_type == "*v1alpha1.Tracing_Zipkin_"
    assert tracing.go_attr("Tracer").go_attr("Zipkin").go_attr("Address") == "z:9411"
    assert tracing.go_attr("GetZipkin").call().go_attr("Address") == "z:9411"
    with pytest.raises(KeyError):
        tracing.go_attr("Zipkin")
    name = proxy("serviceCluster: a\ntracingServiceName: CANONICAL_NAME_ONLY").go_attr(
        "ClusterName"
    )
    assert name.go_attr("TracingServiceName").name == "CANONICAL_NAME_ONLY"
    assert proxy("serviceCluster: a", (1, 12)).go_attr("ServiceCluster") == "a"


def test_a_given_field_replaces_the_bases() -> None:
    base = proxy(
        "{tracing: {sampling: 5, zipkin: {}}, extraStatTags: [a], proxyMetadata: {A: a}, "
        "statusPort: 1}"
    )
    over = proxy(
        "{tracing: {maxPathTagLength: 3}, extraStatTags: [b], proxyMetadata: {B: b}, statusPort: "
        "0}",
        base=base,
    )
    assert json.loads(to_json(over)) == {
        "tracing": {"maxPathTagLength": 3},
        "extraStatTags": ["b"],
        "proxyMetadata": {"B": "b"},
    }
    assert base.fields["statusPort"] == 1


@pytest.mark.parametrize(
    "nanos, text",
    [
        (0, "0s"),
        (1, "1ns"),
        (1100, "1.1µs"),
        (2_200_000, "2.2ms"),
        (45 * 10**9, "45s"),
        (5_500_000_000, "5.5s"),
        (60 * 10**9, "1m0s"),
        (3600 * 10**9 + 1, "1h0m0.000000001s"),
        (-90 * 10**9, "-1m30s"),
        (2**63 - 1, "2562047h47m16.854775807s"),
    ],
)
def test_durations_are_written_and_read_as_in_go(nanos: int, text: str) -> None:
    assert duration_text(nanos) == text
    assert parse_duration(text) == nanos


@pytest.mark.parametrize(
    "text", ["", "5", "s", ".s", "1d", "5 s", "--5s", "1e3s", "9223372037s", "5s "]
)
def test_other_texts_are_no_durations(text: str) -> None:
    assert parse_duration(text) is None


def test_names_are_converted_as_protoc_does() -> None:
    assert json_name("preserve_http1_header_case") == "preserveHttp1HeaderCase"
    assert go_name("preserve_http1_header_case") == "PreserveHttp1HeaderCase"
    assert go_name("k8s_sa_jwt_path") == "K8SSaJwtPath"
    assert go_name("matchLabels") == "MatchLabels"
    assert [covers("-5,8-9,12-", m) for m in (5, 6, 8, 10, 12)] == [True, False, True, False, True]


def test_fields_come_and_go_with_versions() -> None:
    with_it, without = (1, 28), (1, 29)
    assert "statsCompression" not in schema(with_it).message("v1alpha1.ProxyConfig").by_json
    assert "statsCompression" in schema(without).message("v1alpha1.ProxyConfig").by_json
    assert (
        to_json(proxy("parentShutdownDuration: 70s", (1, 16))) == '{"parentShutdownDuration":"70s"}'
    )
    assert to_json(proxy("parentShutdownDuration: 70s", (1, 17))) == "{}"
    assert to_json(proxy("concurrency: 0", (1, 6))) == "{}"
    assert to_json(proxy("concurrency: 0", (1, 7))) == '{"concurrency":0}'


def test_unknown_minors_take_the_nearest() -> None:
    assert schema((1, 99)) is schema((2, 1)) is schema(NEWEST)


@pytest.mark.parametrize("minor", range(1, 32))
def test_every_version_has_defaults_that_it_accepts(minor: int) -> None:
    assert mesh_config("", (1, minor)) is not None
    assert json.loads(to_json(default_proxy_config((1, minor))))["proxyAdminPort"] == 15000


@needs_path(SHARED / "istio/proto")
def test_defaults_are_istiods() -> None:
    files = sorted((SHARED / "istio/proto").glob("*.json"))
    assert files
    for path in files:
        minor = (1, int(path.name.split(".")[1]))
        wanted = json.loads(path.read_text())["default_mesh_config"]
        assert json.loads(to_json(default_mesh_config(minor))) == wanted, path.name


def test_values_are_read_with_their_types() -> None:
    text = """
global:
  hub: docker.io/istio
  tag: 1.20
  variant: distroless
  network: n1
  multiCluster: {clusterName: c1}
  proxy: {image: proxyv2, holdApplicationUntilProxyStarts: true}
sidecarInjectorWebhook: {rewriteAppHTTPProbe: true}
"""
    for minor in (NEWEST, (1, 12)):
        values = typed_values(text, minor)
        assert values == ("docker.io/istio", "1.2", "distroless", "proxyv2", "c1", "n1", True, True)


@pytest.mark.parametrize(
    "tag, printed",
    [
        ("1.24.0", "1.24.0"),
        ("12345678", "1.2345678e+07"),
        ("true", "true"),
        ("null", "<nil>"),
        ("[1, a]", "[1 a]"),
    ],
)
def test_tags_print_as_go_prints_them(tag: str, printed: str) -> None:
    assert typed_values(f"global: {{tag: {tag}}}").tag == printed


def test_values_of_wrong_types() -> None:
    with pytest.raises(ApiError) as caught:
        typed_values("global: {proxy: {privileged: 'yes'}}")
    assert caught.value.path == "global.proxy.privileged"
    with pytest.raises(ApiError):
        values_map("[]")


def test_values_as_a_map_have_float_numbers() -> None:
    assert values_map("{a: 1, b: {c: 2.5}}") == {"a": 1.0, "b": {"c": 2.5}}
    assert type(values_map("a: 1")["a"]) is float
    assert values_map("") == values_map("null") == {}
