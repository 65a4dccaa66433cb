"""The HTML pages of a fleet: self-contained, and no text of the input is markup."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fleet.forms import plans, reports
from fleet.forms.reports import result, target, workload
from paths import ROOT
from presenting.html_calls import around_expressions

from krm_injector.fleet.forms import explain, plan_page
from krm_injector.fleet.model import Report
from krm_injector.fleet.plan.model import Plan
from krm_injector.presenting.explain.style import Style

FORMS = ROOT / "krm_injector" / "fleet" / "forms"
# Html around an expression: (file, the expression).
TRUSTED = {
    ("__init__.py", "package_data.text(package_data.path(__file__, name))"),  # the files of page/
    ("__init__.py", "encoded"),  # JSON without "<"
    ("__init__.py", "joined_template"),  # a template of page/, with parts that are Html
}
HOSTILE = "</script><img src=x onerror=alert(1)>\"'<b>{{CSS}}{x}"


def test_html_is_written_around_literals_only() -> None:
    assert around_expressions(FORMS) == TRUSTED


def explain_page(report: Report) -> str:
    return explain.render(report, "html", Style())


def script_data(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def without_scripts(page: str) -> str:
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


def hostile_report() -> Report:
    one = workload(
        HOSTILE, "left out", namespace=HOSTILE, kind=HOSTILE, reason="policy", detail=HOSTILE,
        doubt=HOSTILE, changes=[HOSTILE],
    )  # fmt: skip
    targets = [target(HOSTILE + name, HOSTILE + name, HOSTILE) for name in ("a", "b", "c")]
    mesh = {**reports.MESH, "revision": HOSTILE, "version": HOSTILE}
    given = [reports.advice("latest-image", "warning", HOSTILE, HOSTILE)]
    results = [
        result(targets[0].name, [one], meshes=[mesh], advice=given),
        result(targets[1].name, [{**one, "verdict": "injected", "revision": HOSTILE}]),
        reports.failed(targets[2].name, reports.error(HOSTILE, HOSTILE)),
    ]
    return reports.report(results, targets, [each.cluster for each in targets])


def hostile_plan() -> Plan:
    """Every text of the plan is hostile."""

    def spoilt(value: Any) -> Any:
        if isinstance(value, str):
            return HOSTILE if value not in ("ready", "blocked", "blocks", "warns") else value
        if isinstance(value, dict):
            return {HOSTILE: HOSTILE} if value else value
        if isinstance(value, tuple):
            parts = [spoilt(each) for each in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return value

    made: Plan = spoilt(plans.plan_of(2, 2, 2, failed=(plans.FAILED,), unchanged=("x",)))
    return made


@pytest.mark.parametrize("page", [explain_page(hostile_report()), plan_page.page(hostile_plan())])
def test_no_text_of_the_input_is_markup(page: str) -> None:
    shown = without_scripts(page)
    assert "<img" not in shown and "<b>{{" not in shown
    assert "&lt;/script&gt;&lt;img" in shown
    assert page.count("</script>") == 2, "the data and the program"
    assert "{{" not in shown.replace("{{CSS}}", ""), "templates are filled once"


@pytest.mark.parametrize("page", [explain_page(hostile_report()), plan_page.page(plans.plan_of())])
def test_a_page_asks_nobody_for_anything(page: str) -> None:
    assert "Content-Security-Policy" in page and "default-src 'none'" in page
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "@import" not in page and "url(" not in page


# ---------------------------------------------------------------- explain


def test_the_rows_of_explains_page_name_texts() -> None:
    given = [reports.advice("latest-image", "warning")]
    report = reports.report(
        [result("t", [workload("web"), workload("x", "error", errors=[{"message": "no"}])],
                advice=given)]
    )  # fmt: skip
    data = script_data(explain_page(report))
    text = data["texts"].__getitem__
    first, second = data["workloads"]
    assert [text(each) for each in first[1:8]] == [
        "Deployment", "shop", "web", "injected", "policy", reports.LABELLED, "1/1 → 2/2",
    ]  # fmt: skip
    severity, code, message = first[10][0]
    assert (severity, text(code), text(message)) == (
        1, "latest-image", "Deployment shop/web: latest-image",
    )  # fmt: skip
    assert text(data["told"]["0"]["plane"]) == "default, Istio 1.30.3"
    assert [text(each) for each in data["told"]["1"]["errors"]] == ["no"]
    assert text(second[7]) == "1/1 → ?"
    assert [text(each) for each in data["targets"][0]] == ["t", "", "t", "no other builds on it"]


def test_a_text_is_in_the_page_once() -> None:
    page = explain_page(reports.fleet_of(20, 50, 10))
    assert len(page) < 1_000_000
    assert page.count("cluster-07/apps/app-07/overlays/prod") == 1


def test_what_differs_is_marked_in_the_list() -> None:
    targets = [target(f"c{at}/x", f"c{at}") for at in range(3)]
    ones = [workload("w"), workload("w", "left out", doubt="it asks"), workload("w")]
    results = [result(each.name, [one]) for each, one in zip(targets, ones, strict=True)]
    data = script_data(explain_page(reports.report(results, targets)))
    assert [row[8] for row in data["workloads"]] == [0, 1, 0]
    assert [row[9] for row in data["workloads"]] == [0, 1, 0]


@pytest.mark.parametrize(
    ("report", "title"),
    [
        (reports.report([]), "Sidecar injection in 0 targets"),
        (reports.report([reports.failed("t")]), "Sidecar injection in 1 target"),
    ],
)
def test_a_page_without_workloads(report: Report, title: str) -> None:
    page = explain_page(report)
    assert f"<h1>{title}</h1>" in page
    assert "There are no workloads." in page
    assert script_data(page)["workloads"] == []


def test_a_section_has_a_limit() -> None:
    failures = [reports.failed(f"t{at}", reports.error(f"e{at}")) for at in range(150)]
    page = explain_page(reports.report(failures))
    assert "… and 50 more" in page
    many = [reports.failed(f"t{at}") for at in range(450)]
    page = explain_page(reports.report(many))
    assert "450 targets" in page and "… and 250 more" in page
