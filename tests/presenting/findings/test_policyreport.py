"""Policy reports: what the API server and the readers of openreports.io take."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from presenting.findings import samples
from published import check_reports

from krm_injector.presenting.findings import Findings, render

# Facts about the API (reports-api v0.2, apis/openreports.io/v1alpha1/report_types.go), for machines
# without its definition.
FIELDS = {"source", "policy", "rule", "category", "severity", "timestamp", "result", "scored",
          "resources", "resourceSelector", "message", "properties"}  # fmt: skip
RESULTS = {"pass", "fail", "warn", "error", "skip"}
SEVERITIES = {"critical", "high", "medium", "low", "info"}


def reports(findings: Findings) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(render("policyreport", findings)))


def of(findings: Findings, name: str | None) -> dict[str, Any]:
    (report,) = [
        each for each in reports(findings) if (each.get("scope") or {}).get("name") == name
    ]
    return report


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_api_server_takes_them(name: str) -> None:
    check_reports(render("policyreport", samples.SAMPLES[name]))


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_fields_are_those_of_the_api(name: str) -> None:
    for report in reports(samples.SAMPLES[name]):
        assert report["apiVersion"] == "openreports.io/v1alpha1"
        for result in report["results"]:
            assert result["policy"] and set(result) <= FIELDS
            assert result["result"] in RESULTS and result["severity"] in SEVERITIES
            assert all(isinstance(each, str) for each in result.get("properties", {}).values())


def test_an_object_of_a_namespace_has_a_report_there() -> None:
    report = of(samples.ALL, "web")
    assert (report["kind"], report["metadata"]["namespace"]) == ("Report", "shop")
    assert report["scope"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
    }


def test_others_have_cluster_reports() -> None:
    for name in ("shop", None):
        report = of(samples.ALL, name)
        assert report["kind"] == "ClusterReport" and "namespace" not in report["metadata"]
    assert "scope" not in of(samples.ALL, None)


def test_verdicts() -> None:
    found = {
        (each.get("scope") or {}).get("name"): [one["result"] for one in each["results"]]
        for each in reports(samples.ALL)
    }
    assert found == {
        "web": ["warn", "warn", "warn"],
        "api": ["fail"],
        "load": ["skip"],
        "shop": ["warn"],
        None: ["error", "error"],
    }


def test_a_workload_without_findings_passes() -> None:
    (report,) = reports(samples.findings(subjects=samples.ALL.subjects[:1]))
    assert [each["result"] for each in report["results"]] == ["pass"]
    assert report["summary"] == {"pass": 1, "fail": 0, "warn": 0, "error": 0, "skip": 0}


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_summary_counts(name: str) -> None:
    for report in reports(samples.SAMPLES[name]):
        words = [each["result"] for each in report["results"]]
        assert report["summary"] == {word: words.count(word) for word in report["summary"]}


def test_a_later_run_replaces_the_report_of_the_same_object() -> None:
    before = of(samples.ALL, "web")["metadata"]
    after = of(samples.findings(subjects=samples.ALL.subjects), "web")["metadata"]
    assert before == after


def test_names_are_unique_and_short() -> None:
    names = [each["metadata"]["name"] for each in reports(samples.OF_FLEET)]
    assert len(set(names)) == len(names)
    assert all(len(name) < 64 and name == name.lower() for name in names)


def test_a_report_of_a_fleet_names_target_and_cluster() -> None:
    annotations = [
        each["metadata"].get("annotations", {})
        for each in reports(samples.OF_FLEET)
        if each["kind"] == "Report"
    ]
    assert annotations == [
        {"krm-injector.dev/target": f"{name}/app", "krm-injector.dev/cluster": name}
        for name in ("eu", "us")
    ]


def test_a_result_has_place_and_page() -> None:
    first = of(samples.ALL, "web")["results"][0]
    assert first["policy"] == "port-collision" and first["category"] == "Effects of injection"
    assert first["properties"]["place"] == "base/web app.yaml:12:14"
    assert first["properties"]["page"].endswith("/warnings.md#port-collision")
