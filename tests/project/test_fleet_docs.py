"""docs/fleet.md is true: its commands run, and give what it states."""

from __future__ import annotations

import os
import re
from pathlib import Path

import fleet_tree
import pytest
import walkthrough

# KRM_INJECTOR_FLEET=whole: with as many clusters and applications as the page says.
SIZE = walkthrough.WHOLE if os.environ.get("KRM_INJECTOR_FLEET") == "whole" else walkthrough.SMALL
REFUSED = "apps/baskets/overlays/ap-1"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("walkthrough")
    walkthrough.prepare(directory, SIZE)
    return directory


@pytest.fixture(scope="module")
def printed(folder: Path) -> dict[str, str]:
    """What each block of the page prints, by the block, in order, in one directory."""
    return {block: walkthrough.run(block, folder) for block in walkthrough.blocks()}


def of(printed: dict[str, str], words: str) -> str:
    """What the first block with these words prints."""
    return next(text for block, text in printed.items() if words in block)


def manifests(folder: Path) -> list[Path]:
    return sorted((folder / "manifests").rglob("*.yaml"))


def test_every_target_is_listed_with_a_reason(printed: dict[str, str], folder: Path) -> None:
    listed = of(printed, "fleet list")
    for overlay in folder.glob("company/apps/*/overlays/*"):
        assert str(overlay.relative_to(folder / "company")) in listed
    for path in ("charts/edge-proxy", "platform/housekeeping", "platform/node-agents"):
        assert path in listed
    assert f"{SIZE.overlays}  another kustomization is built on it" in listed


def test_every_target_has_its_file(printed: dict[str, str], folder: Path) -> None:
    # One of the chart for each cluster, one of each directory of platform/.
    assert len(manifests(folder)) == fleet_tree.targets(SIZE) + SIZE.clusters + 2


def test_a_new_image_changes_one_file(printed: dict[str, str]) -> None:
    changed = of(printed, "status --short").splitlines()
    files = [line for line in changed if line.startswith(" M ")]
    assert len([line for line in files if line.endswith(".yaml")]) == 1
    assert "accounts" in "".join(files)


def test_one_target_cannot_be_planned(printed: dict[str, str], folder: Path) -> None:
    """The page's first plan says so; the second has all targets."""
    block = next(block for block in printed if block.startswith("! "))
    assert "--to meshes/istio-1.31.yaml" in block
    plan = (folder / "plan.txt").read_text()
    assert REFUSED not in plan or "error" not in plan


def test_the_plan_is_one_page(printed: dict[str, str], folder: Path) -> None:
    page = (folder / "plan.html").read_text()
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    assert not re.search(r'(src|href)="https?://', page), "it asks nobody for anything"
    assert "proxyv2:1.31.1" in page


def test_the_first_wave_changes_one_cluster(printed: dict[str, str]) -> None:
    changed = of(printed, "diff --stat").splitlines()[:-1]
    files = [line.split("|")[0].strip() for line in changed if ".yaml" in line]
    assert len(files) > SIZE.overlays // 2
    assert {file.replace("...", "").split("/")[0] for file in files if "eu-1/" in file} == {"eu-1"}
    assert all("eu-1" in file or "canary" in file or "..." in file for file in files)


def test_the_reports_of_shards_are_joined(printed: dict[str, str]) -> None:
    whole, joined = of(printed, "fleet explain\n"), of(printed, "fleet merge")
    assert re.findall(r"\d+ targets", whole) == re.findall(r"\d+ targets", joined)


def test_the_size_that_the_page_states() -> None:
    page = walkthrough.PAGE.read_text()
    assert f"{walkthrough.WHOLE.clusters} clusters" in page
    assert f"{walkthrough.WHOLE.overlays} applications" in page
    rings = [each.ring for each in fleet_tree.clusters(walkthrough.WHOLE.clusters)]
    stated = (
        f"{rings.count('canary')} canaries, {rings.count('staging')} for staging, "
        f"{rings.count('production')} for production"
    )
    assert stated in page
