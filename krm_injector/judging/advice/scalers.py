"""The autoscalers of a bundle, read into one form: HorizontalPodAutoscalers of every version, and
KEDA's ScaledObjects, from which KEDA makes a HorizontalPodAutoscaler.

Sources: k8s.io/api autoscaling v1, v2beta1, v2beta2, v2; their defaults in Kubernetes
pkg/apis/autoscaling (v2/defaults.go, v1/conversion.go, 1.34); KEDA 2.19
apis/keda/v1alpha1/scaledobject_types.go, pkg/scalers/cpu_memory_scaler.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    mapping,
    mappings,
    ref_of,
    replicas,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef, Workload
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HORIZONTAL = "HorizontalPodAutoscaler"
SCALED_OBJECT = "ScaledObject"
VERTICAL = "VerticalPodAutoscaler"
DEFAULT_UTILIZATION = 80  # of cpu, where a HorizontalPodAutoscaler names no metric
# Where kubectl and the API server keep the metrics for which autoscaling/v1 has no field, as JSON.
OTHER_METRICS = "autoscaling.alpha.kubernetes.io/metrics"
_OF_V1 = "spec.targetCPUUtilizationPercentage"
_SOURCES = {"Resource": "resource", "ContainerResource": "containerResource"}  # by type
_KEDA_MOST = 100


class Metric(NamedTuple):
    """The use of a resource that an autoscaler aims at."""

    resource: str  # cpu, memory
    container: str  # "" for all containers of the pod together
    utilization: int | None  # in percent of what is requested; None: an amount
    field: str  # of the autoscaler: what states the percentage, or where it would stand
    stated: Any = None  # the field's value
    container_field: str = ""  # what names the container


class Scaler(NamedTuple):
    ref: ResourceRef
    object: Object
    least: int
    most: int
    metrics: tuple[Metric, ...]
    others: int = 0  # metrics of other kinds


def of_workload(workload: Workload, objects: BundleObjects) -> Scaler | None:
    """The autoscaler of a workload. A number of replicas that is 0 turns it off."""
    if not (objects.has(HORIZONTAL) or objects.has(SCALED_OBJECT)) or not workload.only:
        return None

    if objects.scalers is None:
        objects.scalers = _all(objects)
    ref = workload.ref
    scaler = objects.scalers.get((ref.namespace, ref.kind, ref.name))
    if scaler is None or replicas(workload) == 0:
        return None
    found: Scaler = scaler
    return found


def pods(workload: Workload, scaler: Scaler | None) -> tuple[int, int] | None:
    """The least and the most pods that run at once; None if only the cluster knows (DaemonSet). An
    autoscaler wins over the number that the object states.
    """
    if scaler is not None:
        return scaler.least, scaler.most

    stated = replicas(workload)
    return None if stated is None else (stated, stated)


def vertical(ref: ResourceRef, objects: BundleObjects) -> Iterator[Object]:
    """The VerticalPodAutoscalers of a workload."""
    for value in objects.of(VERTICAL, ref.namespace):
        target = mapping(at(value, ("spec", "targetRef")))
        if target.get("kind") == ref.kind and target.get("name") == ref.name:
            yield value


def _all(objects: BundleObjects) -> dict[tuple[str, str, str], Scaler]:
    """By Namespace, kind and name of the target; the first one of several."""
    found: dict[tuple[str, str, str], Scaler] = {}
    for kind, read in ((HORIZONTAL, _horizontal), (SCALED_OBJECT, _scaled_object)):
        for namespace, value in objects.everywhere(kind):
            target = mapping(at(value, ("spec", "scaleTargetRef")))
            of_kind = target.get("kind") or ("Deployment" if kind == SCALED_OBJECT else "")
            key = (namespace, str(of_kind), str(target.get("name")))
            found.setdefault(key, read(value, ref_of(value, kind, namespace)))

    return found


def _integer(value: Any) -> int | None:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return value if is_integer else None


# ---------------------------------------------------------------- HorizontalPodAutoscaler


def _horizontal(value: Object, ref: ResourceRef) -> Scaler:
    spec = mapping(value.get("spec"))
    least = _integer(spec.get("minReplicas"))
    least = 1 if least is None else least
    most = _integer(spec.get("maxReplicas")) or least

    stated, annotated = mappings(spec.get("metrics")), _annotated(value)
    listed = list(_listed(stated, "spec.metrics"))
    listed += _listed(annotated, f'metadata.annotations["{OTHER_METRICS}"]')
    others = len(stated) + len(annotated) - len(listed)
    metrics = [*_of_v1(spec), *listed]
    if not metrics and not others:
        is_v1 = ref.api_version == "autoscaling/v1"
        field = _OF_V1 if is_v1 else "spec.metrics"
        metrics.append(Metric("cpu", "", DEFAULT_UTILIZATION, field))

    return Scaler(ref, value, least, max(least, most), tuple(metrics), others)


def _of_v1(spec: Object) -> Iterator[Metric]:
    aim = _integer(spec.get("targetCPUUtilizationPercentage"))
    if aim is not None:
        yield Metric("cpu", "", aim, _OF_V1, aim)


def _annotated(value: Object) -> list[Object]:
    """The metrics that autoscaling/v1 keeps in an annotation."""
    text = at(value, ("metadata", "annotations", OTHER_METRICS))
    if not isinstance(text, str):
        return []

    from krm_injector.kube import c_json  # late: this annotation is rare

    try:
        return mappings(c_json.bounded_loads(text))
    except ValueError:
        return []


def _listed(metrics: Sequence[Object], place: str) -> Iterator[Metric]:
    """The metrics of a list that are about resources."""
    for index, metric in enumerate(metrics):
        source = _SOURCES.get(str(metric.get("type")), "")
        stated = metric.get(source)
        if not isinstance(stated, dict):
            continue

        container = "" if source == "resource" else str(stated.get("container") or "")
        if not container and source != "resource":
            continue  # the API server refuses it

        path = "target.averageUtilization"
        aim = at(stated, path.split("."))
        if aim is None and "targetAverageUtilization" in stated:  # v2beta1
            path = "targetAverageUtilization"
            aim = stated[path]

        base = f"{place}[{index}].{source}"
        yield Metric(
            str(stated.get("name")),
            container,
            _integer(aim),
            f"{base}.{path}",
            aim,
            f"{base}.container",
        )


# ---------------------------------------------------------------- ScaledObject


def _scaled_object(value: Object, ref: ResourceRef) -> Scaler:
    spec = mapping(value.get("spec"))
    least = _integer(spec.get("minReplicaCount")) or 1  # the one that KEDA makes never has 0
    most = _integer(spec.get("maxReplicaCount")) or _KEDA_MOST

    triggers = mappings(spec.get("triggers"))
    metrics = []
    for index, trigger in enumerate(triggers):
        if trigger.get("type") not in ("cpu", "memory"):
            continue

        metadata = mapping(trigger.get("metadata"))
        stated = metadata.get("value")
        aim = None
        if (trigger.get("metricType") or metadata.get("type")) == "Utilization":
            digits = str(stated)
            aim = int(digits) if digits.isdecimal() and len(digits) < 10 else None
        container = str(metadata.get("containerName") or "")
        base = f"spec.triggers[{index}].metadata"
        field, named = f"{base}.value", f"{base}.containerName"
        metrics.append(Metric(str(trigger["type"]), container, aim, field, stated, named))

    others = len(triggers) - len(metrics)
    return Scaler(ref, value, least, max(least, most), tuple(metrics), others)
