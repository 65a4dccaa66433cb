"""The replacements that change a block text: entries and elements cut, inserted, written anew.

All of them are collected in places of the old text, and applied at once. What an edit back would
not write as it was is noted on the way.
"""

from __future__ import annotations

from krm_injector.kube.yaml.emit import dump, scalar, string
from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.load import load
from krm_injector.kube.yaml.nodes import COLON, Node, NodeReader
from krm_injector.kube.yaml.pairing import same
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

# Compiled where they are needed: that costs a run more than it saves, since few texts have them.
_EXPLICIT = lazy_pattern(r"[ -]*\?[ \t]+\Z")
_BLANK_LINE = lazy_pattern(r"[ \t]*\n")
_DEEP_COMMENT = lazy_pattern(r"(?:[ \t]*\n)*[ \t]+(?:#|\n)")

Path = tuple[str | int, ...]
Known: TypeAlias = "Mapping[Any, Any] | str"
"""How entries were written, by their path in the new value: mappings of keys and indices, at whose
ends the entries' lines stand (comments above, key or dash, value, comment behind). At the root: the
text as a whole."""


class Spot(NamedTuple):
    """A node that can be written anew, by what it stands in."""

    node: Node
    new: Any
    parent: Node | None  # None for the root
    position: int
    path: Path


class Unfit(Exception):
    """The layout does not allow an edit here."""


class BlockEdits:
    """The edits of one text, whose root stands at ``column``."""

    def __init__(self, text: str, column: int, nodes: NodeReader) -> None:
        self.text = text
        self.column = column
        self.nodes = nodes
        self.replacements: list[tuple[int, int, str]] = []  # start, end, new text
        self.gone: dict[Path, str] = {}
        self.maybe: dict[Path, str] = {}
        self.written_out: list[str] = []
        self.sure = True
        self.doubtful = False  # whether the result has to be read again
        # By style and start of the block: each element of a long list may be edited.
        self._starts: dict[tuple[str, int], list[int]] = {}

    # Places

    def line_end(self, at: int) -> int:
        """The start of the line behind the one on which a node ends."""
        if self.text[at - 1 : at] != "\n":
            return self.text.index("\n", at) + 1
        if self.text[at - 2 : at] == "\n\n":
            # A block scalar's blank lines; on the way back its neighbour's may be another's.
            self.sure = False
        return at

    def starts(self, node: Node) -> list[int]:
        """Where each entry of a block begins: its dash, its key, or the "?" in front of that."""
        block = (node.style, node.start)
        if block not in self._starts:
            self._starts[block] = self._dashes(node) if node.style == "seq" else self._keys(node)
        return self._starts[block]

    def _keys(self, node: Node) -> list[int]:
        """Where each entry's key stands, or the "?" in front of it."""
        starts: list[int] = []
        for start, _ in node.marks:
            line = self.text.rfind("\n", 0, start) + 1
            if self.text[line:start].strip(" -"):
                if start - line > node.column and _EXPLICIT.match(self.text[line:start]):
                    start = line + node.column
                elif start != node.start:  # behind an anchor or tag, where only the first can stand
                    raise Unfit
            starts.append(start)

        return starts

    def _dashes(self, node: Node) -> list[int]:
        """Where each element's "-" stands."""
        dashes = [node.start]
        pad = " " * node.column + "-"
        for child in node.children[:-1]:
            at = self.line_end(child.end)
            while not self.text.startswith(pad, at):
                end = self.text.find("\n", at)
                line = self.text[at:end].strip() if end >= 0 else "end"
                if line and line[0] != "#":
                    raise Unfit
                at = end + 1

            dashes.append(at + node.column)

        return dashes

    def entry(self, node: Node, position: int) -> str:
        """The lines of an entry or element, blanks in front even where it stands behind another's
        dash.
        """
        start = self.starts(node)[position]
        return " " * node.column + self.text[start : self.line_end(node.children[position].end)]

    def _behind_label(self, parent: Node, position: int) -> int:
        """The place behind an entry's colon, or an element's dash."""
        if parent.style != "map":
            return self.starts(parent)[position] + 1

        behind = parent.marks[position][1]
        if self.text.startswith(":", behind):
            return behind + 1

        colon = COLON.match(self.text, behind)
        if not colon:
            raise Unfit
        return colon.end()

    def _behind_other(self, node: Node, begin: int, at: int) -> bool:
        """Whether a block's first entry stands on the line of an outer sequence's dash."""
        if self.text[begin:at].strip():
            return True
        return begin == 0 and at == node.start and self.column > 0

    # Lines

    def entries(self, added: dict[str, Any], node: Node, known: Known | None) -> str:
        """The lines of new entries."""
        if not known or isinstance(known, str):
            return " " * node.column + dump(added, node.column)
        lines = [self._lines(node, {key: added[key]}, known.get(key)) for key in added]
        return "".join(lines)

    def elements(
        self, new: list[Any], begin: int, end: int, node: Node, known: Known | None
    ) -> str:
        """The lines of new elements."""
        if not known or isinstance(known, str):
            return " " * node.column + dump(new[begin:end], node.column)
        lines = [self._lines(node, [new[at]], known.get(at)) for at in range(begin, end)]
        return "".join(lines)

    def _lines(self, node: Node, value: Any, known: Known | None) -> str:
        """The lines of a mapping or list with one child."""
        if isinstance(known, str) and self._fits(node, value, known):
            return known
        return " " * node.column + dump(value, node.column)

    def _fits(self, node: Node, value: Any, text: str) -> bool:
        """Whether a known entry may stand in this block for the value (a mapping or list with one
        child).
        """
        lines = [line for line in text.split("\n") if line.strip() and line.lstrip()[0] != "#"]
        if not lines or len(lines[0]) - len(lines[0].lstrip(" ")) != node.column:
            return False

        try:
            return same(load(text), value)
        except YamlError as error:
            # An alias whose anchor stands elsewhere; the whole is read again.
            return error.code == "yaml-alias"

    # Edits

    def restore(self, node: Node, position: int, value: Any, text: str) -> bool:
        """Write an entry as it is known to have been; whether that was possible."""
        if not self._fits(node, value, text):
            return False

        start = self.starts(node)[position]
        end = self.line_end(node.children[position].end)
        line = text.lstrip(" ")
        if self.text[start:end] != line:
            self.replacements.append((start, end, line))
        return True

    def insert_behind(self, child: Node, added: str) -> None:
        place = self.line_end(child.end)
        self.replacements.append((place, place, added))

    def insert_first(self, node: Node, starts: list[int], added: str, first: int) -> None:
        """Put entries in front of the first one that stays: where the first of those stood that go,
        if any do.
        """
        at = starts[0]
        begin = self.text.rfind("\n", 0, at) + 1
        if first and not self._behind_other(node, begin, at):
            self.replacements.append((begin, begin, added))
            return

        at = starts[0 if first else first]
        if added.startswith(" " * node.column):
            added = added[node.column :]

        self.replacements.append((at, at, added + " " * node.column))

    def cut(
        self,
        node: Node,
        starts: list[int],
        position: int,
        first: int,
        path: Path,
        written: dict[str, Any] | list[Any],
    ) -> None:
        """Take an entry or element out, with the comment lines above it where something stays above
        those. ``first``: the position of the first one that stays.
        """
        end = self.line_end(node.children[position].end)
        if position > first:
            begin = self.line_end(node.children[position - 1].end)
        else:
            begin = self.text.rfind("\n", 0, starts[position]) + 1
            if position + 1 < len(starts) and self.text[end : starts[position + 1]].strip(" "):
                self.sure = False  # comments: whether an entry stood above or below them

            if self._behind_other(node, self.text.rfind("\n", 0, starts[0]) + 1, starts[0]):
                # The next one takes its place behind the dash.
                begin, end = starts[position], starts[position + 1]

        text = self.text[begin:end]
        if position <= first:
            text = self.entry(node, position)

        if text != " " * node.column + dump(written, node.column):
            self.gone[path] = text
            self.sure = False
        else:
            self.maybe[path] = text

        self.replacements.append((begin, end, ""))

    def replace(self, spot: Spot, old: Any = ()) -> None:
        """Write a value anew behind its key or dash; ``old``: what stands there, () if that is not
        known.
        """
        node, new, parent = spot.node, spot.new, spot.parent
        if parent is None:
            raise Unfit
        if self.nodes.shared:
            self.note_written_out(node)

        behind = self._behind_label(parent, spot.position)
        end = self.line_end(node.end)
        on_line = node.start >= behind and "\n" not in self.text[behind : node.start]
        inline = on_line and node.style in ("", "flow")
        self._forget(behind, end, spot.path)

        is_collection = isinstance(new, (dict, list)) and bool(new)
        if is_collection:
            value = _collection(new, parent)
        else:
            value = string(new, " " * parent.column) if isinstance(new, str) else scalar(new)
            if inline and "\n" not in value:
                self._replace_inline(spot, parent, value, behind, old)
                return
            value = " " + value

        rest = self.text[node.end : end].rstrip() if inline else ""
        if rest[:1] == "#" or "\t" in rest[: rest.find("#")]:
            # "{}# c" is a comment, "key:# c" is none; and a tab may not follow a dash.
            rest = " " + rest.lstrip(" \t")
        if rest and parent.style == "seq" and is_collection:
            value = f"{rest}\n{' ' * parent.column}  {value[1:]}"
        elif rest:
            head, _, body = value.partition("\n")
            value = f"{head}{rest}\n{body}"

        self.note_gone(parent, spot.position, spot.path, old)
        if not (is_collection and value.endswith("\n")):
            value += "\n"
        self.replacements.append((behind, end, value))

    def _replace_inline(self, spot: Spot, parent: Node, value: str, behind: int, old: Any) -> None:
        """Write a scalar in the place of another on its line; what stands behind it stays."""
        start, end = spot.node.start, spot.node.end
        has_gap = self.text[start - 1] in " \t" and start > behind
        if not _is_written_as(self.text[start:end], old):
            self.note_gone(parent, spot.position, spot.path, old)
        self.replacements.append((start, end, value if has_gap else " " + value))

    def note_gone(self, parent: Node, position: int, path: Path, old: Any = ()) -> None:
        """Note an entry that stood for ``old``, () where that is not known, if this module would
        write it otherwise.
        """
        text = self.entry(parent, position)
        written = {parent.keys[position]: old} if parent.style == "map" else [old]
        if old == () or text != " " * parent.column + dump(written, parent.column):
            self.gone[path] = text

    def note_written_out(self, node: Node) -> None:
        """Note the names of the aliases in a node that is written anew."""
        if id(node) in self.nodes.aliases:
            self.written_out.append(self.text[node.start + 1 : node.end])
        for child in node.children:
            self.note_written_out(child)

    def covers(self, node: Node) -> bool:
        """Whether a node's text is taken out."""
        return any(start <= node.start < end for start, end, _ in self.replacements)

    def _forget(self, begin: int, end: int, path: Path) -> None:
        """Drop the edits inside of what is written anew."""
        if not self.nodes.aliases:
            return  # nothing is written anew a second time
        self.replacements = [
            edit for edit in self.replacements if not (begin <= edit[0] and edit[1] <= end)
        ]
        self.gone = {step: text for step, text in self.gone.items() if step[: len(path)] != path}

    def applied(self) -> str:
        """The new text."""
        pieces: list[str] = []
        at = 0
        for start, end, new in sorted(self.replacements, key=lambda edit: edit[0]):
            if start < at:
                raise Unfit

            may_be_blank = "|" in new and self.text[end : end + 1] in " \n"
            if may_be_blank and _BLANK_LINE.match(self.text, end):
                self.sure = False  # a block scalar at its end counts the blank line as its own
            if may_be_blank and _DEEP_COMMENT.match(self.text, end):
                self.doubtful = True  # and a comment, or blanks, that stand as deep

            pieces += (self.text[at:start], new)
            at = end

        pieces.append(self.text[at:])
        return "".join(pieces)


def _collection(value: Any, parent: Node) -> str:
    """The text of a collection behind its key or dash."""
    if parent.style != "map":
        return " " + dump(value, parent.column + 2)
    column = parent.column + 2 if isinstance(value, dict) else parent.column
    return "\n" + " " * column + dump(value, column)


def _is_written_as(text: str, value: Any) -> bool:
    """Whether this module would write a scalar like this; () stands for an unknown value."""
    if isinstance(value, (dict, list, tuple)):
        return False
    return text == (string(value, "") if isinstance(value, str) else scalar(value))
