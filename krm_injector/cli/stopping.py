"""Ctrl-C and SIGTERM, for commands that have worker processes or write several files.

A filter ends at once and leaves nothing. A run over a fleet must end its workers and the programs
that these have started, and must leave no file half written. A run that changes several files puts
them back. So a signal becomes an exception, and everything that is open is closed on its way up.
"""

from __future__ import annotations

import os
import sys

from krm_injector.cli import streams
from krm_injector.cli.request import Answer
from krm_injector.model import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_STOPPING = ("SIGINT", "SIGTERM")
_SECONDS = 10  # that closing may take


class Stopped(KeyboardInterrupt):
    """A signal has come. No handler of Exception sees it."""


def ignore_signals() -> None:
    """From now on a signal comes too late: the files begin to change, which takes a moment. One
    that has come already still raises Stopped.
    """
    import signal

    for name in _STOPPING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def stoppable(work: Callable[[], Answer], is_fleet: bool = True) -> Answer:
    """The answer of ``work``. If a signal has stopped it, that is the answer, with the exit status
    128 + the signal's number.
    """
    import signal

    numbers = [getattr(signal, name) for name in _STOPPING if hasattr(signal, name)]
    came: list[int] = []

    def stop(number: int, _: object) -> None:
        came.append(number)
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)

        _limit_the_end(128 + number)
        raise Stopped

    before = {number: signal.getsignal(number) for number in numbers}
    if hasattr(signal, "SIGPIPE"):
        # A pipe to a worker that has just ended must not end this process.
        before[signal.SIGPIPE] = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in numbers:
        signal.signal(number, stop)

    answer = Answer("")
    try:
        answer = work()
        # The work is done. Now the program is a filter again.
        for number, handler in before.items():
            signal.signal(number, handler)
    except Stopped:
        pass

    return _stopped(signal.Signals(came[0]), is_fleet) if came else answer


def _stopped(number: int, is_fleet: bool) -> Answer:
    import signal

    streams.clear_line()
    name = signal.Signals(number).name
    if is_fleet:
        message = f"stopped by {name}; what was finished stays as it is"
        result = Result("error", message, code="fleet-stopped")
    else:
        result = Result("error", f"stopped by {name}; no file was changed", code="stopped")
    return Answer("", (result,), 128 + number)


def _limit_the_end(code: int) -> None:
    """Ends the process after a few seconds, come what may: an exception that is raised in a
    destructor is lost, and a lock may be held for ever. Workers end with this process.
    """
    import signal

    sys.unraisablehook = lambda _: None  # it would print a traceback
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda *_: os._exit(code))
        signal.setitimer(signal.ITIMER_REAL, _SECONDS)
