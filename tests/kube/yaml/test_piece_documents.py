"""The documents of a stream read in pieces against the same read as events."""

from __future__ import annotations

import random

import pytest
from kube.yaml.test_pieces import TEXTS, changed, identical
from paths import ROOT, TESTS

from krm_injector.kube.yaml import YamlError
from krm_injector.kube.yaml.load import load_documents
from krm_injector.kube.yaml.piece_documents import documents

SEPARATORS = [
    "---\n",
    "---\n",
    "---\n# a\n",
    "---\n---\n",
    "--- # a\n",
    "# a\n---\n\n",
    "...\n---\n",
]


def agree(text: str) -> bool:
    """Whether the text is read in pieces; the documents must be those of events then."""
    found = documents(text)
    if found is None:
        return False

    expected = load_documents(text)
    assert len(found) == len(expected), text
    for one, other in zip(found, expected, strict=True):
        assert one._replace(value=None) == other._replace(value=None), text
        assert identical(one.value, other.value), text
    return True


@pytest.mark.parametrize("seed", range(20))
def test_streams(seed: int) -> None:
    chance = random.Random(seed)
    read = 0
    for _ in range(150):
        text = chance.choice(["", *SEPARATORS])
        for _ in range(chance.randint(1, 4)):
            text += chance.choice(TEXTS[:11]) + chance.choice(SEPARATORS)
        if chance.random() < 0.5:
            text = text.removesuffix("\n")
        read += agree(text)
        agree(changed(text, chance))

    assert read > 50


def test_errors_are_left_to_events() -> None:
    assert documents("a: b\n---\na: [\n") is None
    with pytest.raises(YamlError):
        load_documents("a: b\n---\na: [\n")


def test_anchors_end_with_their_document() -> None:
    assert documents("a: &b\n  c: d\n---\ne: *b\n") is None
    assert documents("a: &b\n  c: d\n---\ne: [f]\ng: &b {}\nh: *b\n") is not None


def test_files() -> None:
    for folder in (TESTS, ROOT / "functions"):
        for path in folder.rglob("*.yaml"):
            text = path.read_bytes().decode("utf-8", "replace").replace("\ufeff", "")
            agree(text)
