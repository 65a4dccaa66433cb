"""Two runs that write to one directory exclude each other; shards of one run do not.

The directory itself is locked, so that nothing is left in it, and a lock goes with its process.
"""

from __future__ import annotations

import errno
import os

from krm_injector.fleet.output import places

_BUSY = (errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN)


class Lock:
    """``take`` as often as there are directories to lock, then ``drop``."""

    def __init__(self) -> None:
        self._held: list[int] = []

    def take(self, directory: str, shared: bool = False) -> None:
        """Raises Refused if somebody else holds it. Where the file system knows no locks of
        directories, nothing is locked.
        """
        try:
            import fcntl
        except ImportError:  # Windows
            return

        try:
            held = os.open(directory, os.O_RDONLY)
        except OSError:
            return

        try:
            fcntl.flock(held, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as problem:
            os.close(held)
            if problem.errno in _BUSY:
                raise _locked(directory) from None
        else:
            self._held.append(held)

    def drop(self) -> None:
        while self._held:
            os.close(self._held.pop())


def _locked(directory: str) -> Exception:
    message = (
        f"another fleet build writes to {directory} at this moment; wait for its end, or name "
        "another directory"
    )
    return places.error(message, directory, "fleet-output-locked")
