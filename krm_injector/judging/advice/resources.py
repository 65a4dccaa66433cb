"""ResourceQuota and LimitRange of the bundle against what the proxies ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from krm_injector.judging.advice.subject import (
    Facts,
    Finding,
    Subject,
    mapping,
    mappings,
    ref_of,
    replicas,
    spec_of,
)
from krm_injector.kube.paths import at
from krm_injector.kube.quantity import QuantityError, nano
from krm_injector.model import Object, ResourceRef, Workload

# Names of a quota's entries -> ("requests" | "limits", resource).
QUOTAS = {
    "cpu": ("requests", "cpu"), "requests.cpu": ("requests", "cpu"), "limits.cpu": ("limits", "cpu"),
    "memory": ("requests", "memory"), "requests.memory": ("requests", "memory"),
    "limits.memory": ("limits", "memory"),
    "requests.ephemeral-storage": ("requests", "ephemeral-storage"),
    "limits.ephemeral-storage": ("limits", "ephemeral-storage"),
}  # fmt: skip


class Load(NamedTuple):
    """The pods of one workload: spec before and after injection (the same where it is left alone)."""

    ref: ResourceRef
    replicas: int | None
    before: Object
    after: Object


def amount(container: Object, part: str, resource: str) -> int | None:
    """A container's request or limit in billionths; a request that is not stated is the limit (as
    the API server defaults it); None where neither is stated or it is no quantity.
    """
    resources = mapping(container.get("resources"))
    stated = at(resources, (part, resource))
    if stated is None and part == "requests":
        stated = at(resources, ("limits", resource))
    return number(stated)


def number(stated: Any) -> int | None:
    if stated is None:
        return None
    try:
        return nano(stated)
    except QuantityError:
        return None


def pod_amount(spec: Object, part: str, resource: str) -> int:
    """What a pod asks for, in billionths: the containers and running init containers together, or
    the most that an init container needs beside those already running (Kubernetes' resource
    helpers, 1.28+).
    """
    running, peak = 0, 0
    for container in mappings(spec.get("initContainers")):
        asks = amount(container, part, resource) or 0
        if container.get("restartPolicy") == "Always":
            running += asks
            peak = max(peak, running)
        else:
            peak = max(peak, running + asks)

    steady = running + sum(
        amount(one, part, resource) or 0 for one in mappings(spec.get("containers"))
    )
    overhead = number(at(spec, ("overhead", resource))) or 0
    return max(steady, peak) + overhead


def quotas(loads: Iterable[Load], facts: Facts) -> Iterator[Finding]:
    """Per ResourceQuota: the sums of its Namespace before and after injection. One with scopes is
    left out.
    """
    by_namespace: dict[str, list[Load]] = {}
    for load in loads:
        by_namespace.setdefault(load.ref.namespace, []).append(load)

    for namespace, quota in facts.everywhere("ResourceQuota"):
        spec = mapping(quota.get("spec"))
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue
        for name, hard in mapping(spec.get("hard")).items():
            if name in QUOTAS:
                yield from _quota(namespace, quota, name, hard, by_namespace.get(namespace, []))


def _quota(
    namespace: str, quota: Object, name: str, hard: Any, loads: list[Load]
) -> Iterator[Finding]:
    part, resource = QUOTAS[name]
    most = number(hard)
    if most is None or not loads:
        return

    before = sum(pod_amount(load.before, part, resource) * (load.replicas or 0) for load in loads)
    after = sum(pod_amount(load.after, part, resource) * (load.replicas or 0) for load in loads)
    ref = ref_of(quota, "ResourceQuota", namespace)
    field = f'spec.hard["{name}"]' if "." in name else f"spec.hard.{name}"
    if before <= most < after:
        per_node = [str(load.ref) for load in loads if load.replicas is None]
        beside = f", not counting {', '.join(per_node[:3])} (one pod a node)" if per_node else ""
        message = (
            f"{ref} allows {name} {hard}; the workloads of the bundle ask for "
            f"{shown(before, resource)} without and {shown(after, resource)} with their "
            f"proxies{beside}: pods over the quota are not created. Raise it to at least "
            f"{shown(after, resource)}, or lower the proxies' resources "
            "(sidecar.istio.io/proxyCPU, proxyMemory and their Limit forms)"
        )
        yield Finding("quota-exceeded", message, field, hard, shown(after, resource), ref, quota)

    lacking = sorted({
        str(container.get("name")) for load in loads if load.after is not load.before
        for container in _added(load) if amount(container, part, resource) is None
    })  # fmt: skip
    if lacking:
        message = (
            f"{ref} limits {name}, so every container must state {part}.{resource}; injected ones "
            f"do not: {', '.join(lacking)}. Their pods are refused unless a LimitRange gives a "
            "default"
        )
        yield Finding("quota-unstated", message, field, hard, None, ref, quota)


def _added(load: Load) -> list[Object]:
    known = {
        c.get("name")
        for field in ("initContainers", "containers")
        for c in mappings(load.before.get(field))
    }
    fields = ("initContainers", "containers")
    return [
        c for field in fields for c in mappings(load.after.get(field)) if c.get("name") not in known
    ]


def limit_ranges(subject: Subject, facts: Facts) -> Iterator[Finding]:
    for value in facts.of("LimitRange", subject.ref.namespace):
        ref = ref_of(value, "LimitRange", subject.ref.namespace)
        for index, limit in enumerate(mappings(at(value, ("spec", "limits")))):
            if limit.get("type") == "Container":
                outside = [
                    o for container in subject.added for o in _container_outside(container, limit)
                ]
            elif limit.get("type") == "Pod":
                outside = [
                    o
                    for o in _pod_outside(subject.after, limit)
                    if o not in _pod_outside(subject.before, limit)
                ]
            else:
                continue

            if outside:
                message = (
                    f"{ref} refuses the injected pods of {subject.ref}: {'; '.join(outside)}. "
                    "Change the proxy's resources (sidecar.istio.io/proxyCPU, proxyMemory and "
                    "their Limit forms) or the LimitRange"
                )
                yield Finding(
                    "limit-range", message, f"spec.limits[{index}]", None, None, ref, value
                )


def _container_outside(container: Object, limit: Object) -> Iterator[str]:
    name = container.get("name")
    for resource in {
        **mapping(limit.get("min")),
        **mapping(limit.get("max")),
        **mapping(limit.get("maxLimitRequestRatio")),
    }:
        request, most = (
            amount(container, "requests", resource),
            amount(container, "limits", resource),
        )
        if request is None:
            request = number(at(limit, ("defaultRequest", resource)))
        if most is None:
            most = number(at(limit, ("default", resource)))

        yield from _outside(f"{name}", resource, request, most, limit)


def _pod_outside(spec: Object, limit: Object) -> list[str]:
    found: list[str] = []
    for resource in {
        **mapping(limit.get("min")),
        **mapping(limit.get("max")),
        **mapping(limit.get("maxLimitRequestRatio")),
    }:
        request, most = pod_amount(spec, "requests", resource), pod_amount(spec, "limits", resource)
        found += _outside("the pod", resource, request, most or None, limit)

    return found


def _outside(
    who: str, resource: str, request: int | None, most: int | None, limit: Object
) -> Iterator[str]:
    least, highest = number(at(limit, ("min", resource))), number(at(limit, ("max", resource)))
    ratio = number(at(limit, ("maxLimitRequestRatio", resource)))
    if least is not None and (request is None or request < least):
        yield f"{who}'s request of {resource} {shown(request, resource)} is under {shown(least, resource)}"
    if highest is not None and (most is None or most > highest):
        yield f"{who}'s limit of {resource} {shown(most, resource)} is over {shown(highest, resource)}"
    if ratio is not None and request and most is not None and most * 10**9 > ratio * request:
        yield f"{who}'s limit of {resource} is {most / request:g} times its request, allowed is {ratio / 10**9:g}"


def shown(billionths: int | None, resource: str) -> str:
    """An amount as people write it: 1500m, 1536Mi."""
    if billionths is None:
        return "(not stated)"

    if resource == "cpu":
        milli = -(-billionths // 10**6)
        return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"

    size = -(-billionths // 10**9)
    for suffix, power in (("Gi", 30), ("Mi", 20), ("Ki", 10)):
        if size and size % (1 << power) == 0:
            return f"{size >> power}{suffix}"

    return str(size)


def load_of(workload: Workload, template: Any, after: Any) -> Load:
    before = spec_of(template)
    return Load(
        workload.ref, replicas(workload), before, before if after is None else spec_of(after)
    )
