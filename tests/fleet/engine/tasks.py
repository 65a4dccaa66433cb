"""What the tests of the engine give to workers. Each function is named, so that a new process can
import it; the target's name says what to do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from krm_injector.fleet.model import Target, TargetResult, Task
from krm_injector.model import Result


def task(name: str, **options: object) -> Task:
    return Task(Target(name, "directory", f"apps/{name}", "the test says so"), "build",
                dict(options), {})  # fmt: skip


def tasks(count: int) -> list[Task]:
    return [task(f"t{number:05}") for number in range(count)]


def done(each: Task, text: str = "") -> TargetResult:
    return TargetResult(each.target.name, 0, text or f"of {each.target.name}")


def work(each: Task) -> TargetResult:
    """Does what the target's name says; each name may have a number behind a colon."""
    what = each.target.name.partition(":")[0]
    return _WHAT.get(what, done)(each)


def _killed(each: Task) -> TargetResult:
    os.kill(os.getpid(), signal.SIGKILL)
    return done(each)


def _killed_once(each: Task) -> TargetResult:
    """Is killed the first time only."""
    marker = Path(each.options["marker"])
    if marker.exists():
        return done(each)

    marker.touch()
    return _killed(each)


def _exits(each: Task) -> TargetResult:
    os._exit(3)


def _raises(each: Task) -> TargetResult:
    raise ValueError("three\nlines\nof it")


def _leaves(each: Task) -> TargetResult:
    sys.exit(5)


def _no_memory(each: Task) -> TargetResult:
    raise MemoryError


def _unpicklable(each: Task) -> TargetResult:
    return TargetResult(each.target.name, 0, data={"f": lambda: None})


def _no_result(each: Task) -> TargetResult:
    return None  # type: ignore[return-value]


def _of_another(each: Task) -> TargetResult:
    return TargetResult("another", 0)


def _sleeps(each: Task) -> TargetResult:
    time.sleep(float(each.options.get("seconds", 0.05)))
    return done(each)


def _starts_a_program(each: Task) -> TargetResult:
    subprocess.run(["sleep", each.options["sleep"]], check=False)
    return done(each)


def _starts_and_is_killed(each: Task) -> TargetResult:
    subprocess.Popen(["sleep", each.options["sleep"]])
    return _killed(each)


def _circles(each: Task) -> TargetResult:
    """Leaves garbage in a circle, as templates do."""
    circle: list[object] = [bytearray(200_000)]
    circle.append(circle)
    return done(each)


def _error(each: Task) -> TargetResult:
    return TargetResult(each.target.name, 1, results=(Result("error", "it is wrong"),))


def _says_who(each: Task) -> TargetResult:
    time.sleep(0.01)
    return done(each, str(os.getpid()))


def _reads(each: Task) -> TargetResult:
    time.sleep(each.options.get("wait", 0))
    return done(each, Path(each.options["path"]).read_text())


def _says_where(each: Task) -> TargetResult:
    return done(each, os.getcwd())


def _says_path(each: Task) -> TargetResult:
    return done(each, each.environment["PATH"])


_WHAT = {
    "reads": _reads,
    "where": _says_where,
    "path": _says_path,
    "killed": _killed,
    "killed-once": _killed_once,
    "exits": _exits,
    "raises": _raises,
    "leaves": _leaves,
    "no-memory": _no_memory,
    "unpicklable": _unpicklable,
    "no-result": _no_result,
    "of-another": _of_another,
    "sleeps": _sleeps,
    "starts": _starts_a_program,
    "starts-and-is-killed": _starts_and_is_killed,
    "circles": _circles,
    "error": _error,
    "who": _says_who,
}
