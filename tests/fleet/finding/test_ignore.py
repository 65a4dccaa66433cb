"""Ignore files mean what they mean to git."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import files
import pytest
from outside import needs_program

from krm_injector.sources import ignore

NAMES = ["a", "b", "foo", "bar", "build", "x.yaml", "k.yml"]
PARTS = [*NAMES, "*", "**", "f*", "?", "*.yaml", "[ab]", "[!a]", "b\\ar", "[a-f]", "[[:alpha:]]",
         "[]b]", "\\*", "b.r"]  # fmt: skip


def verdicts(patterns: list[str], paths: list[str]) -> dict[str, bool]:
    """As a walk decides: nothing below an ignored directory is asked."""
    rules = ignore.Rules(".", ignore.read(patterns, ".gitignore"))
    ignored: dict[str, bool] = {}
    for path in paths:
        parent = path.rstrip("/").rpartition("/")[0]
        rule = rules.verdict(path.rstrip("/"), path.endswith("/"))
        ignored[path] = ignored.get(f"{parent}/", False) or bool(rule and not rule.negated)

    return ignored


@pytest.mark.parametrize("pattern, path, expected", [
    ("old", "apps/old/", True),
    ("old/", "apps/old/", True),
    ("old/", "apps/old", False),
    ("/old", "apps/old", False),
    ("/old", "old", True),
    ("apps/old", "apps/old/", True),
    ("apps/old", "x/apps/old", False),
    ("**/old", "x/apps/old", True),
    ("apps/**/old", "apps/old", True),
    ("apps/**/old", "apps/x/y/old", True),
    ("apps/**", "apps/", False),
    ("apps/**", "apps/x", True),
    ("*.tmp", "apps/x.tmp", True),
    ("a?c", "abc", True),
    ("a?c", "a/c", False),
    ("\\#x", "#x", True),
    ("# x", "# x", False),
    ("\\!x", "!x", True),
    ("x\\ ", "x ", True),
    ("x  ", "x", True),
    ("[a-c]x", "bx", True),
    ("[!a-c]x", "bx", False),
    ("[z-a]", "z", False),
    ("[", "[", False),
    ("x\\", "x\\", False),
    ("/", "x", False),
])  # fmt: skip
def test_a_pattern(pattern: str, path: str, expected: bool) -> None:
    assert verdicts([pattern], [path]) == {path: expected}


def test_the_last_pattern_decides() -> None:
    paths = ["build/", "build/x.yaml", "src/", "src/x.yaml"]
    assert verdicts(["*.yaml", "!build"], paths)["build/x.yaml"]
    assert not verdicts(["*.yaml", "!src/x.yaml"], paths)["src/x.yaml"]
    assert verdicts(["src", "!src/x.yaml"], paths)["src/x.yaml"]


def a_pattern(choose: random.Random) -> str:
    text = "/".join(choose.choice(PARTS) for _ in range(choose.choice([1, 1, 1, 2, 2, 3])))
    text = f"/{text}" if choose.random() < 0.3 else text
    text = f"{text}/" if choose.random() < 0.3 else text
    return f"!{text}" if choose.random() < 0.3 else text


def a_tree(directory: Path, choose: random.Random) -> list[str]:
    """Writes random directories. Returns their paths and those of the files in them."""
    paths: list[str] = []

    def fill(prefix: str, depth: int) -> None:
        for name in choose.sample(NAMES, 4):
            path = f"{prefix}{name}"
            if depth < 3 and "." not in name:
                (directory / path).mkdir()
                paths.append(f"{path}/")
                fill(f"{path}/", depth + 1)
            else:
                (directory / path).touch()
                paths.append(path)

    fill("", 0)
    return paths


@pytest.mark.parametrize("seed", range(12))
def test_the_same_as_git(seed: int, tmp_path: Path) -> None:
    git = needs_program("git")
    choose = random.Random(seed)
    paths = a_tree(tmp_path, choose)
    subprocess.run([git, "init", "-q", tmp_path], check=True)
    asked = "\n".join(path.rstrip("/") for path in paths)
    for _ in range(8):
        patterns = [a_pattern(choose) for _ in range(choose.randint(1, 5))]
        files.write(tmp_path, {".gitignore": "\n".join(patterns) + "\n"})
        command = [git, "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin"]
        done = subprocess.run(command, input=asked, text=True, capture_output=True, check=False)
        ignored = set(done.stdout.splitlines())
        expected = {path: path.rstrip("/") in ignored for path in paths}
        assert verdicts(patterns, paths) == expected, patterns


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 6 + "*b", "a" * 200),
        ("?*" * 6 + "b", "a" * 200),
        ("**/a/" * 6 + "b", "a/" * 200 + "c"),
        ("a/**/" * 6 + "b", "a/" * 200 + "c"),
        ("**/*a*/" * 6 + "b", "aa/" * 100 + "c"),
    ],
)
def test_wildcards_cost_no_power_of_the_path(pattern: str, path: str) -> None:
    started = time.process_time()
    compiled = ignore.compiled(pattern)
    assert compiled is not None and not compiled.match(path)
    assert time.process_time() - started < 1, "some milliseconds; backtracking takes hours"


def test_a_pattern_longer_than_a_path_matches_nothing() -> None:
    assert ignore.compiled("a" * ignore.LONGEST) is not None
    assert ignore.compiled("a" * (ignore.LONGEST + 1)) is None
