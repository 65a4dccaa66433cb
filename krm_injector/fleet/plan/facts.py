"""What of a bundle decides whether pods can be replaced: PodDisruptionBudgets,
autoscalers, ResourceQuotas and LimitRanges, as JSON values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.judging.advice import resources, scalers
from krm_injector.judging.advice.amounts import pod_amount
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    mappings,
    selects,
)
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import Object, Workload
from krm_injector.outcome import Outcome
from krm_injector.sources.resource_list.members import walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BUDGET_VERSIONS = ("policy/v1", "policy/v1beta1")


def objects_of(outcome: Outcome, default_namespace: str) -> BundleObjects:
    kinds_and_values = ((member.kind, member.value) for member in walk(outcome.bundle))
    return BundleObjects(kinds_and_values, default_namespace, outcome.decisions)


# ---------------------------------------------------------------- budgets


def budgets(
    objects: BundleObjects, workloads: Sequence[Workload], labels: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Each PodDisruptionBudget that selects pods of the bundle, with the indices of its workloads.
    ``labels``: those of each workload's pods.
    """
    by_namespace: dict[str, list[int]] = {}
    for index, workload in enumerate(workloads):
        by_namespace.setdefault(workload.ref.namespace, []).append(index)

    entries = []
    for namespace, value in objects.everywhere("PodDisruptionBudget"):
        if value.get("apiVersion") not in _BUDGET_VERSIONS:
            continue

        candidates = by_namespace.get(namespace, [])
        chosen = [index for index in candidates if _is_covered(value, labels[index])]
        if chosen:
            spec = mapping(value.get("spec"))
            entry: dict[str, Any] = {"namespace": namespace, "name": _name(value)}
            entry.update(
                (field, spec[field])
                for field in ("minAvailable", "maxUnavailable")
                if spec.get(field) is not None
            )
            entries.append({**entry, "workloads": chosen})

    return entries


def _is_covered(budget: Object, labels: Mapping[str, str]) -> bool:
    """An empty selector takes all pods of the Namespace in policy/v1, and none in v1beta1; an
    absent one takes none (k8s.io/api/policy/v1 types.go).
    """
    selector = at(budget, ("spec", "selector"))
    if selector is None:
        return False
    if not selector:
        return budget.get("apiVersion") == "policy/v1"
    return selects(selector, labels)


# ---------------------------------------------------------------- autoscalers


def autoscalers(objects: BundleObjects, workloads: Sequence[Workload]) -> dict[int, dict[str, Any]]:
    """The autoscaler of each workload that has one: kind, name, minimum and maximum, and the
    resources of which it looks at the use in percent of the requests of all containers. What looks
    at one container (ContainerResource) is not among them.
    """
    found: dict[int, dict[str, Any]] = {}
    for index, workload in enumerate(workloads):
        scaler = scalers.of_workload(workload, objects)
        if scaler is None:
            continue

        aims = {
            metric.resource: metric.utilization
            for metric in scaler.metrics
            if metric.utilization is not None and not metric.container
        }
        found[index] = {
            "kind": scaler.ref.kind,
            "name": scaler.ref.name,
            "min": scaler.least,
            "max": scaler.most,
            "utilization": aims,
        }

    return found


# ---------------------------------------------------------------- quotas and limits


def quotas(objects: BundleObjects) -> list[dict[str, Any]]:
    """ResourceQuotas that count every pod. One with scopes is left out."""
    entries = []
    for namespace, value in objects.everywhere("ResourceQuota"):
        spec = mapping(value.get("spec"))
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue

        hard = {str(name): str(amount) for name, amount in mapping(spec.get("hard")).items()}
        entries.append({"namespace": namespace, "name": _name(value), "hard": hard})

    return entries


def limits(before: Outcome, after: Outcome, objects: BundleObjects) -> list[dict[str, Any]]:
    """What LimitRanges say against the pods after the move, and did not say before."""
    entries = list(_unstated(before, after, objects))
    if not objects.has("LimitRange"):
        return entries

    for index in range(len(after.decisions)):
        known = {text for _, text in _limited(before, index, objects)}
        entries += [
            {"workload": index, "what": what, "message": text}
            for what, text in _limited(after, index, objects)
            if text not in known
        ]

    return entries


def _unstated(before: Outcome, after: Outcome, objects: BundleObjects) -> Iterator[dict[str, Any]]:
    """ResourceQuotas for which every container must state something that a new sidecar does not."""
    if not objects.has("ResourceQuota"):
        return

    known = {finding.message for finding in _quota_findings(before, objects)}
    for finding in _quota_findings(after, objects):
        if finding.code != "quota-unstated" or finding.message in known:
            continue

        namespace = finding.resource.namespace if finding.resource else ""
        for index, decision in enumerate(after.decisions):
            if decision.injected and decision.workload.ref.namespace == namespace:
                what, message = str(finding.resource), finding.message
                yield {"workload": index, "what": what, "message": message}
                break


def _quota_findings(outcome: Outcome, objects: BundleObjects) -> list[Finding]:
    loads = []
    for decision in outcome.decisions:
        workload = decision.workload
        injected = at(outcome.replacements.get(workload.item), workload.inside)
        template = at(workload.object, workload.template)
        after = at(injected, workload.template) if decision.injected else None
        loads.append(resources.load_of(workload, template, after))
    return list(resources.quotas(loads, objects))


def _limited(outcome: Outcome, index: int, objects: BundleObjects) -> list[tuple[str, str]]:
    decision = outcome.decisions[index]
    workload = decision.workload
    injected = at(outcome.replacements.get(workload.item), workload.inside)
    if not decision.injected or not isinstance(injected, dict):
        return []

    findings = resources.limit_ranges(InjectedWorkload(decision, injected), objects)
    return [(str(each.resource), each.message) for each in findings]


def _name(value: Object) -> str:
    return str(at(value, ("metadata", "name")) or "")


# ---------------------------------------------------------------- what pods ask for


def amounts(spec: Object) -> dict[str, int]:
    """What a pod asks for, in whole thousandths of a core and bytes (rounded up, as the scheduler
    does); only what it asks for.
    """
    found = {}
    for name, (part, resource) in resources.QUOTAS.items():
        if name in ("cpu", "memory"):
            continue

        billionths = pod_amount(spec, part, resource)
        if billionths:
            unit = 10**6 if resource == "cpu" else 10**9
            found[name] = -(-billionths // unit)

    return found


def sidecars(before: Object, after: Object) -> list[dict[str, Any]]:
    """The containers that injection adds, with their requests and limits. Native sidecars, which
    are init containers that keep running, are told apart.
    """
    own = {container.get("name") for container in _containers(before)}
    found = []
    for container in _containers(after):
        name = container.get("name")
        if name in own and name != PROXY_CONTAINER:
            continue

        stated = mapping(container.get("resources"))
        found.append(
            {
                "name": str(name),
                "native": container.get("restartPolicy") == "Always",
                "requests": string_map(stated.get("requests")),
                "limits": string_map(stated.get("limits")),
            }
        )

    return found


def _containers(spec: Object) -> list[Object]:
    return [*mappings(spec.get("initContainers")), *mappings(spec.get("containers"))]
