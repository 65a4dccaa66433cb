"""The pictures of docs/ are what tools/pictures.py draws, and what the code says."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pictures
import pytest
from paths import ROOT

from krm_injector import pipeline

FILES = sorted(picture.file for picture in pictures.pictures())


def test_they_are_fresh() -> None:
    assert pictures.stale() == [], "python tools/pictures.py"


@pytest.mark.parametrize("picture", pictures.pictures(), ids=lambda one: one.file)
def test_texts_stay_in_their_boxes(picture: pictures.Picture) -> None:
    """By the width of a wide font: 0.6 of its size a character."""
    root = ElementTree.fromstring(pictures.svg(picture))
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    for part in picture.parts:
        if isinstance(part, pictures.Label):
            size = 9.2 if part.kind == "title" else 6.8
            assert part.x + size * len(part.text) <= picture.width, part.text
        if isinstance(part, pictures.Box):
            assert 8.2 * len(part.name) <= part.width - 18, part.name
            for words in part.words:
                assert 6.8 * len(words) <= part.width - 18, words


def test_each_folder_has_its_words() -> None:
    drawn = pictures.folders()
    assert {"cli", "pipeline", "decision", "function_config"} <= {name for name, _ in drawn}
    assert [name for name, words in drawn if not words] == []


def test_the_steps_are_those_of_the_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    steps = [name for _, name in re.findall(r"^(\d+)\. \*\*(.+?)\*\*", page, re.MULTILINE)]
    named = [name.split(",")[0] for name, _ in pictures.STEPS]
    assert [step.split(",")[0] for step in steps[: len(named)]] == named
    assert pipeline.run is not None


@pytest.mark.parametrize("file", FILES)
def test_a_page_shows_it(file: str) -> None:
    shown = [
        page for page in (ROOT / "docs").glob("*.md") if f"(images/{file})" in page.read_text()
    ]
    assert shown
