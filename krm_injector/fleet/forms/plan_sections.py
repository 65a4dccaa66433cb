"""What a plan says to people, in sentences and sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from krm_injector.fleet.forms.columns import Column
from krm_injector.fleet.forms.sections import Entry, Section, kept
from krm_injector.fleet.plan import sums, text
from krm_injector.fleet.plan.model import (
    ByHand,
    ChangeGroup,
    Failed,
    Gate,
    MeshUse,
    Place,
    Plan,
    Requests,
    Wave,
)
from krm_injector.results import counted

_STEPS_OF = 3  # waves
_WAVES = (
    Column("No.", number=True),
    Column("Wave"),
    Column("Why here"),
    Column("State"),
    Column("Targets", number=True),
    Column("Workloads", number=True),
    Column("Restart", number=True),
    Column("Pods", number=True),
    Column("Labels", number=True),
)
_LABELS = (
    Column("Wave", number=True),
    Column("Cluster"),
    Column("Object"),
    Column("Label"),
    Column("becomes"),
    Column("Stands in"),
)
_REQUESTS = (
    Column("Cluster"),
    Column("Namespace"),
    Column("Pods", number=True),
    Column("CPU before", number=True),
    Column("after", number=True),
    Column("Memory before", number=True),
    Column("after", number=True),
)


# ---------------------------------------------------------------- the beginning


def sentences(plan: Plan) -> list[str]:
    totals = plan.totals
    workloads = counted(totals.workloads, "workload")
    where = counted(totals.targets, "target")
    if totals.clusters:
        where += f" for {counted(totals.clusters, 'cluster')}"

    lines = [f"{plan.title}: {plan.way}." if plan.way != "nothing" else f"{plan.title}."]
    if plan.before != plan.after:
        lines += [f"Now: {_meshes(plan.before)}.", f"Then: {_meshes(plan.after)}."]

    ways = f", in {counted(len(plan.groups), 'way')}" if plan.groups else ""
    verb = "changes" if totals.changing == 1 else "change"
    lines.append(f"{totals.changing:,} of {workloads} in {where} {verb}{ways}. {_restarts(plan)}")
    if plan.waves:
        lines.append(_gates_in_words(plan))
    lines += _requests_in_words(plan.requests)
    return lines


def _meshes(uses: Sequence[MeshUse]) -> str:
    parts = []
    for use in uses:
        version = f"Istio {use.version}" if use.version else "of unknown version"
        parts.append(f"{use.revision} ({version}) injects {counted(use.workloads, 'workload')}")
    return "; ".join(parts) or "nothing injects"


def _restarts(plan: Plan) -> str:
    totals = plan.totals
    if not totals.changing:
        return "No pod restarts."

    words = f"{counted(totals.pods, 'pod')} of {counted(totals.restarting, 'workload')} restart"
    if totals.outages:
        words += f"; {counted(totals.outages, 'workload')} without a pod that serves for a while"
    return f"{words}."


def _gates_in_words(plan: Plan) -> str:
    """How many waves are blocked, and by what."""
    blocked = [wave for wave in plan.waves if wave.state == "blocked"]
    waves = counted(len(plan.waves), "wave")
    if not blocked:
        words = f"{waves}, none is blocked"
    else:
        verb = "is" if len(blocked) == 1 else "are"
        words = f"{len(blocked):,} of {waves} {verb} blocked"
    if plan.totals.warns:
        words += f"; {counted(plan.totals.warns, 'warning')}"
    return f"{words}."


def _requests_in_words(requests: Sequence[Requests]) -> list[str]:
    """The sums of all Namespaces."""
    if not requests:
        return []

    everything = sums.total(requests, "")
    cpu, memory = everything.cpu, everything.memory
    if cpu[0] == cpu[1] and memory[0] == memory[1]:
        stay = f"CPU {text.cpu(cpu[0])}, memory {text.memory(memory[0])}"
        return [f"Requests stay in sum: {stay}."]

    return [
        f"Requests in sum: CPU {text.cpu(cpu[0])} before, {text.cpu(cpu[1])} after; memory "
        f"{text.memory(memory[0])} before, {text.memory(memory[1])} after."
    ]


# ---------------------------------------------------------------- sections


def sections(plan: Plan, limit: int) -> list[Section]:
    """``limit``: entries of each; 0 for all."""
    found = [
        _failed(plan.failed, limit),
        _waves(plan.waves, limit),
        _groups(plan.groups, limit),
        _gates("Blocked", plan, "blocks", limit),
        _gates("To know before", plan, "warns", limit),
        _labels(plan.waves, limit),
        *_requests(plan.requests, limit),
        _by_hand(plan.by_hand, limit),
        *_steps(plan.waves, limit),
        _assumptions(plan),
    ]
    return [section for section in found if section.rows or section.entries]


def _failed(failed: Sequence[Failed], limit: int) -> Section:
    most = kept(failed, limit)
    entries = [
        Entry(f"{each.target}: {each.messages[0]}") for each in failed[:most] if each.messages
    ]
    title = "Targets with errors, which are not in the plan"
    return Section(title, "target", entries=entries, hidden=len(failed) - most)


def _waves(waves: Sequence[Wave], limit: int) -> Section:
    most = kept(waves, limit)
    rows = [
        (
            str(wave.number),
            wave.title,
            wave.why,
            wave.state,
            f"{len(wave.targets):,}",
            f"{wave.workloads:,}",
            f"{wave.restarting:,}",
            f"{wave.pods:,}",
            f"{len(wave.labels):,}" if wave.labels else "",
        )
        for wave in waves[:most]
    ]
    return Section("Waves", "wave", _WAVES, rows, hidden=len(waves) - most)


def _groups(groups: Sequence[ChangeGroup], limit: int) -> Section:
    most = kept(groups, limit)
    entries = [
        Entry(
            f"{counted(group.workloads, 'workload')} in {counted(group.targets, 'target')}: "
            f"{group.title}",
            _places(group.places),
        )
        for group in groups[:most]
    ]
    return Section("What changes", "way", entries=entries, hidden=len(groups) - most)


def _places(places: Sequence[Place]) -> str:
    names = [f"{place.target}: {place}" for place in places[:3]]
    rest = len(places) - len(names)
    return ", ".join(names) + (f" and {text.more(rest, 'workload')}" if rest else "")


def _gates(title: str, plan: Plan, severity: str, limit: int) -> Section:
    """What several waves have in common is told once."""
    joined: dict[tuple[str, str], list[Gate]] = {}
    for gate in plan.gates:
        if gate.severity == severity:
            joined.setdefault((gate.why, gate.advice), []).append(gate)

    chosen = list(joined.values())
    most = kept(chosen, limit)
    entries = [_gate(gates) for gates in chosen[:most]]
    return Section(title, "gate", entries=entries, hidden=len(chosen) - most)


def _gate(gates: Sequence[Gate]) -> Entry:
    """``gates``: they differ in their places and waves only."""
    first = gates[0]
    places = [place for gate in gates for place in gate.places]
    waves = sorted({gate.wave for gate in gates if gate.wave})
    what = first.what
    if len(gates) > 1:
        what = text.named(list(dict.fromkeys(gate.what for gate in gates)), "object")
        if first.what == counted(len(first.places), "workload"):
            what = counted(len(places), "workload")

    where = _places(places) if len(places) > 1 else _target(places)
    return Entry(f"{_of_waves(waves)}{what}: {first.why}", where, first.advice)


def _of_waves(waves: Sequence[int]) -> str:
    if not waves:
        return ""
    if len(waves) == 1:
        return f"Wave {waves[0]}, "
    return f"Waves {text.named([str(wave) for wave in waves], 'wave')}: "


def _target(places: Sequence[Place]) -> str:
    return f"{places[0].target}: {places[0]}" if places else ""


def _labels(waves: Sequence[Wave], limit: int) -> Section:
    found = [(wave.number, change) for wave in waves for change in wave.labels]
    most = kept(found, limit)
    rows = [
        (
            str(number),
            change.cluster,
            change.object,
            text.labels(change.before),
            text.labels(change.after),
            text.stands_in(change),
        )
        for number, change in found[:most]
    ]
    return Section("Labels that move", "label", _LABELS, rows, hidden=len(found) - most)


def _requests(requests: Sequence[Requests], limit: int) -> Iterator[Section]:
    """Only what changes: the rest is in the sum of all. Clusters first, if there are several."""
    by_cluster: dict[str, list[Requests]] = {}
    for each in requests:
        by_cluster.setdefault(each.cluster, []).append(each)

    if len(by_cluster) > 1:
        clusters = [sums.total(each, "") for each in by_cluster.values()]
        yield _changed_requests("Requests of clusters", "cluster", clusters, limit)
    yield _changed_requests("Requests of Namespaces", "Namespace", requests, limit)


def _changed_requests(title: str, noun: str, requests: Sequence[Requests], limit: int) -> Section:
    changed = [each for each in requests if each.most_cpu[0] != each.most_cpu[1] or _grows(each)]
    most = kept(changed, limit)
    rows = [_request(each, noun) for each in changed[:most]]
    return Section(f"{title} that change", noun, _REQUESTS, rows, hidden=len(changed) - most)


def _grows(requests: Requests) -> bool:
    return requests.most_memory[0] != requests.most_memory[1]


def _request(each: Requests, noun: str) -> tuple[str, ...]:
    scaled = each.most_pods != each.pods
    return (
        each.cluster,
        each.namespace or ("(none)" if noun == "Namespace" else ""),
        f"{each.pods:,} to {each.most_pods:,}" if scaled else f"{each.pods:,}",
        *(_range(text.cpu, each.cpu[side], each.most_cpu[side]) for side in (0, 1)),
        *(_range(text.memory, each.memory[side], each.most_memory[side]) for side in (0, 1)),
    )


def _range(shown: Callable[[int], str], least: int, most: int) -> str:
    return shown(least) if least == most else f"{shown(least)} to {shown(most)}"


def _by_hand(places: Sequence[ByHand], limit: int) -> Section:
    most = kept(places, limit)
    entries = []
    for each in places[:most]:
        where = f"{each.file}:{each.line}" if each.line else each.file
        what = f"{each.place.target}: {each.place}: {each.field}: {each.value}"
        entries.append(Entry(what, where, each.advice))
    return Section("To be changed by hand", "place", entries=entries, hidden=len(places) - most)


def _steps(waves: Sequence[Wave], limit: int) -> Iterator[Section]:
    """What to do, and the way back, of the first waves: people do them one after another."""
    most = kept(waves, min(limit, _STEPS_OF))
    for wave in waves[:most]:
        name = f"Wave {wave.number}, {wave.title}"
        yield Section(f"{name}: what to do", "step", entries=_numbered(wave.steps))
        yield Section(f"{name}: the way back", "step", entries=_numbered(wave.back))

    if most < len(waves):
        rest = text.more(len(waves) - most, "wave")
        yield Section("", "wave", entries=[Entry(f"{rest}: --limit 0 tells what to do in each")])


def _numbered(steps: Iterable[str]) -> list[Entry]:
    return [Entry(f"{number}. {step}") for number, step in enumerate(steps, 1)]


def _assumptions(plan: Plan) -> Section:
    return Section("What the plan rests on", "", entries=[Entry(each) for each in plan.assumptions])
