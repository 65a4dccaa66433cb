"""The table of changes in CONTRIBUTING.md is true: its files exist and contain what it names."""

from __future__ import annotations

import re

import pytest
from paths import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (.*`(?:krm_injector|docs)/.*) \|$", PAGE, re.MULTILINE)
# `path` (`name`, `name`): the names in brackets are to be found in the file or the folder.
PLACE = re.compile(r"`([a-z_]+(?:/[\w.-]+)+|functions|docs)`(?: \(((?:`\w+`(?:, )?)+)\))?")


def test_the_table_names_the_usual_changes() -> None:
    changes = " ".join(change for change, _ in ROWS)
    for word in ("template function", "version of Istio", "code", "option", "output form"):
        assert word in changes, word


@pytest.mark.parametrize(("change", "places"), ROWS, ids=[change for change, _ in ROWS])
def test_the_files_of_a_change_are_there(change: str, places: str) -> None:
    named = PLACE.findall(places)
    assert named
    for path, names in named:
        place = ROOT / path
        assert place.exists(), path
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        text = "\n".join(file.read_text() for file in files)
        for name in re.findall(r"\w+", names):
            assert re.search(rf"\b{name}\b", text), f"{path} has no {name}"


def test_the_make_targets_of_the_page_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make (\w+)`", PAGE))
    assert {"demo", "fast", "test", "check"} <= named <= targets
