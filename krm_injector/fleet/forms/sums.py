"""What the targets of a report come to: per cluster, per control plane, per Namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from krm_injector.fleet.forms.placed import Placed
from krm_injector.fleet.forms.results import has_errors
from krm_injector.fleet.model import Report, Target, TargetResult
from krm_injector.judging.advice.amounts import number
from krm_injector.judging.advice.requests import Added
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VERDICTS = ("injected", "left out", "error")


class NamespaceSum(NamedTuple):
    cluster: str
    namespace: str
    added: Added


class ClusterSum(NamedTuple):
    name: str
    targets: int
    failed: int  # of the targets
    workloads: int
    injected: int
    left_out: int
    errors: int  # workloads that injection refuses
    versions: dict[str, int]  # version of Istio -> workloads that it injects
    added: Added  # to the pods that their objects state, or the least of their autoscalers
    most: Added  # with autoscalers at the most


class PlaneSum(NamedTuple):
    """A control plane as the targets see it."""

    version: str  # "" where it is not known
    revision: str
    source: str  # as in docs/explain.schema.json
    clusters: int
    targets: int
    workloads: int  # that it injects


def of_clusters(
    report: Report, targets: Mapping[str, Target], placed: Iterable[Placed]
) -> tuple[ClusterSum, ...]:
    names = sorted({targets[result.name].cluster for result in report.results})
    target_counts = {name: [0, 0] for name in names}
    added, most = dict.fromkeys(names, Added()), dict.fromkeys(names, Added())
    for result in report.results:
        cluster = targets[result.name].cluster
        target_counts[cluster][0] += 1
        target_counts[cluster][1] += has_errors(result)
        for _, least_of_target, most_of_target in _requests(result):
            added[cluster] = added[cluster].plus(least_of_target)
            most[cluster] = most[cluster].plus(most_of_target)

    verdicts = {name: dict.fromkeys(_VERDICTS, 0) for name in names}
    for each in placed:
        verdicts[each.cluster][each.workload["verdict"]] += 1

    versions = _versions(report, targets)
    return tuple(
        _cluster(name, target_counts[name], verdicts[name], versions[name])._replace(
            added=added[name], most=most[name]
        )
        for name in names
    )


def _cluster(
    name: str,
    targets: Sequence[int],
    verdicts: Mapping[str, int],
    versions: dict[str, int],
) -> ClusterSum:
    """A cluster's sum, without what is added."""
    injected, left_out, errors = (verdicts[verdict] for verdict in _VERDICTS)
    workloads = injected + left_out + errors
    count, failed = targets
    return ClusterSum(
        name, count, failed, workloads, injected, left_out, errors, versions, Added(), Added()
    )


def _versions(report: Report, targets: Mapping[str, Target]) -> dict[str, dict[str, int]]:
    """Cluster -> version -> workloads that it injects."""
    result: dict[str, dict[str, int]] = {}
    for one in report.results:
        counts = result.setdefault(targets[one.name].cluster, {})
        for mesh, count in _injected_by(one):
            version = mesh.get("version") or "unknown"
            counts[version] = counts.get(version, 0) + count

    return result


def _injected_by(result: TargetResult) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Each control plane of a target, with the number of workloads that it injects."""
    counts: dict[str, int] = {}
    for workload in result.data.get("workloads") or ():
        if workload["verdict"] == "injected":
            revision = workload.get("revision", "")
            counts[revision] = counts.get(revision, 0) + 1

    for mesh in result.data.get("meshes") or ():
        yield mesh, counts.get(mesh["revision"], 0)


def of_planes(report: Report, targets: Mapping[str, Target]) -> tuple[PlaneSum, ...]:
    """The control planes of the whole fleet, the one that injects most workloads first."""
    seen: dict[tuple[str, str, str], tuple[set[str], list[int]]] = {}
    for result in report.results:
        for mesh, count in _injected_by(result):
            key = (mesh.get("version") or "", mesh["revision"], mesh.get("source") or "")
            clusters, workloads = seen.setdefault(key, (set(), []))
            clusters.add(targets[result.name].cluster)
            workloads.append(count)

    planes = [
        PlaneSum(*key, len(clusters - {""}), len(workloads), sum(workloads))
        for key, (clusters, workloads) in seen.items()
    ]
    return tuple(sorted(planes, key=lambda plane: (-plane.workloads, plane)))


def of_namespaces(report: Report, targets: Mapping[str, Target]) -> tuple[NamespaceSum, ...]:
    """What is added in each Namespace of each cluster, where something is."""
    totals: dict[tuple[str, str], Added] = {}
    for result in report.results:
        cluster = targets[result.name].cluster
        for namespace, more, _ in _requests(result):
            key = (cluster, namespace)
            totals[key] = totals.get(key, Added()).plus(more)

    return tuple(
        NamespaceSum(*key, added) for key, added in sorted(totals.items()) if added != Added()
    )


def _requests(result: TargetResult) -> Iterator[tuple[str, Added, Added]]:
    """Each Namespace with what is added to its pods, and the same with autoscalers at the most."""
    for namespace, amounts in (result.data.get("requests") or {}).items():
        least = _added(amounts)
        yield namespace, least, _added(amounts["most"]) if amounts.get("most") else least


def _added(amounts: Mapping[str, Any]) -> Added:
    cpu, memory = number(amounts.get("cpu")), number(amounts.get("memory"))
    return Added(amounts.get("pods") or 0, cpu or 0, memory or 0)


def total(sums: Iterable[NamespaceSum | ClusterSum]) -> Added:
    result = Added()
    for each in sums:
        result = result.plus(each.added)
    return result


def most(clusters: Iterable[ClusterSum]) -> Added:
    """The total with autoscalers at the most."""
    result = Added()
    for each in clusters:
        result = result.plus(each.most)
    return result
