"""What happens around a task: in a worker process of this machine, in one of Dask, or here."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager

from krm_injector.fleet.engine import failures
from krm_injector.fleet.model import TargetResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from krm_injector.fleet.model import Task

# The program switches the collector of cycles off, for its one bundle. Over thousands of them
# memory would grow; a collection each few tasks costs less than the collector's own rhythm.
_TASKS_PER_COLLECTION = 32
_tasks = 0


def guarded(function: Callable[[Task], TargetResult], task: Task) -> TargetResult:
    """The result of a task, whatever it raises."""
    global _tasks
    _tasks += 1
    if _tasks % _TASKS_PER_COLLECTION == 0 and not gc.isenabled():
        gc.collect()

    try:
        return checked(function(task), task)
    except Exception as problem:  # MemoryError too
        return failures.raised(task, problem)


def checked(result: TargetResult, task: Task) -> TargetResult:
    """The result, if it is that of the task."""
    if isinstance(result, TargetResult) and result.name == task.target.name:
        return result
    return failures.not_a_result(task, result)


@contextmanager
def in_this_process() -> Iterator[None]:
    """For tasks that run in the program's own process."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals wait until the executor has done its step. A process that it starts has the signal
    handlers of its parent until it begins; signals wait until then too.
    """
    _disturb(False)
    try:
        yield
    finally:
        _disturb(True)


def _disturb(may: bool) -> None:
    import signal

    if hasattr(signal, "pthread_sigmask"):
        how = signal.SIG_UNBLOCK if may else signal.SIG_BLOCK
        signal.pthread_sigmask(how, (signal.SIGINT, signal.SIGTERM))


# ---------------------------------------------------------------- a worker process


def begin(alive: Connection, parent: Connection) -> None:
    """The first thing that a worker process does. ``alive``: has an end when the parent has ended,
    however that happened; ``parent``: the parent's end of it, which a forked child has too.
    """
    import signal
    import threading

    parent.close()
    if hasattr(os, "setsid"):
        # Ctrl-C goes to all processes of the terminal's session. The parent decides what it means,
        # and ends a worker with all programs that it has started: they are one process group.
        os.setsid()

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminate)
    _disturb(True)
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    gc.collect()
    gc.freeze()  # what the parent has loaded stays


def _end_with_parent(alive: Connection) -> None:
    try:
        alive.recv_bytes()
    except (EOFError, OSError):
        _end()


def _end() -> None:
    """Ends this process and the programs that it has started."""
    import signal

    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)

    os._exit(1)


def _terminate(number: int, _: object) -> None:
    """Ends this process by the signal that it got, with the programs that it has started."""
    import signal

    signal.signal(number, signal.SIG_DFL)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), number)

    os.kill(os.getpid(), number)
