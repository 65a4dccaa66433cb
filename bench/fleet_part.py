"""The part `fleet`: a generated company's repository in one run, beside one process an overlay.

    300 overlays    a first run, a run after one overlay has changed, each overlay by itself with
                    the base, and what kustomize takes of that
    memory          1,000 overlays, and 100
    Dask            two workers of a scheduler on this machine, and the local pool

Each overlay by itself is a sample: every tenth overlay is built, and the figures are multiplied.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import fleet_dask
import fleet_tree
from measuring import Case, Cost, Program, Series, in_turns
from programs import BASE, OURS, Build

FIRST, CHANGED, KUSTOMIZE, DASK = "first run", "one changed", "kustomize", "two Dask workers"
ROWS = {
    FIRST: "`fleet build`, first run",
    CHANGED: "`fleet build`, one overlay changed",
    KUSTOMIZE: "kustomize alone, a process for each",
    BASE: "base: `build`, a process for each",
}
ENGINES = {OURS: "local pool", DASK: DASK}
CPU, MEMORY, SCHEDULER = "CPU", "memory", "Dask"
CLUSTERS = 10
SAMPLE = 10  # one overlay in so many is built by itself
MEMORY_AT = (100, 1000)  # overlays
JOBS = 2
RUNS = 3


class Builds(NamedTuple):
    """What is measured: this program, and, if there is one, the base."""

    ours: Build
    base: Build | None
    work: Path
    runs: int | None


class Tree(NamedTuple):
    """A generated repository, and where its manifests go."""

    root: Path
    output: Path
    overlays: Sequence[tuple[str, str]]  # clusters and paths


def measure(
    builds: Builds, overlays: int = 300, for_memory: Sequence[int] = MEMORY_AT
) -> dict[str, Case]:
    """By the part of the table; nothing if kustomize is not at hand."""
    if shutil.which("kustomize") is None:
        print("fleet: kustomize is not on PATH", file=sys.stderr)
        return {}

    tree = make_tree(builds.work / "fleet", overlays)
    measured = {CPU: _cpu(builds, tree)}
    measured[SCHEDULER] = _dask(builds, tree)
    shutil.rmtree(tree.root.parent)
    measured[MEMORY] = _memory(builds, for_memory)
    return {name: case for name, case in measured.items() if case}


def make_tree(directory: Path, overlays: int) -> Tree:
    clusters = min(CLUSTERS, overlays)
    size = fleet_tree.Size(clusters, overlays // clusters, bare=True, shared=0)
    root = directory / "repository"
    fleet_tree.write(root, size)

    paths = sorted(root.glob("apps/*/overlays/*"))
    named = [(path.name, str(path.relative_to(root))) for path in paths]
    return Tree(root, directory / "output", named)


# ---------------------------------------------------------------- CPU


def _cpu(builds: Builds, tree: Tree) -> Case:
    """The first round, which does not count, fills the cache of the run after a change."""
    jobs = ("--jobs", str(JOBS))
    build = fleet_build(builds.ours, tree.output, *jobs)
    cache, cached = tree.root.parent / "cache", tree.output.with_name("of-cache")
    build_again = fleet_build(builds.ours, cached, *jobs, "--cache", f"'{cache}'")
    changed = tree.root / tree.overlays[0][1] / "kustomization.yaml"
    change = f"sed -i \"s/newTag: .*/newTag: v$(date +%N)/\" '{changed}'"

    programs = [
        _script(FIRST, builds.ours, tree, [f"rm -rf '{tree.output}'", build]),
        _script(CHANGED, builds.ours, tree, [change, build_again]),
        _script(KUSTOMIZE, builds.ours, tree, _each(tree, "kustomize build {path}")),
    ]
    if builds.base:
        line = " ".join([*builds.base.command, "build", "--quiet", _options(), "{path}"])
        programs.append(_script(BASE, builds.base, tree, _each(tree, line)))

    taken = in_turns(programs, builds.runs or RUNS, True, builds.work)
    factor = len(tree.overlays) / len(_sample(tree))
    return {
        name: _times(series, factor) if name in (KUSTOMIZE, BASE) else series
        for name, series in taken.items()
    }


def fleet_build(build: Build, output: Path, *options: str) -> str:
    """A line of a shell."""
    words = [*build.command, "fleet", "build", "--quiet", *options, "--output", f"'{output}'", "."]
    return " ".join(words)


def _options() -> str:
    mesh = f"--mesh meshes/istio-{fleet_tree.OLD}.yaml"
    return f"{mesh} --context clusters/{{cluster}}/namespaces.yaml"


def _sample(tree: Tree) -> Sequence[tuple[str, str]]:
    return tree.overlays[::SAMPLE]


def _each(tree: Tree, line: str) -> list[str]:
    return [line.format(cluster=cluster, path=path) for cluster, path in _sample(tree)]


def _script(name: str, build: Build, tree: Tree, lines: list[str]) -> Program:
    """Shell lines in the repository. A program that the shell waits for counts as the shell's."""
    text = "\n".join(["set -e", f"cd '{tree.root}'", *lines])
    return Program(name, ["sh", "-c", text], None, build.environment)


def _times(series: Series, factor: float) -> Series:
    costs = [Cost(one.cpu * factor, one.wall * factor, one.memory) for one in series.costs]
    return Series(costs, series.digest)


# ---------------------------------------------------------------- memory


def _memory(builds: Builds, numbers: Sequence[int]) -> Case:
    """The peak of all processes together, by the number of overlays."""
    case: Case = {}
    for overlays in numbers:
        tree = make_tree(builds.work / f"fleet-{overlays}", overlays)
        line = fleet_build(builds.ours, tree.output, "--jobs", str(JOBS))
        program = _script(str(overlays), builds.ours, tree, [line])
        case |= in_turns([program], 1, False, builds.work)
        shutil.rmtree(tree.root.parent)
    return case


# ---------------------------------------------------------------- Dask


def _dask(builds: Builds, tree: Tree) -> Case:
    """The same work by two workers of a scheduler, and by the local pool with as many."""
    if not fleet_dask.at_hand():
        print("fleet: dask is not installed (krm-injector[fleet])", file=sys.stderr)
        return {}

    with fleet_dask.cluster(builds.work, JOBS, builds.ours.environment) as address:
        engines = {OURS: ("--jobs", str(JOBS)), DASK: ("--scheduler", address)}
        outputs = {name: tree.output / str(number) for number, name in enumerate(engines)}
        programs = []
        for name, options in engines.items():
            clean = f"rm -rf '{outputs[name]}'"
            line = fleet_build(builds.ours, outputs[name], *options)
            programs.append(_script(name, builds.ours, tree, [clean, line]))
        taken = in_turns(programs, builds.runs or RUNS, True, builds.work)

    return {name: Series(series.costs, digest_of(outputs[name])) for name, series in taken.items()}


def digest_of(directory: Path) -> str:
    """The files below a directory, with their names."""
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(directory)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
