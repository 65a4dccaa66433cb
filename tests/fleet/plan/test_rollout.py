"""How controllers replace pods: percentages as Kubernetes rounds them, strategies, and kinds."""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector.fleet.plan.rollout import Rollout, rollout, scaled
from krm_injector.model import ResourceRef, Workload

IMAGE = ("spec.containers[istio-proxy].image",)


def of(kind: str, pods: int = 3, changed: tuple[str, ...] = IMAGE, **spec: Any) -> Rollout:
    ref = ResourceRef("apps/v1", kind, "web", "shop")
    value = {"kind": kind, "spec": spec}
    return rollout(Workload(0, (), ref, value, ("spec", "template")), pods, changed)


@pytest.mark.parametrize(
    ("value", "total", "up", "expected"),
    [
        ("25%", 3, True, 1),
        ("25%", 3, False, 0),
        ("25%", 4, True, 1),
        ("25%", 4, False, 1),
        ("34%", 3, True, 2),
        ("34%", 3, False, 1),
        ("0%", 10, True, 0),
        ("1%", 1, True, 1),
        ("100%", 7, False, 7),
        ("33%", 100, False, 33),
        (2, 100, True, 2),
        (0, 100, True, 0),
        ("2", 10, True, None),
        ("a%", 10, True, None),
        ("-5%", 10, True, None),
        (True, 10, True, None),
        (None, 10, True, None),
    ],
)
def test_numbers_and_percentages(value: Any, total: int, up: bool, expected: int | None) -> None:
    assert scaled(value, total, up) == expected


@pytest.mark.parametrize(
    ("pods", "field", "unavailable", "surge", "outage"),
    [
        (1, {}, 0, 1, False),  # 25% of 1: rounded down and up
        (3, {}, 0, 1, False),
        (4, {}, 1, 1, False),
        (10, {}, 2, 3, False),
        (10, {"maxUnavailable": 0, "maxSurge": 1}, 0, 1, False),
        (10, {"maxUnavailable": "30%", "maxSurge": 0}, 3, 0, False),
        # Both are rounded to 0: the controller takes one pod away.
        (1, {"maxUnavailable": "1%", "maxSurge": "0%"}, 1, 0, True),
        (2, {"maxUnavailable": "1%", "maxSurge": 0}, 1, 0, False),
        (2, {"maxUnavailable": 5, "maxSurge": 0}, 2, 0, True),
        (1, {"maxUnavailable": 1}, 1, 1, True),
        (0, {"maxUnavailable": 1}, 0, 0, False),
        (4, {"maxUnavailable": None, "maxSurge": None}, 1, 1, False),
    ],
)
def test_rolling_update_of_a_deployment(
    pods: int, field: dict[str, Any], unavailable: int, surge: int, outage: bool
) -> None:
    found = of("Deployment", pods, strategy={"type": "RollingUpdate", "rollingUpdate": field})
    assert (found.how, found.restarting) == ("rolling", pods)
    assert (found.unavailable, found.surge, found.outage) == (unavailable, surge, outage)


@pytest.mark.parametrize(
    "field",
    [
        {"maxUnavailable": 0, "maxSurge": 0},
        {"maxUnavailable": "0%", "maxSurge": 0},
        {"maxUnavailable": "00%", "maxSurge": "0%"},
    ],
)
def test_a_strategy_that_can_do_nothing_is_refused(field: dict[str, Any]) -> None:
    found = of("Deployment", strategy={"rollingUpdate": field})
    assert (found.how, found.restarting) == ("refused", 0)
    assert found.problem.endswith("the strategy can neither stop a pod nor start one")


def test_recreate_is_an_outage_of_whatever_number_of_pods() -> None:
    found = of("Deployment", 3, strategy={"type": "Recreate"})
    assert (found.how, found.restarting, found.outage) == ("recreate", 3, True)
    assert not of("Deployment", 0, strategy={"type": "Recreate"}).outage


def test_a_paused_deployment_waits() -> None:
    assert of("Deployment", paused=True)[:2] == ("paused", 0)


@pytest.mark.parametrize(
    ("pods", "strategy", "how", "restarting", "unavailable", "outage"),
    [
        (3, {}, "rolling", 3, 1, False),
        (1, {}, "rolling", 1, 1, True),
        (3, {"type": "OnDelete"}, "on delete", 0, 0, False),
        (5, {"rollingUpdate": {"partition": 3}}, "rolling", 2, 1, False),
        (5, {"rollingUpdate": {"partition": 5}}, "on delete", 0, 0, False),
        (5, {"rollingUpdate": {"partition": 9}}, "on delete", 0, 0, False),
        (5, {"rollingUpdate": {"maxUnavailable": 2}}, "rolling", 5, 2, False),
        # Rounded down, and at least 1.
        (5, {"rollingUpdate": {"maxUnavailable": "10%"}}, "rolling", 5, 1, False),
        (2, {"rollingUpdate": {"maxUnavailable": 2}}, "rolling", 2, 2, True),
    ],
)
def test_stateful_sets(
    pods: int, strategy: dict[str, Any], how: str, restarting: int, unavailable: int, outage: bool
) -> None:
    found = of("StatefulSet", pods, updateStrategy=strategy)
    assert (found.how, found.restarting) == (how, restarting)
    assert (found.unavailable, found.outage) == (unavailable, outage)


def test_daemon_sets() -> None:
    assert of("DaemonSet", 0).how == "rolling"
    assert of("DaemonSet", 0, updateStrategy={"type": "OnDelete"}).how == "on delete"
    nothing = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}}
    assert of("DaemonSet", 0, updateStrategy=nothing).how == "refused"
    surging = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "10%"}}
    assert "10% nodes at once" in of("DaemonSet", 0, updateStrategy=surging).detail


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("ReplicaSet", "on delete"),
        ("ReplicationController", "on delete"),
        ("CronJob", "next run"),
        ("Job", "refused"),
        ("PodTemplate", "no restart"),
        ("KafkaCluster", "by its operator"),
    ],
)
def test_other_kinds(kind: str, how: str) -> None:
    assert of(kind).how == how


@pytest.mark.parametrize(
    ("metadata", "how"),
    [
        ({"name": "a"}, "refused"),
        ({"name": "a", "annotations": {"argocd.argoproj.io/sync-wave": "1"}}, "refused"),
        ({"name": "a", "annotations": {"argocd.argoproj.io/hook": "PreSync"}}, "next run"),
        ({"name": "a", "annotations": {"helm.sh/hook": "pre-upgrade"}}, "next run"),
        ({"generateName": "a-"}, "next run"),
    ],
)
def test_a_job_that_each_run_makes_anew(metadata: dict[str, Any], how: str) -> None:
    job = {"metadata": metadata, "spec": {"template": {}}}
    ref = ResourceRef("batch/v1", "Job", "a")
    assert rollout(Workload(0, (), ref, job, ("spec", "template")), 1, IMAGE).how == how


@pytest.mark.parametrize(
    ("changed", "how"),
    [
        (("spec.containers[istio-proxy].image", "metadata.annotations[a]"), "rolling"),
        (("spec.containers[istio-proxy].env[A].value",), "refused"),
        (("spec.initContainers[istio-init]",), "refused"),
        (("metadata.labels[istio.io/rev]",), "no restart"),
    ],
)
def test_a_pod_takes_other_images_and_metadata_only(changed: tuple[str, ...], how: str) -> None:
    assert of("Pod", 1, changed).how == how


def test_a_deployment_config_without_a_config_trigger_waits() -> None:
    assert of("DeploymentConfig").how == "rolling"
    assert of("DeploymentConfig", triggers=[{"type": "ImageChange"}]).how == "on delete"
    assert of("DeploymentConfig", triggers=[{"type": "ConfigChange"}]).how == "rolling"


def test_rollouts_of_argo() -> None:
    found = of("Rollout", 4, strategy={"canary": {"maxSurge": 1, "maxUnavailable": 0}})
    assert (found.how, found.unavailable, found.surge) == ("rolling", 0, 1)
    assert of("Rollout", 4, strategy={"blueGreen": {"activeService": "a"}}).surge == 4
