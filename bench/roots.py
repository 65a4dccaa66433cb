"""What `krm-injector explain .` and `verify .` say at the root of repositories, as a table.

    python bench/roots.py REPOSITORY...

Nothing is written into the repositories. helm and kustomize are those on PATH. -v prints each
error.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

HEAD = ("Repository", "Files", "Targets", "Workloads", "Not rendered", "explain", "verify",
        "Errors", "Seconds")  # fmt: skip


class Ran(NamedTuple):
    code: int
    out: str
    err: str
    results: list[dict[str, Any]]
    seconds: float

    @property
    def errors(self) -> Counter[str]:
        """How many errors there are of each code."""
        found = (each for each in self.results if each["severity"] == "error")
        return Counter(each.get("tags", {}).get("code", "") for each in found)


def run(repository: Path, *words: str) -> Ran:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "results.json"
        command = [sys.executable, "-m", "krm_injector", *words, ".", "--results", str(file)]
        before = time.perf_counter()
        done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - before
        results = json.loads(file.read_text())["items"][0]["results"] if file.exists() else []
    return Ran(done.returncode, done.stdout, done.stderr, results, seconds)


def row(repository: Path, verbose: bool) -> tuple[str, ...]:
    explained = run(repository, "explain", "-o", "json")
    verified = run(repository, "verify")
    answer = json.loads(explained.out) if explained.out else {"summary": {}, "targets": []}
    summary, targets = answer["summary"], answer.get("targets", [])
    lines = [line for line in verified.out.splitlines() if "not rendered here, and" in line]
    if verbose:
        for each in explained.results:
            if each["severity"] == "error":
                print(f"{repository.name}: {each['message'][:300]}", file=sys.stderr)

    files = sum(1 for suffix in ("*.yaml", "*.yml", "*.json") for _ in repository.rglob(suffix))
    errors = ", ".join(f"{count:,} {code}" for code, count in sorted(explained.errors.items()))
    return (
        repository.name,
        f"{files:,}",
        f"{len(targets) or 1:,}",
        f"{summary.get('workloads', 0):,}",
        lines[0].split()[0] if lines else "0",
        str(explained.code),
        str(verified.code),
        errors or "none",
        f"{explained.seconds:.1f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}", flush=True)
    for repository in arguments.repositories:
        print(f"| {' | '.join(row(repository, arguments.verbose))} |", flush=True)


if __name__ == "__main__":
    main()
