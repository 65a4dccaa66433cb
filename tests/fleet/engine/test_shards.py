"""Shards are parts of equal cost, and the same on every machine."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from krm_injector.fleet.engine import shards
from krm_injector.model import Refused


def weights(count: int, seed: int = 1) -> dict[str, float]:
    source = random.Random(seed)
    return {f"t{number:04}": source.lognormvariate(0, 1) for number in range(count)}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
def test_each_target_is_in_one_shard(count: int) -> None:
    all_weights = weights(100)
    parts = shards.parts(all_weights, count)
    assert sorted(name for part in parts for name in part) == sorted(all_weights)
    assert [shards.shard(all_weights, number + 1, count) for number in range(count)] == parts


@pytest.mark.parametrize("seed", range(5))
def test_shards_cost_the_same(seed: int) -> None:
    all_weights = weights(300, seed)
    costs = [sum(map(all_weights.__getitem__, part)) for part in shards.parts(all_weights, 8)]
    assert max(costs) <= 1.05 * sum(costs) / 8


def test_the_order_in_which_targets_are_found_does_not_matter() -> None:
    all_weights = {f"t{number}": 1.0 + number % 3 for number in range(50)}
    shuffled = list(all_weights.items())
    random.Random(3).shuffle(shuffled)
    assert shards.parts(dict(shuffled), 4) == shards.parts(all_weights, 4)


def test_more_shards_than_targets_leave_some_empty() -> None:
    parts = shards.parts({"a": 1.0, "b": 2.0}, 4)
    assert parts == [{"b"}, {"a"}, frozenset(), frozenset()]


def test_targets_without_a_cost_get_the_median() -> None:
    costs = {"a": 1.0, "b": 5.0, "c": 9.0, "gone": 100.0, "cached": 0.0}
    names = ["a", "b", "c", "new", "cached"]
    assert shards.measured(names, costs) == {
        "a": 1.0, "b": 5.0, "c": 9.0, "new": 5.0, "cached": 5.0
    }  # fmt: skip
    assert shards.measured(["x", "y"], {}) == {"x": 1.0, "y": 1.0}


def test_without_costs_the_size_of_the_inputs_counts(tmp_path: Path) -> None:
    (tmp_path / "base" / "deep").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"x" * 3000)
    (tmp_path / "base" / "deep" / "two").write_bytes(b"x" * 5000)
    paths = [str(tmp_path / name) for name in ("one", "absent", "base/deep/two")]
    assert shards.size(paths) == 8000
    assert shards.size([]) == shards.size(["nowhere"]) > 0


# ---------------------------------------------------------------- Kubernetes


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({}, None),
        ({"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "4"}, (1, 4)),
        ({"JOB_COMPLETION_INDEX": "3", "JOB_COMPLETIONS": "4"}, (4, 4)),
        ({"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "1"}, (1, 1)),
    ],
)
def test_a_pod_of_an_indexed_job_is_a_shard(
    environment: dict[str, str], shard: tuple[int, int] | None
) -> None:
    assert shards.of_job(environment) == shard


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"JOB_COMPLETION_INDEX": "0"}, "JOB_COMPLETION_INDEX is set and JOB_COMPLETIONS is not"),
        ({"JOB_COMPLETIONS": "4"}, "JOB_COMPLETIONS is set and JOB_COMPLETION_INDEX is not"),
        ({"JOB_COMPLETION_INDEX": "4", "JOB_COMPLETIONS": "4"}, "counts from 0"),
        ({"JOB_COMPLETION_INDEX": "-1", "JOB_COMPLETIONS": "4"}, "are no shard"),
        ({"JOB_COMPLETION_INDEX": "1", "JOB_COMPLETIONS": "many"}, "are no shard"),
    ],
)
def test_what_is_no_shard_is_an_error(environment: dict[str, str], message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        shards.of_job(environment)
    assert [result.code for result in refused.value.results] == ["fleet-shard"]


def test_the_hint_can_be_followed() -> None:
    with pytest.raises(Refused, match="Set JOB_COMPLETIONS in the Job's pod template"):
        shards.of_job({"JOB_COMPLETION_INDEX": "2"})
    assert shards.of_job({"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "3"}) == (3, 3)
