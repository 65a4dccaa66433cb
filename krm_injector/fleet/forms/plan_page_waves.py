"""The waves of the plan's page: their contents, and a section each."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.fleet.forms import plan_page_changes as changes
from krm_injector.fleet.forms import plan_page_gates as gates
from krm_injector.fleet.forms.page.parts import (
    cut_table,
    details,
    names,
    show,
    with_commands,
)
from krm_injector.fleet.plan.model import LabelChange, Plan, Restart, Wave
from krm_injector.presenting.report.markup import NOTHING, Html, escaped, joined
from krm_injector.results import counted

_FIRST_RESTARTS = 6  # rows of a wave; the others appear on request

_CONTENTS = Html(
    "<div class=wide><table><thead><tr><th class=n>#</th><th>Wave</th><th>State</th>"
    "<th class=n>Targets</th><th class=n>Workloads</th><th class=n>Pods restart</th>"
    "<th class=n>Labels</th><th class=n>Warnings</th></tr></thead><tbody>{rows}</tbody>"
    "</table></div>"
)
_CONTENT = Html(
    '<tr><td class=n>{number}</td><td><a href="#wave-{number}">{title}</a></td>'
    '<td><span class="state {state}">{shown}</span></td><td class=n>{targets:,}</td>'
    "<td class=n>{workloads:,}</td><td class=n>{pods:,}</td><td class=n>{labels}</td>"
    "<td class=n>{warnings}</td></tr>"
)
_WAVE = Html(
    '<section class="wave" id="wave-{number}" aria-labelledby="h-wave-{number}">'
    '<h2 id="h-wave-{number}">Wave {number}: {title} '
    '<span class="state {state}">{shown}</span></h2><p class="soft">{why}</p>{content}</section>'
)
_COUNTS = Html('<ul class="counts">{items}</ul>')
_COUNT = Html("<li><b>{number:,}</b> {noun}</li>")
_HEADING = Html("<h3>{text}</h3>")
_WAYS = Html('<div class="ways"><div>{there}</div><div>{back}</div></div>')
_STEPS = Html('<h3>{title}</h3><ol class="steps">{items}</ol>')
_STEP = Html("<li>{text}</li>")
_GROUP = Html('<li><a href="#group-{number}">#{number}</a> {title}: {count}</li>')
_LIST = Html("<ul>{items}</ul>")
_CODE = Html("<code>{text}</code>")


def contents(plan: Plan) -> Html:
    return _CONTENTS.filled(rows=joined(_content(wave) for wave in plan.waves))


def _content(wave: Wave) -> Html:
    warns = len([gate for gate in wave.gates if gate.severity == "warns"])
    return _CONTENT.filled(
        number=wave.number,
        title=wave.title,
        state=wave.state,
        shown=_state(wave),
        targets=len(wave.targets),
        workloads=wave.workloads,
        pods=wave.pods,
        labels=_number(len(wave.labels)),
        warnings=_number(warns),
    )


def _state(wave: Wave) -> str:
    blocks = len([gate for gate in wave.gates if gate.severity == "blocks"])
    return f"{wave.state} by {blocks:,}" if blocks else wave.state


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


# ---------------------------------------------------------------- one wave


def wave(plan: Plan, one: Wave) -> Html:
    parts = [
        _counts(one),
        _gates_of(one),
        _ways(one),
        _changes(plan, one),
        _labels(one),
        _restarts(plan, one),
        _where(one),
    ]
    return _WAVE.filled(
        number=one.number,
        title=one.title,
        state=one.state,
        shown=_state(one),
        why=f"{one.why[:1].upper()}{one.why[1:]}",
        content=joined(parts),
    )


def _counts(one: Wave) -> Html:
    counts = (
        (len(one.targets), "target", "targets"),
        (len(one.namespaces), "Namespace", "Namespaces"),
        (one.workloads, "workload changes", "workloads change"),
        (one.restarting, "workload restarts", "workloads restart"),
        (one.pods, "pod restarts", "pods restart"),
        (len(one.labels), "label change", "label changes"),
    )
    items = [
        _COUNT.filled(number=number, noun=singular if number == 1 else plural)
        for number, singular, plural in counts
        if number
    ]
    return _COUNTS.filled(items=joined(items))


def _gates_of(one: Wave) -> Html:
    if not one.gates:
        return NOTHING
    return joined([_HEADING.filled(text="What stands in the way, and what it costs"),
                   gates.of_wave(one.gates)])  # fmt: skip


def _changes(plan: Plan, one: Wave) -> Html:
    """The groups of the wave, by their titles. What they change stands once, above."""
    titles = changes.titles(plan)
    items = [
        _GROUP.filled(number=number, title=titles.get(number, ""), count=counted(count, "workload"))
        for number, count in one.groups
    ]
    if not items:
        return NOTHING

    parts = [_HEADING.filled(text="What changes"), _LIST.filled(items=joined(items))]
    return joined([*parts, show("Show the workloads", wave=str(one.number))])


def _labels(one: Wave) -> Html:
    if not one.labels:
        return NOTHING

    rows = [_label(each) for each in one.labels]
    heads = ("Object", "Cluster", "From", "To", "Written in")
    return joined(
        [
            _HEADING.filled(text="Labels to change"),
            cut_table(f"labels-{one.number}", heads, rows),
        ]
    )


def _label(change: LabelChange) -> list[Html]:
    name = f"{change.namespace}/{change.name}" if change.namespace else change.name
    where = f"{change.file}:{change.line}" if change.file and change.line else change.file
    return [
        escaped(f"{change.kind} {name}"),
        escaped(change.cluster),
        _pairs(change.before),
        _pairs(change.after),
        escaped(where or change.source),
    ]


def _pairs(labels: dict[str, str]) -> Html:
    if not labels:
        return escaped("(none)")
    return joined(
        (_CODE.filled(text=f"{name}: {value}") for name, value in labels.items()), Html(" ")
    )


def _restarts(plan: Plan, one: Wave) -> Html:
    """The workloads whose pods do not simply roll. The others are counted."""
    own = [each for each in plan.restarts if each.wave == one.number]
    unusual = [each for each in own if each.outage or each.how != "rolling"]
    if not unusual:
        return NOTHING

    title = f"Pods that are not simply rolled: {counted(len(unusual), 'workload')} of {len(own):,}"
    rows = [_restart(each) for each in sorted(unusual, key=_urgency)]
    heads = ("Workload", "Target", "How", "Replicas", "")
    name = f"restarts-{one.number}"
    table = cut_table(name, heads, rows, first=_FIRST_RESTARTS)
    return joined([_HEADING.filled(text=title), table])


def _urgency(restart: Restart) -> int:
    """What needs somebody's eye first; what waits for its next run last."""
    if restart.outage:
        return 0
    return 2 if restart.how.endswith("next run") else 1


def _restart(restart: Restart) -> list[Html]:
    outage = Html('<span class="doubt">no pod serves for a while</span> ')
    detail = escaped(restart.detail)
    return [
        escaped(str(restart.place)),
        escaped(restart.place.target),
        escaped(restart.how),
        escaped(restart.replicas),
        joined([outage, detail]) if restart.outage else detail,
    ]


def _where(one: Wave) -> Html:
    spaces = [f"{cluster}/{name}" if cluster else name for cluster, name in one.namespaces]
    found = [
        (counted(len(one.targets), "target"), one.targets),
        (counted(len(spaces), "Namespace"), spaces),
    ]
    entries = [
        details(chip=NOTHING, what=what, code="", count="", content=names(listed))
        for what, listed in found
        if listed
    ]
    return joined([_HEADING.filled(text="Where"), *entries]) if entries else NOTHING


def _ways(one: Wave) -> Html:
    return _WAYS.filled(
        there=_steps("What to do", one.steps), back=_steps("The way back", one.back)
    )


def _steps(title: str, steps: Sequence[str]) -> Html:
    if not steps:
        return NOTHING
    items = joined(_STEP.filled(text=with_commands(step)) for step in steps)
    return _STEPS.filled(title=title, items=items)
