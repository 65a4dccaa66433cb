"""Strategic merge against Kubernetes' own answers (merge_table.json), and its promises."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from paths import TESTS

from krm_injector.kube.strategic_merge import MergeError, merge

TABLE: list[dict[str, Any]] = json.loads(TESTS.joinpath("kube", "merge_table.json").read_text())


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_patches_are_merged_as_kubernetes_does(row: dict[str, Any]) -> None:
    original, patch = copy.deepcopy(row["original"]), copy.deepcopy(row["patch"])
    if "error" in row:
        with pytest.raises(MergeError):
            merge(original, patch)
    else:
        assert merge(original, patch) == row["answer"]
    assert original == row["original"], "the original was changed"
    assert patch == row["patch"], "the patch was changed"


def containers(*items: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(items)}}


def test_patch_elements_come_before_those_of_the_original_that_stand_alone() -> None:
    merged = merge(
        containers({"name": "app"}, {"name": "b"}),
        containers({"name": "proxy"}, {"name": "b", "image": "i"}),
    )
    assert [item["name"] for item in merged["spec"]["containers"]] == ["proxy", "app", "b"]


def test_ports_are_told_apart_by_number_alone() -> None:
    original = containers({"name": "a", "ports": [{"containerPort": 53, "protocol": "TCP"}]})
    patch = containers({"name": "a", "ports": [{"containerPort": 53, "protocol": "UDP"}]})
    assert merge(original, patch)["spec"]["containers"][0]["ports"] == [
        {"containerPort": 53, "protocol": "UDP"}
    ]


def test_unchanged_parts_are_shared_and_key_order_is_kept() -> None:
    original = {
        "spec": {"volumes": [{"name": "v"}], "containers": [{"name": "a"}], "hostNetwork": True}
    }
    merged = merge(original, {"metadata": {"labels": {"x": "y"}}, "spec": {"hostNetwork": False}})
    assert merged["spec"]["volumes"] is original["spec"]["volumes"]
    assert list(merged["spec"]) == ["volumes", "containers", "hostNetwork"]


def test_null_removes_and_null_of_an_unknown_field_adds_nothing() -> None:
    merged = merge(
        {"spec": {"hostNetwork": True}},
        {"spec": {"hostNetwork": None, "dnsPolicy": None, "os": {"name": None}}},
    )
    assert merged == {"spec": {"os": {}}}


def test_unknown_fields_are_replaced_unless_they_would_have_to_be_merged() -> None:
    assert merge({"spec": {"odd": 1}}, {"spec": {"odd": 2}}) == {"spec": {"odd": 2}}
    with pytest.raises(MergeError) as failure:
        merge({"spec": {"odd": {"a": 1}}}, {"spec": {"odd": {"b": 1}}})
    assert "odd" in str(failure.value)
    assert failure.value.path == "spec.odd"


def test_field_names_are_found_in_any_case_as_in_go() -> None:
    merged = merge(
        {"spec": {"Containers": [{"name": "a"}]}},
        {"spec": {"Containers": [{"name": "a", "image": "i"}]}},
    )
    assert merged["spec"]["Containers"] == [{"name": "a", "image": "i"}]


def test_a_merge_error_says_where() -> None:
    original = containers({"name": "a", "env": [{"name": "A"}]})
    with pytest.raises(MergeError) as failure:
        merge(original, containers({"name": "a", "env": [{"value": "1"}]}))
    assert failure.value.path == "spec.containers[name=a].env"
    assert "merge key 'name'" in str(failure.value)


def test_a_part_of_a_pod_can_be_merged_by_its_type() -> None:
    merged = merge({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "B"}]}, "v1.Container")
    assert merged == {"env": [{"name": "B"}, {"name": "A", "value": "1"}]}


APP = {"spec": {"containers": [{"name": "app"}]}}


def of_app(**fields: Any) -> Any:
    return {"spec": {"containers": [{"name": "app", **fields}]}}


@pytest.mark.parametrize("directive", [{"$patch": "replace"}, {"$retainKeys": ["limits"]}])
def test_a_directive_meets_an_empty_map_where_go_always_writes_the_field(directive: Any) -> None:
    resources = {**directive, "limits": {"cpu": "1"}}

    assert merge(APP, of_app(resources=resources)) == of_app(resources={"limits": {"cpu": "1"}})
    assert merge({}, {"spec": {**directive, "limits": 1}}) == {"spec": {"limits": 1}}


def test_a_directive_that_a_present_map_would_refuse_is_refused() -> None:
    with pytest.raises(MergeError, match="does not list"):
        merge(APP, of_app(resources={"$retainKeys": ["claims"], "limits": {"cpu": "1"}}))
    with pytest.raises(MergeError, match="must be replace or delete"):
        merge(APP, of_app(resources={"$patch": "merge"}))


def test_a_map_with_a_directive_is_dropped_where_go_leaves_the_field_out() -> None:
    assert merge(APP, of_app(securityContext={"$patch": "replace", "runAsUser": 1})) == APP
    assert merge(APP, {"spec": {"nodeSelector": {"$patch": "replace", "a": "b"}}}) == APP


@pytest.mark.parametrize(
    ("original", "patch", "merged"),
    [
        # Go closes the gap of what is deleted in place, and appends there: "c" comes behind "a".
        (
            ["app", "a"],
            {"containers": [{"name": "app", "$patch": "delete"}, {"name": "c"}],
             "$setElementOrder/containers": [{"name": "c"}]},
            ["a", "c"],
        ),
        # A merge key that is no scalar is compared only where there is something to compare with.
        (["a"], {"containers": [{"name": [], "$patch": "delete"}]}, ["a"]),
        ([], {"containers": [{"name": {}, "$patch": "delete"}]}, []),
    ],
)  # fmt: skip
def test_go_deletes_elements_in_place(
    original: list[str], patch: dict[str, Any], merged: list[str]
) -> None:
    pod = {"spec": {"containers": [{"name": name} for name in original]}}
    done = merge(pod, {"spec": patch})
    assert [each["name"] for each in done["spec"]["containers"]] == merged
    assert [each["name"] for each in pod["spec"]["containers"]] == original
