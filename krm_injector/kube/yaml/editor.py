"""One change of a block text: where its nodes stand, what of old and new differs, and the
replacements that follow.

What cannot be edited in place (flow style) is written anew, as small a piece as possible. Where a
text has anchors, an alias that would come to mean something else is written out, and the result is
read again before it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from krm_injector.kube.yaml import scalars
from krm_injector.kube.yaml.emit import dump, scalar, string
from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    YAMLError,
    parser,
)
from krm_injector.kube.yaml.load import TAG, load
from krm_injector.kube.yaml.pairing import moved, paired, same

_ODD_BREAKS = "\r\x85\u2028\u2029"
# Looked for where they are needed, since compiling them costs every run more than that.
_EXPLICIT = r"[ -]*\?[ \t]+\Z"
_PROPERTIES = r"(?:[&!][^\s]*|[ \t\n]+|(?<=[ \t\n])#[^\n]*)+"
_COLON = r"(?:[ \t\n]|(?<=[ \t\n])#[^\n]*)*:"
_BLANK_LINE = r"[ \t]*\n"
_MERGE = "\0<<"  # the name of a merge key's entry; no key of a manifest can be that

Path = tuple[str | int, ...]
Known = Mapping[Any, Any] | str
"""How entries were written, by their path in the new value: mappings of keys and indices, at whose ends the entries'
lines stand (comments above, key or dash, value, comment behind). At the root: the text as a whole."""


class Edited(NamedTuple):
    """A changed text."""

    text: str
    gone: dict[
        Path, str
    ]  # entries of the old value, in the form of Known, that an edit back would write otherwise
    sure: (
        bool  # whether an edit back that knows these gives the old text; False: it has to be tried
    )
    maybe: dict[Path, str] = {}  # noqa: RUF012 - entries that an edit back may need to know if it does not
    aliases: tuple[str, ...] = ()  # the names of those that were written out


class _Node:
    """One node and where it stands."""

    __slots__ = ("children", "column", "end", "keys", "marks", "start", "style")

    def __init__(self, start: int, column: int, style: str) -> None:
        self.start = start
        self.end = start  # behind its last character; a block scalar's is the start of a line
        self.column = column
        self.style = (
            style  # "map" | "seq" (in block style), "flow", "block" (| or >), "" (any other)
        )
        self.keys: list[str] = []
        self.marks: list[tuple[int, int]] = []  # of the keys
        self.children: list[_Node] = []


class _Spot(NamedTuple):
    """A node that can be written anew, by what it stands in."""

    node: _Node
    new: Any
    parent: _Node | None  # None for the root
    position: int
    path: Path


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def _scalar(event: Any) -> _Node:
    mark = event.start_mark
    node = _Node(mark.index, mark.column, "block" if event.style in ("|", ">") else "")
    node.end = event.end_mark.index
    return node


class _Unfit(Exception):
    """The layout does not allow an edit here."""


class Editor:
    """text begins with as many blanks as the root's column; on_marker: the root begins on the line
    of "---".
    """

    def __init__(self, text: str, column: int, on_marker: bool = False) -> None:
        self.source = text
        self.text = text
        self.column = column
        self.on_marker = on_marker
        self.edits: list[tuple[int, int, str]] = []
        self.gone: dict[Path, str] = {}
        self.maybe: dict[Path, str] = {}
        self.written_out: list[str] = []
        self.sure = True
        self.shared = False  # anchors and aliases: nodes that depend on one another
        self.anchors: dict[str, _Node] = {}  # the last one of each name so far
        self.aliases: dict[int, _Node | None] = {}  # what an alias, by its node's id, stands for
        self.uses: list[
            tuple[_Node | None, _Spot]
        ] = []  # an anchored node, and what has to be written anew without it
        self.values: dict[
            int, tuple[Any, Any]
        ] = {}  # of the anchored nodes, by their ids: old and new

    def edited(self, old: Any, new: Any, known: Known | None = None) -> Edited:
        """The new text, from the root's first character on."""
        open_end = not self.text.endswith("\n")
        if open_end:
            self.text += "\n"

        try:
            root = self.read()
        except YAMLError:
            return self._anew(None, new, "", open_end)

        tail = self.text[self._line_end(root.end) :]
        risky = (
            self.shared
            or known
            or (open_end and _last(root).style == "block")
            or _has_odd_break(self.text)
        )
        try:
            self._change(root, old, new, None, 0, (), known)
            if self.uses:
                self._write_out()
            text = self._applied()
        except (_Unfit, LookupError):
            return self._anew(root, new, tail, open_end)

        if open_end:
            text, closed = text.removesuffix("\n"), text
            if (
                not risky
                and any(end == len(self.text) for _, end, _ in self.edits)
                and not self._reads_as(text, new)
            ):
                text, self.sure = closed, False  # a block scalar at the end needs its line break

        if risky and not self._reads_as(text, new):
            if known:
                return Editor(self.source, self.column, self.on_marker).edited(old, new)
            return self._anew(root, new, tail, open_end)

        return Edited(
            text[self.column :],
            self.gone,
            self.sure and not risky,
            self.maybe,
            tuple(self.written_out),
        )

    def _anew(self, root: _Node | None, new: Any, tail: str, open_end: bool) -> Edited:
        """The whole text written anew; only what stands behind its root stays."""
        self.written_out.clear()
        if root is not None:
            self._note_written_out(root)

        source = self.source[self.column :]
        text = ("\n" + dump(new) if self.on_marker else dump(new, self.column)) + tail
        text = (
            text.removesuffix("\n")
            if open_end and self._reads_as(text.removesuffix("\n"), new)
            else text
        )
        gone: dict[Path, str] = {} if text == source else {(): source}
        return Edited(text, gone, True, aliases=tuple(self.written_out))

    def _reads_as(self, text: str, new: Any) -> bool:
        try:
            return same(load(text), new)
        except YamlError:
            return False

    # --- reading
    # -----------------------------------------------------------------------------------------------------

    def read(self) -> _Node:
        """The root, with all below it. Errors: YAMLError."""
        get = parser(self.text)
        get()
        get()
        return self._read(get, get())

    def _read(self, get: Any, event: Any) -> _Node:
        """The node that event begins, with all below it."""
        mark: Any = event.start_mark
        kind = event.__class__
        if kind is AliasEvent:
            self.shared = True
            node = _Node(mark.index, mark.column, "")
            node.end = event.end_mark.index
            self.aliases[id(node)] = self.anchors.get(event.anchor)
            return node

        if kind is ScalarEvent:
            node = _scalar(event)
            if event.anchor is not None:
                self._anchored(event.anchor, node)
            return node

        style = "flow" if event.flow_style else "map" if kind is MappingStartEvent else "seq"
        node = _Node(mark.index, mark.column, style)
        if event.anchor is not None:
            self._anchored(event.anchor, node)
        if style != "flow" and (event.anchor is not None or event.tag is not None):
            self._pass_properties(node)

        children = node.children
        if kind is MappingStartEvent:
            key: Any
            while (key := get()).__class__ is not MappingEndEvent:
                if key.__class__ is not ScalarEvent:
                    raise YAMLError("an alias as a key")

                node.keys.append(self._key(key))
                node.marks.append(_span(key))
                value: Any = get()
                if value.__class__ is ScalarEvent and value.anchor is None:
                    children.append(_scalar(value))
                else:
                    children.append(self._read(get, value))

            last: Any = key
        else:
            while (last := get()).__class__ is not SequenceEndEvent:
                children.append(self._read(get, last))

        if event.flow_style:
            node.end = last.end_mark.index
        elif children:
            node.end = children[-1].end

        return node

    def _anchored(self, name: str, node: _Node) -> None:
        self.shared = True
        self.anchors[name] = node

    def _pass_properties(self, node: _Node) -> None:
        """Let a block begin at its first key or dash, not at its anchor or tag."""
        found = re.compile(_PROPERTIES).match(self.text, node.start)
        if found:
            node.start = found.end()
            node.column = node.start - self.text.rfind("\n", 0, node.start) - 1

    def _key(self, event: Any) -> str:
        text: str = event.value
        if event.anchor is not None:
            self._anchored(event.anchor, _scalar(event))
        if event.tag is not None and event.tag != TAG + "str":
            raise YAMLError("a key with a tag")
        if not event.implicit[0] or event.tag is not None:
            return text

        if text == "<<":
            self.shared = True
            return _MERGE

        return scalars.key_text(scalars.resolve(text)) or ""

    # --- comparing
    # ---------------------------------------------------------------------------------------------------

    def _change(
        self,
        node: _Node,
        old: Any,
        new: Any,
        parent: _Node | None,
        position: int,
        path: Path,
        known: Known | None,
    ) -> None:
        """Note the edits that make node, which stands for old, stand for new."""
        if self.shared:
            self.values[id(node)] = old, new
            if id(node) in self.aliases and self._means(self.aliases[id(node)], new):
                self.uses.append((self.aliases[id(node)], _Spot(node, new, parent, position, path)))
                return

        unchanged = (self.shared or known) and same(old, new)
        edits, gone, uses = len(self.edits), self.gone.copy(), len(self.uses)
        try:
            if node.style == "map" and isinstance(new, dict) and isinstance(old, dict):
                survivors = [at for at, key in enumerate(node.keys) if key in new or key == _MERGE]
                if survivors:
                    self._change_mapping(node, old, new, survivors, path, known)
                    if _MERGE in node.keys:
                        self._note_merges(node, _Spot(node, new, parent, position, path))
                    return
            elif node.style == "seq" and isinstance(new, list) and isinstance(old, list):
                pairs = paired(old, new)
                if pairs:
                    self._change_sequence(node, old, new, pairs, path, known)
                    return
        except _Unfit:
            if parent is None:
                raise
            del self.edits[edits:], self.uses[uses:]
            self.gone = gone

        if unchanged:
            self._note_inside(node, _Spot(node, new, parent, position, path))
            return

        if parent is None:
            raise _Unfit

        self._replace(node, new, parent, position, path, old)

    def _change_mapping(
        self,
        node: _Node,
        old: dict[str, Any],
        new: dict[str, Any],
        survivors: list[int],
        path: Path,
        known: Known | None,
    ) -> None:
        merges = _MERGE in node.keys
        written = set(node.keys)
        before: dict[str, Any] = {}  # new keys in front of the first one that stays
        behind: dict[str, dict[str, Any]] = {}  # new keys by the key in the text that they follow
        target = before
        if merges:
            if any(key not in new for key in old if key not in written):
                raise _Unfit  # what a merge brings cannot be left out
            target = behind.setdefault(node.keys[-1], {})  # behind the merge, which else would win

        for key, value in new.items():
            if key in written:
                target = target if merges else behind.setdefault(key, {})
            elif not merges or key not in old or not same(old[key], value):
                target[key] = value

        if not before and not any(behind.values()) and len(survivors) == len(node.keys):
            starts: list[int] = []  # nothing comes or goes
        else:
            starts = self._starts(node)

        if before:
            self._insert_first(node, starts, self._entries(before, node, known), survivors[0])

        for position, key in enumerate(node.keys):
            child = node.children[position]
            if key in new:
                inner = known.get(key) if known else None  # type: ignore[union-attr]
                value = new[key]
                if inner.__class__ is str and self._restore(node, position, {key: value}, inner):
                    pass
                elif inner or self.shared or not same(old[key], value):
                    deeper = None if inner.__class__ is str else inner
                    self._change(child, old[key], value, node, position, (*path, key), deeper)
            elif key != _MERGE:
                self._cut(node, starts, position, survivors[0], (*path, key), {key: old.get(key)})

            if behind.get(key):
                place = self._line_end(child.end)
                self.edits.append((place, place, self._entries(behind[key], node, known)))

    def _change_sequence(
        self,
        node: _Node,
        old: list[Any],
        new: list[Any],
        pairs: list[tuple[int, int]],
        path: Path,
        known: Known | None,
    ) -> None:
        starts = self._dashes(node)
        first = pairs[0][0]
        partner = dict(pairs)
        if pairs[0][1]:
            added = self._elements(new, 0, pairs[0][1], node, known)
            self._insert_first(node, starts, added, first)

        bounds = [at for _, at in pairs[1:]] + [len(new)]
        following = {mine: (at + 1, bound) for (mine, at), bound in zip(pairs, bounds, strict=True)}
        for position, child in enumerate(node.children):
            if position not in partner:
                self._cut(node, starts, position, first, (*path, position), [old[position]])
                continue

            at = partner[position]
            inner = known.get(at) if known else None  # type: ignore[union-attr]
            if inner.__class__ is str and self._restore(node, position, [new[at]], inner):
                pass
            elif inner or self.shared or not same(old[position], new[at]):
                deeper = None if inner.__class__ is str else inner
                self._change(
                    child, old[position], new[at], node, position, (*path, position), deeper
                )

            begin, bound = following[position]
            if begin < bound:
                place = self._line_end(child.end)
                self.edits.append((place, place, self._elements(new, begin, bound, node, known)))

        if moved(old, new, partner):  # others may seem to have moved on the way back
            self.sure = False
            for position in range(len(old)):
                if position not in partner or not same(old[position], new[partner[position]]):
                    self._tell(node, position, (*path, position))

    # --- anchors
    # -----------------------------------------------------------------------------------------------------

    def _means(self, anchored: _Node | None, new: Any) -> bool:
        """Whether an alias of this node stands for new once everything is changed."""
        return (
            anchored is not None
            and id(anchored) in self.values
            and same(self.values[id(anchored)][1], new)
        )

    def _note_merges(self, node: _Node, spot: _Spot) -> None:
        for key, child in zip(node.keys, node.children, strict=True):
            if key == _MERGE:
                self._note_inside(child, spot)

    def _note_inside(self, node: _Node, spot: _Spot) -> None:
        """Note the aliases in a node that can only be written anew as a whole, or with what is
        around it.
        """
        if id(node) in self.aliases:
            self.uses.append((self.aliases[id(node)], spot))
        for child in node.children:
            self._note_inside(child, spot)

    def _write_out(self) -> None:
        """Write anew what holds an alias whose anchor goes, or comes to stand for something else."""
        found = True
        while found:
            found = False
            for anchored, spot in self.uses:
                if self._covered(spot.node) or (
                    anchored is not None and self._stays(anchored, spot)
                ):
                    continue
                if spot.parent is None:
                    raise _Unfit

                self._replace(spot.node, spot.new, spot.parent, spot.position, spot.path)
                found = True

    def _stays(self, anchored: _Node, spot: _Spot) -> bool:
        """Whether an anchor still stands there, for what the aliases in the spot need."""
        if self._covered(anchored):
            return False
        values = self.values.get(id(anchored))
        if values is None or same(*values):
            return True  # inside of what does not change
        return id(spot.node) in self.aliases and same(values[1], spot.new)

    def _note_written_out(self, node: _Node) -> None:
        """Note the names of the aliases in a node that is written anew."""
        if id(node) in self.aliases:
            self.written_out.append(self.text[node.start + 1 : node.end])
        for child in node.children:
            self._note_written_out(child)

    def _covered(self, node: _Node) -> bool:
        """Whether a node's text is taken out."""
        return any(start <= node.start < end for start, end, _ in self.edits)

    # --- editing
    # -----------------------------------------------------------------------------------------------------

    def _line_end(self, at: int) -> int:
        """The start of the line behind the one on which a node ends."""
        if self.text[at - 1 : at] != "\n":
            return self.text.index("\n", at) + 1
        if self.text[at - 2 : at] == "\n\n":
            # a block scalar's blank lines; those of its neighbour on the way back may be another's
            self.sure = False
        return at

    def _starts(self, node: _Node) -> list[int]:
        """Where each entry of a block begins: its dash, its key, or the "?" in front of that."""
        if node.style == "seq":
            return self._dashes(node)

        found: list[int] = []
        for start, _ in node.marks:
            line = self.text.rfind("\n", 0, start) + 1
            if self.text[line:start].strip(" -"):
                if start - line > node.column and re.match(_EXPLICIT, self.text[line:start]):
                    start = line + node.column
                elif start != node.start:  # behind an anchor or tag, where only the first can stand
                    raise _Unfit
            found.append(start)

        return found

    def _dashes(self, node: _Node) -> list[int]:
        """Where each element's "-" stands."""
        found = [node.start]
        pad = " " * node.column + "-"
        for child in node.children[:-1]:
            at = self._line_end(child.end)
            while not self.text.startswith(pad, at):
                end = self.text.find("\n", at)
                line = self.text[at:end].strip() if end >= 0 else "end"
                if line and line[0] != "#":
                    raise _Unfit
                at = end + 1

            found.append(at + node.column)

        return found

    def entry(self, node: _Node, position: int) -> str:
        """The lines of an entry or element, blanks in front even where it stands behind another's
        dash.
        """
        start = self._starts(node)[position]
        return " " * node.column + self.text[start : self._line_end(node.children[position].end)]

    def _entries(self, added: dict[str, Any], node: _Node, known: Known | None) -> str:
        """The lines of new entries."""
        pad = " " * node.column
        if not known:
            return pad + dump(added, node.column)

        lines = []
        for key, value in added.items():
            inner = known.get(key)  # type: ignore[union-attr]
            fits = isinstance(inner, str) and self._fits(node, {key: value}, inner)
            lines.append(str(inner) if fits else pad + dump({key: value}, node.column))

        return "".join(lines)

    def _elements(
        self, new: list[Any], begin: int, end: int, node: _Node, known: Known | None
    ) -> str:
        """The lines of new elements."""
        pad = " " * node.column
        if not known:
            return pad + dump(new[begin:end], node.column)

        lines = []
        for at in range(begin, end):
            inner = known.get(at)  # type: ignore[union-attr]
            fits = isinstance(inner, str) and self._fits(node, [new[at]], inner)
            lines.append(str(inner) if fits else pad + dump([new[at]], node.column))

        return "".join(lines)

    def _fits(self, node: _Node, value: Any, text: str) -> bool:
        """Whether a known entry may stand in this block for the value (a mapping or list with one
        child).
        """
        lines = [line for line in text.split("\n") if line.strip() and line.lstrip()[0] != "#"]
        if not lines or len(lines[0]) - len(lines[0].lstrip(" ")) != node.column:
            return False

        try:
            return same(load(text), value)
        except YamlError as error:
            return (
                error.code == "yaml-alias"
            )  # its anchor stands elsewhere; the whole is read again

    def _restore(self, node: _Node, position: int, value: Any, text: str) -> bool:
        """Write an entry as it is known to have been; whether that was possible."""
        if not self._fits(node, value, text):
            return False

        start = self._starts(node)[position]
        end = self._line_end(node.children[position].end)
        line = text.lstrip(" ")
        if self.text[start:end] != line:
            self.edits.append((start, end, line))
        return True

    def _insert_first(self, node: _Node, starts: list[int], added: str, first: int) -> None:
        """Put entries in front of the first one that stays: where the first of those stood that go,
        if any do.
        """
        at = starts[0]
        begin = self.text.rfind("\n", 0, at) + 1
        if first and not self._behind_other(node, begin, at):
            self.edits.append((begin, begin, added))
            return

        at = starts[0 if first else first]
        if added.startswith(" " * node.column):
            added = added[node.column :]

        self.edits.append((at, at, added + " " * node.column))

    def _behind_other(self, node: _Node, begin: int, at: int) -> bool:
        """Whether a block's first entry stands behind the dash of an outer sequence, on its line."""
        return bool(self.text[begin:at].strip()) or (
            begin == 0 and at == node.start and self.column > 0
        )

    def _cut(
        self,
        node: _Node,
        starts: list[int],
        position: int,
        first: int,
        path: Path,
        written: dict[str, Any] | list[Any],
    ) -> None:
        """Take an entry or element out, with the comment lines above it where something stays above
        those.
        """
        end = self._line_end(node.children[position].end)
        if position > first:
            begin = self._line_end(node.children[position - 1].end)
        else:
            begin = self.text.rfind("\n", 0, starts[position]) + 1
            if position + 1 < len(starts) and self.text[end : starts[position + 1]].strip(" "):
                self.sure = False  # comments: whether an entry stood above or below them

            if self._behind_other(node, self.text.rfind("\n", 0, starts[0]) + 1, starts[0]):
                begin, end = (
                    starts[position],
                    starts[position + 1],
                )  # the next one takes its place behind the dash

        text = self.text[begin:end]
        if position <= first:
            text = self.entry(node, position)

        if text != " " * node.column + dump(written, node.column):
            self.gone[path] = text
            self.sure = False
        else:
            self.maybe[path] = text

        self.edits.append((begin, end, ""))

    def _replace(
        self, node: _Node, new: Any, parent: _Node, position: int, path: Path, old: Any = ()
    ) -> None:
        """Write a value anew behind its key or dash."""
        if self.shared:
            self._note_written_out(node)

        text, pad = self.text, " " * parent.column
        if parent.style == "map":
            behind = parent.marks[position][1]
            if not text.startswith(":", behind):
                colon = re.compile(_COLON).match(text, behind)
                if not colon:
                    raise _Unfit
                behind = colon.end() - 1
            behind += 1
        else:
            behind = self._dashes(parent)[position] + 1

        inline = (
            "\n" not in text[behind : node.start]
            and node.style in ("", "flow")
            and node.start >= behind
        )
        self._forget(behind, self._line_end(node.end), path)
        collection = isinstance(new, (dict, list)) and new
        if not collection:
            value = string(new, pad) if isinstance(new, str) else scalar(new)
            if inline and "\n" not in value:
                gap = "" if text[node.start - 1] in " \t" and node.start > behind else " "
                if not _written_so(text[node.start : node.end], old):
                    self._tell(parent, position, path, old)
                self.edits.append((node.start, node.end, gap + value))
                return

            value = " " + value
        elif parent.style == "map":
            value = "\n" + _block(
                new, parent.column + 2 if isinstance(new, dict) else parent.column
            )
        else:
            value = " " + dump(new, parent.column + 2)

        end = self._line_end(node.end)
        rest = text[node.end : end].rstrip() if inline else ""
        if rest and parent.style == "seq" and collection:
            value = f"{rest}\n{pad}  {value[1:]}"
        elif rest:
            head, _, body = value.partition("\n")
            value = f"{head}{rest}\n{body}"

        self._tell(parent, position, path, old)
        self.edits.append(
            (behind, end, value if value.endswith("\n") and collection else value + "\n")
        )

    def _tell(self, parent: _Node, position: int, path: Path, old: Any = ()) -> None:
        """Tell an entry that stood for old, () where that is not known, if it was not written as it
        would be here.
        """
        text = self.entry(parent, position)
        written = {parent.keys[position]: old} if parent.style == "map" else [old]
        if old == () or text != " " * parent.column + dump(written, parent.column):
            self.gone[path] = text

    def _forget(self, begin: int, end: int, path: Path) -> None:
        """Drop the edits inside of what is written anew."""
        if not self.uses:
            return  # nothing is written anew a second time
        self.edits = [edit for edit in self.edits if not (begin <= edit[0] and edit[1] <= end)]
        self.gone = {there: text for there, text in self.gone.items() if there[: len(path)] != path}

    def _applied(self) -> str:
        pieces: list[str] = []
        at = 0
        for start, end, new in sorted(self.edits, key=lambda edit: edit[0]):
            if start < at:
                raise _Unfit

            if (
                self.text[end : end + 1] in " \n"
                and "|" in new
                and re.compile(_BLANK_LINE).match(self.text, end)
            ):
                self.sure = False  # a block scalar at its end counts the blank line as its own

            pieces += (self.text[at:start], new)
            at = end

        pieces.append(self.text[at:])
        return "".join(pieces)


def entries_at(text: str, paths: Collection[Path]) -> dict[Path, str] | None:
    """The entries of a block text at these paths, in the form of Known; None where the layout does
    not tell them.
    """
    editor = Editor(text if text.endswith("\n") else text + "\n", 0)
    found: dict[Path, str] = {}
    try:
        root = editor.read()
        for path in paths:
            node = root
            for number, step in enumerate(path):
                position = step if isinstance(step, int) else node.keys.index(step)
                if node.style not in ("map", "seq"):
                    return None
                if number == len(path) - 1:
                    found[path] = editor.entry(node, position)
                node = node.children[position]
    except (YAMLError, _Unfit, LookupError, ValueError):
        return None

    return found


def _block(value: Any, column: int) -> str:
    return " " * column + dump(value, column)


def _written_so(text: str, value: Any) -> bool:
    """Whether this module would write a scalar like this; () stands for a value that is not known."""
    if isinstance(value, (dict, list, tuple)):
        return False
    return text == (string(value, "") if isinstance(value, str) else scalar(value))


def _last(node: _Node) -> _Node:
    while node.children:
        node = node.children[-1]
    return node


def _has_odd_break(text: str) -> bool:
    """Whether a line may end in other than a line feed."""
    return any(character in text for character in _ODD_BREAKS)
