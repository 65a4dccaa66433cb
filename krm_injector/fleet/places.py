"""Paths of a repository: what is there, through which links, and which files lie below.

One Places is for one run: it asks the file system once, and does not notice later changes.
"""

from __future__ import annotations

import os
import stat

from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, ignore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["file", "directory", "absent"]

_MOST_LINKS = 40  # as Linux follows in one path
GIT = ".git"


class Place(NamedTuple):
    """What a path leads to."""

    path: str  # without links
    kind: Kind
    links: tuple[str, ...] = ()  # that were followed

    @property
    def files(self) -> tuple[str, ...]:
        """What is read where this file is read: the links too."""
        return (*self.links, self.path)


class Listing(NamedTuple):
    """The files below a directory that files.find reads, or by which it decides what it reads."""

    files: tuple[str, ...]
    closed: frozenset[str]  # kustomizations and charts: their manifests do not count


def join(directory: str, name: str) -> str:
    """A path in a directory, as it is compared: "." is not part of it."""
    return os.path.normpath(os.path.join(directory, name))


def is_within(path: str, directory: str) -> bool:
    """Whether a path is a directory, or below it. Both are normal and without links."""
    if directory == ".":
        return not os.path.isabs(path) and path.partition("/")[0] != ".."
    return path == directory or path.startswith(directory.rstrip("/") + "/")


class Places:
    def __init__(self) -> None:
        self._cwd = os.path.abspath(os.curdir)
        self._places: dict[str, Place] = {}
        self._trees: dict[str, tuple[str, ...]] = {}
        self._links: dict[str, tuple[str, ...]] = {}
        self._listings: dict[str, Listing] = {}

    # ------------------------------------------------------------ one path

    def look(self, path: str) -> Place:
        """What is at a normal path."""
        place = self._places.get(path)
        if place is None:
            # "../here/file" may be a way back into the working directory.
            shortest = os.path.relpath(path, self._cwd) if path.startswith("..") else path
            place = self._places[path] = self._look(shortest, _MOST_LINKS)
        return place

    def _look(self, path: str, most: int) -> Place:
        parent, name = os.path.split(path)
        if name in ("", ".", ".."):  # a root, or above the working directory
            return Place(path, "directory" if os.path.isdir(path) else "absent")

        above = self.look(parent) if parent else Place(".", "directory")
        here = join(above.path, name)
        if above.kind != "directory":
            return Place(here, "absent", above.links)

        try:
            mode = os.lstat(here).st_mode
        except (OSError, ValueError):  # ValueError: a NUL in it
            return Place(here, "absent", above.links)

        if stat.S_ISLNK(mode):
            return self._behind_link(above, here, most)
        return Place(here, "directory" if stat.S_ISDIR(mode) else "file", above.links)

    def _behind_link(self, above: Place, link: str, most: int) -> Place:
        """What a link leads to, step by step: each step may be a link."""
        links = (*above.links, link)
        target = os.readlink(link)
        place = above._replace(links=())
        if os.path.isabs(target):
            place = Place("/", "directory")

        for step in target.split("/"):
            if step in ("", "."):
                continue
            if most <= 0 or place.kind != "directory":
                return Place(place.path, "absent", (*links, *place.links))
            if step == "..":
                place = Place(join(place.path, ".."), "directory", place.links)
                continue
            below = self._look(join(place.path, step), most - 1)
            place = below._replace(links=(*place.links, *below.links))

        return Place(self._shown(place.path), place.kind, (*links, *place.links))

    def _shown(self, path: str) -> str:
        """A path below the working directory is relative, however links lead there."""
        if os.path.isabs(path) and is_within(path, self._cwd):
            return os.path.relpath(path, self._cwd)
        return path

    # ------------------------------------------------------------ what is below

    def tree(self, directory: str) -> tuple[str, ...]:
        """All files and links below a directory, sorted, without what git keeps of its own."""
        if directory not in self._trees:
            found: list[str] = []
            links: list[str] = []
            self._walk(directory, found, links)
            self._trees[directory] = tuple(sorted(found))
            self._links[directory] = tuple(links)
        return self._trees[directory]

    def links_below(self, directory: str) -> tuple[str, ...]:
        """The links among the files of ``tree``."""
        self.tree(directory)
        return self._links[directory]

    def _walk(self, directory: str, found: list[str], links: list[str]) -> None:
        try:
            with os.scandir(directory) as entries:
                inside = list(entries)
        except OSError:  # whoever reads it reports that
            return

        for entry in inside:
            path = join(directory, entry.name)
            if entry.name == GIT:
                continue
            if entry.is_symlink():
                links.append(path)
                found.append(path)
            elif entry.is_dir():
                self._walk(path, found, links)
            else:
                found.append(path)

    def listing(self, directory: str) -> Listing:
        """The manifests of a directory that has no kustomization and is no chart."""
        if directory not in self._listings:
            found: list[str] = []
            closed: set[str] = set()
            for path in self.tree(directory):
                folder, name = os.path.split(path)
                if name in (*files.KUSTOMIZATIONS, files.CHART) and folder not in ("", directory):
                    closed.add(folder)

            shut = frozenset(closed)
            found = [path for path in self.tree(directory) if counts(path, directory, shut)]
            self._listings[directory] = Listing(tuple(found), shut)
        return self._listings[directory]


def counts(path: str, directory: str, closed: frozenset[str]) -> bool:
    """Whether a file below a directory matters to those who read the directory's manifests."""
    inside = path if directory == "." else path[len(directory.rstrip("/")) + 1 :]
    folders, _, name = inside.rpartition("/")
    if name == files.KPTFILE:  # kpt reads them in hidden directories too
        return True
    if name in ignore.FILES:
        return not folders.startswith(".") and "/." not in folders
    if inside.startswith(".") or "/." in inside:
        return False
    if name in files.KUSTOMIZATIONS or name == files.CHART:
        return True
    if not files.is_manifest_name(name):
        return False

    while folders:
        if join(directory, folders) in closed:
            return False
        folders = folders.rpartition("/")[0]
    return True
