"""Equal changes together: over thousands of workloads, and without their own names."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fleet.plan.planning import planned
from fleet.plan.synthetic import IMAGE, answer, entry, target

from krm_injector.fleet.plan import generic
from krm_injector.fleet.plan.model import ABSENT, Change
from krm_injector.fleet.plan.titles import title
from krm_injector.kube.differences import Difference
from krm_injector.model import ResourceRef


def change(name: str, namespace: str, before: Any, after: Any, path: str = "a") -> dict[str, Any]:
    ref = ResourceRef("apps/v1", "Deployment", name, namespace)
    (found,) = generic.changes([Difference(path, before, after)], ref)
    return found


def of_workloads(*changes: tuple[str, str, Any, Any]) -> list[tuple[int, Any, Any]]:
    """(workloads, before, after) of each group."""
    targets = []
    for number, (name, namespace, before, after) in enumerate(changes):
        written = [[change(name, namespace, before, after)]]
        data = answer(entry(name, namespace), changes=written)
        targets.append((target(f"t{number}"), data))
    plan = planned(targets)
    return [
        (group.workloads, each.before, each.after)
        for group in plan.groups
        for each in group.changes
    ]


def test_values_with_the_name_in_them_do_not_split_groups() -> None:
    found = of_workloads(
        ("web", "shop", "x", "kubernetes://apis/apps/v1/namespaces/shop/deployments/web"),
        ("db", "data", "x", "kubernetes://apis/apps/v1/namespaces/data/deployments/db"),
        ("mail", "shop", "x", "kubernetes://apis/apps/v1/namespaces/shop/deployments/mail"),
    )
    after = "kubernetes://apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    assert found == [(3, "x", after)]


def test_a_name_that_is_there_by_chance_does_not_split_either() -> None:
    """A Namespace called as the folder of a registry: its images are those of all others."""
    images = "example.org/istio/proxyv2:1", "example.org/istio/proxyv2:2"
    found = of_workloads(("web", "istio", *images), ("web", "shop", *images))
    assert found == [(2, *images)]
    assert of_workloads(("web", "istio", *images)) == [(1, *images)]


def test_different_values_stay_apart() -> None:
    found = of_workloads(("web", "shop", "a", "b"), ("db", "shop", "a", "c"))
    assert found == [(1, "a", "b"), (1, "a", "c")]


def test_absent_null_false_and_zero_are_different() -> None:
    values = (ABSENT, None, False, 0, "")
    found = of_workloads(*(("web", f"n{index}", value, 1) for index, value in enumerate(values)))
    assert [count for count, _, _ in found] == [1] * 5
    assert [before for _, before, _ in found] == list(values)


def test_a_part_of_a_name_is_no_name() -> None:
    found = of_workloads(("web", "a", 1, "web-1 web.x"), ("db", "b", 1, "web-1 web.x"))
    assert found == [(2, 1, "web-1 web.x")]
    assert change("web", "a", 1, "web-1 web.x web")["generic"] == {
        "before": 1,
        "after": "web-1 {name}.x {name}",
    }


def test_names_in_lists_and_maps_count_too() -> None:
    found = of_workloads(
        ("web", "shop", ABSENT, [{"name": "A", "value": "web"}]),
        ("db", "shop", ABSENT, [{"name": "A", "value": "db"}]),
    )
    assert found == [(2, ABSENT, [{"name": "A", "value": "{name}"}])]


def test_the_largest_group_comes_first_and_has_all_places() -> None:
    other = [{**IMAGE, "after": "proxyv2:2"}]
    few = answer(entry("a"), entry("b", changes=1), changes=[[IMAGE], other])
    many = answer(*(entry(f"w{number}", pods=2) for number in range(3)), changes=[other])
    plan = planned([(target("few", "eu"), few), (target("many", "us"), many)])
    first, second = plan.groups
    assert (first.number, first.workloads, first.targets, first.pods) == (1, 4, 2, 7)
    assert [str(place) for place in first.places][:2] == ["Deployment shop/b", "Deployment shop/w0"]
    assert [place.cluster for place in first.places] == ["eu", "us", "us", "us"]
    assert (second.number, second.workloads) == (2, 1)
    assert [each.group for each in plan.restarts] == [2, 1, 1, 1, 1]


@pytest.mark.parametrize("named", [False, True])
def test_ten_thousand_workloads_are_one_line_in_three_seconds(named: bool) -> None:
    targets = []
    for number in range(1000):
        names = [f"service-{number}-{index}" for index in range(10)]
        written = [
            [IMAGE, *([change(name, "shop", 1, f"of {name}")] if named else [])] for name in names
        ]
        entries = [entry(name, pods=3, changes=index) for index, name in enumerate(names)]
        targets.append((target(f"t{number}", f"c{number % 20}"), answer(*entries, changes=written)))

    start = time.process_time()
    plan = planned(targets)
    spent = time.process_time() - start
    assert [(group.workloads, group.targets) for group in plan.groups] == [(10_000, 1000)]
    assert (plan.totals.pods, len(plan.waves), plan.waves_by) == (30_000, 20, "cluster")
    assert spent < 3


CONTAINER = "spec.containers[istio-proxy]"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([(f"{CONTAINER}.image", "a:1", "a:2")], "image a:1 -> a:2 (istio-proxy)"),
        (
            [(f"{CONTAINER}.image", "a:1", "a:2"), ("spec.initContainers[b].image", "a:1", "a:2")],
            "image a:1 -> a:2 (istio-proxy; init: b)",
        ),
        (
            [(f"{CONTAINER}.image", "a:1", "a:2"), ("spec.initContainers[b].image", "b:1", "b:2")],
            "istio-proxy: image; b: image",
        ),
        (
            [(f"{CONTAINER}.env[A].value", 1, 2), (f"{CONTAINER}.env[B].value", 1, 2)],
            "istio-proxy: env",
        ),
        ([("spec.initContainers[istio-init]", {}, ABSENT)], "istio-init taken away"),
        ([("spec.initContainers[istio-init]", ABSENT, {})], "istio-init added"),
        (
            [
                ("metadata.labels[istio.io/rev]", "a", "b"),
                ("metadata.annotations[sidecar.istio.io/status]", "a", "b"),
                ("spec.volumes[istio-envoy]", ABSENT, {}),
                ("spec.securityContext.fsGroup", 1, 2),
            ],
            "label istio.io/rev; annotation sidecar.istio.io/status; volume istio-envoy; "
            "securityContext",
        ),
    ],
)
def test_titles(changes: list[tuple[str, Any, Any]], expected: str) -> None:
    assert title([Change(*each) for each in changes]) == expected
