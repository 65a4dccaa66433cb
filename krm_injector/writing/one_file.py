"""One file whose content changes from one moment to the next, as a list of results."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from krm_injector.writing import disk, locks

_PREFIX, _SUFFIX = ".krm-injector-", ".part"
# Why nothing can be made beside a file, or be put in its place: a container may have only this file
# of a directory, and in a directory such as /tmp a file of somebody else stays.
_ONLY_IN_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV)
_OWNER = "its owner and group cannot be kept, because it belongs to somebody else"
_MOST_LINKS = 40  # as Linux
_STREAMS = ("/proc/", "/dev/fd/")
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def put(path: str, data: bytes, sync: bool = True) -> None:
    """The file has the old content or this one at any moment, also if the program is killed, and
    with ``sync`` if the machine is.

    A link stays a link: the file behind it is written. Permissions, owner and extended attributes
    stay. A pipe or a device is written to. Raises OSError; then the file is as it was.
    """
    target = os.path.realpath(path)
    if _is_stream(path, target):
        _through(path, data)
        return

    standing = writable(target)
    sweep(os.path.dirname(target))
    try:
        _exchange(target, data, standing, sync)
    except OSError as problem:
        if standing is None or problem.errno not in _ONLY_IN_PLACE:
            raise
        _over(target, data)


def writable(target: str) -> os.stat_result | None:
    """The status of a file; None if there is none. Raises OSError if it may not be written: a
    rename would not ask.
    """
    try:
        file = os.open(target, os.O_WRONLY | _NO_LINK)
    except FileNotFoundError:
        return None

    try:
        return os.fstat(file)
    finally:
        os.close(file)


def _exchange(target: str, data: bytes, standing: os.stat_result | None, sync: bool) -> None:
    prepared, file = _beside(os.path.dirname(target), 0o600 if standing else 0o666)
    try:
        fill(file, data, target, standing)
        if sync:
            os.fsync(file)
        os.replace(prepared, target)
    except BaseException:
        disk.remove(prepared)
        raise
    finally:
        os.close(file)
    if sync:
        disk.sync_directory(os.path.dirname(target))


def _beside(directory: str, mode: int) -> tuple[str, int]:
    """A new file, open and locked: the lock says to others that it is in use."""
    while True:
        path = os.path.join(directory, f"{_PREFIX}{os.urandom(6).hex()}{_SUFFIX}")
        file = create(path, mode)
        if locks.lock(file) and os.fstat(file).st_nlink:
            return path, file
        os.close(file)  # another run takes it for a left-over


def create(path: str, mode: int) -> int:
    """A new file, open for writing. Raises OSError if there is one."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, mode)


def fill(
    file: int, data: bytes, like: str, standing: os.stat_result | None, strict: bool = False
) -> None:
    """Writes a new file that takes the place of another one. ``strict``: if its owner cannot be
    kept, OSError is raised.
    """
    disk.write_all(file, data)
    if standing is not None:
        _keep(file, like, standing, strict)


def _keep(file: int, like: str, standing: os.stat_result, strict: bool) -> None:
    """Gives a new file the owner, the permissions and the attributes of another one."""
    mode = stat.S_IMODE(standing.st_mode)
    own = os.fstat(file)
    if hasattr(os, "fchown") and (own.st_uid, own.st_gid) != (standing.st_uid, standing.st_gid):
        try:
            os.fchown(file, standing.st_uid, standing.st_gid)
        except OSError as problem:
            if strict:
                raise OSError(problem.errno, _OWNER) from None
            mode &= 0o707  # the group is another one now
    if hasattr(os, "fchmod"):
        os.fchmod(file, mode)

    if hasattr(os, "listxattr"):
        _keep_attributes(file, like)


def _keep_attributes(file: int, like: str) -> None:
    try:
        names = os.listxattr(like)
    except OSError:
        return

    for name in names:
        try:
            os.setxattr(file, name, os.getxattr(like, name))
        except OSError:  # some belong to the system
            continue


def sweep(directory: str) -> None:
    """Removes what runs that were killed have left in a directory."""
    try:
        names = os.listdir(directory or ".")
    except OSError:
        return

    for name in names:
        if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
            _remove_unused(os.path.join(directory, name))


def _remove_unused(path: str) -> None:
    try:
        file = os.open(path, os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return

    try:
        if stat.S_ISREG(os.fstat(file).st_mode) and locks.lock(file):
            disk.remove(path)
    except OSError:
        pass
    finally:
        os.close(file)


# ---------------------------------------------------------------- what is written as it stands


def _is_stream(path: str, target: str) -> bool:
    """Whether a path is a pipe or a device, or leads to an open file of a process: that one is
    meant, and no other file of its name.
    """
    if any(step.startswith(_STREAMS) for step in _steps(path)):
        return True

    try:
        mode = os.stat(target).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _steps(path: str) -> Iterator[str]:
    """The links that a path leads through: /dev/stdout is one to /proc/self/fd/1."""
    for _ in range(_MOST_LINKS):
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        yield path
        if not os.path.islink(path):
            return
        path = os.path.join(os.path.dirname(path), os.readlink(path))


def _through(path: str, data: bytes) -> None:
    with open(path, "wb", buffering=0) as stream:
        disk.write_all(stream.fileno(), data)


def _over(target: str, data: bytes) -> None:
    """Writes over a file that cannot be exchanged. If that fails, its content comes back."""
    with open(target, "r+b", buffering=0) as file:
        before = file.read()
        try:
            _replace_content(file.fileno(), data)
        except BaseException:
            _replace_content(file.fileno(), before)
            raise


def _replace_content(file: int, data: bytes) -> None:
    os.lseek(file, 0, os.SEEK_SET)
    disk.write_all(file, data)
    os.ftruncate(file, len(data))
    os.fsync(file)
