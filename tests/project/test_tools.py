"""The tools that generate tables say what they lack where a repository lacks it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

TOOL = ROOT / "tools" / "generate_istio_api.py"
MODULE = "module istio.io/istio\nrequire istio.io/api v1.0.0-0.20250101000000-{commit}\n"
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the tools are run where a clone of Istio is"
)


def git(repo: Path, *words: str) -> str:
    command = [
        "git",
        "-C",
        str(repo),
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        *words,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def repositories(folder: Path, minors: range, missing: dict[int, str]) -> tuple[Path, Path]:
    """istio/istio with one tag a minor, and istio/api with the commit that each tag names; but for
    the missing ones.
    """
    istio, api = folder / "istio", folder / "api"
    for repo in (istio, api):
        repo.mkdir()
        git(repo, "init", "-q")
    (api / "mesh").mkdir()
    git(api, "commit", "-q", "--allow-empty", "-m", "x")
    there = git(api, "rev-parse", "--short=12", "HEAD")
    for minor in minors:
        (istio / "go.mod").write_text(MODULE.format(commit=missing.get(minor, there)))
        git(istio, "add", "go.mod")
        git(istio, "commit", "-q", "--allow-empty", "-m", "x")
        git(istio, "tag", f"1.{minor}.0")
    return istio, api


def generate(istio: Path, api: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        str(TOOL),
        "--istio",
        str(istio),
        "--api",
        str(api),
        "--out",
        str(out),
        *more,
    ]
    return subprocess.run(command, capture_output=True, text=True)


def minors() -> range:
    """Those that the tool asks for."""
    line = next(line for line in TOOL.read_text().splitlines() if line.startswith("MINORS = "))
    first, last = line.removeprefix("MINORS = range(").rstrip(")").split(", ")
    return range(int(first), int(last))


def test_commits_that_a_clone_lacks_are_all_named_and_nothing_is_written(tmp_path: Path) -> None:
    missing = {12: "0123456789ab", 20: "ba9876543210"}
    istio, api = repositories(tmp_path, minors(), missing)
    git(api, "branch", "release-1.12")
    out = tmp_path / "tables.py"
    done = generate(istio, api, out)
    assert done.returncode == 1 and not out.exists()
    assert len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr
    assert all(f"{commit} (Istio 1.{minor}.0)" in done.stderr for minor, commit in missing.items())
    assert str(api) in done.stderr and "fetch" in done.stderr and "--api-at" in done.stderr
    # One that is taken knowingly is not asked for; the others still are.
    done = generate(istio, api, out, "--api-at", "12=release-1.12")
    assert done.returncode == 1 and missing[12] not in done.stderr and missing[20] in done.stderr


def test_a_minor_without_a_tag_is_named(tmp_path: Path) -> None:
    istio, api = repositories(tmp_path, minors()[:-1], {})
    done = generate(istio, api, tmp_path / "tables.py")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert f"no tag of Istio 1.{minors()[-1]}" in done.stderr and "--istio-at" in done.stderr
    # A revision stands for it: a version in development.
    revision = f"{minors()[-1]}=HEAD"
    done = generate(istio, api, tmp_path / "tables.py", "--istio-at", revision)
    assert "no tag" not in done.stderr


@pytest.mark.parametrize("words", ["31", "31=", "soon=master", "99=master"])
def test_a_revision_is_of_a_minor(words: str, tmp_path: Path) -> None:
    done = generate(tmp_path, tmp_path, tmp_path / "tables.py", "--api-at", words)
    assert done.returncode == 2 and "MINOR=REVISION" in done.stderr


CLONES = [os.environ.get(name, "") for name in ("ISTIO_CLONE", "ISTIO_API_CLONE")]

if all(CLONES):
    # Only whoever makes the tables anew has the two clones; CI has the answers of Istio's own
    # messages instead (tests/istio_api).
    def test_the_tables_of_istio_s_api_are_what_their_generator_writes(tmp_path: Path) -> None:
        out = tmp_path / "tables.py"
        # A version without a tag needs --istio-at, a commit that the clone lacks --api-at.
        options = os.environ.get("ISTIO_API_OPTIONS", "").split()
        done = generate(Path(CLONES[0]), Path(CLONES[1]), out, *options)
        assert done.returncode == 0, done.stderr
        tables = ROOT / "krm_injector" / "istio_api" / "tables_generated.py"
        assert tables.read_text(encoding="utf-8") == out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "table",
    sorted(ROOT.glob("krm_injector/**/*_generated.py")),
    ids=lambda table: table.name,
)
def test_a_generated_table_names_the_command_that_makes_it(table: Path) -> None:
    head = table.read_text(encoding="utf-8").split("from __future__")[0]
    (command,) = [word for word in head.split() if word.startswith(("tools/", "``tools/"))]
    assert (ROOT / command.strip("`.")).is_file()
