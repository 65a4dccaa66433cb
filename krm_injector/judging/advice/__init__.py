"""What injection does to a cluster: warnings with evidence, each with a stable code (codes.py,
docs/warnings.md).

explain, the report and the check function compute it. Plain injection does not. Every check is a
pure function of one workload before and after injection and of the bundle's other objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from krm_injector.function_config import Settings
from krm_injector.judging import admission
from krm_injector.judging.advice import (
    autoscaling,
    lifecycle,
    network,
    overrides,
    pod_security,
    probes,
    proxy_resources,
    requests,
    resources,
    retired_images,
    scalers,
    silence,
    vertical_autoscaling,
)
from krm_injector.judging.advice.injected_workload import BundleObjects, Finding, InjectedWorkload
from krm_injector.judging.advice.overrides import allowed
from krm_injector.judging.advice.requests import Requests
from krm_injector.kube.paths import at
from krm_injector.model import Decision, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.members import walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.codes import Severity

CHECKS = (
    pod_security.check,
    resources.limit_ranges,
    autoscaling.horizontal,
    vertical_autoscaling.vertical,
    proxy_resources.displaced,
    network.port_collision,
    network.proxy_identity,
    network.host_port,
    network.services,
    network.listen_address,
    network.service_account_token,
    probes.probes,
    lifecycle.job,
    lifecycle.init_container,
    lifecycle.disruption_budget,
    lifecycle.images,
    lifecycle.webhook_active,
    overrides.check,
    admission.check,
)


class Advice(NamedTuple):
    """One warning about a run."""

    result: Result  # its resource is the object with the cause, for instance a Service
    # Index of the decision whose workload it is about; None: all workloads of a Namespace together.
    decision: int | None


class Judged(NamedTuple):
    """What injection does to the cluster."""

    advice: tuple[Advice, ...]
    requests: Mapping[str, Requests]  # by Namespace


def advise(
    bundle: Bundle,
    decisions: Iterable[Decision],
    replacements: Mapping[int, Any],
    settings: Settings,
) -> tuple[Advice, ...]:
    """The warnings about a run alone; see judge."""
    return judge(bundle, decisions, replacements, settings).advice


def judge(
    bundle: Bundle,
    decisions: Iterable[Decision],
    replacements: Mapping[int, Any],
    settings: Settings,
) -> Judged:
    """The warnings about a run, in the order of the workloads, then of the quotas; silenced ones
    are left out. And what its pods request.

    decisions: about each workload as it was before injection. replacements: item index -> the item
    as injection leaves it (outcome.Outcome).
    """
    decisions = tuple(decisions)
    kinds_and_values = ((member.kind, member.value) for member in walk(bundle))
    objects = BundleObjects(kinds_and_values, settings.default_namespace, decisions)
    objects.trial = proxy_resources.Trial(settings)

    warnings: list[Advice] = []
    loads: list[resources.Load] = []
    for index, decision in enumerate(decisions):
        workload = decision.workload
        injected = None
        if decision.injected:
            injected = at(replacements.get(workload.item), workload.inside)
            if injected is workload.object:
                injected = None  # refused: an earlier injection is taken back, and that is all

        template = at(workload.object, workload.template)
        injected_template = None
        if isinstance(injected, dict):
            injected_template = at(injected, workload.template)

        scaler = scalers.of_workload(workload, objects)
        loads.append(resources.load_of(workload, template, injected_template, scaler))
        silenced = silence.codes_of(workload.object)
        standing = at(bundle.items[workload.item].value, workload.inside)
        for finding in _findings(decision, standing, injected, objects):
            if allowed.is_gated(finding, settings):
                warnings += _gated(finding, decision, index, settings)
                continue
            if finding.silenced_by is None and silence.covers(silenced, finding.code):
                continue
            warnings += _advice(finding, workload.ref, index, settings)

    for finding in resources.quotas(loads, objects):
        warnings += _advice(finding, None, None, settings)
    for finding in retired_images.of_meshes(decisions, objects):
        warnings += _advice(finding, None, None, settings)

    return Judged(tuple(warnings), requests.by_namespace(loads, objects))


def attach(entries: Sequence[dict[str, Any]], warnings: Iterable[Advice]) -> None:
    """Gives each of explain's entries its "warnings": severity, code, message and, if there is one,
    field.
    """
    for entry in entries:
        entry["warnings"] = []

    for result, index in warnings:
        if index is None:
            continue

        warning = {"severity": result.severity, "code": result.code, "message": result.message}
        if result.field:
            warning["field"] = result.field
        entries[index]["warnings"].append(warning)


def results(warnings: Iterable[Advice]) -> tuple[Result, ...]:
    return tuple(advice.result for advice in warnings)


def summary(results: Iterable[Result], most: int = 1) -> list[Result]:
    """The results for a terminal: the first few of each code, and how many more there are."""
    counts: dict[str, int] = {}
    shown: list[Result] = []
    last: dict[str, int] = {}  # code -> index of its last shown result
    for result in results:
        counts[result.code] = counts.get(result.code, 0) + 1
        if counts[result.code] <= most:
            last[result.code] = len(shown)
            shown.append(result)

    for code, index in last.items():
        hidden = counts[code] - most
        if hidden > 0:
            more = f"... and {hidden} more [{code}]; --output html and --results show all"
            shown[index] = shown[index]._replace(message=f"{shown[index].message}\n{more}")

    return shown


def _findings(
    decision: Decision, standing: Any, injected: Any, objects: BundleObjects
) -> Iterator[Finding]:
    yield from retired_images.of_workload(decision, standing, injected)
    if not isinstance(injected, dict):
        yield from lifecycle.host_network(decision)
        yield from autoscaling.without_proxy(decision, objects)
        return

    workload = InjectedWorkload(decision, injected)
    for check in CHECKS:
        yield from check(workload, objects)


def _gated(
    finding: Finding, decision: Decision, index: int, settings: Settings
) -> Iterator[Advice]:
    """An override that spec.allowOverrides does not allow. The workload's own annotation does not
    silence it: whoever writes that wrote the override too.
    """
    if allowed.is_allowed(finding, decision, settings):
        return

    message = finding.message + allowed.remedy(finding, decision)
    refused = finding._replace(message=message, silenced_by=None)
    yield from _advice(refused, decision.workload.ref, index, settings, "error")


def _advice(
    finding: Finding,
    ref: ResourceRef | None,
    index: int | None,
    settings: Settings,
    default: Severity | None = None,
) -> Iterator[Advice]:
    """The finding about a workload (or none) as advice, unless it is silenced."""
    resource, code = finding.resource or ref, finding.code
    severity = silence.severity(code, settings, resource, ref, default=default)
    if severity is None:
        return

    silenced_by = finding.silenced_by
    if silenced_by is not None and silence.covers(silence.codes_of(silenced_by), code):
        return

    message, field = finding.message, finding.field
    current, proposed = finding.current, finding.proposed
    yield Advice(Result(severity, message, resource, field, current, proposed, code=code), index)
