"""Fixtures of every folder: a clean environment, and the real programs with this working tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import install_krm_injector
from e2e.real_programs import Programs
from paths import ROOT

from krm_injector.cli import warm

# Charts of several tags are in no package: only whoever has a clone of istio/istio can ask them.
collect_ignore = [] if os.environ.get("ISTIO_CLONE") else ["presenting/test_charts.py"]

# Real programs that .ci/run or a test has unpacked. Whatever asks for a program finds the same one.
os.environ["PATH"] = os.pathsep.join([str(ROOT / ".tools"), os.environ.get("PATH", os.defpath)])

# What a person, a git hook or Argo CD sets for orchestrators: it stays out of the tests.
ORCHESTRATORS = ("KUSTOMIZE_", "ARGOCD_", "HELM_", "KPT_", "KRM_FN_", "PARAM_", "GIT_")


@pytest.fixture(autouse=True)
def _no_settings_of_orchestrators(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(ORCHESTRATORS):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """A task of a fleet that runs in this process keeps what it reads."""
    yield
    warm.end()


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose program krm-injector is this working tree."""
    directory = tmp_path_factory.mktemp("own")
    install_krm_injector(directory)
    return directory


@pytest.fixture(scope="session")
def programs(own: Path) -> Programs:
    """The real programs, with a krm-injector that is this working tree."""
    return Programs(own)
