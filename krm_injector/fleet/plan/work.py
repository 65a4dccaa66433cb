"""The workloads of all targets, read from the targets' answers."""

from __future__ import annotations

from krm_injector.fleet.model import Report, Target
from krm_injector.fleet.plan.model import Place
from krm_injector.fleet.plan.rollout import Rollout
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Work(NamedTuple):
    """One workload of the plan."""

    place: Place
    entry: dict[str, Any]  # of the target's data, see target.py
    answer: Answer
    rollout: Rollout | None  # None: its pod template does not change
    group: int = 0  # number of its ChangeGroup; 0: nothing changes

    @property
    def pods(self) -> int:
        """The least that run."""
        least: int = self.entry["pods"][0]
        return least

    @property
    def most_pods(self) -> int:
        most: int = self.entry["pods"][1]
        return most

    @property
    def has_something_to_do(self) -> bool:
        return bool(self.group) or "move" in self.entry

    def asks(self, name: str, side: int) -> int:
        """What one pod asks for (``requests.cpu``), before (0) or after (1)."""
        amount: int = self.entry["requests"][side].get(name, 0)
        return amount


class Answer(NamedTuple):
    """A target with its data."""

    target: Target
    data: dict[str, Any]

    @property
    def cluster(self) -> str:
        return self.target.cluster


def answers(report: Report) -> list[Answer]:
    """Of the targets without errors, in their order."""
    targets = {target.name: target for target in report.fleet.targets}
    return [
        Answer(targets[result.name], result.data)
        for result in report.results
        if result.code == 0 and result.data and result.name in targets
    ]


def all_work(planned: list[Answer]) -> list[Work]:
    """In the order of targets and of their workloads; not grouped yet."""
    return [
        Work(_place(answer.target, entry), entry, answer, _rollout(entry))
        for answer in planned
        for entry in answer.data["workloads"]
    ]


def _rollout(entry: dict[str, Any]) -> Rollout | None:
    stated = entry.get("rollout")
    return Rollout(**stated) if stated else None


def _place(target: Target, entry: dict[str, Any]) -> Place:
    return Place(
        target.name,
        target.cluster,
        entry["kind"],
        entry["namespace"],
        entry["name"],
        entry.get("podTemplate", ""),
    )
