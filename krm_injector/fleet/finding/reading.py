"""Files of the repository as values with their lines. A file that cannot be read is a warning."""

from __future__ import annotations

from krm_injector.kube import yaml
from krm_injector.kube.yaml.locate import line_of
from krm_injector.model import Object, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, resource_list
from krm_injector.sources.resource_list import checks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from krm_injector.kube.paths import Step


class Found(NamedTuple):
    """One object of a file."""

    file: str
    text: str  # of the file
    value: Object
    place: yaml.Place
    inside: Step = ()  # ("items", 0) in a List

    def line(self, *path: str | int) -> int:
        """The line of a field; that of the object without one."""
        steps = (*self.inside, *path)
        return line_of(self.text, self.place, steps) if steps else self.place.line + 1

    @property
    def name(self) -> str:
        metadata = self.value.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return name if isinstance(name, str) else ""

    @property
    def kind(self) -> str:
        return str(self.value.get("kind"))

    @property
    def group(self) -> str:
        version = str(self.value.get("apiVersion"))
        return version.rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.file}:{self.line()})"


def may_hold_objects(data: bytes) -> bool:
    """Whether a file that nobody named can contain an object."""
    return b"apiVersion" in data and b"kind" in data


def documents(path: str, data: bytes) -> list[tuple[str, yaml.Document]]:
    """The documents of a file, each with the file's text. Raises Refused."""
    text = resource_list.decode(data, path)
    try:
        return [(text, document) for document in yaml.load_all(text) if not document.empty]
    except yaml.YamlError as problem:
        raise _unread(path, problem, text) from None


def objects(path: str, data: bytes) -> list[Found]:
    """The Kubernetes objects of a file, Lists opened up. Raises Refused."""
    found: list[Found] = []
    for text, document in documents(path, data):
        value, place = document.value, document.place
        if not isinstance(value, dict) or not checks.is_object(value):
            continue
        if not value.get("apiVersion") or not value.get("kind"):
            continue
        items = value.get("items")
        if value["kind"] != "List" or not isinstance(items, list):
            found.append(Found(path, text, value, place))
            continue
        for index, item in enumerate(items):
            if isinstance(item, dict):
                found.append(Found(path, text, item, place, ("items", index)))

    return found


def mapping(path: str) -> tuple[str, Any]:
    """The text of a file and its one document. Raises Refused."""
    text = resource_list.decode(files.content(path), path)
    try:
        return text, yaml.load(text)
    except yaml.YamlError as problem:
        raise _unread(path, problem, text) from None


def _unread(path: str, problem: yaml.YamlError, text: str) -> Refused:
    place = f"{path}:{problem.line}" if problem.line else path
    message = f"{place} cannot be read: {problem.problem}"
    where = resource_list.place_of(problem, path, text)
    return Refused(Result("error", message, file=path, code=problem.code, place=where))


def warnings(results: Sequence[Result]) -> list[Result]:
    """What is wrong with a file that nobody named."""
    return [
        Result("warning", result.message, file=result.file, code="fleet-unread")
        for result in results
    ]


def line_with(text: str, entry: str) -> int:
    """The first line of a text that has an entry as its value; 1 if there is none."""
    for number, line in enumerate(text.split("\n"), 1):
        if entry in line and line.split(" #")[0].strip(" \t\r-'\"").endswith(entry):
            return number
    return 1
