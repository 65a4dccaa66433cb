"""The directories of a repository with those files that finding looks at.

Hidden directories and what ignore files name are left out. Links are not followed, but remembered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from krm_injector.fleet.model import PassedOver
from krm_injector.fleet.output import index
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, ignore

_NAMED = frozenset((*files.KUSTOMIZATIONS, files.CHART, files.KPTFILE))
_IGNORED = "an ignore file names it"
_OUTPUT = "it is the output of fleet build"
_LINKED = "it is a link, and links to directories are not followed"


class Folder(NamedTuple):
    """One directory. Names are sorted."""

    path: str
    files: tuple[str, ...]  # manifests by their name, and those that say what a directory is
    folders: tuple[str, ...]

    @property
    def kustomization(self) -> str:
        """The name of the kustomization's file; "" if there is none."""
        return next((name for name in files.KUSTOMIZATIONS if name in self.files), "")

    @property
    def manifests(self) -> list[str]:
        """Paths of files that may be manifests."""
        return [join(self.path, name) for name in self.files if name not in _NAMED]


class Link(NamedTuple):
    """A symbolic link that leads out of the repository, or nowhere."""

    path: str
    target: str


class Tree:
    """What the walks have seen so far. Paths are relative to the working directory."""

    def __init__(self, top: str) -> None:
        self.top = top  # the repository
        self.folders: dict[str, Folder] = {}
        self.links: list[Link] = []  # that lead out of the repository
        self.linked: set[str] = set()  # all links
        self.passed_over: list[PassedOver] = []
        self.results: list[Result] = []

    def below(self, path: str) -> Iterator[Folder]:
        """A directory and those below it."""
        todo = [path]
        while todo:
            folder = self.folders.get(todo.pop())
            if folder is not None:
                yield folder
                todo += [join(folder.path, name) for name in reversed(folder.folders)]


def join(directory: str, name: str) -> str:
    return name if directory == "." else f"{directory}/{name}"


def normal(path: str) -> str:
    """A path with "/" and without needless steps."""
    return os.path.normpath(path).replace(os.sep, "/")


def within(path: str, directory: str) -> bool:
    """Whether a path is that of a directory or below it. Both are normal."""
    if directory == ".":
        return not path.startswith(("../", "/")) and path != ".."
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def upwards(path: str) -> Iterator[str]:
    """A path and the directories above it."""
    yield path
    while path not in (".", "/", "") and not path.endswith(".."):
        path = path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
        yield path


def relative(path: str, directory: str) -> str:
    """A path below a directory, relative to it."""
    if directory == ".":
        return path
    return path[len(directory.rstrip("/")) + 1 :] or "."


# ---------------------------------------------------------------- the repository


def walk(tree: Tree, root: str, extra: Sequence[ignore.Rule] = (), base: str = ".") -> None:
    """Adds a directory and those below it. ``extra``: patterns of the fleet file in ``base``.
    Raises Refused if there is no such directory.
    """
    root = normal(root)
    if not os.path.isdir(root):
        problem = "is no directory" if os.path.exists(root) else "does not exist"
        message = f"{root} {problem}; name a directory of the repository"
        raise Refused(Result("error", message, file=root, code="input-unreadable"))

    rules = ignore.rules_above(tree.top, root)
    if extra and within(root, base):
        rules = ignore.joined(base, extra, rules)
        extra = ()

    todo: list[tuple[str, ignore.Rules | None]] = [(root, rules)]
    real_top = os.path.realpath(tree.top)
    while todo:
        path, rules = todo.pop()
        if path not in tree.folders:
            own = extra if path == base else ()
            todo += _add(tree, path, rules, own, real_top, is_named=path == root)


# ---------------------------------------------------------------- one directory


def _add(
    tree: Tree,
    path: str,
    rules: ignore.Rules | None,
    extra: Sequence[ignore.Rule],
    real_top: str,
    is_named: bool,
) -> list[tuple[str, ignore.Rules | None]]:
    """Adds one directory. Returns those in it, last one first, with their patterns. Leaves out what
    fleet build wrote, unless the user names it.
    """
    try:
        with os.scandir(path) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
        rules = ignore.of_directory(path, [entry.name for entry in entries], rules, extra)
    except (OSError, Refused) as problem:
        tree.results.append(_unreadable(path, problem))
        return []

    if not is_named and index.is_output(entry.name for entry in entries):
        tree.passed_over.append(PassedOver(path, "fleet build wrote it", _OUTPUT))
        return []

    names: list[str] = []
    folders: list[str] = []
    for entry in entries:
        if entry.is_symlink():
            _link(tree, join(path, entry.name), entry, real_top)
            if not os.path.exists(entry.path):  # entry.is_file raises OSError for a link to itself
                continue
            if entry.is_dir():
                tree.passed_over.append(PassedOver(join(path, entry.name), _LINKED, _LINKED))
                continue

        into = _list_of(entry, names, folders)
        if into is not None and not _ignored(tree, join(path, entry.name), rules, into is folders):
            into.append(entry.name)

    tree.folders[path] = Folder(path, tuple(names), tuple(folders))
    return [(join(path, name), rules) for name in reversed(folders)]


def _list_of(entry: os.DirEntry[str], names: list[str], folders: list[str]) -> list[str] | None:
    """The list that an entry goes to; None if nobody looks at it."""
    name = entry.name
    if entry.is_file():
        return names if name in _NAMED or files.is_manifest_name(name) else None
    if name.startswith("."):
        return None
    return folders if entry.is_dir() else None


def _ignored(tree: Tree, path: str, rules: ignore.Rules | None, is_directory: bool) -> bool:
    rule = rules.verdict(path, is_directory) if rules is not None else None
    if rule is None or rule.negated:
        return False

    tree.passed_over.append(PassedOver(path, f"{rule.source} names it", _IGNORED))
    return True


def _link(tree: Tree, path: str, entry: os.DirEntry[str], real_top: str) -> None:
    tree.linked.add(path)
    try:
        target = os.path.realpath(entry.path)
    except OSError:  # nobody may see where it leads to
        target = os.readlink(entry.path)
    if not within(target, real_top):
        tree.links.append(Link(path, target))


def _unreadable(path: str, problem: OSError | Refused) -> Result:
    if isinstance(problem, Refused):
        return problem.results[0]
    return files.unreadable(path, problem)
