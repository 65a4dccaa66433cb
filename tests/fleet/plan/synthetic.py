"""Answers of workers for fleets of any size, without injecting anything."""

from __future__ import annotations

from typing import Any

from krm_injector.fleet.model import Target

IMAGE = {
    "path": "spec.initContainers[istio-proxy].image",
    "before": "proxyv2:1.29.2",
    "after": "proxyv2:1.31.0",
}


def rolling(pods: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "how": "rolling",
        "restarting": pods,
        "detail": "",
        "unavailable": 0,
        "surge": 1,
        "outage": False,
        "problem": "",
        **more,
    }


def entry(
    name: str = "web",
    namespace: str = "shop",
    pods: int = 1,
    requests: tuple[dict[str, int], dict[str, int]] = ({}, {}),
    label: str = "istio-injection=enabled",
    **more: Any,
) -> dict[str, Any]:
    """A workload of a target's data that changes."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": namespace,
        "name": name,
        "injected": [True, True],
        "revision": ["default", "default"],
        "version": ["1.30.3", "1.31.0"],
        "reason": ["policy", "policy"],
        "perNode": False,
        "pods": [pods, pods],
        "rollout": rolling(pods),
        "requests": [dict(each) for each in requests],
        "sidecars": [0, 0],
        "native": [True, True],
        "decides": {"on": "namespace", "label": label, "tag": ""},
        "changes": 0,
        **more,
    }


def unchanged(name: str = "idle", **more: Any) -> dict[str, Any]:
    found = entry(name, **more)
    del found["changes"], found["rollout"]
    return found


def answer(
    *entries: dict[str, Any], changes: list[list[dict[str, Any]]] | None = None, **more: Any
) -> dict[str, Any]:
    """The data of a target."""
    old, new = ({"revision": "default", "version": each} for each in ("1.30.3", "1.31.0"))
    return {
        "meshes": [[old], [new]],
        "revision": "",
        "kubernetes": "1.33",
        "namespaces": {},
        "tags": [],
        "workloads": list(entries),
        "changes": changes or [[IMAGE]],
        "sidecars": [[]],
        "budgets": [],
        "quotas": [],
        "limits": [],
        "labels": [],
        "byHand": [],
        **more,
    }


def target(name: str, cluster: str = "", **labels: str) -> Target:
    return Target(name, "directory", name, "", cluster=cluster, labels=labels)
