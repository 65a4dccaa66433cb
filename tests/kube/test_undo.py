"""A description restores the value before, also after others have edited the value beside it."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from krm_injector.kube.undo import describe, keys_as, undo, units

BEFORE: dict[str, Any] = {
    "labels": {"app": "web"},
    "containers": [
        {"name": "web", "image": "web:1", "probe": {"tcp": {"port": "http"}, "period": 5}},
        {"name": "istio-proxy", "image": "auto"},
    ],
    "secrets": None,
}
AFTER: dict[str, Any] = {
    "labels": {"app": "web", "mode": "istio"},
    "annotations": {"status": "x"},
    "containers": [
        {"name": "istio-proxy", "image": "proxy:1", "env": [{"name": "A", "value": "1"}]},
        {"name": "web", "image": "web:1", "probe": {"http": {"path": "/agent"}, "period": 5}},
    ],
    "secrets": [{"name": "pull-secret"}],
    "volumes": [{"name": "token"}],
}


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_undo_gives_the_value_before_exactly() -> None:
    description = through_json(describe(BEFORE, AFTER))
    assert undo(AFTER, description) == BEFORE
    assert describe(BEFORE, copy.deepcopy(BEFORE)) is None


def test_order_of_keys_and_elements_comes_back() -> None:
    description = describe(BEFORE, AFTER)
    before = undo(AFTER, description)
    assert [container["name"] for container in before["containers"]] == ["web", "istio-proxy"]
    assert list(before["containers"][0]["probe"]) == ["tcp", "period"]


def test_numbers_and_booleans_are_told_apart() -> None:
    for one, other in ((1, True), (1, 1.0), (0, False), ("1", 1)):
        before, after = {"a": [one]}, {"a": [other]}
        restored = undo(after, through_json(describe(before, after)))
        assert type(restored["a"][0]) is type(one)


@pytest.mark.parametrize(
    "edit",
    [
        lambda v: v["containers"][1].update(image="web:2"),
        lambda v: v["containers"].append({"name": "helper", "image": "h"}),
        lambda v: v["containers"].insert(0, {"name": "helper", "image": "h"}),
        lambda v: v["containers"][1].update(env=[{"name": "LEVEL", "value": "debug"}]),
        lambda v: v["labels"].update(team="ops"),
        lambda v: v["annotations"].update(owner="ops"),
        lambda v: v["volumes"].append({"name": "data", "emptyDir": {}}),
        lambda v: v["containers"][1]["probe"].update(period=7),
        lambda v: v.update(host=True),
    ],
)
def test_edits_beside_it_stay(edit: Any) -> None:
    description = describe(BEFORE, AFTER)
    edited = copy.deepcopy(AFTER)
    edit(edited)
    mine = undo(edited, description)
    assert mine != BEFORE
    assert describe(BEFORE, mine) == describe(BEFORE, undo(edited, through_json(description)))
    for name in ("status", "token", "pull-secret", "mode", "/agent", "proxy:1"):
        assert name not in json.dumps(mine)


def test_what_somebody_put_in_place_of_ours_stays() -> None:
    edited = copy.deepcopy(AFTER)
    edited["containers"][1]["probe"] = {"exec": {"command": ["true"]}, "period": 5}
    assert undo(edited, describe(BEFORE, AFTER))["containers"][0]["probe"] == {
        "exec": {"command": ["true"]},
        "period": 5,
    }


def test_what_somebody_took_out_stays_out() -> None:
    edited = copy.deepcopy(AFTER)
    del edited["containers"][1]
    del edited["volumes"]
    assert [c["name"] for c in undo(edited, describe(BEFORE, AFTER))["containers"]] == [
        "istio-proxy"
    ]


def test_units_are_what_was_put_there() -> None:
    pieces = dict(units(AFTER, describe(BEFORE, AFTER)))
    assert pieces["volumes[token].name"] == "token"
    assert pieces["labels.mode"] == "istio"
    assert pieces["containers[istio-proxy].image"] == "proxy:1"
    assert pieces["containers[istio-proxy].env[A]"] == {"name": "A", "value": "1"}
    assert not [path for path in pieces if "image" in path and "web" in path]


def test_keys_come_in_the_order_of_the_model() -> None:
    assert list(keys_as({"b": 1, "a": 2}, {"a": 1, "x": 0, "b": 2})) == ["b", "a", "x"]


def value(pick: random.Random, depth: int) -> Any:
    kind = pick.randrange(8 if depth else 5)
    if kind == 5:
        names = pick.sample("abcdefg", pick.randrange(5))
        return [{"name": name, **value_map(pick, depth - 1)} for name in names]
    if kind == 6:
        return [pick.choice((1, "x", True, None)) for _ in range(pick.randrange(3))]
    if kind == 7:
        return value_map(pick, depth - 1)
    return pick.choice((None, True, 0, 1, 1.0, "", "a", "b c", "-"))


def value_map(pick: random.Random, depth: int) -> dict[str, Any]:
    keys = pick.sample(("k", "l", "m", "n o", "p/q", "-", ""), pick.randrange(6)) if depth else []
    return {key: value(pick, depth) for key in keys}


def test_random_pairs_are_undone() -> None:
    pick = random.Random(7)
    for _ in range(3000):
        before, after = value_map(pick, 4), value_map(pick, 4)
        description = through_json(describe(before, after))
        restored = undo(after, description) if description is not None else after
        assert json.dumps(restored, sort_keys=True) == json.dumps(before, sort_keys=True)
