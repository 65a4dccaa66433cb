"""The kept inputs of every fuzz target, and some hundred new ones made of them."""

from __future__ import annotations

import random

import pytest
from fuzz.run_plain import Mutator, corpus_of, words_of
from fuzz.targets import TARGETS

MADE = {"bundle": 5, "function": 20, "dump": 20}


@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs_are_answered(name: str) -> None:
    kept = corpus_of(name)
    assert kept
    for data in kept:
        TARGETS[name](data)


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"yaml"}))
def test_inputs_made_of_them_are_answered(name: str) -> None:
    mutator = Mutator(corpus_of(name), words_of(name), random.Random(20261128))
    for _ in range(MADE.get(name, 300)):
        TARGETS[name](mutator.make())
