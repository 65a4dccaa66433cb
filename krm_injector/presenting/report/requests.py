"""What the pods of each Namespace request, before and after injection."""

from __future__ import annotations

from collections.abc import Mapping

from krm_injector.judging.advice.amounts import brief
from krm_injector.judging.advice.requests import Requests, Sum, in_all
from krm_injector.presenting.report.markup import NOTHING, Html, joined
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

_FIRST_NAMESPACES = 12  # the others appear on request

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
_NOTE = Html('<p class="none">{text}</p>')
_BUTTON = Html('<p><button type="button" data-shows="spaces">{text}</button></p>')


def table(requests: Mapping[str, Requests]) -> Html:
    """The sums of each Namespace over its pods, and those of all. A workload counts as often as it
    states replicas, or as its autoscaler makes pods at least.
    """
    if not requests:
        return Html('<p class="none">No workloads.</p>')

    rows = [_row(_namespace(name), each.least) for name, each in requests.items()]
    bodies = [Html("<tbody>{rows}</tbody>").filled(rows=joined(rows[:_FIRST_NAMESPACES]))]
    button = total = NOTHING
    if len(rows) > _FIRST_NAMESPACES:
        hidden = rows[_FIRST_NAMESPACES:]
        bodies.append(Html('<tbody id="spaces">{rows}</tbody>').filled(rows=joined(hidden)))
        button = _BUTTON.filled(text=counted(len(hidden), "more Namespace"))

    of_all = in_all(requests)
    if len(requests) > 1:
        total = Html("<tfoot>{row}</tfoot>").filled(row=_row(Html("All"), of_all.least))

    heads = joined(_HEADS.filled(resource=resource) for resource in ("CPU", "Memory"))
    note = _notes(of_all)
    return _TABLE.filled(heads=heads, bodies=joined(bodies), total=total, button=button, note=note)


def _notes(of_all: Requests) -> Html:
    """What the columns do not count."""
    notes = []
    if of_all.most != of_all.least:
        notes.append(
            _NOTE.filled(
                text=(
                    f"With autoscalers at the most: {counted(of_all.most.pods, 'pod')}, "
                    f"{brief(of_all.most.cpu_after, 'cpu')} CPU and "
                    f"{brief(of_all.most.memory_after, 'memory')} memory, of which injection adds "
                    f"{brief(of_all.most.added.cpu, 'cpu')} and "
                    f"{brief(of_all.most.added.memory, 'memory')}."
                )
            )
        )
    if of_all.per_node:
        notes.append(_NOTE.filled(text="Pods of DaemonSets, one a node, are not counted."))

    return joined(notes)


def _namespace(name: str) -> Html:
    return Html("<bdi>{name}</bdi>").filled(name=name or "(none)")


def _row(name: Html, sums: Sum) -> Html:
    cells = [
        _NAME.filled(name=name, pods=sums.pods),
        _amounts(sums.cpu, sums.cpu_after, "cpu"),
        _amounts(sums.memory, sums.memory_after, "memory"),
    ]
    return Html("<tr>{cells}</tr>").filled(cells=joined(cells))


def _amounts(before: int, after: int, resource: Literal["cpu", "memory"]) -> Html:
    added = f"+{brief(after - before, resource)}" if after > before else ""
    return _AMOUNTS.filled(
        before=brief(before, resource), after=brief(after, resource), added=added
    )
