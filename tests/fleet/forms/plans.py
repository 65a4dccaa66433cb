"""Plans that tests put together themselves."""

from __future__ import annotations

from typing import Any

from krm_injector.fleet.plan.model import (
    ABSENT,
    Change,
    ChangeGroup,
    Failed,
    Gate,
    LabelChange,
    MeshUse,
    Place,
    Plan,
    Requests,
    Restart,
    Totals,
    Wave,
)

IMAGE = "docker.io/istio/proxyv2:{}"


def place(cluster: str, overlay: int, number: int, kind: str = "Deployment") -> Place:
    namespace = f"app-{overlay:02}"
    target = f"{cluster}/apps/{namespace}/overlays/prod"
    return Place(target, cluster, kind, namespace, f"service-{number}")


def gate(places: tuple[Place, ...], severity: Any = "blocks", wave: int = 1, **more: Any) -> Gate:
    return Gate(
        severity,
        more.pop("kind", "budget"),
        more.pop("what", "PodDisruptionBudget app-01/service-0"),
        more.pop(
            "why",
            "It wants 2 of 2 pods available (minAvailable: 100%), so 0 may be taken down. "
            "A node that is drained waits for ever.",
        ),
        more.pop("advice", "set minAvailable: 50% in `apps/app-01/base/pdb.yaml`, or 3 replicas"),
        places,
        wave,
    )


def plan_of(clusters: int = 3, overlays: int = 4, workloads: int = 5, **more: Any) -> Plan:
    """An upgrade in place: every workload's image changes, and that of few an annotation too; the
    second wave is blocked.
    """
    names = [f"cluster-{number:02}" for number in range(1, clusters + 1)]
    places = [
        place(name, overlay, number, "StatefulSet" if number == 1 else "Deployment")
        for name in names
        for overlay in range(overlays)
        for number in range(workloads)
    ]
    few = tuple(places[:2])
    many = tuple(places[2:]) or few
    image = Change(
        "spec.initContainers[istio-proxy].image", IMAGE.format("1.29.2"), IMAGE.format("1.31.1")
    )
    environment = Change(
        "spec.initContainers[istio-proxy].env[ISTIO_META_X]", ABSENT, {"name": "X", "value": "1"}
    )
    groups = (
        _group(1, "istio-proxy, istio-init: image", (image,), many),
        _group(2, "istio-proxy: image, env", (image, environment), few),
    )
    waves = tuple(_wave(at, name, places) for at, name in enumerate(names, 1))
    restarts = _restarts(names, places, few)
    count = len(places)
    made = Plan(
        title="Istio 1.29.2 to 1.31.1",
        way="in place",
        waves_by="cluster",
        before=(MeshUse("default", "1.29.2", count, tuple(names)),),
        after=(MeshUse("default", "1.31.1", count, tuple(names)),),
        totals=Totals(
            clusters * overlays, clusters, clusters * overlays, count, (count, count), count,
            clusters * overlays, count, 2 * count, sum(each.outage for each in restarts),
            1, 1, clusters,
        ),
        waves=waves,
        groups=groups,
        restarts=restarts,
        gates=tuple(each for wave in waves for each in wave.gates),
        requests=_requests(names, overlays, workloads),
        assumptions=(
            "Pods are counted as the manifests state replicas.",
            "The oldest kubelet of each cluster is that of the fleet file.",
        ),
    )  # fmt: skip
    return made._replace(**more)


def _restarts(names: list[str], places: list[Place], few: tuple[Place, ...]) -> tuple[Restart, ...]:
    return tuple(
        Restart(
            each, names.index(each.cluster) + 1,
            "recreate" if at % 37 == 3 else "rolling", 2, "2",
            "25% of 2: at most 0 unavailable, 1 more than wanted", at % 37 == 3,
            2 if each in few else 1,
        )
        for at, each in enumerate(places)
    )  # fmt: skip


def _requests(names: list[str], overlays: int, workloads: int) -> tuple[Requests, ...]:
    return tuple(
            Requests(
                name, f"app-{overlay:02}", 2 * workloads, 4 * workloads,
                (500 * workloads, 700 * workloads),
                (workloads * 2**27, workloads * 2**27 - overlay * 2**20),
                (1000 * workloads, 1400 * workloads), (workloads * 2**28, workloads * 2**28),
                int(overlay == 1),
            )
            for name in names
            for overlay in range(overlays)
        )  # fmt: skip


def _group(
    number: int, title: str, changes: tuple[Change, ...], places: tuple[Place, ...]
) -> ChangeGroup:
    targets = {each.target for each in places}
    return ChangeGroup(number, title, changes, places, len(targets), 2 * len(places))


def _wave(number: int, cluster: str, places: list[Place]) -> Wave:
    own = tuple(each for each in places if each.cluster == cluster)
    return Wave(
        number=number,
        title=f"cluster {cluster}",
        by="cluster",
        why="Its label stage is canary." if number == 1 else "In the order of the fleet file.",
        state="blocked" if number == 2 else "ready",
        targets=tuple(dict.fromkeys(each.target for each in own)),
        namespaces=tuple(dict.fromkeys((cluster, each.namespace) for each in own)),
        workloads=len(own),
        restarting=len(own),
        pods=2 * len(own),
        groups=((1, len(own)),),
        gates=_gates(number, own),
        labels=_labels(cluster) if number == 1 else (),
        steps=(
            "Upgrade the control plane of the cluster to 1.31.1, and wait until istiod is ready.",
            f"`krm-injector fleet build --cluster {cluster} --mesh mesh-1.31.yaml --output "
            "rendered`",
            "Commit, merge, and watch `kubectl rollout status` of each workload.",
        ),
        back=(
            "Revert the commit: pods go back to 1.29.2, which stays supported by istiod 1.31.",
            "`git revert HEAD`",
        ),
    )


def _gates(number: int, own: tuple[Place, ...]) -> tuple[Gate, ...]:
    gates = [
        gate(
            own[:3], "warns", number, kind="strategy", what="3 workloads with 1 replica",
            why="Their only pod is replaced: requests fail for some seconds.",
            advice="raise replicas to 2 before the wave",
        )
    ]  # fmt: skip
    if number == 2:
        gates.insert(0, gate(own[:1], wave=2))
    return tuple(gates)


def _labels(cluster: str) -> tuple[LabelChange, ...]:
    return (
        LabelChange(
            cluster, "Namespace", "", "app-00", "metadata.labels",
            {"istio-injection": "enabled"}, {"istio.io/rev": "1-31"}, "apps/app-00/ns.yaml", 4,
        ),
    )  # fmt: skip


FAILED = Failed("cluster-01/apps/broken", ("kustomize failed: no such file base/web.yaml",))
