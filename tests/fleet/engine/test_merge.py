"""Shards are joined to the run that they are the parts of, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector.fleet.merge import Part, merge
from krm_injector.fleet.model import Fleet, Report, Target, TargetResult
from krm_injector.model import Refused, Result

NAMES = ("a", "b", "c", "d", "e")
FLEET = Fleet(tuple(Target(name, "directory", f"apps/{name}", "it is named") for name in NAMES))
NOTE = Result("warning", "the cache is not used", code="fleet-report")


def shard(number: int, names: str, count: int = 2, **fields: Any) -> Part:
    results = tuple(TargetResult(name, int(name == "c")) for name in names)
    report = Report("explain", FLEET, results, {"revision": "x"}, (number, count))
    return Part(f"{number}.json", report._replace(**fields))


def messages(*parts: Part) -> list[str]:
    with pytest.raises(Refused) as refused:
        merge(parts)
    assert {result.code for result in refused.value.results} == {"fleet-merge"}
    return [result.message for result in refused.value.results]


def test_shards_in_any_order_are_the_whole_run() -> None:
    whole = shard(1, "abcde", 1).report
    assert merge([shard(2, "bd"), shard(1, "ace")]) == whole
    assert merge([shard(1, "ace"), shard(2, "bd")]) == whole


def test_one_report_is_a_run() -> None:
    assert merge([shard(1, "abcde", 1)]) == shard(1, "abcde", 1).report


def test_empty_shards_are_shards() -> None:
    assert merge([shard(1, "abcde"), shard(2, "")]).results == shard(1, "abcde").report.results


def test_untouched_targets_are_in_no_shard() -> None:
    parts = [shard(1, "a", untouched=("b", "c", "d")), shard(2, "e", untouched=("b", "c", "d"))]
    assert [result.name for result in merge(parts).results] == ["a", "e"]


def test_what_all_shards_say_is_said_once() -> None:
    own = NOTE._replace(message="a worker was killed", current=["unhashable"])
    parts = [shard(1, "ace", notes=(NOTE, own)), shard(2, "bd", notes=(NOTE,))]
    assert merge(parts).notes == (NOTE, own)


def test_files_of_a_build_are_summed() -> None:
    parts = [
        shard(1, "ace", options={"files": [3, 0, 1]}),
        shard(2, "bd", options={"files": [1, 1, 0]}),
    ]
    assert merge(parts).options == {"files": [4, 1, 1]}


# ---------------------------------------------------------------- what does not fit


def test_missing_shards_are_named() -> None:
    assert messages(shard(2, "bd")) == [
        "a report is missing: shard 1 of 2 is not among the files"
    ]  # fmt: skip
    assert messages(shard(2, "bd", 4), shard(3, "a", 4)) == [
        "a report is missing: of 4, 1, 4 are not among the files"
    ]


def test_a_shard_that_is_there_twice() -> None:
    again = shard(1, "ace")._replace(file="again.json")
    assert messages(shard(1, "ace"), again, shard(2, "bd")) == [
        "shard 1 of 2 is there 2 times: 1.json, again.json; name the report of each shard once"
    ]


def test_a_target_in_two_shards() -> None:
    (message,) = messages(shard(1, "abce"), shard(2, "bd"))
    assert message.startswith("1 target is in two shards, as b in 1.json, 2.json")


def test_a_target_in_no_shard() -> None:
    (message,) = messages(shard(1, "ac"), shard(2, "b"))
    assert message.startswith("2 targets are in no shard: d, e")


@pytest.mark.parametrize(
    ("fields", "difference"),
    [
        ({"command": "verify"}, "it is of fleet verify, not of fleet explain"),
        ({"shard": (2, 3)}, "it is one of 3 shards, not of 2"),
        ({"options": {"revision": "y", "mesh": ("m",)}}, "other values for mesh, revision"),
        ({"untouched": ("a",)}, "other targets are untouched since --changed-since"),
        (
            {"fleet": FLEET._replace(targets=FLEET.targets[:3])},
            "its targets are others: d, e are in one of them only",
        ),
        (
            {"fleet": FLEET._replace(targets=(FLEET.targets[0]._replace(namespace="n"),
                                              *FLEET.targets[1:]))},
            "its targets have the same names, and are not the same",
        ),
    ],
)  # fmt: skip
def test_a_report_of_another_run(fields: dict[str, Any], difference: str) -> None:
    (message,) = messages(shard(1, "ace"), shard(2, "bd", **fields))
    assert message == (
        f"2.json is of another run than 1.json: {difference}; run all shards from one commit "
        "with the same options"
    )


def test_all_errors_are_told_at_once() -> None:
    others = [shard(2, "bd", 3, command="verify"), shard(3, "", 3, options={})]
    assert len(messages(shard(1, "ace", 3), *others)) == 2
    assert len(messages(shard(1, "ace", 3), shard(1, "ace", 3))) == 2
