"""The results of many targets: whose they are, and equal ones told once."""

from __future__ import annotations

from typing import Any

import pytest
from fleet.forms import reports

from krm_injector import results as lines
from krm_injector.fleet.forms import results
from krm_injector.fleet.model import TargetResult
from krm_injector.model import ResourceRef, Result

WEB = ResourceRef("apps/v1", "Deployment", "web", "shop")


def result(name: str, *found: Result) -> TargetResult:
    return TargetResult(name, 0, results=found)


def warning(message: str, **more: Any) -> Result:
    return Result("warning", message, code="latest-image", **more)


def test_the_targets_name_stands_first_then_where_it_is() -> None:
    found = Result("error", "it is wrong", WEB, "spec.x", file="apps/a/web.yaml", code="mesh")
    told = results.of_targets([result("eu-1/a", found)])
    assert lines.lines(told) == [
        "error: eu-1/a: Deployment shop/web: apps/a/web.yaml: spec.x: it is wrong [mesh]"
    ]


def test_what_a_message_says_itself_is_not_said_twice() -> None:
    found = Result("error", "spec.x of Deployment shop/web is wrong", WEB, "spec.x")
    (line,) = lines.lines(results.of_targets([result("a", found)]))
    assert line == "error: a: spec.x of Deployment shop/web is wrong"


def test_a_result_keeps_its_resource_for_programs() -> None:
    found = Result("error", "no", WEB, "spec.x", current=1, file="web.yaml", index=3, code="mesh")
    (told,) = results.of_targets([result("a", found)])
    assert told._replace(message="") == found._replace(message="")


def test_equal_results_of_many_targets_are_one_with_the_first_names() -> None:
    targets = [result(f"t{number}", warning("old")) for number in range(412)]
    (told,) = results.of_targets(targets)
    assert told.message == "in 412 targets (t0, t1, t2 and 409 more): old"


def test_of_two_targets_both_are_named() -> None:
    (told,) = results.of_targets([result("a", warning("old")), result("b", warning("old"))])
    assert told.message == "in 2 targets (a, b): old"


def test_verbose_names_all_of_them_on_their_own_lines() -> None:
    targets = [result(f"t{number}", warning("old")) for number in range(5)]
    (told,) = results.of_targets(targets, verbose=True)
    assert told.message == "in 5 targets: old\nt0\nt1\nt2\nt3\nt4"
    assert lines.lines([told])[0].endswith("[latest-image]\n  t0\n  t1\n  t2\n  t3\n  t4")


def test_results_that_differ_in_the_targets_own_path_are_equal() -> None:
    targets = [
        result("eu/a", warning("apps/a/web.yaml: old", file="apps/a/web.yaml")),
        result("eu/b", warning("apps/b/web.yaml: old", file="apps/b/web.yaml")),
    ]
    (told,) = results.of_targets(targets, {"eu/a": "apps/a", "eu/b": "apps/b"})
    assert told.message == "in 2 targets (eu/a, eu/b): apps/a/web.yaml: old"
    assert len(results.of_targets(targets)) == 2


@pytest.mark.parametrize(
    "other",
    [
        warning("older"),
        Result("error", "old", code="latest-image"),
        Result("warning", "old", code="mesh"),
        warning("old", resource=WEB),
        warning("old", field="spec"),
        warning("old", file="x.yaml"),
        warning("old", index=1),
    ],
)
def test_results_that_differ_stay_apart(other: Result) -> None:
    assert len(results.of_targets([result("a", warning("old")), result("b", other)])) == 2


def test_a_target_that_says_the_same_twice_counts_once() -> None:
    (told,) = results.of_targets([result("a", warning("old"), warning("old"))])
    assert told.message == "a: old"


def test_the_root_as_a_path_makes_nothing_equal() -> None:
    targets = [result("a", warning("1.2")), result("b", warning("1.3"))]
    assert len(results.of_targets(targets, {"a": ".", "b": "."})) == 2


def test_a_report_tells_the_first_few_of_a_code_but_all_errors() -> None:
    found = [warning(f"w{number}") for number in range(5)]
    errors = [reports.error(f"e{number}") for number in range(5)]
    report = reports.report([result("a", *found, *errors)])
    told = [each.message for each in results.of_report(report)]
    assert told[:2] == ["a: w0", "a: w1"]
    assert told[2] == "a: w2\n... and 2 more [latest-image]; -v and --results show all"
    assert [each.rpartition(": ")[2] for each in told[3:]] == ["e0", "e1", "e2", "e3", "e4"]


@pytest.mark.parametrize("options", [{"verbose": True}, {"every": True}])
def test_all_are_told_where_all_are_asked_for(options: dict[str, bool]) -> None:
    report = reports.report([result("a", *(warning(f"w{number}") for number in range(9)))])
    assert len(results.of_report(report, **options)) == 9


def test_what_is_about_the_fleet_and_the_run_comes_first() -> None:
    report = reports.report([result("a", warning("c"))], notes=(Result("info", "b"),))
    report = report._replace(fleet=report.fleet._replace(results=(Result("info", "a"),)))
    assert [each.message for each in results.of_report(report)] == ["a", "b", "a: c"]


def test_nothing_is_said_of_nothing() -> None:
    assert results.of_report(reports.report([])) == ()
