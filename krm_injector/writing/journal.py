"""The journal of a run that changes several files: what it is about to put where. A run that was
killed leaves it, and the next one puts the files back.

It is a file of JSON lines. The first one has the files; a second one says that all of them are in
their places. Nothing of a journal is believed that leads out of the paths that the user names: it
may have come with a repository.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence

from krm_injector.named_tuple import NamedTuple
from krm_injector.writing import disk, locks, one_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PREFIX, _SUFFIX = ".krm-injector-", ".journal"
NEW, OLD = ".new", ".old"
_DONE = b'"done"\n'


class Entry(NamedTuple):
    """One file of a run."""

    path: str
    new: str  # the file that will take its place, in the same directory
    old: str  # another name of the file that is there now
    before: str  # digest of the content; "" for a file that is not there yet
    after: str


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry(path: str, run: str, number: int, before: bytes | None, after: bytes) -> Entry:
    name = os.path.join(os.path.dirname(path), f"{_PREFIX}{run}-{number}")
    content = "" if before is None else digest(before)
    return Entry(path, name + NEW, name + OLD, content, digest(after))


class Journal:
    """Of one run. Its lock says that the run is not over."""

    def __init__(self, directory: str, run: str) -> None:
        self._directory = directory
        self._path = os.path.join(directory, f"{_PREFIX}{run}{_SUFFIX}")
        self._file = -1
        self._size = 0  # of the list of files

    def begin(self, entries: Iterable[Entry]) -> None:
        """Raises OSError. Then nothing may be written."""
        self._file = one_file.create(self._path, 0o600)
        locks.lock(self._file)
        rows = json.dumps([_relative(each, self._directory) for each in entries]).encode() + b"\n"
        self._size = len(rows)
        disk.write_all(self._file, rows)
        os.fsync(self._file)
        disk.sync_directory(self._directory)

    def done(self) -> None:
        """All files are in their places. Raises OSError."""
        disk.write_all(self._file, _DONE)
        os.fsync(self._file)

    def undone(self) -> None:
        """They are about to be put back. Raises OSError."""
        if self._file >= 0:
            os.ftruncate(self._file, self._size)

    def remove(self) -> None:
        """Nothing is left to be put in order. Raises OSError."""
        if self._file >= 0:
            disk.remove(self._path)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _relative(each: Entry, directory: str) -> list[str]:
    paths = (os.path.relpath(path, directory) for path in each[:3])
    return [*paths, each.before, each.after]


# ---------------------------------------------------------------- putting back


class Restored(NamedTuple):
    """What became of the files of a run that did not finish."""

    back: tuple[str, ...] = ()  # they are what they were before it
    kept: tuple[tuple[str, str], ...] = ()  # changed since; where their earlier content is
    # Journals of runs that named other paths too, and such a path.
    foreign: tuple[tuple[str, str], ...] = ()


def restore(directories: Iterable[str], within: Sequence[str]) -> Restored:
    """Puts back what runs that were killed have changed. ``directories``: where journals may be.
    ``within``: files and directories outside of which nothing is touched. Raises OSError.
    """
    back: list[str] = []
    kept: list[tuple[str, str]] = []
    foreign: list[tuple[str, str]] = []
    allowed = [os.path.realpath(path) for path in within]
    for path in _journals(directories):
        done = _restored(path, allowed)
        back += done.back
        kept += done.kept
        foreign += done.foreign
    return Restored(tuple(back), tuple(kept), tuple(foreign))


def _journals(directories: Iterable[str]) -> Iterator[str]:
    for directory in dict.fromkeys(directories):
        try:
            names = sorted(os.listdir(directory or "."))
        except OSError:
            continue
        for name in names:
            if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
                yield os.path.join(directory, name)


def _restored(path: str, allowed: Sequence[str]) -> Restored:
    try:
        file = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return Restored()

    with open(file, "rb") as journal:
        if not stat.S_ISREG(os.fstat(file).st_mode) or not locks.lock(file):
            # Somebody else's pipe, or a run that is not over.
            return Restored()

        rows, _, rest = journal.read().partition(b"\n")
        entries = _entries(rows, os.path.dirname(path))
        outside = [each.path for each in entries if not _is_safe(each, allowed)]
        if outside:
            return Restored(foreign=((path, outside[0]),))

        restored = put_back(entries, is_done=rest == _DONE)
        disk.remove(path)
        return restored


def _entries(rows: bytes, directory: str) -> list[Entry]:
    """The entries of a journal; none of one that was not finished: nothing was written then."""
    try:
        found: Any = json.loads(rows)
        read = [Entry(*(str(each) for each in row)) for row in found]
    except (ValueError, TypeError):
        return []

    base = os.path.realpath(directory)
    return [
        each._replace(
            path=os.path.normpath(os.path.join(base, each.path)),
            new=os.path.normpath(os.path.join(base, each.new)),
            old=os.path.normpath(os.path.join(base, each.old)),
        )
        for each in read
    ]


def _is_safe(each: Entry, allowed: Sequence[str]) -> bool:
    """Whether an entry is as a run over these paths would have written it."""
    directory = os.path.dirname(each.path)
    beside = all(
        os.path.dirname(path) == directory
        and os.path.basename(path).startswith(_PREFIX)
        and path.endswith(end)
        for path, end in ((each.new, NEW), (each.old, OLD))
    )
    real = os.path.realpath(each.path)
    below = any(real == path or real.startswith(path.rstrip(os.sep) + os.sep) for path in allowed)
    return beside and below and not os.path.islink(each.path)


def put_back(entries: Iterable[Entry], is_done: bool = False) -> Restored:
    """Puts every file back that is the new one; with ``is_done`` they stay. Removes what the run
    needed. Raises OSError.
    """
    back: list[str] = []
    kept: list[tuple[str, str]] = []
    for each in entries:
        disk.remove(each.new)
        standing = _digest_of(each.path)
        old = _digest_of(each.old)
        if is_done or standing in (each.before, old):
            disk.remove(each.old)
        elif standing == each.after and old == each.before != "":
            os.replace(each.old, each.path)
            back.append(each.path)
        elif standing == each.after and not each.before:
            disk.remove(each.path)
            back.append(each.path)
        elif old:
            kept.append((each.path, each.old))

    return Restored(tuple(back), tuple(kept))


def _digest_of(path: str) -> str:
    """Of a file's content; "" if there is no such file."""
    data = disk.content(path)
    return "" if data is None else digest(data)
