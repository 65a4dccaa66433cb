"""Ends the program at many points of each way of writing, and looks at the files.

    python bench/kill_points.py                  # 200 points of each way, in some minutes
    python bench/kill_points.py --points 20 --only results --only in-place
    python bench/kill_points.py --json FILE      # also the figures as data

A point is the moment before or after a call of the operating system that opens, writes or renames
something, the middle of a write, or a line of the modules that write. There the program gets
SIGKILL or SIGTERM. One point in twenty is a call at which strace stops a process of
its own, and one in twenty is a random moment of one.

After each end every file must be the old one or the new one. Then the same command runs again, to
its end: all files must be the new ones, and nothing may be left over.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import kill_child  # noqa: E402
from kill_child import Counts, Point  # noqa: E402
from kill_ways import WAYS, Way  # noqa: E402

PROGRAM = (sys.executable, "-m", "krm_injector")
# The calls at which strace stops a process.
TRACED = ("rename", "renameat2", "link", "unlink", "fsync", "write", "flock", "openat")
OWN = ".krm-injector-"  # what is beside files while they change
INDEX = ".krm-injector-fleet.json"
SIGNALS = ("SIGKILL", "SIGTERM")

Tree = dict[str, bytes]


class Ended(NamedTuple):
    """What a way came to over its points."""

    points: int
    stopped: int  # runs that the signal ended
    old: int  # runs after which all files were the old ones
    new: int  # ... the new ones
    mixed: int  # ... some old and some new, each of them whole
    faults: list[str]


# ---------------------------------------------------------------- a directory


def fresh(root: Path, start: Tree) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name, data in start.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def start_of(root: Path, way: Way) -> Tree:
    fresh(root, {name: text.encode() for name, text in way.files.items()})
    if way.first:
        kill_child.run(root, way.first)
    return tree(root)


def tree(root: Path) -> Tree:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def without_times(found: Tree, way: Way) -> Tree:
    """What can be compared."""
    if not way.measures:
        return found
    return {name: b"a report" if is_report(data) else data for name, data in found.items()}


def is_report(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


def is_own(name: str) -> bool:
    """Whether a file is there only while others change."""
    return any(part.startswith(OWN) and part != INDEX for part in name.split("/"))


# ---------------------------------------------------------------- points


def points_of(counts: Counts, traced: list[Point], most: int, seconds: float) -> Iterator[Point]:
    dice = random.Random(1)
    others = most // 20
    every = [Point(kind, number) for number in range(1, counts.calls + 1)
             for kind in ("before", "after")]  # fmt: skip
    every += [Point("half", number) for number in counts.writes]
    room = most - 2 * others
    lines = min(max(room - len(every), 0), counts.lines)
    every += [Point("line", 1 + index * counts.lines // lines) for index in range(lines)]

    both = [point._replace(signal=name) for name in SIGNALS for point in every]
    yield from both if len(both) <= room else dice.sample(both, room)
    rest = dice.sample(traced, min(others, len(traced)))
    rest += [Point("moment", int(dice.uniform(0.3, 1.05) * seconds * 1e6)) for _ in range(others)]
    for index, point in enumerate(rest):
        yield point._replace(signal=SIGNALS[index % 2])


def started(root: Path, words: tuple[str, ...], *before: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    null = subprocess.DEVNULL
    return subprocess.Popen(
        [*before, *PROGRAM, *words], cwd=root, stdout=null, stderr=null, env=env
    )


def traced_points(root: Path, way: Way) -> list[Point]:
    """The last calls of each name that strace can stop at."""
    trace = root.parent / "trace"
    if shutil.which("strace") is None:
        return []

    started(root, way.words, "strace", "-o", str(trace), "-e", f"trace={','.join(TRACED)}").wait()
    names = re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE)
    return [
        Point("strace", number, call=name)
        for name in TRACED
        for number in range(names.count(name), max(names.count(name) - 30, 0), -1)
    ]


def stop(root: Path, way: Way, point: Point) -> int:
    """The exit status of a run that is stopped at a point."""
    if point.kind == "strace":
        inject = f"inject={point.call}:signal={point.signal}:when={point.number}"
        return started(root, way.words, "strace", "-o", "/dev/null", "-e", inject).wait()
    if point.kind == "moment":
        process = started(root, way.words)
        time.sleep(point.number / 1e6)
        process.send_signal(getattr(signal, point.signal))
        return process.wait()
    return kill_child.run(root, way.words, point)[0]


# ---------------------------------------------------------------- one way


def ended(root: Path, way: Way, most: int) -> Ended:
    start = start_of(root, way)
    old = without_times(start, way)
    counts = kill_child.counted(root, way.words)
    new = without_times(tree(root), way)
    fresh(root, start)
    before = time.monotonic()
    started(root, way.words).wait()
    seconds = time.monotonic() - before
    fresh(root, start)
    traced = traced_points(root, way)

    states = {"old": 0, "new": 0, "mixed": 0}
    stopped, count = 0, 0
    faults: list[str] = []
    for point in points_of(counts, traced, most, seconds):
        count += 1
        fresh(root, start)
        code = stop(root, way, point)
        stopped += code != 0
        state, fault = judged(without_times(tree(root), way), old, new)
        states[state] += 1
        if state == "mixed" and code in (0, 143) and is_all_or_none(way):
            fault = f"exit status {code}, and some files are new, others old"
        fault = fault or again(root, way, new)
        if fault:
            faults.append(f"{way.name}: {point}: {fault}")
    return Ended(count, stopped, states["old"], states["new"], states["mixed"], faults)


def is_all_or_none(way: Way) -> bool:
    """Of a fleet each target is by itself."""
    return way.words[0] != "fleet"


def judged(found: Tree, old: Tree, new: Tree) -> tuple[str, str]:
    """Whether the files are old or new, and what is wrong with one that is neither."""
    files = {name: data for name, data in found.items() if not is_own(name)}
    for name, data in files.items():
        if name.endswith(INDEX):  # it says which files are there, so it has more than two states
            continue
        if data not in (old.get(name), new.get(name)):
            return "mixed", f"{name} is neither the old nor the new file ({len(data)} bytes)"

    missing = [name for name in old if name not in files]
    if missing:
        return "mixed", f"{missing[0]} is gone"
    if files == old:
        return "old", ""
    return ("new" if files == new else "mixed"), ""


def again(root: Path, way: Way, new: Tree) -> str:
    """What is wrong after the same command has run to its end; "" if nothing is."""
    code, messages = kill_child.run(root, way.words)
    if code:
        return f"the next run ends with {code}: {messages[-200:]}"

    found = without_times(tree(root), way)
    if found == new:
        return ""
    names = sorted(name for name in found.keys() | new.keys() if found.get(name) != new.get(name))
    return f"after the next run these differ: {', '.join(names)}"


# ---------------------------------------------------------------- all of them


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill the program where it writes.")
    parser.add_argument("--points", type=int, default=200, help="of each way (default: 200)")
    parser.add_argument("--only", action="append", help="a way whose name contains this")
    parser.add_argument("--json", help="also write the figures to this file")
    arguments = parser.parse_args()

    kill_child.import_all()
    results = {}
    print("| way | points | stopped | all old | all new | some of both | faults |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        for way in WAYS:
            if arguments.only and not any(each in way.name for each in arguments.only):
                continue
            made = ended(Path(directory) / "files", way, arguments.points)
            results[way.name] = made._asdict()
            *figures, faults = made
            print(f"| {way.name} | {' | '.join(map(str, figures))} | {len(faults)} |", flush=True)
            for fault in faults[:5]:
                print(f"  {fault}", file=sys.stderr)

    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1))
    if any(each["faults"] for each in results.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
