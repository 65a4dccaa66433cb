"""What the plan changes in workloads: equal changes once, and in what the others differ."""

from __future__ import annotations

import json

from krm_injector.fleet.forms.page.parts import details, names, section, show
from krm_injector.fleet.plan.model import ABSENT, Change, ChangeGroup, Plan
from krm_injector.presenting.report.markup import NOTHING, Html, joined
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_OPEN = 3  # groups whose changes are shown without a click
_SHORT = 6  # changes of a group that is open
_TITLE = 160  # characters of the title of one
_SIDE = 60  # characters of a value in a title
_LONGEST = 2_000  # characters of a value
_MOST_CHANGES = 100  # of a group

_PARAGRAPH = Html("<p>{text}</p>")
_CHANGES = Html('<dl class="change">{changes}</dl>')
_CHANGE = Html("<dt>{path}</dt>{before}{after}")
_VALUE = Html('<dd class="{kind}">{value}</dd>')


def groups(plan: Plan) -> Html:
    """Each change once, with the number of its workloads; the first few are open."""
    if not plan.groups:
        return NOTHING

    titles_of = titles(plan)
    entries = [
        _group(group, titles_of[group.number], at < _MOST_OPEN)
        for at, group in enumerate(plan.groups)
    ]
    ways = counted(len(plan.groups), "way")
    title = f"What changes: {counted(plan.totals.changing, 'workload')} in {ways}"
    return section("groups", title, joined(entries))


def _group(group: ChangeGroup, title: str, first: bool) -> Html:
    changes = joined(_change(change) for change in group.changes[:_MOST_CHANGES])
    hidden = len(group.changes) - _MOST_CHANGES
    parts = [_CHANGES.filled(changes=changes)]
    if hidden > 0:
        parts.append(_PARAGRAPH.filled(text=f"… and {counted(hidden, 'more change')}"))

    parts += [_places(group), show("Show the workloads", group=str(group.number))]
    pods = f", {counted(group.pods, 'pod')}" if group.pods else ""
    return details(
        chip=NOTHING,
        what=f"#{group.number} {title}",
        code="",
        count=f"{counted(group.workloads, 'workload')} in {counted(group.targets, 'target')}{pods}",
        content=joined(parts),
        opened=first and len(group.changes) <= _SHORT,
        name=f"group-{group.number}",
    )


def titles(plan: Plan) -> dict[int, str]:
    """Number of a group -> what changes, in a line: "label a; label b and 9 more".

    Where not all has room, what sets the group apart from the others stands first. A title that
    another group has too says in what the two differ.
    """
    clauses = {group.number: group.title.split("; ") for group in plan.groups}
    common: dict[str, int] = {}  # a clause -> how many groups have it
    for own in clauses.values():
        for clause in own:
            common[clause] = common.get(clause, 0) + 1

    found: dict[int, str] = {}
    first: dict[str, ChangeGroup] = {}  # title -> the largest group that has it
    for group in plan.groups:
        title = group.title
        if len(title) > _TITLE:
            title = _cut(sorted(clauses[group.number], key=common.__getitem__))
        found[group.number] = title
        if first.setdefault(title, group) is not group:
            found[group.number] = _differing(group, first[title])

    return found


def _differing(group: ChangeGroup, other: ChangeGroup) -> str:
    """ "as #1, but spec.x: 1 -> 2"."""
    twins = {change.path: change for change in other.changes}
    told = [
        _in_words(change, twins.get(change.path))
        for change in group.changes
        if change not in other.changes
    ]
    paths = {change.path for change in group.changes}
    told += [f"not {change.path}" for change in other.changes if change.path not in paths]
    return f"as #{other.number}, but {_cut(told)}" if told else f"as #{other.number}"


def _in_words(change: Change, twin: Change | None) -> str:
    """The change in a few words; of long values the place where they differ from the twin's."""
    sides = []
    for at, side in enumerate((change.before, change.after)):
        if side is not ABSENT:
            sides.append(_short(_text(side), _text(twin[at + 1]) if twin else ""))
    return f"{change.path}: {' -> '.join(sides)}" if sides else change.path  # a move


def _short(text: str, other: str) -> str:
    if len(text) <= _SIDE:
        return text

    pairs = enumerate(zip(text, other, strict=False))
    same = next((at for at, (one, two) in pairs if one != two), min(len(text), len(other)))
    start = max(0, min(same - _SIDE // 3, len(text) - _SIDE))
    end = start + _SIDE
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _cut(clauses: list[str]) -> str:
    first, *rest = clauses
    shown = [first if len(first) <= _TITLE else f"{first[:_TITLE]}…"]
    while rest and len("; ".join([*shown, rest[0]])) <= _TITLE:
        shown.append(rest.pop(0))
    return f"{'; '.join(shown)} and {len(rest):,} more" if rest else "; ".join(shown)


def _places(group: ChangeGroup) -> Html:
    """The workloads of a small group: the exceptions. Of a large one the list has them."""
    if group.workloads > 10:
        return NOTHING
    return names([f"{place.target}: {place}" for place in group.places])


def _change(change: Change) -> Html:
    return _CHANGE.filled(
        path=change.path,
        before=_value(change.before, "cut"),
        after=_value(change.after, "add"),
    )


def _value(value: Any, kind: str) -> Html:
    if value is ABSENT:
        return NOTHING

    text = _text(value, indent=2)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} … {len(text) - _LONGEST:,} more characters"
    return _VALUE.filled(kind=kind, value=text)


def _text(value: Any, indent: int | None = None) -> str:
    """A value as text: a string as it is, others as JSON."""
    if value is ABSENT:
        return ""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, indent=indent, ensure_ascii=False)
