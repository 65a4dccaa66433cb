"""The nodes of a block text and where they stand, with its anchors and aliases."""

from __future__ import annotations

from krm_injector.kube.yaml import scalars
from krm_injector.kube.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    YAMLError,
    parser,
)
from krm_injector.kube.yaml.load import TAG
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Compiled where it is needed: that costs a run more than it saves, since few have properties.
_PROPERTIES = lazy_pattern(r"(?:[&!][^\s]*|[ \t\n]+|(?<=[ \t\n])#[^\n]*)+")
COLON = lazy_pattern(r"(?:[ \t\n]|(?<=[ \t\n])#[^\n]*\n)*:")  # behind an explicit key
MERGE_KEY = "\0<<"  # the name of a merge key's entry; no key of a manifest can be that


class Node:
    """One node and where it stands."""

    __slots__ = ("children", "column", "end", "keys", "marks", "start", "style")

    def __init__(self, start: int, column: int, style: str) -> None:
        self.start = start
        self.end = start  # behind its last character; a block scalar's is the start of a line
        self.column = column
        # "map" or "seq" (in block style), "flow", "block" (| or >), "" (any other)
        self.style = style
        self.keys: list[str] = []
        self.marks: list[tuple[int, int]] = []  # of the keys
        self.children: list[Node] = []


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def _scalar(event: Any) -> Node:
    mark = event.start_mark
    node = Node(mark.index, mark.column, "block" if event.style in ("|", ">") else "")
    node.end = event.end_mark.index
    return node


class NodeReader:
    """Reads the nodes of a text; knows afterwards which of them depend on one another."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shared = False  # there are anchors, aliases or merge keys
        self.anchors: dict[str, Node] = {}  # the last one of each name so far
        self.aliases: dict[int, Node | None] = {}  # what an alias, by its node's id, stands for

    def read(self) -> Node:
        """The root, with all below it. Errors: YAMLError."""
        get = parser(self.text)
        get()
        get()
        return self._read(get, get())

    def _read(self, get: Any, event: Any) -> Node:
        """The node that event begins, with all below it."""
        kind = event.__class__
        if kind is AliasEvent:
            return self._alias(event)

        if kind is ScalarEvent:
            node = _scalar(event)
            if event.anchor is not None:
                self._anchored(event.anchor, node)
            return node

        mark = event.start_mark
        style = "flow" if event.flow_style else "map" if kind is MappingStartEvent else "seq"
        node = Node(mark.index, mark.column, style)
        if event.anchor is not None:
            self._anchored(event.anchor, node)

        if kind is MappingStartEvent:
            last = self._read_entries(get, node)
        else:
            last = self._read_elements(get, node)

        if style != "flow" and (event.anchor is not None or event.tag is not None):
            self._pass_properties(node)
        if event.flow_style:
            node.end = last.end_mark.index
        elif node.children:
            node.end = node.children[-1].end

        return node

    def _alias(self, event: Any) -> Node:
        self.shared = True
        node = Node(event.start_mark.index, event.start_mark.column, "")
        node.end = event.end_mark.index
        self.aliases[id(node)] = self.anchors.get(event.anchor)
        return node

    def _read_entries(self, get: Any, node: Node) -> Any:
        """The entries of a mapping; the event that ends it."""
        children = node.children
        while True:
            key: Any = get()
            if key.__class__ is MappingEndEvent:
                return key
            if key.__class__ is not ScalarEvent:
                raise YAMLError("an alias as a key")

            node.keys.append(self._key(key))
            node.marks.append(_span(key))
            value: Any = get()
            if value.__class__ is ScalarEvent and value.anchor is None:
                child = _scalar(value)
                if not value.value and child.start > node.marks[-1][1] + 1:
                    self._stand_behind_key(child, node.marks[-1][1])
                children.append(child)
            else:
                children.append(self._read(get, value))

    def _read_elements(self, get: Any, node: Node) -> Any:
        """The elements of a sequence; the event that ends it."""
        event: Any
        while (event := get()).__class__ is not SequenceEndEvent:
            node.children.append(self._read(get, event))
        return event

    def _stand_behind_key(self, empty: Node, at: int) -> None:
        """Let an empty value stand where its key ends, if there is no colon ("? key"). The parser
        has it at the next token, which may be below.
        """
        if empty.start == empty.end and not COLON.match(self.text, at, empty.end):
            empty.start = empty.end = at

    def _anchored(self, name: str, node: Node) -> None:
        self.shared = True
        self.anchors[name] = node

    def _pass_properties(self, node: Node) -> None:
        """Let a block begin at its first key or dash, not at its anchor or tag. The first key may
        have an anchor or tag of its own.
        """
        bound = node.marks[0][0] if node.marks else len(self.text)
        properties = _PROPERTIES.match(self.text, node.start, bound)
        if properties:
            node.start = properties.end()
            node.column = node.start - self.text.rfind("\n", 0, node.start) - 1

    def _key(self, event: Any) -> str:
        text: str = event.value
        if event.anchor is not None:
            self._anchored(event.anchor, _scalar(event))
        if event.tag not in (None, "!", TAG + "str"):
            raise YAMLError("a key with a tag")
        if not event.implicit[0] or event.tag is not None:
            return text

        if text == "<<":
            self.shared = True
            return MERGE_KEY

        return scalars.key_text(scalars.resolve(text)) or ""
