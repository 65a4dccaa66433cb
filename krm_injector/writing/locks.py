"""Locks on files and directories as they are: nothing is left on the disk, and a lock goes with its
process.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

_BUSY = (errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN)
_MOST_FILES = 200  # each lock is an open file, and a process may have about a thousand


def lock(file: int, shared: bool = False) -> bool:
    """Whether an open file is ours now. True too where the file system knows no such locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as problem:
        return problem.errno not in _BUSY
    return True


class Locks:
    """``take`` as often as there are files and directories to lock, then ``drop``."""

    def __init__(self) -> None:
        self._held: list[int] = []

    def take(self, path: str, shared: bool = False) -> bool:
        """Whether a file or directory is ours now. True too where it cannot be locked."""
        while True:
            try:
                file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            except OSError:
                return True

            if not lock(file, shared):
                os.close(file)
                return False
            if _is_at(file, path):
                self._held.append(file)
                return True
            os.close(file)  # another run has just put a new file there

    def take_all(self, paths: Iterable[str]) -> str:
        """Locks these files, and these directories with all that is in them. Returns the path that
        somebody else holds, or "". What is above is shared, so that runs in other directories go
        on.
        """
        owned = {os.path.realpath(path) for path in paths}
        if len(owned) > _MOST_FILES:
            owned = {path if os.path.isdir(path) else os.path.dirname(path) for path in owned}

        above = {step for path in owned for step in _above(path)}
        for path in sorted(owned | above):
            if not self.take(path, shared=path not in owned):
                return path
        return ""

    def drop(self) -> None:
        while self._held:
            os.close(self._held.pop())


def _is_at(file: int, path: str) -> bool:
    """Whether an open file is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except OSError:
        return False


def _above(path: str) -> Iterable[str]:
    while (above := os.path.dirname(path)) != path:
        yield above
        path = above
