"""One change of a block text: what of old and new differs, and the replacements that follow.

What cannot be edited in place (flow style) is written anew, as small a piece as possible. Where a
text has anchors, an alias that would come to mean something else is written out, and the result is
read again before it is taken.
"""

from __future__ import annotations

from krm_injector.kube.yaml.block_edits import BlockEdits, Known, Path, Spot, Unfit
from krm_injector.kube.yaml.emit import dump
from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.events import ODD_BREAKS, YAMLError
from krm_injector.kube.yaml.load import load
from krm_injector.kube.yaml.nodes import MERGE_KEY, Node, NodeReader
from krm_injector.kube.yaml.pairing import moved, paired, same
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

__all__ = ["Edited", "Editor", "Known", "Path", "entries_at", "same"]

_BREAKS = ("\n", *ODD_BREAKS)


class Edited(NamedTuple):
    """A changed text."""

    text: str
    # entries of the old value, in the form of Known, that an edit back would write otherwise
    gone: dict[Path, str]
    # whether an edit back that knows these gives the old text; False: it has to be tried
    sure: bool
    # entries that an edit back may need to know if it does not
    maybe: dict[Path, str] = {}  # noqa: RUF012
    aliases: tuple[str, ...] = ()  # the names of those that were written out


class Editor:
    """text begins with as many blanks as the root's column; on_marker: the root begins on the line
    of "---".
    """

    def __init__(self, text: str, column: int, on_marker: bool = False) -> None:
        self.source = text
        self.open_end = not text.endswith(_BREAKS)
        self.text = text if text.endswith("\n") else text + "\n"
        self.column = column
        self.on_marker = on_marker
        self.nodes = NodeReader(self.text)
        self.block = BlockEdits(self.text, column, self.nodes)
        # an anchored node, and what has to be written anew without it
        self.uses: list[tuple[Node | None, Spot]] = []
        # old and new of the anchored nodes, by their ids
        self.values: dict[int, tuple[Any, Any]] = {}

    def edited(self, old: Any, new: Any, known: Known | None = None) -> Edited:
        """The new text, from the root's first character on."""
        try:
            root = self.nodes.read()
        except YAMLError:
            return self._anew(None, new, "")

        block = self.block
        tail = self.text[block.line_end(root.end) :]
        risky = bool(
            self.nodes.shared
            or known
            or (self.open_end and _last(root).style == "block")
            or _has_odd_break(self.text)
        )
        try:
            self._change(Spot(root, new, None, 0, ()), old, known)
            if self.uses:
                self._write_out()
            text = block.applied()
            risky = risky or block.doubtful
        except (Unfit, LookupError):
            return self._anew(root, new, tail)

        if self.open_end:
            text = self._with_open_end(text, new, risky)

        if risky and not _reads_as(text, new):
            if known:
                return Editor(self.source, self.column, self.on_marker).edited(old, new)
            return self._anew(root, new, tail)

        sure = block.sure and not risky
        aliases = tuple(block.written_out)
        return Edited(text[self.column :], block.gone, sure, block.maybe, aliases)

    def _with_open_end(self, text: str, new: Any, risky: bool) -> str:
        """A text without the line break that the old one does not have either."""
        without = text.removesuffix("\n")
        at_end = any(end == len(self.text) for _, end, _ in self.block.replacements)
        if risky or not at_end or _reads_as(without, new):
            return without

        self.block.sure = False
        return text  # a block scalar at the end needs its line break

    def _anew(self, root: Node | None, new: Any, tail: str) -> Edited:
        """The whole text written anew; only what stands behind its root stays."""
        self.block.written_out.clear()
        if root is not None:
            self.block.note_written_out(root)

        source = self.source[self.column :]
        text = ("\n" + dump(new) if self.on_marker else dump(new, self.column)) + tail
        if tail.strip("\n") and not _reads_as(text, new):
            # Comments and blanks that a block scalar would take for its own.
            text = text.removesuffix(tail) + "\n".join(line.lstrip() for line in tail.split("\n"))
        if self.open_end and _reads_as(text.removesuffix("\n"), new):
            text = text.removesuffix("\n")

        gone: dict[Path, str] = {} if text == source else {(): source}
        return Edited(text, gone, True, aliases=tuple(self.block.written_out))

    # Comparing

    def _change(self, spot: Spot, old: Any, known: Known | None) -> None:
        """Note the edits that make the spot's node, which stands for old, stand for the new."""
        node, new = spot.node, spot.new
        shared = self.nodes.shared
        if shared:
            self.values[id(node)] = old, new
            if id(node) in self.nodes.aliases:
                anchored = self.nodes.aliases[id(node)]
                if self._means(anchored, new):
                    self.uses.append((anchored, spot))
                    return

        unchanged = (shared or known) and same(old, new)
        if self._change_inside(spot, old, known):
            return

        if unchanged:
            self._note_inside(node, spot)
        else:
            self.block.replace(spot, old)

    def _change_inside(self, spot: Spot, old: Any, known: Known | None) -> bool:
        """Edit what lies in a block; False where it has to be written anew as a whole."""
        style, new = spot.node.style, spot.new
        is_mapping = style == "map" and isinstance(new, dict) and isinstance(old, dict)
        is_sequence = style == "seq" and isinstance(new, list) and isinstance(old, list)
        if not is_mapping and not is_sequence:
            return False

        block = self.block
        edits, gone, uses = len(block.replacements), block.gone.copy(), len(self.uses)
        try:
            if is_mapping:
                return self._change_mapping(spot, old, known)
            return self._change_sequence(spot, old, known)
        except Unfit:
            if spot.parent is None:
                raise
            del block.replacements[edits:], self.uses[uses:]
            block.gone = gone
            return False

    def _change_mapping(self, spot: Spot, old: dict[str, Any], known: Known | None) -> bool:
        node, new, block, shared = spot.node, spot.new, self.block, self.nodes.shared
        survivors = [at for at, key in enumerate(node.keys) if key in new or key == MERGE_KEY]
        if not survivors:
            return False

        added = _added_entries(node, old, new)
        starts: list[int] = []
        if added or len(survivors) < len(node.keys):
            starts = block.starts(node)
        if None in added:
            lines = block.entries(added[None], node, known)
            block.insert_first(node, starts, lines, survivors[0])

        for position, key in enumerate(node.keys):
            if key in new:
                value = new[key]
                inner = _at(known, key) if known else None
                if inner or shared or not same(old[key], value):
                    self._change_child(spot, position, key, old, {key: value}, inner)
            elif key != MERGE_KEY:
                path, written = (*spot.path, key), {key: old.get(key)}
                block.cut(node, starts, position, survivors[0], path, written)

            if key in added:
                lines = block.entries(added[key], node, known)
                block.insert_behind(node.children[position], lines)

        if MERGE_KEY in node.keys:
            self._note_merges(node, spot)
        return True

    def _change_sequence(self, spot: Spot, old: list[Any], known: Known | None) -> bool:
        node, new, block, shared = spot.node, spot.new, self.block, self.nodes.shared
        pairs = paired(old, new)
        if not pairs:
            return False

        starts = block.starts(node)
        first, first_new = pairs[0]
        if first_new:
            added = block.elements(new, 0, first_new, node, known)
            block.insert_first(node, starts, added, first)

        partner = dict(pairs)
        # the new elements behind each one that stays, up to the next one that stays
        bounds = [at for _, at in pairs[1:]] + [len(new)]
        following = {mine: (at + 1, bound) for (mine, at), bound in zip(pairs, bounds, strict=True)}
        for position, child in enumerate(node.children):
            if position not in partner:
                path = (*spot.path, position)
                block.cut(node, starts, position, first, path, [old[position]])
                continue

            at = partner[position]
            inner = _at(known, at) if known else None
            if inner or shared or not same(old[position], new[at]):
                self._change_child(spot, position, position, old, [new[at]], inner)
            begin, bound = following[position]
            if begin < bound:
                block.insert_behind(child, block.elements(new, begin, bound, node, known))

        if moved(old, new, partner):  # others may seem to have moved on the way back
            block.sure = False
            for position in range(len(old)):
                if position not in partner or not same(old[position], new[partner[position]]):
                    block.note_gone(node, position, (*spot.path, position))

        return True

    def _change_child(
        self,
        spot: Spot,
        position: int,
        step: str | int,
        siblings: Any,
        entry: dict[str, Any] | list[Any],
        known: Known | None,
    ) -> None:
        """Edit one entry of a block, which is to become ``entry`` (a mapping or list with one
        child); ``siblings``: the old mapping or list that has it at ``step``.
        """
        if isinstance(known, str) and self.block.restore(spot.node, position, entry, known):
            return

        # A known text that does not fit says nothing about what lies inside.
        deeper = None if isinstance(known, str) else known
        child = spot.node.children[position]
        (value,) = entry.values() if isinstance(entry, dict) else entry
        inner = Spot(child, value, spot.node, position, (*spot.path, step))
        self._change(inner, siblings[step], deeper)

    # Anchors

    def _means(self, anchored: Node | None, new: Any) -> bool:
        """Whether an alias of this node stands for new once everything is changed."""
        return (
            anchored is not None
            and id(anchored) in self.values
            and same(self.values[id(anchored)][1], new)
        )

    def _note_merges(self, node: Node, spot: Spot) -> None:
        for key, child in zip(node.keys, node.children, strict=True):
            if key == MERGE_KEY:
                self._note_inside(child, spot)

    def _note_inside(self, node: Node, spot: Spot) -> None:
        """Note the aliases in a node that can only be written anew as a whole, or with what is
        around it.
        """
        if id(node) in self.nodes.aliases:
            self.uses.append((self.nodes.aliases[id(node)], spot))
        for child in node.children:
            self._note_inside(child, spot)

    def _write_out(self) -> None:
        """Write anew what holds an alias whose anchor goes, or comes to have another value."""
        again = True
        while again:  # what is written anew may hold the anchor of another alias
            again = False
            for anchored, spot in self.uses:
                stays = anchored is not None and self._stays(anchored, spot)
                if not stays and not self.block.covers(spot.node):
                    self.block.replace(spot)
                    again = True

    def _stays(self, anchored: Node, spot: Spot) -> bool:
        """Whether an anchor still stands there, for what the aliases in the spot need."""
        if self.block.covers(anchored):
            return False
        values = self.values.get(id(anchored))
        if values is None or same(*values):
            return True  # inside of what does not change
        return id(spot.node) in self.nodes.aliases and same(values[1], spot.new)


def entries_at(text: str, paths: Collection[Path]) -> dict[Path, str] | None:
    """The entries of a block text at these paths, in the form of Known; None where the layout does
    not tell them.
    """
    text = text if text.endswith("\n") else text + "\n"
    nodes = NodeReader(text)
    block = BlockEdits(text, 0, nodes)
    entries: dict[Path, str] = {}
    try:
        root = nodes.read()
        for path in paths:
            node = root
            for number, step in enumerate(path):
                position = step if isinstance(step, int) else node.keys.index(step)
                if node.style not in ("map", "seq"):
                    return None
                if number == len(path) - 1:
                    entries[path] = block.entry(node, position)
                node = node.children[position]
    except (YAMLError, Unfit, LookupError, ValueError):
        return None

    return entries


def _added_entries(
    node: Node, old: dict[str, Any], new: dict[str, Any]
) -> dict[str | None, dict[str, Any]]:
    """New entries by the key in the text that they follow; None for those in front of the first one
    that stays.
    """
    merges = MERGE_KEY in node.keys
    written = set(node.keys)
    place: str | None = None
    if merges:
        if any(key not in new for key in old if key not in written):
            raise Unfit  # what a merge brings cannot be left out
        place = node.keys[-1]  # behind the merge, which else would win

    added: dict[str | None, dict[str, Any]] = {}
    for key, value in new.items():
        if key in written:
            place = place if merges else key
        elif not merges or key not in old or not same(old[key], value):
            added.setdefault(place, {})[key] = value

    return added


def _at(known: Known, step: str | int) -> Known | None:
    """What is known of an entry."""
    return None if isinstance(known, str) else known.get(step)


def _reads_as(text: str, value: Any) -> bool:
    try:
        return same(load(text), value)
    except YamlError:
        return False


def _last(node: Node) -> Node:
    while node.children:
        node = node.children[-1]
    return node


def _has_odd_break(text: str) -> bool:
    """Whether a line may end in other than a line feed."""
    return any(character in text for character in ODD_BREAKS)
