"""A ResourceList in block style, cut at its keys and items: its values without a look at all of it
as events.

Every line that begins at column 0 with one of the keys begins that key's part, and every dash at
the column of the first item begins an item: in block style nothing else can stand there but what
is inside of quotes, and a part in which quotes stay open is not taken. A part is read by
yaml.PieceReader, or by yaml.Reader where it is unusual. If that cannot read it either, or the whole
is of another form, the reader of everything reads the text, and words the error.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.kube import yaml
from krm_injector.kube.yaml.events import DocumentEndEvent, YAMLError
from krm_injector.kube.yaml.pieces import PieceReader, Unusual
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEYS = ("apiVersion", "kind", "metadata", "items", "functionConfig", "results")


class Parts(NamedTuple):
    """What a ResourceList consists of."""

    root: Object
    keys: dict[str, tuple[int, int]]  # offset and line of each
    items: list[tuple[Any, yaml.Place]]
    anchors: bool


def parts_of(text: str) -> Parts | None:
    """The parts of a text that ends with a line break; None if it is of another form."""
    try:
        return _parts_of(text)
    except (Unusual, yaml.YamlError, YAMLError):
        return None


def _parts_of(text: str) -> Parts:
    reader = PieceReader()
    root: Object = {}
    keys: dict[str, tuple[int, int]] = {}
    items: list[tuple[Any, yaml.Place]] = []
    line = 0
    sections = _sections(text)
    for key, start, end in sections:
        keys[key] = start, line
        if key == "items":
            items = [
                (_value(reader, text[begin : place.end - 1], place), place)
                for begin, place in _items(text, start, end, line)
            ]
            root[key] = [value for value, _ in items]
        else:
            part = reader.mapping(text[start : end - 1], 0)
            if list(part) != [key]:
                raise Unusual  # a key that is there twice, or another one
            root[key] = part[key]
            reader.nodes -= 2  # the root is not counted while aliases may follow
        line += text.count("\n", start, end)

    return Parts(root, keys, items, bool(reader.anchors))


def _sections(text: str) -> list[tuple[str, int, int]]:
    """The ResourceList's keys, each with the start and the end of its lines."""
    found = []
    for key in _KEYS:
        at = 0 if text.startswith(f"{key}:") else text.find(f"\n{key}:") + 1
        if at or text.startswith(f"{key}:"):
            found.append((at, key))

    found.sort()
    if not found or found[0][0] != 0:
        raise Unusual
    ends = [at for at, _ in found[1:]] + [len(text)]
    return [(key, start, end) for (start, key), end in zip(found, ends, strict=True)]


def _items(text: str, start: int, end: int, line: int) -> Iterator[tuple[int, yaml.Place]]:
    """The start of each item's line, and the item's place."""
    begin = start + len("items:\n")
    body = text[begin : begin + 200].lstrip(" ")
    column = len(text[begin : begin + 200]) - len(body)
    if text[start:begin] != "items:\n" or body[:2] != "- ":
        raise Unusual

    line += 1
    separator = "\n" + " " * column + "- "
    while begin < end:
        behind = text.find(separator, begin, end) + 1 or end
        at = begin + column + 2
        while text[at] == " ":
            at += 1
        if text[at] in "*{[\n#":
            raise Unusual  # no block mapping, or one that begins further down

        yield begin, yaml.Place(at, behind, line, at - begin, True)
        line += text.count("\n", begin, behind)
        begin = behind


def _value(reader: PieceReader, text: str, place: yaml.Place) -> Object:
    """The value of an item's text."""
    dash = len(text) - len(text.lstrip(" "))
    mark = reader.mark()
    try:
        value = reader.element(text, dash)
    except Unusual:
        reader.back(mark)
        value = _unusual_value(reader, f"{text}\n")

    if value.__class__ is not dict:
        raise Unusual
    return value


def _unusual_value(pieces: PieceReader, text: str) -> Any:
    """The same by yaml.Reader, as a list of one item, whose anchors are those of the whole."""
    reader = yaml.Reader(text)
    reader.anchors, reader.sizes = pieces.anchors, pieces.sizes
    reader.nodes, reader.aliased = pieces.nodes, pieces.aliased
    reader.next()
    start, sequence, item = reader.next(), reader.next(), reader.next()
    if start.explicit or sequence.__class__ is not yaml.SequenceStartEvent:
        raise Unusual
    if item.__class__ is not yaml.MappingStartEvent or sequence.flow_style or item.flow_style:
        raise Unusual

    value = reader.node(item, 2)
    if reader.next().__class__ is not yaml.SequenceEndEvent:
        raise Unusual
    end = reader.next()
    if end.__class__ is not DocumentEndEvent or end.explicit:
        raise Unusual
    if reader.next().__class__ is not yaml.StreamEndEvent:
        raise Unusual
    pieces.nodes, pieces.aliased = reader.nodes, reader.aliased
    return value
