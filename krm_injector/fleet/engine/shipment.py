"""The files that tasks read, for workers that have no disk in common with this process.

A shipment holds the content of the files, once, with the places that they have relative to each
other. What is not in it, workers do not see: neither .git, nor secrets beside the repository.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import zlib
from collections.abc import Iterable

from krm_injector.model import Refusals, Refused, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.model import Inputs

_MOST_LINKS = 40  # on one path, as Linux has it


class Shipment(NamedTuple):
    """Files, packed."""

    data: bytes
    digest: str  # of data: two runs over the same files share what a worker has unpacked
    inside: str  # the working directory, relative to the directory where the files are unpacked


class Entry(NamedTuple):
    """One file, directory or symbolic link of a shipment."""

    path: str  # relative
    mode: int = 0o644
    content: bytes | None = None  # of a file
    link: str = ""  # of a symbolic link: where it leads, relative to its directory


def pack(inputs: Iterable[Inputs], here: str) -> Shipment:
    """Packs what tasks read. ``here``: the working directory. Raises Refused for what cannot be at
    the same place on a worker.
    """
    places: set[str] = set()
    refusals = Refusals()
    for each in inputs:
        for path in (*each.files, *each.directories):
            with refusals:
                _add(os.path.join(here, _relative(path)), here, places)

    refusals.raise_all()
    root = os.path.commonpath([here, *places])
    entries = [_entry(place, root) for place in sorted(places) if place != root]
    data = zlib.compress(pickle.dumps([tuple(each) for each in entries if each is not None], 4), 1)
    inside = os.path.relpath(here, root)
    digest = hashlib.sha256(data + inside.encode()).hexdigest()
    return Shipment(data, digest, inside)


def unpack(shipment: Shipment, directory: str) -> None:
    """Writes the files below a directory, which is empty."""
    made: set[str] = set()
    for fields in pickle.loads(zlib.decompress(shipment.data)):
        entry = Entry(*fields)
        place = os.path.join(directory, entry.path)
        folder = os.path.dirname(place)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)

        _write(entry, place)

    os.makedirs(os.path.join(directory, shipment.inside), exist_ok=True)


def _write(entry: Entry, place: str) -> None:
    if entry.link:
        os.symlink(entry.link, place)
    elif entry.content is None:
        os.makedirs(place, exist_ok=True)
    else:
        with open(place, "wb") as file:
            file.write(entry.content)

        os.chmod(place, entry.mode)


# ---------------------------------------------------------------- what is packed


def _relative(path: str) -> str:
    """The path. Raises Refused for one that starts at the machine's root."""
    if os.path.isabs(path):
        message = (
            f"{path} is at another place on the workers of --scheduler: name it relative to the "
            f"working directory, as {os.path.relpath(path)}"
        )
        raise Refused(Result("error", message, file=path, code="fleet-scheduler"))
    return path


def _add(path: str, here: str, places: set[str]) -> None:
    """Adds a file, or a directory with everything below it, and the symbolic links on the way.
    What does not exist is not added.
    """
    *links, real = _resolved(os.path.normpath(path), here)
    places.update(links)
    if real in places or not os.path.lexists(real):
        return

    places.add(real)
    if os.path.isdir(real):
        for name in sorted(os.listdir(real)):
            if name != ".git":
                _add(os.path.join(real, name), here, places)


def _resolved(place: str, here: str) -> list[str]:
    """The symbolic links on the way to a place, and at last where they lead."""
    links: list[str] = []
    for _ in range(_MOST_LINKS):
        link = _first_link(place, here)
        if link is None:
            return [*links, place]

        links.append(link)
        to = os.path.join(os.path.dirname(link), os.readlink(link))
        place = os.path.normpath(to + place[len(link) :])

    return [*links, place]  # a circle, which nobody can read


def _first_link(place: str, here: str) -> str | None:
    """The first part of a path that is a symbolic link. What ``here`` is below counts as it is."""
    common = os.path.commonpath((place, here))
    path = common
    for name in os.path.relpath(place, common).split(os.sep):
        path = os.path.normpath(os.path.join(path, name))
        if os.path.islink(path):
            return path
    return None


def _entry(place: str, root: str) -> Entry | None:
    """What is at a place; None for sockets and the like."""
    path = os.path.relpath(place, root)
    mode = os.lstat(place).st_mode
    if stat.S_ISLNK(mode):
        to = os.path.join(os.path.dirname(place), os.readlink(place))
        return Entry(path, link=os.path.relpath(to, os.path.dirname(place)))
    if stat.S_ISDIR(mode):
        return Entry(path)
    if not stat.S_ISREG(mode):
        return None

    with open(place, "rb") as file:
        return Entry(path, stat.S_IMODE(mode), file.read())
