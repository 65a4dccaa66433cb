"""Many runs at once, and machines that lack what others have: the same bytes, or an error."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from command import KRM_INJECTOR, krm
from paths import ROOT

SHOP = ROOT / "tests" / "bundles" / "shop.yaml"
BARE = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="module")
def expected() -> bytes:
    done = krm("inject", str(SHOP))
    assert done.returncode == 0 and done.stdout
    return done.stdout


def bare(
    words: Sequence[str] = ("inject", str(SHOP)), env: Mapping[str, str] | None = None, **how: Any
) -> subprocess.CompletedProcess[bytes]:
    """Without the test's environment."""
    how = {"stdin": subprocess.DEVNULL, **how}
    return subprocess.run(
        [*KRM_INJECTOR, *words], env={**BARE, **(env or {})}, capture_output=True, timeout=120,
        check=False, **how,
    )  # fmt: skip


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "no_SUCH.locale"},
        {"HOME": "/nowhere/at/all"},
        {"TMPDIR": "/nowhere/at/all"},
        {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "", "COLUMNS": "nonsense"},
        {"TZ": "Nowhere/Else", "SOURCE_DATE_EPOCH": "x"},
    ],
    ids=str,
)
def test_the_environment_changes_no_byte(env: dict[str, str], expected: bytes) -> None:
    done = bare(env=env)
    assert (done.returncode, done.stdout) == (0, expected), done.stderr.decode()


def test_letters_of_all_languages_without_a_locale(tmp_path: Path) -> None:
    """In manifests, in names of files, and in messages."""
    name = "größe-名.yaml"
    text = SHOP.read_text().replace("name: shop\n", "name: shop\n  annotations: {a: größe 名}\n", 1)
    (tmp_path / name).write_text(text)
    env = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    for words in (("inject", "-v", name), ("explain", "-v", name), ("verify", name)):
        done = bare(words, env, cwd=tmp_path)
        assert b"Traceback" not in done.stderr and b"internal error" not in done.stderr
        assert (done.returncode, done.stdout) == (
            (same := bare(words, {"LANG": "C.UTF-8"}, cwd=tmp_path)).returncode,
            same.stdout,
        )


def as_nobody() -> None:
    os.setgroups([])
    os.setgid(54321)
    os.setuid(54321)


AS_NOBODY = """
import os, sys
from krm_injector.cli import program
out, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
os.dup2(nothing, 1)
program.run(["inject", sys.argv[1]])  # its modules may lie in a home that is closed to others
sys.stdout.flush()
os.dup2(out, 1)
os.setgroups([])
os.setgid(54321)
os.setuid(54321)
sys.argv[1:] = ["inject", "-"]
program.main()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_user_whom_nobody_knows(expected: bytes) -> None:
    """Argo CD's and OpenShift's containers have such users, and a home that is not theirs."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(SHOP)], input=SHOP.read_bytes(), cwd="/",
        env={**BARE, "HOME": "/root"}, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, expected), done.stderr.decode()


def test_a_directory_that_cannot_be_written(tmp_path: Path, expected: bytes) -> None:
    """What needs no file works; what was to be written is an error."""
    env = {"TMPDIR": "/proc", "HOME": "/proc"}
    done = bare(env=env, cwd="/proc")
    assert (done.returncode, done.stdout) == (0, expected)
    for option in ("--results", "--log"):
        done = bare(("inject", option, "/proc/no/file", str(SHOP)), env)
        assert (done.returncode, done.stdout) == (1, b"")
        assert f"error: {option} /proc/no/file cannot be written".encode() in done.stderr


def closing(*descriptors: int) -> Any:
    def close() -> None:
        for each in descriptors:
            os.close(each)

    return close


def test_closed_streams(expected: bytes) -> None:
    done = bare(preexec_fn=closing(0))
    assert (done.returncode, done.stdout) == (0, expected)
    done = bare(preexec_fn=closing(2))
    assert (done.returncode, done.stdout) == (0, expected)
    done = bare(preexec_fn=closing(1))
    assert done.returncode == 1 and b"stdout cannot be written" in done.stderr
    done = bare(("inject", "-"), preexec_fn=closing(0))
    assert done.returncode == 1 and b"Traceback" not in done.stderr
    done = bare(preexec_fn=closing(0, 1, 2))
    assert done.returncode == 1


@pytest.mark.slow
def test_forty_runs_at_once(tmp_path: Path, expected: bytes) -> None:
    """On one tree, with one cache and one directory of results."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "shop.yaml").write_bytes(SHOP.read_bytes())
    told = bare(("explain", "-o", "json", "shop"), cwd=tmp_path).stdout

    def run(number: int) -> tuple[int, bytes]:
        words = ("inject", "shop") if number % 2 else ("explain", "-o", "json", "shop")
        done = bare((*words, "--results", "results.yaml"), cwd=tmp_path)
        return done.returncode, done.stdout

    with ThreadPoolExecutor(40) as pool:
        for number, (code, out) in enumerate(pool.map(run, range(40))):
            assert (code, out) == (0, expected if number % 2 else told)
    assert (tmp_path / "results.yaml").stat().st_size
    assert sorted(each.name for each in tmp_path.iterdir()) == ["results.yaml", "shop"]
