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

    def times(self, pods: int) -> Sum:
        return Sum(*(each * pods for each in self))

    @property
    def added(self) -> Added:
        return Added(self.injected, self.cpu_after - self.cpu, self.memory_after - self.memory)


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
    found: dict[str, Requests] = {}
    for load in loads:
        namespace = load.ref.namespace
        more = _of_load(load, defaults_of(objects, namespace))
        found[namespace] = found[namespace].plus(more) if namespace in found else more

    return {name: found[name] for name in sorted(found)}


def in_all(of_namespaces: Mapping[str, Requests]) -> Requests:
    total = Requests()
    for each in of_namespaces.values():
        total = total.plus(each)
    return total


def _of_load(load: Load, defaults: Defaults) -> Requests:
    if load.pods is None:
        return Requests(per_node=1)

    least, most = load.pods
    of_one = _of_one_pod(load, defaults)
    sums = of_one.times(least)
    return Requests(sums, sums if most == least else of_one.times(most))


def _of_one_pod(load: Load, defaults: Defaults) -> Sum:
    cpu, memory = pod_requests(load.before, defaults)
    if load.after is load.before:
        return Sum(1, 0, cpu, cpu, memory, memory)

    cpu_after, memory_after = pod_requests(load.after, defaults)
    return Sum(1, 1, cpu, cpu_after, memory, memory_after)
