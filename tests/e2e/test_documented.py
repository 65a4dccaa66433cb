"""The pages under docs/ are true: their commands run, in order, and lead to injected workloads in
at most three.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.real_programs import (
    Programs,
    deployment,
    namespace,
)
from e2e.ways_in import WAYS
from files import write
from paths import ROOT

# The pages whose commands run in a directory of plain manifests, and what they need.
PAGES = {
    "kustomize": ["kustomize", "kubectl"],
    "kpt": ["kpt"],
    "container": ["docker", "kustomize"],
}


WEB = namespace("shop") + "---\n" + deployment("web")


def blocks(page: str) -> list[str]:
    text = (ROOT / "docs" / f"{page}.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_page(
    programs: Programs, tmp_path: Path, page: str, request: pytest.FixtureRequest
) -> None:
    for program in PAGES[page]:
        programs.need(program)
    if page == "container":
        request.getfixturevalue("image")  # the layers, so that the page's own build takes a second
    work = write(tmp_path / "work", {"web.yaml": WEB})
    (tmp_path / "krm-injector").symlink_to(ROOT)
    home = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": ""}
    if page == "container":
        home.pop("HOME")  # podman keeps its images there
    first, *others = blocks(page)
    assert 1 <= len(first.splitlines()) <= 3
    done = programs.run(["sh", "-ec", first], work, env=home)
    assert b"name: istio-proxy" in done.out + (work / "web.yaml").read_bytes()
    for block in others:
        programs.run(["sh", "-ec", block], work, env=home)
    if page == "kustomize":
        (check,) = [block for block in others if "krm-injector verify" in block]
        forgotten = ["sh", "-ec", check.replace(" --enable-exec", "")]
        programs.run(
            ["krm-injector", "init", "kustomize"], write(tmp_path / "new", {"web.yaml": WEB})
        )
        programs.run(["sh", "-ec", check], tmp_path / "new", env=home)
        said = programs.run(forgotten, tmp_path / "new", 1, env=home).err
        assert "Deployment shop/web is not injected" in said and "--enable-exec" in said


TABLES = (ROOT / "docs" / "orchestrators.md").read_text()
NAMED = re.compile(r"`(test_\w+\.py::test_\w+)(\[[\w-]+\])?`")


def test_every_named_test_is_collected() -> None:
    """By pytest itself, parameters too; one that a reader cannot start proves nothing."""
    files = sorted({f"tests/e2e/{name.split('::')[0]}" for name, _ in NAMED.findall(TABLES)})
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=",
    ]
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [*command, *files], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    collected = {
        line.removeprefix("tests/e2e/") for line in done.stdout.splitlines() if "::" in line
    }
    bare = {name.split("[")[0] for name in collected}
    missing = [
        name + which
        for name, which in NAMED.findall(TABLES)
        if not _there(name, which, collected, bare)
    ]
    assert len(NAMED.findall(TABLES)) > 80
    assert missing == []


def _there(name: str, which: str, collected: set[str], bare: set[str]) -> bool:
    return name + which in collected if which else name in bare


def test_every_cell_has_a_test_or_a_reason() -> None:
    rows = [
        line for line in TABLES.splitlines() if line.startswith("| ") and not line.startswith("| |")
    ]
    assert len(rows) > 40
    for row in rows:
        _, title, *cells, _ = [cell.strip() for cell in row.split("|")]
        for cell in cells:
            proven = (
                NAMED.search(cell)
                or re.fullmatch(r"— \S.*", cell)
                or "tests/project/test_examples.py" in cell
            )
            assert proven or row in _heads(), f"{title}: {cell or 'nothing'}"


def _heads() -> set[str]:
    lines = TABLES.splitlines()
    return {line for line, below in itertools.pairwise(lines) if below.startswith("|---")}


def test_every_way_in_is_in_the_table() -> None:
    """Each way that is shown to give the same workloads has a row."""
    for way in WAYS:
        assert f"test_same_workloads[{way.__name__}]" in TABLES


def test_every_page_is_in_the_table() -> None:
    for page in PAGES:
        assert f"({page}.md)" in TABLES
