"""A lazy pattern is a pattern of re, compiled at its first use."""

from __future__ import annotations

import re

import pytest

from krm_injector.lazy_pattern import lazy_pattern


def test_it_does_what_the_pattern_does() -> None:
    lazy, plain = lazy_pattern("(a)(b)?", re.IGNORECASE), re.compile("(a)(b)?", re.IGNORECASE)
    for text in ("", "A", "xab"):
        assert repr(lazy.search(text)) == repr(plain.search(text))
        assert lazy.findall(text) == plain.findall(text)
        assert lazy.sub("-", text) == plain.sub("-", text)
    assert (lazy.pattern, lazy.groups, lazy.flags) == (plain.pattern, plain.groups, plain.flags)


def test_it_is_compiled_when_it_is_used() -> None:
    wrong = lazy_pattern("(")
    with pytest.raises(re.error, match="unterminated"):
        wrong.match("")
