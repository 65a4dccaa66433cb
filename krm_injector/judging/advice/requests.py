"""What the pods of each Namespace request before and after injection, and what injection adds.

explain, its report and fleets show it. Amounts are billionths (advice/amounts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from krm_injector.judging.advice.amounts import Defaults, pod_requests
from krm_injector.judging.advice.injected_workload import BundleObjects
from krm_injector.judging.advice.resources import Load, defaults_of
from krm_injector.named_tuple import NamedTuple


class Added(NamedTuple):
    """What injection adds to the requests of some pods."""

    pods: int = 0
    cpu: int = 0
    memory: int = 0

    def plus(self, other: Added) -> Added:
        return Added(*(one + more for one, more in zip(self, other, strict=True)))


class Sum(NamedTuple):
    """What some pods request."""

    pods: int = 0
    injected: int = 0  # of the pods
    cpu: int = 0
    cpu_after: int = 0
    memory: int = 0
    memory_after: int = 0

    def plus(self, other: Sum) -> Sum:
        return Sum(*(one + more for one, more in zip(self, other, strict=True)))

    @property
    def added(self) -> Added:
        return Added(self.injected, self.cpu_after - self.cpu, self.memory_after - self.memory)


_FIELDS = len(Sum())


class Requests(NamedTuple):
    """What the pods of some workloads request."""

    least: Sum = Sum()  # of the pods that their objects state, or the least of their autoscalers
    most: Sum = Sum()  # with autoscalers at the most
    per_node: int = 0  # workloads whose pods are one a node, and not counted

    def plus(self, other: Requests) -> Requests:
        least, most = self.least.plus(other.least), self.most.plus(other.most)
        return Requests(least, most, self.per_node + other.per_node)


def by_namespace(loads: Iterable[Load], objects: BundleObjects) -> dict[str, Requests]:
    """In the order of the Namespaces' names."""
    found: dict[str, tuple[list[int], list[int], list[int]]] = {}
    for load in loads:
        namespace = load.ref.namespace
        sums = found.get(namespace)
        if sums is None:
            sums = found[namespace] = [0] * _FIELDS, [0] * _FIELDS, [0]
        _add(load, defaults_of(objects, namespace), *sums)

    return {
        name: Requests(Sum(*least), Sum(*most), per_node[0])
        for name, (least, most, per_node) in sorted(found.items())
    }


def in_all(of_namespaces: Mapping[str, Requests]) -> Requests:
    total = Requests()
    for each in of_namespaces.values():
        total = total.plus(each)
    return total


def _add(
    load: Load, defaults: Defaults, least: list[int], most: list[int], per_node: list[int]
) -> None:
    """Adds a workload to the sums of its Namespace. They are lists, because there are many
    workloads.
    """
    if load.pods is None:
        per_node[0] += 1
        return

    cpu, memory = pod_requests(load.before, defaults)
    is_injected, cpu_after, memory_after = 0, cpu, memory
    if load.after is not load.before:
        is_injected = 1
        cpu_after, memory_after = pod_requests(load.after, defaults)

    of_one_pod = (1, is_injected, cpu, cpu_after, memory, memory_after)
    for pods, sums in zip(load.pods, (least, most), strict=True):
        for index, each in enumerate(of_one_pod):
            sums[index] += each * pods
