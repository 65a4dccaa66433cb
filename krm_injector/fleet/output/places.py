"""What stands in the output directory, and what may not be in the way of its files."""

from __future__ import annotations

import os
import stat

from krm_injector.model import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.codes import CodeName


def error(message: str, path: str, code: CodeName) -> Refused:
    return Refused(Result("error", message, file=path, code=code))


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
