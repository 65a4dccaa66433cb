"""Istio's template functions and what the renderer computes by itself: images, cluster environment,
user ranges.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from krm_injector.gotemplate import parse
from krm_injector.gotemplate.sprig import FUNCS
from krm_injector.injection import openshift, render, template_data, template_functions
from krm_injector.injection.go_structs import object_meta, pod_spec
from krm_injector.istio_api import TypedValues, default_proxy_config, mesh_config
from krm_injector.istio_api import parse as parse_message
from krm_injector.istio_names import IMAGE_TYPE_ANNOTATION, NETWORK_LABEL
from krm_injector.versions import NEWEST, Rules, rules_for

NEW, OLD = rules_for(NEWEST), rules_for((1, 19))


def say(
    template: str,
    data: dict[str, Any] | None = None,
    rules: Rules = NEW,
    env: dict[str, str] | None = None,
) -> str:
    table = {**FUNCS, **template_functions.istio_functions(rules, env or {}, str)}
    return parse(template, funcs=table).execute(data or {})


def container(*ports: dict[str, Any], name: str = "app", image: str = "app:1") -> dict[str, Any]:
    return {"name": name, "image": image, "ports": list(ports)}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ excludeInboundPort 15020 "" }}', "15020"),
        ('{{ excludeInboundPort 15020 "22, 15020" }}', "22,15020,15020"),
        ('{{ excludeInboundPort "15020" "22,15020" }}', "22,15020"),
        ('{{ excludeInboundPort "0" "22" }}', "22"),
        ('{{ excludeInboundPort "" "22" }}', "22"),
        ('{{ valueOrDefault "" "d" }}', "d"),
        ('{{ valueOrDefault nil "d" }}', "d"),
        ('{{ valueOrDefault false "d" }}', "false"),
        ('{{ fromJSON "{" }}', "{}"),
        ('{{ (fromJSON `{"a":1}`).a }}', "1"),
        ('{{ toYaml (fromJSON `{"b":[1,"x"],"a":null}`) }}', "a: null\nb:\n- 1\n- x\n"),
        ('{{ indent 2 "a\\nb\\n" }}', "a\n  b\n  "),
        ('{{ directory "/etc/certs/ca.pem" }}', "/etc/certs/"),
        ('{{ directory "ca.pem" }}', ""),
        ('{{ contains "/" "a/b" }}', "true"),
        ('{{ toLower "Deployment" }}', "deployment"),
        ('{{ toJsonMap (strdict "b" "1" "a" "<") (strdict "b" "2") }}', '{"a":"\\u003c","b":"2"}'),
        ('{{ omit (strdict "a" "1" "b" "2") "a" }}', "map[b:2]"),
        ('{{ strdict "a" }}', "map[a:]"),
        ("{{ toJSON (strdict) }}", "{}"),
        ("{{ structToJSON nil }}", "{}"),
        ('{{ omitNil (fromJSON `{"a":null,"b":{"c":null},"d":[null,1]}`) }}', "map[d:[1]]"),
        ('{{ omitNil (fromJSON `{"a":null}`) }}', "<no value>"),
    ],
)
def test_each_template_function_answers_as_istios(template: str, said: str) -> None:
    assert say(template) == said


def test_the_environment_is_the_control_planes() -> None:
    assert say('{{ env "HOME" "none" }}') == "none"
    assert say('{{ env "HOME" "none" }}', env={"HOME": "istiod"}) == "istiod"
    assert say('{{ env "EMPTY" "none" }}', env={"EMPTY": ""}) == "none"


def test_ports_of_containers_are_the_tcp_ones() -> None:
    app = container(
        {"containerPort": 80},
        {"containerPort": 53, "protocol": "UDP"},
        {"containerPort": 9, "protocol": "SCTP"},
    )
    spec = pod_spec({"containers": [app, container({"containerPort": 15090}, name="istio-proxy")]})
    assert say("{{ includeInboundPorts .Spec.Containers }}", {"Spec": spec}) == "80,15090"
    assert say("{{ applicationPorts .Spec.Containers }}", {"Spec": spec}) == "80"


def test_annotation_prefers_what_the_pod_says_even_if_empty() -> None:
    meta = object_meta({"annotations": {"a": "", "b": "x"}})
    assert (
        say(
            "{{ annotation .Meta `a` 1 }}|{{ annotation .Meta `b` 1 }}|{{ annotation .Meta `c` "
            "1.5 }}",
            {"Meta": meta},
        )
        == "|x|1.5"
    )


BY_NAME = '[{"name":"a"}, {"name": "default/cni"}]'
BY_NAMESPACE = '[{"name":"a"}, {"name": "cni", "namespace": "default"}]'
PRESENT = '[{"name":"cni","namespace":"default"}]'


@pytest.mark.parametrize(
    ("existing", "old", "new"),
    [
        ("", "default/cni", "default/cni"),
        ("net-a", "net-a, default/cni", "net-a, default/cni"),
        ("net-a, default/cni", "net-a, default/cni", "net-a, default/cni"),
        ('[{"name":"a"}]', BY_NAME, BY_NAMESPACE),
        (PRESENT, PRESENT[:-1] + ', {"name": "default/cni"}]', PRESENT),
        ("[broken]", "[broken]", "[broken]"),
    ],
)
def test_multus_networks_by_name_and_from_1_23_by_namespace(
    existing: str, old: str, new: str
) -> None:
    call = "{{ appendMultusNetwork .Old `default/cni` }}"
    assert say(call, {"Old": existing}, OLD) == old
    assert say(call, {"Old": existing}, NEW) == new


def test_a_function_is_unknown_to_the_version_that_did_not_have_it() -> None:
    table = template_functions.istio_functions(OLD, {}, str)
    assert "omitNil" not in table and "mergeMaps" not in table
    assert "omitNil" in template_functions.istio_functions(rules_for((1, 28)), {}, str)


def test_proxy_config_without_its_defaults() -> None:
    minor = NEWEST
    config = parse_message(
        "v1alpha1.ProxyConfig",
        "concurrency: 2\nstatusPort: 15020\n",
        minor,
        default_proxy_config(minor),
    )
    assert json.loads(template_functions.proto_to_json(config, NEW)) == {"concurrency": 2}


def test_resource_attributes_need_a_provider_that_wants_them() -> None:
    plain, wanting = (
        mesh_config(
            "extensionProviders:\n- name: o\n  opentelemetry: {service: a.b, port: 1"
            + extra
            + "}\n",
            NEWEST,
        )
        for extra in ("", ", serviceAttributeEnrichment: OTEL_SEMANTIC_CONVENTIONS")
    )
    spec = pod_spec({"containers": [container(image="r:5000/app:2@sha256:ab")]})
    call = "{{ otelResourceAttributes .Mesh .A .L `shop` .Spec.Containers }}"
    data: dict[str, Any] = {
        "A": object_meta({}).go_attr("Annotations"),
        "L": object_meta({}).go_attr("Labels"),
        "Spec": spec,
    }
    assert say(call, {**data, "Mesh": plain}) == ""
    assert say(call, {**data, "Mesh": wanting}) == (
        "service.namespace=shop,service.version=2@sha256:ab,service.instance.id=shop.$(POD_NAME).app"
    )


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("nginx", ""),
        ("nginx:1", "1"),
        ("r:5000/nginx", ""),
        ("r:5000/n:2", "2"),
        ("n@sha256:a", "sha256:a"),
    ],
)
def test_the_version_of_an_image_is_its_tag(image: str, version: str) -> None:
    assert template_functions.image_version(image) == version


@pytest.mark.parametrize(
    ("tag", "variant", "annotation", "image"),
    [
        ("1.30.3", "", None, "hub/proxyv2:1.30.3"),
        ("1.30.3", "distroless", None, "hub/proxyv2:1.30.3-distroless"),
        ("1.30.3-debug", "distroless", None, "hub/proxyv2:1.30.3-distroless"),
        ("1.30.3-distroless", "default", None, "hub/proxyv2:1.30.3"),
        ("1.30.3", "distroless", "debug", "hub/proxyv2:1.30.3-debug"),
        ("1.30.3-custom", "debug", None, "hub/proxyv2:1.30.3-custom-debug"),
    ],
)
def test_the_proxys_image_is_made_of_hub_tag_and_variant(
    tag: str, variant: str, annotation: str | None, image: str
) -> None:
    values = TypedValues(hub="hub", tag=tag, variant=variant)
    chosen = {} if annotation is None else {IMAGE_TYPE_ANNOTATION: annotation}
    assert (
        template_data.proxy_image(values, default_proxy_config(NEWEST), chosen, "no image given")
        == image
    )


@pytest.mark.parametrize(
    ("path", "env"),
    [
        ("/inject", {}),
        ("/inject/", {}),
        ("/inject/cluster/c1/net/n1", {"ISTIO_META_CLUSTER_ID": "c1", "ISTIO_META_NETWORK": "n1"}),
        ("/inject/cluster/a--slash--b/", {"ISTIO_META_CLUSTER_ID": "a/b"}),
        ("/inject/cluster/c1/net", {"ISTIO_META_CLUSTER_ID": "c1"}),
        ("/inject/foo/bar", {"FOO": "bar"}),
        # One letter for one, as Go's ToUpper.
        ("/inject/gro\u00dfe/a/\u0131\u00e9/b", {"GRO\u00dfE": "a", "I\u00c9": "b"}),
        (
            "/inject/:ENV:cluster=c1:ENV:net=n1:ENV:=x:ENV:y",
            {"ISTIO_META_CLUSTER_ID": "c1", "ISTIO_META_NETWORK": "n1"},
        ),
    ],
)
def test_environment_from_the_webhooks_path(path: str, env: dict[str, str]) -> None:
    assert render.path_env(path, "escaped") == env


def test_the_pods_network_label_wins_over_path_and_values() -> None:
    values = TypedValues(network="values", cluster_name="cluster")
    assert render.cluster_env("/inject/net/path", values, {NETWORK_LABEL: "label"}, "escaped") == {
        "ISTIO_META_CLUSTER_ID": "cluster",
        "ISTIO_META_NETWORK": "label",
    }
    assert (
        render.cluster_env("/inject/net/path", values, {}, "escaped")["ISTIO_META_NETWORK"]
        == "path"
    )


@pytest.mark.parametrize(
    ("annotations", "ids"),
    [
        ({}, (1337, 1337)),
        ({"uid-range": "1000620000/10000"}, (1000629999, 1000629999)),
        ({"uid-range": "1000620000/10000", "supplemental-groups": "5/10,20/30"}, (1000629999, 14)),
        ({"uid-range": "1-5", "supplemental-groups": "bad"}, (5, 1337)),
        ({"supplemental-groups": "7-9"}, (1337, 9)),
        # Numbers are read as Go's Sscanf reads unsigned ones of 32 bits.
        ({"uid-range": " 500/\t8"}, (507, 507)),
        ({"uid-range": "500 /8"}, (1337, 1337)),
        ({"uid-range": "\u2003500/8 and more"}, (507, 507)),
        ({"uid-range": "500/\n8"}, (1337, 1337)),
        ({"uid-range": "+500/8"}, (1337, 1337)),
        ({"uid-range": "\u0665/8"}, (1337, 1337)),
        ({"uid-range": "3-9/2"}, (1337, 1337)),
        ({"uid-range": "3-9-27"}, (9, 9)),
        ({"uid-range": "0/0"}, (4294967295, 4294967295)),
        ({"uid-range": "4294967295/3"}, (1, 1)),
        ({"uid-range": "4294967296/3"}, (1337, 1337)),
        ({"uid-range": "00000000000000000003/3"}, (5, 5)),
        ({"uid-range": "8-0"}, (0, 0)),
        ({"uid-range": "8-9", "supplemental-groups": ""}, (9, 1337)),
        ({"uid-range": "8-9", "supplemental-groups": "5-6,"}, (9, 1337)),
        ({"uid-range": "8-9", "supplemental-groups": "5-6, 7- 8"}, (9, 6)),
    ],
)
def test_the_proxys_user_follows_the_namespaces_openshift_ranges(
    annotations: dict[str, str], ids: tuple[int, int]
) -> None:
    assert (
        openshift.proxy_ids({f"openshift.io/sa.scc.{k}": v for k, v in annotations.items()}) == ids
    )
