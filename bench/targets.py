"""What the measured figures should be at most: ratios, each of programs that took turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import fleet_part
from measuring import Case, Figure, ratio
from parts import Measured
from programs import BASE, FLOOR, ISTIOCTL, OURS

CPU_OF_BASE = {"1": 0.5, "10": 0.5, "100": 0.4, "1000": 0.33, "10000": 0.33}
CPU_OF_ISTIOCTL = {"1": 0.7, "10": 0.6, "100": 0.3, "1000": 0.2, "10000": 0.2}
MEMORY_OF_BASE = {"1": 1.0, "10": 1.0, "100": 1.0, "1000": 0.6, "10000": 0.25}
MEMORY_OF_ISTIOCTL = {"10000": 2.5}
CPU_OF_FLOOR = {"1000": 2.5}
GROWTH = 1.1  # CPU per workload at the largest size, of that at the size before it
NOTHING_OF_FLOOR = 1.3
FLEET_OF_BASE = {fleet_part.FIRST: 0.15, fleet_part.CHANGED: 0.03}
FLEET_MEMORY = 1.3  # at 1,000 overlays, of that at 100
DASK_OF_POOL = 1.25
COMMANDS_OF_BASE = {"explain": 0.45, "verify": 0.45, "diff": 0.45}


class Target(NamedTuple):
    what: str
    at: str
    limit: float
    measured: float | None

    @property
    def met(self) -> bool:
        # As far as the tables show it.
        return self.measured is not None and round(self.measured, 2) <= self.limit


def all_targets(results: Mapping[str, Measured]) -> list[Target]:
    return [
        *_of_sizes(results.get("sizes", {})),
        *_of_other_parts(results),
        *_of_fleet(results.get("fleet", {})),
    ]


def per_workload(sizes: Measured, size: str, program: str) -> float | None:
    """CPU seconds per workload."""
    case = sizes.get(size, {})
    return case[program].median("cpu") / int(size) if program in case else None


def _of_sizes(sizes: Measured) -> Iterator[Target]:
    rows: list[tuple[str, Mapping[str, float], str, Figure]] = [
        ("CPU, of base", CPU_OF_BASE, BASE, "cpu"),
        ("CPU, of istioctl", CPU_OF_ISTIOCTL, ISTIOCTL, "cpu"),
        ("CPU, of the floor", CPU_OF_FLOOR, FLOOR, "cpu"),
        ("memory, of base", MEMORY_OF_BASE, BASE, "memory"),
        ("memory, of istioctl", MEMORY_OF_ISTIOCTL, ISTIOCTL, "memory"),
    ]
    for what, limits, peer, of in rows:
        for size, limit in limits.items():
            measured = ratio(sizes.get(size, {}), OURS, peer, of)
            yield Target(what, f"{int(size):,}", limit, measured)

    small, large = (per_workload(sizes, size, OURS) for size in ("1000", "10000"))
    grown = large / small if small and large else None
    yield Target("CPU per workload, of that at 1,000", "10,000", GROWTH, grown)


def _of_other_parts(results: Mapping[str, Measured]) -> Iterator[Target]:
    for form in ("anchors", "kustomize"):
        case = results.get("nothing", {}).get(form, {})
        measured = ratio(case, OURS, FLOOR, "cpu")
        yield Target("nothing to inject: CPU, of the floor", form, NOTHING_OF_FLOOR, measured)
    for command, limit in COMMANDS_OF_BASE.items():
        case = results.get("commands", {}).get(command, {})
        yield Target("CPU, of base", command, limit, ratio(case, OURS, BASE, "cpu"))


def _of_fleet(fleet: Measured) -> Iterator[Target]:
    case = fleet.get(fleet_part.CPU, {})
    for run, limit in FLEET_OF_BASE.items():
        measured = ratio(case, run, BASE, "cpu")
        yield Target("fleet: CPU, of a process of base for each", run, limit, measured)

    small, large = (_memory(fleet, overlays) for overlays in ("100", "1000"))
    grown = large / small if small and large else None
    yield Target("fleet: memory, of that at 100 overlays", "1,000", FLEET_MEMORY, grown)

    measured = ratio(fleet.get(fleet_part.SCHEDULER, {}), fleet_part.DASK, OURS, "wall")
    yield Target("fleet: wall time, of the local pool", fleet_part.DASK, DASK_OF_POOL, measured)


def _memory(fleet: Measured, overlays: str) -> float | None:
    case: Case = fleet.get(fleet_part.MEMORY, {})
    return case[overlays].median("memory") if overlays in case else None
