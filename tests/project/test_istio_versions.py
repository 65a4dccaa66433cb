"""docs/istio-versions.md is what its tool writes, and says something of every rule."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from paths import ROOT

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
    templates = 2
    assert len(rows) == len(fields) + templates
    for change in CHANGES:
        assert any(row.endswith(f"| {change.source} |") for row in rows)
        for minor, patch in (change.late or {}).items():
            assert any(row.startswith("| 1.") and f"1.{minor}.{patch}" in row for row in rows)


def test_every_rule_has_words() -> None:
    words = re.findall(r'^    "(\w+)": ', TOOL.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(words) == set(Rules._fields) - {"minor", "api"}
    assert "{}" not in DOCUMENT and "frozenset" not in DOCUMENT and "None" not in DOCUMENT


def test_every_step_between_two_versions_has_its_section() -> None:
    steps = re.findall(r"^## 1\.(\d+) to 1\.(\d+)$", DOCUMENT, re.MULTILINE)
    assert [(1, int(newer)) for _, newer in steps] == list(reversed(minors()[1:]))
    assert all(int(newer) == int(older) + 1 for older, newer in steps)
    assert f"to 1.{NEWEST[1]}" in DOCUMENT


def test_the_index_names_it() -> None:
    assert "(istio-versions.md)" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
