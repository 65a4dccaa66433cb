"""The findings of a target as JSON values in its data, and those of a whole report again.

Only runs that are asked for findings have them: their places cost a second reading of the text.
"""

from __future__ import annotations

from krm_injector import codes, results
from krm_injector.fleet.forms.placed import resource_name
from krm_injector.model import Place, ResourceRef, Result
from krm_injector.presenting.findings import Finding, Findings, Subject
from krm_injector.presenting.places import Places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from krm_injector.fleet.model import Report, Target, TargetResult

KEY, NAMED, ANCHOR = "findings", "named", "anchor"


def data(
    told: Iterable[Result], places: Places, workloads: Iterable[ResourceRef] = ()
) -> dict[str, Any]:
    """What a target's data gets. workloads: those that were looked at, unless the data has them."""
    found = [_written(Finding(result, places.of(result))) for result in results.distinct(told)]
    named = [list(ref) for ref in dict.fromkeys(workloads)]
    return {KEY: found, NAMED: named} if named else {KEY: found}


def _written(finding: Finding) -> dict[str, Any]:
    result, place = finding.result, finding.place
    written = {
        "severity": result.severity,
        "code": result.code,
        "message": result.message,
        "resource": list(result.resource) if result.resource else None,
        "field": result.field,
        "current": result.current,
        "proposed": result.proposed,
        "file": result.file,
        "place": list(place) if place else None,
    }
    return {name: value for name, value in written.items() if value not in (None, "")}


def _read(written: Mapping[str, Any], target: Target) -> Finding:
    resource, place = written.get("resource"), written.get("place")
    result = Result(
        written["severity"],
        written["message"],
        ResourceRef(*resource) if resource else None,
        written.get("field", ""),
        written.get("current"),
        written.get("proposed"),
        written.get("file", ""),
        code=written.get("code", ""),
    )
    return _of_target(Finding(result, Place(*place) if place else None), target)


# ---------------------------------------------------------------- a report


def findings(report: Report, docs: str = codes.DOCS) -> Findings:
    """What a run over a fleet found."""
    targets = {target.name: target for target in report.fleet.targets}
    own = (*report.fleet.results, *report.notes)
    found = [_unplaced(result) for result in results.distinct(own)]
    subjects: list[Subject] = []
    for result in report.results:
        target = targets[result.name]
        found += _found(result, target)
        subjects += _subjects(result, target)

    clusters = {target.name: target.cluster for target in report.fleet.targets}
    anchor = next((target.path for target in report.fleet.targets), "")
    command = f"fleet {report.command}"
    return Findings(command, tuple(found), tuple(subjects), anchor, docs, clusters)


def _found(result: TargetResult, target: Target) -> Iterator[Finding]:
    if KEY in result.data:
        for written in result.data[KEY]:
            yield _read(written, target)
        return

    # It was refused, or nobody asked the run for places, as an earlier run of a shard.
    anchor = Place(result.data.get(ANCHOR) or target.path)
    for each in results.distinct(result.results):
        finding = _unplaced(each)
        is_directory = finding.place is not None and finding.place.file == target.path
        yield _of_target(finding._replace(place=anchor) if is_directory else finding, target)
    for advice in result.data.get("advice") or ():
        yield _of_target(Finding(_advice(advice)), target)


def _advice(advice: Mapping[str, Any]) -> Result:
    ref = advice.get("resource") or {}
    resource = None
    if ref:
        resource = ResourceRef(ref["apiVersion"], ref["kind"], ref["name"], ref["namespace"])
    return Result(advice["severity"], advice["message"], resource, code=advice["code"])


def _unplaced(result: Result) -> Finding:
    return Finding(result, Places(()).of(result))


def _of_target(finding: Finding, target: Target) -> Finding:
    """The finding with its target, whose directory is its place if nothing better is known."""
    place = finding.place
    if place is None and not (finding.is_about_run and finding.result.severity == "info"):
        place = Place(target.path)
    return finding._replace(place=place, target=target.name)


def _subjects(result: TargetResult, target: Target) -> Iterator[Subject]:
    """The workloads of a target, or the target as such if the report only counts them."""
    if NAMED in result.data:
        for named in result.data[NAMED]:
            ref = ResourceRef(*named)
            yield Subject(str(ref), ref, target=target.name)
        return

    workloads = result.data.get("workloads")
    if not isinstance(workloads, list):
        yield Subject(target.name, None, target=target.name)
        return

    for workload in workloads:
        left_out = workload.get("detail", "") if workload["verdict"] == "left out" else ""
        ref = ResourceRef(
            workload["apiVersion"],
            workload["kind"],
            workload["name"],
            workload.get("namespace", ""),
        )
        yield Subject(resource_name(workload), ref, left_out, target=target.name)
