"""The results of many targets: whose they are, and equal ones told once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pytest
from fleet.forms import reports
from fleet.forms.reports import target

from krm_injector import results as lines
from krm_injector.decision.problems import missing_namespaces
from krm_injector.fleet.forms import results
from krm_injector.fleet.model import TargetResult
from krm_injector.model import ResourceRef, Result

WEB = ResourceRef("apps/v1", "Deployment", "web", "shop")


def result(name: str, *found: Result) -> TargetResult:
    return TargetResult(name, 0, results=found)


def told_of(
    targets: Sequence[TargetResult], paths: dict[str, str] | None = None, verbose: bool = False
) -> list[str]:
    """The messages about targets at these paths."""
    found = [target(each.name, path=(paths or {}).get(each.name, "")) for each in targets]
    report = reports.report(targets, found)
    return [each.message for each in results.of_report(report, verbose)]


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


def test_a_directory_that_is_the_target_is_not_said_twice() -> None:
    told = results.of_targets(
        [result("overlays/dev", warning("old", file=each)) for each in ("overlays/dev", "base")]
    )
    assert [each.message for each in told] == ["overlays/dev: old", "overlays/dev: base: old"]


def test_a_result_keeps_its_resource_for_programs() -> None:
    found = Result("error", "no", WEB, "spec.x", current=1, file="web.yaml", index=3, code="mesh")
    (told,) = results.of_targets([result("a", found)])
    assert told._replace(message="") == found._replace(message="")


def test_equal_results_of_many_targets_are_one_with_the_first_names() -> None:
    targets = [result(f"t{number}", warning("old")) for number in range(412)]
    assert told_of(targets) == ["in 412 targets (t0, t1, t2 and 409 more): old"]


def test_of_two_targets_both_are_named() -> None:
    targets = [result("a", warning("old")), result("b", warning("old"))]
    assert told_of(targets) == ["in 2 targets (a, b): old"]


def test_verbose_names_all_of_them_on_their_own_lines() -> None:
    targets = [result(f"t{number}", warning("old")) for number in range(5)]
    assert told_of(targets, verbose=True) == ["in 5 targets: old\nt0\nt1\nt2\nt3\nt4"]


def test_results_that_differ_in_the_targets_own_path_are_equal() -> None:
    targets = [
        result("eu/a", warning("apps/a/web.yaml: old", file="apps/a/web.yaml")),
        result("eu/b", warning("apps/b/web.yaml: old", file="apps/b/web.yaml")),
    ]
    assert told_of(targets, {"eu/a": "apps/a", "eu/b": "apps/b"}) == [
        "in 2 targets (eu/a, eu/b): …/web.yaml: old"
    ]
    assert told_of(targets, {"eu/a": "x/a", "eu/b": "x/b"}) == [
        "eu/a: apps/a/web.yaml: old",
        "eu/b: apps/b/web.yaml: old",
    ]


@pytest.mark.parametrize(
    "other",
    [
        warning("older"),
        Result("error", "old", code="latest-image"),
        Result("warning", "old", code="mesh"),
        warning("old", field="spec"),
        warning("old", file="x.yaml"),
        warning("old", index=1),
    ],
)
def test_results_that_differ_stay_apart(other: Result) -> None:
    assert len(told_of([result("a", warning("old")), result("b", other)])) == 2


def test_a_target_that_says_the_same_twice_counts_once() -> None:
    assert told_of([result("a", warning("old"), warning("old"))]) == ["a: old"]


def test_the_root_as_a_path_makes_nothing_equal() -> None:
    targets = [result("a", warning("1.2")), result("b", warning("1.3"))]
    assert told_of(targets, {"a": ".", "b": "."}) == ["a: 1.2", "b: 1.3"]


def objects(*names: str, message: str = "{} is old; renew it") -> list[Result]:
    refs = [WEB._replace(name=name) for name in names]
    return [warning(message.format(ref), resource=ref) for ref in refs]


def test_results_that_differ_in_their_object_are_one() -> None:
    targets = [result("a", *objects("web", "api")), result("b", *objects("web", "db", "ui"))]
    assert told_of(targets) == [
        "in 2 targets (a, b), 4 objects (Deployment shop/web, Deployment shop/api, Deployment "
        "shop/db and 1 more): each object is old; renew it"
    ]
    (told,) = told_of(targets, verbose=True)
    assert told.startswith("in 2 targets, 4 objects: each object is old; renew it\na\nb\nDepl")


def test_so_are_those_whose_message_does_not_name_it() -> None:
    assert told_of([result("a", *objects("web", "api", message="it is old"))]) == [
        "a, 2 objects (Deployment shop/web, Deployment shop/api): it is old"
    ]


def test_one_object_in_many_targets_keeps_its_name() -> None:
    targets = [result(name, *objects("web")) for name in ("a", "b")]
    assert told_of(targets) == ["in 2 targets (a, b): Deployment shop/web is old; renew it"]


def test_objects_of_other_namespaces_named_in_the_message_stay_apart() -> None:
    """What is to be done differs: which Namespace is missing."""
    told = [
        warning(f"Namespace {space} is missing for {ref}", resource=ref)
        for space in ("shop", "pay")
        for ref in (WEB._replace(namespace=space), WEB._replace(namespace=space, name="api"))
    ]
    assert [each.rpartition(": ")[2] for each in told_of([result("a", *told)])] == [
        "Namespace shop is missing for each object",
        "Namespace pay is missing for each object",
    ]


CHAIN = (
    "kustomize build apps/shop failed (exit status 1): accumulating resources: accumulation "
    "err='accumulating resources from '../../base': '/srv/apps/base' must resolve to a file': "
    "recursed accumulation of path '/srv/apps/base': fatal: unable to access "
    "'https://git.example.org/base/': Could not resolve host: git.example.org"
)


@pytest.mark.parametrize(
    ("message", "brief"),
    [
        ("it is wrong", "it is wrong"),
        ("it is wrong; write 1", "it is wrong"),
        ("Version 1.2 is old. Take 1.3.", "Version 1.2 is old"),
        ("it is wrong:\nspec:\n- x", "it is wrong:"),
        (CHAIN, "kustomize build apps/shop failed (exit status 1): … "
                "Could not resolve host: git.example.org"),
        ("x" * 500, "x" * 160 + "…"),
    ],
)  # fmt: skip
def test_a_message_in_a_few_words(message: str, brief: str) -> None:
    assert results.briefly(message) == brief


def test_a_file_outside_of_a_kustomization_is_named_in_a_few_words() -> None:
    chain = (
        "kustomize build apps/a failed (exit status 1): accumulating resources: accumulation "
        "err='accumulating resources from '../x.yaml': security; file '/r/apps/x.yaml' is not in "
        "or below '/r/apps/a'': must build at directory: '/r/apps/x.yaml': file is not directory"
    )
    assert results.briefly(chain) == (
        "kustomize build apps/a failed (exit status 1): … file '/r/apps/x.yaml' is not in or below "
        "'/r/apps/a'"
    )


def test_failures_with_one_last_cause_are_one_in_a_few_words() -> None:
    paths = {name: f"apps/{name}" for name in ("shop", "pay")}
    targets = [
        result(name, Result("error", CHAIN.replace("apps/shop", path).replace("../..", name)))
        for name, path in paths.items()
    ]
    (group,) = results.groups(targets, paths, brief=True)
    assert group.message == (
        "kustomize build … failed (exit status 1): … Could not resolve host: git.example.org"
    )
    assert len(results.groups(targets, paths)) == 2


def test_for_programs_each_result_stands_by_itself() -> None:
    targets = [result(name, *objects("web", "api")) for name in ("a", "b")]
    told = results.of_report(reports.report(targets), every=True)
    assert [(each.message.partition(":")[0], str(each.resource)) for each in told] == [
        (name, f"Deployment shop/{app}") for name in ("a", "b") for app in ("web", "api")
    ]


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


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("no: {path} is bad", "in 2 targets (a, b): no: … is bad"),
        (
            "it runs x. If you trust it: krm-injector explain --allow-exec {path}",
            "in 2 targets (a, b): it runs x. If you trust it: krm-injector explain --allow-exec "
            "apps/a",
        ),
        (
            "charts/ of {path} lacks one.\nCommit it: helm dependency build {path}",
            "in 2 targets (a, b): charts/ of … lacks one.\nCommit it: helm dependency build apps/a",
        ),
        (
            "allow it:\n    kustomize build --enable-exec {path}\nOr not",
            "in 2 targets (a, b): allow it:\n    kustomize build --enable-exec apps/a\nOr not",
        ),
    ],
)
def test_a_command_that_many_targets_share_can_be_copied(message: str, told: str) -> None:
    paths = {name: f"apps/{name}" for name in ("a", "b")}
    targets = [
        result(name, Result("error", message.format(path=path))) for name, path in paths.items()
    ]
    assert told_of(targets, paths) == [told]


def missing(*names: str, severity: Literal["error", "warning"] = "error") -> list[Result]:
    found = []
    for name in names:
        ref = WEB._replace(namespace=name)
        text = missing_namespaces([name], str(ref), severity == "error")
        one = Result(severity, text, ref, "metadata.namespace", name, code="namespace-missing")
        found.append(one)
    return found


def test_namespaces_that_are_missing_are_one_error_with_the_options_for_all() -> None:
    targets = [result("a", *missing("shop", "lab")), result("b", *missing("lab"))]
    (told,) = told_of(targets)
    assert told.startswith(
        "in 2 targets (a, b), 2 objects (Deployment shop/web, Deployment lab/web): "
        "metadata.namespace: 2 Namespaces (shop, lab) are not in the bundle, and whether each "
        "object is injected depends on their labels. Add them to the bundle"
    )
    assert (
        "  --namespace-labels shop=istio-injection=enabled \\\n"
        "  --namespace-labels lab=istio-injection=enabled\n"
    ) in told


def test_one_namespace_that_is_missing_has_the_whole_functionconfig() -> None:
    (one,) = missing("shop")
    assert told_of([result("a", one)]) == [f"a: metadata.namespace: {one.message}"]


def test_a_namespace_without_labels_is_a_warning_apart_from_the_errors() -> None:
    targets = [result("a", *missing("shop"), *missing("lab", "x", severity="warning"))]
    error, said = told_of(targets)
    assert "Namespace shop is not" in error and "; they are taken to have none" in said


def test_a_file_that_a_target_cannot_read_is_told_once() -> None:
    unread = Result("warning", "b.yaml:1 cannot be read", file="b.yaml", code="fleet-unread")
    other = unread._replace(file="c.yaml", message="c.yaml:1 cannot be read")
    error = Result("error", "b.yaml: line 1: no", file="b.yaml", code="yaml-syntax")
    found = [result("a", error)]
    report = reports.report(found, [target("a")])
    fleet = report.fleet._replace(results=(unread, other))
    told = results.of_report(report._replace(fleet=fleet))
    assert [each.message for each in told] == ["c.yaml:1 cannot be read", "a: b.yaml: line 1: no"]
