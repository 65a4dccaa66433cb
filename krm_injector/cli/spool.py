"""A long answer waits in an unnamed file until all of it is known.

In: pieces of text. Out: bytes. The answer of ten thousand workloads is longer than all else that a
run holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

_AT_ONCE = 2**20
_NEVER = 2**63


def spooled(first: list[str], rest: Iterable[str]) -> Iterator[bytes]:
    """The bytes of all pieces, every one of which has been made when this returns. They stay in
    memory where no file can be written.
    """
    file = _unnamed_file()
    waiting, size = first, _AT_ONCE
    for piece in rest:
        waiting.append(piece)
        size += len(piece)
        if file is not None and size >= _AT_ONCE:
            if _append(file, "".join(waiting).encode()):
                waiting, size = [], 0
            else:
                size = -_NEVER  # the disk is full: the rest stays in memory

    return _bytes(file, "".join(waiting).encode())


def _unnamed_file() -> IO[bytes] | None:
    """A file that goes with the process; None where no directory can be written."""
    try:
        return TemporaryFile(prefix="krm-injector-", buffering=0)
    except OSError:
        return None


def _append(file: IO[bytes], data: bytes) -> bool:
    """Whether all of the data could be written. If not, the file is as before."""
    end = file.tell()
    try:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
    except OSError:
        file.seek(end)
        file.truncate()
        return False
    return True


def _bytes(file: IO[bytes] | None, behind: bytes) -> Iterator[bytes]:
    if file is not None:
        file.seek(0)
        while data := file.read(_AT_ONCE):
            yield data
        file.close()
    yield behind
