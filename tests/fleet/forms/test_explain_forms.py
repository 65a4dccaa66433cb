"""The table, the JSON and the markdown of `fleet explain`."""

from __future__ import annotations

import json
import time
from typing import Any

import jsonschema
import pytest
from fleet.forms import reports
from fleet.forms.reports import result, target, workload
from paths import ROOT

from krm_injector.fleet.forms import explain, markdown
from krm_injector.fleet.model import Report
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.text import width as cells_of

LONG = "a-very-long-name-" * 14


def table(report: Report, width: int = 0, limit: int = explain.LIMIT, **style: Any) -> str:
    return explain.render(report, "table", Style(width, limit=limit, **style))


def document(report: Report) -> Any:
    return json.loads(explain.render(report, "json", Style()))


def comment(report: Report, limit: int = explain.LIMIT) -> str:
    return explain.render(report, "markdown", Style(limit=limit))


def company(clusters: int = 20, overlays: int = 50, workloads: int = 10) -> Report:
    """A fleet as it is: most is injected, and of everything else there is something."""

    def change(cluster: int, overlay: int, number: int) -> dict[str, Any] | None:
        space = f"app-{overlay:02}"
        if (cluster, overlay) == (3, 7):
            return workload(f"service-{number}", "left out", namespace=space)
        if overlay == 9 and number == 0:
            network = {"reason": "host-network", "detail": "spec.hostNetwork: true"}
            return workload("agent", "left out", namespace=space, kind="DaemonSet", **network)
        if overlay == 11:
            return workload(f"service-{number}", "left out", namespace=space)
        return None

    report = reports.fleet_of(clusters, overlays, workloads, change)
    results = list(report.results)
    for at, each in enumerate(results):
        each.data["advice"] += [
            reports.advice("port-collision", "warning", f"service-{at}"),
            reports.advice("mutable-image", "info"),
        ]
    for at in range(1, min(4, len(results))):
        results[at] = reports.failed(results[at].name)
    return report._replace(results=tuple(results))


# ---------------------------------------------------------------- the table


def test_a_single_target_needs_a_few_lines() -> None:
    report = reports.report([result("apps/shop", [workload("web"), workload("x", "left out")])])
    assert table(report) == (
        "1 target, without errors.\n"
        "2 workloads: 1 injected, 1 left out (no-webhook-matches).\n"
        "Injection adds requests of 100m CPU and 128Mi memory to 1 pod.\n"
        "Control plane: default (Istio 1.30.3, from --mesh or spec.mesh).\n"
    )


def test_a_row_for_each_cluster() -> None:
    report = reports.fleet_of(2, 1, 3)
    assert table(report) == (
        "2 targets in 2 clusters, without errors.\n"
        "6 workloads: 6 injected, 0 left out.\n"
        "Injection adds requests of 600m CPU and 768Mi memory to 6 pods.\n"
        "Control plane: default (Istio 1.30.3, from --mesh or spec.mesh).\n"
        "\n"
        "CLUSTER     TARGETS  WORKLOADS  INJECTED  LEFT OUT  +CPU  +MEMORY  ISTIO\n"
        "cluster-01        1          3         3         0  300m    384Mi  1.30.3\n"
        "cluster-02        1          3         3         0  300m    384Mi  1.30.3\n"
    )


def test_what_differs_is_told() -> None:
    targets = [target(f"c{number}/shop", f"c{number}") for number in range(3)]
    ones = [workload("web"), workload("web"), workload("web", "left out")]
    results = [result(each.name, [one]) for each, one in zip(targets, ones, strict=True)]
    assert (
        "\nUnlike most other targets: 1 workload\n"
        "  Deployment shop/web in c2/shop is left out (the Namespace has neither istio-injection "
        "nor istio.io/rev); it is injected in 2 of 3 targets\n"
    ) in table(reports.report(results, targets))


def test_what_was_perhaps_meant_in_is_told_with_what_to_do() -> None:
    one = workload("web", "left out", doubt="its pod asks", changes=["label Namespace shop"])
    assert table(reports.report([result("t", [one])])).endswith(
        "\nLeft out, and perhaps meant in: 1 workload\n"
        "  1 workload in t, the Namespace has neither istio-injection nor istio.io/rev: Deployment "
        "shop/web; its pod asks\n"
        "    -> label Namespace shop\n"
    )


def test_one_error_of_many_targets_is_told_once() -> None:
    report = reports.report([reports.failed(f"t{number}") for number in range(412)])
    text = table(report)
    assert "412 targets: 0 without errors, 412 with errors.\n" in text
    assert (
        "\n412 targets with errors\n  in 412 targets (t0, t1, t2 and 409 more): Deployment "
        "shop/web: it is wrong [annotation-invalid]\n"
    ) in text
    assert "There are no workloads.\n" in text


def test_a_target_that_fails_by_its_advice_says_so() -> None:
    given = [reports.advice("latest-image", "error")]
    report = reports.report([result("t", [workload("web")], advice=given, code=1)])
    assert "\n1 target with errors\n  t: Deployment shop/web: latest-image [latest-image]\n" in (
        table(report)
    )


def test_no_targets_at_all() -> None:
    assert table(reports.report([])) == "0 targets.\n"


def test_untouched_missing_and_shard_are_told() -> None:
    targets = [target(name) for name in ("a", "b", "c", "d")]
    report = reports.report(
        [result("a", [workload("w")])],
        targets,
        untouched=("b", "c"),
        options={"changed_since": "main"},
    )
    text = table(report)
    assert "2 more targets are untouched since main and not in these numbers.\n" in text
    assert "1 target has no result: d.\n" in text

    text = table(report._replace(shard=(2, 5), untouched=("b",)))
    assert "Shard 2 of 5 of a fleet of 4 targets.\n1 more target is untouched since main" in text
    assert "no result" not in text


def test_ten_thousand_workloads_take_two_screens_and_little_time() -> None:
    report = company()
    start = time.process_time()
    text = table(report, 120)
    assert time.process_time() - start < 3
    assert len(text.splitlines()) <= 80


def test_all_is_shown_on_demand() -> None:
    report = company(3, 50, 10)
    hidden = "… and 41 more Namespaces; --limit 0 shows each\n"
    assert hidden in table(report)
    assert "more" not in table(report, limit=0, verbose=True)
    assert table(report, limit=0).count("\napp-") == 49


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_lines_keep_to_the_width(width: int) -> None:
    lines = table(company(3, 12, 3), width).splitlines()
    tables = [line for line in lines if line.startswith(("CLUSTER", "cluster-"))]
    assert tables, "what has numbers only is never cut"
    others = [line for line in lines if line not in tables]
    assert max(map(cells_of, others)) <= width


def test_long_names_are_cut_in_a_table_and_broken_in_a_sentence() -> None:
    targets = [target(f"{LONG}/{number}", f"{LONG}{number}") for number in range(3)]
    ones = [workload(LONG), workload(LONG), workload(LONG, "left out")]
    results = [result(each.name, [one]) for each, one in zip(targets, ones, strict=True)]
    lines = table(reports.report(results, targets), 100).splitlines()
    assert max(map(cells_of, lines)) <= 100
    assert any("…" in line and line.endswith("1.30.3") for line in lines)


def test_control_characters_are_shown() -> None:
    one = workload("we\x1b[31mb", "left out", doubt="a\nb")
    text = table(reports.report([result("t\x07", [one])]))
    assert "\x1b" not in text and "\x07" not in text
    assert "we\\x1b[31mb" in text


# ---------------------------------------------------------------- JSON


@pytest.fixture(scope="module")
def schema() -> Any:
    found = json.loads((ROOT / "docs" / "fleet-explain.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return found


@pytest.mark.parametrize(
    "report",
    [
        reports.report([]),
        reports.report([reports.failed("a")]),
        company(3, 12, 3),
        company(1, 1, 1)._replace(shard=(1, 3), untouched=("x",)),
        reports.report([result("t", [workload("w", "left out", doubt="d", changes=["c"])])]),
    ],
)
def test_json_is_as_documented(report: Report, schema: Any) -> None:
    jsonschema.validate(document(report), schema)


def test_every_key_of_the_json_is_documented(schema: Any) -> None:
    answer = document(company(4, 12, 3))
    assert answer.keys() == schema["properties"].keys()
    assert answer["summary"].keys() == schema["properties"]["summary"]["properties"].keys()
    for key in ("clusters", "controlPlanes", "differing", "unexpected", "advice"):
        known = schema["properties"][key]["items"]["properties"].keys()
        assert all(each.keys() == known for each in answer[key]) and answer[key], key
    assert all(
        each.keys() == schema["$defs"]["target"]["properties"].keys() for each in answer["targets"]
    )


def test_json_has_all_targets_and_workloads() -> None:
    report = company(3, 12, 3)
    answer = document(report)
    assert [each["name"] for each in answer["targets"]] == [each.name for each in report.results]
    workloads = [each for one in answer["targets"] for each in one["workloads"]]
    assert len(workloads) == answer["summary"]["workloads"] == 33 * 3
    assert answer["summary"]["failed"] == 3 == len(answer["failed"])
    first = answer["targets"][1]
    assert (first["failed"], first["results"][0]["message"]) == (True, "it is wrong")


# ---------------------------------------------------------------- markdown


def test_markdown_has_what_the_table_has() -> None:
    text = comment(company(3, 12, 3))
    assert text.startswith("36 targets in 3 clusters: 33 without errors, 3 with errors. 99 work")
    assert "\n| Cluster | Targets | Failed | Workloads |" in text
    assert "\n### 3 targets with errors\n\n- in 3 targets (" in text
    assert "\n### Left out, and perhaps meant in: 3 workloads\n" in text


@pytest.mark.parametrize("limit", [8, 0])
def test_a_comment_has_room_on_github(limit: int) -> None:
    text = comment(company(), limit)
    assert len(text.encode()) <= markdown.LIMIT == 65_536


def test_a_cut_is_told_and_the_beginning_stays() -> None:
    failures = [
        reports.failed(f"t{number}", reports.error(f"é{number} " * 200)) for number in range(500)
    ]
    text = comment(reports.report(failures), 0)
    assert len(text.encode()) <= markdown.LIMIT
    assert text.startswith("500 targets: 0 without errors, 500 with errors.")
    last = text.splitlines()[-1]
    assert last.startswith("**… and ") and last.endswith("--output html and json have all.**")
    assert len(text.encode()) > markdown.LIMIT * 0.9, "no more is cut than must be"


def test_what_a_program_said_does_not_fill_a_comment() -> None:
    text = comment(reports.report([reports.failed("t", reports.error("x" * 100_000))]))
    assert len(text) < 2_000 and "x…" in text


def test_markdown_has_no_markup_of_the_input() -> None:
    name = "<img src=x>|`a`*b*[c](d)\\"
    text = comment(reports.report([reports.failed(name), result("t", [workload(name, "left out",
        doubt="d")])]))  # fmt: skip
    assert "<img" not in text
    assert "\\|\\`a\\`\\*b\\*\\[c](d)\\\\" in text


def test_markdown_of_nothing() -> None:
    assert comment(reports.report([])) == "0 targets.\n"


def test_autoscalers_at_the_most_are_told(schema: Any) -> None:
    scaled = reports.result("a", [reports.workload("web")])
    scaled.data["requests"]["shop"]["most"] = {"pods": 8, "cpu": "800m", "memory": "1Gi"}
    two = reports.report([scaled, reports.result("b", [reports.workload("api")])])
    assert (
        "Injection adds requests of 200m CPU and 256Mi memory to 2 pods, with autoscalers at the "
        "most 900m CPU and 1152Mi memory to 9 pods."
    ) in table(two).replace("\n", " ")

    told = document(two)
    jsonschema.validate(told, schema)
    most = {"pods": 9, "cpu": "900m", "memory": "1152Mi"}
    assert told["summary"]["requests"]["most"] == most == told["clusters"][0]["requests"]["most"]
    assert "most" not in document(reports.report([reports.result("b")]))["summary"]["requests"]


def test_pods_of_daemonsets_are_told_not_to_be_counted() -> None:
    web, agent = reports.workload("web"), reports.workload("agent", kind="DaemonSet")
    left_out = reports.workload("agent", "left out", kind="DaemonSet")
    told = "Pods of DaemonSets, one a node, are not counted."
    assert told in table(reports.report([reports.result("a", [web, agent])])).replace("\n", " ")
    assert told not in table(reports.report([reports.result("a", [web, left_out])]))
