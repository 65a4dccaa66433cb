"""A Plan: the files that wiring adds to a directory. Nothing is written here; existing files are
only ever added to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from krm_injector.kube import yaml
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.files import read
from krm_injector.sources.resource_list import decode, line_break, refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class File(NamedTuple):
    path: str  # from the directory
    text: str  # as it shall be
    before: str | None = None  # as it is; None: a new file


class Plan(NamedTuple):
    files: tuple[File, ...]  # what is already as it shall be is not among them
    commands: tuple[str, ...]  # what to type next, to be run in the directory
    notes: tuple[str, ...] = ()  # sentences


class Cannot(Exception):
    """Why something cannot be added; completes a sentence."""


def present(directory: str, path: str) -> str | None:
    """The text of a file of the directory, line breaks and byte order mark as they are; None if it
    is not there.

    Raises Refused if it cannot be read.
    """
    full_path = os.path.join(directory, path)
    if not os.path.lexists(full_path):
        return None

    try:
        return decode(read(full_path), path)
    except OSError as problem:
        message = f"{path}: {problem.strerror or problem}"
        raise Refused(Result("error", message, file=path, code="input-unreadable")) from None


# ---------------------------------------------------------------- a new file


def new(directory: str, path: str, text: str) -> tuple[File, ...]:
    """A file to write; none where it stands there already in the same words. Raises Refused if it
    differs.
    """
    standing = present(directory, path)
    if standing is None:
        _refuse_file_in_place_of_folder(directory, path)
        return (File(path, text),)
    if standing.replace("\r\n", "\n") == text:
        return ()
    raise Refused(in_the_way(path, text))


def _refuse_file_in_place_of_folder(directory: str, path: str) -> None:
    """Raises Refused if a file stands in the place of a folder that the path needs."""
    folder = os.path.dirname(path)
    while folder:
        full_path = os.path.join(directory, folder)
        if os.path.lexists(full_path) and not os.path.isdir(full_path):
            message = (
                f"{path} cannot be written, for {folder} is there and no directory; nothing was "
                "written"
            )
            raise Refused(Result("error", message, file=path, code="init-exists"))
        folder = os.path.dirname(folder)


def in_the_way(path: str, text: str) -> Result:
    """The error for a file that stands there with another content than ``text``."""
    message = (
        f"{path} is there and says something else; nothing was written. It would have said:\n"
        f"{text.rstrip()}"
    )
    return Result("error", message, file=path, code="init-exists")


# ---------------------------------------------------------------- something added to a file


def added(
    path: str, text: str, change: Callable[[dict[str, Any]], dict[str, Any]], advice: str
) -> tuple[File, ...]:
    """A file with something added to its one document; none where there is nothing to add.

    ``change`` gives the document as it shall be, or raises Cannot. Every line that is there stays
    as it is: where the layout does not allow that, Refused says what to add by hand (``advice``,
    the lines).
    """
    body = text.removeprefix("\ufeff")
    byte_order_mark = text[: len(text) - len(body)]
    try:
        edited = _edited(body, change)
    except yaml.YamlError as problem:
        raise refused(problem, path, body) from None
    except Cannot as reason:
        message = (
            f"{path} was left as it is, and nothing was written: {reason}. Add by hand:\n"
            f"{advice.rstrip()}"
        )
        raise Refused(Result("error", message, file=path, code="init-exists")) from None

    return () if edited is None else (File(path, byte_order_mark + edited, text),)


def _edited(body: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> str | None:
    """The text with its one document changed; None if the change changes nothing. Raises Cannot and
    YamlError.
    """
    documents = [document for document in yaml.load_all(body) if not document.empty]
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        raise Cannot("it does not hold one mapping")

    document = documents[0]
    value = change(document.value)
    if value == document.value:
        return None

    place = document.place
    rewritten = yaml.rewrite(body, place, document.value, value, line_break(body))
    edited = body[: place.start] + rewritten + body[place.end :]
    keeps_lines = _only_adds(body.splitlines(), edited.splitlines())
    if not keeps_lines or yaml.load(edited) != value:
        raise Cannot("its layout does not let lines be added")

    return edited


def listed(value: dict[str, Any], key: str) -> list[Any]:
    """The list at a key, empty if there is none. Raises Cannot if something else stands there."""
    entries = value.get(key)
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise Cannot(f"its {key} is not a list")
    return entries


def _only_adds(before: Iterable[str], after: Iterable[str]) -> bool:
    """Whether every line of before stands in after, in order."""
    rest = iter(after)
    return all(line in rest for line in before)
