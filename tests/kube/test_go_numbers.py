"""Numbers in text as Go reads them."""

from __future__ import annotations

import pytest

from krm_injector.kube.go_numbers import atoi, sscanf_uint32


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("15030", 15030), ("015", 15), ("+7", 7), ("-7", -7), ("0", 0), ("-0", 0),
        ("", 0), (" 7", 0), ("7\t", 0), ("+-7", 0), ("1_0", 0), ("0x10", 0), ("\u0667", 0),
        ("7.0", 0),
        ("9223372036854775808", 2**63 - 1), ("-9223372036854775809", -(2**63)),
        ("1" + "0" * 30, 2**63 - 1),
    ],
)  # fmt: skip
def test_atoi(text: str, number: int) -> None:
    assert atoi(text) == number


@pytest.mark.parametrize(
    "blank", ["", " ", "\t", "\r", "\x85", "\xa0", "\u1680", "\u2028", "\u3000", "  \t "]
)
def test_sscanf_takes_blanks_before_a_number_only(blank: str) -> None:
    assert sscanf_uint32(f"{blank}4:{blank}5", ":") == (4, 5)
    if blank:
        assert sscanf_uint32(f"4{blank}:5", ":") is None


@pytest.mark.parametrize(
    "text", ["\n4:5", "4:\n5", "4:\r\n5", "\ufeff4:5", "4:-5", "4", "4:", ":5", "4:4294967296"]
)
def test_sscanf_gives_an_error(text: str) -> None:
    assert sscanf_uint32(text, ":") is None


def test_sscanf_leaves_the_rest_unread() -> None:
    assert sscanf_uint32("4:5:6", ":") == (4, 5)
    assert sscanf_uint32("4294967295:5_0", ":") == (2**32 - 1, 5)
