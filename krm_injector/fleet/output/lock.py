"""Two runs that write to one directory exclude each other; shards of one run do not."""

from __future__ import annotations

from krm_injector.fleet.output import places
from krm_injector.writing.locks import Locks


class Lock:
    """``take`` as often as there are directories to lock, then ``drop``."""

    def __init__(self) -> None:
        self._locks = Locks()

    def take(self, directory: str, shared: bool = False) -> None:
        """Raises Refused if somebody else holds it."""
        if not self._locks.take(directory, shared):
            raise _locked(directory)

    def drop(self) -> None:
        self._locks.drop()


def _locked(directory: str) -> Exception:
    message = (
        f"another fleet build writes to {directory} at this moment; wait for its end, or name "
        "another directory"
    )
    return places.error(message, directory, "fleet-output-locked")
