"""The sections of `fleet explain`: totals, then exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from krm_injector import codes
from krm_injector.fleet.forms import totals
from krm_injector.fleet.forms.columns import Column
from krm_injector.fleet.forms.differing import Differing
from krm_injector.fleet.forms.explained import AdviceGroup, Explained, Unexpected
from krm_injector.fleet.forms.sections import Entry, Section, kept
from krm_injector.fleet.forms.sums import ClusterSum, PlaneSum
from krm_injector.judging.advice.requests import Added
from krm_injector.presenting.report.findings import NOUNS
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CLUSTERS = (
    Column("Cluster"),
    Column("Targets", number=True),
    Column("Failed", number=True),
    Column("Workloads", number=True),
    Column("Injected", number=True),
    Column("Left out", number=True),
    Column("Errors", number=True),
    Column("+CPU", number=True),
    Column("+memory", number=True),
    Column("Istio"),
)
_PLANES = (
    Column("Revision"),
    Column("Istio"),
    Column("Source"),
    Column("Clusters", number=True),
    Column("Targets", number=True),
    Column("Injected", number=True),
)
_NAMESPACES = (
    Column("Namespace"),
    Column("Clusters", number=True),
    Column("Pods", number=True),
    Column("+CPU", number=True),
    Column("+memory", number=True),
)
_CLUSTERS_TO_A_LIST = 3  # rows are shorter than entries: as many times the limit


def sentences(explained: Explained) -> list[str]:
    return [*totals.targets(explained.report), *totals.workloads(explained)]


def sections(explained: Explained, limit: int, verbose: bool = False) -> list[Section]:
    """limit: entries of each list; 0: all. verbose: each entry names all its workloads."""
    names = 0 if verbose else totals.FIRST
    found = [
        *clusters(explained, limit),
        *planes(explained, limit),
        *_errors(explained, limit),
        *_differing(explained, limit, names),
        *_unexpected(explained, limit, names),
        *_advice(explained, limit, names),
        *namespaces(explained, limit),
    ]
    return found


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


def _amounts(added: Added) -> tuple[str, str]:
    if added == Added():
        return "", ""
    return totals.shown(added.cpu, "cpu"), totals.shown(added.memory, "memory")


# ---------------------------------------------------------------- totals


def clusters(explained: Explained, limit: int) -> Iterator[Section]:
    """A row a cluster; those with errors first, where there are too many to show."""
    clusters = list(explained.clusters)
    if not any(cluster.name for cluster in clusters):
        return

    count = kept(clusters, limit * _CLUSTERS_TO_A_LIST)
    if count < len(clusters):
        clusters.sort(key=lambda each: (not (each.failed or each.errors), each.name))
    rows = [_cluster(each) for each in clusters[:count]]
    yield Section("", "cluster", _CLUSTERS, rows, hidden=len(clusters) - count)


def _cluster(cluster: ClusterSum) -> list[str]:
    versions = [
        f"{version} ({count:,})" if len(cluster.versions) > 1 else version
        for version, count in sorted(cluster.versions.items())
    ]
    return [
        cluster.name or "(none)",
        f"{cluster.targets:,}",
        _number(cluster.failed),
        f"{cluster.workloads:,}",
        f"{cluster.injected:,}",
        f"{cluster.left_out:,}",
        _number(cluster.errors),
        *_amounts(cluster.added),
        ", ".join(versions),
    ]


def planes(explained: Explained, limit: int) -> Iterator[Section]:
    """A row a control plane, where there are several; of one, totals has a sentence."""
    planes = explained.planes
    if len(planes) > 1:
        count = kept(planes, limit)
        rows = [_plane(plane) for plane in planes[:count]]
        yield Section("Control planes", "control plane", _PLANES, rows, hidden=len(planes) - count)


def _plane(plane: PlaneSum) -> list[str]:
    return [
        plane.revision,
        plane.version or "unknown",
        plane.source,
        _number(plane.clusters),
        f"{plane.targets:,}",
        f"{plane.workloads:,}",
    ]


def namespaces(explained: Explained, limit: int) -> Iterator[Section]:
    """What is added by Namespace, over all clusters; the most CPU first."""
    added: dict[str, Added] = {}
    clusters: dict[str, int] = {}
    for each in explained.namespaces:
        added[each.namespace] = added.get(each.namespace, Added()).plus(each.added)
        clusters[each.namespace] = clusters.get(each.namespace, 0) + bool(each.cluster)

    if len(added) < 2:
        return

    names = sorted(added, key=lambda name: (-added[name].cpu, -added[name].memory, name))
    count = kept(names, limit)
    rows = [
        [name or "(none)", _number(clusters[name]), f"{added[name].pods:,}", *_amounts(added[name])]
        for name in names[:count]
    ]
    title = "Requests added by Namespace"
    yield Section(title, "Namespace", _NAMESPACES, rows, hidden=len(names) - count)


# ---------------------------------------------------------------- exceptions


def _list(
    title: str, noun: str, groups: Sequence[Any], entry: Callable[[Any], Entry], limit: int
) -> Iterator[Section]:
    """A section with an entry for each of the first groups; nothing if there are none."""
    if groups:
        count = kept(groups, limit)
        entries = [entry(group) for group in groups[:count]]
        yield Section(title, noun, entries=entries, hidden=len(groups) - count)


def _errors(explained: Explained, limit: int) -> Iterator[Section]:
    """The errors of targets. What many say is told once."""
    title = f"{counted(len(explained.failed), 'target')} with errors"
    errors = totals.errors(explained.report, explained.failed)
    yield from _list(title, "error", errors, Entry, limit)


def _differing(explained: Explained, limit: int, names: int) -> Iterator[Section]:
    groups = explained.differing
    title = f"Unlike most other targets: {_workloads(groups)}"
    yield from _list(
        title, "group", groups, lambda each: Entry(totals.differing(each, names)), limit
    )


def _workloads(groups: Sequence[Differing] | Sequence[Unexpected]) -> str:
    return counted(sum(len(group.members) for group in groups), "workload")


def _unexpected(explained: Explained, limit: int, names: int) -> Iterator[Section]:
    def entry(group: Unexpected) -> Entry:
        return Entry(totals.unexpected(group, names), remedy=group.change)

    groups = explained.unexpected
    title = f"Left out, and perhaps meant in: {_workloads(groups)}"
    yield from _list(title, "rule", groups, entry, limit)


def _advice(explained: Explained, limit: int, names: int) -> Iterator[Section]:
    def entry(group: AdviceGroup) -> Entry:
        noun = NOUNS.get(group.severity, (group.severity,))[0]
        count = f"{len(group.places):,} in {counted(group.targets, 'target')}"
        text = f"{noun}: {codes.title(group.code)} [{group.code}], {count}"
        return Entry(text, totals.advice_places(group, names))

    yield from _list("Warnings and notes", "code", explained.advice, entry, limit)
