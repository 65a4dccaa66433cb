"""Block YAML as programs write it, read piece by piece: what repeats is read once.

In: the text of one block mapping. Out: its value, or Unusual.

Why it is fast: a mapping's text is cut at the lines that begin with a key at its column, a
sequence's at its dashes, which a regular expression does at once. A piece that has been read before
is found by its text, with all below it. In a bundle most are: ports, probes, resources differ
little from one workload to the next. Equal pieces share one value, which saves memory too.

Why it is the same: the first line of a piece counts only if LINE knows it whole, and all lines
behind it must be used up by what the first line begins. That is less than YAML has: block mappings
and sequences, scalars without tags, literal blocks without an indentation hint, anchors and aliases
alone behind their key. A cut is right because in such a text no line at a mapping's column is
anything but a key, a dash of its last value, a comment or an error: what belongs to a value is
deeper, blank, or inside of quotes, and a piece in which quotes stay open is not taken. Whatever is
beyond (other flow collections, tags, merges, folded blocks, control characters, a key that is there
twice, hence every error) raises Unusual, and the caller reads the text with load.Reader, which
alone words errors. scalars.py says for both what scalars mean. tests/kube/yaml/test_pieces.py holds
the two readers against each other.
"""

from __future__ import annotations

import re

from krm_injector.kube.yaml.load import too_many
from krm_injector.kube.yaml.piece_lines import (
    ALIAS,
    ANCHOR,
    DOUBLE,
    LITERAL,
    MAPPING,
    NOTHING,
    PLAIN,
    SEQUENCE,
    SINGLE,
    First,
    Unusual,
    first_line,
)
from krm_injector.kube.yaml.piece_texts import (
    below_comments,
    check_silent,
    continued,
    literal,
    quoted,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["PieceReader", "Unusual"]

_DEEPEST = 60  # levels; load.Reader takes more
_KEPT = 4_000  # pieces
_LONGEST = 1_000  # characters of a piece that is kept


class PieceReader:
    """Reads one mapping after the other. The anchors of one are known in those that follow."""

    def __init__(self, known: PieceReader | None = None) -> None:
        """``known``: a reader whose pieces serve this one too, and the other way round."""
        # As in load.Reader.
        self.anchors: dict[str, Any] = {}
        self.sizes: dict[str, int] = {}
        self.nodes = 0
        self.aliased = 0
        self.open: set[str] = set()

        self._pieces: dict[str, tuple[Any, Any, int]] = {}  # key, value, nodes
        self._first: dict[str, First] = {}
        self._labels: dict[str, str] = {}  # indentation and plain key -> key
        self._words: dict[str, Any] = {}  # plain scalar -> value
        self._cuts: dict[int, tuple[re.Pattern[str], re.Pattern[str]]] = {}
        self._names = 0  # anchors and aliases so far
        self._replaced: list[tuple[str, Any, int | None]] = []  # what anchors stood for before
        if known is not None:
            self._pieces, self._first, self._cuts = known._pieces, known._first, known._cuts
            self._labels, self._words = known._labels, known._words

    def mapping(self, text: str, column: int, level: int = 1) -> dict[str, Any]:
        """The value of a text without its last line break, which begins with the blanks in front of
        a key at the column.
        """
        result: dict[str, Any] = {}
        labels, words, known = self._labels, self._words, self._pieces.get
        cut = self._cuts.get(column) or self._cut(column)
        for piece in cut[0].split(text) if "\n" in text else (text,):
            found = known(piece)
            if found is not None:
                key, value, nodes = found
                self.nodes += nodes
            elif "\n" in piece:
                key, value = self._entry(piece, column, level)
            else:
                label, _, word = piece.partition(": ")
                if word in words and label in labels:
                    key, value = labels[label], words[word]
                else:
                    key, value = self._entry(piece, column, level)

            if key in result:
                raise Unusual
            result[key] = value

        self.nodes += len(result) + 1
        return result

    def mark(self) -> tuple[int, int]:
        """A point that ``back`` leads back to."""
        self._replaced.clear()
        return self.nodes, self.aliased

    def back(self, mark: tuple[int, int]) -> None:
        """Forgets what was read since the last ``mark``."""
        self.nodes, self.aliased = mark
        self.open.clear()
        for name, value, size in reversed(self._replaced):
            if size is None:
                self.anchors.pop(name, None)
                self.sizes.pop(name, None)
            else:
                self.anchors[name], self.sizes[name] = value, size

    def _sequence(self, text: str, column: int, level: int) -> list[Any]:
        result: list[Any] = []
        cut = self._cuts.get(column) or self._cut(column)
        for piece in cut[1].split(text) if "\n" in text else (text,):
            found = self._pieces.get(piece)
            if found is None:
                value = self.element(piece, column, level)
            else:
                _, value, nodes = found
                self.nodes += nodes
            result.append(value)

        self.nodes += len(result) + 1
        return result

    def _cut(self, column: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """The expressions of the line breaks in front of keys and of dashes at the column."""
        pad = f"\n(?={' ' * column}"
        cut = re.compile(rf"{pad}[^ #\n-])"), re.compile(rf"{pad}-(?: |\n|\Z))")
        self._cuts[column] = cut
        return cut

    def _entry(self, piece: str, column: int, level: int) -> tuple[str, Any]:
        names, nodes = self._names, self.nodes
        line, line_break, rest = piece.partition("\n")
        behind, key, kind, value = self._first.get(line) or self._read_first(line)
        if key is None or behind != column:
            raise Unusual
        if kind == PLAIN and not line_break:
            if line[column] not in "'\"":
                self._learn(line, key, value)
            return key, value

        if kind == NOTHING:
            value = self._below(rest, column, level, column) if rest else None
        else:
            value = self._value(kind, value, rest, column, level, column)
        if self._names == names and len(piece) <= _LONGEST:
            self._keep(piece, key, value, nodes)
        return key, value

    def _learn(self, line: str, key: str, value: Any) -> None:
        """Takes in a label and a word that stand on one line, so that other lines with them need no
        look.
        """
        label, _, word = line.partition(": ")
        if len(self._labels) >= _KEPT:
            self._labels.clear()
        if len(self._words) >= _KEPT:
            self._words.clear()
        self._labels[label] = key
        self._words[word] = value

    def element(self, piece: str, dash: int, level: int = 2) -> Any:
        """The value of a text without its last line break, which begins with the blanks in front of
        a dash at the column.
        """
        names, nodes = self._names, self.nodes
        line, _, rest = piece.partition("\n")
        behind, key, kind, value = self._first.get(line) or self._read_first(line)
        if key is None:
            value = self._value(kind, value, rest, dash, level, dash + 1)
        else:
            value = self.mapping(" " * behind + piece[behind:], behind, level + 1)

        if self._names == names and len(piece) <= _LONGEST:
            self._keep(piece, None, value, nodes)
        return value

    def _keep(self, piece: str, key: str | None, value: Any, nodes: int) -> None:
        if len(self._pieces) >= _KEPT:
            self._pieces.clear()
        self._pieces[piece] = key, value, self.nodes - nodes

    def _read_first(self, line: str) -> First:
        if not line.isprintable():
            raise Unusual
        first = first_line(line)
        if first[2] >= NOTHING or "- " in line:
            if len(self._first) >= _KEPT:
                self._first.clear()
            self._first[line] = first
        return first

    def _value(self, kind: int, value: Any, rest: str, column: int, level: int, least: int) -> Any:
        """What stands behind a key or dash at the column, with the lines below it. ``least``: the
        column from which on a sequence there is its value.
        """
        if kind == NOTHING:
            return self._below(rest, column, level, least) if rest else None
        if kind == LITERAL:
            value, rest = literal(value, rest, column)
        elif kind in (SINGLE, DOUBLE):
            value, rest = quoted(kind, value, rest)
        elif kind == ANCHOR:
            return self._anchored(value, rest, column, level, least)
        elif kind == ALIAS:
            value = self._alias(value)
        elif kind in (MAPPING, SEQUENCE):
            self.nodes += 1
            value = {} if kind == MAPPING else []
        elif rest and kind == PLAIN:
            value, rest = continued(value, rest, column)

        if rest:
            check_silent(rest)
        return value

    def _below(self, rest: str, column: int, level: int, least: int) -> Any:
        """The collection whose lines stand below a key or dash; None if none does."""
        if level > _DEEPEST:
            raise Unusual
        at = len(rest) - len(rest.lstrip(" "))
        if rest[at : at + 1] in "#\n":
            rest = below_comments(rest)
            if not rest:
                return None
            at = len(rest) - len(rest.lstrip(" "))

        if rest[at] == "-":
            if at < least or rest[at + 1 : at + 2] not in " \n":
                raise Unusual
            return self._sequence(rest, at, level + 1)
        if at <= column:
            raise Unusual
        return self.mapping(rest, at, level + 1)

    def _anchored(self, name: str, rest: str, column: int, level: int, least: int) -> Any:
        """The collection below an anchor."""
        before = self.nodes
        self._names += 1
        self._replaced.append((name, self.anchors.pop(name, None), self.sizes.pop(name, None)))
        self.open.add(name)
        value = self._below(rest, column, level, least)
        if value is None:
            raise Unusual
        self.open.discard(name)
        self.anchors[name] = value
        self.sizes[name] = self.nodes - before + 1
        return value

    def _alias(self, name: str) -> Any:
        if name in self.open or name not in self.anchors:
            raise Unusual
        size = self.sizes[name]
        self._names += 1
        self.nodes += size
        self.aliased += size
        if too_many(self.aliased, self.nodes):
            raise Unusual
        return self.anchors[name]
