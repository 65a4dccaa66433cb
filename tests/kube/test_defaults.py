"""The API server's defaults against Kubernetes' own answers (generate_defaults/README.md)."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from paths import TESTS

from krm_injector.kube import defaults, types
from krm_injector.kube.image_tags import tag_of
from krm_injector.kube.quantity import in_thousandths

TABLE: list[dict[str, Any]] = [
    json.loads(line)
    for line in TESTS.joinpath("kube", "defaults_table.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_pods_get_the_defaults_of_kubernetes(row: dict[str, Any]) -> None:
    pod = {"metadata": {"name": "web"}, "spec": copy.deepcopy(row["spec"])}
    stored = defaults.of_pod(pod)
    expected = types.decode("v1.PodSpec", row["stored"])
    assert types.decode("v1.PodSpec", stored["spec"]) == expected
    assert pod["spec"] == row["spec"], "the pod given was changed"
    assert stored["metadata"] is pod["metadata"]
    assert defaults.of_pod(stored) is stored, "a pod with all defaults is no new one"


def test_only_what_changes_is_copied() -> None:
    command = ["run"]
    volume = {"name": "data", "emptyDir": {}}
    spec = {"containers": [{"name": "web", "command": command}], "volumes": [volume]}
    stored = defaults.filled_in("v1.PodSpec", spec)
    assert stored["containers"][0]["command"] is command
    assert stored["volumes"] is spec["volumes"]


def test_null_counts_as_absent_and_elements_that_are_no_maps_stay() -> None:
    probe = {"httpGet": {"port": 80, "scheme": None}}
    container = {"name": "web", "ports": None, "env": [None], "readinessProbe": probe}
    (stored,) = defaults.filled_in("v1.PodSpec", {"containers": [container]})["containers"]
    assert stored["readinessProbe"]["httpGet"]["scheme"] == "HTTP"
    assert (stored["ports"], stored["env"]) == (None, [None])


def test_zero_is_a_value_where_go_has_a_pointer() -> None:
    spec = {"terminationGracePeriodSeconds": 0, "enableServiceLinks": False, "dnsPolicy": ""}
    stored = defaults.filled_in("v1.PodSpec", {**spec, "containers": []})
    assert stored["terminationGracePeriodSeconds"] == 0
    assert stored["enableServiceLinks"] is False
    assert stored["dnsPolicy"] == "ClusterFirst"


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("auto", "latest"),
        ("web:1", "1"),
        ("web:latest", "latest"),
        ("registry.example:5000/web", "latest"),
        ("registry.example:5000/web:1", "1"),
        (f"web@sha256:{'a' * 64}", ""),
        (f"web:latest@sha256:{'a' * 64}", "latest"),
        (f"web:latest@sha256:{'a' * 63}", ""),
        ("Web", ""),
        ("", ""),
        ("a" * 64, ""),
    ],
)
def test_the_tag_of_an_image(image: str, tag: str) -> None:
    assert tag_of(image) == tag


@pytest.mark.parametrize(
    ("written", "stored"),
    [("100m", "100m"), ("0.1m", "1m"), ("1u", "1m"), (2, 2), (0.0001, "1m"), ("1500u", "2m")],
)
def test_resources_are_stored_in_thousandths(written: Any, stored: Any) -> None:
    assert in_thousandths(written) == stored
