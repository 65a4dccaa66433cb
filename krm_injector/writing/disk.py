"""The calls of the operating system that change the disk.

Each of them is one of ``os``, so that tests can let each of them fail.
"""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NO_LINK_NO_WAITING = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_NOT_THERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def content(path: str) -> bytes | None:
    """The bytes of a file; None if there is none, or something else than a file. Raises OSError."""
    try:
        file = os.open(path, os.O_RDONLY | _NO_LINK_NO_WAITING)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as problem:
        if problem.errno == errno.ELOOP:  # a link
            return None
        raise

    with open(file, "rb") as opened:
        return opened.read() if stat.S_ISREG(os.fstat(file).st_mode) else None


def write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def write(path: str, data: bytes) -> None:
    """A new file, safely on the disk. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    file = os.open(path, flags, 0o666)
    try:
        write_all(file, data)
        os.fsync(file)
    finally:
        os.close(file)


def put(path: str, data: bytes, prepared: str) -> None:
    """A file that is the old one or the new one at any moment. ``prepared``: a path on the same
    file system, for the time until it is whole. Raises OSError.
    """
    write(prepared, data)
    os.replace(prepared, path)


def make_directory(path: str) -> None:
    """A directory, with those above it, unless it is there. Raises OSError."""
    if os.path.isdir(path) and not os.path.islink(path):
        return

    above = os.path.dirname(path)
    if above and above != path:
        make_directory(above)
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def remove(path: str) -> bool:
    """Whether there was such a file; now there is none. Raises OSError."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def remove_empty(directory: str, path: str) -> None:
    """Removes the directories above a relative path that have become empty."""
    while "/" in path:
        path = path.rpartition("/")[0]
        try:
            os.rmdir(os.path.join(directory, path))
        except FileNotFoundError:
            continue
        except OSError:
            return


def remove_tree(path: str) -> None:
    """Removes a directory with all in it. Raises OSError."""
    if os.path.isdir(path) and not os.path.islink(path):
        remove_content(path)
        os.rmdir(path)


def remove_content(path: str) -> None:
    """Removes all that is in a directory. Raises OSError."""
    with os.scandir(path) as entries:
        inside = [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for below, is_directory in inside:
        if is_directory:
            remove_tree(below)
        else:
            os.unlink(below)


# ---------------------------------------------------------------- directories


def sync_directory(path: str) -> None:
    """Makes the names in a directory safe, where the file system can."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return

    try:
        os.fsync(file)
    except OSError:
        pass
    finally:
        os.close(file)


def link(standing: str, new: str) -> bool:
    """Whether a file has a second name now; not every file system has such."""
    try:
        os.link(standing, new, follow_symlinks=False)
    except (OSError, NotImplementedError):
        return False
    return True


def exchange(new: str, standing: str, aside: str) -> None:
    """Puts a directory where another one stands. The old one is at ``new`` or ``aside`` then.

    Linux does it in one step. Elsewhere there is a moment without either; the old one waits at
    ``aside``, and the next run puts it back. Raises OSError.
    """
    if _exchanged(new, standing):
        return

    os.rename(standing, aside)
    try:
        os.rename(new, standing)
    except OSError:
        os.rename(aside, standing)
        raise


def _exchanged(new: str, standing: str) -> bool:
    """Whether the kernel has exchanged the two. False if it cannot. Raises OSError."""
    import ctypes

    try:
        call: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # no Linux, or no recent one
        return False

    paths = os.fsencode(new), os.fsencode(standing)
    if call(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
        return True

    number = ctypes.get_errno()
    if number in _NOT_THERE:
        return False
    raise OSError(number, os.strerror(number), standing)
