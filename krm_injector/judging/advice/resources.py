"""The resources of the proxies, compared with ResourceQuota and LimitRange of the bundle.

Amounts are whole numbers in billionths of the resource's unit (kube.quantity.nano).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    mappings,
    ref_of,
    replicas,
    spec_of,
)
from krm_injector.kube.paths import at
from krm_injector.kube.quantity import QuantityError, nano
from krm_injector.model import Object, ResourceRef, Workload
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Part = Literal["requests", "limits"]

# Names of a quota's entries -> (part of a container's resources, resource).
QUOTAS: dict[str, tuple[Part, str]] = {
    "cpu": ("requests", "cpu"),
    "requests.cpu": ("requests", "cpu"),
    "limits.cpu": ("limits", "cpu"),
    "memory": ("requests", "memory"),
    "requests.memory": ("requests", "memory"),
    "limits.memory": ("limits", "memory"),
    "requests.ephemeral-storage": ("requests", "ephemeral-storage"),
    "limits.ephemeral-storage": ("limits", "ephemeral-storage"),
}
CONTAINER_FIELDS = ("initContainers", "containers")
PROXY_RESOURCES = "sidecar.istio.io/proxyCPU, proxyMemory and their Limit forms"  # in messages


class Load(NamedTuple):
    """The pods of one workload: the spec before and after injection, the same if it is not
    injected.
    """

    ref: ResourceRef
    replicas: int | None  # None: one pod per node
    before: Object
    after: Object


def load_of(workload: Workload, template: Any, injected_template: Any) -> Load:
    """injected_template: None if the workload is not injected."""
    before = spec_of(template)
    after = before if injected_template is None else spec_of(injected_template)
    return Load(workload.ref, replicas(workload), before, after)


# ---------------------------------------------------------------- amounts


def amount(container: Object, part: Part, resource: str) -> int | None:
    """A container's request or limit; a request that is not stated is the limit (as the API server
    defaults it); None if neither is stated or it is no quantity.
    """
    resources = mapping(container.get("resources"))
    stated = at(resources, (part, resource))
    if stated is None and part == "requests":
        stated = at(resources, ("limits", resource))
    return number(stated)


def number(stated: Any) -> int | None:
    """A quantity; None if there is none, or it cannot be read."""
    if stated is None:
        return None
    try:
        return nano(stated)
    except QuantityError:
        return None


def pod_amount(spec: Object, part: Part, resource: str) -> int:
    """The resources of a pod: those of the containers and running init containers together, or the
    most that an init container needs beside those already running (Kubernetes' resource helpers,
    1.28+).
    """
    running, peak = 0, 0
    for container in mappings(spec.get("initContainers")):
        asks = amount(container, part, resource) or 0
        if container.get("restartPolicy") == "Always":
            running += asks
            peak = max(peak, running)
        else:
            peak = max(peak, running + asks)

    steady = running
    for container in mappings(spec.get("containers")):
        steady += amount(container, part, resource) or 0

    overhead = number(at(spec, ("overhead", resource))) or 0
    return max(steady, peak) + overhead


def shown(billionths: int | None, resource: str) -> str:
    """An amount in the notation of manifests: 1500m, 1536Mi."""
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


# ---------------------------------------------------------------- ResourceQuota


def quotas(loads: Iterable[Load], objects: BundleObjects) -> Iterator[Finding]:
    """Per ResourceQuota: the sums of its Namespace before and after injection. One with scopes is
    left out.
    """
    by_namespace: dict[str, list[Load]] = {}
    for load in loads:
        by_namespace.setdefault(load.ref.namespace, []).append(load)

    for namespace, quota in objects.everywhere("ResourceQuota"):
        spec = mapping(quota.get("spec"))
        if spec.get("scopes") or spec.get("scopeSelector") or namespace not in by_namespace:
            continue

        ref = ref_of(quota, "ResourceQuota", namespace)
        for name, hard in mapping(spec.get("hard")).items():
            if name in QUOTAS and number(hard) is not None:
                yield from _exceeded(ref, quota, name, by_namespace[namespace])
                yield from _unstated(ref, quota, name, by_namespace[namespace])


def _exceeded(ref: ResourceRef, quota: Object, name: str, loads: list[Load]) -> Iterator[Finding]:
    """A quota that is kept without the proxies and exceeded with them."""
    hard = quota["spec"]["hard"][name]
    most = number(hard) or 0
    part, resource = QUOTAS[name]
    before, after = 0, 0
    for load in loads:
        before += pod_amount(load.before, part, resource) * (load.replicas or 0)
        after += pod_amount(load.after, part, resource) * (load.replicas or 0)

    if not before <= most < after:
        return

    per_node = [str(load.ref) for load in loads if load.replicas is None]
    uncounted = f", not counting {', '.join(per_node[:3])} (one pod a node)" if per_node else ""
    needed = shown(after, resource)
    message = (
        f"{ref} allows {name} {hard}; the workloads of the bundle ask for "
        f"{shown(before, resource)} without and {needed} with their "
        f"proxies{uncounted}: pods over the quota are not created. Raise it to at least "
        f"{needed}, or lower the proxies' resources ({PROXY_RESOURCES})"
    )
    yield Finding("quota-exceeded", message, _hard_field(name), hard, needed, ref, quota)


def _unstated(ref: ResourceRef, quota: Object, name: str, loads: list[Load]) -> Iterator[Finding]:
    """A quota that refuses pods whose containers do not state the value."""
    part, resource = QUOTAS[name]
    lacking = set()
    for load in loads:
        for container in _added_containers(load):
            if amount(container, part, resource) is None:
                lacking.add(str(container.get("name")))

    if not lacking:
        return

    message = (
        f"{ref} limits {name}, so every container must state {part}.{resource}; injected ones "
        f"do not: {', '.join(sorted(lacking))}. Their pods are refused unless a LimitRange gives a "
        "default"
    )
    hard = quota["spec"]["hard"][name]
    yield Finding("quota-unstated", message, _hard_field(name), hard, None, ref, quota)


def _hard_field(name: str) -> str:
    return f'spec.hard["{name}"]' if "." in name else f"spec.hard.{name}"


def _added_containers(load: Load) -> list[Object]:
    if load.after is load.before:
        return []

    own_names = set()
    for field in CONTAINER_FIELDS:
        for container in mappings(load.before.get(field)):
            own_names.add(container.get("name"))

    added = []
    for field in CONTAINER_FIELDS:
        for container in mappings(load.after.get(field)):
            if container.get("name") not in own_names:
                added.append(container)

    return added


# ---------------------------------------------------------------- LimitRange


def limit_ranges(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """Limits of the workload's Namespace that its injected containers, or its pod with them,
    violate.
    """
    namespace = workload.ref.namespace
    for limit_range in objects.of("LimitRange", namespace):
        ref = ref_of(limit_range, "LimitRange", namespace)
        for index, limit in enumerate(mappings(at(limit_range, ("spec", "limits")))):
            outside = _outside_limit(workload, limit)
            if not outside:
                continue

            message = (
                f"{ref} refuses the injected pods of {workload.ref}: {'; '.join(outside)}. "
                f"Change the proxy's resources ({PROXY_RESOURCES}) or the LimitRange"
            )
            field = f"spec.limits[{index}]"
            yield Finding("limit-range", message, field, None, None, ref, limit_range)


def _outside_limit(workload: InjectedWorkload, limit: Object) -> list[str]:
    """Each violation of a limit by injection, as a phrase."""
    if limit.get("type") == "Container":
        phrases: list[str] = []
        for container in workload.added:
            phrases += _container_outside(container, limit)
        return phrases

    if limit.get("type") == "Pod":
        before = _pod_outside(workload.before, limit)
        return [phrase for phrase in _pod_outside(workload.after, limit) if phrase not in before]

    return []


def _container_outside(container: Object, limit: Object) -> Iterator[str]:
    for resource in _limited_resources(limit):
        request = amount(container, "requests", resource)
        most = amount(container, "limits", resource)
        if request is None:
            request = number(at(limit, ("defaultRequest", resource)))
        if most is None:
            most = number(at(limit, ("default", resource)))

        yield from _outside(str(container.get("name")), resource, request, most, limit)


def _pod_outside(spec: Object, limit: Object) -> list[str]:
    phrases: list[str] = []
    for resource in _limited_resources(limit):
        request = pod_amount(spec, "requests", resource)
        most = pod_amount(spec, "limits", resource) or None
        phrases += _outside("the pod", resource, request, most, limit)

    return phrases


def _limited_resources(limit: Object) -> list[str]:
    """The resources that a limit names, each once."""
    fields = (mapping(limit.get(field)) for field in ("min", "max", "maxLimitRequestRatio"))
    return list(dict.fromkeys(resource for field in fields for resource in field))


def _outside(
    owner: str, resource: str, request: int | None, most: int | None, limit: Object
) -> Iterator[str]:
    """request, most: the request and the limit of the owner (a container, or the pod)."""
    least = number(at(limit, ("min", resource)))
    if least is not None and (request is None or request < least):
        asked, allowed = shown(request, resource), shown(least, resource)
        yield f"{owner}'s request of {resource} {asked} is under {allowed}"

    highest = number(at(limit, ("max", resource)))
    if highest is not None and (most is None or most > highest):
        asked, allowed = shown(most, resource), shown(highest, resource)
        yield f"{owner}'s limit of {resource} {asked} is over {allowed}"

    ratio = number(at(limit, ("maxLimitRequestRatio", resource)))
    if ratio is not None and request and most is not None and most * 10**9 > ratio * request:
        yield (
            f"{owner}'s limit of {resource} is {most / request:g} times its request, allowed is "
            f"{ratio / 10**9:g}"
        )
