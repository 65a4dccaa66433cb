"""docs/istio-versions.md is what its tool writes, and says something of every rule."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sample_upgrade
from paths import ROOT

from krm_injector.discovery.profile.differences import DIFFERENCES, Difference, has, release
from krm_injector.kube.differences import Difference as Change
from krm_injector.versions import CHANGES, NEWEST, Rules, minors

TOOL = ROOT / "tools" / "istio_versions.py"
DOCUMENT = (ROOT / "docs" / "istio-versions.md").read_text(encoding="utf-8")


def test_the_document_is_what_the_tool_writes(tmp_path: Path) -> None:
    out = tmp_path / "istio-versions.md"
    subprocess.run([sys.executable, str(TOOL), "--out", str(out)], check=True, cwd=ROOT)
    assert out.read_text(encoding="utf-8") == DOCUMENT


def test_every_row_of_the_table_is_there_with_its_source() -> None:
    rows = [line for line in DOCUMENT.splitlines() if re.match(r"\| 1\.", line)]
    fields = [(change, field) for change in CHANGES for field in change.fields]
    assert len(rows) == len(fields) + len(DIFFERENCES)
    for change in CHANGES:
        assert any(row.endswith(f"| {change.source} |") for row in rows)
        for minor, patch in (change.late or {}).items():
            assert any(row.startswith("| 1.") and f"1.{minor}.{patch}" in row for row in rows)


def test_every_rule_has_words() -> None:
    words = re.findall(r'^    "(\w+)": ', TOOL.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(words) == set(Rules._fields) - {"minor", "api"}
    rules = DOCUMENT.partition("## Changes of templates")[0]
    assert "{}" not in rules and "frozenset" not in DOCUMENT and "None" not in DOCUMENT


def test_every_step_between_two_versions_has_its_section() -> None:
    steps = re.findall(r"^## 1\.(\d+) to 1\.(\d+)$", DOCUMENT, re.MULTILINE)
    assert [(1, int(newer)) for _, newer in steps] == list(reversed(minors()[1:]))
    assert all(int(newer) == int(older) + 1 for older, newer in steps)
    assert f"to 1.{NEWEST[1]}" in DOCUMENT


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda row: row.source)
def test_each_first_release_shows_a_difference_of_templates(difference: Difference) -> None:
    """What the page shows of one minor's first release is the same at every other's."""
    brought = [  # by a release whose predecessor lacks it
        which
        for which, first in enumerate(difference.since)
        if not has(release(sample_upgrade.previous(first)), difference.since)
    ]
    assert brought[0] == 0
    shown = [_values(sample_upgrade.shown(difference, which)) for which in brought]
    assert shown[0]
    assert all(found == shown[0] for found in shown)


def _values(changes: list[Change]) -> list[tuple[str, object, object]]:
    return [(change.path, change.before, change.after) for change in changes]


def test_every_case_is_of_a_difference() -> None:
    assert set(sample_upgrade.CASES) == {sample_upgrade.case_key(row) for row in DIFFERENCES}


def test_each_upgrade_of_the_sample_is_told_with_its_step() -> None:
    releases = [sample_upgrade.since(release) for release in sample_upgrade.RELEASES]
    for before, after in itertools.pairwise(releases):
        assert f"| [{before} to {after}](#" in DOCUMENT
        assert f"the [sample pod](#the-sample-pod) from {before} to {after}" in DOCUMENT


def test_links_to_steps_lead_to_their_sections() -> None:
    headings = re.findall(r"^## (.*)$", DOCUMENT, re.MULTILINE)
    places = {heading.lower().replace(".", "").replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\(#([\w-]+)\)", DOCUMENT)) <= places


def test_the_index_names_it() -> None:
    assert "(istio-versions.md)" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
