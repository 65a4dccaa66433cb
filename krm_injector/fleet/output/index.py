"""Which files of the output directory are whose: the index, and the journal of a run.

The index is a file of JSON in the output directory, to be committed with the manifests. While a run
writes, a journal beside it says which files a target is about to get, one line a target, before
they are put there. A run that was killed leaves its journal, and the next one adds it to the index:
so it never takes a file of its own for that of somebody else, or the other way round.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping

from krm_injector.fleet.places import is_within
from krm_injector.istio_names import API_VERSION
from krm_injector.kube import c_json
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.files import read as read_file
from krm_injector.writing import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from krm_injector.fleet.output.paths import Layout

OWN_PREFIX = ".krm-injector-fleet"
INDEX = f"{OWN_PREFIX}.json"
_JOURNAL = "journal"
_VERSION, _KIND = API_VERSION, "FleetOutput"

Files: TypeAlias = "dict[str, tuple[str, ...]]"  # name of a target -> its files, relative


def is_output(names: Iterable[str]) -> bool:
    """Whether a directory with files of these names is the output of a fleet: what is in it is no
    input. It is so from the first file on, also if the run was killed.
    """
    return any(name.startswith(f"{OWN_PREFIX}.") for name in names)


class Index(NamedTuple):
    """What is known of an output directory."""

    files: Files = {}  # noqa: RUF012 - never mutated
    layout: Layout = "file"
    own: frozenset[str] = frozenset()  # targets in the run's own index, among those of shards
    roots: frozenset[str] = frozenset()  # where the targets were found, relative to the directory


def read(directory: str, own: str) -> Index:
    """The index of a directory, with those of shards that nobody has joined yet. ``own``: the name
    of the run's own one. Raises Refused.
    """
    files: Files = {}
    layout: Layout = "file"
    targets: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    for name in _names(directory):
        index = _read(os.path.join(directory, name))
        layout = index.layout
        roots |= index.roots
        if name == own:
            targets = frozenset(index.files)
        for target, paths in index.files.items():
            files[target] = tuple(dict.fromkeys((*files.get(target, ()), *paths)))

    return Index(files, layout, targets, roots)


def _names(directory: str) -> list[str]:
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise Refused(_broken(directory, str(problem.strerror or problem))) from None
    return sorted(name for name in names if name.startswith(OWN_PREFIX) and name.endswith(".json"))


def _read(path: str) -> Index:
    try:
        value = c_json.bounded_loads(read_file(path).decode())
    except OSError as problem:
        raise Refused(_broken(path, str(problem.strerror or problem))) from None
    except ValueError:
        raise Refused(_broken(path, "it is no JSON")) from None

    if not isinstance(value, dict) or value.get("kind") != _KIND:
        raise Refused(_broken(path, f"it is no {_KIND}"))
    if value.get("apiVersion") != _VERSION:
        raise Refused(_broken(path, "another version of krm-injector wrote it"))

    targets, layout = _checked(path, value.get("targets")), _layout(path, value.get("layout"))
    return Index(targets, layout, roots=_roots(path, value.get("roots", [])))


def _checked(path: str, targets: Any) -> Files:
    """The files of an index. They are deleted if their target is gone, so that nothing of it is
    believed: a path must lead to something in the directory.
    """
    from krm_injector.fleet.output import paths

    if not isinstance(targets, dict):
        raise Refused(_broken(path, "targets is no mapping"))

    for name, files in targets.items():
        if not isinstance(files, list):
            raise Refused(_broken(path, f"the files of {name} are no list"))
        for file in files:
            if not isinstance(file, str) or not paths.is_path(file):
                raise Refused(_broken(path, f"{file!r} is no path below the directory"))

    return {name: tuple(files) for name, files in targets.items()}


def _layout(path: str, layout: Any) -> Layout:
    if layout == "file" or layout == "directory":
        return layout  # type: ignore[no-any-return]
    raise Refused(_broken(path, f"layout is {layout!r}"))


def _roots(path: str, roots: Any) -> frozenset[str]:
    if not isinstance(roots, list) or not all(isinstance(root, str) for root in roots):
        raise Refused(_broken(path, "roots is no list of paths"))
    return frozenset(roots)


def _broken(path: str, reason: str) -> Result:
    message = (
        f"{path} says which files here are of which target, and cannot be used: {reason}. Nothing "
        "was written or deleted. Restore it from git, or delete the directory's content and build "
        "it anew"
    )
    return Result("error", message, file=path, code="fleet-output-index")


# ---------------------------------------------------------------- writing


def file_name(shard: tuple[int, int]) -> str:
    """The index of a run, or of a shard of it: shards may write at the same time."""
    return INDEX if shard == (1, 1) else f"{OWN_PREFIX}.{shard[0]}-of-{shard[1]}.json"


def staging_name(shard: tuple[int, int]) -> str:
    """The directory in which a run prepares files: its existence says that it did not finish."""
    return file_name(shard).removesuffix("json") + "tmp"


def text(files: Mapping[str, Iterable[str]], layout: Layout, roots: Iterable[str] = ()) -> str:
    """The index as it is committed: in order, one file a line."""
    value = {
        "apiVersion": _VERSION,
        "kind": _KIND,
        "layout": layout,
        "roots": sorted(roots),
        "targets": {name: sorted(files[name]) for name in sorted(files)},
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def write(directory: str, staging: str, name: str, new: str) -> None:
    """Writes the index, unless it is so already. Raises OSError."""
    path = os.path.join(directory, name)
    if disk.content(path) == new.encode():
        return

    disk.make_directory(staging)
    disk.put(path, new.encode(), os.path.join(staging, "index"))


def others(directory: str, own: str) -> list[str]:
    """The indexes of shards, which that of a whole run replaces."""
    return [name for name in _names(directory) if name not in (own, INDEX)]


# ---------------------------------------------------------------- where targets are found


def relative(roots: Iterable[str], directory: str) -> frozenset[str]:
    """Roots as the index has them: the same from every working directory."""
    return frozenset(os.path.relpath(root, directory).replace(os.sep, "/") for root in roots)


def covers(roots: Iterable[str], known: Iterable[str], directory: str) -> bool:
    """Whether all that was found in the ``known`` roots would be found in ``roots`` too. All are
    relative to the output directory.
    """

    def place(root: str) -> str:
        return os.path.normpath(os.path.join(os.path.abspath(directory), root))

    now = [place(root) for root in roots]
    return all(any(is_within(place(each), root) for root in now) for each in known)


# ---------------------------------------------------------------- the journal


class Journal:
    """Says before a target's files are put in place which they will be."""

    def __init__(self, staging: str) -> None:
        self._path = os.path.join(staging, _JOURNAL)
        self._file = -1

    def add(self, target: str, files: Iterable[str]) -> None:
        """Raises OSError. Then nothing may be put in place."""
        if self._file < 0:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)

        # The line break in front ends a line that a full disk has cut.
        line = "\n" + json.dumps([target, list(files)], ensure_ascii=False) + "\n"
        disk.write_all(self._file, line.encode())
        os.fsync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def journaled(staging: str) -> list[tuple[str, tuple[str, ...]]]:
    """The targets and files of a run that did not finish, in order. Nothing is believed that does
    not lead to something in the output directory: anybody may have committed the file.
    """
    from krm_injector.fleet.output import paths

    data = disk.content(os.path.join(staging, _JOURNAL)) or b""
    found = []
    for line in data.split(b"\n"):
        try:
            target, files = c_json.bounded_loads(line.decode())
        except (ValueError, TypeError):  # empty, or the last one of a program that was killed
            continue
        if isinstance(target, str) and paths.is_path(target) and isinstance(files, list):
            names = (file for file in files if isinstance(file, str) and paths.is_path(file))
            found.append((target, tuple(names)))

    return found
