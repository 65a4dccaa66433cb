"""The resources of the proxies, compared with ResourceQuota and LimitRange of the bundle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from krm_injector.judging.advice import scalers
from krm_injector.judging.advice.amounts import (
    Defaults,
    amount,
    limit_defaults,
    number,
    pod_amount,
    shown,
)
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    mappings,
    ref_of,
    spec_of,
)
from krm_injector.judging.advice.scalers import Scaler
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.judging.advice.amounts import Part

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
_RESOURCES = "sidecar.istio.io/proxyCPU, proxyMemory and their Limit forms"  # in messages
_NAMED = 3  # workloads or autoscalers that a message names


class Quota(NamedTuple):
    """A ResourceQuota, and the workloads of its Namespace."""

    object: Object
    ref: ResourceRef
    loads: list[Load]


class Load(NamedTuple):
    """The pods of one workload: the spec before and after injection, the same if it is not
    injected.
    """

    ref: ResourceRef
    pods: tuple[int, int] | None  # the least and the most; None: one pod per node
    before: Object
    after: Object
    scaler: ResourceRef | None = None  # what makes their number vary


def load_of(
    workload: Workload, template: Any, injected_template: Any, scaler: Scaler | None = None
) -> Load:
    """injected_template: None if the workload is not injected."""
    before = spec_of(template)
    after = before if injected_template is None else spec_of(injected_template)
    pods = scalers.pods(workload, scaler)
    return Load(workload.ref, pods, before, after, scaler.ref if scaler else None)


def defaults_of(objects: BundleObjects, namespace: str) -> Defaults:
    """What the LimitRanges of a Namespace give to containers."""
    found = objects.defaults.get(namespace)
    if found is None:
        found = limit_defaults(objects.of("LimitRange", namespace))
        objects.defaults[namespace] = found
    return found


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

        stated = Quota(quota, ref_of(quota, "ResourceQuota", namespace), by_namespace[namespace])
        defaults = defaults_of(objects, namespace)
        for name, hard in mapping(spec.get("hard")).items():
            if name in QUOTAS and number(hard) is not None:
                yield from _exceeded(stated, name, defaults)
                yield from _unstated(stated, name, defaults)


def _exceeded(quota: Quota, name: str, defaults: Defaults) -> Iterator[Finding]:
    """A quota that is kept without the proxies and exceeded with them: by the pods that there are
    at least, or else by those that autoscalers may make.
    """
    hard = quota.object["spec"]["hard"][name]
    allowed = number(hard) or 0
    least, most = _asked(quota.loads, name, defaults)
    if least[0] <= allowed < least[1]:
        yield _over(quota, name, least, f"the workloads of the bundle{_uncounted(quota.loads)}")
    elif most[0] <= allowed < most[1]:
        scaled = [load for load in quota.loads if load.pods and load.pods[0] != load.pods[1]]
        names = [f"{load.scaler}: {counted(load.pods[1], 'pod')}" for load in scaled if load.pods]
        more = ", ..." if len(names) > _NAMED else ""
        who = (
            f"the workloads of the bundle{_uncounted(quota.loads)}, with their autoscalers at the "
            f"most ({', '.join(names[:_NAMED])}{more}),"
        )
        yield _over(quota, name, most, who)


def _asked(
    loads: Iterable[Load], name: str, defaults: Defaults
) -> tuple[tuple[int, int], tuple[int, int]]:
    """What the pods ask for before and after injection: the least, and the most."""
    part, resource = QUOTAS[name]
    sums = [0, 0, 0, 0]
    for load in loads:
        least, most = load.pods or (0, 0)
        before = pod_amount(load.before, part, resource, defaults)
        after = before
        if load.after is not load.before:
            after = pod_amount(load.after, part, resource, defaults)

        for index, more in enumerate((before * least, after * least, before * most, after * most)):
            sums[index] += more

    return (sums[0], sums[1]), (sums[2], sums[3])


def _over(quota: Quota, name: str, asked: tuple[int, int], who: str) -> Finding:
    """``who``: whose pods ask for that much before and after injection."""
    _, resource = QUOTAS[name]
    hard = quota.object["spec"]["hard"][name]
    before, needed = (shown(each, resource) for each in asked)
    message = (
        f"{quota.ref} allows {name} {hard}; {who} ask for {before} without and {needed} with their "
        f"proxies: pods over the quota are not created. Raise it to at least {needed}, or lower "
        f"the proxies' resources ({_RESOURCES})"
    )
    field = _hard_field(name)
    return Finding("quota-exceeded", message, field, hard, needed, quota.ref, quota.object)


def _uncounted(loads: Iterable[Load]) -> str:
    per_node = [str(load.ref) for load in loads if load.pods is None]
    names = ", ".join(per_node[:_NAMED])
    return f", not counting {names} (one pod a node)," if per_node else ""


def _unstated(quota: Quota, name: str, defaults: Defaults) -> Iterator[Finding]:
    """A quota that refuses pods whose containers do not state the value."""
    part, resource = QUOTAS[name]
    lacking = set()
    for load in quota.loads:
        for container in _added_containers(load):
            if amount(container, part, resource, defaults) is None:
                lacking.add(str(container.get("name")))

    if not lacking:
        return

    message = (
        f"{quota.ref} limits {name}, so every container must state {part}.{resource}; injected "
        f"ones do not: {', '.join(sorted(lacking))}. Their pods are refused unless a LimitRange "
        "gives a default"
    )
    hard = quota.object["spec"]["hard"][name]
    yield Finding("quota-unstated", message, _hard_field(name), hard, None, quota.ref, quota.object)


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
    defaults = defaults_of(objects, namespace)
    for limit_range in objects.of("LimitRange", namespace):
        ref = ref_of(limit_range, "LimitRange", namespace)
        for index, limit in enumerate(mappings(at(limit_range, ("spec", "limits")))):
            outside = _outside_limit(workload, limit, defaults)
            if not outside:
                continue

            message = (
                f"{ref} refuses the injected pods of {workload.ref}: {'; '.join(outside)}. "
                f"Change the proxy's resources ({_RESOURCES}) or the LimitRange"
            )
            field = f"spec.limits[{index}]"
            yield Finding("limit-range", message, field, None, None, ref, limit_range)


def _outside_limit(workload: InjectedWorkload, limit: Object, defaults: Defaults) -> list[str]:
    """Each violation of a limit by injection, as a phrase."""
    if limit.get("type") == "Container":
        phrases: list[str] = []
        for container in workload.added:
            phrases += _container_outside(container, limit, defaults)
        return phrases

    if limit.get("type") == "Pod":
        before = _pod_outside(workload.before, limit, defaults)
        after = _pod_outside(workload.after, limit, defaults)
        return [phrase for phrase in after if phrase not in before]

    return []


def _container_outside(container: Object, limit: Object, defaults: Defaults) -> Iterator[str]:
    for resource in _limited_resources(limit):
        request = amount(container, "requests", resource, defaults)
        most = amount(container, "limits", resource, defaults)
        yield from _outside(str(container.get("name")), resource, request, most, limit)


def _pod_outside(spec: Object, limit: Object, defaults: Defaults) -> list[str]:
    phrases: list[str] = []
    for resource in _limited_resources(limit):
        request = pod_amount(spec, "requests", resource, defaults)
        most = pod_amount(spec, "limits", resource, defaults) or None
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
