from __future__ import annotations

from pathlib import Path

import pytest
from fleet import trees


@pytest.fixture
def finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trees.Finder:
    return trees.finder(tmp_path, monkeypatch)
