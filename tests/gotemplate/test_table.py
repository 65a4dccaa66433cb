"""The engine and sprig against the answers of Go's own text/template (tests/gotemplate/table.json).

tests/gotemplate/generate/README.md says how the answers are asked for again.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from gotemplate import fixtures
from paths import TESTS

from krm_injector.gotemplate import ExecError, ParseError, TemplateError, parse
from krm_injector.gotemplate.sprig import FUNCS, UNAVAILABLE

HERE = TESTS / "gotemplate"
TABLE: list[dict[str, Any]] = json.loads((HERE / "table.json").read_text(encoding="utf-8"))


CONSTRUCTS = {
    "text", "comments", "trim left", "trim right", "trim comments", "pipelines", "variables",
    "assignment", "scope",
    "dot", "field access", "chain", "parenthesised", "missing keys", "nil", "nil pointers",
    "method calls",
    "struct values", "enum", "typed maps and lists", "if else", "if else-if", "with", "with else",
    "with else-with",
    "range", "range else", "range variables", "range map", "range integer", "range scope", "break",
    "continue",
    "define", "template", "block", "and or short circuit", "not", "truth", "comparison equal",
    "comparison order",
    "comparison errors", "index", "slice", "len", "call", "print", "printf strings",
    "printf numbers",
    "printf other verbs", "printf faults", "html", "js", "urlquery", "strings", "raw strings",
    "char constants",
    "numbers", "number faults", "booleans", "argument types", "wrong number of arguments",
    "parse errors",
    "parse error positions", "exec errors", "exec error positions", "delimiters", "unicode",
    "nothing printed",
    "values printed", "functions", "typed constants",
}  # fmt: skip
MIN_ENTRIES = 450


@pytest.mark.parametrize("entry", TABLE, ids=[entry["name"] for entry in TABLE])
def test_answers_as_go_does(entry: dict[str, Any]) -> None:
    if "error" in entry:
        with pytest.raises(TemplateError) as caught:
            _run(entry)
        assert str(caught.value) == entry["error"]
        assert isinstance(caught.value, ParseError if entry["stage"] == "parse" else ExecError)
        return
    output = _run(entry)
    if "output_base64" in entry:
        assert output.encode("utf-8", "surrogateescape") == base64.b64decode(entry["output_base64"])
    else:
        assert output.encode("utf-8", "surrogateescape").decode() == entry.get("output", "")


def _run(entry: dict[str, Any]) -> str:
    funcs = FUNCS if entry.get("funcs") == "sprig" else {}
    left, right = entry.get("delims", ("{{", "}}"))
    data = fixtures.typed(entry["data"])
    return parse(entry["template"], name="t", funcs=funcs, delims=(left, right)).execute(data)


def test_every_construct_is_in_the_table() -> None:
    found = {entry["construct"] for entry in TABLE if not entry["construct"].startswith("sprig ")}
    assert found == CONSTRUCTS
    assert len(TABLE) >= MIN_ENTRIES


def test_error_entries_say_where() -> None:
    faults = [entry for entry in TABLE if "error" in entry]
    assert len(faults) >= 80
    for entry in faults:
        assert re.match(r"template: \S+:\d+", entry["error"]) or "template:" in entry["error"], (
            entry["name"]
        )


@pytest.mark.parametrize("name", sorted(FUNCS))
def test_every_sprig_function_has_two_entries(name: str) -> None:
    word = re.compile(rf"(?<![\w.$\"]){re.escape(name)}(?![\w\"])")
    entries = [
        entry for entry in TABLE if entry.get("funcs") == "sprig" and word.search(entry["template"])
    ]
    assert len(entries) >= 2


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_calling_what_a_build_cannot_have_is_an_error(name: str) -> None:
    template = parse(f"{{{{ {name} 1 }}}}", name="t", funcs=FUNCS)
    with pytest.raises(ExecError) as caught:
        template.execute(None)
    message = str(caught.value)
    assert f"error calling {name}: function {name} is not available at build time" in message
    assert message.startswith(f'template: t:1:3: executing "t" at <{name} 1>')
    assert " instead" in message


def test_position_attributes_agree_with_the_message() -> None:
    for entry in TABLE:
        place = re.match(r"template: t:(\d+):(?:(\d+):)? ", entry.get("error", ""))
        if place is None:
            continue
        with pytest.raises(TemplateError) as caught:
            _run(entry)
        assert caught.value.line == int(place[1]), entry["name"]
        if place[2]:
            assert caught.value.column == int(place[2]), entry["name"]
