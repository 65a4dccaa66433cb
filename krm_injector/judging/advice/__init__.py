"""What injection does to a cluster: warnings with evidence, each with a stable code (codes.py,
docs/warnings.md).

Asked by explain, the report and the check function; plain injection does not pay for it. Every
check is a pure function of one workload before and after injection and of the bundle's other
objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from krm_injector.function_config import Settings
from krm_injector.judging.advice import lifecycle, network, pod_security, resources
from krm_injector.judging.advice.codes import CODES, SEVERITIES, Code
from krm_injector.judging.advice.subject import Facts, Finding, Subject
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object, ResourceRef, Result, Workload
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.members import walk

__all__ = [
    "CODES",
    "SEVERITIES",
    "SILENCE",
    "Advice",
    "Code",
    "advise",
    "attach",
    "judged",
    "results",
    "summary",
]

SILENCE = "krm-injector.dev/silence"  # annotation: codes, separated by commas; "*" for all
CHECKS = (
    pod_security.check,
    resources.limit_ranges,
    network.port_collision,
    network.proxy_identity,
    network.host_port,
    network.services,
    network.listen_address,
    network.service_account_token,
    network.probe,
    lifecycle.job,
    lifecycle.init_container,
    lifecycle.disruption_budget,
    lifecycle.images,
    lifecycle.webhook_active,
)


class Advice(NamedTuple):
    result: Result  # its resource is where the cause stands, as a Service
    about: (
        int | None
        # index of the decision whose workload showed it; None: of the workloads of a Namespace together
    )


def advise(
    bundle: Bundle,
    decisions: Iterable[Decision],
    replacements: Mapping[int, Any],
    settings: Settings,
) -> tuple[Advice, ...]:
    """The warnings about a run, in the order of the workloads, then of the quotas; silenced ones
    are left out.

    decisions: about each workload as it was before injection. replacements: item index -> the item
    as injection leaves it (pipeline.Outcome).
    """
    decisions = tuple(decisions)
    facts = Facts(
        ((member.kind, member.value) for member in walk(bundle)),
        settings.default_namespace,
        decisions,
    )
    given: list[Advice] = []
    loads: list[resources.Load] = []
    for number, decision in enumerate(decisions):
        workload = decision.workload
        changed = (
            at(replacements.get(workload.item), workload.inside) if decision.injected else None
        )
        template = at(workload.object, workload.template)
        after = at(changed, workload.template) if isinstance(changed, dict) else None
        loads.append(resources.load_of(workload, template, after))
        silenced = _silenced(workload.object)
        for finding in _about(decision, changed, facts):
            if not (finding.silenced_by is None and _covers(silenced, finding.code)):
                given += _given(finding, workload.ref, number, settings)

    for finding in resources.quotas(loads, facts):
        given += _given(finding, None, None, settings)

    return tuple(given)


def attach(told: Sequence[dict[str, Any]], given: Iterable[Advice]) -> None:
    """Gives each of explain's entries its "warnings": severity, code, message and, where there is
    one, field.
    """
    for entry in told:
        entry["warnings"] = []

    for advice in given:
        if advice.about is not None:
            result = advice.result
            warning = {"severity": result.severity, "code": result.code, "message": result.message}
            told[advice.about]["warnings"].append(
                {**warning, "field": result.field} if result.field else warning
            )


def results(given: Iterable[Advice]) -> tuple[Result, ...]:
    return tuple(advice.result for advice in given)


def _about(decision: Decision, changed: Any, facts: Facts) -> Iterator[Finding]:
    if not isinstance(changed, dict):
        yield from lifecycle.host_network(decision)
        return
    subject = Subject(decision, changed)
    for check in CHECKS:
        yield from check(subject, facts)


def judged(result: Result, workload: Workload, settings: Settings) -> Iterator[Result]:
    """The result with the severity of its code, unless the settings or the workload's annotation
    silence it.
    """
    severity = settings.severities.get(result.code, CODES[result.code].severity)
    resources = (result.resource, workload.ref)
    if severity == "off" or any(
        _matches(s, result.code, ref) for s in settings.silence for ref in resources
    ):
        return
    if not _covers(_silenced(workload.object), result.code):
        yield result._replace(severity=severity)


def _given(
    finding: Finding, ref: ResourceRef | None, number: int | None, settings: Settings
) -> Iterator[Advice]:
    """The finding as advice, unless somebody silenced it."""
    resource, code = finding.resource or ref, finding.code
    severity = settings.severities.get(code, CODES[code].severity)
    if severity == "off" or any(
        _matches(s, code, one) for s in settings.silence for one in (resource, ref)
    ):
        return
    if finding.silenced_by is not None and _covers(_silenced(finding.silenced_by), code):
        return

    result = Result(
        severity,
        finding.message,
        resource,
        finding.field,
        finding.current,
        finding.proposed,
        code=code,
    )
    yield Advice(result, number)


def _silenced(value: Object) -> frozenset[str]:
    """The codes that an object's own annotation silences."""
    stated = at(value, ("metadata", "annotations", SILENCE))
    return (
        frozenset(code.strip() for code in stated.split(","))
        if isinstance(stated, str)
        else frozenset()
    )


def _covers(silenced: frozenset[str], code: str) -> bool:
    return code in silenced or "*" in silenced


def _matches(silence: Any, code: str, ref: ResourceRef | None) -> bool:
    """Whether an entry of spec.silence names this code and, where it says so, this resource."""
    if silence.code not in (code, "*"):
        return False
    if not (silence.kind or silence.namespace or silence.name):
        return True

    return ref is not None and all(
        wanted in ("", found)
        for wanted, found in (
            (silence.kind, ref.kind),
            (silence.namespace, ref.name if ref.kind == "Namespace" else ref.namespace),
            (silence.name, ref.name),
        )
    )


def summary(results: Iterable[Result], most: int = 1) -> list[Result]:
    """The results as a terminal can take them: of each code the first few, and how many more there
    are.
    """
    counts: dict[str, int] = {}
    shown: list[Result] = []
    last: dict[str, int] = {}
    for result in results:
        counts[result.code] = counts.get(result.code, 0) + 1
        if counts[result.code] <= most:
            last[result.code] = len(shown)
            shown.append(result)

    for code, index in last.items():
        if counts[code] > most:
            more = (
                f"... and {counts[code] - most} more [{code}]; --output html and --results show all"
            )
            shown[index] = shown[index]._replace(message=f"{shown[index].message}\n{more}")

    return shown
