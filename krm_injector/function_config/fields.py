"""The fields of each kind of functionConfig with their texts, read from schema.json: what
`krm-injector help config` prints and docs/function-config.md lists.
"""

from __future__ import annotations

from krm_injector.function_config import SCHEMA_FILE
from krm_injector.function_config.schema import described, of_file
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

KINDS = ("SidecarInjection", "InjectionCheck", "SidecarEjection", "ConfigMap")
_TYPES = {
    "object": "mapping",
    "array": "list",
    "string": "string",
    "boolean": "true or false",
}
# Fields that are named by a code: one stands for all.
_BY_CODE = "severities"


class Field(NamedTuple):
    """One field of a functionConfig."""

    path: str  # spec.namespaces[].name
    type: str  # in words
    text: str
    required: bool
    default: Any  # None: none, or the text says it
    values: tuple[tuple[str, str], ...]  # of an enum, each with its text
    examples: tuple[Any, ...]


def text_of_kind(kind: str) -> str:
    """What a kind is for."""
    text: str = of_file(SCHEMA_FILE)["$defs"][kind]["description"]
    return text


def fields(kind: str) -> list[Field]:
    """All fields of a kind, in the order of the schema."""
    return list(_within("", described(kind)))


def _within(path: str, form: Object) -> Iterator[Field]:
    """The fields below a path."""
    properties: Object = form.get("properties", {})
    required = form.get("required", ())
    for name, each in properties.items():
        here = f"{path}.{name}" if path else name
        yield _field(here, each, name in required)
        if name != _BY_CODE:
            yield from _below(here, each)
            continue

        first = next(iter(each["properties"].values()))
        yield _field(f"{here}.CODE", {**first, "description": "The severity of one code."}, False)


def _below(path: str, form: Object) -> Iterator[Field]:
    """The fields of a mapping, or of the entries of a list. An entry that is a plain value, or a
    mapping of values by name, is told with the field itself.
    """
    yield from _within(path, form)
    items = form.get("items")
    if isinstance(items, dict):
        if "enum" in items:
            yield _field(f"{path}[]", items, False)
        yield from _within(f"{path}[]", items)


def _field(path: str, form: Object, required: bool) -> Field:
    pairs = zip(form.get("enum", ()), form.get("enumDescriptions", ()), strict=True)
    values = tuple((str(value), text) for value, text in pairs)
    return Field(
        path,
        _type_in_words(form),
        form["description"],
        required,
        form.get("default"),
        values,
        tuple(form.get("examples", ())),
    )


def _type_in_words(form: Object) -> str:
    types = form["type"]
    names = [types] if isinstance(types, str) else [name for name in types if name != "null"]
    words = " or ".join(_TYPES[name] for name in names)
    items = form.get("items", {}).get("type")
    if items:
        return words.replace("list", f"list of {_TYPES[items].replace('true or false', 'switch')}s")

    others = form.get("additionalProperties")
    return f"{words} of {_TYPES[others['type']]}s" if isinstance(others, dict) else words
