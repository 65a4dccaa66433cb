"""What stands in the way of waves, and what they cost: entries with the arithmetic, what to do, and
the workloads. Gates that say the same are one entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.forms.page.parts import details, names, section, with_commands
from krm_injector.fleet.forms.placed import first_names
from krm_injector.fleet.forms.results import briefly
from krm_injector.fleet.plan.model import Gate, Place, Plan
from krm_injector.presenting.report.markup import NOTHING, Html, joined
from krm_injector.results import counted

_MOST_OPEN = 3  # entries that are open
_MOST_NAMES = 12  # workloads of an entry that are shown without a click

_CHIP = Html('<span class="chip {severity}">{severity}</span> ')
_GATE = Html('<div class="gate">{why}{advice}</div>{places}{waves}')
_WHY = Html("<p>{text}</p>")
_ADVICE = Html('<p class="advice">{text}</p>')
_NAMES = Html("<details class=others><summary>{count}</summary>{names}</details>")
_WAVES = Html("<p>In {waves}.</p>")
_WAVE = Html('<a href="#wave-{number}">wave {number}</a>')


def blocked(plan: Plan) -> Html:
    """What keeps waves from going through. It stands above all else, since it comes first."""
    gates = [gate for gate in plan.gates if gate.severity == "blocks"]
    if not gates:
        return NOTHING

    groups = _equal(gates)
    entries = joined(_gate(group, True, at < _MOST_OPEN) for at, group in enumerate(groups))
    return section("blocked", "What stands in the way", entries)


def of_wave(gates: Iterable[Gate]) -> Html:
    """Those that block first."""
    ordered = sorted(gates, key=lambda gate: gate.severity != "blocks")
    return joined(_gate(group, False, False) for group in _equal(ordered))


def _equal(gates: Iterable[Gate]) -> list[list[Gate]]:
    groups: dict[tuple[str, ...], list[Gate]] = {}
    for gate in gates:
        groups.setdefault((gate.severity, gate.kind, gate.why, gate.advice), []).append(gate)
    return list(groups.values())


def _gate(group: Sequence[Gate], tells_waves: bool, opened: bool) -> Html:
    first = group[0]
    places = list(dict.fromkeys(place for gate in group for place in gate.places))
    brief = briefly(first.why)
    why = NOTHING
    if brief.rstrip(".") != first.why.rstrip("."):
        why = _WHY.filled(text=with_commands(first.why))

    content = _GATE.filled(
        why=why,
        advice=_ADVICE.filled(text=with_commands(first.advice)) if first.advice else NOTHING,
        places=_places(places),
        waves=_waves(group) if tells_waves else NOTHING,
    )
    return details(
        chip=_CHIP.filled(severity=first.severity),
        what=f"{_what(group, places)}: {brief}",
        code=first.kind,
        count=counted(len(places), "workload") if places else "",
        content=content,
        opened=opened,
    )


def _what(group: Sequence[Gate], places: Sequence[Place]) -> str:
    """The object, and its target if it is in one alone. Of many that say the same the first."""
    targets = {place.target for place in places}
    whats = list(dict.fromkeys(gate.what for gate in group))
    if len(group) > 1 and all(what[:1].isdigit() for what in whats):
        return counted(len(places), "workload")

    what = first_names(whats, 2)
    return f"{what} in {next(iter(targets))}" if len(targets) == 1 else what


def _places(places: Sequence[Place]) -> Html:
    targets = {place.target for place in places}
    told = [str(place) if len(targets) == 1 else f"{place.target}: {place}" for place in places]
    if len(told) <= _MOST_NAMES:
        return names(told)
    return _NAMES.filled(count=counted(len(told), "workload"), names=names(told))


def _waves(group: Sequence[Gate]) -> Html:
    numbers = sorted({gate.wave for gate in group} - {0})
    if not numbers:
        return NOTHING
    links = joined((_WAVE.filled(number=number) for number in numbers), Html(", "))
    return _WAVES.filled(waves=links)
