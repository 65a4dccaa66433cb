"""Typed reading and writing of pods against Go's own answers (tests/kube/pod_table.json)."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import Any

import pytest
from outside import needs
from paths import ROOT, SHARED, TESTS

from krm_injector.kube.pod_types_generated import TYPES
from krm_injector.kube.types import TypeMismatch, check, decode, dumps

TABLE: list[dict[str, Any]] = json.loads(TESTS.joinpath("kube", "pod_table.json").read_text())


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_pods_are_decoded_as_go_does(row: dict[str, Any]) -> None:
    value = copy.deepcopy(row["value"])
    if "error" in row:
        with pytest.raises(TypeMismatch) as failure:
            dumps("v1.Pod", value)
        found = check("v1.Pod", value)
        assert failure.value.path in {mismatch.path for mismatch in found}
    else:
        assert dumps("v1.Pod", value) == row["answer"]
        assert check("v1.Pod", value) == []
    assert value == row["value"], "the value was changed"


def test_every_type_named_by_a_field_is_known_or_a_string() -> None:
    for type_name in TYPES:
        assert decode(type_name, {}) == {}, type_name
        assert decode(type_name, {"no such field": 1}) == {}, type_name


def test_noise_of_a_round_trip_is_kept_or_left_out() -> None:
    pod = {
        "metadata": {"creationTimestamp": None},
        "spec": {"containers": None, "volumes": []},
        "status": {},
    }
    assert decode("v1.Pod", pod) == {}
    assert decode("v1.Pod", pod, keep_empty=True) == {
        "metadata": {},
        "spec": {"containers": None},
        "status": {},
    }


def test_empty_objects_behind_pointers_stay() -> None:
    spec = {
        "containers": [{"name": "a", "securityContext": {}}],
        "volumes": [{"name": "v", "emptyDir": {}}],
    }
    assert decode("v1.PodSpec", spec) == spec


def test_explicit_zeros_stay_where_go_keeps_them() -> None:
    spec = {
        "terminationGracePeriodSeconds": 0,
        "hostNetwork": False,
        "containers": [{"name": "", "stdin": False, "env": [{"name": "A", "value": ""}]}],
    }
    assert decode("v1.PodSpec", spec) == {
        "containers": [{"name": "", "env": [{"name": "A"}]}],
        "terminationGracePeriodSeconds": 0,
    }


def test_fields_come_in_go_s_order_and_maps_as_given() -> None:
    meta = {"labels": {"b": "1", "a": "2"}, "name": "x"}
    assert list(decode("v1.ObjectMeta", meta)) == ["name", "labels"]
    assert list(decode("v1.ObjectMeta", meta)["labels"]) == ["b", "a"]
    assert dumps("v1.ObjectMeta", meta) == '{"name":"x","labels":{"a":"2","b":"1"}}'


def test_strings_may_be_coerced_as_yaml_readers_do() -> None:
    env = {"name": "A", "value": 8080}
    assert decode("v1.EnvVar", env, coerce=True) == {"name": "A", "value": "8080"}
    assert decode("v1.ObjectMeta", {"labels": {"a": True, "b": 1.5}}, coerce=True) == {
        "labels": {"a": "true", "b": "1.5"}
    }
    with pytest.raises(TypeMismatch):
        decode("v1.EnvVar", env)


def test_a_mismatch_says_where_and_what() -> None:
    pod = {
        "spec": {"containers": [{"name": "a", "ports": [{"containerPort": "80"}], "env": {"A": 1}}]}
    }
    with pytest.raises(TypeMismatch) as failure:
        decode("v1.Pod", pod)
    assert (
        str(failure.value)
        == "spec.containers[0].ports[0].containerPort: expected int32, got string"
    )
    assert [(found.path, found.expected, found.got) for found in check("v1.Pod", pod, "pod")] == [
        ("pod.spec.containers[0].ports[0].containerPort", "int32", "string"),
        ("pod.spec.containers[0].env", "[]v1.EnvVar", "object"),
    ]


@pytest.mark.parametrize(
    ("type_name", "value", "path"),
    [
        ("v1.ContainerPort", {"containerPort": 2**31}, "containerPort"),
        ("v1.ContainerPort", {"containerPort": 1.5}, "containerPort"),
        ("v1.ObjectMeta", {"annotations": {"a.b/c": 1}}, 'annotations["a.b/c"]'),
        ("v1.ResourceRequirements", {"limits": {"cpu": "lots"}}, "limits.cpu"),
        ("v1.PodSpec", {"hostNetwork": "true"}, "hostNetwork"),
        ("v1.ObjectMeta", {"creationTimestamp": "yesterday"}, "creationTimestamp"),
        ("v1.PodSpec", [], ""),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_at_its_path(
    type_name: str, value: Any, path: str
) -> None:
    with pytest.raises(TypeMismatch) as failure:
        decode(type_name, value)
    assert failure.value.path == path
    assert [found.path for found in check(type_name, value)] == [path]


def test_whole_floats_are_integers() -> None:
    assert decode("v1.ContainerPort", {"containerPort": 80.0}) == {"containerPort": 80}


def test_names_are_exact_unless_case_is_folded() -> None:
    spec = {
        "Containers": [{"NAME": "a", "imagepullpolicy": "Always", "odd": 1}],
        "hostNetwork": True,
        "hostnetwork": False,
    }
    assert decode("v1.PodSpec", spec) == {"hostNetwork": True}
    assert decode("v1.PodSpec", spec, fold_case=True) == {
        "containers": [{"name": "a", "imagePullPolicy": "Always"}]
    }


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (1.5, "1.5"),
        (1e6, "1e+06"),
        (3.14159265358979, "3.1415927"),
        (0.00001, "1e-05"),
        (100.0, "100"),
    ],
)
def test_floats_coerced_to_strings_are_written_as_float32(given: float, text: str) -> None:
    assert decode("v1.EnvVar", {"name": "A", "value": given}, coerce=True)["value"] == text


def test_the_table_is_what_its_generator_writes() -> None:
    types = needs(SHARED / "kubernetes" / "pod-types.json")
    generator = [sys.executable, str(ROOT / "tools" / "generate_pod_types.py"), str(types)]
    written = subprocess.run(generator, capture_output=True, text=True, check=True).stdout
    assert written == (ROOT / "krm_injector" / "kube" / "pod_types_generated.py").read_text(
        encoding="utf-8"
    )
