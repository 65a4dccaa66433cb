"""What the pods of each Namespace request, before and after."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.judging.advice.injected_workload import replicas, spec_of
from krm_injector.judging.advice.resources import pod_amount, shown
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object
from krm_injector.presenting.report.text import text
from krm_injector.results import counted

_FIRST = 12  # Namespaces shown before somebody asks for the rest
_CORE, _GI = 10**9, 2**30 * 10**9  # amounts are billionths


def requests(decisions: Sequence[Decision], afters: Sequence[Object | None]) -> str:
    """A table: each Namespace's sums, pod by pod, times the replicas that are stated; then all of
    them.
    """
    sums: dict[str, list[int]] = {}
    open_ones = False
    for decision, after in zip(decisions, afters, strict=True):
        workload = decision.workload
        before = spec_of(at(workload.object, workload.template))
        changed = before if after is None else spec_of(at(after, workload.template))
        pods = replicas(workload)
        open_ones = open_ones or pods is None
        row = sums.setdefault(workload.ref.namespace, [0] * 5)
        row[0] += pods or 0
        for column, (spec, resource) in enumerate(
            ((before, "cpu"), (changed, "cpu"), (before, "memory"), (changed, "memory")), 1
        ):
            row[column] += pod_amount(spec, "requests", resource) * (pods or 0)

    if not sums:
        return '<p class="none">No workloads.</p>'

    rows = [_row(f"<bdi>{text(name) or '(none)'}</bdi>", sums[name]) for name in sorted(sums)]
    body, more = f"<tbody>{''.join(rows[:_FIRST])}</tbody>", ""
    if len(rows) > _FIRST:
        body += f'<tbody id="spaces">{"".join(rows[_FIRST:])}</tbody>'
        more = f'<p><button type="button" data-shows="spaces">{counted(len(rows) - _FIRST, "more Namespace")}</button></p>'

    total = (
        _row("All", [sum(column) for column in zip(*sums.values(), strict=True)])
        if len(sums) > 1
        else ""
    )
    note = (
        '<p class="none">Pods of DaemonSets, one a node, are not counted.</p>' if open_ones else ""
    )
    heads = "".join(
        f'<th class="n b">{kind}<br>before</th><th class=n>{kind}<br>after</th><th '
        f"class=n>{kind}<br>added</th>"
        for kind in ("CPU", "Memory")
    )
    return (
        '<table class=requests><thead><tr><th>Namespace</th><th class="n '
        f'b">Pods</th>{heads}</tr></thead>'
        f"{body}{f'<tfoot>{total}</tfoot>' if total else ''}</table>{more}{note}"
    )


def _row(name: str, row: Sequence[int]) -> str:
    """A Namespace's pods, then CPU and memory before, after and what is added."""
    cells = [f"<td>{name}</td><td class='n b'>{row[0]:,}</td>"]
    for column, kind in ((1, "cpu"), (3, "memory")):
        before, after = row[column], row[column + 1]
        added = "+" + amount(after - before, kind) if after > before else ""
        cells.append(
            f'<td class="n b">{amount(before, kind)}</td><td class=n>{amount(after, kind)}</td>'
            f'<td class="n more">{added}</td>'
        )

    return f"<tr>{''.join(cells)}</tr>"


def amount(billionths: int, kind: str) -> str:
    """As shown() has it; from ten cores or gibibytes on rounded to tenths of them, so that columns
    can be compared.
    """
    unit, suffix = (_CORE, "") if kind == "cpu" else (_GI, "Gi")
    if billionths >= 10 * unit:
        return f"{billionths / unit:,.1f}{suffix}"
    return shown(billionths, kind)
