"""Workloads with equal changes, over all targets."""

from __future__ import annotations

import json
from collections.abc import Sequence

from krm_injector.fleet.plan import titles
from krm_injector.fleet.plan.model import ABSENT, Change, ChangeGroup
from krm_injector.fleet.plan.work import Work
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# Where the sidecar comes or goes as a whole, the pieces tell nothing: they differ with the ports
# and names of each application.
_SIDECARS = {(True, False): "the sidecar goes", (False, True): "a sidecar comes"}


class Grouped(NamedTuple):
    """The groups, and all work with the numbers of its groups."""

    groups: tuple[ChangeGroup, ...]
    work: list[Work]


class _Value(NamedTuple):
    """What one change of a workload says: as it is, and without the workload's own name."""

    own: str  # JSON
    generic: str  # "" where it is the same


def grouped(work: Sequence[Work]) -> Grouped:
    """The largest group first."""
    written = _Written(work)
    members: dict[tuple[str, ...], list[int]] = {}
    for index, each in enumerate(work):
        if "changes" in each.entry:
            members.setdefault(written.key(each), []).append(index)

    # Equal sizes are in the order of the first workload.
    ordered = sorted(members.values(), key=lambda indices: (-len(indices), indices[0]))
    numbered = list(work)
    groups = []
    for number, indices in enumerate(ordered, 1):
        chosen = [work[index] for index in indices]
        groups.append(_group(number, chosen, written))
        for index in indices:
            numbered[index] = work[index]._replace(group=number)

    return Grouped(tuple(groups), numbered)


def _group(number: int, chosen: list[Work], written: _Written) -> ChangeGroup:
    changes = written.common(chosen)
    pods = sum(each.rollout.restarting for each in chosen if each.rollout)
    return ChangeGroup(
        number,
        _sidecar(chosen[0]) or titles.title(changes),
        changes,
        tuple(each.place for each in chosen),
        len({each.place.target for each in chosen}),
        pods,
    )


def _sidecar(work: Work) -> str:
    """What happens to the sidecar as a whole; "" if it only changes."""
    before, after = work.entry["injected"]
    return _SIDECARS.get((before, after), "")


class _Written:
    """The changes as they are compared.

    A value counts without the workload's own name where that makes several values equal. Where it
    makes none equal it counts as it is: a Namespace may have the name of a registry's folder, and
    must not tell its workloads apart by it.
    """

    def __init__(self, work: Sequence[Work]) -> None:
        self._values: dict[tuple[int, int], tuple[tuple[str, ...], list[_Value]]] = {}
        self._own: dict[tuple[tuple[str, ...], int, str], set[str]] = {}
        for each in work:
            if "changes" in each.entry:
                self._read(each)

    def _read(self, work: Work) -> None:
        place = id(work.answer.data), work.entry["changes"]
        if place in self._values:
            return

        entries = _entries(work)
        paths = tuple(entry["path"] for entry in entries)
        values = [_value(entry) for entry in entries]
        self._values[place] = paths, values
        for position, value in enumerate(values):
            if value.generic:
                key = paths, position, value.generic
                self._own.setdefault(key, set()).add(value.own)

    def key(self, work: Work) -> tuple[str, ...]:
        """Equal for equal changes."""
        as_a_whole = _sidecar(work)
        if as_a_whole:
            return (as_a_whole, *work.entry["revision"], *work.entry["version"])

        paths, values = self._values[id(work.answer.data), work.entry["changes"]]
        chosen = [
            value.generic if self._is_shared(paths, position, value) else value.own
            for position, value in enumerate(values)
        ]
        return (*paths, *chosen)

    def common(self, chosen: Sequence[Work]) -> tuple[Change, ...]:
        """The changes of a group; where the sidecar comes or goes, those that all have."""
        first = self._changes(chosen[0])
        if not _sidecar(chosen[0]):
            return first

        others = [
            {_json(entry) for entry in _entries(each)}
            for each in {
                (id(each.answer.data), each.entry["changes"]): each for each in chosen
            }.values()
        ]
        return tuple(
            change
            for change, entry in zip(first, _entries(chosen[0]), strict=True)
            if all(_json(entry) in other for other in others)
        )

    def _changes(self, work: Work) -> tuple[Change, ...]:
        paths, values = self._values[id(work.answer.data), work.entry["changes"]]
        return tuple(
            _change(entry, self._is_shared(paths, position, value))
            for position, (entry, value) in enumerate(zip(_entries(work), values, strict=True))
        )

    def _is_shared(self, paths: tuple[str, ...], position: int, value: _Value) -> bool:
        return bool(value.generic) and len(self._own[paths, position, value.generic]) > 1


def _entries(work: Work) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = work.answer.data["changes"][work.entry["changes"]]
    return entries


def _value(entry: dict[str, Any]) -> _Value:
    own = {key: entry[key] for key in ("before", "after") if key in entry}
    generic = entry.get("generic")
    return _Value(_json(own), _json(generic) if generic else "")


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _change(entry: dict[str, Any], shared: bool) -> Change:
    values = entry["generic"] if shared else entry
    return Change(entry["path"], values.get("before", ABSENT), values.get("after", ABSENT))
