"""YAML text to plain Python values, in the reading of sigs.k8s.io/yaml."""

from __future__ import annotations

from krm_injector.kube.yaml import scalars
from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.events import (
    MAX_DEPTH,
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    advice,
    parser,
    refuse,
)
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from krm_injector.kube.yaml.error import YamlCode

ALIAS_BUDGET = 100_000
"""Nodes that aliases may add to a document, beside ten times the nodes it is written with."""

_LONG = 3_000  # lines
_keeps_pieces = False

TAG = "tag:yaml.org,2002:"
_HINTS = scalars.HINTS
_WORDS = scalars.WORDS
_BASE64 = lazy_pattern(r"[A-Za-z0-9+/]*={0,2}\Z")
_DATE = lazy_pattern(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d{2}:\d{2})?)?\Z"
)


# What stands in streams that are not all plain YAML: see stream.py.
_UNUSUAL = ("\n{", "\ufeff", "\n---#", "\n---\xa0", "\n\t")


def too_many(aliased: int, nodes: int) -> bool:
    """Whether aliases add more nodes than allowed; ``nodes``: all nodes, those among them."""
    return aliased > ALIAS_BUDGET + 10 * (nodes - aliased)


class Place(NamedTuple):
    """Where a node stands in its text; offsets count characters."""

    start: int  # the node's first character (its anchor or tag, if it has one)
    # behind its last; for a block: the line on which the next token stands, or the text's end
    end: int
    line: int  # line of start, from 0
    column: int  # column of start, from 0
    block: bool  # a block mapping or sequence


class Document(NamedTuple):
    value: Any  # None where it is empty
    start: int  # offset of its first directive or "---" (0 for a first document without)
    end: int  # offset of the next document's start or the text's end
    place: Place  # of its root node
    empty: bool  # nothing but comments and markers, or null: kubectl and kustomize pass over both
    json: bool = False  # written as JSON

    def moved(self, offset: int, lines: int) -> Document:
        """The same document in a text that has so many characters and lines more in front."""
        place = self.place
        place = place._replace(
            start=place.start + offset, end=place.end + offset, line=place.line + lines
        )
        return self._replace(start=self.start + offset, end=self.end + offset, place=place)


def load(text: str, numbers: str = "int", strict: bool = True) -> Any:
    """The value of the one document in text; None where there is none.

    numbers: "int" gives an int wherever JSON would print the number without a point (1e3 -> 1000),
    as the API server reads it; "float" gives every number as a float, as Go decodes JSON into
    ``map[string]any``; "yaml" leaves 1e3 a float. strict=False takes what Go's yaml.Unmarshal takes
    of a rendered template: the last of several equal keys, custom tags as if they were not there,
    and only the first document. Aliases share their value with the anchor's: treat values as
    frozen. Errors: YamlError.
    """
    text = text.removeprefix("\ufeff")
    reader = Reader(text, numbers, strict)
    try:
        reader.next()  # stream start
        event = reader.next()
        if event.__class__ is StreamEndEvent:
            return None

        value = reader.document(reader.next())
        if strict:
            event = reader.next()
            if event.__class__ is not StreamEndEvent:
                reader.fail(
                    "a second document begins here; one is expected", event, "yaml-documents"
                )
    except YamlError:
        raise
    except Exception as error:
        refuse(error, text)

    return value


def keep_pieces(keeps: bool = True) -> None:
    """Whether from now on the pieces of all texts are kept: the process reads many
    (cli/warm.py).
    """
    global _keeps_pieces
    _keeps_pieces = keeps


def is_long(text: str) -> bool:
    """Whether it pays to read a text piece by piece (pieces.py), which takes 10 ms to get ready."""
    return _keeps_pieces or text.count("\n") >= _LONG


def load_all(text: str) -> list[Document]:
    """Every document of a stream, YAML or JSON, with its place. Errors: YamlError.

    A byte order mark may stand behind a separator, not at the start of text.
    """
    if any(sign in text for sign in _UNUSUAL) or (
        text[:1] in "{ \t\r\n" and text.lstrip()[:1] == "{"
    ):
        from krm_injector.kube.yaml.stream import load_mixed  # seldom needed

        return load_mixed(text)
    if is_long(text):
        from krm_injector.kube.yaml.piece_documents import documents  # pays for long texts

        found = documents(text, _keeps_pieces)
        if found is not None:
            return found
    return load_documents(text)


def load_documents(text: str) -> list[Document]:
    """As load_all, with all documents as YAML."""
    return documents_of(Reader(text))


def documents_of(reader: Reader) -> list[Document]:
    """The documents of the reader's text."""
    text = reader.text
    roots: list[tuple[Any, int, Place, bool]] = []
    try:
        reader.next()
        while (event := reader.next()).__class__ is not StreamEndEvent:
            begin = event.start_mark.index if roots else 0
            root = reader.next()
            value = reader.document(root)
            place = reader.place(root)
            roots.append((value, begin, place, value is None))
    except YamlError:
        raise
    except Exception as error:
        refuse(error, text)

    ends = [begin for _, begin, _, _ in roots[1:]] + [len(text)]
    return [
        Document(value, begin, end, place, empty)
        for (value, begin, place, empty), end in zip(roots, ends, strict=False)
    ]


class Reader:
    """Builds values from events, one pass. The methods expect the event before what they read to be
    consumed.
    """

    def __init__(self, text: str, numbers: str = "int", strict: bool = True) -> None:
        self.next = parser(text)
        self.strict = strict
        self.as_float = numbers == "float"
        self.as_json = numbers == "int"
        self.anchors: dict[str, Any] = {}
        self.sizes: dict[str, int] = {}  # nodes under each anchor, aliases expanded
        self.nodes = 0  # collections and aliases' nodes so far
        self.aliased = 0  # of them, those that aliases added
        self.open: set[str] = set()
        self.keys: dict[str, str] = {}
        self.text = text
        self.last: Any = None  # the event that ended the collection read last

    def document(self, root: Any) -> Any:
        """One document, whose start and whose root node's event have been read; its end is read
        too.
        """
        self.anchors.clear()
        self.sizes.clear()
        value = self.node(root, 0)
        self.next()
        return value

    def place(self, event: Any) -> Place:
        """The place of the node that event began and that has just been read."""
        mark, kind = event.start_mark, event.__class__
        block = kind in (MappingStartEvent, SequenceStartEvent) and not event.flow_style
        if kind is ScalarEvent or kind is AliasEvent:
            end = event.end_mark.index
        else:
            behind = self.last.end_mark
            end = behind.index
            if block and end < len(self.text):
                end -= behind.column  # YAML has four more line breaks than the line feed

        return Place(mark.index, end, mark.line, mark.column, block)

    def fail(self, problem: str, event: Any, code: YamlCode = "yaml-syntax") -> NoReturn:
        mark = event.start_mark
        raise YamlError(problem, mark.line + 1, mark.column + 1, code)

    def node(self, event: Any, depth: int) -> Any:
        """The value of the node that event begins."""
        kind = event.__class__
        if kind is AliasEvent:
            return self.alias(event)

        anchor = event.anchor
        if anchor is not None:
            before = self.nodes
            self.anchors.pop(anchor, None)
            self.open.add(anchor)

        if kind is ScalarEvent:
            value = self.scalar(event)
        elif depth >= MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH} levels", event, "yaml-depth")
        elif kind is MappingStartEvent:
            if event.tag is not None and event.tag != "!":
                self.check_tag(event, "map")
            value = self.mapping(depth + 1)
        else:
            if event.tag is not None and event.tag != "!":
                self.check_tag(event, "seq")
            value = self.sequence(depth + 1)

        if anchor is not None:
            self.open.discard(anchor)
            self.anchors[anchor] = value
            self.sizes[anchor] = self.nodes - before + 1

        return value

    def mapping(self, depth: int) -> dict[str, Any]:
        """The mapping whose start event has been read."""
        result: dict[str, Any] = {}
        merged: set[str] | None = None
        get, keys, hints = self.next, self.keys, _HINTS
        while True:
            event = get()
            if event.__class__ is ScalarEvent and event.anchor is None and event.tag is None:
                text = event.value
                if event.implicit[0]:
                    if text == "<<":
                        merged = self.merge(result, merged, event, depth)
                        continue
                    key = keys.get(text)
                    if key is None:
                        key = keys[text] = self.plain_key(event)
                else:
                    key = text
            elif event.__class__ is MappingEndEvent:
                self.nodes += len(result) + 1
                self.last = event
                return result
            elif (
                event.__class__ is ScalarEvent
                and event.tag == TAG + "merge"
                and event.value == "<<"
            ):
                merged = self.merge(result, merged, event, depth)
                continue
            else:
                key = self.complex_key(event)

            if key in result:
                self.key_again(key, merged, event)

            event = get()
            if event.__class__ is ScalarEvent and event.anchor is None and event.tag is None:
                text = event.value
                is_text = not event.implicit[0] or text[:1] not in hints
                result[key] = text if is_text else self.plain(text, event)
            else:
                result[key] = self.node(event, depth)

    def key_again(self, key: str, merged: set[str] | None, event: Any) -> None:
        """A key that a mapping has already: in order where a merge has set it, else refused."""
        if self.strict and (merged is None or key not in merged):
            self.fail(f'the key "{key}" appears twice in one mapping', event, "yaml-duplicate-key")
        if merged is not None:
            merged.discard(key)

    def sequence(self, depth: int) -> list[Any]:
        """The sequence whose start event has been read."""
        result: list[Any] = []
        get, hints = self.next, _HINTS
        while True:
            event = get()
            if event.__class__ is SequenceEndEvent:
                self.nodes += len(result) + 1
                self.last = event
                return result

            if event.__class__ is ScalarEvent and event.anchor is None and event.tag is None:
                text = event.value
                if event.implicit[0] and text[:1] in hints:
                    result.append(self.plain(text, event))
                else:
                    result.append(text)
            else:
                result.append(self.node(event, depth))

    def plain(self, text: str, event: Any) -> Any:
        """The value of a plain scalar that begins with one of HINTS."""
        if text in _WORDS:
            value = _WORDS[text]
            if value.__class__ is float:
                self.fail(f"{text} has no JSON form", event, "yaml-number")
            return value

        if text[0] in "yYnNtTfFoO~":
            return text

        value = scalars.resolve_number(text)
        if value.__class__ is not str:
            if self.as_float:
                return float(value)
            if value.__class__ is float and self.as_json:
                return scalars.as_json_number(value)

        return value

    def plain_key(self, event: Any) -> str:
        return self.key_of(scalars.resolve(event.value), event)

    def key_of(self, value: Any, event: Any) -> str:
        key = scalars.key_text(value)
        if key is None:
            name = "null" if value is None else repr(value)
            self.fail(f"{name} cannot be a key; put it in quotes", event, "yaml-key")
        return key

    def complex_key(self, event: Any) -> str:
        """A key with an anchor or a tag, an alias; refuses a mapping or sequence."""
        if event.__class__ is ScalarEvent or event.__class__ is AliasEvent:
            if event.__class__ is ScalarEvent and event.tag is None and event.implicit[0]:
                value = scalars.resolve(event.value)
                if event.anchor is not None:
                    self.anchors[event.anchor] = self.scalar(event)
                    self.sizes[event.anchor] = 1
            else:
                value = self.node(event, 0)

            if event.__class__ is ScalarEvent and event.tag == TAG + "float":
                value = float(
                    scalars.resolve(event.value)
                )  # as a float whatever it would be as a value
            if isinstance(value, (dict, list)):
                self.fail_key(event)

            return self.key_of(value, event)

        self.fail_key(event)

    def fail_key(self, event: Any) -> NoReturn:
        hint = advice(self.text, event.start_mark.line)
        self.fail(f"a mapping or sequence cannot be a key{hint}", event, "yaml-key")

    def scalar(self, event: Any) -> Any:
        tag, text = event.tag, event.value
        if tag is None:
            if event.implicit[0] and text[:1] in _HINTS:
                return self.plain(text, event)
            return text

        kind = tag.removeprefix(TAG)
        if kind == "str" or tag == "!":
            return text
        if kind == "merge" and kind != tag:
            return text  # a merge as a key only; kyaml writes the string "<<" like this
        if kind == "binary":
            return self.binary(event)

        if kind == tag or kind not in ("bool", "int", "float", "null", "timestamp"):
            self.check_tag(event, "")
            return text

        value = scalars.resolve(text)
        if kind == "float" and value.__class__ is int and value < 2**63:
            value = float(value)

        fits = {
            "bool": value.__class__ is bool,
            "int": value.__class__ is int,
            "float": value.__class__ is float,
            "null": value is None,
            "timestamp": _DATE.match(text) is not None,
        }
        if not fits[kind]:
            self.fail(f"what follows !!{kind} is no {kind}", event, "yaml-tag")
        if value.__class__ is float and text not in _WORDS:
            return value if self.as_float else scalars.as_json_number(value)

        return self.plain(text, event) if text[:1] in _HINTS else text

    def binary(self, event: Any) -> str:
        data = event.value.replace("\r", "").replace("\n", "")
        if not _BASE64.match(data) or len(data) % 4:
            self.fail("what follows !!binary is not base64", event, "yaml-tag")

        from binascii import a2b_base64  # late: only !!binary needs it

        return a2b_base64(data).decode("utf-8", "replace")

    def check_tag(self, event: Any, expected: str) -> None:
        """Refuse a tag that Kubernetes has no meaning for (Go drops it silently, kustomize keeps
        it).
        """
        if self.strict and event.tag != TAG + expected:
            name = event.tag.replace(TAG, "!!")
            self.fail(f"the tag {name} has no meaning in Kubernetes", event, "yaml-tag")

    def alias(self, event: Any) -> Any:
        name = event.anchor
        if name in self.open:
            self.fail(f"the anchor &{name} contains itself", event, "yaml-alias")
        if name not in self.anchors:
            # Not its name: a password may begin with *.
            message = "this alias has no anchor before it; a text that begins with * needs quotes"
            self.fail(message, event, "yaml-alias")

        size = self.sizes[name]
        self.nodes += size
        self.aliased += size
        if too_many(self.aliased, self.nodes):
            self.fail(f"aliases expand to more than {ALIAS_BUDGET} nodes", event, "yaml-alias")

        return self.anchors[name]

    def merge(
        self, result: dict[str, Any], merged: set[str] | None, event: Any, depth: int
    ) -> set[str]:
        """Take in the value of a merge key; the keys that only merges have set."""
        value = self.node(self.next(), depth)
        sources = value[::-1] if isinstance(value, list) else [value]
        merged = set() if merged is None else merged
        for source in sources:  # earlier ones win, so they come last
            if not isinstance(source, dict):
                self.fail("<< needs a mapping or a sequence of mappings", event, "yaml-merge")
            merged.update(source.keys() - result.keys())
            result.update(source)  # go-yaml v2: a merge overrides the keys written before it

        return merged
