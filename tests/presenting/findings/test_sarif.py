"""SARIF: valid by its schema, and what code scanning asks for beyond it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from presenting.findings import samples
from published import check_sarif

from krm_injector import codes
from krm_injector.model import Place
from krm_injector.presenting.findings import Finding, Findings, render


def run_of(findings: Findings) -> dict[str, Any]:
    (run,) = json.loads(render("sarif", findings))["runs"]
    return dict(run)


def results_of(*found: Finding, **fields: Any) -> list[dict[str, Any]]:
    return list(run_of(samples.findings(*found, **fields))["results"])


def physical(result: dict[str, Any]) -> dict[str, Any]:
    (location,) = result["locations"]
    return dict(location["physicalLocation"])


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_it_is_valid(name: str) -> None:
    check_sarif(render("sarif", samples.SAMPLES[name]))


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_what_code_scanning_refuses_is_not_in_it(name: str) -> None:
    """One result without a location, or an unsuccessful run, and the whole file is refused."""
    run = run_of(samples.SAMPLES[name])
    assert all(physical(result)["artifactLocation"]["uri"] for result in run["results"])
    assert all(physical(result)["region"]["startLine"] for result in run["results"])
    assert [each["executionSuccessful"] for each in run["invocations"]] == [True]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])


def test_the_exit_status_is_told() -> None:
    for findings in samples.SAMPLES.values():
        errors = any(each.result.severity == "error" for each in findings.findings)
        assert [each["exitCode"] for each in run_of(findings)["invocations"]] == [int(errors)]


def test_line_and_columns() -> None:
    (result,) = results_of(samples.COLLISION)
    assert physical(result)["artifactLocation"]["uri"] == "base/web%20app.yaml"
    assert physical(result)["region"] == {"startLine": 12, "startColumn": 14, "endColumn": 17}
    assert physical(result)["contextRegion"]["snippet"]["text"] == samples.LINE


def test_a_file_whose_line_is_not_known() -> None:
    (result,) = results_of(samples.RENDERED)
    assert physical(result) == {
        "artifactLocation": {
            "uri": "overlays/prod/kustomization.yaml",
            "uriBaseId": "%SRCROOT%",
        },
        "region": {"startLine": 1},
    }


@pytest.mark.parametrize(
    "file, uri",
    [
        ("./a/../web.yaml", "web.yaml"),
        ("/srv/a b.yaml", "file:///srv/a%20b.yaml"),
        ("a:b#c.yaml", "a%3Ab%23c.yaml"),
        ("charts\\web.yaml", "charts/web.yaml"),
        ("größe.yaml", "gr%C3%B6%C3%9Fe.yaml"),
    ],
)
def test_paths_are_uris(file: str, uri: str) -> None:
    (result,) = results_of(samples.COLLISION._replace(place=Place(file)))
    assert physical(result)["artifactLocation"]["uri"] == uri


def test_what_is_written_nowhere_is_at_the_anchor() -> None:
    (result,) = results_of(samples.NOWHERE, anchor="inject.yaml")
    assert physical(result)["artifactLocation"]["uri"] == "inject.yaml"
    (result,) = results_of(samples.NOWHERE)
    assert physical(result)["artifactLocation"]["uri"] == "stdin"


def test_a_line_of_stdin() -> None:
    stdin = samples.COLLISION._replace(place=samples.PLACE._replace(file=""))
    (result,) = results_of(stdin, anchor="inject.yaml")
    assert physical(result)["artifactLocation"]["uri"] == "stdin"
    assert physical(result)["region"]["startLine"] == 12


@pytest.mark.parametrize(
    "text, values", [("value: x", True), ("value: (hidden)", False), ("", False)]
)
def test_a_value_whose_line_is_hidden_is_not_told(text: str, values: bool) -> None:
    found = samples.result(resource=samples.WEB, field="f", current="x", proposed="y")
    place = samples.PLACE._replace(text=text, column=0, end_column=0)
    (result,) = results_of(Finding(found, place))
    assert ("currentValue" in result["properties"]["field"]) == values
    assert ("proposedValue" in result["properties"]["field"]) == values


def test_information_about_the_run_is_no_result() -> None:
    run = run_of(samples.findings(samples.OF_RUN, samples.RENDERED))
    assert [each["ruleId"] for each in run["results"]] == ["mutable-image"]
    (invocation,) = run["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == samples.OF_RUN.result.message
    assert notification["descriptor"]["id"] == "mesh"


def test_rules_have_pages() -> None:
    run = run_of(samples.findings(samples.COLLISION, samples.REFUSED, docs="https://docs.example/"))
    pages = {rule["id"]: rule["helpUri"] for rule in run["tool"]["driver"]["rules"]}
    assert pages == {
        "annotation-invalid": "https://docs.example/codes.md",
        "port-collision": "https://docs.example/warnings.md#port-collision",
    }


def test_every_code_has_a_level_and_a_page() -> None:
    found = [
        samples.COLLISION._replace(result=samples.result(code=code, resource=samples.WEB))
        for code in codes.CODES
    ]
    rules = run_of(samples.findings(*found))["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == set(codes.CODES)
    levels = {"error": "error", "warning": "warning", "info": "note"}
    for rule in rules:
        code = codes.CODES[rule["id"]]
        assert rule["defaultConfiguration"]["level"] == levels[code.severities[0]]
        assert f"/{code.page}" in rule["helpUri"]
        assert rule.get("name") != rule["id"]


def test_the_gravest_come_first() -> None:
    levels = [result["level"] for result in run_of(samples.ALL)["results"]]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)


def test_a_fingerprint_stays_when_lines_move() -> None:
    moved = samples.COLLISION._replace(place=samples.PLACE._replace(line=99))
    (first,), (second,) = results_of(samples.COLLISION), results_of(moved)
    assert first["partialFingerprints"] == second["partialFingerprints"]

    other = samples.COLLISION._replace(result=samples.result(resource=samples.API))
    one, another = results_of(samples.COLLISION, other)
    assert one["partialFingerprints"] != another["partialFingerprints"]


def test_fingerprints_of_like_findings_differ() -> None:
    like = samples.COLLISION._replace(result=samples.COLLISION.result._replace(message="another"))
    one, another = results_of(samples.COLLISION, like)
    assert one["partialFingerprints"] != another["partialFingerprints"]


def test_targets_that_share_a_file_share_a_result() -> None:
    run = run_of(samples.OF_FLEET)
    shared = [each for each in run["results"] if each["ruleId"] == "port-collision"]
    assert [each["occurrenceCount"] for each in shared] == [2]
    assert shared[0]["properties"]["targets"] == ["eu/app", "us/app"]
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1


def test_commands_have_categories_of_their_own() -> None:
    ids = [run_of(each)["automationDetails"]["id"] for each in (samples.ALL, samples.NOTHING)]
    assert ids == ["krm-injector-explain/", "krm-injector-verify/"]


# ---------------------------------------------------------------- fixes


def fix(text: str, columns: tuple[int, int], current: Any, proposed: Any) -> list[str]:
    """The texts that are written in place of the marked one."""
    place = Place("web.yaml", 1, *columns, text)
    changed = samples.result(resource=samples.WEB, field="f", current=current, proposed=proposed)
    (result,) = results_of(Finding(changed, place))
    return [
        replacement["insertedContent"]["text"]
        for each in result.get("fixes", ())
        for change in each["artifactChanges"]
        for replacement in change["replacements"]
    ]


def test_a_scalar_is_replaced() -> None:
    assert fix("cpu: 100m", (6, 10), "100m", "200m") == ['"200m"']
    assert fix('cpu: "1"', (6, 9), "1", "2") == ['"2"']
    assert fix("cpu: 100m", (6, 10), "100m", "two\nlines") == ['"two\\nlines"']
    assert fix("replicas: 1", (11, 12), 1, 2) == ["2"]


@pytest.mark.parametrize(
    "text, columns, current, proposed",
    [
        ("cpu: 100m", (1, 4), "100m", "200m"),  # the key is marked
        ("cpu: (hidden)", (6, 14), "100m", "200m"),
        ("cpu: 1", (6, 7), "1", "2"),  # a number, not this text
        ("cpu: 100m", (6, 10), "100m", {"a": "b"}),
        ("cpu: 100m", (6, 10), None, "200m"),
        ("cpu: [", (6, 7), "[", "200m"),
    ],
)
def test_nothing_else_is_written_over(
    text: str, columns: tuple[int, int], current: Any, proposed: Any
) -> None:
    assert fix(text, columns, current, proposed) == []
