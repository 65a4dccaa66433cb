"""What explain finds in a report: totals, what differs, what was perhaps meant in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from fleet.forms import reports
from fleet.forms.reports import result, target, workload

from krm_injector.fleet.forms.differing import Differing
from krm_injector.fleet.forms.explained import Explained, explained
from krm_injector.fleet.forms.sums import PlaneSum
from krm_injector.fleet.model import Report, Target, TargetResult
from krm_injector.judging.advice.requests import Added


def over(
    workloads: Sequence[dict[str, Any] | None],
    paths: Sequence[str] | None = None,
    clusters: Iterable[str] | None = None,
) -> Explained:
    """A target for each workload: in clusters c0, c1, ..., or at these paths."""
    names = list(clusters or (f"c{number}" for number in range(len(workloads))))
    places = paths or ["apps/shop"] * len(workloads)
    targets = [
        target(f"{name}/{path}" if paths is None else path, name, path)
        for name, path in zip(names, places, strict=True)
    ]
    results = [
        result(each.name, [one] if one else [])
        for each, one in zip(targets, workloads, strict=True)
    ]
    return explained(reports.report(results, targets, names))


def members(found: Differing) -> list[str]:
    return [each.target.name for each in found.members]


# ---------------------------------------------------------------- what differs


def test_one_that_is_left_out_among_many_is_found() -> None:
    (found,) = over([*[workload("web")] * 49, workload("web", "left out")]).differing
    assert members(found) == ["c49/apps/shop"]
    assert (found.verdict, found.reason) == ("left out", "no-webhook-matches")
    assert (found.usual, found.agreed, found.compared) == ("injected", 49, 50)


def test_one_that_is_injected_among_many_is_found_too() -> None:
    (found,) = over([*[workload("web", "left out")] * 9, workload("web")]).differing
    assert (found.verdict, found.usual, members(found)) == (
        "injected", "left out", ["c9/apps/shop"],
    )  # fmt: skip


def test_of_two_that_differ_the_one_left_out_is_told() -> None:
    (found,) = over([workload("web", "left out"), workload("web")]).differing
    assert members(found) == ["c0/apps/shop"]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "api"},
        {"namespace": "other"},
        {"kind": "StatefulSet"},
        {"podTemplate": "spec.worker"},
    ],
)
def test_another_app_is_not_compared(other: dict[str, str]) -> None:
    left_out = {**workload("web", "left out"), **other}
    assert over([workload("web"), workload("web"), left_out]).differing == ()


def test_equal_verdicts_by_other_rules_do_not_differ() -> None:
    by_label = workload("web", reason="label", detail="the pod asks for it")
    assert over([workload("web"), workload("web"), by_label]).differing == ()


def test_refused_workloads_are_told_as_errors_only() -> None:
    refused = workload("web", "error", reason="policy")
    assert over([workload("web"), workload("web"), refused]).differing == ()


def test_what_differs_in_one_cluster_for_one_cause_is_one_entry() -> None:
    targets, results = [], []
    for cluster in ("c1", "c2", "c3"):
        for app in ("a", "b"):
            verdict = "left out" if cluster == "c3" else "injected"
            targets.append(target(f"{cluster}/{app}", cluster, app))
            ones = [workload(name, verdict, namespace=app) for name in ("web", "api")]
            results.append(result(f"{cluster}/{app}", ones))

    (found,) = explained(reports.report(results, targets)).differing
    assert len(found.members) == 4
    assert {member.target.name for member in found.members} == {"c3/a", "c3/b"}


def test_without_clusters_entries_are_told_by_target() -> None:
    ones = [workload("web")] * 3 + [workload("web", "left out")] * 2
    found = over(ones, [f"t{number}" for number in range(5)], [""] * 5).differing
    assert [members(each) for each in found] == [["t3"], ["t4"]]


def test_the_most_surprising_comes_first() -> None:
    targets, results = [], []
    for number in range(10):
        ones = [
            workload("half", "left out" if number < 5 else "injected"),
            workload("one", "left out" if number == 0 else "injected"),
        ]
        targets.append(target(f"c{number}", f"c{number}"))
        results.append(result(f"c{number}", ones))

    found = explained(reports.report(results, targets)).differing
    assert found[0].members[0].workload["name"] == "one"
    assert (found[0].agreed, found[0].compared) == (9, 10)


ENVIRONMENTS = [f"apps/shop/overlays/{name}" for name in ("dev", "prod", "stage", "test")]


def in_environments(*verdicts: str) -> list[dict[str, Any] | None]:
    return [
        workload("web", verdict, namespace=f"shop-{number}")
        for number, verdict in enumerate(verdicts)
    ]


def test_overlays_with_namespaces_of_their_own_are_compared() -> None:
    ones = in_environments("injected", "injected", "left out", "injected")
    (found,) = over(ones, ENVIRONMENTS, [""] * 4).differing
    assert members(found) == ["apps/shop/overlays/stage"]
    assert (found.agreed, found.compared) == (3, 4)


def test_their_names_alone_say_too_little_where_they_do_not_agree() -> None:
    ones = in_environments("injected", "injected", "left out", "left out")
    assert over(ones, ENVIRONMENTS, [""] * 4).differing == ()


def test_namesakes_at_paths_that_differ_more_are_not_compared() -> None:
    paths = ["apps/shop/dev", "apps/pay/prod", "tools/x/stage", "other/y/test"]
    ones = in_environments("injected", "injected", "left out", "injected")
    assert over(ones, paths, [""] * 4).differing == ()


def test_an_overlay_is_compared_with_its_neighbours_before_other_apps() -> None:
    paths = [f"apps/{app}/{stage}" for app in ("a", "b", "c") for stage in ("x", "y", "z")]
    ones: list[dict[str, Any] | None] = [
        workload("web", "left out" if path.startswith("apps/a/") else "injected", namespace=path)
        for path in paths
    ]
    assert over(ones, paths, [""] * 9).differing == (), "app a is left out as a whole"


# ---------------------------------------------------------------- perhaps meant in


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("no-webhook-matches", False),
        ("label", False),
        ("annotation", False),
        ("host-network", True),
        ("never-inject-selector", True),
        ("policy", True),
        ("ignored-namespace", True),
        ("no-control-plane", True),
    ],
)
def test_who_says_nothing_was_perhaps_meant_in(reason: str, told: bool) -> None:
    found = over([workload("web", "left out", reason=reason)]).unexpected
    assert bool(found) is told


def test_a_doubt_is_told_with_what_would_inject() -> None:
    one = workload("web", "left out", doubt="its pod asks", changes=["label it"])
    (found,) = over([one]).unexpected
    assert (found.doubt, found.change) == ("its pod asks", "label it")


def test_an_injected_workload_is_never_told() -> None:
    assert over([workload("web", reason="host-network")]).unexpected == ()


def test_one_rule_is_one_entry_and_the_most_workloads_come_first() -> None:
    network = {"reason": "host-network", "detail": "spec.hostNetwork: true"}
    ones = [workload(name, "left out", **network) for name in ("a", "b", "c")]
    ones.insert(0, workload("d", "left out", reason="policy", detail="policy: disabled"))
    found = over(list(ones)).unexpected
    assert [(each.reason, len(each.members)) for each in found] == [
        ("host-network", 3), ("policy", 1),
    ]  # fmt: skip


# ---------------------------------------------------------------- sums


def two_clusters() -> Report:
    new = {**reports.MESH, "revision": "canary", "version": "1.31.1"}
    targets = [target("b/x", "b"), target("a/x", "a"), target("a/y", "a")]
    results = [
        result(
            "b/x", [workload("w"), workload("v", revision="canary")], meshes=[reports.MESH, new]
        ),
        result("a/x", [workload("w"), workload("v", "left out"), workload("u", "error")]),
        reports.failed("a/y"),
    ]
    return reports.report(results, targets, ["a", "b"])


def test_sums_of_clusters() -> None:
    first, second = explained(two_clusters()).clusters
    assert first[:7] == ("a", 2, 1, 3, 1, 1, 1)
    assert second[:7] == ("b", 1, 0, 2, 2, 0, 0)
    assert (first.versions, second.versions) == ({"1.30.3": 1}, {"1.30.3": 1, "1.31.1": 1})
    assert first.added == Added(1, 100 * 10**6, 128 * 2**20 * 10**9)
    assert second.added == Added(2, 200 * 10**6, 256 * 2**20 * 10**9)


def test_control_planes() -> None:
    assert explained(two_clusters()).planes == (
        PlaneSum("1.30.3", "default", "functionConfig", 2, 2, 2),
        PlaneSum("1.31.1", "canary", "functionConfig", 1, 1, 1),
    )


def test_requests_by_cluster_and_namespace() -> None:
    found = explained(two_clusters()).namespaces
    assert [(each.cluster, each.namespace, each.added.pods) for each in found] == [
        ("a", "shop", 1), ("b", "shop", 2),
    ]  # fmt: skip


def test_advice_by_code_the_gravest_first() -> None:
    given = [
        reports.advice("mutable-image", "info"),
        reports.advice("latest-image", "warning", "a"),
        reports.advice("latest-image", "warning", "b"),
        reports.advice("quota-exceeded", "error"),
    ]
    found = explained(reports.report([result("t", [workload("a")], advice=given)])).advice
    assert [(each.code, len(each.places)) for each in found] == [
        ("quota-exceeded", 1), ("latest-image", 2), ("mutable-image", 1),
    ]  # fmt: skip


def test_failed_and_missing_targets() -> None:
    targets = [target(name) for name in ("a", "b", "c", "d")]
    report = reports.report([result("a"), reports.failed("b")], targets, untouched=("c",))
    found = explained(report)
    assert [each.name for each in found.failed] == ["b"]
    assert found.missing == ("d",)
    assert explained(report._replace(shard=(1, 2))).missing == (), "another shard has it"


def test_nothing_is_explained_of_nothing() -> None:
    found = explained(reports.report([]))
    assert (found.placed, found.failed, found.clusters, found.planes) == ((), (), (), ())
    assert (found.differing, found.unexpected, found.advice) == ((), (), ())


def test_data_without_optional_keys_is_enough() -> None:
    """What an older cache or another worker leaves out."""
    bare = {
        "kind": "Job", "namespace": "", "name": "x", "verdict": "left out", "reason": "policy",
    }  # fmt: skip
    one = Target("t", "directory", "t", "it is named")
    report = reports.report([TargetResult("t", 0, data={"workloads": [bare]})], [one])
    assert explained(report).unexpected[0].doubt == ""
