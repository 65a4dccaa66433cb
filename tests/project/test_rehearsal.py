"""docs/rehearsal.md is true: its commands run, and give the figures that it states."""

from __future__ import annotations

from pathlib import Path

import pytest
import rehearsal
from builders import deployment, namespace
from command import krm_text
from outside import needs, needs_program

from krm_injector.kube.yaml import dump

IMAGES = [
    ("istio-init", "image"),
    ("istio-proxy", "image"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs_program("istioctl")
    needs(rehearsal.INSTALLATION)
    directory = tmp_path_factory.mktemp("rehearsal")
    rehearsal.prepare(directory)
    return directory


@pytest.fixture(scope="module")
def printed(folder: Path) -> list[str]:
    """What each step of the page prints, in order, in one directory."""
    outputs = [rehearsal.run(block, folder) for block in rehearsal.blocks()]
    assert rehearsal.RETIRING not in (folder / "injected.yaml").read_text()
    return outputs


def test_the_images_change_and_nothing_else(printed: list[str]) -> None:
    assert "23 of 30 workloads change, in 1 way:" in printed[1]
    changes = [line.strip() for line in printed[1].splitlines() if line.startswith("  ")]
    expected = []
    for container, field in IMAGES:
        path = f"spec.initContainers[{container}].{field}"
        expected += [
            f'- {path}: "{rehearsal.RETIRING}/proxyv2:1.30.3"',
            f'+ {path}: "{rehearsal.STAYING}/proxyv2:1.31.1"',
        ]
    assert changes == expected


def test_what_restarts(printed: list[str]) -> None:
    """The numbers of the page's table."""
    counts = "('CronJob', 3)\n('DaemonSet', 1)\n('Deployment', 14)\n('Rollout', 1)\n"
    assert printed[2] == counts + "('StatefulSet', 4)\n"
    page = rehearsal.PAGE.read_text()
    for row, number in (("Deployment, Rollout", 15), ("StatefulSet, DaemonSet", 5), ("CronJob", 3)):
        assert any(
            line.startswith(f"| {row} |") and line.endswith(f"| {number} |")
            for line in page.splitlines()
        )


def test_nothing_is_left_on_the_old_hub(printed: list[str]) -> None:
    assert printed[3] == f"{rehearsal.STAYING}/proxyv2:1.31.1\n"


def test_each_small_step_restarts_the_same(printed: list[str]) -> None:
    assert printed[4].count("23 of 30 workloads change, in 1 way:") == 2


def test_what_the_new_version_refuses_is_an_error_here(printed: list[str], folder: Path) -> None:
    """1.31 reads the targets at injection (istio #59567)."""
    web = deployment(annotations={"prometheus.istio.io/scrape-targets": "everything"})
    (folder / "web.yaml").write_text("---\n".join(map(dump, [namespace(injection="enabled"), web])))
    old, new = (
        krm_text("inject", "--mesh", f"mesh-{version}.yaml", "web.yaml", cwd=folder)
        for version in ("1.30", "1.31")
    )
    assert old.returncode == 0
    assert new.returncode == 1
    assert "annotation-invalid" in new.stderr
