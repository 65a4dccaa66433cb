"""ResourceQuotas: whether the pods of a Namespace fit after the move, and while they roll.

A rollout that may take no pod away (maxUnavailable 0) starts a new pod beside the old ones, with
the sidecar's requests. If the quota has no room for it, the rollout stops there. Quota is checked
when a pod is created (kubernetes pkg/quota/v1/evaluator/core/pods.go), and an existing pod is never
taken away for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.plan import text
from krm_injector.fleet.plan.model import Gate
from krm_injector.fleet.plan.work import Answer, Work
from krm_injector.judging.advice.amounts import number
from krm_injector.judging.advice.resources import QUOTAS
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_COUNTS = ("pods", "count/pods")


class _Need(NamedTuple):
    """What the pods of a Namespace need of one resource."""

    before: int
    after: int
    surge: int  # of all pods that roll at once
    least: int  # the largest pod that must come before one goes; 0: none must
    most: tuple[int, int] = (0, 0)  # before and after, with autoscalers at their most


def gates(answers: Iterable[Answer], work: Sequence[Work], waves: dict[int, int]) -> list[Gate]:
    """Of every quota, once. ``work``: of all targets. ``waves``: index of the work -> its wave."""
    by_namespace: dict[tuple[str, str], list[int]] = {}
    for index, each in enumerate(work):
        key = each.place.cluster, each.place.namespace
        by_namespace.setdefault(key, []).append(index)

    found = []
    seen = set()
    for answer in answers:
        for quota in answer.data["quotas"]:
            key = answer.cluster, quota["namespace"]
            name = (*key, quota["name"])
            indices = by_namespace.get(key, [])
            if name not in seen and any(index in waves for index in indices):
                found += _of_quota(quota, indices, work, waves)
            seen.add(name)

    return found


def _of_quota(
    quota: dict[str, Any], indices: list[int], work: Sequence[Work], waves: dict[int, int]
) -> list[Gate]:
    what = f"ResourceQuota {quota['namespace']}/{quota['name']}"
    loads = [work[index] for index in indices]
    found: list[Gate] = []
    numbers = sorted({waves[index] for index in indices if index in waves})
    for wave in numbers:
        rolling = [work[index] for index in indices if waves.get(index) == wave]
        for name, hard in quota["hard"].items():
            most = _hard(name, hard)
            if most is None:
                continue

            gate = _gate(name, most, _need(name, loads, rolling))
            if gate is not None:
                places = tuple(each.place for each in rolling)
                found.append(gate._replace(what=what, places=places, wave=wave))

    return found


def _hard(name: str, stated: str) -> int | None:
    """The limit in the units of the plan; None for what it does not count."""
    billionths = number(stated)
    if billionths is None or (name not in QUOTAS and name not in _COUNTS):
        return None
    unit = 10**6 if name in QUOTAS and QUOTAS[name][1] == "cpu" else 10**9
    return billionths // unit


def _need(name: str, loads: Iterable[Work], rolling: Iterable[Work]) -> _Need:
    before = after = surge = least = most = most_after = 0
    for each in loads:
        one, one_after = _asks(each, name, 0), _asks(each, name, 1)
        before, after = before + each.pods * one, after + each.pods * one_after
        most, most_after = most + each.most_pods * one, most_after + each.most_pods * one_after

    for each in rolling:
        how = each.rollout
        if how is None or not how.surge:
            continue
        one = _asks(each, name, 1)
        surge += min(how.surge, each.pods) * one
        if not how.unavailable:
            least = max(least, one)

    return _Need(before, after, surge, least, (most, most_after))


def _asks(work: Work, name: str, side: int) -> int:
    if name in _COUNTS:
        return 1
    part, resource = QUOTAS[name]
    return work.asks(f"{part}.{resource}", side)


def _gate(name: str, most: int, need: _Need) -> Gate | None:
    """The worst that is true of a resource. ``most``: what the quota allows."""

    def shown(value: int) -> str:
        return text.amount(value, name)

    allowed = f"allowed are {shown(most)}"
    standing = max(need.before, need.after)
    if need.after > most:
        why = (
            f"The pods of the fleet ask for {shown(need.after)} of {name} after the move, before "
            f"it for {shown(need.before)}; {allowed}. Pods over it are not created."
        )
        advice = f"Raise {name} to at least {shown(need.after + need.surge)} before the wave"
        return Gate("blocks", "quota", "", why, advice, ())

    if standing + need.least > most:
        why = (
            f"All pods ask for {shown(standing)} of {name}, and a new one that must come before an "
            f"old one goes asks for {shown(need.least)}; {allowed}. The rollout stops there."
        )
        advice = f"Raise {name} to at least {shown(standing + need.least)} during the wave"
        return Gate("blocks", "quota", "", why, advice, ())

    if standing + need.surge > most:
        why = (
            f"All pods ask for {shown(standing)} of {name}, and those that come first for up to "
            f"{shown(need.surge)} more; {allowed}. Rollouts wait for each other."
        )
        advice = "Expect a longer rollout, or merge the workloads one after another"
        return Gate("warns", "quota", "", why, advice, ())

    return _scaled_gate(name, most, need)


def _scaled_gate(name: str, most: int, need: _Need) -> Gate | None:
    """Autoscalers that could reach their most before the move, and cannot after it."""
    before, after = need.most
    if not before <= most < after:
        return None

    said = [text.amount(value, name) for value in (after, before, most)]
    why = (
        f"With autoscalers at their most the pods ask for {said[0]} of {name} after "
        f"the move, before it for {said[1]}; allowed are {said[2]}."
    )
    advice = f"Raise {name} to at least {said[0]}, so that they can scale as before"
    return Gate("warns", "quota", "", why, advice, ())
