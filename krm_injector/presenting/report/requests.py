"""What the pods of each Namespace request, before and after injection."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.judging.advice.amounts import pod_amount, shown
from krm_injector.judging.advice.injected_workload import replicas, spec_of
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object
from krm_injector.presenting.report.markup import NOTHING, Html, joined
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

_FIRST_NAMESPACES = 12  # the others appear on request
_CORE, _GI = 10**9, 2**30 * 10**9  # amounts are billionths

_TABLE = Html(
    '<table class=requests><thead><tr><th>Namespace</th><th class="n b">Pods</th>{heads}</tr>'
    "</thead>{bodies}{total}</table>{button}{note}"
)
_HEADS = Html(
    '<th class="n b">{resource}<br>before</th><th class=n>{resource}<br>after</th>'
    "<th class=n>{resource}<br>added</th>"
)
_NAME = Html("<td>{name}</td><td class='n b'>{pods:,}</td>")
_AMOUNTS = Html(
    '<td class="n b">{before}</td><td class=n>{after}</td><td class="n more">{added}</td>'
)
_BUTTON = Html('<p><button type="button" data-shows="spaces">{text}</button></p>')

# Sums of a Namespace: pods, CPU before and after, memory before and after.
_Sums = list[int]


def table(decisions: Sequence[Decision], injected: Sequence[Object | None]) -> Html:
    """The sums of each Namespace over its pods, and those of all.

    A workload counts as often as it states replicas. injected: each decision's object after
    injection, None if it is not injected.
    """
    sums, any_daemon_set = _sums(decisions, injected)
    if not sums:
        return Html('<p class="none">No workloads.</p>')

    rows = [_row(_namespace(name), sums[name]) for name in sorted(sums)]
    bodies = [Html("<tbody>{rows}</tbody>").filled(rows=joined(rows[:_FIRST_NAMESPACES]))]
    button = note = total = NOTHING
    if len(rows) > _FIRST_NAMESPACES:
        hidden = rows[_FIRST_NAMESPACES:]
        bodies.append(Html('<tbody id="spaces">{rows}</tbody>').filled(rows=joined(hidden)))
        button = _BUTTON.filled(text=counted(len(hidden), "more Namespace"))

    if len(sums) > 1:
        all_sums = [sum(column) for column in zip(*sums.values(), strict=True)]
        total = Html("<tfoot>{row}</tfoot>").filled(row=_row(Html("All"), all_sums))

    if any_daemon_set:
        note = Html('<p class="none">Pods of DaemonSets, one a node, are not counted.</p>')

    heads = joined(_HEADS.filled(resource=resource) for resource in ("CPU", "Memory"))
    return _TABLE.filled(heads=heads, bodies=joined(bodies), total=total, button=button, note=note)


def _sums(
    decisions: Sequence[Decision], injected: Sequence[Object | None]
) -> tuple[dict[str, _Sums], bool]:
    """The sums by Namespace, and whether some workload's number of pods is not known."""
    sums: dict[str, _Sums] = {}
    any_unknown = False
    for decision, after in zip(decisions, injected, strict=True):
        workload = decision.workload
        pods = replicas(workload)
        any_unknown = any_unknown or pods is None

        spec = spec_of(at(workload.object, workload.template))
        spec_after = spec if after is None else spec_of(at(after, workload.template))
        of_one_pod = (
            pod_amount(spec, "requests", "cpu"),
            pod_amount(spec_after, "requests", "cpu"),
            pod_amount(spec, "requests", "memory"),
            pod_amount(spec_after, "requests", "memory"),
        )

        of_namespace = sums.setdefault(workload.ref.namespace, [0] * 5)
        of_namespace[0] += pods or 0
        for column, pod_sum in enumerate(of_one_pod, 1):
            of_namespace[column] += pod_sum * (pods or 0)

    return sums, any_unknown


def _namespace(name: str) -> Html:
    return Html("<bdi>{name}</bdi>").filled(name=name or "(none)")


def _row(name: Html, sums: _Sums) -> Html:
    pods, cpu, cpu_after, memory, memory_after = sums
    cells = [
        _NAME.filled(name=name, pods=pods),
        _amounts(cpu, cpu_after, "cpu"),
        _amounts(memory, memory_after, "memory"),
    ]
    return Html("<tr>{cells}</tr>").filled(cells=joined(cells))


def _amounts(before: int, after: int, resource: Literal["cpu", "memory"]) -> Html:
    added = f"+{amount(after - before, resource)}" if after > before else ""
    return _AMOUNTS.filled(
        before=amount(before, resource), after=amount(after, resource), added=added
    )


def amount(billionths: int, resource: Literal["cpu", "memory"]) -> str:
    """An amount as advice shows it; from ten cores or gibibytes on rounded to tenths, so that a
    column can be compared.
    """
    unit, suffix = (_CORE, "") if resource == "cpu" else (_GI, "Gi")
    if billionths >= 10 * unit:
        return f"{billionths / unit:,.1f}{suffix}"
    return shown(billionths, resource)
