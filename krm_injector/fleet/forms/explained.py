"""Report -> Explained: what `fleet explain` says, before it has a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from krm_injector.fleet.forms import differing, sums
from krm_injector.fleet.forms.differing import Differing
from krm_injector.fleet.forms.placed import Placed, placed_of
from krm_injector.fleet.forms.results import has_errors
from krm_injector.fleet.forms.sums import ClusterSum, NamespaceSum, PlaneSum
from krm_injector.fleet.model import Report, Target, TargetResult
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The pod, or its Namespace by the lack of a label, says that there is to be no sidecar.
_EXPECTED = ("label", "annotation", "no-webhook-matches")
_GRAVITY = {"error": 0, "warning": 1, "info": 2}


class Unexpected(NamedTuple):
    """Workloads that are left out by one rule and were perhaps meant in."""

    reason: str
    detail: str  # the rule in words
    members: tuple[Placed, ...]

    @property
    def doubt(self) -> str:
        """Why the first was perhaps meant in; "" if only the rule suggests it."""
        return str(self.members[0].workload.get("doubt", ""))

    @property
    def change(self) -> str:
        """What would inject the first; "" if that is not known."""
        changes = self.members[0].workload.get("changes") or [""]
        return str(changes[0])


class AdvicePlace(NamedTuple):
    target: Target
    resource: Mapping[str, Any]
    message: str


class AdviceGroup(NamedTuple):
    """Advice of one code."""

    code: str
    severity: str
    places: tuple[AdvicePlace, ...]

    @property
    def targets(self) -> int:
        return len({place.target.name for place in self.places})


class Explained(NamedTuple):
    report: Report
    placed: tuple[Placed, ...]  # all workloads, in the order of the targets
    failed: tuple[TargetResult, ...]  # targets with errors
    missing: tuple[str, ...]  # targets that have no result and should have one
    clusters: tuple[ClusterSum, ...]  # in the order of their names; one, "", if nothing names any
    planes: tuple[PlaneSum, ...]  # control planes, the one with most workloads first
    namespaces: tuple[NamespaceSum, ...]  # per cluster
    differing: tuple[Differing, ...]
    unexpected: tuple[Unexpected, ...]
    advice: tuple[AdviceGroup, ...]  # the gravest first

    @property
    def workloads(self) -> list[dict[str, Any]]:
        return [placed.workload for placed in self.placed]


def explained(report: Report) -> Explained:
    targets = {target.name: target for target in report.fleet.targets}
    placed = placed_of(report, targets)
    return Explained(
        report,
        tuple(placed),
        tuple(result for result in report.results if has_errors(result)),
        missing_targets(report),
        sums.of_clusters(report, targets, placed),
        sums.of_planes(report, targets),
        sums.of_namespaces(report, targets),
        differing.of(placed),
        _unexpected(placed),
        _advice(report, targets),
    )


def missing_targets(report: Report) -> tuple[str, ...]:
    """Targets without a result, in a whole report. A shard has results of its own targets only."""
    if report.shard[1] > 1:
        return ()

    known = {result.name for result in report.results} | set(report.untouched)
    return tuple(each.name for each in report.fleet.targets if each.name not in known)


def _unexpected(placed: Iterable[Placed]) -> tuple[Unexpected, ...]:
    """What is left out though nobody said so, the rule of most workloads first."""
    groups: dict[tuple[str, str], list[Placed]] = {}
    for each in placed:
        workload = each.workload
        if workload["verdict"] != "left out":
            continue
        if workload["reason"] in _EXPECTED and not workload.get("doubt"):
            continue
        groups.setdefault((workload["reason"], workload.get("detail", "")), []).append(each)

    found = [Unexpected(*key, tuple(members)) for key, members in groups.items()]
    return tuple(sorted(found, key=lambda group: -len(group.members)))


def _advice(report: Report, targets: Mapping[str, Target]) -> tuple[AdviceGroup, ...]:
    groups: dict[tuple[str, str], list[AdvicePlace]] = {}
    for result in report.results:
        target = targets[result.name]
        for advice in result.data.get("advice") or ():
            place = AdvicePlace(target, advice.get("resource") or {}, advice["message"])
            groups.setdefault((advice["severity"], advice["code"]), []).append(place)

    found = [
        AdviceGroup(code, severity, tuple(places)) for (severity, code), places in groups.items()
    ]
    return tuple(sorted(found, key=_gravity))


def _gravity(group: AdviceGroup) -> tuple[int, int]:
    return _GRAVITY.get(group.severity, len(_GRAVITY)), -len(group.places)


def messages(places: Sequence[AdvicePlace]) -> dict[str, list[AdvicePlace]]:
    """The places of each message; many targets give the same one."""
    found: dict[str, list[AdvicePlace]] = {}
    for place in places:
        found.setdefault(place.message, []).append(place)
    return found
