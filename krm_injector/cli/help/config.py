"""Pages about the functionConfig, from its schema."""

from __future__ import annotations

import json

from krm_injector import package_data
from krm_injector.cli.help.page import Entry, Page, Rows, Text
from krm_injector.cli.options import Usage
from krm_injector.function_config import SCHEMA_FILE, SCHEMA_LINE
from krm_injector.function_config.fields import KINDS, Field, fields, text_of_kind
from krm_injector.kube import yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.cli.help.page import Block

_MOST_VALUES = 20  # a field with more values has them elsewhere: codes
_IN_ONE_LINE = 60


def check(part: str) -> None:
    """Raises Usage if there is no such kind and no such field."""
    if part in KINDS or _below(part):
        return

    import difflib

    names = [*KINDS, *(field.path.removeprefix("spec.") for field in _all())]
    close = difflib.get_close_matches(part.removeprefix("spec."), names, 1, 0.6)
    end = f"did you mean {close[0]}?" if close else f"kinds are {', '.join(KINDS)}"
    raise Usage(f"the functionConfig has no field and no kind {part!r}; {end}")


def page(part: str) -> Page:
    """All about the functionConfig; or a kind, or a field with those below it."""
    if not part:
        return _whole()

    entries: list[Block] = [_entry(each) for each in (fields if part in KINDS else _below)(part)]
    if part in KINDS:
        about = Text(text_of_kind(part))
        return Page(f"config {part}", 5, f"the functionConfig {part}", [about, *entries])
    return Page(f"config {part}", 5, f"{part} of the functionConfig", entries)


def _whole() -> Page:
    entries: list[Block] = [_entry(field) for field in fields(KINDS[0])]
    blocks: list[Block] = [
        Text("The functionConfig says how krm-injector injects. Every field of spec is optional."),
        Rows("kinds", [(kind, text_of_kind(kind)) for kind in KINDS]),
        Text(
            "krm-injector help config KIND tells the fields of a kind. krm-injector help config "
            "FIELD tells one with those below it, as cluster or mesh.file. These are the fields "
            "of a SidecarInjection:"
        ),
        *entries,
        Text(
            "Editors with the YAML language server check and complete a file that begins with "
            f"the line: {SCHEMA_LINE.rstrip()}"
        ),
        Text(
            "Without network, krm-injector help config --output json > schema.json writes the "
            "schema: name that file in the line."
        ),
    ]
    return Page("config", 5, "the functionConfig of krm-injector", blocks)


def schema_text() -> str:
    return package_data.text(SCHEMA_FILE)


def _all() -> list[Field]:
    """The fields of all kinds, each path once."""
    return list({field.path: field for kind in KINDS[::-1] for field in fields(kind)}.values())


def _below(part: str) -> list[Field]:
    """A field and those below it; spec. and [] may be left out."""
    path = _bare(part)
    found: list[Field] = []
    for kind in KINDS:
        same = [field for field in fields(kind) if f"{_bare(field.path)}.".startswith(f"{path}.")]
        found += [field for field in same if not any(field.path == each.path for each in found)]

    return found


def _bare(path: str) -> str:
    return path.removeprefix("spec.").replace("[]", "")


def _entry(field: Field) -> Entry:
    facts = [field.type]
    if field.required:
        facts.append("required")
    if field.default is not None:
        facts.append(f"default {_shown(field.default)}")

    text = field.text
    values = [(value or '""', text) for value, text in field.values if len(field.values) > 1]
    if len(values) > _MOST_VALUES:
        text += " krm-injector help codes lists them."
        values = []
    name = field.path.rsplit(".", 1)[-1].removesuffix("[]")
    examples = tuple(_example(name, value) for value in field.examples)
    return Entry(f"{field.path} ({', '.join(facts)})", text, values, examples)


def _shown(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _example(name: str, value: Any) -> str:
    """A field as YAML, in one line if it fits."""
    short = f"{name}: {json.dumps(value, ensure_ascii=False)}"
    plain = yaml.dump({name: value}).rstrip()
    if "\n" not in plain or len(short) > _IN_ONE_LINE or isinstance(value, str):
        return plain
    return f"{name}: {_flow(value)}"


def _flow(value: Any) -> str:
    """A short value as flow YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"

    # As the value of a field: with the quotes that it needs.
    return yaml.dump({"x": value}).rstrip().removeprefix("x: ")


def parts() -> list[tuple[str, str]]:
    """What `help config` may be followed by, for completion."""
    kinds = [(kind, text_of_kind(kind)) for kind in KINDS]
    return [*kinds, *((field.path.removeprefix("spec."), field.text) for field in _all())]
