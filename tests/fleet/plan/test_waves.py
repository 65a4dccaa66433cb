"""What a wave is, and which comes first."""

from __future__ import annotations

from typing import Any

import pytest
from fleet.plan.planning import planned
from fleet.plan.synthetic import answer, entry, target, unchanged

from krm_injector.fleet.model import Report, Target, TargetResult
from krm_injector.fleet.plan import units, work
from krm_injector.fleet.plan.model import Plan


def fleet(**clusters: dict[str, str]) -> list[tuple[Target, dict[str, Any]]]:
    """One target a cluster, with its labels; "pods" is no label."""
    found = []
    for name, labels in clusters.items():
        cluster = name.replace("_", "-")
        pods = int(labels.pop("pods", "1"))
        found.append((target(f"{cluster}/shop", cluster, **labels), answer(entry(pods=pods))))
    return found


def titles(plan: Plan) -> list[str]:
    return [wave.title for wave in plan.waves]


def whys(plan: Plan) -> list[str]:
    return [wave.why for wave in plan.waves]


def test_clusters_by_size_where_nothing_else_is_said() -> None:
    plan = planned(fleet(big={"pods": "9"}, small={"pods": "2"}, middle={"pods": "5"}))
    assert titles(plan) == ["cluster small", "cluster middle", "cluster big"]
    assert whys(plan) == ["by size: 2 pods", "by size: 5 pods", "by size: 9 pods"]
    assert [wave.number for wave in plan.waves] == [1, 2, 3]


def test_names_say_the_stage() -> None:
    plan = planned(
        fleet(
            eu_prod={"pods": "1"},
            eu_staging={"pods": "9"},
            dev_1={"pods": "9"},
            eu_canary={"pods": "99"},
            testing={"pods": "9"},
            contest={"pods": "2"},
        )
    )
    assert titles(plan) == [
        "cluster eu-canary",
        "cluster dev-1",
        "cluster testing",
        "cluster eu-staging",
        "cluster eu-prod",
        "cluster contest",
    ]
    assert whys(plan)[:2] == ["canary by its name", "development by its name"]


def test_labels_of_the_stage_come_before_names() -> None:
    plan = planned(
        fleet(
            canary_not={"stage": "production"},
            one={"canary": "true", "pods": "50"},
            two={"environment": "dev"},
            three={"env": "pre-prod", "stage": "staging"},
        )
    )
    assert titles(plan) == ["cluster one", "cluster two", "cluster three", "cluster canary-not"]
    assert whys(plan)[0] == "canary by its labels"


def test_numbers_come_after_canaries_and_join() -> None:
    plan = planned(
        fleet(
            a={"wave": "2"},
            b={"wave": "10"},
            c={"wave": "1"},
            d={"wave": "2"},
            canary={},
            z={},
        )
    )
    assert titles(plan) == [
        "cluster canary",
        "cluster c",
        "clusters a, d",
        "cluster b",
        "cluster z",
    ]
    assert whys(plan) == [
        "canary by its name",
        "label wave: 1",
        "label wave: 2",
        "label wave: 10",
        "by size: 1 pod",
    ]
    assert plan.waves[2].by == "wave"
    assert plan.waves[2].targets == ("a/shop", "d/shop")
    # A number wins over a name.
    targets = fleet(a={"wave": "1"}, canary={"wave": "2"})
    assert titles(planned(targets)) == ["cluster a", "cluster canary"]


def test_a_label_that_is_no_number_does_not_count_and_is_told() -> None:
    targets = fleet(a={"wave": "first", "pods": "2"}, b={"wave": "-1"})
    assert titles(planned(targets)) == ["cluster b", "cluster a"]
    results = tuple(TargetResult(each.name, 0, data=of) for each, of in targets)
    from krm_injector.fleet.model import Fleet

    report = Report("plan", Fleet(tuple(each for each, _ in targets)), results)
    told = units.doubts(work.answers(report))
    assert [each.code for each in told] == ["fleet-plan-wave"] * 2
    assert 'the label wave "first" of a is no whole number' in told[0].message


def test_one_cluster_is_waves_of_namespaces() -> None:
    data = answer(entry("a", "shop", 5), entry("b", "mail", 1), entry("c", "mail", 1))
    plan = planned([(target("all", "eu"), data)])
    assert (plan.waves_by, titles(plan)) == ("namespace", ["Namespace mail", "Namespace shop"])
    first = plan.waves[0]
    assert (first.workloads, first.restarting, first.pods) == (2, 2, 2)
    assert (first.namespaces, first.groups) == ((("eu", "mail"),), ((1, 2),))
    assert "What is rendered of all belongs to several waves" in " ".join(plan.assumptions)


def test_waves_of_namespaces_over_several_clusters() -> None:
    targets = fleet(a={}, b={})
    plan = planned(targets, waves="namespace")
    assert titles(plan) == ["Namespace shop"]
    assert plan.waves[0].namespaces == (("a", "shop"), ("b", "shop"))


def test_waves_of_revision_labels() -> None:
    data = answer(
        entry("a", "one", label="istio.io/rev=1-29"),
        entry("b", "two", label="istio-injection=enabled", pods=2),
        entry("c", "three", label="sidecar.istio.io/inject=true", pods=3),
        entry("d", "four", label="", pods=1),
    )
    plan = planned([(target("all"), data)], waves="revision")
    assert titles(plan) == [
        "istio.io/rev=1-29",
        "istio-injection=enabled",
        "no label of a revision",
    ]


def test_waves_of_tags() -> None:
    decides = {"on": "namespace", "label": "istio.io/rev=prod", "tag": "prod"}
    data = answer(entry("a", "one", decides=decides, pods=3), entry("b", "two"))
    plan = planned([(target("all"), data)], waves="tag")
    assert titles(plan) == ["istio-injection=enabled", "tag prod"]


def test_a_tag_moves_as_one_wave_whatever_waves_are() -> None:
    moving: dict[str, Any] = {"move": "tag", "tag": "prod", "revision": ["1-29", "1-31"]}
    data = answer(
        entry("a", "one", **moving), entry("b", "two", **moving), entry("c", "three", pods=9)
    )
    plan = planned([(target("all"), data)], waves="namespace")
    assert titles(plan) == ["tag prod", "Namespace three"]
    assert plan.waves[0].namespaces == (("", "one"), ("", "two"))
    # The webhook of a tag is one a cluster, so a wave of a cluster has it in it.
    assert titles(planned([(target("all", "eu"), data)], waves="cluster")) == ["cluster eu"]


def test_what_does_not_change_is_in_no_wave() -> None:
    targets = [
        (target("busy"), answer(entry(), unchanged())),
        (target("idle"), answer(unchanged(namespace="other"))),
    ]
    plan = planned(targets)
    assert titles(plan) == ["Namespace shop"]
    assert (plan.waves[0].workloads, plan.unchanged) == (1, ("idle",))
    totals = plan.totals
    assert (totals.workloads, totals.changing, totals.changing_targets) == (3, 1, 1)


def test_targets_with_errors_are_told_and_not_planned() -> None:
    from krm_injector.fleet.model import Fleet
    from krm_injector.fleet.plan.plan import plan_of
    from krm_injector.model import Result

    good, bad = target("good"), target("bad")
    wrong = (Result("warning", "hm"), Result("error", "no such Namespace"))
    results = (
        TargetResult("bad", 1, results=wrong),
        TargetResult("good", 0, data=answer(entry())),
    )
    plan = plan_of(Report("plan", Fleet((bad, good)), results))
    assert [(each.target, each.messages) for each in plan.failed] == [
        ("bad", ("no such Namespace",))
    ]
    assert plan.totals.targets == 1


def test_an_empty_plan() -> None:
    plan = planned([])
    assert (plan.way, plan.waves, plan.requests) == ("nothing", (), ())


@pytest.mark.parametrize("by", ["revision", "tag", "namespace", "cluster"])
def test_every_change_is_in_one_wave(by: str) -> None:
    decides = {"on": "namespace", "label": "istio.io/rev=prod", "tag": "prod"}
    targets = [
        (
            target(f"{cluster}/{number}", cluster),
            answer(entry("a", f"n{number}"), entry("b", f"n{number}", decides=decides)),
        )
        for cluster in ("eu", "us")
        for number in range(3)
    ]
    plan = planned(targets, waves=by)
    assert sum(wave.workloads for wave in plan.waves) == 12
    assert sum(count for wave in plan.waves for _, count in wave.groups) == 12
    assert len(plan.restarts) == 12
