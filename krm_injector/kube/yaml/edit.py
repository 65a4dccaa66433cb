"""Change a value inside a YAML text and keep the bytes of all that does not change.

One event pass over the item's text finds where each node stands; old and new value are compared node by node, and each
difference becomes one replacement in the text. What cannot be edited in place (flow style, explicit keys) is written
anew, as small a piece as possible; an item with anchors or merge keys is written anew as a whole.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from typing import Any

from krm_injector.kube.yaml import scalars
from krm_injector.kube.yaml.emit import dump, scalar, string, to_json
from krm_injector.kube.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    YAMLError,
    parser,
)
from krm_injector.kube.yaml.load import Place

_ODD_BREAKS = re.compile("\r|\x85|\u2028|\u2029")
_LINE_START = re.compile(r"[ -]*\Z")


def rewrite(text: str, place: Place, old: Any, new: Any, newline: str = "\n") -> str:
    """The text that is to stand for new where text[place.start:place.end] stands for old.

    newline is the line break of the whole text, "\\n" or "\\r\\n". The result reads back to exactly new.
    """
    if not place.block:
        written = _in_flow(text, place, new)
    else:
        source = " " * place.column + text[place.start : place.end]
        if newline == "\r\n":
            source = source.replace("\r\n", "\n")
        written = _Editor(source, place.column).edited(old, new)
    return written.replace("\n", "\r\n") if newline == "\r\n" else written


def _in_flow(text: str, place: Place, new: Any) -> str:
    """What stands on one line, or in a flow collection, written anew."""
    before = text[text.rfind("\n", 0, place.start) + 1 : place.start]
    behind, line_break, _ = text[place.end :].partition("\n")
    behind = behind.removesuffix("\r")
    if (behind.strip() and behind[:2] != " #") or not (_LINE_START.match(before) or before.rstrip() == "---"):
        return to_json(new)
    written = "\n" + dump(new) if before.startswith("---") else dump(new, place.column)
    return written.removesuffix("\n") if line_break and not behind.strip() else written


class _Node:
    """One node and where it stands."""

    __slots__ = ("children", "column", "end", "keys", "marks", "start", "style")

    def __init__(self, start: int, column: int, style: str) -> None:
        self.start = start
        self.end = start  # behind its last character; a block scalar's is the start of a line
        self.column = column
        self.style = style  # "map" | "seq" (in block style), "flow", "block" (| or >), "" (any other)
        self.keys: list[str] = []
        self.marks: list[tuple[int, int]] = []  # of the keys
        self.children: list[_Node] = []


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def _scalar(event: Any) -> _Node:
    mark = event.start_mark
    node = _Node(mark.index, mark.column, "block" if event.style in ("|", ">") else "")
    node.end = event.end_mark.index
    return node


class _Unfit(Exception):
    """The layout does not allow an edit here."""


class _Editor:
    def __init__(self, text: str, column: int) -> None:
        self.text = text
        self.column = column
        self.edits: list[tuple[int, int, str]] = []
        self.shared = False  # anchors, aliases, merge keys: nodes that depend on one another

    def edited(self, old: Any, new: Any) -> str:
        """The new text, from the root's first character on."""
        if _ODD_BREAKS.search(self.text):
            return dump(new, self.column)
        open_end = not self.text.endswith("\n")
        if open_end:
            self.text += "\n"
        try:
            get = parser(self.text)
            get()
            get()
            root = self._read(get, get())
        except YAMLError:
            return dump(new, self.column)
        tail = self.text[self._line_end(root.end) :]
        if self.shared or (open_end and _last(root).style == "block"):
            return dump(new, self.column) + tail
        try:
            self._change(root, old, new, None, 0)
            return self._applied()[self.column :]
        except _Unfit:
            return dump(new, self.column) + tail

    # --- reading -----------------------------------------------------------------------------------------------------

    def _read(self, get: Any, event: Any) -> _Node:
        """The node that event begins, with all below it."""
        mark: Any = event.start_mark
        kind = event.__class__
        if kind is ScalarEvent:
            self.shared = self.shared or event.anchor is not None
            return _scalar(event)
        if kind is AliasEvent:
            self.shared = True
            node = _Node(mark.index, mark.column, "")
            node.end = event.end_mark.index
            return node
        self.shared = self.shared or event.anchor is not None
        style = "flow" if event.flow_style or event.tag is not None else "map" if kind is MappingStartEvent else "seq"
        node = _Node(mark.index, mark.column, style)
        children = node.children
        if kind is MappingStartEvent:
            key: Any
            while (key := get()).__class__ is not MappingEndEvent:
                if key.__class__ is ScalarEvent:
                    node.keys.append(self._key(key))
                    node.marks.append(_span(key))
                    value: Any = get()
                    if value.__class__ is ScalarEvent and value.anchor is None:
                        children.append(_scalar(value))
                    else:
                        children.append(self._read(get, value))
                else:  # an alias
                    self.shared = True
                    self._read(get, get())
            last: Any = key
        else:
            while (last := get()).__class__ is not SequenceEndEvent:
                children.append(self._read(get, last))
        if event.flow_style:
            node.end = last.end_mark.index
        elif children:
            node.end = children[-1].end
        return node

    def _key(self, event: Any) -> str:
        text: str = event.value
        self.shared = self.shared or event.anchor is not None or event.tag is not None
        if not event.implicit[0]:
            return text
        if text == "<<":
            self.shared = True
        return scalars.key_text(scalars.resolve(text)) or ""

    # --- comparing ---------------------------------------------------------------------------------------------------

    def _change(self, node: _Node, old: Any, new: Any, parent: _Node | None, position: int) -> None:
        """Note the edits that make node, which stands for old, stand for new."""
        if same(old, new):
            return
        if node.style == "map" and isinstance(new, dict) and isinstance(old, dict):
            survivors = [at for at, key in enumerate(node.keys) if key in new]
            if survivors:
                self._change_mapping(node, old, new, survivors)
                return
        elif node.style == "seq" and isinstance(new, list) and isinstance(old, list):
            pairs = _paired(old, new)
            if pairs:
                self._change_sequence(node, old, new, pairs)
                return
        if parent is None:
            raise _Unfit
        self._replace(node, new, parent, position)

    def _change_mapping(self, node: _Node, old: dict[str, Any], new: dict[str, Any], survivors: list[int]) -> None:
        for start, _ in node.marks:
            if not _LINE_START.match(self.text, self.text.rfind("\n", 0, start) + 1, start):
                raise _Unfit  # an explicit key ("? key")
        pad = " " * node.column
        written = set(node.keys)
        before: dict[str, Any] = {}  # new keys in front of the first one that stays
        behind: dict[str, dict[str, Any]] = {}  # new keys by the key in the text that they follow
        target = before
        for key, value in new.items():
            if key in written:
                target = behind.setdefault(key, {})
            else:
                target[key] = value
        if before:
            at = node.marks[survivors[0]][0]
            added = dump(before, node.column) + pad
        for position, key in enumerate(node.keys):
            if before and position == survivors[0]:
                self.edits.append((at, at, added))
            child = node.children[position]
            if key in new:
                self._change(child, old[key], new[key], node, position)
            else:
                starts = [start for start, _ in node.marks]
                self._cut(node, starts, position, survivors[0])
            if behind.get(key):
                place = self._line_end(child.end)
                self.edits.append((place, place, pad + dump(behind[key], node.column)))

    def _change_sequence(self, node: _Node, old: list[Any], new: list[Any], pairs: list[tuple[int, int]]) -> None:
        pad = " " * node.column
        starts = self._dashes(node)
        first = pairs[0][0]
        partner = dict(pairs)
        if pairs[0][1]:
            added = dump(new[: pairs[0][1]], node.column) + pad
        bounds = [at for _, at in pairs[1:]] + [len(new)]
        following = {mine: (at + 1, bound) for (mine, at), bound in zip(pairs, bounds, strict=True)}
        for position, child in enumerate(node.children):
            if position == first and pairs[0][1]:
                self.edits.append((starts[first], starts[first], added))
            if position not in partner:
                self._cut(node, starts, position, first)
                continue
            self._change(child, old[position], new[partner[position]], node, position)
            begin, bound = following[position]
            if begin < bound:
                place = self._line_end(child.end)
                self.edits.append((place, place, pad + dump(new[begin:bound], node.column)))

    # --- editing -----------------------------------------------------------------------------------------------------

    def _line_end(self, at: int) -> int:
        """The start of the line behind the one on which a node ends."""
        return at if self.text[at - 1 : at] == "\n" else self.text.index("\n", at) + 1

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

    def _cut(self, node: _Node, starts: list[int], position: int, first: int) -> None:
        """Take an entry or element out, with the comment lines above it where something stays above those."""
        end = self._line_end(node.children[position].end)
        if position > first:
            begin = self._line_end(node.children[position - 1].end)
        else:
            begin = self.text.rfind("\n", 0, starts[position]) + 1
            if self.text[begin : starts[position]].strip() or (
                begin == 0 and starts[position] == node.start and self.column
            ):  # behind the "- " of an outer sequence, on its line
                begin, end = starts[position], starts[position + 1]
        self.edits.append((begin, end, ""))

    def _replace(self, node: _Node, new: Any, parent: _Node, position: int) -> None:
        """Write a value anew behind its key or dash."""
        text, pad = self.text, " " * parent.column
        if parent.style == "map":
            key_end = parent.marks[position][1]
            behind = text.index(":", key_end) + 1
            if text[key_end : behind - 1].strip():
                raise _Unfit
        else:
            behind = self._dashes(parent)[position] + 1
        inline = "\n" not in text[behind : node.start] and node.style in ("", "flow") and node.start >= behind
        collection = isinstance(new, (dict, list)) and new
        if not collection:
            value = string(new, pad) if isinstance(new, str) else scalar(new)
            if inline and "\n" not in value:
                gap = "" if text[node.start - 1] in " \t" and node.start > behind else " "
                self.edits.append((node.start, node.end, gap + value))
                return
            value = " " + value
        elif parent.style == "map":
            value = "\n" + _block(new, parent.column + 2 if isinstance(new, dict) else parent.column)
        else:
            value = " " + dump(new, parent.column + 2)
        end = self._line_end(node.end)
        rest = text[node.end : end].rstrip() if inline else ""
        if rest and parent.style == "seq" and collection:
            value = f"{rest}\n{pad}  {value[1:]}"
        elif rest:
            head, _, body = value.partition("\n")
            value = f"{head}{rest}\n{body}"
        self.edits.append((behind, end, value if value.endswith("\n") and collection else value + "\n"))

    def _applied(self) -> str:
        pieces: list[str] = []
        at = 0
        for start, end, new in sorted(self.edits, key=lambda edit: edit[0]):
            if start < at:
                raise _Unfit
            pieces += (self.text[at:start], new)
            at = end
        pieces.append(self.text[at:])
        return "".join(pieces)


def _block(value: Any, column: int) -> str:
    return " " * column + dump(value, column)


def _last(node: _Node) -> _Node:
    while node.children:
        node = node.children[-1]
    return node


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same to YAML: key order and int against float do not matter, true is not 1."""
    if a is b:
        return True
    if isinstance(a, dict):
        if not isinstance(b, dict) or len(a) != len(b):
            return False
        return all(key in b and same(value, b[key]) for key, value in a.items())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return bool(a == b)


def _signature(value: Any) -> str:
    """What tells an element of a list from its neighbours: its name, else all of it."""
    if isinstance(value, str):
        return '"' + value
    if isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, str) and "mountPath" not in value:
            return "name " + name
    return json.dumps(value, sort_keys=True)


def _paired(old: list[Any], new: list[Any]) -> list[tuple[int, int]]:
    """Which old element becomes which new one, both in rising order; elements in neither pair are cut or inserted."""
    places: dict[str, list[int]] = {}
    for at, value in enumerate(old):
        places.setdefault(_signature(value), []).append(at)
    candidates: list[tuple[int, int]] = []
    for at, value in enumerate(new):
        found = places.get(_signature(value))
        if found:
            candidates.append((found.pop(0), at))
    chain = _rising(candidates)
    pairs: list[tuple[int, int]] = []
    mine = theirs = 0
    for next_mine, next_theirs in [*chain, (len(old), len(new))]:
        if next_mine - mine == next_theirs - theirs:  # as many gone as come: each in its predecessor's place
            pairs += [(mine + k, theirs + k) for k in range(next_mine - mine)]
        if next_mine < len(old):
            pairs.append((next_mine, next_theirs))
        mine, theirs = next_mine + 1, next_theirs + 1
    return pairs


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain of pairs, given by rising second part, whose first part rises too."""
    ends: list[int] = []
    chains: list[tuple[tuple[int, int], Any]] = []
    for pair in pairs:
        at = bisect_left(ends, pair[0])
        link = (pair, chains[at - 1] if at else None)
        if at == len(ends):
            ends.append(pair[0])
            chains.append(link)
        else:
            ends[at] = pair[0]
            chains[at] = link
    result: list[tuple[int, int]] = []
    rest: Any = chains[-1] if chains else None
    while rest:
        result.append(rest[0])
        rest = rest[1]
    return result[::-1]
