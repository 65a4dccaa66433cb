"""Objects that are the same but for some scalars: what is written of one is written of all.

An Alike stands for a set of such objects. It holds the object with a placeholder for each scalar
that differs. A Twin is one object of the set: its Alike, and the scalars. Whoever makes an Alike
has proved that the placeholders may be exchanged for the scalars wherever they stand
(reinjection/shapes).
"""

from __future__ import annotations

from krm_injector.kube import c_json
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.light import Mapping
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from typing import Any

    _Items = Mapping[int, Any]
else:
    _Items = Mapping

# Four digits are the number of the scalar. Both forms keep to what the scalars themselves are like
# (reinjection/shapes/holes.py): a word with every character that words may have, and an integer.
PLACEHOLDER = lazy_pattern(r"krm\.hole/([0-9]{4}):x@k-k|99([0-9]{4})077")
MOST_PLACEHOLDERS = 9000


def word_placeholder(number: int) -> str:
    return f"krm.hole/{number:04}:x@k-k"


def integer_placeholder(number: int) -> int:
    return int(f"99{number:04}077")


def looks_like_one(text: str) -> bool:
    """Whether there is something in a text that a placeholder could be."""
    seldom = "krm.hole/" in text or "077" in text  # far faster to find
    return seldom and PLACEHOLDER.search(text) is not None


class Pattern:
    """A text with placeholders, ready to be filled in."""

    __slots__ = ("_are_words", "_pieces", "_positions", "numbers")

    def __init__(self, text: str, positions: Mapping[int, int]) -> None:
        """``positions``: number of a placeholder -> its scalar's index among those of ``fill``."""
        parts = PLACEHOLDER.split(text)
        words, integers = parts[1::3], parts[2::3]
        self._are_words = bytes([word is not None for word in words])
        self.numbers = [int(word or integer) for word, integer in zip(words, integers, strict=True)]
        self._positions = [positions[number] for number in self.numbers]
        self._pieces: list[str] = [""] * (2 * len(words) + 1)
        self._pieces[::2] = parts[::3]

    def fill(self, scalars: Sequence[str]) -> str:
        """The text with these scalars."""
        pieces = self._pieces.copy()
        pieces[1::2] = [scalars[position] for position in self._positions]
        return "".join(pieces)

    def text(self) -> str:
        """The text with its placeholders."""
        pieces = self._pieces.copy()
        pieces[1::2] = [
            word_placeholder(number) if is_word else str(integer_placeholder(number))
            for number, is_word in zip(self.numbers, self._are_words, strict=True)
        ]
        return "".join(pieces)


class Alike:
    """A set of objects that are alike, before and after a change.

    Of the object after it only the text is kept: a third of the memory, and a worker of a fleet has
    hundreds of them.
    """

    __slots__ = ("before", "json", "positions", "texts")

    def __init__(self, before: Any, after: Any, positions: Mapping[int, int]) -> None:
        """before, after: with placeholders."""
        self.before = before
        self.positions = positions
        self.json = Pattern(to_json(after), positions)
        self.texts: dict[Hashable, Any] = {}  # what the writer knows of their texts

    @property
    def after(self) -> Any:
        """The object after the change, with placeholders; made anew at each call."""
        return c_json.loads(self.json.text())


class Twin(NamedTuple):
    """One of the objects that an Alike stands for, as it is after the change."""

    alike: Alike
    scalars: tuple[str, ...]

    def json(self) -> str:
        """The object as to_json writes it."""
        return self.alike.json.fill(self.scalars)

    def object(self) -> Any:
        """The object itself, made anew at each call."""
        return c_json.loads(self.json())


class Replacements(_Items):
    """Index of an item -> the item as it is to be written. Twins become objects when asked for."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[int, Any]) -> None:
        """items: objects and Twins."""
        self._items = items

    def __getitem__(self, index: int) -> Any:
        item = self._items[index]
        return item.object() if item.__class__ is Twin else item

    def __contains__(self, index: object) -> bool:
        return index in self._items

    def __iter__(self) -> Iterator[int]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def within(self, indexes: range) -> Replacements:
        """Those of some items, by their place among these."""
        items = self._items
        return Replacements(
            {index - indexes.start: items[index] for index in indexes if index in items}
        )

    def twin(self, index: int) -> Twin | None:
        """The item as a Twin; None if it is a plain object."""
        item = self._items.get(index)
        return item if item.__class__ is Twin else None


def to_json(value: Any) -> str:
    """The value as one line of JSON; equal texts are equal values, order of keys included."""
    return c_json.compact(value)
