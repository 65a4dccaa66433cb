"""Quantities against Kubernetes' own answers (tests/kube/quantity_table.json)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import TESTS

from krm_injector.kube.quantity import QuantityError, from_json, nano, parse

TABLE: list[dict[str, Any]] = json.loads(TESTS.joinpath("kube", "quantity_table.json").read_text())


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_quantities_are_read_as_kubernetes_does(row: dict[str, Any]) -> None:
    def ask() -> str:
        return parse(row["text"]) if row["op"] == "parse" else from_json(row["value"])

    if "error" in row:
        with pytest.raises(QuantityError):
            ask()
    else:
        assert ask() == row["answer"]


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        (0.5, "500m"),
        (2, "2"),
        ("1.5Gi", "1536Mi"),
        ("1.500", "1.500"),
        ("0.1Ki", "102400m"),
        ("1e3", "1e3"),
        ("10e2", "1e3"),
        ("0.0000000001", "1n"),
        ("100Ei", "9223372036854775807"),
    ],
)
def test_quantities_have_a_canonical_form(given: Any, canonical: str) -> None:
    assert parse(given) == canonical


def test_spaces_are_trimmed_in_json_only() -> None:
    assert from_json(" 1 ") == "1"
    with pytest.raises(QuantityError):
        parse(" 1")


@pytest.mark.parametrize(
    "given", ["", "abc", "1 Gi", "1.2.3", "1KiB", True, [1], "1e99999999999999999999"]
)
def test_what_is_no_quantity_is_refused_with_its_text(given: Any) -> None:
    with pytest.raises(QuantityError) as failure:
        parse(given)
    assert failure.value.value == given
    assert repr(given) in str(failure.value)


def test_huge_exponents_cost_nothing() -> None:
    assert parse("1e-2000000000") == "1e-9"
    with pytest.raises(QuantityError):
        parse("12345678901234567890e2000000000")


@pytest.mark.parametrize(
    "text",
    ["9" * 2001, f"0.{'0' * 2000}1", f"1e{'9' * 20}", f"1e{'9' * 5000}", f"-{'9' * 2001}Ei"],
)
def test_a_number_beyond_the_bound_is_no_quantity(text: str) -> None:
    """Python itself reads at most 4,300 digits."""
    with pytest.raises(QuantityError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["9" * 2000, f"0.{'0' * 1998}1", f"1e{'0' * 50}3", "9" * 1999 + "E"]
)
def test_a_number_at_the_bound_is_a_quantity(text: str) -> None:
    assert parse(text) and isinstance(nano(text), int)


def test_an_exponent_that_nothing_can_have_is_not_written_out() -> None:
    assert parse("1e2001") == "1e2001"  # as Kubernetes
    with pytest.raises(QuantityError):
        nano("1e2001")
