"""Label selectors against Kubernetes' own answers (tests/kube/selector_table.json)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import TESTS

from krm_injector.kube.selectors import SelectorError, parse, parse_webhook

TABLE: list[dict[str, Any]] = json.loads(TESTS.joinpath("kube", "selector_table.json").read_text())


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_selectors_match_as_kubernetes_does(row: dict[str, Any]) -> None:
    if "error" in row:
        with pytest.raises(SelectorError):
            parse(row["value"])
        return
    selector = parse(row["value"])
    text, matches, empty = row["answer"]
    assert ("" if selector.nothing else str(selector)) == text
    assert selector.matches(row["labels"]) is matches
    assert selector.empty is empty
    assert all(ok for _, ok in selector.explain(row["labels"])) is matches


def test_an_absent_selector_means_what_its_owner_says() -> None:
    assert not parse(None).matches({})
    assert parse_webhook(None).matches({})
    assert parse({}).matches(None)


def test_explain_names_each_requirement() -> None:
    selector = parse(
        {
            "matchLabels": {"istio-injection": "enabled"},
            "matchExpressions": [
                {"key": "istio.io/rev", "operator": "DoesNotExist"},
                {"key": "app", "operator": "In", "values": ["b", "a"]},
            ],
        }
    )
    assert selector.explain({"istio-injection": "enabled", "istio.io/rev": "x"}) == [
        ("app in (a,b)", False),
        ("istio-injection=enabled", True),
        ("!istio.io/rev", False),
    ]


def test_errors_name_the_field() -> None:
    with pytest.raises(SelectorError) as failure:
        parse({"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]})
    assert failure.value.field == "matchExpressions[0].operator"
    assert failure.value.value == "Like"
    with pytest.raises(SelectorError) as failure:
        parse({"matchLabels": {"a": 1}})
    assert failure.value.field == 'matchLabels["a"]'
