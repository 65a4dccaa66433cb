"""Text to Bundle: a ResourceList or plain manifests, YAML or JSON."""

from __future__ import annotations

from krm_injector.istio_names import INDEX_ANNOTATION, PATH_ANNOTATION
from krm_injector.kube import yaml
from krm_injector.kube.paths import at
from krm_injector.kube.yaml import YamlError
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object, Place, Refused, Result
from krm_injector.sources.resource_list.bundle import Bundle, Item, line_break
from krm_injector.sources.resource_list.checks import (
    check,
    is_object,
    kind_of,
    no_list,
    wrapper_problem,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from krm_injector.sources.resource_list.block_list import Parts

# Evidence that a text that cannot be read is meant as a Kubernetes object. kind only counts at the
# top: files of other programs have it deeper.
_OF_AN_OBJECT = lazy_pattern(
    rb"(?m)(?:^|[{,])[\s-]*[\"']?apiVersion[\"']?\s*:|^(?:\s*\{\s*)?[\"']?kind[\"']?\s*:"
)


class Unreadable(Refused):
    """A text is not even YAML or JSON."""


class NoObjects(Refused):
    """No document of a text is a Kubernetes object, not even a faulty one; ``unreadable``: nor is
    it YAML or JSON.
    """

    unreadable = False


def decode(data: bytes, file: str = "") -> str:
    """UTF-8 bytes as text. Raises Refused with line and column."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            problem = "the input is UTF-16; save it as UTF-8"
        else:
            problem = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise refused(YamlError(problem, line, column, "yaml-encoding"), file) from None


def refused(error: YamlError, file: str = "", text: str = "") -> Unreadable:
    """The refusal for a text that cannot be read."""
    where = f"{file}: " if file else ""
    place = place_of(error, file, text)
    return Unreadable(Result("error", f"{where}{error}", file=file, code=error.code, place=place))


def place_of(error: YamlError, file: str, text: str) -> Place | None:
    """The place of an error in a text; None if the error has no line."""
    if not error.line:
        return None

    from krm_injector.sources.resource_list import item_places  # late: only an error needs it

    return item_places.place_of_error(error, file, text)


def _placed(problem: Result, item: Item, text: str) -> Result:
    """The problem of an item, with the place of its field."""
    from krm_injector.kube.field_texts import existing
    from krm_injector.sources.resource_list import item_places

    steps, _ = existing(item.value, problem.field)
    return problem._replace(place=item_places.place_of_field(item, text, steps))


def may_hold_objects(data: bytes) -> bool:
    """Whether a file that nobody named must be read. Without one of these words it contains no
    Kubernetes object.
    """
    return b"apiVersion" in data or b"kind" in data or b"k\0i\0n\0d" in data


def read(data: bytes) -> Bundle:
    """The ResourceList on a KRM function's stdin, YAML or JSON. Raises Refused with every cause."""
    text = decode(data)
    del data  # as long as the text
    bom = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    try:
        if text.lstrip()[:1] == "{" and (documents := _json_list_documents(text)) is not None:
            return _read_json_list(documents, text, bom)
        return _read_yaml_list(text, bom)
    except YamlError as error:
        raise refused(error, text=text) from None


def read_manifests(data: bytes, file: str = "") -> Bundle:
    """Bare manifests: YAML and JSON documents, or a sequence of JSON documents.

    Raises Refused with every cause, NoObjects if the text is something else.
    """
    try:
        return _manifests(data, file)
    except Unreadable as problem:
        if _OF_AN_OBJECT.search(data.replace(b"\0", b"")):
            raise
        refusal = NoObjects(*problem.results)
        refusal.unreadable = True
        raise refusal from None


def _manifests(data: bytes, file: str) -> Bundle:
    text = decode(data, file)
    bom = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    try:
        json_documents = _json_documents(text) if text.lstrip()[:1] == "{" else None
        documents = yaml.load_all(text) if json_documents is None else json_documents
    except YamlError as error:
        raise refused(error, file, text) from None

    items: list[Item] = []
    problems: list[Result] = []
    for number, document in enumerate(documents):
        if document.empty:
            continue
        item = Item(document.value, len(items), document.place, file, number, document.json)
        problems += check(item, f"document {number + 1}")
        items.append(item)

    if problems:
        if not any(is_object(item.value) for item in items):
            raise NoObjects(*problems)
        of_documents = {item.document: item for item in items}
        raise Refused(*(_placed(each, of_documents[each.index], text) for each in problems))

    extents = tuple((document.start, document.end) for document in documents)
    return Bundle(items, None, text, "manifests", "", {}, {}, True, extents, bom, line_break(text))


def _read_yaml_list(text: str, bom: bool) -> Bundle:
    if yaml.is_long(text) and text.endswith("\n"):
        from krm_injector.sources.resource_list.block_list import parts_of  # pays for long texts

        parts = parts_of(text)
        if parts is not None:
            return _of_parts(parts, text, bom)

    reader = yaml.Reader(text)
    with yaml.reading(text):
        reader.next()
        if reader.next().__class__ is yaml.StreamEndEvent:
            raise Refused(no_list("the input is empty; a ResourceList is expected", "input-empty"))

        root_event = reader.next()
        if root_event.__class__ is not yaml.MappingStartEvent:
            value = reader.document(root_event)
            raise Refused(
                no_list(
                    f"the input is {kind_of(value)}; a ResourceList is expected",
                    "not-a-resource-list",
                )
            )

        root, keys, items, block = _root(reader, root_event)
        place = reader.place(root_event)
        reader.next()  # the document's end
        problem = wrapper_problem(root)
        if problem:
            raise Refused(problem)

        while (event := reader.next()).__class__ is not yaml.StreamEndEvent:
            value = reader.document(reader.next())
            if value is not None:
                line = event.start_mark.line + 1
                message = f"a second document begins on line {line}; a ResourceList is one document"
                raise Refused(Result("error", message, code="yaml-documents"))

    spans = _spans(keys, place.end, place.column)
    block = block and place.block and not reader.anchors
    block = block and all(_begins_line(text, span.start) for span in spans.values())
    return _list_bundle(items, root, text, "yaml", spans, block, bom)


def _begins_line(text: str, at: int) -> bool:
    """Whether nothing but blanks stands in front of a key: no "?" of an explicit one."""
    return not text[text.rfind("\n", 0, at) + 1 : at].strip(" ")


def _of_parts(parts: Parts, text: str, bom: bool) -> Bundle:
    problem = wrapper_problem(parts.root)
    if problem:
        raise Refused(problem)
    items = [
        Item(value, index, place, *_origin(value))
        for index, (value, place) in enumerate(parts.items)
    ]
    spans = _spans(parts.keys, len(text), 0)
    return _list_bundle(items, parts.root, text, "yaml", spans, not parts.anchors, bom)


def _spans(keys: Mapping[str, tuple[int, int]], end: int, column: int) -> dict[str, yaml.Place]:
    """The place of each key with its value, from the keys' offsets, lines and column."""
    ends = [start for start, _ in list(keys.values())[1:]] + [end]
    return {
        key: yaml.Place(start, end, line, column, True)
        for (key, (start, line)), end in zip(keys.items(), ends, strict=True)
    }


def _root(
    reader: yaml.Reader, root_event: Any
) -> tuple[Object, dict[str, tuple[int, int]], list[Item], bool]:
    """The mapping at the top: value, offset and line of each key, items, whether items are a block
    sequence.
    """
    root: Object = {}
    keys: dict[str, tuple[int, int]] = {}
    items: list[Item] = []
    block = root_event.tag is None
    while (event := reader.next()).__class__ is not yaml.MappingEndEvent:
        key = reader.complex_key(event)
        if key in root:
            reader.fail(
                f'the key "{key}" appears twice in one mapping', event, "yaml-duplicate-key"
            )

        keys[key] = (event.start_mark.index, event.start_mark.line)
        event = reader.next()
        if key != "items" or event.__class__ is not yaml.SequenceStartEvent:
            root[key] = reader.node(event, 1)
            continue

        block = block and not event.flow_style and event.tag is None
        while (item_event := reader.next()).__class__ is not yaml.SequenceEndEvent:
            value = reader.node(item_event, 2)
            items.append(Item(value, len(items), reader.place(item_event), *_origin(value)))

        root[key] = [item.value for item in items]

    reader.last = event
    return root, keys, items, block


def _origin(value: Any) -> tuple[str, int]:
    """File and index that the orchestrator wrote on an item."""
    annotations = at(value, ("metadata", "annotations"))
    if not isinstance(annotations, dict):
        return "", 0

    # The newer annotation is the same with "internal." before its name.
    path = annotations.get(f"internal.{PATH_ANNOTATION}") or annotations.get(PATH_ANNOTATION)
    if not isinstance(path, str) or not path:
        return "", 0

    index = annotations.get(f"internal.{INDEX_ANNOTATION}") or annotations.get(INDEX_ANNOTATION)
    if not isinstance(index, str) or not (
        index.isdecimal() and index.isascii() and len(index) < 10
    ):
        return path, 0
    return path, int(index)


def _list_bundle(
    items: list[Item],
    root: Object,
    text: str,
    syntax: Literal["yaml", "json"],
    keys: Mapping[str, yaml.Place],
    block: bool,
    bom: bool,
) -> Bundle:
    """The bundle of a ResourceList whose items are checked here."""
    problems = [problem for item in items for problem in check(item)]
    if problems:
        raise Refused(*problems)

    return Bundle(
        items,
        root.get("functionConfig"),
        text,
        "ResourceList",
        syntax,
        root,
        keys,
        block,
        (),
        bom,
        line_break(text),
    )


def _read_json_list(documents: list[yaml.Document], text: str, bom: bool) -> Bundle:
    root = documents[0].value
    problem = wrapper_problem(root)
    if problem is None and len(documents) > 1:
        line = documents[1].place.line + 1
        message = f"a second document begins on line {line}; a ResourceList is one document"
        problem = Result("error", message, code="yaml-documents")

    if problem:
        raise Refused(problem)

    items = [
        Item(value, index, None, *_origin(value))
        for index, value in enumerate(root.get("items") or [])
    ]
    place = documents[0].place
    return _list_bundle(items, root, text, "json", {}, False, bom)._replace(
        documents=((place.start, place.end),)
    )


def _json_documents(text: str) -> list[yaml.Document] | None:
    """The JSON documents of a text, one behind the other; None if it is not JSON alone."""
    try:
        return yaml.load_json_stream(text)
    except YamlError as error:
        if error.code == "json-syntax":
            return None
        raise


def _json_list_documents(text: str) -> list[yaml.Document] | None:
    """The documents of a ResourceList in JSON, with whatever YAML allows after it; None if it is in
    flow style.
    """
    documents = _json_documents(text)
    if documents is None:
        documents = [document for document in yaml.load_all(text) if not document.empty]
    return documents if documents[0].json else None
