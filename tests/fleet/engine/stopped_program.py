"""A program that runs tasks as `krm-injector fleet` does: to be stopped from outside.

    python stopped_program.py DIRECTORY JOBS SLEEP

Each result becomes a file in DIRECTORY, written in two steps.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from fleet.engine.tasks import task, work

from krm_injector.cli import program
from krm_injector.cli.request import Answer, Arguments
from krm_injector.fleet import engine
from krm_injector.fleet.engine import Options


def run(directory: Path, jobs: int, sleep: str) -> Answer:
    all_tasks = [
        task(f"{'starts' if number % 2 else 'sleeps'}:{number}", seconds=0.01, sleep=sleep)
        for number in range(400)
    ]
    for result in engine.run(all_tasks, work, Options(400, jobs), []):
        part = directory / f"{result.name}.part"
        try:
            part.write_text(result.text[:3])
            time.sleep(0.001)
            part.write_text(result.text)
            part.replace(directory / result.name)
        finally:
            part.unlink(missing_ok=True)

    return Answer("done")


def main() -> None:
    directory, jobs, sleep = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

    def answer(arguments: Arguments, begin: Callable[[], object] = lambda: None) -> Answer:
        return run(directory, jobs, sleep)

    program._answer = answer
    (directory / "ready").touch()
    sys.argv[1:] = ["fleet", "list"]
    program.main()


if __name__ == "__main__":
    os.environ.setdefault("KRM_INJECTOR_DEBUG", "1")
    main()
