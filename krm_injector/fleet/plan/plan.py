"""Report -> Plan: the answers of all targets together, in waves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.model import Report
from krm_injector.fleet.plan import budgets, campaigns, gates, groups, quotas, steps, sums, units
from krm_injector.fleet.plan.headline import assumptions, title, way
from krm_injector.fleet.plan.model import (
    ByHand,
    ChangeGroup,
    Failed,
    Gate,
    LabelChange,
    MeshUse,
    Place,
    Plan,
    Restart,
    Totals,
    Wave,
)
from krm_injector.fleet.plan.units import Ordered
from krm_injector.fleet.plan.work import Answer, Work, all_work, answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def plan_of(report: Report) -> Plan:
    planned = answers(report)
    grouped = groups.grouped(all_work(planned))
    work = grouped.work
    labels = _labels(planned)
    by = _waves_by(report)
    waves = units.ordered(units.units(by, work, labels, planned))
    found = _gates(waves, work, planned)
    stated = report.options.get("campaign")
    campaign = campaigns.parse(stated) if stated else None
    made = _waves(waves, found, campaign)
    restarts = _restarts(waves)
    busy = {name for wave in made for name in wave.targets}
    return Plan(
        title=title(work, campaign),
        way=way(work),
        waves_by=by,
        before=_meshes(work, 0),
        after=_meshes(work, 1),
        totals=_totals(planned, work, grouped.groups, made, restarts),
        waves=made,
        groups=grouped.groups,
        restarts=restarts,
        gates=tuple(sorted(found, key=lambda gate: (gate.severity != "blocks", gate.wave))),
        requests=sums.requests(work),
        by_hand=_by_hand(planned),
        failed=_failed(report),
        unchanged=tuple(each.target.name for each in planned if each.target.name not in busy),
        assumptions=assumptions(report, work, planned, campaign, made),
    )


def _waves_by(report: Report) -> str:
    stated = report.options.get("waves")
    if stated:
        return str(stated)
    several = len({target.cluster for target in report.fleet.targets}) > 1
    return "cluster" if several else "namespace"


# ---------------------------------------------------------------- labels


def _labels(planned: Sequence[Answer]) -> list[LabelChange]:
    """Each label change once, though several targets may have read its object as context."""
    found: dict[tuple[str, ...], LabelChange] = {}
    for answer in planned:
        for entry in answer.data["labels"]:
            change = _label(entry, answer)
            key = (
                change.cluster, change.kind, change.namespace, change.name, change.path, change.file
            )  # fmt: skip
            first = found.setdefault(key, change)
            if first is not change:
                targets = (*first.targets, *change.targets)
                found[key] = first._replace(targets=targets)

    placed = {(each.cluster, each.kind, each.of) for each in found.values() if each.file}
    # What a target knows from a functionConfig, and another one from its manifest, is the manifest.
    used = {(answer.target.name, entry["namespace"]) for answer, entry in _entries(planned)}
    return [
        _of_its_targets(each, used)
        for each in found.values()
        if each.file or (each.cluster, each.kind, each.of) not in placed
    ]


def _entries(planned: Iterable[Answer]) -> Iterable[tuple[Answer, dict[str, Any]]]:
    return ((answer, entry) for answer in planned for entry in answer.data["workloads"])


def _of_its_targets(change: LabelChange, used: set[tuple[str, str]]) -> LabelChange:
    """With the targets that have workloads in the Namespace; if none has, the first that states
    it. Others have only read it as context.
    """
    own = tuple(name for name in change.targets if (name, change.of) in used)
    return change._replace(targets=own or change.targets[:1])


def _label(entry: dict[str, Any], answer: Answer) -> LabelChange:
    return LabelChange(
        cluster=answer.cluster,
        kind=entry["kind"],
        namespace=entry["namespace"],
        name=entry["name"],
        path=entry["path"],
        before=entry["before"],
        after=entry["after"],
        file=entry["file"],
        line=entry["line"],
        api_version=entry["apiVersion"],
        source=entry["source"],
        targets=(answer.target.name,),
        of=entry["of"],
    )


# ---------------------------------------------------------------- waves


def _gates(waves: Sequence[Ordered], work: Sequence[Work], planned: list[Answer]) -> list[Gate]:
    numbers = {id(each.entry): number for number, _, each in _members(waves)}
    by_index = {
        index: numbers[id(each.entry)]
        for index, each in enumerate(work)
        if id(each.entry) in numbers
    }
    found: list[Gate] = []
    for number, wave in enumerate(waves, 1):
        found += gates.of_wave(number, [each for unit in wave.units for each in unit.work])

    changes = [[change for unit in wave.units for change in unit.labels] for wave in waves]
    found += gates.of_labels(changes)
    of_targets: dict[str, list[Work]] = {}
    for each in work:
        of_targets.setdefault(each.place.target, []).append(each)

    for answer in planned:
        own = of_targets.get(answer.target.name, [])
        for number in sorted(
            {numbers[id(each.entry)] for each in own if id(each.entry) in numbers}
        ):
            in_wave = [_in_wave(each, numbers.get(id(each.entry)) == number) for each in own]
            found += budgets.gates(answer, in_wave, number)

    return found + quotas.gates(planned, work, by_index)


def _in_wave(work: Work, is_in: bool) -> Work:
    """Work of another wave, as it stands while this wave rolls: it counts, and does not change."""
    return work if is_in else work._replace(rollout=None, group=0)


def _members(waves: Sequence[Ordered]) -> Iterable[tuple[int, Ordered, Work]]:
    for number, wave in enumerate(waves, 1):
        for unit in wave.units:
            for each in unit.work:
                yield number, wave, each


def _waves(
    waves: Sequence[Ordered], found: Sequence[Gate], campaign: campaigns.Campaign | None
) -> tuple[Wave, ...]:
    prepared: set[tuple[str, str]] = set()
    of_wave: dict[int, list[Gate]] = {}
    for gate in found:
        of_wave.setdefault(gate.wave, []).append(gate)

    return tuple(
        _wave(wave, number, of_wave.get(number, []), steps.told(wave, number, campaign, prepared))
        for number, wave in enumerate(waves, 1)
    )


def _wave(wave: Ordered, number: int, own: list[Gate], told: steps.Told) -> Wave:
    work = [each for unit in wave.units for each in unit.work]
    labels = [change for unit in wave.units for change in unit.labels]
    restarting = [each for each in work if each.rollout and each.rollout.restarting]
    counts: dict[int, int] = {}
    for each in work:
        if each.group:
            counts[each.group] = counts.get(each.group, 0) + 1

    places = {(each.place.cluster, each.place.namespace) for each in work}
    places |= {(change.cluster, change.of) for change in labels}
    targets = {name for unit in wave.units for name in unit.answers}
    return Wave(
        number=number,
        title=wave.title,
        by=wave.by,
        why=wave.why,
        state="blocked" if any(gate.severity == "blocks" for gate in own) else "ready",
        targets=tuple(sorted(targets)),
        namespaces=tuple(sorted(places)),
        workloads=sum(counts.values()),
        restarting=len(restarting),
        pods=sum(each.rollout.restarting for each in restarting if each.rollout),
        groups=tuple(sorted(counts.items())),
        gates=tuple(sorted(own, key=lambda gate: gate.severity != "blocks")),
        labels=tuple(labels),
        steps=told.steps,
        back=told.back,
    )


def _restarts(waves: Sequence[Ordered]) -> tuple[Restart, ...]:
    return tuple(
        Restart(
            each.place,
            number,
            each.rollout.how,
            each.rollout.restarting,
            _replicas(each),
            each.rollout.detail,
            each.rollout.outage,
            each.group,
            _decides(each),
        )
        for number, _, each in _members(waves)
        if each.rollout and each.group
    )


def _decides(work: Work) -> str:
    stated = work.entry["decides"]
    if not stated["label"]:
        return "the mesh injects by default" if stated["on"] else ""
    tag = ", a tag" if stated["tag"] else ""
    return f"{stated['label']}{tag}, of {stated.get('object', 'the pod')}"


def _replicas(work: Work) -> str:
    if work.entry["perNode"]:
        return "one a node"
    scaler = work.entry.get("autoscaler")
    if scaler is None:
        return f"{work.pods:,}"
    return f"{work.pods:,} to {work.most_pods:,} ({scaler['kind']} {scaler['name']})"


# ---------------------------------------------------------------- the whole


def _meshes(work: Iterable[Work], side: int) -> tuple[MeshUse, ...]:
    """The control planes that inject, the most used first."""
    counts: dict[tuple[str, str], list[str]] = {}
    for each in work:
        if each.entry["injected"][side]:
            key = each.entry["revision"][side], each.entry["version"][side]
            counts.setdefault(key, []).append(each.place.cluster)

    uses = [
        MeshUse(
            revision, version, len(clusters), tuple(sorted({each for each in clusters if each}))
        )
        for (revision, version), clusters in counts.items()
    ]
    return tuple(sorted(uses, key=lambda use: (-use.workloads, use.revision, use.version)))


def _totals(
    planned: Sequence[Answer],
    work: Sequence[Work],
    all_groups: Sequence[ChangeGroup],
    waves: Sequence[Wave],
    restarts: Sequence[Restart],
) -> Totals:
    changing = [each for each in work if each.group]
    all_gates = [gate for wave in waves for gate in wave.gates]
    injected = [sum(each.entry["injected"][side] for each in work) for side in (0, 1)]
    return Totals(
        targets=len(planned),
        clusters=len({answer.cluster for answer in planned if answer.cluster}),
        namespaces=len({(each.place.cluster, each.place.namespace) for each in work}),
        workloads=len(work),
        injected=(injected[0], injected[1]),
        changing=len(changing),
        changing_targets=len({each.place.target for each in changing}),
        restarting=sum(1 for each in restarts if each.pods),
        pods=sum(each.pods for each in restarts),
        outages=sum(each.outage for each in restarts),
        labels=sum(len(wave.labels) for wave in waves),
        blocks=sum(gate.severity == "blocks" for gate in all_gates),
        warns=sum(gate.severity == "warns" for gate in all_gates),
    )


def _by_hand(planned: Iterable[Answer]) -> tuple[ByHand, ...]:
    advice = "Change it by hand, or take it away: injection takes it as it is"
    return tuple(
        ByHand(
            Place(
                answer.target.name,
                answer.cluster,
                entry["kind"],
                entry["namespace"],
                entry["name"],
            ),
            entry["field"],
            entry["value"],
            advice,
            entry["file"],
            entry["line"],
        )
        for answer in planned
        for entry in answer.data["byHand"]
    )


def _failed(report: Report) -> tuple[Failed, ...]:
    return tuple(
        Failed(
            result.name,
            tuple(each.message for each in result.results if each.severity == "error"),
        )
        for result in report.results
        if result.code
    )
