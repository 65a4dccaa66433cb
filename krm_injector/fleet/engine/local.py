"""Worker processes of this machine: a ProcessPoolExecutor that ends with all that it has started.

Processes are forked where that is safe. A forked worker has everything that the parent has imported
and parsed, and starts in a millisecond. With other threads in the parent (a fork copies their locks
and not them), and on macOS, whose system libraries do not bear it, each worker is a new process.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor

from krm_injector.fleet.engine import worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess

    from krm_injector.fleet.engine.flight import Landing
    from krm_injector.fleet.model import TargetResult, Task

_CGROUP_LIMIT = "/sys/fs/cgroup/cpu.max"


def cores() -> int:
    """The cores that this process may use: fewer than the machine has, in a container."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1

    return max(min(count, _limit()), 1)


def _limit() -> int:
    """The limit of the container, rounded up; many if there is none."""
    unlimited = 1 << 16
    try:
        with open(_CGROUP_LIMIT, encoding="ascii") as file:
            quota, period = file.read().split()
    except (OSError, ValueError):
        return unlimited

    return -(-int(quota) // int(period)) if quota.isdecimal() else unlimited


class Processes:
    """A pool of worker processes. It starts them with the first task."""

    def __init__(self, jobs: int) -> None:
        self.width = jobs
        # One more waits for each worker, so that none has to wait for this process.
        self.window = 2 * jobs
        self._executor: ProcessPoolExecutor | None = None
        self._processes: dict[int, BaseProcess] = {}  # by id
        self._most = jobs  # processes of the executor
        self._strangers: set[int] = set()  # children of this process that are not the pool's

    def submit(self, function: Callable[[Task], TargetResult], task: Task) -> Landing:
        return self._submit(self.width, function, task)

    def submit_alone(self, function: Callable[[Task], TargetResult], task: Task) -> Landing:
        if self._executor is not None:
            self._end()
        return self._submit(1, function, task)

    def _submit(self, most: int, function: Callable[[Task], TargetResult], task: Task) -> Landing:
        if self._executor is None or self._most != most:
            self._end()
            self._start(most)

        assert self._executor is not None
        with worker.undisturbed():
            future = self._executor.submit(worker.guarded, function, task)
            if len(self._processes) < self._most:
                self._note_processes()

        return future

    def _start(self, most: int) -> None:
        self._strangers = {each.pid or 0 for each in multiprocessing.active_children()}
        # A worker reads from the pipe until its other end is closed: by this class, or by the
        # kernel when this process ends.
        alive, self._parent = multiprocessing.Pipe(duplex=False)
        self._alive = alive
        self._most = most
        self._executor = ProcessPoolExecutor(
            most,
            mp_context=multiprocessing.get_context(start_method()),
            initializer=worker.begin,
            initargs=(alive, self._parent),
        )

    def _note_processes(self) -> None:
        for process in multiprocessing.active_children():
            if process.pid is not None and process.pid not in self._strangers:
                self._processes[process.pid] = process

    def lost(self) -> str:
        """What happened to the worker. Ends the others, and what all of them have started."""
        # The executor ends the others by SIGTERM. It must be done before their exit codes are read,
        # and before anything is killed here.
        if self._executor is not None:
            self._executor.shutdown(wait=True)

        codes = [process.exitcode for process in self._processes.values()]
        self._end()
        return _happened([code for code in codes if code is not None])

    def killed(self, future: Landing) -> str:
        return ""  # no task is tried again here

    def look(self) -> None:
        pass  # there are workers at any time

    def close(self) -> None:
        self._end()

    def abandon(self) -> None:
        if self._executor is not None:
            self._kill()

    def _end(self) -> None:
        """Ends the workers, and the programs that they have started, at once."""
        if self._executor is None:
            return

        self._kill()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._alive.close()
        self._executor = None
        self._processes = {}

    def _kill(self) -> None:
        self._parent.close()
        for process in self._processes.values():
            _kill(process)


def start_method() -> str:
    """How processes are started. It is said, since Python's own choice differs by version."""
    if sys.platform == "linux" and threading.active_count() == 1:
        return "fork"
    return "spawn"


def _kill(process: BaseProcess) -> None:
    """Ends a worker and its process group, which still exists when the worker is dead."""
    try:
        if hasattr(os, "killpg") and process.pid is not None:
            os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # all have ended, or the worker has not begun: then it ends with the pipe

    process.kill()


def _happened(codes: list[int]) -> str:
    """What happened to the worker that was lost, by the exit codes of those that have ended."""
    code = next((code for code in codes if code != -signal.SIGTERM), -signal.SIGTERM)
    if code >= 0:
        return f"ended with exit status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
