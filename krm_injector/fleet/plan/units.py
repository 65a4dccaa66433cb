"""What a wave is, and the order of waves: canary first.

docs/fleet-plan.md has the rule in words. A unit is what --waves says: a cluster, a Namespace, a
label, a tag. Units whose label ``wave`` is the same number are one wave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from krm_injector.fleet.plan.model import LabelChange
from krm_injector.fleet.plan.work import Answer, Work
from krm_injector.istio_names import INJECTION_LABEL, REVISION_LABEL
from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Key: TypeAlias = "tuple[str, str, str]"  # by what, its name, its cluster

WAVE_LABEL, CANARY_LABEL = "wave", "canary"
STAGE_LABELS = ("stage", "environment", "env", "ring", "tier")
_STAGES = {
    "canary": 0,
    "dev": 1,
    "development": 1,
    "test": 2,
    "testing": 2,
    "qa": 2,
    "staging": 3,
    "stage": 3,
    "preprod": 3,
}
_CANARY, _LAST = 0, 4
_NO_LABEL = "no label of a revision"


class Unit(NamedTuple):
    key: Key
    work: list[Work]
    labels: list[LabelChange]
    answers: dict[str, Answer]  # by the target's name


class Ordered(NamedTuple):
    """The units of one wave."""

    by: str
    title: str
    why: str
    units: list[Unit]


def units(
    by: str, work: Iterable[Work], labels: Iterable[LabelChange], answers: Sequence[Answer]
) -> list[Unit]:
    """Work and label changes that belong together. What has nothing to do is left out."""
    found: dict[Key, Unit] = {}
    for each in work:
        if each.has_something_to_do:
            unit = _unit(found, _key_of_work(by, each))
            unit.work.append(each)
            unit.answers[each.place.target] = each.answer

    by_name = {answer.target.name: answer for answer in answers}
    for change in labels:
        unit = _unit(found, _key_of_label(by, change))
        unit.labels.append(change)
        unit.answers.update((name, by_name[name]) for name in change.targets)

    return list(found.values())


def _unit(found: dict[Key, Unit], key: Key) -> Unit:
    return found.setdefault(key, Unit(key, [], [], {}))


def _key_of_work(by: str, work: Work) -> Key:
    cluster = work.place.cluster
    if by == "cluster":
        return "cluster", cluster, ""

    decides = work.entry["decides"]
    # A tag's webhook moves for all its Namespaces at once, whatever else a wave is.
    if work.entry.get("move") == "tag":
        return "tag", work.entry["tag"], ""
    if by == "namespace":
        return "namespace", work.place.namespace, ""
    if by == "tag" and decides["tag"]:
        return "tag", decides["tag"], ""
    return "revision", _revision_label(decides["label"]), ""


def _key_of_label(by: str, change: LabelChange) -> Key:
    if by == "cluster":
        return "cluster", change.cluster, ""
    if by == "namespace":
        return "namespace", change.of, ""
    # Of both labels the injection label decides.
    for key in (INJECTION_LABEL, REVISION_LABEL):
        if key in change.before:
            return "revision", f"{key}={change.before[key]}", ""
    return "revision", _NO_LABEL, ""


def _revision_label(label: str) -> str:
    is_one = label.startswith((f"{REVISION_LABEL}=", f"{INJECTION_LABEL}="))
    return label if is_one else _NO_LABEL


# ---------------------------------------------------------------- the order


def ordered(units: Iterable[Unit]) -> list[Ordered]:
    """The units as waves, in their order: canaries, those with a number, and the others."""
    numbered: dict[int, list[Unit]] = {}
    others: list[Unit] = []
    for unit in units:
        number = _wave_label(unit)
        if number is None:
            others.append(unit)
        else:
            numbered.setdefault(number, []).append(unit)

    ranked = sorted(others, key=lambda unit: (_rank(unit)[0], _pods(unit), unit.key))
    canaries = [_alone(unit) for unit in ranked if _rank(unit)[0] == _CANARY]
    later = [_alone(unit) for unit in ranked if _rank(unit)[0] != _CANARY]
    return canaries + [_of_label(number, numbered[number]) for number in sorted(numbered)] + later


def _of_label(number: int, units: list[Unit]) -> Ordered:
    ordered = sorted(units, key=lambda unit: unit.key)
    if len(ordered) == 1:
        return _alone(ordered[0])._replace(why=f"label {WAVE_LABEL}: {number}")

    by = ordered[0].key[0]
    noun = {"cluster": "clusters ", "namespace": "Namespaces "}.get(by, "")
    names = ", ".join(_name(unit) for unit in ordered)
    return Ordered(WAVE_LABEL, f"{noun}{names}", f"label {WAVE_LABEL}: {number}", ordered)


def _alone(unit: Unit) -> Ordered:
    rank, why = _rank(unit)
    if rank == _LAST:
        why = f"by size: {counted(_pods(unit), 'pod')}"
    return Ordered(unit.key[0], title(unit), why, [unit])


def title(unit: Unit) -> str:
    by = unit.key[0]
    if by == "cluster" and not unit.key[1]:
        return "targets without a cluster"
    if by == "namespace":
        return f"Namespace {_name(unit)}"
    if by == "revision":
        return _name(unit)
    return f"{by} {_name(unit)}"


def _name(unit: Unit) -> str:
    return unit.key[1] or ("(none)" if unit.key[0] == "namespace" else "(no cluster)")


def _pods(unit: Unit) -> int:
    return sum(each.rollout.restarting for each in unit.work if each.rollout)


def _wave_label(unit: Unit) -> int | None:
    """The least number among the unit's targets; None if none has one."""
    stated = [each.target.labels.get(WAVE_LABEL, "") for each in unit.answers.values()]
    numbers = [int(text) for text in stated if _is_number(text)]
    return min(numbers) if numbers else None


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii()


def doubts(answers: Iterable[Answer]) -> tuple[Result, ...]:
    """Warnings about labels ``wave`` that are no numbers."""
    found: dict[str, str] = {}
    for answer in answers:
        stated = answer.target.labels.get(WAVE_LABEL)
        if stated is not None and not _is_number(stated):
            found.setdefault(answer.cluster or answer.target.name, stated)

    return tuple(
        Result(
            "warning",
            f'the label {WAVE_LABEL} "{stated}" of {name} is no whole number, and does not count; '
            'write it as "1"',
            code="fleet-plan-wave",
        )
        for name, stated in found.items()
    )


def _rank(unit: Unit) -> tuple[int, str]:
    """By labels, or else by the unit's own name."""
    of_labels = [_rank_of_labels(each.target.labels) for each in unit.answers.values()]
    if of_labels and all(rank is not None for rank in of_labels):
        # One target of a later stage makes a unit one of that stage.
        rank = max(rank for rank in of_labels if rank is not None)
        return rank, f"{_stage(rank)} by its labels" if rank < _LAST else ""

    rank = min((_STAGES[word] for word in _words(unit.key[1]) if word in _STAGES), default=_LAST)
    return rank, f"{_stage(rank)} by its name" if rank < _LAST else ""


def _stage(rank: int) -> str:
    return ("canary", "development", "test", "staging")[rank]


def _rank_of_labels(labels: Mapping[str, str]) -> int | None:
    """None: no label says anything."""
    if CANARY_LABEL in labels:
        return _CANARY if labels[CANARY_LABEL] == "true" else _LAST

    for key in STAGE_LABELS:
        if key in labels:
            words = _words(labels[key])
            return min((_STAGES[word] for word in words if word in _STAGES), default=_LAST)
    return None


def _words(name: str) -> list[str]:
    return re.split(r"[^a-z0-9]+", name.lower())
