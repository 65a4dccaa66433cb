"""What `fleet build` and `fleet verify` say on stdout."""

from __future__ import annotations

from typing import Any

from fleet.forms import reports

from krm_injector.fleet.forms import build, verify
from krm_injector.fleet.model import Report, TargetResult
from krm_injector.presenting.explain.style import Style


def counts(name: str, **data: Any) -> TargetResult:
    return TargetResult(name, int(bool(data.get("stale"))), data=data)


def report(*results: TargetResult) -> Report:
    return reports.report(results)


def test_build_of_one_target() -> None:
    found = report(counts("a", workloads=1, injected=1))
    assert build.summary(found, "rendered", 1, 0, 0) == (
        "1 target, without errors.\n"
        "1 workload, 1 injected.\n"
        "rendered: 1 file written, 0 unchanged.\n"
    )


def test_build_of_many_with_an_error() -> None:
    found = report(*(counts(f"t{at}", workloads=2, injected=1) for at in range(1000)))
    found = found._replace(results=(*found.results[:-1], TargetResult("t999", 1)))
    assert build.summary(found, "out", 12, 1985, 3) == (
        "1,000 targets: 999 without errors, 1 with errors.\n"
        "1,998 workloads, 999 injected.\n"
        "out: 12 files written, 1,985 unchanged, 3 deleted.\n"
    )


def test_verify_where_all_is_as_it_should_be() -> None:
    found = report(counts("a", workloads=2, stale=0), counts("b", workloads=1, stale=0))
    assert verify.summary(found) == (
        "2 targets, without errors.\n3 workloads: all as injection gives them now.\n"
    )


def test_verify_names_the_targets_that_are_stale() -> None:
    found = report(counts("a", workloads=9, stale=2), counts("b", workloads=1, stale=0))
    assert verify.summary(found) == (
        "2 targets: 1 without errors, 1 with errors.\n"
        "2 of 10 workloads, in 1 target, are not as injection gives them now.\n"
        "\n"
        "Not as injection gives them now\n"
        "  a: 2 of 9 workloads\n"
    )


def test_one_stale_workload() -> None:
    text = verify.summary(report(counts("a", workloads=1, stale=1)))
    assert "1 of 1 workload, in 1 target, is not as injection gives it now.\n" in text


def test_very_many_stale_targets() -> None:
    found = report(*(counts(f"t{at}", workloads=1, stale=1) for at in range(100)))
    assert verify.summary(found).endswith(
        "  t19: 1 of 1 workload\n… and 80 more targets; -v names all\n"
    )
    assert verify.summary(found, Style(verbose=True)).count(": 1 of 1 workload") == 100


def test_nothing_to_verify() -> None:
    assert verify.summary(report(counts("a"))) == (
        "1 target, without errors.\nThere are no workloads.\n"
    )
