"""Ctrl-C and SIGTERM, for commands that have worker processes and write files.

A filter ends at once and leaves nothing. A run over a fleet must end its workers and the programs
that these have started, and must leave no file half written. So a signal becomes an exception, and
everything that is open is closed on its way up.
"""

from __future__ import annotations

import os
import sys

from krm_injector.cli import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM")
_SECONDS = 5  # that closing may take


class Stopped(KeyboardInterrupt):
    """A signal has come. No handler of Exception sees it."""


def stoppable(work: Callable[[], int]) -> int:
    """The exit status of ``work``; 128 + the signal's number if one has stopped it."""
    import signal

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    came: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        came.append(number)
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)

        _limit_the_end(128 + number)
        raise Stopped

    for number in numbers:
        signal.signal(number, stop)
    try:
        code = work()
    except Stopped:
        code = 0

    if not came:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # what follows are only buffers
        return code

    name = signal.Signals(came[0]).name
    streams.clear_line()
    streams.complain(f"stopped by {name}; what was finished stays\n")
    return 128 + came[0]


def _limit_the_end(code: int) -> None:
    """Ends the process after a few seconds, come what may: an exception that is raised in a
    destructor is lost, and a lock may be held for ever. Workers end with this process.
    """
    import signal

    sys.unraisablehook = lambda _: None  # it would print a traceback
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda *_: os._exit(code))
        signal.setitimer(signal.ITIMER_REAL, _SECONDS)
