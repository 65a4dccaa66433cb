"""Patterns, and Twins that are read as objects."""

from __future__ import annotations

import pytest

from krm_injector.kube.twins import (
    PLACEHOLDER,
    Alike,
    Pattern,
    Replacements,
    Twin,
    integer_placeholder,
    looks_like_one,
    to_json,
    word_placeholder,
)


def alike() -> Alike:
    value = {"a": word_placeholder(3), "b": [integer_placeholder(12), f"x {word_placeholder(3)}"]}
    return Alike({}, value, {3: 1, 12: 0})


@pytest.mark.parametrize("number", [0, 7, 8999, 9999])
def test_placeholders_are_found(number: int) -> None:
    for text in (word_placeholder(number), str(integer_placeholder(number))):
        match = PLACEHOLDER.fullmatch(text)
        assert match is not None
        assert int(match[1] or match[2]) == number
        assert looks_like_one(f"a {text} b")


def test_other_texts_are_none() -> None:
    assert not looks_like_one("990001078 krm.hole/1:x 077")


def test_a_pattern_is_filled_in() -> None:
    pattern = Pattern(f"{word_placeholder(1)}-{integer_placeholder(2)}.", {1: 0, 2: 1})
    assert pattern.fill(("web", "5")) == "web-5."
    assert Pattern("nothing", {}).fill(()) == "nothing"


def test_a_twin_is_an_object() -> None:
    twin = Twin(alike(), ("5", "web"))
    assert twin.object() == {"a": "web", "b": [5, "x web"]}
    assert twin.json() == to_json(twin.object())
    assert twin.object() is not twin.object()


def test_replacements_give_objects() -> None:
    twin, plain = Twin(alike(), ("5", "web")), {"kind": "Pod"}
    replacements = Replacements({1: twin, 2: plain})
    assert replacements[1] == twin.object()
    assert replacements[2] is plain
    assert (replacements.twin(1), replacements.twin(2), replacements.twin(3)) == (twin, None, None)
    assert (1 in replacements, 3 in replacements, list(replacements)) == (True, False, [1, 2])
    assert replacements.get(3) is None
