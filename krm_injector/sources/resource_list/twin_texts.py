"""The texts of Twins (kube/twins.py): written once for all that are alike, then filled in.

Two texts can be had so. ``whole`` is an item as the emitter writes it, in a list that is written
anew. ``in_place`` is an item's own text with the change in it. For that the texts of two items must
be alike as the items are: the same but for the scalars of their Twins. Words and integers of the
Twins' classes are read and written alike in every such text, in quotes or without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from krm_injector.kube import yaml
from krm_injector.kube.paths import Step
from krm_injector.kube.twins import (
    MOST_PLACEHOLDERS,
    PLACEHOLDER,
    Pattern,
    Twin,
    integer_placeholder,
    looks_like_one,
    word_placeholder,
)
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.resource_list.bundle import Bundle, Item
from krm_injector.sources.resource_list.invariants import check_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The end of a line that may be a scalar of a Twin. What it is, the reader says.
_SCALAR = lazy_pattern(r""": (["']?)([a-z](?:[a-z0-9._/:@-]*[a-z0-9])?|[0-9]{1,9})(?=\1\n)""")


def whole(twin: Twin, item: Item) -> str:
    """The item in a sequence that is written anew. The first of those that are alike is looked at
    for all.
    """
    alike = twin.alike
    pattern = alike.texts.get("whole")
    if pattern is None:
        pattern = Pattern(yaml.dump([alike.after]), alike.positions)
        check_whole(item, pattern.fill(twin.scalars), twin.object())
        alike.texts["whole"] = pattern

    text: str = pattern.fill(twin.scalars)
    return text


def in_place(bundle: Bundle, item: Item, twin: Twin, plainly: Callable[[Any], str]) -> str | None:
    """The new text of an item in its own style; None if it has to be found plainly.

    ``plainly``: the text for an object. It is asked once for each kind of text, as the proof.
    """
    place = item.place
    assert place is not None
    if not place.block or item.json or item.index in bundle.originals:
        return None

    source = bundle.text[place.start : place.end]
    if "#" in source or "\r" in source or looks_like_one(source):
        return None
    if bundle.text[place.start - 4 : place.start] == "--- ":
        return None

    parts = _SCALAR.split(source)
    written = parts[2::3]
    key = (place.column, tuple(parts[::3]), tuple(parts[1::3]))

    def write() -> _Text | None:
        text = _written(twin, parts, place, bundle.layouts.kept is not None)
        if text is None or text.pattern.fill(twin.scalars) != plainly(twin.object()):
            return None
        return text

    texts = twin.alike.texts
    if key not in texts:
        texts[key] = write()
    text: _Text | None = texts[key]
    if text is None or not text.fits(written, twin.scalars):
        return None
    return text.pattern.fill(twin.scalars)


class _Text(NamedTuple):
    """What is known of texts that are the same between their scalars."""

    places: tuple[tuple[int, int], ...]  # index of a written scalar, and of the Twin's scalar
    rest: tuple[tuple[int, str], ...]  # index of each other written scalar, and the scalar
    pattern: Pattern

    def fits(self, written: Sequence[str], scalars: Sequence[str]) -> bool:
        """Whether a text with these written scalars is the text of that Twin."""
        for index, position in self.places:
            if written[index] != scalars[position]:
                return False
        return all(written[index] == scalar for index, scalar in self.rest)


def _written(twin: Twin, parts: list[str], place: yaml.Place, keeps_layout: bool) -> _Text | None:
    """The text of all that are alike; None if a scalar of theirs does not stand in the text as the
    end of a line. ``keeps_layout``: a text with a layout to keep has to be written by itself.
    """
    alike, written = twin.alike, parts[2::3]
    if len(written) > MOST_PLACEHOLDERS:
        return None

    marks = [
        str(integer_placeholder(number)) if scalar.isdigit() else word_placeholder(number)
        for number, scalar in enumerate(written)
    ]
    paths = dict(_placeholders(_read(parts, marks, place), ()))
    numbers = dict(_placeholders(alike.before, ()))
    indexes = {index: numbers[path] for path, index in paths.items() if path in numbers}
    if len(indexes) < len(numbers):
        return None

    source = list(written)
    for index, number in indexes.items():
        is_integer = written[index].isdigit()
        source[index] = str(integer_placeholder(number) if is_integer else word_placeholder(number))
    text = " " * place.column + _joined(parts, source)
    there = place._replace(start=place.column, end=len(text), line=0)
    done = yaml.edit(text, there, alike.before, alike.after)
    if done.aliases or (keeps_layout and (done.gone or not done.sure)):
        return None

    return _Text(
        tuple((index, alike.positions[number]) for index, number in indexes.items()),
        tuple((index, scalar) for index, scalar in enumerate(written) if index not in indexes),
        Pattern(done.text, alike.positions),
    )


def _joined(parts: list[str], scalars: Sequence[str]) -> str:
    pieces = list(parts)
    pieces[1::3] = [f": {quote}" for quote in parts[1::3]]
    pieces[2::3] = scalars
    return "".join(pieces)


def _read(parts: list[str], scalars: Sequence[str], place: yaml.Place) -> Any:
    return yaml.load(" " * place.column + _joined(parts, scalars))


def _placeholders(value: Any, path: Step) -> Iterator[tuple[Step, int]]:
    """Path and number of each placeholder. In a longer text its place is the last step."""
    if isinstance(value, dict):
        for key, field in value.items():
            yield from _placeholders(field, (*path, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _placeholders(element, (*path, index))
    elif isinstance(value, (str, int)):
        for index, match in enumerate(PLACEHOLDER.finditer(str(value))):
            alone = len(match[0]) == len(str(value))
            yield path if alone else (*path, index), int(match[1] or match[2])
