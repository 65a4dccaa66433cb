"""20,000 targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fleet.whole import repositories
from fleet.whole.repositories import Repository

MANY = 20_000


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Directories of one manifest each, in folders of a hundred."""
    root = tmp_path_factory.mktemp("many") / "repository"
    for number in range(MANY):
        directory = root / f"team-{number // 100:03}" / f"app-{number % 100:02}"
        directory.mkdir(parents=True)
        (directory / "all.yaml").write_text(
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{number}, namespace: shop}}\n"
        )
    return Repository(root)


@pytest.mark.slow
def test_they_are_listed(many: Repository) -> None:
    targets = many.targets()
    assert len(targets) == len({target["name"] for target in targets}) == MANY
    table = many.krm("fleet", "list", "-q", ".")
    assert table.code == 0


@pytest.mark.slow
def test_they_are_built(many: Repository) -> None:
    done = many.krm("fleet", "build", "-q", "--output", "../out", ".", timeout=900)
    assert done.code == 0, done.err
    assert len(repositories.files(many.root.parent / "out")) == MANY


@pytest.mark.slow
def test_shards_of_them_are_balanced(many: Repository, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = ("--shard", "3/40", "--report", str(report), "--output", str(tmp_path / "out"))
    done = many.krm("fleet", "build", "-q", *words, ".", timeout=900)
    assert done.code == 0, done.err
    assert len(repositories.files(tmp_path / "out")) == MANY // 40
    json.loads(report.read_text())
