"""The sentences above every form: which targets these are, and what they came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.forms.differing import Differing
from krm_injector.fleet.forms.explained import (
    AdviceGroup,
    Explained,
    Unexpected,
    missing_targets,
)
from krm_injector.fleet.forms.placed import Placed, first_names, resource_name, where
from krm_injector.fleet.forms.results import Group, groups, has_errors
from krm_injector.fleet.forms.sums import most, total
from krm_injector.fleet.model import Report, TargetResult
from krm_injector.judging.advice.amounts import brief
from krm_injector.judging.advice.requests import Added
from krm_injector.presenting.explain.totals import SOURCES, adds, counts
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

FIRST = 3  # workloads, or places, that an entry names


def targets(report: Report) -> list[str]:
    """How many targets there are, how many have errors, and which are not among them."""
    names = {result.name for result in report.results}
    clusters = {each.cluster for each in report.fleet.targets if each.name in names} - {""}
    place = f" in {counted(len(clusters), 'cluster')}" if clusters else ""

    failed = sum(map(has_errors, report.results))
    sentences = [f"{counted(len(names), 'target')}{place}{_errors(failed, len(names))}."]

    number, count = report.shard
    if count > 1:
        whole = counted(len(report.fleet.targets), "target")
        sentences.append(f"Shard {number} of {count} of a fleet of {whole}.")
    if report.untouched:
        sentences.append(_untouched(report))

    missing = missing_targets(report)
    if missing:
        verb = "has" if len(missing) == 1 else "have"
        sentences.append(
            f"{counted(len(missing), 'target')} {verb} no result: {first_names(missing)}."
        )

    return sentences


def _errors(failed: int, count: int) -> str:
    if not failed:
        return ", without errors" if count else ""
    return f": {count - failed:,} without errors, {failed:,} with errors"


def _untouched(report: Report) -> str:
    one = len(report.untouched) == 1
    revision = changed_since(report)
    since = f" since {revision}" if revision else ""
    return (
        f"{counted(len(report.untouched), 'more target')} {'is' if one else 'are'} untouched"
        f"{since} and not in these numbers."
    )


def changed_since(report: Report) -> str:
    return str(report.options.get("changed_since") or report.options.get("changed-since") or "")


def workloads(explained: Explained) -> list[str]:
    if not explained.placed:
        return ["There are no workloads."] if explained.report.results else []

    sentences = [counts(explained.workloads)]
    least, at_most = total(explained.clusters), most(explained.clusters)
    if at_most != Added():
        sentences.append(adds(least, at_most, _kinds(explained)))
    if len(explained.planes) == 1:
        plane = explained.planes[0]
        version = f"Istio {plane.version}" if plane.version else "unknown version"
        sentences.append(f"Control plane: {plane.revision} ({version}{SOURCES[plane.source]}).")
    return sentences


def _kinds(explained: Explained) -> set[str]:
    """The kinds of injected workloads."""
    workloads = explained.workloads
    return {each["kind"] for each in workloads if each["verdict"] == "injected"}


def shown(billionths: int, resource: Literal["cpu", "memory"]) -> str:
    return brief(billionths, resource)


# ---------------------------------------------------------------- exceptions


def subject(members: Iterable[Placed], limit: int) -> str:
    """The workloads by name, each name once: most stand in many targets."""
    return first_names((resource_name(each.workload) for each in members), limit)


def lead(members: Sequence[Placed]) -> str:
    """The one workload with its target, or how many there are and where."""
    if len(members) == 1:
        return f"{resource_name(members[0].workload)} in {members[0].target.name}"
    return f"{counted(len(members), 'workload')} in {where(members)}"


def differing(found: Differing, limit: int) -> str:
    """ "Deployment shop/web in eu-3/shop is left out (...); it is injected in 49 of 50 targets"."""
    verdict = f"{found.verdict} ({rule(found.reason, found.detail)})"
    if len(found.members) == 1:
        return f"{lead(found.members)} is {verdict}; {agreement(found)}"
    return (
        f"{lead(found.members)} are {verdict}; {agreement(found)}: {subject(found.members, limit)}"
    )


def agreement(found: Differing) -> str:
    """ "it is injected in 49 of 50 targets"."""
    who = "it" if len(found.members) == 1 else "the first"
    return f"{who} is {found.usual} in {found.agreed:,} of {counted(found.compared, 'target')}"


def rule(code: str, detail: str) -> str:
    """The deciding rule in words."""
    return detail.removeprefix("no webhook matches: ") or code


def unexpected(found: Unexpected, limit: int) -> str:
    members = found.members
    text = (
        f"{counted(len(members), 'workload')} in {where(members)}, "
        f"{rule(found.reason, found.detail)}: {subject(members, limit)}"
    )
    if not found.doubt:
        return text
    return f"{text}; {'of the first: ' if len(members) > 1 else ''}{found.doubt}"


def errors(report: Report, failed: Iterable[TargetResult]) -> list[str]:
    """The errors of targets in a few words, those of most targets first. stderr has all of it."""
    paths = {target.name: target.path for target in report.fleet.targets}
    found = [each for each in groups(failed, paths, brief=True) if each.result.severity == "error"]
    found.sort(key=lambda group: -len(group.targets))
    texts = [f"{each.subject}: {each.message}{_code(each)}" for each in found]
    silent = [one for one in failed if all(each.severity != "error" for each in one.results)]
    return [*texts, *(f"{one.name}: {_advised(one)}" for one in silent)]


def _code(group: Group) -> str:
    return f" [{group.result.code}]" if group.result.code else ""


def _advised(result: TargetResult) -> str:
    """Why a target failed that has no error of its own: advice, by the user's severities."""
    for advice in result.data.get("advice") or ():
        if advice["severity"] == "error":
            return f"{advice['message']} [{advice['code']}]"
    return "failed without a message"


def advice_places(group: AdviceGroup, limit: int) -> str:
    return first_names(
        (f"{place.target.name}: {resource_name(place.resource)}".rstrip(": ")
         for place in group.places), limit
    )  # fmt: skip
