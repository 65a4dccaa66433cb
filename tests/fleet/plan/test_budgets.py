"""PodDisruptionBudgets: the arithmetic, and that a rollout does not ask them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fleet.plan.planning import (
    OLD,
    budget,
    data,
    files,
    mesh,
    namespace,
    other,
    plan_of_text,
    workload,
)

from krm_injector.fleet.plan.budgets import allowance


@pytest.mark.parametrize(
    ("field", "value", "pods", "wanted", "allowed"),
    [
        ("minAvailable", 3, 3, 3, 0),
        ("minAvailable", 2, 3, 2, 1),
        ("minAvailable", 5, 3, 5, 0),
        ("minAvailable", 0, 3, 0, 3),
        ("minAvailable", "50%", 3, 2, 1),  # rounded up
        ("minAvailable", "100%", 3, 3, 0),
        ("minAvailable", "67%", 3, 3, 0),
        ("minAvailable", "66%", 3, 2, 1),
        ("maxUnavailable", 0, 3, 3, 0),
        ("maxUnavailable", 1, 3, 2, 1),
        ("maxUnavailable", 9, 3, 0, 3),
        ("maxUnavailable", "30%", 3, 2, 1),  # rounded up as well
        ("maxUnavailable", "30%", 4, 2, 2),
        ("maxUnavailable", "1%", 100, 99, 1),
        ("maxUnavailable", "0%", 3, 3, 0),
        ("minAvailable", 1, 0, 1, 0),
    ],
)
def test_arithmetic(field: str, value: Any, pods: int, wanted: int, allowed: int) -> None:
    found = allowance({field: value}, pods)
    assert found is not None
    assert (found.wanted, found.disruptions) == (wanted, allowed)


def test_maxUnavailable_counts_first_and_nothing_is_no_budget() -> None:
    both = allowance({"minAvailable": 3, "maxUnavailable": 1}, 3)
    assert both is not None and both.wanted == 2
    assert allowance({}, 3) is None
    assert allowance({"minAvailable": "many"}, 3) is None


@pytest.fixture
def meshes(tmp_path: Path) -> dict[str, str]:
    made = files(tmp_path, before=mesh(OLD), after=mesh("1.30.1"))
    return {"from_mesh": made["before"], "to_mesh": made["after"]}


def gates(text: str, meshes: dict[str, str]) -> list[tuple[str, str, str]]:
    plan = plan_of_text(namespace() + text, **meshes)
    assert all(wave.state == "ready" for wave in plan.waves)
    return [(gate.severity, gate.what, gate.why) for gate in plan.gates if gate.kind == "budget"]


def test_a_budget_that_allows_nothing_does_not_block_a_rollout(meshes: dict[str, str]) -> None:
    text = workload(replicas=3) + budget("web", "web", minAvailable=3)
    assert gates(text, meshes) == [
        (
            "warns",
            "PodDisruptionBudget shop/web",
            "minAvailable 3 of 3 pods: an eviction may take 0. The rollout passes, since it evicts "
            "nothing; a drain of a node waits.",
        )
    ]


def test_a_rollout_may_take_more_than_the_budget_promises(meshes: dict[str, str]) -> None:
    rolling = {"rollingUpdate": {"maxUnavailable": "50%"}}
    text = workload(replicas=10, strategy=rolling) + budget("web", "web", maxUnavailable="10%")
    ((severity, _, why),) = gates(text, meshes)
    assert severity == "warns"
    assert why == (
        "maxUnavailable 10% of 10 pods is 1: an eviction may take 1. The rollout does not ask the "
        "budget, and takes up to 5 pods away at once, so fewer than the 9 wanted pods may serve."
    )


def test_pods_that_are_restarted_by_hand(meshes: dict[str, str]) -> None:
    text = workload(kind="StatefulSet", replicas=2, updateStrategy={"type": "OnDelete"})
    ((_, _, why),) = gates(text + budget("web", "web", maxUnavailable=0), meshes)
    assert why.endswith("StatefulSet shop/web restarts only when its pods are deleted.")


def test_a_budget_with_room_is_no_gate(meshes: dict[str, str]) -> None:
    assert gates(workload(replicas=4) + budget("web", "web", minAvailable=2), meshes) == []


def test_a_budget_over_two_workloads_counts_the_pods_of_both(meshes: dict[str, str]) -> None:
    labels = {"part": "front"}
    text = workload("a", replicas=2, labels=labels) + workload("b", replicas=3, labels=labels)
    selector = {"matchLabels": labels}
    text += other("PodDisruptionBudget", "front", {"selector": selector, "minAvailable": "80%"})
    # 4 of 5 are wanted, and no rollout takes one away (25% of 2 and of 3 is 0).
    assert gates(text, meshes) == []
    found = data(namespace() + text, **meshes)["budgets"]
    assert found == [
        {"namespace": "shop", "name": "front", "minAvailable": "80%", "workloads": [0, 1]}
    ]


@pytest.mark.parametrize(
    ("selector", "chosen"), [({}, True), (None, False), ({"matchLabels": {"app": "x"}}, False)]
)
def test_which_pods_a_budget_selects(selector: Any, chosen: bool, meshes: dict[str, str]) -> None:
    text = namespace() + workload()
    text += other("PodDisruptionBudget", "all", {"selector": selector, "maxUnavailable": 1})
    assert bool(data(text, **meshes)["budgets"]) is chosen


def test_the_least_of_an_autoscaler_counts(meshes: dict[str, str]) -> None:
    scaler = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2}
    text = workload(replicas=9) + budget("web", "web", minAvailable=2)
    text += other("HorizontalPodAutoscaler", "web", {**scaler, "maxReplicas": 10})
    ((_, _, why),) = gates(text, meshes)
    assert why.startswith("minAvailable 2 of 2 pods: an eviction may take 0.")
