"""Autoscalers of the bundle that see other pods than before: with the proxy's requests, or with a
container that requests nothing.

Sources: Kubernetes pkg/controller/podautoscaler replica_calculator.go (calculateRequests; it counts
init containers that keep running since 1.29, and pod-level requests since 1.34), horizontal.go
(computeReplicasForMetrics); its tolerance is 0.1 unless the controller's options say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.judging.advice import scalers
from krm_injector.judging.advice.amounts import (
    PROXY_ANNOTATIONS,
    Defaults,
    amount,
    pod_amount,
    rounded,
    running_containers,
    shown,
)
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    spec_of,
)
from krm_injector.judging.advice.resources import defaults_of
from krm_injector.judging.advice.scalers import Metric, Scaler
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TOLERANCE = 10  # percent by which the use may differ from the target, and nothing happens
_BY_CONTAINER = {  # how a metric names a container
    scalers.HORIZONTAL: "type: ContainerResource (autoscaling/v2, Kubernetes 1.27 and later)",
    scalers.SCALED_OBJECT: "metadata.containerName of the trigger",
}


# ---------------------------------------------------------------- horizontal


def horizontal(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """A HorizontalPodAutoscaler or ScaledObject that scales the workload by its resources."""
    scaler = scalers.of_workload(workload.decision.workload, objects)
    if scaler is None:
        return

    defaults = defaults_of(objects, workload.ref.namespace)
    for metric in scaler.metrics:
        unknown = _unknown_container(scaler, metric, workload.after)
        if unknown is not None:
            yield unknown
        elif metric.utilization is not None:
            yield from _of_requests(workload, scaler, metric, defaults)


def without_proxy(decision: Decision, objects: BundleObjects) -> Iterator[Finding]:
    """An autoscaler that looks at the proxy of a workload that gets none."""
    scaler = scalers.of_workload(decision.workload, objects)
    if scaler is None or decision.results:
        return

    spec = spec_of(at(decision.workload.object, decision.workload.template))
    for metric in scaler.metrics:
        if metric.container == PROXY_CONTAINER:
            unknown = _unknown_container(scaler, metric, spec)
            if unknown is not None:
                yield unknown


def _unknown_container(scaler: Scaler, metric: Metric, spec: Object) -> Finding | None:
    """A metric about a container that the pods do not have."""
    names = [str(container.get("name")) for container in running_containers(spec)]
    if not metric.container or metric.container in names:
        return None

    message = (
        f"{scaler.ref} looks at the {metric.resource} of container {metric.container}, and its "
        f"pods have none of that name: it gets no value of this metric{_consequence(scaler)}. "
        f"They have {', '.join(names)}"
    )
    field, current = metric.container_field, metric.container
    return Finding("autoscaler-container", message, field, current, None, scaler.ref, scaler.object)


def _consequence(scaler: Scaler) -> str:
    """What it does when one of its metrics has no value."""
    only = len(scaler.metrics) + scaler.others == 1
    return ", and does not scale" if only else ", and does not scale down"


def _of_requests(
    workload: InjectedWorkload, scaler: Scaler, metric: Metric, defaults: Defaults
) -> Iterator[Finding]:
    """A target in percent of what the pods request."""
    if _has_own_requests(workload.after) and not metric.container:
        yield from _ratio(workload, scaler, metric, defaults)
        return

    applications = _applications(workload.before)
    before = _lacking(applications, metric, defaults)
    after = _lacking(running_containers(workload.after), metric, defaults)
    if after and not before:
        yield _missing_request(scaler, metric, after)
    elif not after and not metric.container:
        yield from _ratio(workload, scaler, metric, defaults)


def _has_own_requests(spec: Object) -> bool:
    """Whether the pod itself states requests, by which it is then measured."""
    return bool(mapping(at(spec, ("resources", "requests"))))


def _applications(spec: Object) -> list[Object]:
    """The containers that run without the proxy. A container istio-proxy of the user is an override
    of the injected one.
    """
    return [each for each in running_containers(spec) if each.get("name") != PROXY_CONTAINER]


def _lacking(containers: list[Object], metric: Metric, defaults: Defaults) -> list[str]:
    """The containers that the metric is about and that do not request its resource."""
    return [
        str(container.get("name"))
        for container in containers
        if metric.container in ("", container.get("name"))
        and amount(container, "requests", metric.resource, defaults) is None
    ]


# ---------------------------------------------------------------- no request


def _missing_request(scaler: Scaler, metric: Metric, lacking: list[str]) -> Finding:
    names = ", ".join(lacking)
    verb = "requests" if len(lacking) == 1 else "request"
    whose = f"container {metric.container}" if metric.container else "all containers of a pod"
    message = (
        f"{scaler.ref} aims at {metric.utilization}% of the {metric.resource} that {whose} "
        f"{'requests' if metric.container else 'request'}, and {names} {verb} none: it gets no "
        f"value of this metric (missing request for {metric.resource}){_consequence(scaler)}. "
        f"{_request_remedy(scaler, metric, lacking)}"
    )
    field, current = metric.field, metric.stated
    return Finding(
        "autoscaler-missing-request", message, field, current, None, scaler.ref, scaler.object
    )


def _request_remedy(scaler: Scaler, metric: Metric, lacking: list[str]) -> str:
    annotation = PROXY_ANNOTATIONS.get(("requests", metric.resource))
    if lacking == [PROXY_CONTAINER] and annotation:
        remedy = (
            f"Set the annotation {annotation} of the pod template (with the others of its kind: "
            f"one displaces all of the installation's), or requests.{metric.resource} in "
            "global.proxy.resources of the mesh"
        )
    else:
        remedy = f"Give the injected containers a request of {metric.resource} in the mesh"

    if metric.container:
        return remedy
    way = _BY_CONTAINER[scaler.ref.kind]
    return f"{remedy}; or let it look at the application's container alone, by {way}"


# ---------------------------------------------------------------- another ratio


def _ratio(
    workload: InjectedWorkload, scaler: Scaler, metric: Metric, defaults: Defaults
) -> Iterator[Finding]:
    """A percentage of requests that are larger with the proxy by more than the tolerance."""
    aim = metric.utilization or 0
    resource, spec = metric.resource, workload.after
    before = _requested(workload.before, _applications(workload.before), resource, defaults)
    after = _requested(spec, running_containers(spec), resource, defaults)
    if before <= 0 or aim <= 0 or after * 100 <= before * (100 + _TOLERANCE):
        return

    target = after * aim // 100
    same = max(1, round(aim * before / after))
    message = (
        f"{scaler.ref} aims at {aim}% of the {resource} that a pod requests: that is "
        f"{rounded(target, resource)} of {shown(after, resource)} with the proxy, and "
        f"{rounded(before * aim // 100, resource)} of {shown(before, resource)} without it. "
        f"While the proxy uses none, pods are added when the application uses "
        f"{target * 100 // before}% of what it requests"
        f"{_never(workload, metric, target, defaults)}. To scale as before, "
        f"aim at {same}%, or let it look at {_names(workload)} alone, by "
        f"{_BY_CONTAINER[scaler.ref.kind]}"
    )
    current = metric.stated
    proposed: Any = str(same) if isinstance(current, str) else same
    if metric.stated is None:
        proposed = None  # nothing is written there
    yield Finding(
        "autoscaler-ratio", message, metric.field, current, proposed, scaler.ref, scaler.object
    )


def _requested(spec: Object, containers: list[Object], resource: str, defaults: Defaults) -> int:
    """What the autoscaler takes for the request of a pod with these containers."""
    if _has_own_requests(spec):
        return pod_amount(spec, "requests", resource, defaults)
    return sum(amount(each, "requests", resource, defaults) or 0 for each in containers)


def _never(workload: InjectedWorkload, metric: Metric, target: int, defaults: Defaults) -> str:
    """Whether the limits of the application keep it from ever using that much."""
    limits = [
        amount(container, "limits", metric.resource, defaults)
        for container in _applications(workload.before)
    ]
    stated = [limit for limit in limits if limit is not None]
    if len(stated) < len(limits) or sum(stated) >= target:
        return ""
    return f", more than its limit of {shown(sum(stated), metric.resource)} allows"


def _names(workload: InjectedWorkload) -> str:
    names = [str(container.get("name")) for container in _applications(workload.before)]
    return f"container {names[0]}" if len(names) == 1 else f"one of {', '.join(names)}"
