"""What the function adds to `kustomize build` and `kpt fn render`: seconds, beside functions that
only copy.

    orchestrators.py [--sizes 1,1000] [--runs 5] [--command "krm-injector"]

Four functions take turns in each orchestrator, so that a busy machine troubles all alike: none;
`copy`, which prints what it reads; `copy injected`, which prints what krm-injector would (an
orchestrator has more to read when every workload got a sidecar, whoever made it); and krm-injector.
"own" is krm-injector alone, on the same ResourceList. CPU is that of the orchestrator and all it
started; wall time says little on a busy machine. kustomize and kpt: $PATH, or .tools.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any, NamedTuple

import inputs
import yaml
from measuring import Program, run
from programs import ROOT

FUNCTIONS = ("none", "copy", "copy injected", "krm-injector")


class Time(NamedTuple):
    """Seconds of one run."""

    wall: float
    cpu: float  # of the orchestrator and of what it waited for


class Case(NamedTuple):
    """One orchestrator with one function, in a directory of its own."""

    directory: pathlib.Path
    command: list[str]
    in_place: bool  # the orchestrator writes the directory's files


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1,1000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--command", default=str(pathlib.Path(sys.executable).parent / "krm-injector")
    )
    options = parser.parse_args()
    print(
        f"{'resources':>9}  {'':<10} {'function':<14} {'wall s':>7} {'CPU s':>7}  "
        f"{'above copy':>15}"
    )
    with tempfile.TemporaryDirectory() as work:
        for size in [int(size) for size in options.sizes.split(",")]:
            table(size, options.runs, options.command, pathlib.Path(work) / str(size))
    return 0


def table(size: int, runs: int, command: str, work: pathlib.Path) -> None:
    resources = [inputs.workload(number)[0] for number in range(size)]
    listed = resource_list(resources)
    own = run_own(command, listed, runs, work)
    print(f"{size:>9}  {'own':<10} {'':<14} {'':7} {own.cpu:7.3f}")
    for name in ("kustomize", "kpt"):
        tool = shutil.which(name) or shutil.which(name, path=str(ROOT / ".tools"))
        if tool is None:
            print(f"{size:>9}  {name:<10} not found")
            continue
        cases = {
            function: case(
                tool,
                name,
                function,
                command,
                resources,
                work / f"{name}-{function}".replace(" ", "-"),
            )
            for function in FUNCTIONS
        }
        taken: dict[str, list[Time]] = {function: [] for function in FUNCTIONS}
        for turn in range(runs + 1):
            for function, compared_case in cases.items():
                time_taken = timed(compared_case)
                if turn:
                    taken[function].append(time_taken)
        copy = middle(taken["copy"])
        for function in FUNCTIONS:
            one_row(size, name, function, middle(taken[function]), copy)


def middle(times: list[Time]) -> Time:
    return Time(statistics.median(t.wall for t in times), statistics.median(t.cpu for t in times))


def one_row(size: int, name: str, function: str, taken: Time, copy: Time) -> None:
    above = (
        f"{taken.wall - copy.wall:7.3f} {taken.cpu - copy.cpu:7.3f}"
        if function in FUNCTIONS[2:]
        else ""
    )
    print(f"{size:>9}  {name:<10} {function:<14} {taken.wall:7.3f} {taken.cpu:7.3f}  {above}")


def resource_list(resources: list[dict[str, Any]]) -> bytes:
    value = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "functionConfig": CONFIG,
        "items": resources,
    }
    return yaml.dump(
        value, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False
    ).encode()


CONFIG: dict[str, Any] = {
    "apiVersion": "krm-injector.dev/v1alpha1",
    "kind": "SidecarInjection",
    "metadata": {"name": "istio"},
    "spec": {"namespaces": [{"name": inputs.NAMESPACE, "labels": {"istio-injection": "enabled"}}]},
}


def run_own(command: str, listed: bytes, runs: int, work: pathlib.Path) -> Time:
    work.mkdir(parents=True)
    file = work / "list.yaml"
    file.write_bytes(listed)
    costs = [
        run(Program("krm-injector", command.split(), file), work / "own") for _ in range(runs + 1)
    ][1:]
    return Time(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
    )


def case(
    tool: str,
    name: str,
    function: str,
    command: str,
    resources: list[dict[str, Any]],
    directory: pathlib.Path,
) -> Case:
    directory.mkdir()
    inputs.write(directory / "resources.yaml", resources)
    script = directory / "function.sh"
    injected = directory / "injected"  # not a manifest to kpt
    lines = {
        "copy": "exec cat",
        "copy injected": f"cat >/dev/null; exec cat {injected}",
        "krm-injector": f"exec {command}",
    }
    script.write_text(f"#!/bin/sh\n{lines.get(function, '')}\n")
    script.chmod(0o755)
    config = {
        **CONFIG,
        "metadata": {"name": "istio", "annotations": {"config.kubernetes.io/local-config": "true"}},
    }
    if name == "kustomize":
        config["metadata"]["annotations"]["config.kubernetes.io/function"] = (
            f"exec: {{path: {script}}}\n"
        )
        kustomization: dict[str, Any] = {"resources": ["resources.yaml"]}
        if function != "none":
            kustomization["transformers"] = ["config.yaml"]
        inputs.write(directory / "kustomization.yaml", [kustomization])
        line = [tool, "build", "--enable-alpha-plugins", "--enable-exec", "."]
    else:
        kptfile: dict[str, Any] = {
            "apiVersion": "kpt.dev/v1",
            "kind": "Kptfile",
            "metadata": {"name": "bench"},
        }
        if function != "none":
            kptfile["pipeline"] = {"mutators": [{"exec": str(script), "configPath": "config.yaml"}]}
        inputs.write(directory / "Kptfile", [kptfile])
        line = [tool, "fn", "render", "--allow-exec"]
    inputs.write(directory / "config.yaml", [config])
    if function == "copy injected":
        record_output(directory, line, script, command, injected, name == "kpt")
    return Case(directory, line, name == "kpt")


def record_output(
    directory: pathlib.Path,
    line: list[str],
    script: pathlib.Path,
    command: str,
    injected: pathlib.Path,
    in_place: bool,
) -> None:
    """What krm-injector prints to this orchestrator, kept for a function that only prints it."""
    copying = script.read_text()
    script.write_text(f"#!/bin/sh\n{command} | tee {injected}\n")
    timed(Case(directory, line, in_place))
    script.write_text(copying)


def timed(case: Case) -> Time:
    before = (
        {path: path.read_bytes() for path in case.directory.glob("*.yaml")} if case.in_place else {}
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    used, started = os.times(), time.perf_counter()
    done = subprocess.run(case.command, cwd=case.directory, capture_output=True, env=environment)
    seconds, now = time.perf_counter() - started, os.times()
    if done.returncode:
        raise SystemExit(f"{' '.join(case.command)}: {done.stderr.decode()[-800:]}")
    for path, data in before.items():
        path.write_bytes(data)
    cpu = now.children_user - used.children_user + now.children_system - used.children_system
    return Time(seconds, cpu)


if __name__ == "__main__":
    sys.exit(main())
