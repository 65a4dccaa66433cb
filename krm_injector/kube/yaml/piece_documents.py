"""A long stream of documents, cut at its "---" and read piece by piece.

Such a line ends a document wherever it stands, or is an error. A document that pieces.py does not
know is read by itself from events, with the same result, and if that fails the whole is read so.
"""

from __future__ import annotations

import re

from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.load import Document, Place, Reader, documents_of
from krm_injector.kube.yaml.piece_lines import Unusual
from krm_injector.kube.yaml.piece_texts import below_comments, is_silent
from krm_injector.kube.yaml.pieces import PieceReader

_SEPARATOR = r"\n(?=---(?:[ \t\n]|\Z))"
_kept: PieceReader | None = None
_MARKERS = ("\n...", "\n%")


def documents(text: str, keep: bool = False) -> list[Document] | None:
    """Every document, as load.load_documents gives them; None if that must read the text. ``keep``:
    the pieces are kept for further texts.
    """
    if text[:1] in "%." or any(sign in text for sign in _MARKERS):
        return None

    starts = [0, *(match.end() for match in re.finditer(_SEPARATOR, text))]
    if len(starts) > 1 and is_silent(text[: starts[1]]):
        del starts[1]  # comments in front of the first marker are no document

    reader = _reader(keep)
    found: list[Document] = []
    line = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end]
        try:
            document = _document(reader, piece) or _unusual_document(reader, piece)
        except (Unusual, YamlError):
            return None
        found.append(document.moved(start, line))
        line += piece.count("\n")

    return found


def _reader(keep: bool) -> PieceReader:
    """A reader, with the pieces of earlier texts if the process keeps them."""
    global _kept
    if not keep:
        return PieceReader()

    _kept = PieceReader(_kept)
    return _kept


def _document(reader: PieceReader, text: str) -> Document | None:
    """The document of a text; None if it is unusual."""
    content = text[4:] if text[:4] == "---\n" else text
    mark = reader.mark()
    reader.anchors.clear()
    reader.sizes.clear()
    try:
        rest = below_comments(content)
        if rest[:1] in " -" or rest[-1:] != "\n":
            raise Unusual
        value = reader.mapping(rest[:-1], 0)
    except Unusual:
        reader.back(mark)
        return None

    start = len(text) - len(rest)
    place = Place(start, len(text), text.count("\n", 0, start), 0, True)
    return Document(value, 0, len(text), place, False)


def _unusual_document(pieces: PieceReader, text: str) -> Document:
    """The document of a text, from events. Raises Unusual where there are several."""
    reader = Reader(text)
    reader.nodes, reader.aliased = pieces.nodes, pieces.aliased
    found = documents_of(reader)
    if len(found) != 1:
        raise Unusual
    pieces.nodes, pieces.aliased = reader.nodes, reader.aliased
    return found[0]
