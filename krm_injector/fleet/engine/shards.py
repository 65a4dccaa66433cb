"""Which targets are a shard's: equal parts of the cost, and the same answer on every machine.

Each shard computes the parts of all shards from the same numbers, so that the shards need not talk
to each other. The numbers are therefore measured costs of an earlier report, or the size of the
inputs: nothing that differs between checkouts.
"""

from __future__ import annotations

import heapq
import os

from krm_injector.model import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_INDEX, _COUNT = "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"
# Bytes for a target of which no file is known: what an overlay has at least.
_LEAST_BYTES = 1024


def of_job(environment: Mapping[str, str]) -> tuple[int, int] | None:
    """The shard of a pod of an Indexed Job. Kubernetes sets the index, from 0; the Job's manifest
    sets the count. None if both are absent. Raises Refused.
    """
    index, count = environment.get(_INDEX, ""), environment.get(_COUNT, "")
    if not index and not count:
        return None

    if not index or not count:
        there, absent = (_INDEX, _COUNT) if index else (_COUNT, _INDEX)
        # The index alone is what Kubernetes sets in each Indexed Job. To render everything in each
        # of its pods would be a surprise.
        raise _refused(
            f"{there} is set and {absent} is not: a shard needs both. Set {absent} in the Job's "
            "pod template, or say --shard NUMBER/COUNT"
        )

    if not index.isdecimal() or not count.isdecimal() or int(index) >= int(count):
        raise _refused(
            f"{_INDEX}={index} and {_COUNT}={count} are no shard: the index counts from 0 and is "
            "smaller than the count. Set the count to the Job's spec.completions"
        )

    return int(index) + 1, int(count)


def _refused(message: str) -> Refused:
    return Refused(Result("error", message, code="fleet-shard"))


# ---------------------------------------------------------------- weights


def measured(names: Sequence[str], costs: Mapping[str, float]) -> dict[str, float]:
    """The weight of each target by its measured cost. Targets that were not measured get the
    median of the others.
    """
    known = sorted(costs[name] for name in names if costs.get(name, 0.0) > 0.0)
    median = known[len(known) // 2] if known else 1.0
    return {name: costs.get(name, 0.0) or median for name in names}


def size(paths: Iterable[str]) -> float:
    """The weight of a target by the bytes of the files that it reads."""
    return float(max(sum(map(_size, paths)), _LEAST_BYTES))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


# ---------------------------------------------------------------- parts


def shard(weights: Mapping[str, float], number: int, count: int) -> frozenset[str]:
    """The names of shard ``number``, from 1."""
    return parts(weights, count)[number - 1]


def parts(weights: Mapping[str, float], count: int) -> list[frozenset[str]]:
    """The names of all shards: the heaviest first, each to the lightest shard so far. No shard gets
    more than 4/3 of what the best distribution would give it (Graham 1969).
    """
    shards: list[list[str]] = [[] for _ in range(count)]
    # Equal shards and equal weights are in the order of their numbers and names.
    loads = [(0.0, number) for number in range(count)]
    for name in sorted(weights, key=lambda name: (-weights[name], name)):
        load, number = loads[0]
        shards[number].append(name)
        heapq.heapreplace(loads, (load + weights[name], number))

    return [frozenset(names) for names in shards]
