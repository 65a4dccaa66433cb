"""Go's JSON against encoding/json's own answers (tests/kube/json_table.json)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import TESTS

from krm_injector.kube.go_json import GoJsonError, dumps, loads

TABLE: list[dict[str, Any]] = json.loads(TESTS.joinpath("kube", "json_table.json").read_text())


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_json_is_read_and_written_as_go_does(row: dict[str, Any]) -> None:
    if "error" in row:
        with pytest.raises(GoJsonError):
            loads(row["text"])
    else:
        assert dumps(loads(row["text"])) == row["answer"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (100.0, "100"),
        (10**25, "10000000000000000000000000"),
        ({"b": 1, "a": [None, True]}, '{"a":[null,true],"b":1}'),
        ("<a&b>\u2028\x01\x7f", '"\\u003ca\\u0026b\\u003e\\u2028\\u0001\x7f"'),
    ],
)
def test_values_are_written_as_go_writes_them(value: Any, text: str) -> None:
    assert dumps(value) == text


def test_html_can_be_left_alone_and_order_kept() -> None:
    assert dumps({"b": "<", "a": 1}, escape_html=False, sort_keys=False) == '{"b":"<","a":1}'


def test_every_number_read_is_a_float_and_the_last_key_wins() -> None:
    value = loads('{"a": 1, "a": 2}')
    assert value == {"a": 2.0}
    assert type(value["a"]) is float


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unexpected end of JSON input"),
        ('{"a":', "unexpected end of JSON input"),
        ("[1 2]", "invalid character '2' after array element"),
        ('{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        ("{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
        ("1 2", "invalid character '2' after top-level value"),
        ("[NaN]", "invalid character 'N' looking for beginning of value"),
        ("1e999", "json: cannot unmarshal number 1e999 into Go value of type float64"),
    ],
)
def test_errors_read_as_go_s(text: str, reason: str) -> None:
    with pytest.raises(GoJsonError) as failure:
        loads(text)
    assert failure.value.reason == reason


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {"a": {1, 2}}])
def test_what_json_cannot_hold(value: Any) -> None:
    with pytest.raises(GoJsonError, match="unsupported"):
        dumps(value)


def test_deep_nesting_is_an_error_not_a_crash() -> None:
    with pytest.raises(GoJsonError, match="max depth"):
        loads("[" * 201)
    assert loads("[" * 200 + "]" * 200) and loads('["' + "[" * 201 + '"]')
