"""The plan's HTML page: what it says, in which order, and what it leaves out."""

from __future__ import annotations

import re

import pytest
from fleet.forms import plans
from fleet.forms.test_pages import script_data, without_scripts

from krm_injector.fleet.forms import plan_page
from krm_injector.fleet.forms.page.parts import with_commands
from krm_injector.fleet.plan.model import ABSENT, Change, ChangeGroup, Failed, Gate, Plan


def texts(page: str) -> str:
    """The page as text: tags become blanks."""
    plain = re.sub(r"<[^>]*>", " ", without_scripts(page))
    return re.sub(r"\s+", " ", plain).replace("&#x27;", "'")


def test_a_plan_begins_with_what_it_is() -> None:
    page = texts(plan_page.page(plans.plan_of(3, 4, 5)))
    assert (
        "Istio 1.29.2 to 1.31.1 Now default (Istio 1.29.2, 60 workloads in 3 clusters) "
        "Then default (Istio 1.31.1, 60 workloads in 3 clusters) Way: in place ; 3 waves by cluster"
    ) in page
    assert "workloads change 60" in page and "pods restart 120" in page


def test_waves_stand_in_their_order_and_blocked_ones_are_marked() -> None:
    page = plan_page.page(plans.plan_of(3, 4, 5))
    links = re.findall(r'<td><a href="#(wave-\d+)">', page)
    assert links == re.findall(r'<section class="wave" id="(wave-\d+)"', page)
    assert links == ["wave-1", "wave-2", "wave-3"]
    assert re.findall(r'<span class="state (\w+)">([^<]*)<', page) == [
        ("ready", "ready"), ("blocked", "blocked by 1"), ("ready", "ready"),
    ] * 2  # fmt: skip


def test_what_blocks_is_told_on_top_with_arithmetic_and_advice() -> None:
    page = texts(plan_page.page(plans.plan_of(3, 4, 5)))
    place = page.index("What stands in the way blocks PodDisruptionBudget app-01/service-0")
    assert place < page.index("Waves, in their order")
    told = page[place : page.index("Waves, in their order")]
    assert "It wants 2 of 2 pods available (minAvailable: 100%)" in told
    assert "set minAvailable: 50% in apps/app-01/base/pdb.yaml" in told
    assert "In wave 2" in told


def gates_of(*gates: Gate) -> Plan:
    return plans.plan_of(3)._replace(gates=gates)


def test_gates_that_say_the_same_are_one_with_all_their_waves() -> None:
    places = [plans.place(f"cluster-0{at}", at, at) for at in (1, 2, 3)]
    gates = [
        plans.gate((each,), wave=at, what="1 workload", why="Nothing injects it.")
        for at, each in enumerate(places, 1)
    ]
    page = texts(plan_page.page(gates_of(*gates)))
    place = page.index("What stands in the way blocks 3 workloads: Nothing injects it. budget")
    told = page[place : page.index("Waves, in their order")]
    assert "In wave 1 , wave 2 , wave 3 ." in told
    assert told.count("Nothing injects it") == 1, "what the line says is not said again"


def test_a_title_is_short_and_a_long_change_is_closed() -> None:
    plan = plans.plan_of(1, 1, 1)
    clauses = [f"label example.org/number-{at}" for at in range(40)]
    changes = tuple(Change(clause, ABSENT, "x") for clause in clauses)
    group = ChangeGroup(1, "; ".join(clauses), changes, plan.groups[0].places, 1, 1)
    page = plan_page.page(plan._replace(groups=(group,)))
    assert '<details class="warning" id="group-1"><summary>' in page
    assert "label example.org/number-4 and 35 more</span>" in page
    assert "number-39</dt>" in page, "the change itself is there as a whole"


def test_a_cut_title_begins_with_what_sets_the_group_apart() -> None:
    plan = plans.plan_of(1, 1, 3)
    same = [f"label example.org/number-{at}" for at in range(40)]
    groups = tuple(
        ChangeGroup(at, "; ".join([*same, own]), (), plan.groups[0].places[:1], 1, 1)
        for at, own in enumerate(("probe of app", "image of app"), 1)
    )
    page = texts(plan_page.page(plan._replace(groups=groups)))
    assert "#1 probe of app; label example.org/number-0; " in page
    assert "#2 image of app; label example.org/number-0; " in page


def test_a_title_of_two_groups_says_in_what_they_differ() -> None:
    plan = plans.plan_of(1, 1, 3)
    same = Change("spec.a", "1", "2")
    groups = tuple(
        ChangeGroup(at, "spec", changes, plan.groups[0].places[:1], 1, 1)
        for at, changes in enumerate(
            [
                (same, Change("spec.b", "x", "y")),
                (same, Change("spec.b", "x", "z" * 100)),
                (same,),
                (same, Change("spec.b", "x", "y"), Change("spec.c", ABSENT, {"d": 1})),
                (same, Change("spec.b", "x", "z" * 90 + "!" + "z" * 90)),
            ],
            1,
        )
    )
    page = texts(plan_page.page(plan._replace(groups=groups)))
    assert "#1 spec 1 workload in" in page
    assert f"#2 as #1, but spec.b: x -&gt; {'z' * 60}… 1 workload" in page
    assert "#3 as #1, but not spec.b 1 workload" in page
    assert f"#5 as #1, but spec.b: x -&gt; {'z' * 60}…" in page, "its twin is not like it"
    assert "#4 as #1, but spec.c: {&quot;d&quot;: 1} 1 workload" in page


def test_many_places_of_a_gate_are_there_on_demand() -> None:
    places = tuple(plans.place("cluster-01", 1, at) for at in range(40))
    page = plan_page.page(gates_of(plans.gate(places)))
    assert "<details class=others><summary>40 workloads</summary>" in page
    assert "PodDisruptionBudget app-01/service-0 in cluster-01/apps/app-01/overlays/prod: " in page


def test_nothing_stands_in_the_way_where_nothing_does() -> None:
    assert "What stands in the way blocks" not in texts(plan_page.page(plans.plan_of(1)))


def test_equal_changes_stand_once_and_exceptions_with_their_names() -> None:
    page = plan_page.page(plans.plan_of(3, 4, 5))
    assert page.count('<dd class="cut">docker.io/istio/proxyv2:1.29.2</dd>') == 2, "a group each"
    assert "58 workloads in 12 targets, 116 pods" in page
    assert "2 workloads in 1 target, 4 pods" in page
    shown = texts(page)
    assert "cluster-01/apps/app-00/overlays/prod: Deployment app-00/service-0" in shown
    assert "cluster-03/apps/app-03/overlays/prod: Deployment app-03/service-4" not in shown


def test_each_wave_says_what_to_do_and_how_to_go_back() -> None:
    page = plan_page.page(plans.plan_of(2))
    assert page.count("What to do</h3>") == page.count("The way back</h3>") == 2
    assert "<code>krm-injector fleet build --cluster cluster-02 " in page
    assert "<code>git revert HEAD</code>" in page


def test_requests_add_up() -> None:
    page = texts(plan_page.page(plans.plan_of(2, 2, 5)))
    assert "All pods request 10.0 CPU and 2560Mi memory now, 14.0 and 2558Mi then." in page
    assert "cluster-01 20 at most 40 and 1 on each node 5 10.0 7 14.0 +2 +4 1280Mi" in page


def test_targets_that_failed_come_before_the_plan() -> None:
    page = texts(plan_page.page(plans.plan_of(1, failed=(plans.FAILED,))))
    assert page.index("Not in this plan: 1 target with errors") < page.index("Waves, in their")
    assert "kustomize failed: no such file base/web.yaml" in page


def test_a_plan_without_anything_to_do() -> None:
    empty = plans.plan_of(1)._replace(waves=(), groups=(), restarts=(), gates=(), requests=())
    page = plan_page.page(empty._replace(unchanged=("a", "b")))
    assert "There is nothing to do." in page
    assert 'id="table"' not in page
    assert "Nothing to do 2 targets a b" in texts(page)


def test_workloads_that_do_not_restart_are_in_the_list_too() -> None:
    plan = plans.plan_of(1, 1, 3)
    data = script_data(plan_page.page(plan._replace(restarts=plan.restarts[:1])))
    assert len(data["workloads"]) == 3
    assert data["texts"][data["workloads"][2][6]] == "not by itself"


def test_a_value_of_any_kind_is_shown() -> None:
    changes = (
        Change("a", None, ""),
        Change("b", [1], {"x": None}),
        Change("c", "y" * 5_000, True),
    )
    plan = plans.plan_of(1, 1, 1)
    group = ChangeGroup(1, "t", changes, plan.groups[0].places, 1, 1)
    page = plan_page.page(plan._replace(groups=(group,)))
    assert '<dd class="cut">null</dd><dd class="add">&quot;&quot;</dd>' in page
    assert "y … 3,000 more characters</dd>" in page


def test_ten_thousand_workloads_fit_in_a_page() -> None:
    assert len(plan_page.page(plans.plan_of(20, 50, 10))) < 2_000_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("run `a <b>` and `c`", "run <code>a &lt;b&gt;</code> and <code>c</code>"),
        ("plain", "plain"),
        ("one ` alone", "one ` alone"),
        ("`x`", "<code>x</code>"),
    ],
)
def test_commands_stand_in_backticks(text: str, shown: str) -> None:
    assert with_commands(text) == shown


def test_failed_messages_are_a_list() -> None:
    plan = plans.plan_of(1, failed=(Failed("t", ("a", "b")),))
    assert "<li>a</li><li>b</li>" in plan_page.page(plan)


def test_of_long_values_the_place_is_shown_where_they_differ() -> None:
    plan = plans.plan_of(1, 1, 3)
    values = ["x" * 200 + end + "y" * 200 for end in ("first", "second")]
    groups = tuple(
        ChangeGroup(at, "t", (Change("spec", value, ABSENT),), plan.groups[0].places[:1], 1, 1)
        for at, value in enumerate(values, 1)
    )
    page = texts(plan_page.page(plan._replace(groups=groups)))
    assert f"#2 as #1, but spec: …{'x' * 20}second{'y' * 34}… 1 workload" in page


def test_a_container_that_moves_is_a_path_alone() -> None:
    plan = plans.plan_of(1, 1, 3)
    moved = Change("spec.containers[istio-proxy] -> spec.initContainers[istio-proxy]")
    groups = tuple(
        ChangeGroup(at, "t", changes, plan.groups[0].places[:1], 1, 1)
        for at, changes in enumerate([(), (moved,)], 1)
    )
    page = plan_page.page(plan._replace(groups=groups))
    assert (
        "<dt>spec.containers[istio-proxy] -&gt; spec.initContainers[istio-proxy]</dt></dl>" in page
    )
    assert "#2 as #1, but spec.containers[istio-proxy] -&gt; spec.init" in texts(page)
