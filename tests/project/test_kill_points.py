"""The short form of bench/kill_points.py: each way of writing, stopped at a few points."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from kill_ways import WAYS
from paths import ROOT


@pytest.mark.slow
def test_each_way_leaves_the_old_files_or_the_new_ones(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    words = [sys.executable, str(ROOT / "bench" / "kill_points.py"), "--points", "8"]
    done = subprocess.run(
        [*words, "--json", str(figures)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text())
    assert found.keys() == {way.name for way in WAYS}
    for way in WAYS:
        assert found[way.name]["faults"] == []
        assert found[way.name]["stopped"] > 3, way.name
