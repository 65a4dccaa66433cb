"""The real programs, for every test in here.

A program is taken from .tools/ (unpacked there from ../shared/bin where that is), else from PATH.
Where one is missing its tests skip and say so; with KRM_INJECTOR_REQUIRE_TOOLS=1 (as .ci/run sets
it) they fail instead.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from command import install_krm_injector
from paths import ROOT
from real_programs import Programs, build_image, missing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose `krm-injector` is this one."""
    directory = tmp_path_factory.mktemp("own")
    install_krm_injector(directory)
    return directory


@pytest.fixture(scope="session")
def programs(own: Path) -> Programs:
    return Programs(own)


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


@pytest.fixture
def httpbin(tmp_path: Path) -> Path:
    """A copy of the example httpbin, to work in."""
    work = tmp_path / "httpbin"
    example = ROOT / "functions" / "istio-inject" / "examples" / "httpbin"
    shutil.copytree(example, work, ignore=shutil.ignore_patterns(".expected"))
    return work


@pytest.fixture(autouse=True)
def _nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person has set for the orchestrators stays out of the tests."""
    for name in list(os.environ):
        if name.startswith(("KUSTOMIZE_", "ARGOCD_", "HELM_", "KPT_", "KRM_FN_", "PARAM_")):
            monkeypatch.delenv(name)
