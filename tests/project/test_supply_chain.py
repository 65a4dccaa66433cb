"""Pinned dependencies, and the threat model of SECURITY.md."""

from __future__ import annotations

import re

import pytest
from paths import ROOT

REQUIREMENTS = ROOT / "requirements"
PIN = re.compile(
    r"^([\w.-]+)==([^\s;\\]+)(?: ; [^\\]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)", re.M
)


def pins(name: str) -> dict[str, str]:
    """The versions by name. Every line belongs to a pin with hashes."""
    text = (REQUIREMENTS / name).read_text()
    assert PIN.sub("", text).strip() == ""
    return {normal(match[1]): match[2] for match in PIN.finditer(text)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def stated(section: str) -> dict[str, str]:
    """The names and ranges of a list in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text()
    (body,) = re.findall(rf"^{section} = \[\n(.*?)^\]", text, re.M | re.S)
    entries = re.findall(r'^  "([\w-]+)([^";]*)', body, re.M)
    return {normal(name): spec for name, spec in entries}


@pytest.mark.parametrize(
    ("file", "section"),
    [("run.txt", "dependencies"), ("dev.txt", "dependencies"), ("dev.txt", "dev")],
)
def test_each_dependency_has_a_pin_in_its_range(file: str, section: str) -> None:
    """`make lock` writes them anew."""
    specifiers = pytest.importorskip("packaging.specifiers")
    pinned = pins(file)
    for name, spec in stated(section).items():
        assert name in pinned, f"{file} lacks {name}: make lock"
        assert specifiers.SpecifierSet(spec).contains(pinned[name]), f"{name} of {file}: make lock"


def test_the_build_is_pinned_too() -> None:
    assert pins("build.txt").keys() == {"flit-core"}
    assert pins("run.txt").items() <= pins("dev.txt").items()


def test_pins_are_used() -> None:
    for name in ("Dockerfile", "Makefile"):
        text = (ROOT / name).read_text()
        installs = re.findall(r"install [^&\n]*", text)
        assert any("--require-hashes" in each for each in installs)
    docker = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    for step in re.findall(r"pip [^&\n]*(?:install|wheel) [^&\n]*", docker):
        assert "--require-hashes" in step or "--no-deps" in step, step


def test_each_defence_names_a_test_that_exists() -> None:
    page = (ROOT / "SECURITY.md").read_text()
    (table,) = re.findall(r"^## What is defended\n(.*?)^## ", page, re.M | re.S)
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row)
        assert named, row
        for file, function in named:
            text = (ROOT / file).read_text()
            assert not function or f"def {function}(" in text, row
