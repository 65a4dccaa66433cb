"""The same fleet on a real Dask scheduler with two real workers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import fleet_dask
import progress_lines
import pytest
from fleet.whole import repositories
from fleet.whole.repositories import Repository
from paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not fleet_dask.at_hand(), reason="distributed is not installed: krm-injector[fleet]"
    ),
]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its workers run elsewhere: what they know of the repository was sent to them."""
    place = tmp_path_factory.mktemp("dask")
    with fleet_dask.cluster(place, 2, {"PYTHONPATH": str(ROOT)}) as address:
        yield address


def test_the_same_bytes(company: Repository, scheduler: str) -> None:
    only = ("--only", "*/overlays/*")
    assert company.build(*only, "--jobs", "2", output="local").code == 0
    done = company.build(*only, "--scheduler", scheduler, output="dask")
    assert done.code == 0, done.err
    local, remote = (company.root.parent / name for name in ("local", "dask"))
    assert repositories.files(remote) == repositories.files(local)
    assert len(repositories.files(remote)) == 18


def test_an_error_of_a_target_is_the_same(plain: Repository, scheduler: str) -> None:
    plain.write("apps/app-003/all.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: [\n")
    local, remote = plain.build("--jobs", "2"), plain.build("--scheduler", scheduler)
    assert remote.code == local.code == 1
    assert progress_lines.without(remote.err) == progress_lines.without(local.err)


def test_a_change_of_a_file_reaches_the_workers(plain: Repository, scheduler: str) -> None:
    """They are warm and have the file of the first run."""
    for image in ("app:1", "app:2", "app:1"):
        repositories.write_app(plain, 3, image)
        done = plain.build("--scheduler", scheduler)
        assert done.code == 0, done.err
        assert (
            f"image: {image}".encode() in (plain.root.parent / "out/apps/app-003.yaml").read_bytes()
        )


def test_a_file_that_is_gone_is_gone_on_the_workers(plain: Repository, scheduler: str) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: app-003}\n"
    extra = plain.write("apps/app-003/more.yaml", text)
    assert plain.build("--scheduler", scheduler).code == 0
    assert b"name: more" in (plain.root.parent / "out/apps/app-003.yaml").read_bytes()
    extra.unlink()
    assert plain.build("--scheduler", scheduler).code == 0
    assert b"name: more" not in (plain.root.parent / "out/apps/app-003.yaml").read_bytes()


def test_a_worker_that_is_killed_loses_no_target(tmp_path: Path) -> None:
    repository = repositories.plain(tmp_path / "repository", 100)
    environment = {"PYTHONPATH": str(ROOT)}
    with fleet_dask.started(tmp_path, 2, environment) as (address, workers):
        words = ("fleet", "build", "--output", "../out", "--scheduler", address, ".")
        process = repository.start(*words)
        out = repository.root.parent / "out"
        while process.poll() is None and not (out.is_dir() and repositories.files(out)):
            time.sleep(0.01)
        # The process under it that does the work, if a nanny watches over it; else itself.
        pid = workers[0].pid
        for victim in repositories.children(pid) or [pid]:
            os.kill(victim, signal.SIGKILL)
        _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert len(repositories.files(out)) == 100


def test_a_scheduler_that_is_not_there(plain: Repository) -> None:
    done = plain.build("--scheduler", "tcp://127.0.0.1:9")
    assert done.code == 1
    assert "127.0.0.1:9" in done.err
    assert not (plain.root.parent / "out").exists() or not repositories.files(
        plain.root.parent / "out"
    )


def test_a_scheduler_that_goes_away(tmp_path: Path) -> None:
    """Every target is written, or told: exit 0 only if all are there."""
    repository = repositories.plain(tmp_path / "repository", 100)
    out = repository.root.parent / "out"
    with fleet_dask.started(tmp_path, 2, {"PYTHONPATH": str(ROOT)}) as (address, _):
        process = repository.start(
            "fleet", "build", "--output", "../out", "--scheduler", address, "."
        )
        while process.poll() is None and not (out.is_dir() and repositories.files(out)):
            time.sleep(0.01)
    _, errors = process.communicate(timeout=240)
    assert "Traceback" not in errors, errors
    written = len(repositories.files(out))
    assert (process.returncode == 0) == (written == 100), errors
    assert process.returncode in (0, 1), errors
