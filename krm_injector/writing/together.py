"""Several files that change together: all of them, or none.

1. The journal says what will be where.
2. Each new content is written to a file beside the old one.
3. Each old file gets a second name, and the new one takes its place by a rename.
4. The journal says that it is done. The second names and the journal go.

An error or a signal up to 3 puts everything back. After a kill the next run does it
(``journal.restore``).
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Sequence

from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.writing import disk, journal, one_file
from krm_injector.writing.journal import Entry, Journal


class Change(NamedTuple):
    """A file, and what it shall hold."""

    path: str  # as the user would name it
    data: bytes
    before: bytes | None = None  # what it holds; None: there must be no such file


def put(
    changes: Sequence[Change], directory: str, begin: Callable[[], object] = lambda: None
) -> None:
    """All files have their new contents, or, if Refused is raised, what they had.

    Links stay links. Permissions, owners and extended attributes stay; where that cannot be, it is
    an error. ``directory``: where the journal is. ``begin`` is called when files begin to change:
    from then on it takes a moment.
    """
    if not changes:
        return

    run = _Run(changes, directory or ".")
    try:
        run.prepare()
        begin()
        run.exchange()
    except OSError as problem:
        run.undo()
        raise Refused(_unwritable(run.at, problem)) from None
    except BaseException:
        run.undo()
        raise
    else:
        run.finish()
    finally:
        run.close()


class _Run:
    def __init__(self, changes: Sequence[Change], directory: str) -> None:
        self.at = directory  # what it is busy with, for an error
        name = os.urandom(6).hex()
        self._directory = directory
        self._journal = Journal(directory, name)
        self._changes = changes
        self._entries: list[Entry] = []
        for number, (path, data, before) in enumerate(changes):
            target = os.path.realpath(path)
            self._entries.append(journal.entry(target, name, number, before, data))
        self._made: list[str] = []  # directories

    def prepare(self) -> None:
        """Writes the new files beside the old ones. Raises Refused and OSError."""
        for change, each in zip(self._changes, self._entries, strict=True):
            self.at = change.path
            if change.before is None:
                self._make_directory(os.path.dirname(each.path))

        self.at = self._directory
        self._journal.begin(self._entries)
        for change, each in zip(self._changes, self._entries, strict=True):
            self.at = change.path
            standing = one_file.writable(each.path)
            if (standing is None) != (change.before is None):
                raise Refused(_changed(change.path))

            file = one_file.create(each.new, 0o600 if standing else 0o666)
            try:
                one_file.fill(file, change.data, each.path, standing, strict=True)
                os.fsync(file)
            finally:
                os.close(file)

    def exchange(self) -> None:
        """Puts the new files in their places. Raises Refused and OSError."""
        for change, each in zip(self._changes, self._entries, strict=True):
            self.at = change.path
            if change.before is None:
                continue
            if not disk.link(each.path, each.old):
                shutil.copy2(each.path, each.old)
            if disk.content(each.old) != change.before:
                raise Refused(_changed(change.path))

        for change, each in zip(self._changes, self._entries, strict=True):
            self.at = change.path
            if change.before is None:
                _put_new(each)
            else:
                os.replace(each.new, each.path)

        for directory in dict.fromkeys(os.path.dirname(each.path) for each in self._entries):
            disk.sync_directory(directory)
        self.at = self._directory
        self._journal.done()

    def finish(self) -> None:
        """Removes what the run needed. What cannot be removed now, the next run removes."""
        with contextlib.suppress(OSError):
            for each in self._entries:
                disk.remove(each.old)
            self._journal.remove()

    def undo(self) -> None:
        """Puts everything back. If that fails, the journal stays for the next run."""
        with contextlib.suppress(OSError):
            self._journal.undone()
            journal.put_back(self._entries)
            self._journal.remove()
            for directory in reversed(self._made):
                os.rmdir(directory)

    def close(self) -> None:
        """Whoever runs next may have the journal, if it is still there."""
        self._journal.close()

    def _make_directory(self, path: str) -> None:
        if os.path.isdir(path):
            return

        self._make_directory(os.path.dirname(path))
        os.mkdir(path)
        self._made.append(path)


def _put_new(each: Entry) -> None:
    """A file in a place where there must be none. Raises OSError."""
    if disk.link(each.new, each.path):
        disk.remove(each.new)
    elif os.path.lexists(each.path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), each.path)
    else:
        os.rename(each.new, each.path)


def _changed(path: str) -> Result:
    message = (
        f"{path} was changed by another program while it was read here; no file was changed. Run "
        "it again"
    )
    return Result("error", message, file=path, code="output-changed")


def _unwritable(path: str, problem: OSError) -> Result:
    message = f"{path} cannot be written: {problem.strerror or problem}; no file was changed"
    return Result("error", message, file=path, code="output-unwritable")
