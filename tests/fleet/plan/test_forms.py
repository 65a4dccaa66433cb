"""The plan for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fleet.plan.planning import NEW, OLD, budget, data, files, mesh, namespace, planned, workload
from fleet.plan.synthetic import answer, entry, rolling, target
from paths import ROOT

from krm_injector.fleet.forms import plan as forms
from krm_injector.fleet.forms import plan_json, plan_markdown, plan_table
from krm_injector.fleet.model import Fleet, Report, TargetResult
from krm_injector.fleet.plan.model import Plan
from krm_injector.model import Result
from krm_injector.presenting.explain.style import Style

SCHEMA = json.loads((ROOT / "docs" / "fleet-plan.schema.json").read_text())


@pytest.fixture
def plans(tmp_path: Path) -> list[Plan]:
    """Plans with every field of the schema in use."""
    hub = "old.example.org/istio"
    made = files(
        tmp_path,
        old=mesh(OLD, hub=hub),
        new=mesh(NEW),
        canary=mesh(NEW, "1-31"),
    )
    own = {"sidecar.istio.io/proxyImage": f"{hub}/proxyv2:mine"}
    text = namespace() + workload(replicas=2) + workload("own", annotations=own)
    text += budget("web", "web", minAvailable=2) + workload("nodes", kind="DaemonSet")

    def plan(**options: Any) -> Plan:
        found = data(text, target("eu/shop", "eu"), mesh=(made["old"],), **options)
        return planned([(target("eu/shop", "eu"), found)], **options)

    shapes = [rolling(1, how=how) for how in ("recreate", "on delete", "paused", "next run")]
    shaped = answer(*(entry(f"w{at}", rollout=each) for at, each in enumerate(shapes)))
    return [
        plan(to_mesh=made["new"]),
        plan(to_mesh=made["canary"]),
        plan(campaign="registry=mirror.example.org"),
        plan(campaign="native-sidecars"),
        plan(campaign="revision-labels=1-31"),
        planned([(target("all"), shaped)]),
        planned([]),
    ]


def test_json_is_as_the_schema_says(plans: list[Plan]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for plan in plans:
        document = json.loads(plan_json.render(plan))
        assert not list(validator.iter_errors(document))
        # What is not described is not written: every object of the schema is closed.
        wrong = {**document, "more": 1}
        assert list(validator.iter_errors(wrong))

    assert any(json.loads(plan_json.render(plan))["byHand"] for plan in plans)
    assert any(wave.labels for plan in plans for wave in plan.waves)


def test_every_form_shows_every_plan(plans: list[Plan]) -> None:
    for plan in plans:
        for limit in (0, 1):
            assert plan.title in plan_table.render(plan, Style(80, False, limit))
            assert plan_markdown.render(plan, Style(limit=limit)).startswith(plan.title[:4])


def test_lines_of_a_terminal_keep_to_its_width(plans: list[Plan]) -> None:
    text = plan_table.render(plans[0], Style(80, False, 0))
    assert max(map(len, text.splitlines())) <= 80


def test_the_table(plans: list[Plan]) -> None:
    text = plan_table.render(plans[0], Style(0, False, 12))
    assert text.startswith(
        "Istio 1.29.2 to 1.31.0: in place.\n"
        "Now: default (Istio 1.29.2) injects 3 workloads.\n"
        "Then: default (Istio 1.31.0) injects 3 workloads.\n"
        "2 of 3 workloads in 1 target for 1 cluster change, in 1 way. 2 pods of 1 workload restart."
        "\n1 wave, none is blocked; 2 warnings.\n"
    )
    assert "2 workloads in 1 target: image old.example.org/istio/proxyv2:1.29.2 -> " in text
    assert "PodDisruptionBudget shop/web: minAvailable 2 of 2 pods: an eviction may take 0." in text
    assert "Wave 1, Namespace shop: the way back" in text


def test_the_limit_hides_and_says_so() -> None:
    targets = [(target(f"t{n}", f"c{n:02}"), answer(entry(pods=n + 1))) for n in range(20)]
    plan = planned(targets)
    text = plan_table.render(plan, Style(0, False, 5))
    assert text.count("cluster c") < 20
    assert "15 more waves; --limit 0 shows each" in text
    assert "17 more waves: --limit 0 tells what to do in each" in text
    everything = plan_table.render(plan, Style(0, False, 0))
    assert "more wave" not in everything
    assert "Wave 20, cluster c19: the way back" in everything


def test_requests_that_change_are_shown() -> None:
    grows = ({"requests.cpu": 100, "requests.memory": 2**20}, {"requests.cpu": 1500})
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "name": "web",
        "min": 2,
        "max": 4,
        "utilization": {},
    }
    data_ = answer(entry(requests=grows, pods=2, autoscaler=scaler))
    data_["workloads"][0]["pods"] = [2, 4]
    text = plan_table.render(planned([(target("all", "eu"), data_)]), Style(0, False, 12))
    assert "Requests in sum: CPU 200m before, 3 after; memory 2Mi before, 0 after." in text
    row = next(line for line in text.splitlines() if line.startswith("eu "))
    for cell in ("2 to 4", "200m to 400m", "3 to 6"):
        assert cell in row


def test_labels_that_move_are_shown_with_their_files(plans: list[Plan]) -> None:
    text = plan_table.render(plans[1], Style(0, False, 12))
    row = "   1  eu       Namespace shop  istio-injection=enabled  istio.io/rev=1-31  all.yaml:2"
    assert row in text
    assert "Labels that move" not in plan_table.render(plans[0], Style(0, False, 12))


def test_requests_of_clusters_come_first() -> None:
    grows = ({"requests.cpu": 100}, {"requests.cpu": 150})
    targets = [
        (target(name, name), answer(entry("a", "one", requests=grows), entry("b", "two")))
        for name in ("eu", "us")
    ]
    text = plan_table.render(planned(targets), Style(0, False, 12))
    assert "Requests of clusters that change" in text
    rows = [line.split() for line in text.splitlines() if line.startswith(("eu ", "us "))]
    assert rows == [
        ["eu", "2", "100m", "150m", "0", "0"],
        ["us", "2", "100m", "150m", "0", "0"],
        ["eu", "one", "1", "100m", "150m", "0", "0"],
        ["us", "one", "1", "100m", "150m", "0", "0"],
    ]


def test_markdown_escapes_what_names_say() -> None:
    data_ = answer(entry("<b>x</b>", "a|b"))
    text = plan_markdown.render(planned([(target("all"), data_)]), Style(limit=5))
    assert "<b>" not in text
    assert "a|b" not in text.replace("a\\|b", "")


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_a_report_is_rendered_in_each_form(form: str) -> None:
    """fleet merge shows merged reports by the same function."""
    bad = TargetResult("bad", 1, results=(Result("error", "it does not build"),))
    good = TargetResult("good", 0, data=answer(entry()))
    report = Report("plan", Fleet((target("bad"), target("good"))), (bad, good), {"waves": "tag"})
    text = forms.render(report, form, Style(limit=forms.LIMIT))
    assert "it does not build" in text
