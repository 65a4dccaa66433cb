"""What workers elsewhere get of this machine's files: what tasks read, where it was."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from krm_injector.fleet.engine.shipment import pack, unpack
from krm_injector.fleet.model import Inputs
from krm_injector.model import Refused


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A working directory in a repository with a secret and .git."""
    root = tmp_path / "repository"
    for path, text in {
        "deploy/apps/shop/base/kustomization.yaml": "base",
        "deploy/apps/shop/prod/kustomization.yaml": "prod",
        "deploy/apps/shop/prod/.git/config": "of git",
        "deploy/secret": "secret",
        "meshes/prod.yaml": "mesh",
        ".git/config": "of git",
        "vendor/lib/a": "a",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    (root / "deploy/apps/shop/run").write_text("#!/bin/sh\n")
    (root / "deploy/apps/shop/run").chmod(0o755)
    (root / "deploy/lib").symlink_to("../vendor/lib")
    (root / "deploy/absolute").symlink_to(root / "vendor")
    (root / "deploy/circle").symlink_to("circle")
    (root / "deploy/apps/shop/up").symlink_to("..")
    return root / "deploy"


def shipped(here: Path, there: Path, inputs: Inputs) -> tuple[Path, set[str]]:
    """The working directory where the files are unpacked, and the files below all of it."""
    shipment = pack([inputs], str(here))
    there.mkdir()
    unpack(shipment, str(there))
    files = {
        os.path.relpath(os.path.join(folder, name), there)
        for folder, _, names in os.walk(there)
        for name in names
    }
    return Path(os.path.normpath(there / shipment.inside)), files


def test_only_what_is_named_is_shipped(here: Path, tmp_path: Path) -> None:
    inputs = Inputs(("apps/shop/base/kustomization.yaml", "absent"), ("apps/shop/prod", "nowhere"))
    inside, files = shipped(here, tmp_path / "there", inputs)
    assert files == {"apps/shop/base/kustomization.yaml", "apps/shop/prod/kustomization.yaml"}
    assert inside == tmp_path / "there"
    assert (inside / "apps/shop/prod/kustomization.yaml").read_text() == "prod"


def test_files_beside_the_working_directory_are_beside_it(here: Path, tmp_path: Path) -> None:
    inputs = Inputs(("../meshes/prod.yaml", "apps/shop/base/kustomization.yaml"))
    inside, files = shipped(here, tmp_path / "there", inputs)
    assert files == {"meshes/prod.yaml", "deploy/apps/shop/base/kustomization.yaml"}
    assert (inside / "../meshes/prod.yaml").read_text() == "mesh"


def test_programs_stay_programs(here: Path, tmp_path: Path) -> None:
    inside, _ = shipped(here, tmp_path / "there", Inputs(("apps/shop/run",)))
    assert stat.S_IMODE((inside / "apps/shop/run").stat().st_mode) == 0o755


@pytest.mark.parametrize("path", ["lib/a", "absolute/lib/a"])
def test_symbolic_links_lead_to_what_they_led_to(path: str, here: Path, tmp_path: Path) -> None:
    inside, _ = shipped(here, tmp_path / "there", Inputs((path,)))
    assert (inside / path).read_text() == "a"
    assert (inside / path).resolve().is_relative_to(tmp_path / "there")


def test_links_in_circles_end(here: Path, tmp_path: Path) -> None:
    inside, files = shipped(here, tmp_path / "there", Inputs(("circle/x",), ("apps",)))
    assert (inside / "apps/shop/up").is_symlink()
    assert "apps/shop/prod/kustomization.yaml" in files and "circle" in files


def test_the_whole_directory_goes_without_git(here: Path, tmp_path: Path) -> None:
    _, files = shipped(here, tmp_path / "there", Inputs((), (".",)))
    assert "deploy/secret" in files and not any(".git" in path for path in files)


def test_the_same_files_are_the_same_shipment(here: Path) -> None:
    one = pack([Inputs(("apps/shop/run",)), Inputs((), ("apps",))], str(here))
    other = pack([Inputs((), ("apps",)), Inputs(("apps/shop/run",))], str(here))
    assert one == other
    (here / "apps/shop/run").write_text("another")
    assert pack([Inputs((), ("apps",))], str(here)).digest != one.digest


def test_nothing_is_a_shipment_too(here: Path, tmp_path: Path) -> None:
    inside, files = shipped(here, tmp_path / "there", Inputs(()))
    assert inside.is_dir() and files == set()


def test_every_absolute_path_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    with pytest.raises(Refused) as refused:
        pack([Inputs((str(here / "secret"),), (str(here / "apps"),))], str(here))
    assert [result.file for result in refused.value.results] == [
        str(here / "secret"), str(here / "apps")
    ]  # fmt: skip
