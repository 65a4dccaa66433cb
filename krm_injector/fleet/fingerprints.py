"""Digests of what results depend on: files, programs, and krm-injector itself. Each is computed
once in a run.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator

from krm_injector.fleet import serial
from krm_injector.fleet.places import Places
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.model import Inputs, Task

    # Of a file: when it was changed, its size and its number. None: absent.
    Stamp = tuple[int, int, int] | None

# What a program is asked if its file is a script, which may start any version.
_VERSION = {"kubectl": ("version", "--client")}
_ABSENT = "absent"


class _File(NamedTuple):
    digest: str
    stamp: Stamp


class Fingerprints:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._files: dict[str, _File] = {}
        self._groups: dict[tuple[str, str], str] = {}
        self._programs: dict[str, str] = {}
        self._own = ""

    # ------------------------------------------------------------ files

    def inputs(self, inputs: Inputs) -> str:
        """The digest of everything that a target reads: paths and contents."""
        parts = [f"{path}\0{self._file(path).digest}" for path in inputs.files]
        parts += [self._group("tree", directory) for directory in inputs.directories]
        parts += [self._group("manifests", directory) for directory in inputs.manifests]
        return _digest("\n".join(parts))

    def stand(self, inputs: Inputs) -> bool:
        """Whether nothing of it was changed since its digest was computed."""
        places = Places()
        paths = set(inputs.files)
        for kind, directories in (("tree", inputs.directories), ("manifests", inputs.manifests)):
            for directory in directories:
                inside = _paths(places, kind, directory)
                if inside != _paths(self._places, kind, directory):
                    return False
                paths.update(inside)

        return all(_stamp(path) == self._file(path).stamp for path in paths)

    def _group(self, kind: str, directory: str) -> str:
        """The digest of what is below a directory."""
        known = self._groups.get((kind, directory))
        if known is None:
            inside = (
                f"{path}\0{self._file(path).digest}"
                for path in _paths(self._places, kind, directory)
            )
            known = _digest("\n".join((kind, directory, *inside)))
            self._groups[kind, directory] = known
        return known

    def _file(self, path: str) -> _File:
        known = self._files.get(path)
        if known is None:
            known = self._files[path] = _read(path)
        return known

    # ------------------------------------------------------------ programs

    @property
    def own(self) -> str:
        """krm-injector: its version and its files, since a checkout changes without a version; and
        what reads YAML for it.
        """
        if not self._own:
            self._own = _own()
        return self._own

    def programs(self, task: Task, names: Iterable[str]) -> str:
        """The programs that rendering starts. Raises Refused if one is missing."""
        return "\n".join(self._program(_found(task, name), name) for name in names)

    def _program(self, path: str, name: str) -> str:
        if not path:
            return f"{name} {_ABSENT}"

        if path not in self._programs:
            self._programs[path] = _program(path)
        return f"{name} {self._programs[path]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _paths(places: Places, kind: str, directory: str) -> tuple[str, ...]:
    return places.tree(directory) if kind == "tree" else places.listing(directory).files


# ---------------------------------------------------------------- one file


def _stamp(path: str) -> Stamp:
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: str) -> _File:
    """A file's digest. That of a link is where it leads; that is a file of its own."""
    stamp = _stamp(path)
    if stamp is None:
        return _File(_ABSENT, None)

    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return _File(f"link {os.readlink(path)}", stamp)
        if not stat.S_ISREG(mode):
            return _File("directory" if stat.S_ISDIR(mode) else "no file", stamp)
        return _File(_content(path), stamp)
    except OSError as problem:  # gone again, or not readable
        return _File(f"error {problem.errno}", stamp)


def _content(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


# ---------------------------------------------------------------- krm-injector


def _own() -> str:
    import platform
    from importlib import metadata

    import krm_injector

    package = os.path.dirname(krm_injector.__file__)
    if os.path.isdir(package):
        parts = [f"{path}\0{_content(os.path.join(package, path))}" for path in _sources(package)]
    else:  # a zipapp: the package is a folder in a file
        parts = [_content(os.path.dirname(package))]
    python = ".".join(platform.python_version_tuple()[:2])
    return _digest(
        "\n".join(
            (
                f"format {serial.VERSION}",
                f"krm-injector {krm_injector.__version__}",
                f"Python {python}",
                f"PyYAML {metadata.version('PyYAML')}",
                *parts,
            )
        )
    )


def _sources(package: str) -> Iterator[str]:
    """The files of the package, without what Python keeps beside them."""
    for folder, folders, names in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), package)


# ---------------------------------------------------------------- other programs


def _found(task: Task, name: str) -> str:
    """The path of the program that rendering starts; "" if the run goes on without it. Raises
    Refused.
    """
    import shutil

    from krm_injector.sources import helm, kustomize

    path = task.environment.get("PATH", os.defpath)
    if name == "kustomize":
        return kustomize.find_kustomize(task.options.get("kustomize"), path)[0]
    if name == "helm":
        # kustomize starts the helm on PATH; --helm is for charts.
        given = task.options.get("helm") if task.target.kind == "chart" else None
        return helm.find_helm(given, path)
    return shutil.which(name, path=path) or ""


def _program(path: str) -> str:
    """What a program is: its content. A script may start one that is elsewhere, so it is asked for
    its version too. Raises Refused if it does not answer.
    """
    try:
        digest = _content(path)
        with open(path, "rb") as file:
            is_script = file.read(2) == b"#!"
    except OSError as problem:
        raise Refused(Result("error", f"{path}: {problem}")) from None

    if not is_script:
        return digest

    from krm_injector.sources import processes

    name = os.path.basename(path).removesuffix(".exe")
    try:
        done = processes.start([path, *_VERSION.get(name, ("version",))])
    except OSError as problem:
        raise Refused(Result("error", f"{path}: {problem}")) from None

    if done.code:
        raise Refused(Result("error", f"{path} does not tell its version"))
    return f"{digest} {hashlib.sha256(done.out).hexdigest()}"
