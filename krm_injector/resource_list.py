"""Text to Bundle to text: the first and the last stage of the road.

A Bundle remembers where each item stands, so that items nobody changes leave byte for byte. The forms are those of the
KRM functions specification (ResourceList, config.kubernetes.io) and of plain manifests (a YAML stream or JSON).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from krm_injector.kube import yaml
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Object, Refused, ResourceRef, Result

API_VERSIONS = ("config.kubernetes.io/v1", "config.kubernetes.io/v1beta1", "config.kubernetes.io/v1alpha1")


class Item(NamedTuple):
    """One object of the bundle."""

    value: Object
    index: int  # type: ignore[assignment]  # position in Bundle.items; tuple.index is not used
    place: yaml.Place | None  # None in a JSON ResourceList
    file: str = ""  # path of the manifest, or what the orchestrator's annotation says
    document: int = 0  # index of its document (manifests)

    @property
    def line(self) -> int:
        """Line on which the item begins, from 1; 0 where unknown."""
        return self.place.line + 1 if self.place else 0


class Bundle(NamedTuple):
    items: list[Item]
    function_config: Object | None
    text: str  # as it came, without a byte order mark
    form: str  # "ResourceList" | "manifests"
    syntax: str  # "yaml" | "json"
    root: Object  # the ResourceList; {} for manifests
    keys: Mapping[str, yaml.Place]  # of the ResourceList's own keys (from the key to behind its value)
    block: bool  # the ResourceList and its items are in block style and can be changed in place
    documents: tuple[tuple[int, int], ...] = ()  # extent of each document of a stream, empty ones too
    bom: bool = False
    newline: str = "\n"  # the line break of the whole text
    originals: Mapping[int, Object] = {}  # items as they are to be written in between, see write


def decode(data: bytes, file: str = "") -> str:
    """UTF-8 bytes as text. Errors: Refused with line and column."""
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


def refused(error: YamlError, file: str = "") -> Refused:
    """The refusal for a text that cannot be read."""
    where = f"{file}: " if file else ""
    return Refused(Result("error", f"{where}{error}", file=file, code=error.code))


def read(data: bytes) -> Bundle:
    """The ResourceList on a KRM function's stdin, YAML or JSON. Errors: Refused with every cause."""
    text = decode(data)
    bom = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    try:
        if text.lstrip()[:1] == "{" and (documents := _json_documents(text)) is not None:
            return _read_json_list(documents, text, bom)
        return _read_yaml_list(text, bom)
    except YamlError as error:
        raise refused(error) from None


def read_manifests(data: bytes, file: str = "") -> Bundle:
    """Bare manifests: a YAML stream, one JSON document or several in a row. Errors: Refused with every cause."""
    text = decode(data, file)
    bom = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    try:
        if text.lstrip()[:1] == "{" and (found := _json_documents(text)) is not None:
            documents, syntax = found, "json"
        else:
            documents, syntax = yaml.load_all(text), "yaml"
    except YamlError as error:
        raise refused(error, file) from None
    items: list[Item] = []
    problems: list[Result] = []
    for number, document in enumerate(documents):
        if document.empty:
            continue
        item = Item(document.value, len(items), document.place, file, number)
        problems += check(item, f"document {number + 1}")
        items.append(item)
    if problems:
        raise Refused(*problems)
    extents = tuple((document.start, document.end) for document in documents)
    return Bundle(items, None, text, "manifests", syntax, {}, {}, True, extents, bom, line_break(text))


def check(item: Item, field: str = "") -> list[Result]:
    """What keeps an item from being a Kubernetes object; field is its path in the input."""
    value = item.value
    field = field or f"items[{item.index}]"
    where = f"{item.file}: " if item.file else ""
    line = f" (line {item.line})" if item.line else ""
    problems: list[Result] = []

    def problem(code: str, path: str, sentence: str, current: Any = None) -> None:
        reference = _reference(value)
        name = f", {reference}," if reference else ""
        message = f"{where}{field}{line}{name} {sentence}"
        problems.append(Result("error", message, reference, path, current, None, item.file, item.document, code))

    if not isinstance(value, dict):
        problem("item-not-object", field, f"is {_kind_of(value)}, not a Kubernetes object (a mapping)", value)
        return problems
    for key in ("apiVersion", "kind"):
        if not isinstance(value.get(key), str) or not value[key]:
            state = "has no" if value.get(key) in (None, "") else "has no string as"
            problem(f"item-without-{key}", _join(field, key), f"{state} {key}; every object needs one", value.get(key))
    metadata = value.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        problem(
            "item-metadata", _join(field, "metadata"), f"has {_kind_of(metadata)} as metadata, not a mapping", metadata
        )
    elif metadata and not isinstance(name := metadata.get("name", ""), (str, type(None))):
        sentence = f"has {_kind_of(name)} as metadata.name, not a string; put it in quotes"
        problem("item-name", _join(field, "metadata.name"), sentence, name)
    elif not problems and not _named(value, metadata or {}):
        problem("item-without-name", _join(field, "metadata.name"), "has no metadata.name; every object needs one")
    return problems


def _named(value: Object, metadata: Object) -> bool:
    """Whether an object has a name or is of a kind that needs none."""
    name = metadata.get("name") or metadata.get("generateName")
    if isinstance(name, str) and name:
        return True
    if value["kind"].endswith("List") and isinstance(value.get("items"), list):
        return True
    annotations = metadata.get("annotations")
    local = isinstance(annotations, dict) and annotations.get("config.kubernetes.io/local-config") in ("true", True)
    return local or value["apiVersion"].startswith("kustomize.config.k8s.io/")


def _reference(value: Any) -> ResourceRef | None:
    if not isinstance(value, dict):
        return None
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    parts = (value.get("apiVersion"), value.get("kind"), metadata.get("name"), metadata.get("namespace"))
    version, kind, name, namespace = (part if isinstance(part, str) else "" for part in parts)
    return ResourceRef(version, kind, name, namespace) if kind and name else None


def _join(field: str, key: str) -> str:
    return f"{field}.{key}" if field.startswith("items[") else key


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a sequence",
        dict: "a mapping",
    }
    return names[type(value)]


def _read_yaml_list(text: str, bom: bool) -> Bundle:
    reader = yaml.Reader(text)
    with yaml.reading(text):
        reader.next()
        if reader.next().__class__ is yaml.StreamEndEvent:
            raise Refused(_no_list("the input is empty; a ResourceList is expected", "input-empty"))
        root_event = reader.next()
        if root_event.__class__ is not yaml.MappingStartEvent:
            value = reader.document(root_event)
            raise Refused(
                _no_list(f"the input is {_kind_of(value)}; a ResourceList is expected", "not-a-resource-list")
            )
        root, keys, items, block = _root(reader, root_event)
        place = reader.place(root_event)
        reader.next()  # the document's end
        problem = _wrapper_problem(root)
        if problem:
            raise Refused(problem)
        while (event := reader.next()).__class__ is not yaml.StreamEndEvent:
            value = reader.document(reader.next())
            if value is not None:
                line = event.start_mark.line + 1
                message = f"a second document begins on line {line}; a ResourceList is one document"
                raise Refused(Result("error", message, code="yaml-documents"))
    ends = [start for start, _ in list(keys.values())[1:]] + [place.end]
    spans = {
        key: yaml.Place(start, end, line, 0, True) for (key, (start, line)), end in zip(keys.items(), ends, strict=True)
    }
    block = block and place.block and not reader.anchors
    return _list_bundle(items, root, text, "yaml", spans, block, bom)


def _root(reader: yaml.Reader, root_event: Any) -> tuple[Object, dict[str, tuple[int, int]], list[Item], bool]:
    """The mapping at the top: value, offset and line of each key, items, whether items are a block sequence."""
    root: Object = {}
    keys: dict[str, tuple[int, int]] = {}
    items: list[Item] = []
    block = root_event.tag is None
    while (event := reader.next()).__class__ is not yaml.MappingEndEvent:
        key = reader.complex_key(event)
        if key in root:
            reader.fail(f'the key "{key}" appears twice in one mapping', event, "yaml-duplicate-key")
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
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict):
        return "", 0
    path = annotations.get("internal.config.kubernetes.io/path") or annotations.get("config.kubernetes.io/path")
    index = annotations.get("internal.config.kubernetes.io/index") or annotations.get("config.kubernetes.io/index")
    file = path if isinstance(path, str) else ""
    return file, int(index) if isinstance(index, str) and file and re.fullmatch("[0-9]{1,9}", index) else 0


def _list_bundle(
    items: list[Item], root: Object, text: str, syntax: str, keys: Mapping[str, yaml.Place], block: bool, bom: bool
) -> Bundle:
    """The bundle of a ResourceList whose items are checked here."""
    problems = [problem for item in items for problem in check(item)]
    if problems:
        raise Refused(*problems)
    return Bundle(
        items, root.get("functionConfig"), text, "ResourceList", syntax, root, keys, block, (), bom, line_break(text)
    )


def _wrapper_problem(root: Any) -> Result | None:
    """What keeps the top of the input from being a ResourceList."""
    if not isinstance(root, dict):
        return _no_list(f"the input is {_kind_of(root)}; a ResourceList is expected", "not-a-resource-list")
    kind, version = root.get("kind"), root.get("apiVersion")
    if kind != "ResourceList":
        is_a = f"of kind {kind}" if isinstance(kind, str) and kind else "an object without kind"
        return _no_list(f"the input is {is_a}; a ResourceList is expected", "not-a-resource-list")
    if version not in API_VERSIONS:
        message = f"the ResourceList has apiVersion {version}; known are {', '.join(API_VERSIONS)}"
        return Result("error", message, field="apiVersion", current=version, code="resource-list-version")
    for key, kind_wanted in (("items", list), ("functionConfig", dict), ("results", list)):
        if root.get(key) is not None and not isinstance(root[key], kind_wanted):
            wanted = "a sequence" if kind_wanted is list else "a mapping"
            message = f"{key} of the ResourceList is {_kind_of(root[key])}; it must be {wanted}"
            return Result("error", message, field=key, code="resource-list-shape")
    return None


def _no_list(message: str, code: str) -> Result:
    return Result("error", f"{message}. Bare manifests go through `krm-injector inject`.", code=code)


def _read_json_list(documents: list[yaml.Document], text: str, bom: bool) -> Bundle:
    root = documents[0].value
    problem = _wrapper_problem(root)
    if problem is None and len(documents) > 1:
        line = documents[1].place.line + 1
        message = f"a second document begins on line {line}; a ResourceList is one document"
        problem = Result("error", message, code="yaml-documents")
    if problem:
        raise Refused(problem)
    items = [Item(value, index, None, *_origin(value)) for index, value in enumerate(root.get("items") or [])]
    return _list_bundle(items, root, text, "json", {}, False, bom)


def _json_documents(text: str) -> list[yaml.Document] | None:
    """The JSON documents that text consists of; None where it is no JSON (YAML in flow style begins alike)."""
    try:
        return yaml.load_json_stream(text)
    except YamlError as error:
        if error.code == "json-syntax" and not re.match(r'\s*\{\s*"', text):
            return None
        raise


def write(
    bundle: Bundle,
    replacements: Mapping[int, Object],
    results: list[dict[str, Any]],
    drop: Collection[int] = (),
    originals: Mapping[int, Object] = {},
) -> str:
    """The bundle as text: items in replacements changed, those in drop left out, all others as they came.

    Where originals has the item too, its text is changed to that first and from there to the replacement, so that the
    result does not depend on what stood there between; a replacement that is the same as the item changes nothing.

    results go behind those that a ResourceList already has (none twice); for manifests they are ignored. A bundle that
    nothing changes comes out as it came, byte for byte.
    """
    if originals:
        items = bundle.items
        replacements = {i: v for i, v in replacements.items() if i not in originals or not yaml.same(items[i].value, v)}
    bundle = bundle._replace(originals=originals)
    if bundle.form == "manifests":
        text = _write_manifests(bundle, replacements, drop)
    elif bundle.syntax == "json":
        text = _write_json_list(bundle, replacements, results, drop)
    else:
        text = _write_yaml_list(bundle, replacements, results, drop)
    return "\ufeff" + text if bundle.bom else text


def _merged_results(bundle: Bundle, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ResourceList's results with the new ones behind them; the same list where nothing is new."""
    before: list[dict[str, Any]] = bundle.root.get("results") or []
    new = [result for result in results if result not in before]
    return before + new if new else before


def _changed_root(
    bundle: Bundle, replacements: Mapping[int, Object], results: list[dict[str, Any]], drop: Collection[int]
) -> Object:
    root = dict(bundle.root)
    if bundle.items:
        root["items"] = [replacements.get(i.index, i.value) for i in bundle.items if i.index not in drop]
    if results:
        root["results"] = results
    return root


def _write_json_list(
    bundle: Bundle, replacements: Mapping[int, Object], results: list[dict[str, Any]], drop: Collection[int]
) -> str:
    merged = _merged_results(bundle, results)
    if not replacements and not drop and merged is bundle.root.get("results"):
        return bundle.text
    if not replacements and not drop and not merged:
        return bundle.text
    return _json_like(_changed_root(bundle, replacements, merged, drop), bundle.text)


def _json_like(value: Any, model: str) -> str:
    """JSON in the layout of model: its indentation, or one line, and its end."""
    body = model.strip()
    match = re.match(r"\{\s*?\n([ \t]*)", body)
    if match:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=match[1] or None)
    elif re.match(r'\{ ?"[^"]*" ?: ', body):
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    else:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("\n", line_break(model)) + model[len(model.rstrip()) :]


def _write_manifests(bundle: Bundle, replacements: Mapping[int, Object], drop: Collection[int]) -> str:
    pieces: list[str] = []
    at = 0
    text = bundle.text
    for item in bundle.items:
        start, end = bundle.documents[item.document]
        if item.index in drop:
            pieces.append(text[at:start])
            at = end
        elif item.index in replacements and item.place is not None:
            pieces.append(text[at : item.place.start])
            pieces.append(_rewritten(bundle, item, replacements[item.index]))
            at = item.place.end
    pieces.append(text[at:])
    return "".join(pieces)


def _rewritten(bundle: Bundle, item: Item, value: Object) -> str:
    """The new text of an item that stands in the bundle's text."""
    place, text = item.place, bundle.text
    assert place is not None
    if bundle.syntax == "json":
        return _json_like(value, text[place.start : place.end])
    before = item.value
    if item.index in bundle.originals and place.block:
        original = bundle.originals[item.index]
        text = yaml.rewrite(text, place, before, original, bundle.newline)
        place = place._replace(start=0, end=len(text))
        before = original
    return yaml.rewrite(text, place, before, value, bundle.newline)


def _write_yaml_list(
    bundle: Bundle, replacements: Mapping[int, Object], results: list[dict[str, Any]], drop: Collection[int]
) -> str:
    merged = _merged_results(bundle, results)
    new_results = merged != (bundle.root.get("results") or [])
    if not replacements and not drop and not new_results:
        return bundle.text
    text = bundle.text
    if not bundle.block or len(drop) == len(bundle.items) > 0:
        return _whole(_changed_root(bundle, replacements, merged, drop), bundle)
    edits: list[tuple[int, int, str]] = []
    lines = _item_lines(bundle) if drop else []
    for item in bundle.items:
        if item.index in drop:
            edits.append((*lines[item.index], ""))
        elif item.index in replacements and item.place is not None:
            edits.append((item.place.start, item.place.end, _rewritten(bundle, item, replacements[item.index])))
    if new_results:
        edits.append(_results_edit(bundle, merged))
    edits.sort(key=lambda edit: edit[0])
    pieces: list[str] = []
    at = 0
    for start, end, new in edits:
        pieces += (text[at:start], new)
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def _item_lines(bundle: Bundle) -> list[tuple[int, int]]:
    """The lines of each item of a block: from its dash, or behind the item before, to the next item's."""
    text = bundle.text
    at = text.index("\n", bundle.keys["items"].start) + 1
    while not text[at : _line_end(text, at)].lstrip(" ").startswith("-"):  # comments under "items:"
        at = _line_end(text, at)
    lines: list[tuple[int, int]] = []
    for item in bundle.items:
        place = item.place
        assert place is not None
        end = place.end if place.block else _line_end(text, place.end)
        lines.append((at, end))
        at = end
    return lines


def _line_end(text: str, at: int) -> int:
    """The start of the next line."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _results_edit(bundle: Bundle, results: list[dict[str, Any]]) -> tuple[int, int, str]:
    """Where the results go: over those that are there, else to the end, else (an open last line) before the items."""
    text, keys = bundle.text, bundle.keys
    new = ("results:\n" + yaml.dump(results)).replace("\n", bundle.newline)
    place = keys.get("results")
    if place is not None:
        return place.start, place.end, new
    end = max(place.end for place in keys.values())
    if text[:end].endswith("\n"):
        return end, end, new
    start = next(iter(keys.values())).start
    return start, start, new


def _whole(root: Object, bundle: Bundle) -> str:
    """The ResourceList written anew: layout and comments are lost, values and order are not."""
    return yaml.dump(root).replace("\n", bundle.newline)


def line_break(text: str) -> str:
    """The line break that a text uses."""
    return "\r\n" if "\r\n" in text else "\n"
