"""The places of fields of an item, and of what cannot be read: the line, and what to mark on it.

Imported only where somebody looks: for errors, and for readers of warnings.
"""

from __future__ import annotations

from krm_injector.kube import credentials
from krm_injector.kube.paths import Step, at
from krm_injector.kube.yaml import YamlError
from krm_injector.kube.yaml.locate import Spot, spot_of
from krm_injector.model import Place
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.resource_list.bundle import Item


class Mark(NamedTuple):
    """What to mark in a text, by offsets."""

    start: int
    end: int
    depth: int  # how many steps of the path lead to it


class Source(NamedTuple):
    """The text around a field."""

    item: Item
    text: str
    path: Step  # to the field, or to the nearest one above it that is there
    absent: Step  # the steps behind it
    key: tuple[int, int] | None  # offsets of the key at the path
    column: int  # from 0, of an entry that is written there
    flow: bool  # not in block style


def source_of(item: Item, text: str, path: Step, absent: Step) -> Source | None:
    """The text around a field of an item that has a place. None if the path leads through what
    stands elsewhere.
    """
    assert item.place is not None
    spot = spot_of(text, item.place, path)
    if spot is None or spot.depth < len(path):
        return None

    entry = spot.key or spot.value
    value = at(item.value, path)
    if absent and isinstance(value, dict) and value:
        entry = spot.value

    before = text[text.rfind("\n", 0, entry[0]) + 1 : entry[0]]
    column = len(before)
    if entry is spot.value and not absent and path and "-" in before:
        column = before.rindex("-")
    return Source(item, text, path, absent, spot.key, column, bool(before.strip(" -")))


def mark_of(item: Item, text: str, path: Step, of_name: bool = False) -> Mark:
    """What to mark of a field of an item that has a place: the field, or what is nearest to it.
    of_name: the key alone.
    """
    place = item.place
    assert place is not None
    spot = spot_of(text, place, path)
    if spot is None:
        spot = Spot(0, None, (place.start, place.start))
    key = spot.key if of_name and spot.depth == len(path) else None
    return Mark(*(key or _span(text, spot, path)), spot.depth)


def place_of_mark(item: Item, text: str, path: Step, mark: Mark) -> Place:
    """The place of a mark, which ends with its line at the latest."""
    assert item.place is not None
    start = mark.start
    line_start = text.rfind("\n", 0, start) + 1
    line_end = _line_end(text, start)
    end = max(min(mark.end, line_end), start + 1)
    shown = credentials.without_secrets(text[line_start:line_end], item.value, path[: mark.depth])
    line = item.line + text.count("\n", item.place.start, start)
    return Place(item.file, line, start - line_start + 1, end - line_start + 1, shown)


def place_of_field(item: Item, text: str, path: Step) -> Place | None:
    """The place of a field of an item; None if the item has none."""
    if item.place is None:
        return None
    return place_of_mark(item, text, path, mark_of(item, text, path))


def place_of_error(error: YamlError, file: str, text: str) -> Place:
    """The place of an error in a text, with its line if the text is given."""
    line, column = error.line, max(error.column, 1)
    if not text:
        return Place(file, line, column, column + 1)

    lines = text.split("\n")
    index = min(line, len(lines)) - 1
    ends = [at for at, each in enumerate(lines) if each.startswith("---")]
    first = max((at for at in ends if at <= index), default=0)
    last = min((at for at in ends if at > index), default=len(lines))
    shown = credentials.in_unread(lines[index].rstrip("\r"), "\n".join(lines[first:last]))
    return Place(file, line, column, column + 1, shown)


# ---------------------------------------------------------------- what to mark


def _span(text: str, spot: Spot, path: Step) -> tuple[int, int]:
    """What to mark of a spot: the value, if it is a scalar beside its key, or else the key."""
    start, end = spot.value
    if spot.key is None:
        return start, end

    beside = spot.scalar and end > start and "\n" not in text[spot.key[1] : start]
    if spot.depth == len(path):
        return (start, end) if beside else spot.key

    # Of YAML inside of YAML: its own line.
    within = beside and _in_block(text, start, str(path[spot.depth]))
    return within or spot.key


def _in_block(text: str, start: int, key: str) -> tuple[int, int] | None:
    """A key at the top of the literal block that begins at an offset; None if no literal block
    begins there, or the key is not in it.
    """
    if text[start] != "|":
        return None

    indent = ""
    at_line = text.find("\n", start) + 1
    while at_line:
        line = text[at_line : _line_end(text, at_line)]
        if line.strip() and not indent:
            indent = line[: len(line) - len(line.lstrip(" "))]
        if line.startswith(f"{indent}{key}:"):
            return at_line + len(indent), at_line + len(indent) + len(key)
        if line.strip() and not line.startswith(indent):
            return None
        at_line = text.find("\n", at_line) + 1

    return None


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return end - 1 if end > start and text[end - 1] == "\r" else end
