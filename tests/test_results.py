"""Results as entries, as lines, as a file."""

from __future__ import annotations

import json

import pytest

from krm_injector.kube import yaml
from krm_injector.model import ResourceRef, Result
from krm_injector.results import as_file, counted, entries, exit_code, lines

WEB = ResourceRef("apps/v1", "Deployment", "web", "shop")
ERROR = Result(
    "error",
    "the policy is off",
    WEB,
    "data.config",
    "off",
    "enabled",
    "web.yaml",
    2,
    "policy-illegal",
)
INFO = Result("info", "all is well")


def test_an_error_makes_the_exit_status() -> None:
    assert exit_code([]) == 0
    assert exit_code([INFO, Result("warning", "hm")]) == 0
    assert exit_code([INFO, ERROR]) == 1


def test_entries_keep_to_the_specification() -> None:
    assert entries([ERROR, INFO]) == [
        {
            "message": "the policy is off",
            "severity": "error",
            "resourceRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": "web",
                "namespace": "shop",
            },
            "field": {"path": "data.config", "currentValue": "off", "proposedValue": "enabled"},
            "file": {"path": "web.yaml", "index": 2},
            "tags": {"code": "policy-illegal"},
        },
        {"message": "all is well", "severity": "info"},
    ]


def test_false_is_a_value_of_a_field() -> None:
    (entry,) = entries([Result("error", "m", field="f", current=False, proposed=0)])
    assert entry["field"] == {"path": "f", "currentValue": False, "proposedValue": 0}


def test_order_is_kept_and_nothing_is_said_twice() -> None:
    third = Result("error", "the policy is off", WEB._replace(name="api"))
    assert [entry["message"] for entry in entries([INFO, ERROR, INFO, third, ERROR])] == [
        "all is well",
        "the policy is off",
        "the policy is off",
    ]
    # Values that cannot be hashed are no obstacle.
    assert (
        len(
            entries(
                [Result("error", "m", current={"a": []}), Result("error", "m", current={"a": []})]
            )
        )
        == 1
    )


def test_a_line_has_resource_file_field_message_and_code() -> None:
    assert lines([ERROR, INFO]) == [
        "error: Deployment shop/web: web.yaml: data.config: the policy is off [policy-illegal]",
        "info: all is well",
    ]


def test_lines_do_not_repeat_what_the_message_names() -> None:
    result = Result(
        "error",
        "metadata.name of Deployment shop/web is missing",
        WEB,
        "metadata.name",
        code="item-name",
    )
    assert lines([result]) == ["error: metadata.name of Deployment shop/web is missing [item-name]"]


def test_further_lines_are_indented() -> None:
    assert lines([Result("error", "add:\nspec:\n  a: b", code="init-exists")]) == [
        "error: add: [init-exists]\n  spec:\n    a: b"
    ]


def test_colour_only_where_asked() -> None:
    assert lines([INFO], colour=True) == ["\x1b[36minfo\x1b[0m: all is well"]
    assert "\x1b" not in lines([ERROR])[0]


def test_names_cannot_steer_the_terminal() -> None:
    (line,) = lines([Result("error", "bad \x1b[2Jname\r\u202e", ResourceRef("v1", "Pod", "a\x07"))])
    assert line == "error: Pod a\\x07: bad \\x1b[2Jname\\x0d\\x202e"


def test_file_is_a_function_result_list() -> None:
    expected = {
        "apiVersion": "kpt.dev/v1",
        "kind": "FunctionResultList",
        "metadata": {"name": "fnresults"},
        "exitCode": 1,
        "items": [{"exec": "krm-injector", "exitCode": 1, "results": entries([ERROR, INFO])}],
    }
    assert yaml.load(as_file([ERROR, INFO], 1)) == expected
    assert json.loads(as_file([ERROR, INFO], 1, as_json=True)) == expected


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 workloads"), (1, "1 workload"), (2, "2 workloads"), (1000, "1,000 workloads")],
)
def test_a_count_of_one_is_singular(number: int, words: str) -> None:
    assert counted(number, "workload") == words


def test_a_plural_may_be_irregular() -> None:
    assert [counted(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
