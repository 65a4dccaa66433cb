"""What krm-injector takes: CPU seconds, wall seconds and peak memory of the whole process, beside
an older build, the real istioctl, and the floor (reading and writing with libyaml alone).

    bench.py [--sizes 1,10,100,1000,10000] [--at 1000] [--runs N] [--parts sizes,nothing,...]
        [--overlays 300]
        [--base DIR|COMMIT|none] [--istioctl PATH] [--mesh FILE] [--command "krm-injector ..."]
        [--plot FILE.svg] [--markdown PAGE.md] [--save FILE.json] [--load FILE.json]

On each input the programs take turns, so that a busy machine troubles all alike. Figures are
medians; a ratio is the median of the turns' ratios. --base: a checkout, or a commit of this
repository. istioctl: --istioctl, $ISTIOCTL, PATH, or ../shared/bin (packed). mesh: the ConfigMaps
and webhooks of an installation, as `istioctl manifest generate` prints them. --markdown replaces
the tables in a page, between two marks. --save and --load keep figures, to print or draw them
again.
Nothing but Python's standard library and PyYAML is needed. docs/performance.md explains the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import inputs
import plot
import report
import yaml
from measuring import Cost, Series
from parts import PARTS, Bench
from programs import base_build, find_istioctl, istioctl_version, own_build

BASE = "00722de"  # the build before the work on speed


def main() -> int:
    options = arguments()
    if options.load:
        about, results = load(Path(options.load))
    else:
        about, results = measure(options)
    if options.save:
        save(Path(options.save), about, results)

    tables = report.tables(results)
    print(f"{about}\n\n{report.as_text(tables)}")
    if options.markdown:
        report.put_between_marks(Path(options.markdown), report.as_markdown(tables, about))
    if options.plot:
        Path(options.plot).write_text(plot.svg(results["sizes"]))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1,10,100,1000,10000")
    parser.add_argument("--at", type=int, default=1000, help="the size of the other parts")
    parser.add_argument("--runs", type=int, help="of each size; default: fewer of large ones")
    parser.add_argument("--overlays", type=int, default=300, help="of the part fleet")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--base", default=BASE)
    for option in ("--istioctl", "--mesh", "--command", "--plot", "--markdown", "--save", "--load"):
        parser.add_argument(option)
    options = parser.parse_args()

    unknown = set(options.parts.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"--parts: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if options.plot and not options.load and "sizes" not in options.parts.split(","):
        parser.error("--plot draws the part sizes, which --parts leaves out")
    return options


def measure(options: argparse.Namespace) -> tuple[str, report.Results]:
    """What was measured on which machine, and the figures."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        istioctl = find_istioctl(options.istioctl, work)
        if istioctl is None:
            say("istioctl: not found; name it with --istioctl or $ISTIOCTL")
        mesh = inputs.mesh_documents(options.mesh, istioctl)
        if mesh is None:
            raise SystemExit("no mesh: give --mesh FILE, or an istioctl that can make one")

        found = None if options.base == "none" else base_build(options.base, work)
        base, commit = found or (None, "none")
        if found is None:
            say(f"base: {options.base}; only this build of krm-injector is measured")

        about = machine(commit, istioctl_version(istioctl) if istioctl else "none")
        sizes = [int(size) for size in options.sizes.split(",")]
        ours = own_build(options.command)
        bench = Bench(
            ours, base, istioctl, mesh, sizes, options.at, options.runs, work, options.overlays
        )  # fmt: skip
        results: report.Results = {}
        for part in options.parts.split(","):
            say(f"measuring: {part}")
            results[part] = PARTS[part](bench)

    return about, results


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def machine(base: str, istioctl: str) -> str:
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    python = f"Python {platform.python_version()}, PyYAML {yaml.__version__}"
    return f"{python}; base: {base}; istioctl: {istioctl}; {system}."


def save(path: Path, about: str, results: report.Results) -> None:
    path.write_text(json.dumps({"about": about, "results": results}))


def load(path: Path) -> tuple[str, report.Results]:
    kept = json.loads(path.read_text())
    return kept["about"], {
        part: {
            name: {program: _series(*series) for program, series in case.items()}
            for name, case in measured.items()
        }
        for part, measured in kept["results"].items()
    }


def _series(costs: list[Any], digest: str) -> Series:
    return Series([Cost(*cost) for cost in costs], digest)


if __name__ == "__main__":
    sys.exit(main())
