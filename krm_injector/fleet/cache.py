"""Results by the content of what they were made from, in a directory that the user names.

An entry stays right for ever: its name is the digest of everything that the result depends on. So
entries can be deleted, copied and shared between machines, and no run waits for another one.
docs/fleet-cache.md says what is in the digest.
"""

from __future__ import annotations

import hashlib
import os

from krm_injector.fleet import serial
from krm_injector.fleet.fingerprints import Fingerprints
from krm_injector.fleet.model import Inputs, TargetResult, Task
from krm_injector.fleet.places import Places
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Refused, Result
from krm_injector.results import counted
from krm_injector.sources import files
from krm_injector.writing import disk, one_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEADER = "krm-injector-cache 1 "  # then the digest of the key and of what follows the line
_SECRET = lazy_pattern(r"""["']?kind["']?[ \t]*:[ \t]*["']?Secret(?:List)?\b""")
# The results of a target are the same whatever stands here.
_WITHOUT_EFFECT = ("why", "named_in")


class Cache:
    """One run's view of a cache. Whatever is wrong with the directory is told in ``results``, and
    the run goes on without it.
    """

    def __init__(self, directory: str, places: Places | None = None) -> None:
        self._directory = directory
        self._fingerprints = Fingerprints(places or Places())
        self._inputs: dict[str, Inputs] = {}  # by the keys that are not answered yet
        self._here = os.path.abspath(os.curdir)
        self._unusable: list[str] = []  # paths of entries
        self._problem = ""  # why nothing is written any more

        if os.path.lexists(directory) and not os.path.isdir(directory):
            self._problem = "it is no directory"

    @property
    def results(self) -> tuple[Result, ...]:
        """Warnings about the directory: what could not be read, and what could not be written."""
        shown = files.shown(self._directory)
        found = []
        if self._unusable:
            number = counted(len(self._unusable), "entry", "entries")
            message = (
                f"{number} of the cache {shown} cannot be used, and the targets were rendered "
                f"again; the first is {files.shown(self._unusable[0])}"
            )
            found.append(Result("warning", message, file=shown, code="fleet-cache"))
        if self._problem:
            message = (
                f"the cache {shown} is not written: {self._problem}; name another directory with "
                "--cache, or leave it out"
            )
            found.append(Result("warning", message, file=shown, code="fleet-cache"))
        return tuple(found)

    # ------------------------------------------------------------ keys

    def key(self, task: Task, inputs: Inputs) -> str:
        """The name of a task's entry; "" if its result cannot be kept."""
        if inputs.unknown:
            return ""

        try:
            program = self._fingerprints.programs(task, inputs.programs)
        except Refused:  # the run says which program is missing
            return ""

        target = task.target._replace(**{name: _default(name) for name in _WITHOUT_EFFECT})
        environment = {name: each for name, each in task.environment.items() if name != "PATH"}
        parts = [
            self._fingerprints.own,
            program,
            serial.to_json(target),
            task.command,
            serial.sorted_json(task.options),
            serial.sorted_json(environment),
            self._fingerprints.inputs(inputs),
        ]
        key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        self._inputs[key] = inputs
        return key

    # ------------------------------------------------------------ entries

    def get(self, key: str) -> TargetResult | None:
        """The result of a key; None if there is none that can be used."""
        path = self._path(key)
        try:
            content = files.read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            self._unusable.append(path)
            return None

        result = _read(key, content)
        if result is None:
            self._unusable.append(path)
        else:
            self._inputs.pop(key, None)
        return result

    def put(self, key: str, result: TargetResult) -> None:
        """Keeps a result. Errors are not kept: what is wrong may be outside of the inputs."""
        inputs = self._inputs.pop(key, None)
        if not key or result.code or self._problem or self._names_location(result):
            return
        if "Secret" in result.text and _SECRET.search(result.text):
            return  # a shared cache is no place for its values
        if inputs is not None and not self._fingerprints.stand(inputs):
            return  # changed while the target was rendered: the key is of what was there before

        try:
            body = serial.to_json(result._replace(cost=0.0, cached=False)).encode()
        except (TypeError, ValueError):  # a value that would not come back as it is
            return

        head = f"{_HEADER}{_digest(key, body)}\n".encode()
        try:
            self._write(self._path(key), head + body)
        except OSError as problem:
            self._problem = problem.strerror or str(problem)

    def _path(self, key: str) -> str:
        return os.path.join(self._directory, key[:2], key[2:4], key)

    def _names_location(self, result: TargetResult) -> bool:
        """Whether a message names the directory of this run, as warnings of helm do. In another
        checkout it would be wrong.
        """
        return any(self._here in each.message for each in result.results)

    def _write(self, path: str, content: bytes) -> None:
        """Writes a file whole or not at all. Others may write the same one. Raises OSError."""
        disk.make_directory(os.path.dirname(path))
        # Not synced: an entry knows its digest, so one that a crash has cut is not used.
        one_file.put(path, content, sync=False)


def _default(field: str) -> Any:
    return "" if field == "why" else ()


def _digest(key: str, body: bytes) -> str:
    """It covers the key, so that an entry under another name is told."""
    return hashlib.sha256(key.encode() + b"\n" + body).hexdigest()


def _read(key: str, content: bytes) -> TargetResult | None:
    """The result of an entry; None if it is not as it was written."""
    head, _, body = content.partition(b"\n")
    if head != f"{_HEADER}{_digest(key, body)}".encode():
        return None

    try:
        result = serial.from_json(TargetResult, body)
    except serial.Unreadable:
        return None
    return None if result.code else result
