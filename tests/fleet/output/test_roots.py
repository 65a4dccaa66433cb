"""A run that looks elsewhere deletes nothing of what an earlier run found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from files import write

from krm_injector.cli import program
from krm_injector.fleet.output import INDEX, index

OBJECT = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
TREE = {"repo/apps/shop/a.yaml": OBJECT, "repo/infra/db/a.yaml": OBJECT}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, TREE)
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path / "repo"


def build(*roots: str) -> int:
    return program.run(["fleet", "build", "--quiet", "--output", "../out", "--jobs", "1", *roots])


def written(repository: Path) -> list[str]:
    out = repository.parent / "out"
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*.yaml"))


BOTH = ["apps/shop.yaml", "infra/db.yaml"]  # a name is the path from the root


def test_another_root_keeps_the_files_of_the_first(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build("apps") == build("infra") == 0
    assert written(repository) == ["db.yaml", "shop.yaml"]
    words = ["fleet", "build", "--output", "../out", "--jobs", "1", "infra"]
    assert program.run(words) == 0
    assert "fleet-output-kept" in capsys.readouterr().err


def test_the_same_and_a_wider_root_follow_deletions(repository: Path) -> None:
    assert build("apps", "infra") == 0
    (repository / "infra/db/a.yaml").unlink()
    assert build("infra/../apps", ".") == 0
    assert written(repository) == BOTH[:1]


def test_a_narrower_root_deletes_nothing_also_later(repository: Path) -> None:
    assert build(".") == 0
    assert build("apps") == build("infra") == 0
    assert written(repository) == [BOTH[0], "db.yaml", BOTH[1], "shop.yaml"]
    assert build() == 0
    assert written(repository) == BOTH


def test_verify_says_nothing_of_other_roots(repository: Path) -> None:
    assert build(".") == 0
    words = ["fleet", "verify", "--quiet", "--output", "../out", "--jobs", "1"]
    assert build("apps") == 0
    assert program.run([*words, "apps"]) == 0
    assert program.run(words) == 1  # shop.yaml, which a run in the whole repository deletes


def test_the_roots_are_the_same_from_every_directory(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build("apps") == 0
    text = (repository.parent / "out" / INDEX).read_text()
    assert json.loads(text)["roots"] == ["../repo/apps"]
    monkeypatch.chdir(repository.parent)
    words = ["fleet", "build", "--quiet", "--output", "out", "--jobs", "1", "repo/apps"]
    assert program.run(words) == 0
    assert json.loads((repository.parent / "out" / INDEX).read_text())["roots"] == ["../repo/apps"]


@pytest.mark.parametrize(
    ("roots", "known", "expected"),
    [
        ([".."], ["../apps"], True),
        (["../apps"], [".."], False),
        ([".."], ["../.."], False),
        (["../a"], ["../ab"], False),
        (["../a", "../b"], ["../b/c", "../a"], True),
        ([], [], True),
        ([], ["../a"], False),
    ],
)
def test_covers(roots: list[str], known: list[str], expected: bool) -> None:
    assert index.covers(roots, known, "/srv/out") is expected
