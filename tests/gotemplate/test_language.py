"""The template language against Go's own answers.

language.json holds templates with what Go 1.26's text/template writes or says for the
data and functions below (output and error of Parse or Execute).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import TESTS

from krm_injector.gotemplate import (
    Enum,
    Func,
    FuncError,
    Method,
    StringList,
    StringMap,
    Struct,
    TemplateError,
    parse,
)
from krm_injector.gotemplate.format import sprint
from krm_injector.gotemplate.values import Int32, Int64

CASES = json.loads(TESTS.joinpath("gotemplate", "language.json").read_text(encoding="utf-8"))


class Inner(Struct):
    """type U struct { V string; Next *U }, with a method that works on nil."""

    def __init__(self, go_type: str, v: str = "", is_nil: bool = False) -> None:
        self.go_type = go_type  # type: ignore[misc]
        self.v = v
        self.is_nil = is_nil

    def go_attr(self, name: str) -> Any:
        return {"V": self.v, "Next": None, "GetV": Method(lambda: "" if self.is_nil else self.v)}[
            name
        ]

    def go_string(self) -> str:
        return (
            "<nil>"
            if self.is_nil
            else ("&" if self.go_type[0] == "*" else "") + f"{{{self.v} <nil>}}"
        )


class Outer(Struct):
    go_type = "*main.T"

    def go_attr(self, name: str) -> Any:
        fields = {
            "I": 7, "I32": Int32(9), "F": 2.5, "S": "str", "B": True, "M": {"k": "v", "nil": None},
            "SM": StringMap(a="1", b="2"), "L": ["x", 1.0, None], "SL": StringList(["p", "q"]),
            "P": Inner("*main.U", "uv"), "NilP": Inner("*main.U", is_nil=True),
            "St": Inner("main.U", "sv"),
            "E": Enum(1, "ONE", "main.Kind"), "A": None,
        }  # fmt: skip
        methods = {
            "Add": Method(lambda a, b: a + b, ("int", "int")),
            "Vari": Method(lambda a, *rest: a + "+".join(rest), ("string", "string"), True),
            "Err": Method(lambda: fail("bad")),
            "Map": Method(len, ("map[string]string",)),
        }
        return methods[name] if name in methods else fields[name]


def fail(text: str) -> str:
    raise FuncError(text)


def data() -> dict[str, Any]:
    return {
        "t": Outer(), "s": "hello", "f": 1.5, "i": 3.0, "b": True, "n": None, "e": "", "z": 0.0,
        "u": "äöü",
        "m": {"b": 2.0, "a": "one", "nest": {"x": {"y": "deep"}}, "nil": None},
        "l": ["a", 2.0, None, {"k": "v"}], "el": [], "em": {}, "big": 1e6, "tiny": 1e-7,
        "sm": StringMap(a="1", b="2"), "html": "<a href=\"x\">'&\x00",
        "e1": Enum(1, "ONE", "main.Kind"),
        "e0": Enum(0, "ZERO", "main.Kind"), "int": 5, "neg": -3,
        "nilp": Inner("*main.U", is_nil=True),
        "int64": Int64(8),
    }  # fmt: skip


FUNCS = {
    func.name: func
    for func in (
        Func("needStr", lambda s: "s:" + s, ("string",)),
        Func("needInt", lambda i: i, ("int",)),
        Func("needI64", Int64, ("int64",)),
        Func("needF", lambda f: f, ("float64",)),
        Func("needB", lambda b: b, ("bool",)),
        Func("needM", len, ("map[string]any",)),
        Func("needSM", len, ("map[string]string",)),
        Func("needL", len, ("[]any",)),
        Func("needU", lambda u: "" if u is None or u.is_nil else u.v, ("*main.U",)),
        Func("fail", fail, ("string",)),
        Func("anyf", lambda a: a, ("any",)),
        Func("two", lambda a, b: sprint(a, "|", b), ("any", "any")),
        Func("nilany", lambda: None),
        Func("panicf", lambda: fail("oops")),
        Func("vari", lambda s, *rest: sprint(s, list(rest)), ("string", "int"), True),
        Func("list", lambda *items: list(items), ("any",), True),
        Func(
            "dict", lambda *items: dict(zip(items[::2], items[1::2], strict=True)), ("any",), True
        ),
        Func("add64", lambda a, b: Int64(a + b), ("int64", "int64")),
        Func("getf", lambda: Func("", lambda a, b: sprint(a, b), ("int", "string"))),
        Func("nils", list),
        Func("nilm", StringMap),
        Func("upper", str.upper, ("string",)),
    )
}


@pytest.mark.parametrize("case", CASES, ids=[case["template"] for case in CASES])
def test_the_language_answers_as_go_does(case: dict[str, str]) -> None:
    try:
        out, error = parse(case["template"], "main", FUNCS).execute(data()), ""
    except TemplateError as stopped:
        out, error = "", str(stopped)
    assert (out, error) == (case["out"], case["error"])


def test_the_table_is_there() -> None:
    assert len(CASES) > 500
