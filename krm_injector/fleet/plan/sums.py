"""What pods request in sum, per Namespace and cluster, before and after a move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.plan.model import Requests
from krm_injector.fleet.plan.work import Work


def requests(work: Iterable[Work]) -> tuple[Requests, ...]:
    """In the order of clusters and Namespaces."""
    sums: dict[tuple[str, str], list[int]] = {}
    for each in work:
        place = each.place
        columns = sums.setdefault((place.cluster, place.namespace), [0] * 11)
        for index, value in enumerate(_columns(each)):
            columns[index] += value

    return tuple(_requests(*key, sums[key]) for key in sorted(sums))


def total(requests: Sequence[Requests], namespace: str) -> Requests:
    """The sum of several, under the cluster of the first."""
    parts = [
        (
            each.pods,
            each.most_pods,
            *each.cpu,
            *each.memory,
            *each.most_cpu,
            *each.most_memory,
            each.per_node,
        )
        for each in requests
    ]
    return _requests(
        requests[0].cluster, namespace, [sum(column) for column in zip(*parts, strict=True)]
    )


def _columns(work: Work) -> list[int]:
    cpu = [work.asks("requests.cpu", side) for side in (0, 1)]
    memory = [work.asks("requests.memory", side) for side in (0, 1)]
    least, most = work.pods, work.most_pods
    return [
        least,
        most,
        *(least * each for each in cpu),
        *(least * each for each in memory),
        *(most * each for each in cpu),
        *(most * each for each in memory),
        int(work.entry["perNode"]),
    ]


def _requests(cluster: str, namespace: str, sums: list[int]) -> Requests:
    pods, most, cpu, cpu_after, memory, memory_after = sums[:6]
    most_cpu, most_cpu_after, most_memory, most_memory_after, per_node = sums[6:]
    return Requests(
        cluster,
        namespace,
        pods,
        most,
        (cpu, cpu_after),
        (memory, memory_after),
        (most_cpu, most_cpu_after),
        (most_memory, most_memory_after),
        per_node,
    )
