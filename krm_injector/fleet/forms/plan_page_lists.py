"""The sections of the plan's page about all waves: errors, requests, and the rest."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.fleet.forms.page.parts import cut_table, details, names, section
from krm_injector.fleet.forms.results import briefly
from krm_injector.fleet.plan.model import ByHand, Plan, Requests
from krm_injector.judging.advice.amounts import brief
from krm_injector.presenting.report.markup import NOTHING, Html, escaped, joined
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


_CHIP = Html('<span class="chip error">error</span> ')
_LIST = Html("<ul>{items}</ul>")
_ITEM = Html("<li>{text}</li>")
_MORE = Html('<span class="{kind}">{text}</span>')
_SMALL = Html("<small>{text}</small>")


def failed(plan: Plan) -> Html:
    """Targets that are not in the plan: what it says is not about them."""
    if not plan.failed:
        return NOTHING

    targets: dict[tuple[str, ...], list[str]] = {}
    for each in plan.failed:
        targets.setdefault(each.messages, []).append(each.target)

    entries = [_failed(messages, found) for messages, found in targets.items()]
    title = f"Not in this plan: {counted(len(plan.failed), 'target')} with errors"
    return section("failed", title, joined(entries))


def _failed(messages: Sequence[str], targets: Sequence[str]) -> Html:
    """Targets with the same errors."""
    told = _LIST.filled(items=joined(_ITEM.filled(text=message) for message in messages))
    one = len(targets) == 1
    return details(
        chip=_CHIP,
        what=targets[0] if one else briefly(messages[0] if messages else ""),
        code="",
        count=counted(len(messages), "error") if one else counted(len(targets), "target"),
        content=told if one else joined([told, names(targets)]),
        opened=one,
    )


# ---------------------------------------------------------------- requests


def requests(plan: Plan) -> Html:
    """What the pods request, before and after: of each cluster, then of each Namespace in which
    that changes, the greatest difference first.
    """
    if not plan.requests:
        return NOTHING

    clusters: dict[str, list[Requests]] = {}
    for each in plan.requests:
        clusters.setdefault(each.cluster, []).append(each)

    sums = [_row(cluster, "", _total(own)) for cluster, own in sorted(clusters.items())]
    all_of_them = _row("All", "", _total(plan.requests))
    tables = [_amounts_table("requests", [all_of_them, *(sums if len(sums) > 1 else ())])]

    changing = [each for each in plan.requests if _changes(each)]
    if changing and len(plan.requests) > 1:
        ordered = sorted(changing, key=_difference)
        rows = [_row(each.cluster, each.namespace or "(none)", each) for each in ordered]
        tables.append(_amounts_table("spaces", rows))

    return section("requests", "What pods request, now and then", joined(tables))


def _amounts_table(name: str, rows: Sequence[Sequence[Html]]) -> Html:
    heads = (
        "Cluster", "Namespace", "Pods", "CPU now", "CPU then", "", "Memory now", "Memory then", "",
    )  # fmt: skip
    return cut_table(name, heads, rows, numbers=range(2, 9), kind="requests")


def _changes(each: Requests) -> bool:
    pairs = (each.cpu, each.memory, each.most_cpu, each.most_memory)
    return any(before != after for before, after in pairs)


def _difference(each: Requests) -> tuple[int, int, str, str]:
    memory, cpu = each.memory[1] - each.memory[0], each.cpu[1] - each.cpu[0]
    return (-abs(memory), -abs(cpu), each.cluster, each.namespace)


def _total(all_of_them: Sequence[Requests]) -> Requests:
    def both(field: str) -> tuple[int, int]:
        pairs = [getattr(each, field) for each in all_of_them]
        return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)

    return Requests(
        "", "",
        sum(each.pods for each in all_of_them),
        sum(each.most_pods for each in all_of_them),
        both("cpu"), both("memory"), both("most_cpu"), both("most_memory"),
        sum(each.per_node for each in all_of_them),
    )  # fmt: skip


def _row(cluster: str, namespace: str, each: Requests) -> list[Html]:
    pods = f"{each.pods:,}"
    notes = []
    if each.most_pods != each.pods:
        notes.append(f"at most {each.most_pods:,}")
    if each.per_node:
        notes.append(f"and {each.per_node:,} on each node")
    return [
        escaped(cluster),
        escaped(namespace),
        joined([escaped(pods), *(_SMALL.filled(text=note) for note in notes)]),
        *_amounts(each.cpu, each.most_cpu, 10**6, "cpu"),
        *_amounts(each.memory, each.most_memory, 10**9, "memory"),
    ]


def _amounts(
    least: tuple[int, int], most: tuple[int, int], unit: int, resource: Literal["cpu", "memory"]
) -> list[Html]:
    """Before, after and the difference; below them those with autoscalers at their most."""
    cells: list[Html] = []
    for side in (0, 1):
        parts = [escaped(brief(least[side] * unit, resource))]
        if most != least:
            parts.append(_SMALL.filled(text=brief(most[side] * unit, resource)))
        cells.append(joined(parts))

    parts = [_more(least, unit, resource)]
    if most != least:
        parts.append(_SMALL.filled(text=_more(most, unit, resource)))
    return [*cells, joined(parts)]


def _more(pair: tuple[int, int], unit: int, resource: Literal["cpu", "memory"]) -> Html:
    difference = pair[1] - pair[0]
    if not difference:
        return NOTHING
    sign, kind = ("+", "up") if difference > 0 else ("-", "down")
    return _MORE.filled(kind=kind, text=f"{sign}{brief(abs(difference) * unit, resource)}")


# ---------------------------------------------------------------- the rest


def rest(plan: Plan) -> Html:
    """What somebody has to do by hand, what the plan rests on, and what stays as it is."""
    parts = []
    if plan.by_hand:
        heads = ("Workload", "Target", "Field", "Value", "What to do")
        rows = [_by_hand(each) for each in plan.by_hand]
        parts.append(section("by-hand", "To do by hand", cut_table("by-hand", heads, rows)))

    if plan.assumptions:
        items = joined(_ITEM.filled(text=text) for text in plan.assumptions)
        parts.append(section("rests", "What this plan rests on", _LIST.filled(items=items)))

    if plan.unchanged:
        what = counted(len(plan.unchanged), "target")
        content = details(chip=NOTHING, what=what, code="", count="", content=names(plan.unchanged))
        parts.append(section("unchanged", "Nothing to do", content))

    return joined(parts)


def _by_hand(each: ByHand) -> list[Html]:
    where = f" ({each.file}:{each.line})" if each.file and each.line else ""
    cells = (str(each.place), each.place.target, each.field, each.value, each.advice + where)
    return [escaped(cell) for cell in cells]
