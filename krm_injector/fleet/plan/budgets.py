"""PodDisruptionBudgets: how many pods an eviction may take, and what that means for a rollout.

Source: kubernetes 1.34 pkg/controller/disruption/disruption.go (getExpectedPodCount,
getExpectedScale, updatePdbStatus). A rolling update of a Deployment, StatefulSet or DaemonSet
deletes pods and evicts none, so it asks no budget; a drain of a node does (Kubernetes docs,
Disruptions: "workload resources are not limited by PDBs when doing rolling upgrades").
"""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.fleet.plan.model import Gate
from krm_injector.fleet.plan.rollout import scaled
from krm_injector.fleet.plan.work import Answer, Work
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Allowance(NamedTuple):
    """What a budget allows while all pods are healthy."""

    expected: int
    wanted: int  # that must stay healthy
    words: str  # "maxUnavailable 30% of 4 pods is 2"

    @property
    def disruptions(self) -> int:
        return max(self.expected - self.wanted, 0) if self.expected > 0 else 0


def allowance(budget: dict[str, Any], pods: int) -> Allowance | None:
    """Percentages are rounded up, of both fields. maxUnavailable counts where both are stated (the
    API server refuses that). None: the budget states neither, or no numbers.
    """
    for field in ("maxUnavailable", "minAvailable"):
        if field not in budget:
            continue

        stated = budget[field]
        number = scaled(stated, pods, True)
        if number is None:
            return None

        wanted = max(pods - number, 0) if field == "maxUnavailable" else number
        words = f"{field} {stated} of {counted(pods, 'pod')}"
        if isinstance(stated, str):
            words += f" is {number:,}"
        return Allowance(pods, wanted, words)

    return None


def gates(answer: Answer, work: Sequence[Work], wave: int) -> list[Gate]:
    """Of one target's budgets. ``work``: all of the target, in the order of its data."""
    found = []
    for budget in answer.data["budgets"]:
        covered = [work[index] for index in budget["workloads"]]
        restarting = [each for each in covered if each.rollout and each.has_something_to_do]
        if not restarting or any(each.entry["perNode"] for each in covered):
            continue

        allowed = allowance(budget, sum(each.pods for each in covered))
        if allowed is not None and allowed.expected:
            found += _gates(budget, allowed, restarting, wave)

    return found


def _gates(
    budget: dict[str, Any], allowed: Allowance, restarting: list[Work], wave: int
) -> list[Gate]:
    what = f"PodDisruptionBudget {budget['namespace']}/{budget['name']}"
    places = tuple(each.place for each in restarting)
    by_hand = [each for each in restarting if each.rollout and each.rollout.how == "on delete"]
    away = sum(each.rollout.unavailable for each in restarting if each.rollout)
    start = f"{allowed.words}: an eviction may take {allowed.disruptions:,}."

    if by_hand and not allowed.disruptions:
        why = f"{start} {by_hand[0].place} restarts only when its pods are deleted."
        advice = "Delete these pods (kubectl delete pod); evicting them or draining nodes waits"
        return [Gate("warns", "budget", what, why, advice, places, wave)]

    if away > allowed.disruptions:
        why = (
            f"{start} The rollout does not ask the budget, and takes up to {away:,} pods away at "
            f"once, so fewer than the {allowed.wanted:,} wanted pods may serve."
        )
        advice = "Let the strategy surge instead: maxUnavailable 0 with maxSurge 1"
        return [Gate("warns", "budget", what, why, advice, places, wave)]

    if not allowed.disruptions:
        why = f"{start} The rollout passes, since it evicts nothing; a drain of a node waits."
        advice = "Drain no node during this wave, or let the budget allow one disruption"
        return [Gate("warns", "budget", what, why, advice, places, wave)]

    return []
