"""Which targets a change since a git revision can have touched.

git says which files differ between the revision and the working tree, also those that are not
committed and those that are new. A target is touched if one of them is among its inputs. What git
does not tell, touches: a target whose inputs are not all known or not all in git is always
rendered.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from krm_injector.fleet.git import Changed, Repository
from krm_injector.fleet.model import Inputs
from krm_injector.fleet.places import Places, counts, is_within, join
from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted
from krm_injector.sources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.sources.processes import Runner


class Touched(NamedTuple):
    """The targets that are to be rendered."""

    names: tuple[str, ...]  # in the order of the targets
    why: dict[str, str]  # name -> the first path that changed, or the reason, in words
    results: tuple[Result, ...] = ()


def touched(targets: Mapping[str, Inputs], revision: str, runner: Runner) -> Touched:
    """Raises Refused with what git says if it cannot answer."""
    repository = Repository(runner)
    search = _Search(repository, repository.changed_since(revision), repository.ignored())

    why: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for name, inputs in targets.items():
        reason = search.changed(inputs)
        if not reason:
            reason = inputs.unknown or search.untold(inputs)
            if reason:
                unknown[name] = reason
        if reason:
            why[name] = reason

    return Touched(tuple(why), why, tuple(_doubts(unknown)))


def _doubts(unknown: Mapping[str, str]) -> Iterator[Result]:
    if not unknown:
        return

    name, reason = next(iter(unknown.items()))
    number = counted(len(unknown), "target")
    verb = "is" if len(unknown) == 1 else "are"
    message = (
        f"{number} {verb} rendered although git shows no change of them, because what they are "
        f"built on is not all in the repository; the first is {name}: {reason}"
    )
    yield Result("info", message, code="fleet-changes-unknown")


class _Paths:
    """Paths of the repository, to be asked whether they are among the inputs of targets."""

    def __init__(self, paths: frozenset[str]) -> None:
        self.all = paths
        self.ordered = sorted(paths)
        self._above = _above(self.ordered)

    def at(self, path: str) -> str:
        """The first one at a path, below it, or above it: a submodule, or what was a file before.
        "" if there is none.
        """
        if path in self.all:
            return path
        if path in self._above:
            return self._above[path]

        while "/" in path:
            path = path.rpartition("/")[0]
            if path in self.all:
                return path
        return ""


class _Search:
    """Compares inputs with what git says."""

    def __init__(self, repository: Repository, changed: Changed, ignored: frozenset[str]) -> None:
        self._repository = repository
        self._places = Places()
        self._changed = _Paths(changed.paths)
        self._ignored = _Paths(ignored)
        self._repositories = changed.repositories

    def changed(self, inputs: Inputs) -> str:
        """The first path among a target's inputs that changed, in words; "" if none did."""
        for path in (*inputs.files, *inputs.named_in, *inputs.directories):
            inside = self._repository.path(path)
            found = self._changed.at(inside) if inside is not None else ""
            if found and not self._only_below(inputs, path, found, inside):
                return f"{self._repository.shown(found)} changed"

        for directory in inputs.manifests:
            found = self._manifest(directory, self._changed)
            if found:
                return f"{self._repository.shown(found)} changed"
        return ""

    def _only_below(self, inputs: Inputs, path: str, found: str, inside: str | None) -> bool:
        """Whether a change is in a directory that stands where a file could: what is in it, is not
        read.
        """
        below = inside is not None and found != inside and is_within(found, inside)
        return below and path not in inputs.directories and os.path.isdir(path)

    def untold(self, inputs: Inputs) -> str:
        """Why git cannot tell whether the inputs changed; "" if it can."""
        for path in (*inputs.files, *inputs.directories, *inputs.manifests):
            inside = self._repository.path(path)
            if inside is None:
                return f"{files.shown(path)} is outside of the git repository"

            found = self._ignored.at(inside) if path not in inputs.manifests else ""
            told = not found or self._only_below(inputs, path, found, inside)
            if not told and os.path.lexists(path):
                return f"git ignores {self._repository.shown(found)}"

        for directory in inputs.manifests:
            found = self._manifest(directory, self._ignored)
            if found:
                return f"git ignores {self._repository.shown(found)}"
        return ""

    def _manifest(self, directory: str, paths: _Paths) -> str:
        """The first path that those who read the manifests of a directory see."""
        inside = self._repository.path(directory)
        if inside is None or not paths.at(inside):
            return ""

        closed = self._places.listing(directory).closed
        for path in paths.ordered:
            if is_within(inside, path):  # a submodule that holds the directory
                return path
            if not is_within(path, inside):
                continue

            local = join(directory, os.path.relpath(path, inside))
            # What changed in another repository is not told file by file: it may be anything.
            whole = path in self._repositories or os.path.isdir(local)
            if counts(join(local, files.CHART) if whole else local, directory, closed):
                return path
        return ""


def _above(paths: Iterable[str]) -> dict[str, str]:
    """Each directory above the paths, with the first of them."""
    found: dict[str, str] = {}
    for path in paths:
        directory = path
        while directory != ".":
            directory = directory.rpartition("/")[0] or "."
            if directory in found:
                break
            found[directory] = path
    return found
