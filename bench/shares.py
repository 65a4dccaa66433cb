"""Where a run's time goes: seconds of CPU by package of krm_injector, as cProfile sees them.

    shares.py [--size 1000] [--form anchors|kustomize] [--mesh FILE] [--markdown PAGE.md]

A function of Python itself counts where krm_injector calls it. The profile makes small functions
look dearer than they are, so the shares say where to look, not what would be gained. One process:
the profile would not see others.
"""

from __future__ import annotations

import argparse
import os
import pstats
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import inputs
import report
from programs import ROOT, find_istioctl

BEGIN, END = "<!-- shares.py writes from here -->", "<!-- to here: shares -->"
PACKAGE = "krm_injector"
PYTHON = "Python"  # what krm_injector does not call itself, such as imports
LEAST = 0.01  # smaller shares stand together
DEPTH = {"kube": 2}  # packages that are shown by what they hold

Function = tuple[str, int, str]  # as pstats has them: file, line, name

# The program leaves by os._exit, past the profiler; so the profiler is told just before.
DRIVER = """
import cProfile, os, sys
sys.path.insert(0, sys.argv[1])
target, sys.argv = sys.argv[2], ["krm-injector"]
profiler = cProfile.Profile()
leave = os._exit
def write_and_leave(code):
    profiler.disable()
    profiler.dump_stats(target)
    leave(code)
os._exit = write_and_leave
profiler.enable()
from krm_injector.cli import main
main()
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--form", choices=("anchors", "kustomize"), default="anchors")
    parser.add_argument("--mesh")
    parser.add_argument("--markdown")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        mesh = inputs.mesh_documents(options.mesh, find_istioctl(None, work))
        if mesh is None:
            raise SystemExit("no mesh: give --mesh FILE, or an istioctl that can make one")
        items = [*mesh, inputs.namespace(), *inputs.workloads(options.size)]
        write = inputs.write_list if options.form == "anchors" else inputs.write_list_of_kustomize
        seconds = by_package(profiled(write(work / "list.yaml", items), work / "profile"))

    made = table(seconds, options.size)
    print(report.as_text([made]))
    if options.markdown:
        page = Path(options.markdown)
        report.put_between_marks(page, report.as_markdown([made]), BEGIN, END)
    return 0


def profiled(listed: Path, target: Path) -> pstats.Stats:
    environment = {**os.environ, "KRM_INJECTOR_SHAPES": ""}
    command = [sys.executable, "-c", DRIVER, str(ROOT), str(target)]
    with listed.open("rb") as stdin:
        subprocess.run(
            command,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            check=True,
        )
    return pstats.Stats(str(target))


def by_package(stats: pstats.Stats) -> dict[str, float]:
    """Seconds in functions themselves, those of Python under the package that calls them."""
    seconds: dict[str, float] = defaultdict(float)
    profile: dict[Function, tuple[int, int, float, float, dict[Function, tuple[float, ...]]]]
    profile = stats.stats  # type: ignore[attr-defined]  # the stubs leave it out
    for function, (_, _, own, _, callers) in profile.items():
        package = package_of(function)
        if package is not None:
            seconds[package] += own
            continue
        for caller, (_, _, part, _) in callers.items():
            seconds[package_of(caller) or PYTHON] += part
            own -= part
        seconds[PYTHON] += max(own, 0)
    return seconds


def package_of(function: Function) -> str | None:
    """The package of a function of krm_injector: kube/yaml, injection."""
    parts = Path(function[0]).parts
    if PACKAGE not in parts:
        return None
    folders = parts[len(parts) - parts[::-1].index(PACKAGE) :]
    return "/".join(folders[: DEPTH.get(folders[0], 1)]).removesuffix(".py")


def table(seconds: Mapping[str, float], size: int) -> report.Table:
    whole = sum(seconds.values())
    large = [(name, part) for name, part in seconds.items() if part >= LEAST * whole]
    shown = sorted(large, key=lambda share: -share[1])
    rest = whole - sum(part for _, part in shown)
    rows = [[name, f"{100 * part / whole:.0f} %"] for name, part in [*shown, ("others", rest)]]
    return report.Table(f"Where the time goes, {size:,} workloads", ["package", "share"], rows)


if __name__ == "__main__":
    sys.exit(main())
