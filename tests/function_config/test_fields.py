"""The texts of the functionConfig's fields: every field has them, and help, docs and editors have
the same ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import generate_help
import pytest
from jsonschema import Draft202012Validator
from paths import ROOT

from krm_injector import function_config
from krm_injector.function_config.fields import KINDS, fields
from krm_injector.function_config.schema import described, of_kind

SCHEMA = json.loads(Path(function_config.SCHEMA_FILE).read_text())


def forms(path: str, form: Any) -> Iterator[tuple[str, Any]]:
    """Every form within a schema, with its path: of fields, entries and values."""
    yield path, form
    for name, each in form.get("properties", {}).items():
        yield from forms(f"{path}.{name}", each)
    for key in ("items", "additionalProperties"):
        if isinstance(form.get(key), dict):
            yield from forms(f"{path}[{key}]", form[key])


ALL = [pair for kind in KINDS for pair in forms(kind, described(kind))]


def test_all_fields_are_looked_at() -> None:
    assert len(ALL) > 250
    assert {len(fields(kind)) > 4 for kind in KINDS} == {True}


@pytest.mark.parametrize(("path", "form"), ALL, ids=[path for path, _ in ALL])
def test_every_field_has_its_texts(path: str, form: Any) -> None:
    assert form["description"].endswith("."), "a sentence"
    if "enum" in form:
        assert len(form["enumDescriptions"]) == len(form["enum"])
        assert all(text.endswith(".") for text in form["enumDescriptions"])
    if form["type"] == "string" and "enum" not in form and path.count("[") == 0:
        assert form["examples"], "a string that is no choice has an example"


@pytest.mark.parametrize(("path", "form"), ALL, ids=[path for path, _ in ALL])
def test_examples_and_defaults_are_valid(path: str, form: Any) -> None:
    validator = Draft202012Validator(form)
    for example in (*form.get("examples", ()), *([form["default"]] if "default" in form else ())):
        assert not list(validator.iter_errors(example)), path


def test_a_config_map_has_the_texts_of_the_spec() -> None:
    spec = described("SidecarInjection")["properties"]["spec"]["properties"]
    whole = {**spec, **spec["cluster"]["properties"]}
    data = described("ConfigMap")["properties"]["data"]["properties"]
    texts = {name: form["description"] for name, form in data.items() if name != "action"}
    assert texts == {name: whole[name]["description"] for name in texts}


def test_a_text_beside_a_reference_has_precedence() -> None:
    severities = described("SidecarInjection")["properties"]["spec"]["properties"]["severities"]
    port = severities["properties"]["port-collision"]
    assert port["description"] == "The application uses a port of the proxy."
    assert port["enum"] == ["error", "warning", "info", "off"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_check_reads_the_schema_without_its_texts(kind: str) -> None:
    assert of_kind(kind) == generate_help.without_texts(described(kind))
    assert "description" not in json.dumps(of_kind(kind))


def test_an_unknown_kind_is_checked_as_an_injection() -> None:
    assert of_kind("Sidecar") == of_kind("SidecarInjection")


def test_a_field_may_have_the_name_of_a_keyword() -> None:
    form = {"description": "x", "properties": {"default": {"type": "string", "default": ""}}}
    assert generate_help.without_texts(form) == {"properties": {"default": {"type": "string"}}}


def test_what_is_generated_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "generate_help.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_the_line_for_editors_names_the_schema() -> None:
    assert SCHEMA["$id"] == function_config.SCHEMA
    assert f"# yaml-language-server: $schema={SCHEMA['$id']}\n" == function_config.SCHEMA_LINE
