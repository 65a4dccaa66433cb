"""What programs take: CPU seconds, wall seconds and peak memory of the whole process, in turns."""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

CHILD = Path(__file__).resolve().parent / "child.py"
NO_CHANGES: Mapping[str, str] = MappingProxyType({})


class Program(NamedTuple):
    name: str
    command: Sequence[str]
    stdin: Path | None = None
    environment: Mapping[str, str] = NO_CHANGES  # beside that of this process
    tells_uncounted: bool = False  # stderr ends with CPU seconds that do not count


Figure = Literal["cpu", "wall", "memory"]


class Cost(NamedTuple):
    """What one run of a program took."""

    cpu: float  # user and system seconds
    wall: float  # seconds
    memory: int  # peak of all its processes together, KiB

    def get(self, of: Figure) -> float:
        value: float = getattr(self, of)
        return value


class Series(NamedTuple):
    """All runs of one program on one input, and what it printed."""

    costs: list[Cost]
    digest: str

    def median(self, of: Figure) -> float:
        return statistics.median(cost.get(of) for cost in self.costs)


Case = dict[str, Series]  # one input: what each program took


def in_turns(programs: Sequence[Program], runs: int, warm: bool, work: Path) -> Case:
    """Each program once, then each again: a machine that is busy for a while troubles all alike.

    warm: a first round, for the files' sake, does not count.
    """
    costs: dict[str, list[Cost]] = {program.name: [] for program in programs}
    digests: dict[str, str] = {}
    output = work / "output"
    for turn in range(-1 if warm else 0, runs):
        for program in programs:
            cost = run(program, output)
            if turn >= 0:
                costs[program.name].append(cost)
            digests[program.name] = _digest(output)

    output.unlink()
    return {name: Series(taken, digests[name]) for name, taken in costs.items()}


def run(program: Program, output: Path) -> Cost:
    """One process from start to end."""
    figures = output.with_name("figures")
    words = [sys.executable, "-S", str(CHILD), str(figures), str(program.stdin or os.devnull)]
    environment = {**os.environ, "KUBECONFIG": os.devnull, **program.environment}
    done = subprocess.run(
        [*words, str(output), *program.command], env=environment, stderr=subprocess.PIPE
    )
    messages = done.stderr.decode()
    if done.returncode:
        raise SystemExit(f"{program.name} failed: {messages[-800:]}")

    cpu, wall, memory = figures.read_text().split()
    uncounted = float(messages.split()[-1]) if program.tells_uncounted else 0.0
    return Cost(float(cpu) - uncounted, float(wall) - uncounted, int(memory))


def ratio(case: Case, ours: str, theirs: str, of: Figure) -> float | None:
    """What `ours` took as a part of `theirs`: the median over the turns, each with its own pair."""
    if ours not in case or theirs not in case:
        return None

    pairs = zip(case[ours].costs, case[theirs].costs, strict=True)
    return statistics.median(mine.get(of) / other.get(of) for mine, other in pairs)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
