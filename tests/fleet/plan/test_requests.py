"""What pods request in sum, before and after; with autoscalers from their least to their most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fleet.plan.planning import OLD, data, files, mesh, namespace, other, planned, workload
from fleet.plan.synthetic import answer, entry, target, unchanged

from krm_injector.fleet.plan import text
from krm_injector.fleet.plan.model import Requests

MI = 2**20


def test_sums_per_namespace_and_cluster() -> None:
    grows = ({"requests.cpu": 100, "requests.memory": MI}, {"requests.cpu": 150})
    stays = ({"requests.cpu": 10}, {"requests.cpu": 10})
    nodes = unchanged(namespace="other", requests=stays, perNode=True, pods=0)
    targets = [
        (target("b", "us"), answer(entry(pods=2, requests=grows))),
        (target("a", "eu"), answer(entry(pods=3, requests=grows), unchanged(requests=stays))),
        (target("c", "eu"), answer(nodes)),
    ]
    assert planned(targets).requests == (
        Requests("eu", "other", 0, 0, (0, 0), (0, 0), (0, 0), (0, 0), 1),
        Requests("eu", "shop", 4, 4, (310, 460), (3 * MI, 0), (310, 460), (3 * MI, 0)),
        Requests("us", "shop", 2, 2, (200, 300), (2 * MI, 0), (200, 300), (2 * MI, 0)),
    )


def of(tmp_path: Path, manifests: str) -> dict[str, Any]:
    made = files(tmp_path, before=mesh(OLD), after=mesh("1.30.1"))
    found = data(namespace() + manifests, from_mesh=made["before"], to_mesh=made["after"])
    decoded: dict[str, Any] = found["workloads"][0]
    return decoded


def test_a_pod_asks_for_its_own_and_for_its_sidecars(tmp_path: Path) -> None:
    found = of(tmp_path, workload(requests={"cpu": "1", "memory": "1Gi"}))
    # 1 and 100m of a native sidecar, 1Gi and 128Mi of it.
    assert found["requests"][0]["requests.cpu"] == 1100
    assert found["requests"][0]["requests.memory"] == (1024 + 128) * MI
    assert found["native"] == [True, True]


def test_replicas_of_an_autoscaler(tmp_path: Path) -> None:
    scaler = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 7}
    text_ = workload(replicas=3) + other("HorizontalPodAutoscaler", "web", scaler)
    found = of(tmp_path, text_)
    assert found["pods"] == [1, 7]
    assert found["autoscaler"] == {
        "kind": "HorizontalPodAutoscaler",
        "name": "web",
        "min": 1,
        "max": 7,
        "utilization": {"cpu": 80},  # as the API server stores it
    }
    # replicas 0 turns the autoscaler off.
    off = of(tmp_path, text_.replace('"replicas": 3', '"replicas": 0'))
    assert (off["pods"], "autoscaler" in off) == ([0, 0], False)


def test_what_an_autoscaler_aims_at(tmp_path: Path) -> None:
    metrics = [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 70}}},
        {
            "type": "ContainerResource",
            "containerResource": {"name": "memory", "target": {"averageUtilization": 60}},
        },
        {"type": "Resource", "resource": {"name": "memory", "target": {"averageValue": "1Gi"}}},
    ]
    scaler = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 7}
    manifest = other("HorizontalPodAutoscaler", "web", {**scaler, "metrics": metrics})
    found = of(tmp_path, workload() + manifest)
    assert found["autoscaler"]["utilization"] == {"cpu": 70}


def test_daemon_sets_are_one_a_node(tmp_path: Path) -> None:
    found = of(tmp_path, workload(kind="DaemonSet"))
    assert (found["pods"], found["perNode"]) == ([0, 0], True)


def test_amounts_for_people() -> None:
    assert [text.cpu(each) for each in (0, 250, 1000, 1500, 12_345)] == [
        "0",
        "250m",
        "1",
        "1500m",
        "12.3",
    ]
    assert [text.memory(each) for each in (0, 128 * MI, 1024 * MI, 1536 * MI, 12_345 * MI)] == [
        "0",
        "128Mi",
        "1Gi",
        "1536Mi",
        "12.1Gi",
    ]
    assert text.named(["a", "b", "c", "d", "e"], "target") == "a, b, c and 2 more targets"
