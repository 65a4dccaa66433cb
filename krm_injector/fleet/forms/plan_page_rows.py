"""The data of the plan page's list of workloads; page/plan.js draws it."""

from __future__ import annotations

from krm_injector.fleet.forms import page as pages
from krm_injector.fleet.forms.explain_page_rows import options
from krm_injector.fleet.forms.page import Texts
from krm_injector.fleet.plan.model import Place, Plan, Restart
from krm_injector.presenting.report.markup import NOTHING, Html, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OPTION = Html('<option value="{number}">{text}</option>')
_MOST = 60  # characters of a choice


def form(plan: Plan) -> Html:
    """The list and its filters; nothing if no workload changes."""
    restarts = workloads(plan)
    if not restarts:
        return NOTHING

    parts: dict[str, Html] = {
        "WAVES": _options([(each.number, f"{each.number}: {each.title}") for each in plan.waves]),
        "GROUPS": _options(
            [(each.number, f"#{each.number}: {each.title}") for each in plan.groups]
        ),
        "CLUSTERS": options(each.place.cluster for each in restarts),
        "NAMESPACES": options(each.place.namespace for each in restarts),
        "HOWS": options(each.how for each in restarts),
    }
    return pages.filled(pages.asset("plan_list.html"), parts)


def _options(choices: list[tuple[int, str]]) -> Html:
    return joined(_OPTION.filled(number=number, text=text[:_MOST]) for number, text in choices)


def workloads(plan: Plan) -> list[Restart]:
    """All that changes: also what does not restart by itself."""
    known = {_key(each.place) for each in plan.restarts}
    others = [
        Restart(place, 0, "not by itself", 0, "", "", False, group.number)
        for group in plan.groups
        for place in group.places
        if _key(place) not in known
    ]
    return [*plan.restarts, *others]


def _key(place: Place) -> tuple[str, ...]:
    return tuple(place)


def data(plan: Plan) -> dict[str, Any]:
    texts = Texts()
    rows = [_row(each, texts) for each in workloads(plan)]
    return {"workloads": rows, "texts": texts.all}


def _row(restart: Restart, texts: Texts) -> list[int]:
    place = restart.place
    name = f"{place.name} {place.pod_template}" if place.pod_template else place.name
    cells = (place.target, place.cluster, place.kind, place.namespace, name)
    return [
        *map(texts.number, cells),
        restart.wave,
        texts.number(restart.how),
        restart.pods,
        restart.group,
        texts.number(restart.replicas),
        texts.number(restart.detail),
        int(restart.outage),
        texts.number(restart.decides),
    ]
