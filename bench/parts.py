"""The parts of the benchmark: each measures some programs on some inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import fleet_part
import floor
import inputs
from inputs import Object
from measuring import Case, Program, in_turns, run
from programs import WAYS, Build, kube_inject

FEW_RUNS = {1_000: 3, 10_000: 1}  # from these sizes on; below: MANY_RUNS
MANY_RUNS = 7
COMMANDS = ("inject", "explain", "verify", "diff")


class Bench(NamedTuple):
    """What all parts need."""

    ours: Build
    base: Build | None
    istioctl: str | None
    mesh: Sequence[Object]
    sizes: Sequence[int]
    middle: int  # the size of the parts that have one
    runs: int | None
    work: Path
    overlays: int  # of the part `fleet`

    @property
    def builds(self) -> list[Build]:
        return [self.ours, self.base] if self.base else [self.ours]

    def take(self, programs: Sequence[Program], size: int) -> Case:
        few = [runs for least, runs in FEW_RUNS.items() if size >= least]
        runs = self.runs or (few[-1] if few else MANY_RUNS)
        return in_turns(programs, runs, not few, self.work)


Measured = dict[str, Case]  # by the input
Part = Callable[[Bench], Measured]


def sizes(bench: Bench) -> Measured:
    """The function by the number of workloads: all programs."""
    return {str(size): _one_size(bench, size) for size in bench.sizes}


def _one_size(bench: Bench, size: int) -> Case:
    workloads = inputs.workloads(size)
    items = [*bench.mesh, inputs.namespace(), *workloads]
    listed = inputs.write_list(bench.work / f"list-{size}.yaml", items)

    ways = [bench.ours, *map(bench.ours.in_way, WAYS)]
    programs = [build.program(listed) for build in [*ways, *bench.builds[1:]]]
    if bench.istioctl:
        manifests = inputs.write(bench.work / f"manifests-{size}.yaml", workloads)
        programs.append(kube_inject(bench.istioctl, manifests, bench.mesh, bench.work))
    programs.append(_floor(bench, listed))
    return bench.take(programs, size)


def forms(bench: Bench) -> Measured:
    """The function by the form of its input."""
    items = [*bench.mesh, inputs.namespace(), *inputs.workloads(bench.middle)]
    written = {
        "anchors": inputs.write_list(bench.work / "anchors.yaml", items),
        "kustomize": inputs.write_list_of_kustomize(bench.work / "kustomize.yaml", items),
    }
    return {
        form: bench.take(
            [*(build.program(listed) for build in bench.builds), _floor(bench, listed)],
            bench.middle,
        )
        for form, listed in written.items()
    }


def nothing(bench: Bench) -> Measured:
    """A bundle with nothing to inject, in each form."""
    items = [*bench.mesh, inputs.namespace(False), *inputs.workloads(bench.middle)]
    written = {
        "anchors": inputs.write_list(bench.work / "nothing.yaml", items),
        "kustomize": inputs.write_list_of_kustomize(bench.work / "nothing-block.yaml", items),
    }
    return {
        form: bench.take(
            [*(build.program(listed) for build in bench.builds), floor.of_copying(listed)],
            bench.middle,
        )
        for form, listed in written.items()
    }


def commands(bench: Bench) -> Measured:
    """Commands on bare manifests with their mesh; verify: on injected ones, as the same build makes
    them.
    """
    items = [*bench.mesh, inputs.namespace(), *inputs.workloads(bench.middle)]
    manifests = inputs.write_manifests(bench.work / "bare.yaml", items)
    injected = {build.name: bench.work / f"injected-{build.name}.yaml" for build in bench.builds}
    for build in bench.builds:
        run(build.program(None, "inject", "--quiet", str(manifests)), injected[build.name])

    def program(build: Build, command: str) -> Program:
        file = injected[build.name] if command == "verify" else manifests
        return build.program(None, command, "--quiet", str(file))

    return {
        command: bench.take([program(build, command) for build in bench.builds], bench.middle)
        for command in COMMANDS
    }


def fleet(bench: Bench) -> Measured:
    """A company's repository in one run: see fleet_part."""
    builds = fleet_part.Builds(bench.ours, bench.base, bench.work, bench.runs)
    return fleet_part.measure(builds, bench.overlays)


PARTS: dict[str, Part] = {
    "sizes": sizes,
    "nothing": nothing,
    "commands": commands,
    "forms": forms,
    "fleet": fleet,
}


def _floor(bench: Bench, listed: Path) -> Program:
    output = listed.with_suffix(".injected")
    run(bench.ours.program(listed), output)
    program = floor.of_injection(listed, output)
    output.unlink()
    return program
