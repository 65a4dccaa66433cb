"""The plan as one HTML page for the person who carries it out.

On top what it is and what stands in the way, then the waves in their order: what each changes, what
holds it up, what to do, and the way back. Equal changes are told once.
"""

from __future__ import annotations

from krm_injector.fleet.forms import page as pages
from krm_injector.fleet.forms import plan_page_changes, plan_page_gates
from krm_injector.fleet.forms import plan_page_lists as lists
from krm_injector.fleet.forms import plan_page_rows as rows
from krm_injector.fleet.forms import plan_page_waves as waves
from krm_injector.fleet.plan.model import MeshUse, Plan
from krm_injector.judging.advice.amounts import brief
from krm_injector.presenting.report.markup import NOTHING, Html, escaped, joined
from krm_injector.results import counted

_LEAD = Html("<p>{lead} <b>{what}</b>{rest}</p>")
_SENTENCE = Html("<p>{sentence}</p>")
_TILE = Html('<div class="{kind}"><dt>{name}</dt><dd>{number}</dd></div>')
_NO_WAVES = Html('<p class="none">There is nothing to do.</p>')


def page(plan: Plan) -> str:
    title = f"Plan: {plan.title}"
    parts: dict[str, Html] = {
        "TITLE": escaped(plan.title),
        "LEAD": _lead(plan),
        "TILES": _tiles(plan),
        "FAILED": lists.failed(plan),
        "BLOCKED": plan_page_gates.blocked(plan),
        "CONTENTS": waves.contents(plan) if plan.waves else _NO_WAVES,
        "GROUPS": plan_page_changes.groups(plan),
        "WAVES": joined(waves.wave(plan, each) for each in plan.waves),
        "REQUESTS": lists.requests(plan),
        "REST": lists.rest(plan),
        "LIST": rows.form(plan),
    }
    body = pages.filled(pages.asset("plan.html"), parts)
    return pages.page(title, "plan", body, rows.data(plan))


def _lead(plan: Plan) -> Html:
    order = f"; {counted(len(plan.waves), 'wave')} by {plan.waves_by}"
    parts = [
        _LEAD.filled(lead="Now", what=_planes(plan.before), rest=""),
        _LEAD.filled(lead="Then", what=_planes(plan.after), rest=""),
        *([_LEAD.filled(lead="Way:", what=plan.way, rest=order)] if plan.waves else ()),
    ]
    sums = _sums(plan)
    return joined([*parts, *([_SENTENCE.filled(sentence=sums)] if sums else ())])


def _planes(uses: tuple[MeshUse, ...]) -> str:
    """ "default (Istio 1.29.2, 1,000 workloads in 20 clusters)"."""
    return ", ".join(map(_plane, uses)) or "no control plane"


def _plane(use: MeshUse) -> str:
    version = f"Istio {use.version}" if use.version else "unknown version"
    clusters = f" in {counted(len(use.clusters), 'cluster')}" if any(use.clusters) else ""
    return f"{use.revision} ({version}, {counted(use.workloads, 'workload')}{clusters})"


def _sums(plan: Plan) -> str:
    """What all pods request, before and after."""
    if not plan.requests:
        return ""

    cpu = [sum(each.cpu[side] for each in plan.requests) * 10**6 for side in (0, 1)]
    memory = [sum(each.memory[side] for each in plan.requests) * 10**9 for side in (0, 1)]
    return (
        f"All pods request {brief(cpu[0], 'cpu')} CPU and {brief(memory[0], 'memory')} memory "
        f"now, {brief(cpu[1], 'cpu')} and {brief(memory[1], 'memory')} then."
    )


def _tiles(plan: Plan) -> Html:
    totals = plan.totals
    tiles = [
        _tile("target", totals.targets),
        _tile("target changes", totals.changing_targets, plural="targets change"),
        _tile("workload", totals.workloads),
        _tile("workload changes", totals.changing, plural="workloads change"),
        _tile("pod restarts", totals.pods, plural="pods restart"),
        _tile("label change", totals.labels) if totals.labels else NOTHING,
        _tile("blocks a wave", totals.blocks, "error", "block a wave"),
        _tile("warning", totals.warns, "warning"),
        _tile("outage", totals.outages, "warning") if totals.outages else NOTHING,
        _tile("target failed", len(plan.failed), "error", "targets failed")
        if plan.failed
        else NOTHING,
    ]
    return joined(tiles)


def _tile(noun: str, number: int, kind: str = "", plural: str = "") -> Html:
    name = noun if number == 1 else plural or f"{noun}s"
    return _TILE.filled(kind=kind if number else "", name=name, number=f"{number:,}")
