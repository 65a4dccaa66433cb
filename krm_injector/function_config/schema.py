"""Whether a functionConfig keeps to schema.json: the cheap check, for those that do.

What it reads is checks.jsonl, which tools/generate_help.py makes of schema.json.

It knows those keywords of JSON Schema that our schema uses, in 1 ms; jsonschema (75 ms) is asked
only what is wrong (report.py). A test compares the two.
"""

from __future__ import annotations

import json
import re

from krm_injector import package_data
from krm_injector.function_config import CHECKS_FILE, KIND, SCHEMA_FILE
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

kept: dict[str, Object] | None = None  # by kind; see cli/warm.py
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def of_kind(kind: str) -> Object:
    """The schema of a kind of functionConfig (SidecarInjection's, where the kind has none of its
    own), with what its "$ref"s name in their places, so that no reader of it has to look them up.
    It has no texts for people.
    """
    if kept is not None and kind in kept:
        return kept[kind]

    checks = _checks(kind) or _checks(KIND)
    if kept is not None:
        kept[kind] = checks
    return checks


def _checks(kind: str) -> Object:
    """The line of a kind; empty if there is none."""
    start = f'["{kind}",'
    for line in package_data.text(CHECKS_FILE).splitlines():
        if line.startswith(start):
            checks: Object = json.loads(line)[1]
            return checks

    return {}


def described(kind: str) -> Object:
    """The schema of a kind with its texts."""
    schema = of_file(SCHEMA_FILE)
    resolved: Object = _resolved(schema["$defs"][kind], schema)
    return resolved


def of_file(path: str) -> Object:
    """A schema as it is written."""
    schema: Object = json.loads(package_data.text(path))
    return schema


def valid(value: Any, schema: Object) -> bool:
    """Whether the value keeps to the schema."""
    types = schema.get("type", ())
    if types and not _has_type(value, types):
        return False
    if isinstance(value, dict):
        return _valid_object(value, schema)
    if isinstance(value, list):
        return _valid_list(value, schema)
    if isinstance(value, str):
        return _valid_text(value, schema)
    return True


def _has_type(value: Any, types: str | list[str]) -> bool:
    names = (types,) if isinstance(types, str) else types
    return any(isinstance(value, _TYPES[name]) for name in names)


def _valid_object(value: Object, schema: Object) -> bool:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name, field in value.items():
        if name in known:
            if not valid(field, known[name]):
                return False
        elif others is False or (isinstance(others, dict) and not valid(field, others)):
            return False

    return all(name in value for name in schema.get("required", ()))


def _valid_list(value: list[Any], schema: Object) -> bool:
    if len(value) < schema.get("minItems", 0):
        return False

    items = schema.get("items")
    return items is None or all(valid(item, items) for item in value)


def _valid_text(value: str, schema: Object) -> bool:
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return False
    return len(value) >= int(schema.get("minLength", 0))


def _resolved(form: Any, schema: Object) -> Any:
    if isinstance(form, list):
        return [_resolved(part, schema) for part in form]
    if not isinstance(form, dict):
        return form
    if "$ref" not in form:
        return {key: _resolved(part, schema) for key, part in form.items()}

    target: Any = schema
    for step in form["$ref"].removeprefix("#/").split("/"):
        target = target[step]

    # What stands beside "$ref" has precedence: the text of this field.
    beside = {key: part for key, part in form.items() if key != "$ref"}
    return {**_resolved(target, schema), **beside}
