"""A run that is stopped at one of its calls of the operating system: by an error, or by a kill."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from krm_injector.writing import disk

CALLS = ("open", "write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir", "link")
KILLED = 9


class Stopper:
    """Lets the n-th call of the operating system fail or end the process, before or after it."""

    def __init__(self, number: int, stop: Callable[[], None]) -> None:
        self.left, self._stop = number, stop

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in CALLS:
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))
        monkeypatch.setattr(disk, "_exchanged", self._counted(disk._exchanged))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self._stop()
            return call(*words, **named)

        return counted


def full_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def kills(run: Callable[[], object], before: Callable[[], None]) -> Iterator[int]:
    """Runs it in a process that is killed in front of its first call, its second, and so on; each
    time ``before`` puts everything as it was. Ends when a process comes to its own end.
    """
    number = 0
    while True:
        number += 1
        before()
        child = os.fork()
        if child == 0:
            try:
                monkeypatch = pytest.MonkeyPatch()
                Stopper(number, lambda: os._exit(KILLED)).patch(monkeypatch)
                run()
                os._exit(0)
            finally:
                os._exit(1)

        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, KILLED)
        yield number
        if code == 0:
            return
