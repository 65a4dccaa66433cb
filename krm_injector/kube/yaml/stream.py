"""A stream in which JSON documents stand among YAML's, or byte order marks between documents.

Kubernetes' readers cut a stream into documents first, at lines that begin with "---", and read each
by itself: a document may be JSON, whose escapes are not all YAML's, a byte order mark may stand in
front of each, and a comment may follow "---" without a blank. Sources: k8s.io/apimachinery v0.34
pkg/util/yaml/decoder.go, kyaml v0.20 kio/byteio_reader.go; go.yaml.in/yaml/v2 passes over a mark at
a text's start.
"""

from __future__ import annotations

import re

from krm_injector.kube.yaml import json_text
from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.load import Document, load_documents
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MARK = "\ufeff"
_ODD_SEPARATOR = lazy_pattern(r"^---(?=[#\xa0])\xa0*(?:#.*?)?(?=\r?$)", re.MULTILINE)
_MARKED = lazy_pattern(r"^---(?:[ \t].*)?\r?\n\ufeff", re.MULTILINE)
_MISPLACED = (
    "a byte order mark may stand at the start of a text and right behind a line ---, not here; "
    "remove it"
)
_SEPARATOR = lazy_pattern(r"^---(?:[ \t].*)?(?:\r?\n|\Z)", re.MULTILINE)
_BLANK_LINES = lazy_pattern(r"(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*")
_LIKE_JSON = lazy_pattern(r'\{\s*"')
_INSIDE = lazy_pattern(r"[^\r\n]")
_GAP = lazy_pattern(r"(?:\s|(?<=[ \t\n])#.*)*")


def load_mixed(text: str) -> list[Document]:
    """Every document of a stream, as load.load_all gives them. Errors: YamlError, placed in the
    whole text.
    """
    text = _ODD_SEPARATOR.sub(lambda line: "---".ljust(len(line[0])), text)
    if _MARK not in text:
        return _load(text)

    starts = [0, *(match.end() for match in _MARKED.finditer(text))]
    ends = [start - 1 for start in starts[1:]] + [len(text)]
    documents: list[Document] = []
    for start, end in zip(starts, ends, strict=True):
        lines = text.count("\n", 0, start)
        try:
            loaded = _load(_unmarked(text[start:end]))
        except YamlError as error:
            raise error.shifted(lines) from None

        loaded = [document.moved(start, lines) for document in loaded]
        if documents:  # the separator in front of the mark began a document that goes on behind it
            opened = documents.pop()
            loaded = (
                [loaded[0]._replace(start=opened.start), *loaded[1:]]
                if loaded
                else [opened._replace(end=end)]
            )

        documents += loaded

    return documents


def _unmarked(text: str) -> str:
    """The text itself. Raises YamlError where a line begins with a byte order mark: Go makes it
    part of a key, or, as the second one in a row, cuts off the beginnings of the lines behind it;
    libyaml passes over some.
    """
    at = 0 if text.startswith(_MARK) else text.find("\n" + _MARK) + 1
    if at or text.startswith(_MARK):
        raise YamlError(_MISPLACED, text.count("\n", 0, at) + 1, 1, "yaml-character")
    return text


class _Opening(NamedTuple):
    """Where a document that begins with "{" stands, and what reading it as JSON gave."""

    start: int
    value: Any
    end: int
    error: YamlError | None


def _load(text: str) -> list[Document]:
    """The documents of a stream without byte order marks between them.

    JSON documents are read as JSON first. YAML's reader then gets them as empty mappings of the
    same extent, so that it finds the bounds of all documents.
    """
    openings = [_opening(text, start) for start in _braces(text)]
    readable = [opening for opening in openings if opening.error is None]
    pieces: list[str] = []
    at = 0
    for opening in readable:
        before = text[at : opening.start]
        before = before.rstrip(" \t").ljust(len(before))  # JSON may be indented by tabs
        pieces += (before, "{", _INSIDE.sub(" ", text[opening.start + 1 : opening.end - 1]), "}")
        at = opening.end

    pieces.append(text[at:])

    try:
        documents = load_documents("".join(pieces))
    except YamlError as error:
        raise _better(error, text, openings) from None

    values = {opening.start: opening.value for opening in readable}
    return [
        document._replace(value=values[document.place.start], json=True)
        if document.place.start in values
        else document
        for document in documents
    ]


def _braces(text: str) -> list[int]:
    """Where the documents begin that begin with "{"."""
    behind = [0, *(match.end() for match in _SEPARATOR.finditer(text))]
    starts = [_BLANK_LINES.match(text, at).end() for at in behind]  # type: ignore[union-attr]
    return [start for start in starts if text.startswith("{", start)]


def _opening(text: str, start: int) -> _Opening:
    try:
        value, end = json_text.decode_at(text, start)
    except YamlError as error:
        return _Opening(start, None, start, error)
    return _Opening(start, value, end, None)


def _better(error: YamlError, text: str, openings: list[_Opening]) -> YamlError:
    """The error that helps most, where YAML's reader gave one."""
    before = [opening for opening in openings if text.count("\n", 0, opening.start) < error.line]
    if not before:
        return error

    start, _, end, problem = before[-1]
    close = _SEPARATOR.search(text, start)
    if close is not None and text.count("\n", 0, close.start()) < error.line - 1:
        return error  # in a later document

    if problem is not None:
        meant = problem.code == "json-syntax" and _LIKE_JSON.match(text, start)
        return problem if meant else error

    at = _GAP.match(text, end).end()  # type: ignore[union-attr]
    column = at - text.rfind("\n", 0, at)
    if text.count("\n", 0, at) + 1 != error.line or error.column < column:
        return error

    sentence = (
        "something stands behind the document; put --- on a line of its own before the next one"
    )
    return YamlError(sentence, error.line, column, "yaml-documents")
