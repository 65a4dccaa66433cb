"""`fleet explain` for a terminal: totals, then exceptions, in a screen or two."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from krm_injector import codes
from krm_injector.fleet.forms import totals
from krm_injector.fleet.forms.columns import GAP, Column, item, remedy, sentence, shown, table
from krm_injector.fleet.forms.explained import AdviceGroup, Explained, Unexpected
from krm_injector.fleet.forms.sums import Added, ClusterSum
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.explain.text import ELLIPSIS
from krm_injector.presenting.report.findings import NOUNS
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CLUSTERS = (
    Column("CLUSTER"),
    Column("TARGETS", number=True),
    Column("FAILED", number=True),
    Column("WORKLOADS", number=True),
    Column("INJECTED", number=True),
    Column("LEFT OUT", number=True),
    Column("ERRORS", number=True),
    Column("+CPU", number=True),
    Column("+MEMORY", number=True),
    Column("ISTIO"),
)
_PLANES = (
    Column("REVISION"),
    Column("ISTIO"),
    Column("SOURCE"),
    Column("CLUSTERS", number=True),
    Column("TARGETS", number=True),
    Column("INJECTED", number=True),
)
_NAMESPACES = (
    Column("NAMESPACE"),
    Column("CLUSTERS", number=True),
    Column("PODS", number=True),
    Column("+CPU", number=True),
    Column("+MEMORY", number=True),
)
_CLUSTERS_TO_A_LIST = 3  # rows are shorter than entries: as many times the limit


def render(explained: Explained, style: Style) -> str:
    lines: list[str] = []
    for text in (*totals.targets(explained.report), *totals.workloads(explained)):
        lines += sentence(text, style)

    lines += _clusters(explained, style)
    lines += _planes(explained, style)
    lines += _errors(explained, style)
    lines += _differing(explained, style)
    lines += _unexpected(explained, style)
    lines += _advice(explained, style)
    lines += _namespaces(explained, style)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


def _amounts(added: Added) -> tuple[str, str]:
    if added == Added():
        return "", ""
    return totals.shown(added.cpu, "cpu"), totals.shown(added.memory, "memory")


def _more(hidden: int, noun: str, style: Style) -> list[str]:
    if hidden <= 0:
        return []
    return sentence(
        f"{ELLIPSIS} and {counted(hidden, f'more {noun}')}; --limit 0 shows each", style
    )


def _section(title: str, style: Style) -> list[str]:
    return ["", style.bold(title)]


# ---------------------------------------------------------------- totals


def _clusters(explained: Explained, style: Style) -> list[str]:
    """A row a cluster; those with errors first, where there are too many to show."""
    clusters = list(explained.clusters)
    if not clusters or (len(clusters) == 1 and not clusters[0].name):
        return []

    count = shown(clusters, style.limit * _CLUSTERS_TO_A_LIST)
    if count < len(clusters):
        clusters.sort(key=lambda each: (not (each.failed or each.errors), each.name))
    rows = [_cluster(each) for each in clusters[:count]]
    return ["", *table(_CLUSTERS, rows, style), *_more(len(clusters) - count, "cluster", style)]


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


def _planes(explained: Explained, style: Style) -> list[str]:
    """A row a control plane, where there are several; of one, totals has a sentence."""
    planes = explained.planes
    if len(planes) < 2:
        return []

    rows = [
        [
            plane.revision,
            plane.version or "unknown",
            plane.source,
            _number(plane.clusters),
            f"{plane.targets:,}",
            f"{plane.workloads:,}",
        ]
        for plane in planes[: shown(planes, style.limit)]
    ]
    hidden = len(planes) - len(rows)
    return [
        *_section("Control planes", style),
        *table(_PLANES, rows, style),
        *_more(hidden, "control plane", style),
    ]


# ---------------------------------------------------------------- exceptions


def _list(
    title: str,
    groups: Sequence[Any],
    entry: Callable[[Any], list[str]],
    noun: str,
    style: Style,
) -> list[str]:
    """A section with an entry for each of the first groups; nothing if there are none."""
    if not groups:
        return []

    count = shown(groups, style.limit)
    lines = _section(title, style)
    for group in groups[:count]:
        lines += entry(group)
    return [*lines, *_more(len(groups) - count, noun, style)]


def _errors(explained: Explained, style: Style) -> list[str]:
    """The errors of targets. What many say is told once."""
    title = f"{counted(len(explained.failed), 'target')} with errors"
    errors = totals.errors(explained.report, explained.failed, style.verbose)
    return _list(title, errors, lambda error: item(error, style), "error", style)


def _differing(explained: Explained, style: Style) -> list[str]:
    groups = explained.differing
    workloads = sum(len(group.members) for group in groups)
    title = f"Unlike most other targets: {counted(workloads, 'workload')}"
    names = _names(style)
    return _list(
        title, groups, lambda each: item(totals.differing(each, names), style), "group", style
    )


def _names(style: Style) -> int:
    """How many workloads an entry names."""
    return 0 if style.verbose else 3


def _unexpected(explained: Explained, style: Style) -> list[str]:
    groups = explained.unexpected
    workloads = sum(len(group.members) for group in groups)
    title = f"Left out, and perhaps meant in: {counted(workloads, 'workload')}"

    def entry(group: Unexpected) -> list[str]:
        lines = item(totals.unexpected(group, _names(style)), style)
        return [*lines, *(remedy(group.change, style) if group.change else ())]

    return _list(title, groups, entry, "rule", style)


def _advice(explained: Explained, style: Style) -> list[str]:
    def entry(group: AdviceGroup) -> list[str]:
        noun = NOUNS.get(group.severity, (group.severity,))[0]
        count = f"{len(group.places):,} in {counted(group.targets, 'target')}"
        lines = item(f"{noun}: {codes.title(group.code)} [{group.code}], {count}", style)
        return [*lines, *sentence(totals.advice_places(group, _names(style)), style, GAP * 2)]

    return _list("Warnings and notes", explained.advice, entry, "code", style)


def _namespaces(explained: Explained, style: Style) -> list[str]:
    """What is added by Namespace, over all clusters; the most CPU first."""
    added: dict[str, Added] = {}
    clusters: dict[str, int] = {}
    for each in explained.namespaces:
        added[each.namespace] = added.get(each.namespace, Added()).plus(each.added)
        clusters[each.namespace] = clusters.get(each.namespace, 0) + bool(each.cluster)

    if len(added) < 2:
        return []

    names = sorted(added, key=lambda name: (-added[name].cpu, -added[name].memory, name))
    count = shown(names, style.limit)
    rows = [
        [
            name or "(none)",
            _number(clusters[name]),
            f"{added[name].pods:,}",
            *_amounts(added[name]),
        ]
        for name in names[:count]
    ]
    return [
        *_section("Requests added by Namespace", style),
        *table(_NAMESPACES, rows, style),
        *_more(len(names) - count, "Namespace", style),
    ]
