"""Ends the program at many points of each way of writing, and looks at the files.

    python bench/kill_points.py                  # 200 points of each way: about half an hour
    python bench/kill_points.py --points 20 --only results --only in-place
    python bench/kill_points.py --json FILE      # the figures

A point is one call of the operating system that opens, writes or renames something: strace kills
the program, or sends SIGTERM, at its n-th call of a name. Points at the end of a run are taken
first, where files change. What is left to the number of points are kills at random moments.

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
PROGRAM = (sys.executable, "-m", "krm_injector")
# The calls that change files, then those that open or lock them.
CALLS = (
    "rename", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir", "mkdir", "fsync",
    "fchmod", "fchown", "ftruncate", "write", "flock", "openat",
)  # fmt: skip
OWN = ".krm-injector-"  # what is beside files while they change
SHOP = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: p{0}, namespace: shop}}
spec: {{containers: [{{name: p{0}, image: "p:1"}}]}}
"""
MESH = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "defaultConfig: {}"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system}
data:
  config: |
    policy: enabled
    defaultTemplates: [sidecar]
    templates:
      sidecar: |
        spec: {containers: [{name: istio-proxy, image: proxy}]}
  values: '{"global": {"tag": "1.30.3", "hub": "istio"}}'
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector}
webhooks:
- name: namespace.sidecar-injector.istio.io
  clientConfig: {service: {name: istiod, namespace: istio-system, path: /inject}}
  namespaceSelector: {matchLabels: {istio-injection: enabled}}
  rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
"""
INPUT = {"in.yaml": f"{SHOP}---\n{POD.format(1)}"}
PODS = {"deploy/ns.yaml": SHOP} | {
    f"deploy/p{number}.yaml": POD.format(number) for number in range(4)
}
FLEET = {
    f"apps/{name}/{file}": text
    for name in ("a", "b", "c")
    for file, text in (
        ("kustomization.yaml", "resources: [ns.yaml, pod.yaml]\n"),
        ("ns.yaml", SHOP),
        ("pod.yaml", POD.format(1)),
    )
}

Tree = dict[str, bytes]


class Way(NamedTuple):
    """A way of writing: a command, and the files that it changes."""

    name: str
    words: tuple[str, ...]
    files: dict[str, str]  # before the command
    first: tuple[str, ...] = ()  # a command that runs before it
    measures: bool = False  # its file holds times, so that no two are the same


WAYS = (
    Way("results", ("inject", "in.yaml", "--results", "out.yaml"), {**INPUT, "out.yaml": "old\n"}),
    Way("log", ("inject", "in.yaml", "--log", "out.txt"), {**INPUT, "out.txt": "old\n"}),
    Way("snapshot", ("snapshot", "in.yaml", "--output", "out"), {"in.yaml": MESH, "out": "old\n"}),
    Way("init", ("init", "kustomize", "."), {"kustomization.yaml": "resources: [pod.yaml]\n",
                                            "pod.yaml": POD.format(1)}),
    Way("adopt", ("adopt", "dump.yaml", "--output", "git"),
        {"dump.yaml": f"{SHOP}---\n{MESH}---\n{DEPLOYMENT}---\n{POD.format(1)}"}),
    Way("inject --in-place", ("inject", "--in-place", "deploy"), PODS),
    Way("eject --in-place", ("eject", "--in-place", "deploy"), PODS,
        ("inject", "--in-place", "deploy")),
    Way("fleet --report", ("fleet", "explain", "apps", "--jobs", "1", "--report", "out.json"),
        {**FLEET, "out.json": "old\n"}, measures=True),
    Way("fleet build", ("fleet", "build", "apps", "--jobs", "1", "--output", "out"), FLEET),
    Way("--cache", ("fleet", "explain", "apps", "--jobs", "1", "--cache", "cache"), FLEET),
)  # fmt: skip


class Point(NamedTuple):
    call: str  # "" for a random moment
    number: int  # of the call; of a random moment, microseconds from the start
    signal: str = "SIGKILL"


class Ended(NamedTuple):
    """What a way came to over its points."""

    points: int
    stopped: int  # runs that the signal ended
    old: int  # runs after which all files were the old ones
    new: int  # ... the new ones
    mixed: int  # ... some old and some new, each of them whole
    faults: list[str]


# ---------------------------------------------------------------- a directory


def fresh(root: Path, way: Way) -> None:
    shutil.rmtree(root, ignore_errors=True)
    for name, text in way.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    if way.first:
        run(root, way.first)


def tree(root: Path, way: Way) -> Tree:
    found = {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
    if way.measures:
        found = {name: _without_times(data) for name, data in found.items()}
    return found


def _without_times(data: bytes) -> bytes:
    try:
        return b"a report" if isinstance(json.loads(data), dict) else data
    except ValueError:
        return data


def is_own(name: str) -> bool:
    """Whether a file is there only while others change."""
    parts = name.split("/")
    return any(part.startswith(OWN) and part != ".krm-injector-fleet.json" for part in parts) or (
        parts[-1].endswith(".part")
    )


# ---------------------------------------------------------------- runs


def run(root: Path, words: tuple[str, ...], *before: str) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*before, *PROGRAM, *words], cwd=root, capture_output=True, env=env, check=False
    )


def counted(root: Path, way: Way, trace: Path) -> dict[str, int]:
    """How often a run calls what changes files."""
    fresh(root, way)
    done = run(root, way.words, "strace", "-o", str(trace), "-e", f"trace={','.join(CALLS)}")
    if done.returncode:
        raise SystemExit(f"{way.name}: {done.stderr.decode()}")
    names = re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE)
    return {name: names.count(name) for name in CALLS if name in names}


def points_of(calls: dict[str, int], most: int, seconds: float, seed: int) -> Iterator[Point]:
    """The last call of each name, the last but one, and so on; two of three are kills. Then random
    moments.
    """
    dice = random.Random(seed)
    left = {name: list(range(count, max(count - 60, 0), -1)) for name, count in calls.items()}
    made = 0
    while any(left.values()) and made < most * 4 // 5:
        for name, numbers in left.items():
            if numbers and made < most * 4 // 5:
                yield Point(name, numbers.pop(0), "SIGTERM" if made % 3 == 2 else "SIGKILL")
                made += 1

    for _ in range(most - made):
        yield Point("", int(dice.uniform(0.5, 1.05) * seconds * 1e6), dice.choice(SIGNALS))


SIGNALS = ("SIGKILL", "SIGTERM")


def stop(root: Path, way: Way, point: Point) -> int:
    """The exit status of a run that is stopped at a point."""
    if point.call:
        inject = f"inject={point.call}:signal={point.signal}:when={point.number}"
        return run(root, way.words, "strace", "-o", "/dev/null", "-e", inject).returncode

    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    started = subprocess.Popen(
        [*PROGRAM, *way.words],
        cwd=root,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(point.number / 1e6)
    started.send_signal(getattr(signal, point.signal))
    return started.wait()


# ---------------------------------------------------------------- one way


def ended(root: Path, way: Way, most: int, seed: int) -> Ended:
    calls = counted(root, way, root.parent / "trace")
    fresh(root, way)
    old = tree(root, way)
    before = time.monotonic()
    run(root, way.words)
    seconds = time.monotonic() - before
    new = tree(root, way)

    states = {"old": 0, "new": 0, "mixed": 0}
    stopped, count = 0, 0
    faults: list[str] = []
    for point in points_of(calls, most, seconds, seed):
        count += 1
        fresh(root, way)
        code = stop(root, way, point)
        stopped += code != 0
        state, fault = judged(tree(root, way), old, new)
        states[state] += 1
        if state == "mixed" and code in (0, 143, -signal.SIGTERM) and is_all_or_none(way):
            fault = f"exit status {code}, and some files are new, others old"
        fault = fault or again(root, way, new)
        if fault:
            faults.append(f"{point.signal} at {point.call or 'a moment'} {point.number}: {fault}")
    return Ended(count, stopped, states["old"], states["new"], states["mixed"], faults)


def is_all_or_none(way: Way) -> bool:
    """Of a fleet each target is by itself."""
    return way.words[0] != "fleet"


def judged(found: Tree, old: Tree, new: Tree) -> tuple[str, str]:
    """Whether the files are old or new, and what is wrong with one that is neither."""
    files = {name: data for name, data in found.items() if not is_own(name)}
    for name, data in files.items():
        if data not in (old.get(name), new.get(name)) and not name.endswith(".krm-injector-fleet"):
            return "mixed", f"{name} is neither the old nor the new file ({len(data)} bytes)"

    missing = [name for name in old if name not in files]
    if missing:
        return "mixed", f"{missing[0]} is gone"
    if files == {name: data for name, data in old.items() if not is_own(name)}:
        return "old", ""
    if files == new:
        return "new", ""
    return "mixed", ""


def again(root: Path, way: Way, new: Tree) -> str:
    """What is wrong after the same command has run to its end; "" if nothing is."""
    done = run(root, way.words)
    if done.returncode:
        return f"the next run ends with {done.returncode}: {done.stderr.decode()[-200:]}"

    found = tree(root, way)
    if found == new:
        return ""
    names = sorted(name for name in found.keys() | new.keys() if found.get(name) != new.get(name))
    return f"after the next run these differ: {', '.join(names)}"


# ---------------------------------------------------------------- all of them


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill the program where it writes.")
    parser.add_argument("--points", type=int, default=200, help="of each way (default: 200)")
    parser.add_argument("--only", action="append", help="a way whose name contains this")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    parser.add_argument("--json", help="also write the figures to this file")
    arguments = parser.parse_args()
    if shutil.which("strace") is None:
        raise SystemExit("strace is not on PATH (Debian: apt-get install strace)")

    results = {}
    print("| way | points | stopped | all old | all new | some of both | faults |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as directory:
        for way in WAYS:
            if arguments.only and not any(each in way.name for each in arguments.only):
                continue
            made = ended(Path(directory) / "files", way, arguments.points, arguments.seed)
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
