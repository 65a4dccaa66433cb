"""Pod data as templates see it."""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector.gotemplate.values import StringMap, truth, type_name
from krm_injector.injection.go_structs import (
    Pointer,
    go_json_text,
    go_plain,
    namespaced_name,
    object_meta,
    pod_spec,
    struct_class,
    type_meta,
)
from krm_injector.kube.go_json import GoJsonError

SPEC: dict[str, Any] = {
    "serviceAccountName": "me",
    "hostNetwork": True,
    "automountServiceAccountToken": False,
    "securityContext": {"fsGroup": 0},
    "containers": [
        {
            "name": "a",
            "ports": [{"containerPort": 80}],
            "resources": {"limits": {"cpu": 0.5}},
            "livenessProbe": {"httpGet": {"port": "http", "path": "/"}, "periodSeconds": 3},
        }
    ],
}


def test_fields_by_go_name() -> None:
    spec = pod_spec(SPEC)
    assert spec.go_attr("ServiceAccountName") == "me"
    assert spec.go_attr("HostNetwork") is True
    container = spec.go_attr("Containers")[0]
    assert container.go_attr("Ports")[0].go_attr("ContainerPort") == 80
    assert container.go_attr("LivenessProbe").go_attr("PeriodSeconds") == 3
    with pytest.raises(KeyError):
        spec.go_attr("serviceAccountName")


def test_absent_fields_have_zero_values() -> None:
    spec = pod_spec({})
    assert spec.go_attr("ServiceAccountName") == ""
    assert spec.go_attr("HostNetwork") is False
    assert spec.go_attr("Containers") == []
    assert spec.go_attr("NodeSelector") == {}
    assert not truth(spec.go_attr("SecurityContext"))
    assert spec.go_attr("SecurityContext").go_string() == "<nil>"
    assert not truth(spec.go_attr("AutomountServiceAccountToken"))


def test_pointers_are_true_whatever_they_point_to() -> None:
    pointer = pod_spec(SPEC).go_attr("AutomountServiceAccountToken")
    assert isinstance(pointer, Pointer)
    assert truth(pointer)
    assert pointer.go_string() == "false"
    assert type_name(pointer) == "*bool"
    group = pod_spec(SPEC).go_attr("SecurityContext").go_attr("FSGroup")
    assert truth(group)
    assert group.go_string() == "0"


def test_embedded_structs_and_their_promoted_fields() -> None:
    probe = pod_spec(SPEC).go_attr("Containers")[0].go_attr("LivenessProbe")
    assert probe.go_attr("HTTPGet").go_attr("Path") == "/"
    assert probe.go_attr("ProbeHandler").go_attr("HTTPGet").go_attr("Path") == "/"
    assert probe.go_attr("HTTPGet").go_attr("Port").go_string() == "http"
    assert not truth(probe.go_attr("TCPSocket"))


def test_structs_that_print_themselves() -> None:
    limits = pod_spec(SPEC).go_attr("Containers")[0].go_attr("Resources").go_attr("Limits")
    assert limits["cpu"].go_string() == "500m"
    assert (
        object_meta({}).go_attr("CreationTimestamp").go_string() == "0001-01-01 00:00:00 +0000 UTC"
    )
    made = object_meta({"creationTimestamp": "2024-05-06T07:08:09Z"}).go_attr("CreationTimestamp")
    assert made.go_string() == "2024-05-06 07:08:09 +0000 UTC"


def test_int_or_string_is_a_struct_as_in_go() -> None:
    port = struct_class("v1.TCPSocketAction")({"port": 80}).go_attr("Port")
    assert (port.go_string(), port.go_attr("IntVal"), port.go_attr("StrVal")) == ("80", 80, "")
    assert port.go_attr("IntValue").call() == 80
    for text in ("x", "-+5", " 5", "\u0665"):
        assert (
            struct_class("v1.TCPSocketAction")({"port": text})
            .go_attr("Port")
            .go_attr("IntValue")
            .call()
            == 0
        )


def test_metadata_has_gos_fields() -> None:
    meta = object_meta({"name": "x", "labels": {"a": "b"}})
    assert isinstance(meta.go_attr("Labels"), StringMap)
    assert meta.go_attr("Labels") == {"a": "b"}
    assert meta.go_attr("Annotations") == {}
    assert meta.go_attr("GetName").call() == "x"
    assert type_name(meta) == "v1.ObjectMeta"


def test_type_meta_and_names() -> None:
    assert type_meta("apps/v1", "Deployment").go_attr("Kind") == "Deployment"
    assert type_meta("apps/v1", "Deployment").go_attr("APIVersion") == "apps/v1"
    name = namespaced_name("web", "shop")
    assert (name.go_attr("Name"), name.go_attr("Namespace"), name.go_string()) == (
        "web",
        "shop",
        "shop/web",
    )
    assert name.go_attr("String").call() == "shop/web"


def test_values_are_made_once() -> None:
    spec = pod_spec(SPEC)
    assert spec.go_attr("Containers") is spec.go_attr("Containers")


def test_json_of_typed_values() -> None:
    spec = pod_spec(SPEC)
    assert go_json_text(spec.go_attr("Containers")[0].go_attr("Ports")) == '[{"containerPort":80}]'
    assert go_json_text(spec.go_attr("Volumes")) == "null"
    assert go_json_text(spec.go_attr("SecurityContext")) == '{"fsGroup":0}'
    assert go_json_text(spec.go_attr("Affinity")) == "null"
    assert (
        go_json_text(namespaced_name("<n>", "ns")) == '{"Namespace":"ns","Name":"\\u003cn\\u003e"}'
    )
    assert go_plain({"b": 1, "a": [spec.go_attr("SecurityContext")]}) == {
        "a": [{"fsGroup": 0}],
        "b": 1,
    }
    assert list(go_plain({"b": 1, "a": 2})) == ["a", "b"]


def test_json_of_structs_without_a_form() -> None:
    from krm_injector.gotemplate.values import Struct

    with pytest.raises(GoJsonError):
        go_json_text(Struct())


def test_a_struct_prints_its_fields() -> None:
    assert type_meta("v1", "Pod").go_string() == "{Pod v1}"
    port = struct_class("v1.ContainerPort")({"containerPort": 80, "name": "http"})
    assert port.go_string() == "{http 0 80  }"
