"""Files and directories -> the bytes of manifests."""

from __future__ import annotations

import errno
import os
import stat

from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MANIFESTS = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
KPTFILE = "Kptfile"
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)
_LOOKED_AT = (*KUSTOMIZATIONS, CHART)  # besides manifests


class Source(NamedTuple):
    """The text of one file of manifests."""

    data: bytes
    file: str  # as the user would name it; "" for stdin and for the output of a program
    # Why it cannot be read. manifests.join reports it with the errors of the others.
    problem: Result | None = None
    # Nobody named it: it was found in a directory, which may contain other files than manifests.
    found: bool = False
    directory: str = ""  # that it was rendered from; "" for a file as it is, and for stdin
    # The output of the directory is already processed by a krm-injector that it names itself.
    injected: bool = False
    path: str = ""  # of the file on the disk, "" for stdin and for the output of a program


class DirectoryContents(NamedTuple):
    """The contents of a directory and of those below it. Each list is sorted."""

    files: list[str]  # files named as manifests, outside kustomizations and charts
    kustomizations: list[str]  # directories
    of_kustomizations: list[str]  # files named as manifests in and below these
    charts: list[str]  # directories; nothing in them is looked at
    problems: list[Result]
    ignored: list[str]  # what an ignore file names; nothing in these is looked at


def find(directory: str, ignoring: bool = False) -> DirectoryContents:
    """Walks through a directory. Leaves out hidden files and directories, and does not follow
    links. ``ignoring``: leaves out too what .gitignore and .krm-injector-ignore name.
    """
    contents = DirectoryContents([], [], [], [], [], [])
    is_ignored = _ignored(directory, contents) if ignoring else None

    def unreadable_folder(problem: OSError) -> None:
        contents.problems.append(unreadable(str(problem.filename), problem))

    for folder, folders, files in os.walk(directory, onerror=unreadable_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if is_ignored is not None:
            is_ignored(folder, folders, files)
        if any(name in files for name in KUSTOMIZATIONS):
            contents.kustomizations.append(folder)
        elif CHART in files:
            contents.charts.append(folder)
            folders.clear()
            continue

        owned = any(_within(folder, kustomization) for kustomization in contents.kustomizations)
        manifests = contents.of_kustomizations if owned else contents.files
        manifests.extend(os.path.join(folder, name) for name in files if is_manifest_name(name))

    for paths in (*contents[:4], contents.ignored):
        paths.sort()

    return contents


def _ignored(
    directory: str, contents: DirectoryContents
) -> Callable[[str, list[str], list[str]], None]:
    """A function that takes out of a directory's names what ignore files name. It is called for
    the outer directories first.
    """
    from krm_injector.sources import ignore  # late: most runs read no directory

    top = ignore.top_of(directory)
    first = os.path.normpath(directory)
    outer = ignore.rules_above(top, first)
    rules: dict[str, ignore.Rules | None] = {}

    def take_out(folder: str, folders: list[str], names: list[str]) -> None:
        path = os.path.normpath(folder)
        above = outer if path == first else rules[os.path.dirname(path) or "."]
        try:
            of_folder = rules[path] = ignore.of_directory(path, names, above)
        except Refused as refused:
            contents.problems.extend(refused.results)
            of_folder = rules[path] = above
        if of_folder is None:
            return

        for entries, is_directory in ((folders, True), (names, False)):
            for name in list(entries):
                if not is_directory and name not in _LOOKED_AT and not is_manifest_name(name):
                    continue
                verdict = of_folder.verdict(os.path.join(path, name), is_directory)
                if verdict is not None and not verdict.negated:
                    entries.remove(name)
                    contents.ignored.append(os.path.join(folder, name))

    return take_out


def is_manifest_name(name: str) -> bool:
    return name.endswith(MANIFESTS) and not name.startswith(".") and name not in KUSTOMIZATIONS


def is_kustomization(directory: str) -> bool:
    return any(os.path.isfile(os.path.join(directory, name)) for name in KUSTOMIZATIONS)


def _within(folder: str, directory: str) -> bool:
    return folder == directory or folder.startswith(directory.rstrip(os.sep) + os.sep)


def manifests_in(directory: str) -> list[str]:
    """Paths of the manifests under a directory, sorted. They include those of kustomizations, but
    not those of charts.

    Raises Refused if there are none or a directory cannot be read.
    """
    contents = find(directory)
    if contents.problems:
        raise Refused(*contents.problems)

    paths = sorted([*contents.files, *contents.of_kustomizations])
    if not paths:
        raise Refused(no_manifests(directory))
    return paths


def no_manifests(directory: str, ignored: Sequence[str] = ()) -> Result:
    """ignored: what an ignore file names in the directory."""
    message = f"{directory} holds no manifests: no file in it ends in {', '.join(MANIFESTS)}"
    if ignored:
        more = f" and {len(ignored) - 1} more" if len(ignored) > 1 else ""
        message += (
            f", but for what .gitignore or .krm-injector-ignore names ({shown(ignored[0])}{more}). "
            "Name a file itself to read it"
        )

    return Result("error", message, file=directory, code="input-empty")


# ---------------------------------------------------------------- one file


def source(path: str, found: bool = False) -> Source:
    """One file; if it cannot be read, with its problem. ``found``: in a directory, not named."""
    try:
        return Source(content(path), shown(path), None, found, path=path)
    except Refused as refused:
        return Source(b"", shown(path), refused.results[0], found)


def content(path: str) -> bytes:
    """The bytes of one file. Raises Refused."""
    try:
        return read(path)
    except OSError as problem:
        raise Refused(unreadable(path, problem)) from None


def read(path: str) -> bytes:
    """The bytes of a file, or of a pipe that something writes into (`<(COMMAND)` of shells). Waits
    for no writer, and reads no device: /dev/zero has no end. Raises OSError.
    """
    number = os.open(path, os.O_RDONLY | _NO_WAITING)
    with open(number, "rb") as file:
        mode = os.fstat(number).st_mode
        if stat.S_ISREG(mode):
            return file.read()
        if not stat.S_ISFIFO(mode):
            raise OSError(errno.EINVAL, "not a file, but a device")
        return _piped(number) + file.read()


def _piped(number: int) -> bytes:
    """The first bytes of a pipe, which waits from here on."""
    try:
        start = os.read(number, 1 << 16)
    except BlockingIOError:  # its writer is there, and has written nothing yet
        start = None
    if start == b"":
        raise OSError(errno.EPIPE, "a pipe that nothing writes into")

    os.set_blocking(number, True)
    return start or b""


def unreadable(path: str, problem: OSError) -> Result:
    """The error result for a file that cannot be read or written."""
    name = shown(path)
    message = f"{name or 'an empty path'}: {problem.strerror or problem}"
    if isinstance(problem, FileNotFoundError) and os.path.islink(path):
        message = f"{name} is a link to {shown(os.readlink(path))}, which does not exist"
    return Result("error", message, file=name, code="input-unreadable")


def quoted(path: str) -> str:
    """A path as a shell reads it, for commands that a message gives for pasting."""
    import shlex  # late: few runs give one

    return shlex.quote(shown(path))


def shown(path: str) -> str:
    """A path as text that can be written. A name in another encoding contains lone surrogates,
    which cannot be encoded.
    """
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "replace")
