"""Files and directories that come into their places as a whole, and what may not be in their way.

Every call that changes the file system is one of ``os``, so that tests can let each of them fail.
"""

from __future__ import annotations

import errno
import os
import stat

from krm_injector.model import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.codes import CodeName

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_NOT_THERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def error(message: str, path: str, code: CodeName) -> Refused:
    return Refused(Result("error", message, file=path, code=code))


# ---------------------------------------------------------------- reading


def content(path: str) -> bytes | None:
    """The bytes of a file; None if there is none, or something else than a file. Raises OSError."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as problem:
        if problem.errno == errno.ELOOP:  # a link
            return None
        raise

    with open(file, "rb") as opened:
        return opened.read() if stat.S_ISREG(os.fstat(file).st_mode) else None


def kind(path: str) -> str:
    """ "file", "directory", "link", "other", or "" if there is nothing."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""

    for name, test in (("file", stat.S_ISREG), ("directory", stat.S_ISDIR), ("link", stat.S_ISLNK)):
        if test(mode):
            return name
    return "other"


def refuse_links(directory: str, path: str) -> None:
    """Raises Refused if a step of a relative path is a symbolic link: it may lead out of the
    directory, or let two targets write one file. Raises it too if a file is where a directory must
    be.
    """
    here = directory
    *above, last = path.split("/")
    for step in above:
        here = os.path.join(here, step)
        found = kind(here)
        if found == "link":
            raise _link(here)
        if found not in ("directory", ""):
            message = (
                f"{here} is a file, and {path} needs a directory there; move the file, or name "
                "another output directory"
            )
            raise error(message, here, "fleet-output-foreign")

    if kind(os.path.join(here, last)) == "link":
        raise _link(os.path.join(here, last))


def _link(path: str) -> Refused:
    message = (
        f"{path} is a symbolic link, and nothing is written through links of the output "
        "directory; put a file or directory in its place, or name another output directory"
    )
    return error(message, path, "fleet-output-link")


def is_same(path: str, other: str) -> bool:
    """Whether two paths lead to one file, as where a file system knows no case."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def below(path: str) -> list[str]:
    """Everything below a directory that is no directory, relative to it. Raises OSError."""
    found: list[str] = []
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                found += [f"{entry.name}/{file}" for file in below(entry.path)]
            else:
                found.append(entry.name)

    return found


def unwritable(path: str, problem: OSError) -> Result:
    message = f"{path} cannot be written: {problem.strerror or problem}; it is as it was"
    return Result("error", message, file=path, code="fleet-output-unwritable")


# ---------------------------------------------------------------- one file


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
    if kind(path) == "directory":
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
    if kind(path) == "directory":
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
