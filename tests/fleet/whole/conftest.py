"""One generated repository for all tests that only read it."""

from __future__ import annotations

from pathlib import Path

import fleet_tree
import pytest
from fleet.whole import repositories
from fleet.whole.repositories import Repository

SMALL = fleet_tree.Size(clusters=3, overlays=6, workloads=3)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Three clusters, six applications, and a chart, a package and a plain directory."""
    return repositories.generated(tmp_path_factory.mktemp("company") / "repository", SMALL)


@pytest.fixture
def own_company(tmp_path: Path) -> Repository:
    """The same for one test alone, without what needs helm."""
    return repositories.generated(tmp_path / "repository", SMALL._replace(bare=True))


@pytest.fixture
def plain(tmp_path: Path) -> Repository:
    """Twelve directories of manifests."""
    return repositories.plain(tmp_path / "repository", 12)
