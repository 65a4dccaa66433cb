"""`fleet explain` as one HTML page that needs nothing else: totals and exceptions in its text, the
workloads as data that its script draws.
"""

from __future__ import annotations

from krm_injector.fleet.forms import explain_page_rows as rows
from krm_injector.fleet.forms import explain_page_sections as sections
from krm_injector.fleet.forms import page, totals
from krm_injector.fleet.forms.explained import Explained
from krm_injector.presenting.explain.entries import summary
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.report.markup import NOTHING, Html, escaped, joined
from krm_injector.results import counted

_LEAD = Html("<p>{sentence}</p>")
_TILE = Html('<div class="{kind}"><dt>{name}</dt><dd>{number:,}</dd></div>')


def render(explained: Explained, _: Style) -> str:
    title = f"Sidecar injection in {counted(len(explained.report.results), 'target')}"
    parts: dict[str, Html] = {
        "TITLE": escaped(title),
        "LEAD": _lead(explained),
        "TILES": _tiles(explained),
        "SECTIONS": sections.all_of(explained),
        "CLUSTERS": rows.options(each.cluster for each in explained.placed),
        "NAMESPACES": rows.options(each.workload["namespace"] for each in explained.placed),
        "REASONS": rows.options(each.workload["reason"] for each in explained.placed),
    }
    body = page.filled(page.asset("explain.html"), parts)
    return page.page(title, "explain", body, rows.data(explained))


def _lead(explained: Explained) -> Html:
    """What the tiles do not say: shard, untouched and missing targets, requests, control plane."""
    targets = totals.targets(explained.report)[1:]
    workloads = totals.workloads(explained)[1:] if explained.placed else ["There are no workloads."]
    return joined(_LEAD.filled(sentence=sentence) for sentence in (*targets, *workloads))


def _tiles(explained: Explained) -> Html:
    counts = summary(explained.workloads)
    clusters = len([each for each in explained.clusters if each.name])
    warnings = sum(len(each.places) for each in explained.advice if each.severity == "warning")
    unlike = sum(len(each.members) for each in explained.differing)
    tiles = [
        _tile("target", len(explained.report.results), ""),
        _tile("target with errors", len(explained.failed), "error", "targets with errors"),
        _tile("cluster", clusters, "") if clusters else NOTHING,
        _tile("workload", counts["workloads"], ""),
        _tile("injected", counts["injected"], "yes", "injected"),
        _tile("left out", counts["leftOut"], "", "left out"),
        _tile("refused", counts["errors"], "error", "refused") if counts["errors"] else NOTHING,
        _tile("unlike others", unlike, "warning", "unlike others"),
        _tile("warning", warnings, "warning"),
    ]
    return joined(tiles)


def _tile(noun: str, number: int, kind: str, plural: str = "") -> Html:
    name = noun if number == 1 else plural or f"{noun}s"
    return _TILE.filled(kind=kind if number else "", name=name, number=number)
