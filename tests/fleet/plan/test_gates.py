"""What stands in the way of a wave, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fleet.plan.planning import (
    data,
    files,
    mesh,
    namespace,
    other,
    plan_of_text,
    planned,
    workload,
)
from fleet.plan.synthetic import answer, entry, rolling, target, unchanged

from krm_injector.fleet.plan.model import Gate, Plan

GI = 2**30


def plan_of(*entries: dict[str, Any], **more: Any) -> Plan:
    return planned([(target("all", "eu"), answer(*entries, **more))])


def gates(plan: Plan, kind: str) -> list[Gate]:
    return [gate for gate in plan.gates if gate.kind == kind]


def only(plan: Plan, kind: str) -> Gate:
    (gate,) = gates(plan, kind)
    return gate


# ---------------------------------------------------------------- strategies


def test_outages_warn_and_equal_ones_are_one_gate() -> None:
    recreate = rolling(2, how="recreate", unavailable=2, outage=True)
    plan = plan_of(*(entry(f"w{number}", pods=2, rollout=recreate) for number in range(3)))
    gate = only(plan, "outage")
    assert (gate.severity, gate.what, len(gate.places)) == ("warns", "3 workloads", 3)
    assert gate.why.startswith("No pod serves for a while: Recreate ends all pods")
    assert (plan.waves[0].state, plan.totals.outages) == ("ready", 3)


def test_the_only_pod_of_a_workload() -> None:
    one = rolling(1, unavailable=1, outage=True)
    assert "the only pod ends" in only(plan_of(entry(rollout=one)), "outage").why


def test_a_refused_change_blocks() -> None:
    refused: dict[str, Any] = {
        "how": "refused",
        "restarting": 0,
        "problem": "the strategy can do nothing",
    }
    plan = plan_of(entry(rollout=rolling(**refused)))
    gate = only(plan, "strategy")
    assert (gate.severity, gate.what) == ("blocks", "Deployment shop/web")
    assert gate.why == "The API server refuses the change: the strategy can do nothing."
    assert plan.waves[0].state == "blocked"
    assert plan.totals.blocks == 1


def test_a_job_has_to_be_made_again() -> None:
    refused: dict[str, Any] = {"how": "refused", "restarting": 0, "problem": "field is immutable"}
    plan = plan_of(entry(kind="Job", rollout=rolling(**refused)))
    assert only(plan, "strategy").advice == "Delete it before the wave, and let it be made again"
    assert "Delete, and let it be made again: Job shop/web" in plan.waves[0].steps


def test_pods_that_stay_warn() -> None:
    stays = rolling(0, how="on delete", detail="updateStrategy OnDelete")
    plan = plan_of(entry(kind="StatefulSet", rollout=stays, pods=2))
    gate = only(plan, "restart")
    assert gate.why == "Their pods do not restart by themselves: updateStrategy OnDelete."
    assert "Delete the pods of StatefulSet shop/web" in plan.waves[0].steps
    assert plan.totals.pods == 0


def test_a_partition_keeps_some_pods() -> None:
    some = rolling(2, detail="partition 3 keeps the others")
    gate = only(plan_of(entry(kind="StatefulSet", pods=5, rollout=some)), "restart")
    assert gate.why.startswith("Not all of their pods restart by themselves: partition 3")


def test_a_file_that_several_waves_share(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh("1.30.1"), new=mesh("1.31.0", "1-31"))
    options = {"from_mesh": made["old"], "to_mesh": made["new"]}
    targets = [target(name, name) for name in ("eu", "us")]
    text = namespace() + workload()
    plan = planned([(each, data(text, each, **options)) for each in targets])
    assert [(gate.wave, gate.severity, gate.what) for gate in gates(plan, "labels")] == [
        (1, "warns", "all.yaml"),
        (2, "warns", "all.yaml"),
    ]
    (first, _) = targets
    alone = planned([(first, data(text, first, **options))])
    assert gates(alone, "labels") == []


# ---------------------------------------------------------------- injection and versions


def test_pods_that_lose_their_sidecar_block() -> None:
    plan = plan_of(entry(injected=[True, False]))
    assert only(plan, "injection").severity == "blocks"
    assert only(plan_of(entry(injected=[False, True])), "injection").severity == "warns"


@pytest.mark.parametrize(
    ("kubernetes", "severity"),
    [("1.27", "blocks"), ("1.28.3", "blocks"), ("1.29", ""), ("v1.33.1", ""), ("", "warns")],
)
def test_native_sidecars_need_kubernetes_1_29(kubernetes: str, severity: str) -> None:
    plan = plan_of(entry(native=[False, True]), kubernetes=kubernetes)
    assert [gate.severity for gate in gates(plan, "kubernetes")] == ([severity] if severity else [])
    # Who has them already is not asked.
    assert gates(plan_of(entry(native=[True, True]), kubernetes=kubernetes), "kubernetes") == []


@pytest.mark.parametrize(
    ("before", "after", "revisions", "told"),
    [
        ("1.30.3", "1.31.0", ["default", "default"], False),
        ("1.29.3", "1.31.0", ["default", "default"], True),
        ("1.29.3", "1.31.0", ["1-29", "1-31"], False),
        ("1.28.3", "1.31.0", ["1-28", "1-31"], True),
        ("1.31.0", "1.30.3", ["default", "default"], True),
        ("1.31.0", "1.31.2", ["default", "default"], False),
        ("", "1.31.2", ["default", "default"], False),
    ],
)
def test_steps_that_istio_does_not_support(
    before: str, after: str, revisions: list[str], told: bool
) -> None:
    plan = plan_of(entry(version=[before, after], revision=revisions))
    assert bool(gates(plan, "version")) is told


@pytest.mark.parametrize(
    ("hub", "told"),
    [
        ("registry.istio.io/release", True),
        ("gcr.io/istio-release", True),
        ("docker.io/istio", False),
        ("mirror.example.org/gcr.io/istio-release", False),
    ],
)
def test_a_hub_that_istio_retires_is_told_where_the_move_leads_there(
    hub: str, told: bool, tmp_path: Path
) -> None:
    made = files(tmp_path, old=mesh("1.30.3"), new=mesh("1.30.5", hub=hub))
    text = namespace() + workload()
    plan = plan_of_text(text, mesh=(made["old"],), to_mesh=made["new"])
    found = gates(plan, "registry")
    assert [gate.severity for gate in found] == (["warns"] if told else [])
    assert all(hub in gate.why and "docker.io/istio" in gate.advice for gate in found)

    back = plan_of_text(text, mesh=(made["new"],), to_mesh=made["old"])
    assert gates(back, "registry") == [], "what is left is nothing to warn of"


def test_an_image_that_a_workload_keeps_on_a_retired_hub_is_told(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh("1.30.3", hub="gcr.io/istio-release"))["old"]
    own = {"sidecar.istio.io/proxyImage": "gcr.io/istio-release/proxyv2:1.30.3"}
    annotated = "traffic.sidecar.istio.io/excludeOutboundPorts"
    text = namespace() + workload("a", annotations={**own, annotated: "1"}) + workload("b")
    plan = plan_of_text(text, mesh=(made,), campaign="registry=docker.io/istio")
    assert [each.field for each in plan.by_hand] == [
        "spec.template.metadata.annotations[sidecar.istio.io/proxyImage]"
    ]


# ---------------------------------------------------------------- autoscalers and limits


def test_an_autoscaler_that_looks_at_requests() -> None:
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "name": "web",
        "min": 2,
        "max": 8,
        "utilization": {"cpu": 80},
    }
    requests = ({"requests.cpu": 500}, {"requests.cpu": 600})
    plan = plan_of(entry(autoscaler=scaler, requests=requests, pods=2))
    assert only(plan, "autoscaler").why == (
        "The HorizontalPodAutoscaler aims at 80% of the cpu that a pod requests, and that changes "
        "from 500m to 600m: the load that is 80% now will be 67%."
    )
    same = ({"requests.cpu": 500}, {"requests.cpu": 500})
    assert gates(plan_of(entry(autoscaler=scaler, requests=same)), "autoscaler") == []


def test_a_limit_range_of_the_worker_blocks_its_wave() -> None:
    limit = {"workload": 1, "what": "LimitRange shop/limits", "message": "it refuses them"}
    plan = plan_of(entry("a", "other"), entry("b"), limits=[limit])
    gate = only(plan, "limit-range")
    assert (gate.severity, gate.what, str(gate.places[0])) == (
        "blocks",
        "LimitRange shop/limits",
        "Deployment shop/b",
    )
    assert [wave.state for wave in plan.waves] == ["ready", "blocked"]


# ---------------------------------------------------------------- quotas


def quota(hard: dict[str, str], *entries: dict[str, Any]) -> list[Gate]:
    stated = {"namespace": "shop", "name": "all", "hard": hard}
    return gates(plan_of(*entries, quotas=[stated]), "quota")


def asking(before: int, after: int, pods: int = 4, **how: Any) -> dict[str, Any]:
    requests = ({"requests.cpu": before}, {"requests.cpu": after})
    rollout = rolling(pods, **{"surge": 1, "unavailable": 0, **how})
    return entry(pods=pods, requests=requests, rollout=rollout)


def test_a_quota_with_room_is_no_gate() -> None:
    assert quota({"requests.cpu": "500m"}, asking(100, 100)) == []
    assert quota({"requests.cpu": "1"}, asking(100, 200)) == []


def test_pods_that_do_not_fit_after_the_move_block() -> None:
    (gate,) = quota({"requests.cpu": "600m"}, asking(100, 200))
    assert (gate.severity, gate.what, gate.wave) == ("blocks", "ResourceQuota shop/all", 1)
    assert gate.why == (
        "The pods of the fleet ask for 800m of requests.cpu after the move, before it for 400m; "
        "allowed are 600m. Pods over it are not created."
    )
    assert gate.advice == "Raise requests.cpu to at least 1 before the wave"


def test_no_room_for_the_pod_that_comes_first_blocks() -> None:
    (gate,) = quota({"cpu": "450m"}, asking(100, 100))
    assert gate.severity == "blocks"
    assert gate.why.endswith(
        "a new one that must come before an old one goes asks for 100m; allowed are 450m. The "
        "rollout stops there."
    )
    # Where a pod may go first, the rollout passes without room for another one.
    (gate,) = quota({"cpu": "450m"}, asking(100, 100, unavailable=1))
    assert gate.severity == "warns"
    assert quota({"cpu": "450m"}, asking(100, 100, unavailable=1, surge=0)) == []


def test_rollouts_that_do_not_fit_together_warn() -> None:
    both = (asking(100, 100, 2), {**asking(100, 100, 2), "name": "other"})
    (gate,) = quota({"requests.cpu": "500m"}, *both)
    assert gate.severity == "warns"
    assert "up to 200m more; allowed are 500m" in gate.why


def test_a_quota_that_is_over_already_blocks_as_well() -> None:
    """Old pods were let in before it was lowered. What replaces them is not."""
    (gate,) = quota({"requests.cpu": "100m"}, asking(100, 90, unavailable=1, surge=0))
    assert gate.severity == "blocks"


def test_pods_are_counted_too() -> None:
    (gate,) = quota({"pods": "4"}, asking(0, 0))
    assert gate.severity == "blocks"
    assert quota({"pods": "5"}, asking(0, 0)) == []
    (gate,) = quota({"count/pods": "4"}, asking(0, 0))
    assert gate.what == "ResourceQuota shop/all"


def test_what_a_quota_says_about_other_things_does_not_count() -> None:
    assert quota({"services": "1", "requests.storage": "1Gi", "pods": "many"}, asking(1, 1)) == []


def test_an_autoscaler_that_can_scale_less_than_before() -> None:
    scaled = {**asking(100, 120, 2), "pods": [2, 10]}
    (gate,) = quota({"requests.cpu": "1"}, scaled)
    assert gate.severity == "warns"
    assert gate.why == (
        "With autoscalers at their most the pods ask for 1200m of requests.cpu after "
        "the move, before it for 1; allowed are 1."
    )
    assert quota({"requests.cpu": "900m"}, scaled) == []


def test_memory_and_limits() -> None:
    requests = ({"limits.memory": GI}, {"limits.memory": 2 * GI})
    (gate,) = quota({"limits.memory": "3Gi"}, entry(pods=2, requests=requests))
    assert "ask for 4Gi of limits.memory after the move, before it for 2Gi" in gate.why


def test_a_quota_counts_the_workloads_of_all_targets_of_its_cluster() -> None:
    stated = [{"namespace": "shop", "name": "all", "hard": {"requests.cpu": "700m"}}]
    first = answer(asking(100, 100), quotas=stated)
    second = answer({**asking(100, 100), "name": "other"}, quotas=stated)
    same = planned([(target("a", "eu"), first), (target("b", "eu"), second)])
    assert [gate.severity for gate in gates(same, "quota")] == ["blocks"]
    apart = planned([(target("a", "eu"), first), (target("b", "us"), second)])
    assert gates(apart, "quota") == []


def test_workloads_that_stay_count_in_the_sum() -> None:
    idle = unchanged(pods=4, requests=({"requests.cpu": 100}, {"requests.cpu": 100}))
    (gate,) = quota({"requests.cpu": "800m"}, asking(100, 100), idle)
    assert gate.severity == "blocks"
    assert [str(place) for place in gate.places] == ["Deployment shop/web"]


def test_gates_that_block_come_first() -> None:
    outage = rolling(1, unavailable=1, outage=True)
    plan = plan_of(entry("a", rollout=outage), entry("b", injected=[True, False]))
    assert [gate.severity for gate in plan.gates] == ["blocks", "warns"]
    assert [gate.severity for gate in plan.waves[0].gates] == ["blocks", "warns"]


def test_a_quota_that_asks_every_container_for_a_limit(tmp_path: Path) -> None:
    """The mesh after gives its sidecars no limits: a quota of limits refuses their pods."""
    bare = mesh("1.31.0").replace("limits", "unknown")
    made = files(tmp_path, old=mesh("1.30.1"), new=bare)
    text = namespace() + workload(replicas=1, requests={"cpu": "1"})
    text += other("ResourceQuota", "all", {"hard": {"limits.memory": "100Gi"}})
    plan = plan_of_text(text, from_mesh=made["old"], to_mesh=made["new"])
    gate = only(plan, "limit-range")
    assert (gate.severity, gate.what) == ("blocks", "ResourceQuota shop/all")
    assert "injected ones do not: istio-init, istio-proxy" in gate.why
    again = plan_of_text(text, from_mesh=made["new"], to_mesh=made["new"])
    assert gates(again, "limit-range") == []


def test_a_limit_range_that_the_sidecar_violates(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh("1.30.1"), new=mesh("1.31.0").replace("1024Mi", "3Gi"))
    text = namespace() + workload()
    limit = {"limits": [{"type": "Container", "max": {"memory": "2Gi"}}]}
    text += other("LimitRange", "limits", limit)
    plan = plan_of_text(text, from_mesh=made["old"], to_mesh=made["new"])
    gate = only(plan, "limit-range")
    assert (gate.severity, gate.what) == ("blocks", "LimitRange shop/limits")
    assert "limit of memory 3Gi is over 2Gi" in gate.why
