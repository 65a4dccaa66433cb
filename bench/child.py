"""Start a program, wait for it, and write down what it took.

    child.py FIGURES STDIN STDOUT COMMAND...

Each argument but the command names a file. FIGURES gets the CPU seconds, the wall seconds and the
peak memory in KiB. This is a small process of its own because a process that is forked counts,
until it becomes the program, as large as the one that forked it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

PAUSE = 0.05  # seconds between two looks at the memory of a program with processes of its own


class Family(threading.Thread):
    """The peak memory of a program and its processes together.

    The kernel knows the peak of each process, not of all at one time, so they are looked at again
    and again. What they share counts once (PSS). A program of one process is left alone.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0  # KiB

    def run(self) -> None:
        while True:
            time.sleep(PAUSE)
            members = _descendants(self.pid)
            if members:
                self.peak = max(self.peak, sum(map(_share, [self.pid, *members])))


def main() -> int:
    figures, stdin, stdout, *command = sys.argv[1:]
    started = time.perf_counter()
    pid = os.fork()
    if not pid:
        os.dup2(os.open(stdin, os.O_RDONLY), 0)
        os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
        os.execvp(command[0], command)

    family = Family(pid)
    family.start()
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started

    memory = max(usage.ru_maxrss, family.peak)
    Path(figures).write_text(f"{usage.ru_utime + usage.ru_stime} {wall} {memory}")
    return os.waitstatus_to_exitcode(status) and 1


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # gone, or a system that does not tell
        return []

    return [member for child in map(int, children) for member in (child, *_descendants(child))]


def _share(pid: int) -> int:
    """The process's proportional set size in KiB; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0

    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    sys.exit(main())
