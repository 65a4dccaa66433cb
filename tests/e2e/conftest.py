"""Marks and fixtures of the end-to-end tests, which drive the real programs.

A program is taken from .tools/ (unpacked there from ../shared/bin where that is), else from PATH.
Where one is missing its tests skip and say so; with KRM_INJECTOR_REQUIRE_TOOLS=1 (as .ci/run sets
it) they fail instead.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.chromium import Browser, find
from e2e.real_programs import Programs, build_image, missing
from paths import ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def image(programs: Programs) -> str:
    """The container image of this working tree; its name has a slash, so that kpt puts no registry
    before it.
    """
    docker = programs.need("docker")
    name, problem = build_image(docker)
    if problem:
        missing(f"the image cannot be built: {problem}")
    return name


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find()
    if program is None:
        missing("chromium is not on PATH")
    assert program is not None
    opened = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield opened
    opened.close()


@pytest.fixture
def httpbin(tmp_path: Path) -> Path:
    """A copy of the example httpbin, to work in."""
    work = tmp_path / "httpbin"
    example = ROOT / "functions" / "istio-inject" / "examples" / "httpbin"
    shutil.copytree(example, work, ignore=shutil.ignore_patterns(".expected"))
    return work
