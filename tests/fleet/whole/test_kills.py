"""A run that is killed or interrupted leaves whole files behind, and the next run completes."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fleet.whole import repositories
from fleet.whole.repositories import INDEX, Repository

# KRM_INJECTOR_KILLS=50 for the whole proof; the moments are random, by a seed that is printed.
MOMENTS = int(os.environ.get("KRM_INJECTOR_KILLS", "15"))
SEED = int(os.environ.get("SEED", "20261128"))
COUNT = 40


def versions(repository: Repository) -> list[dict[str, bytes]]:
    """What a run writes of each of two states of the repository. Between the two every target
    changes, and one is there in one state only.
    """
    states = []
    for image in ("app:1", "app:2"):
        to_state(repository, image)
        done = repository.build("--jobs", "2", output=f"state-{image[-1]}")
        assert done.code == 0, done.err
        states.append(repositories.files(repository.root.parent / f"state-{image[-1]}"))
    assert len(states[0]) == COUNT and len(states[1]) == COUNT - 1
    return states


def to_state(repository: Repository, image: str) -> None:
    for number in range(COUNT):
        repositories.write_app(repository, number, image)
    if image == "app:2":
        for path in (repository.root / "apps" / "app-000").iterdir():
            path.unlink()


def kill_group(process: subprocess.Popen[str], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended
        os.killpg(process.pid, number)


def check_whole(output: Path, states: list[dict[str, bytes]]) -> int:
    """Every manifest is the old one or the new one. Returns how many are new."""
    found = repositories.files(output)
    new = 0
    for name, data in found.items():
        assert data in (states[0].get(name), states[1].get(name)), name
        new += data == states[1].get(name)
    for name in states[1]:
        assert name in found, f"{name} is missing"

    for index in output.glob(f"{INDEX}*.json"):
        json.loads(index.read_text())
    return new


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_half_written(tmp_path: Path) -> None:
    repository = repositories.plain(tmp_path / "repository", COUNT)
    states = versions(repository)
    to_state(repository, "app:2")
    started = time.monotonic()
    assert repository.build("--jobs", "2", output="measured").code == 0
    duration = time.monotonic() - started

    chance = random.Random(SEED)
    partial = 0
    for number in range(MOMENTS):
        to_state(repository, "app:1")
        assert repository.build("--jobs", "2").code == 0
        to_state(repository, "app:2")
        options = ["--jobs", "2", *(["--cache", f"../cache-{number}"] if number % 2 else [])]
        process = repository.start("fleet", "build", "--output", "../out", *options, ".")
        time.sleep(moment := chance.uniform(0, 1.05 * duration))
        kill_group(process, signal.SIGKILL)
        process.communicate()
        new = check_whole(repository.root.parent / "out", states)
        partial += 0 < new < len(states[1])

        done = repository.build(*options)
        assert done.code == 0, done.err
        out = repository.root.parent / "out"
        assert repositories.files(out) == states[1], moment
        assert [path.name for path in out.glob(f"{INDEX}*")] == [f"{INDEX}.json"]
    print(f"seed {SEED}: {MOMENTS} moments, {partial} of them between the first file and the last")


@pytest.mark.slow
def test_the_cache_survives_kills(tmp_path: Path) -> None:
    """A cache that runs were killed over gives the same bytes as none."""
    repository = repositories.plain(tmp_path / "repository", COUNT)
    assert repository.build(output="right").code == 0
    right = repositories.files(repository.root.parent / "right")
    chance = random.Random(SEED)
    for _ in range(max(3, MOMENTS // 5)):
        process = repository.start(
            "fleet", "build", "--output", "../out", "--cache", "../cache", "."
        )
        time.sleep(chance.uniform(0.2, 1.0))
        kill_group(process, signal.SIGKILL)
        process.communicate()
    done = repository.krm("fleet", "build", "--output", "../out", "--cache", "../cache", ".")
    assert done.code == 0, done.err
    assert repositories.files(repository.root.parent / "out") == right


@pytest.mark.parametrize("whom", ["group", "main process"])
def test_interrupted_what_was_finished_stays(tmp_path: Path, whom: str) -> None:
    """As Ctrl-C in a terminal, and as a program that signals only the process that it started."""
    repository = repositories.plain(tmp_path / "repository", 200)
    out = repository.root.parent / "out"
    process = repository.start("fleet", "build", "--output", "../out", "--jobs", "2", ".")
    while process.poll() is None and not (out.is_dir() and repositories.files(out)):
        time.sleep(0.005)
    send = os.killpg if whom == "group" else os.kill
    send(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors, errors

    finished = repositories.files(out)
    assert finished
    times = {name: (out / name).stat().st_mtime_ns for name in finished}

    done = repository.build()
    assert done.code == 0, done.err
    written = repositories.files(out)
    assert len(written) == 200
    for name, data in finished.items():
        assert written[name] == data
        assert (out / name).stat().st_mtime_ns == times[name], f"{name} was written again"


@pytest.mark.skipif(
    not repositories.can_list_children(), reason="this system does not tell a process's children"
)
def test_a_worker_that_is_killed_loses_no_target(tmp_path: Path) -> None:
    repository = repositories.plain(tmp_path / "repository", 150)
    process = repository.start("fleet", "build", "--output", "../out", "--jobs", "2", ".")
    out = repository.root.parent / "out"
    while process.poll() is None and not (out.is_dir() and repositories.files(out)):
        time.sleep(0.005)
    workers = repositories.children(process.pid)
    assert workers
    os.kill(workers[-1], signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors, errors
    assert len(repositories.files(out)) == 150

    assert repository.build(output="right").code == 0
    assert repositories.files(out) == repositories.files(repository.root.parent / "right")


def test_a_target_that_kills_its_workers_is_its_own_error(tmp_path: Path) -> None:
    """As for want of memory: it is tried again, told, and the others are written."""
    repository = repositories.plain(tmp_path / "repository", 6)
    repository.write("apps/poison/kustomization.yaml", "namePrefix: x-\nresources: [all.yaml]\n")
    repository.write(
        "apps/poison/all.yaml", (repository.root / "apps/app-000/all.yaml").read_text()
    )
    deadly = repository.write("../kustomize", "#!/bin/sh\nkill -9 $PPID\n")
    deadly.chmod(0o755)
    done = repository.build("--kustomize", str(deadly), "--jobs", "2")
    assert done.code == 1, done.err
    assert "apps/poison" in done.err
    assert sorted(repositories.files(repository.root.parent / "out")) == [
        f"apps/app-00{number}.yaml" for number in range(6)
    ]
