"""Reports that tests put together themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from krm_injector.fleet.model import Cluster, Fleet, Report, Target, TargetResult
from krm_injector.model import ResourceRef, Result

MESH = {
    "revision": "default",
    "version": "1.30.3",
    "source": "functionConfig",
    "rootNamespace": "istio-system",
    "nativeSidecars": True,
    "platform": "",
    "webhooks": [],
    "assumedWebhooks": False,
}
LABELLED = "policy: enabled; the Namespace has istio-injection=enabled"
UNLABELLED = "no webhook matches: the Namespace has neither istio-injection nor istio.io/rev"


def target(name: str, cluster: str = "", path: str = "") -> Target:
    return Target(name, "kustomization", path or name, "no other builds on it", cluster)


def workload(name: str, verdict: str = "injected", **more: Any) -> dict[str, Any]:
    """A workload of TargetResult.data, in Namespace shop."""
    injected = verdict == "injected"
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": name,
        "verdict": verdict,
        "reason": "policy" if injected else "no-webhook-matches",
        "detail": LABELLED if injected else UNLABELLED,
        "revision": "default" if injected else "",
        "ambient": "",
        "containers": [1, 2 if injected else 1],
        "errors": [],
        "doubt": "",
        "changes": [],
        "advice": [],
        **more,
    }


def result(name: str, workloads: Sequence[dict[str, Any]] = (), **more: Any) -> TargetResult:
    """What explain gives for a target: each injected workload adds 100m to one pod."""
    injected = [each for each in workloads if each["verdict"] == "injected"]
    requests: dict[str, dict[str, Any]] = {}
    for each in injected:
        added = requests.setdefault(each["namespace"], {"pods": 0})
        added["pods"] += 1
        added["cpu"] = f"{added['pods'] * 100}m"
        added["memory"] = f"{added['pods'] * 128}Mi"

    data = {
        "meshes": more.pop("meshes", [MESH]),
        "workloads": list(workloads),
        "advice": more.pop("advice", []),
        "requests": requests,
    }
    return TargetResult(name, more.pop("code", 0), data=data, **more)


def advice(code: str, severity: str, name: str = "web", message: str = "") -> dict[str, Any]:
    return {
        "code": code,
        "severity": severity,
        "message": message or f"Deployment shop/{name}: {code}",
        "resource": {
            "apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": name,
        },
        "workload": 0,
    }  # fmt: skip


def error(message: str, name: str = "web", **more: Any) -> Result:
    ref = ResourceRef("apps/v1", "Deployment", name, "shop")
    return Result("error", message, ref, code="annotation-invalid", **more)


def failed(name: str, *results: Result) -> TargetResult:
    return TargetResult(name, 1, results=results or (error("it is wrong"),))


def report(
    results: Iterable[TargetResult],
    targets: Sequence[Target] | None = None,
    clusters: Sequence[str] = (),
    **more: Any,
) -> Report:
    """A report of `fleet explain`; without targets each result is of a target without a cluster."""
    results = tuple(results)
    if targets is None:
        targets = [target(each.name) for each in results]

    fleet = Fleet(tuple(targets), tuple(map(Cluster, clusters)))
    return Report(more.pop("command", "explain"), fleet, results, **more)


def fleet_of(clusters: int, overlays: int, workloads: int, change: Any = lambda *_: None) -> Report:
    """A fleet of so many clusters, each with the same overlays of so many workloads.

    change(cluster, overlay, number) -> a workload in place of the injected one, or None.
    """
    names = [f"cluster-{number:02}" for number in range(1, clusters + 1)]
    targets, results = [], []
    for at, cluster in enumerate(names):
        for overlay in range(overlays):
            name = f"{cluster}/apps/app-{overlay:02}/overlays/prod"
            targets.append(target(name, cluster, f"apps/app-{overlay:02}/overlays/prod"))
            members = [
                change(at, overlay, number)
                or workload(f"service-{number}", namespace=f"app-{overlay:02}")
                for number in range(workloads)
            ]
            results.append(result(name, members))

    return report(results, targets, names)
