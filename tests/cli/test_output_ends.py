"""What stdout and the files hold if they end early: exit status 0 means that all was written."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest
from command import KRM_INJECTOR, environment, krm

SHOP = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
POD = """\
---
apiVersion: v1
kind: Pod
metadata: {{name: p{0}, namespace: shop}}
spec: {{containers: [{{name: p{0}, image: "p:1"}}]}}
"""
MANIFESTS = SHOP + "".join(POD.format(number) for number in range(40))
BUFFERS = [{}, {"PYTHONUNBUFFERED": "1"}]
INJECT = [*KRM_INJECTOR, "inject", "in.yaml", "--quiet"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "in.yaml").write_text(MANIFESTS)
    return tmp_path


@pytest.fixture
def whole(root: Path) -> bytes:
    return krm("inject", "in.yaml", "--quiet", cwd=root).stdout


def unbuffered(variables: dict[str, str]) -> dict[str, str]:
    env = environment(variables)
    return env if variables else {name: env[name] for name in env if name != "PYTHONUNBUFFERED"}


@pytest.mark.parametrize("variables", BUFFERS, ids=["buffered", "unbuffered"])
def test_a_pipe_that_does_not_block_gets_all(
    variables: dict[str, str], root: Path, whole: bytes
) -> None:
    """Node.js gives such pipes to the programs that it starts."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
    started = subprocess.Popen(INJECT, cwd=root, stdout=writing, env=unbuffered(variables))
    os.close(writing)
    with open(reading, "rb") as pipe:
        got = pipe.read()
    assert started.wait() == 0
    assert got == whole and len(whole) > 3 * 65536


@pytest.mark.parametrize("variables", BUFFERS, ids=["buffered", "unbuffered"])
def test_a_disk_that_is_full_in_the_middle_is_told(
    variables: dict[str, str], root: Path, whole: bytes
) -> None:
    """The last call that fits in part is no error to the operating system."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) - 5, len(whole) - 5))

    with open(root / "out.yaml", "wb") as out:
        done = subprocess.run(
            INJECT,
            cwd=root,
            stdout=out,
            stderr=subprocess.PIPE,
            env=unbuffered(variables),
            preexec_fn=limit,
            check=False,
        )
    assert done.returncode == 1 and b"stdout cannot be written" in done.stderr


@pytest.mark.parametrize("variables", BUFFERS, ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("pages", [0, 1, 20])
def test_a_reader_that_goes_is_told(
    pages: int, variables: dict[str, str], root: Path, whole: bytes
) -> None:
    started = subprocess.Popen(INJECT, cwd=root, stdout=subprocess.PIPE, env=unbuffered(variables))
    assert started.stdout is not None
    got = started.stdout.read(pages * 4096)
    started.stdout.close()
    assert started.wait() in (1, -signal.SIGPIPE)
    assert whole.startswith(got)


def with_room(size: int, root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A run that can write files of ``size`` bytes."""
    return subprocess.run(
        [*KRM_INJECTOR, *words],
        cwd=root,
        capture_output=True,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        check=False,
    )


@pytest.mark.parametrize("option", ["--results", "--log"])
def test_a_file_that_does_not_fit_stays_as_it_was(option: str, root: Path) -> None:
    (root / "file").write_text("old\n")

    done = with_room(50, root, "inject", "in.yaml", option, "file")
    assert done.returncode == 1 and done.stdout == b""
    assert f"{option} file cannot be written: File too large".encode() in done.stderr
    assert (root / "file").read_text() == "old\n"
    assert sorted(os.listdir(root)) == ["file", "in.yaml"]


def test_in_place_on_a_full_disk_changes_nothing(root: Path) -> None:
    done = with_room(len(MANIFESTS) + 100, root, "inject", "--in-place", "in.yaml")
    assert done.returncode == 1 and done.stdout == b""
    assert b"in.yaml cannot be written: File too large; no file was changed" in done.stderr
    assert (root / "in.yaml").read_text() == MANIFESTS and os.listdir(root) == ["in.yaml"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_messages_that_cannot_be_written_are_told_by_the_status(root: Path) -> None:
    with open("/dev/full", "wb") as full:
        words = [*KRM_INJECTOR, "inject", "in.yaml"]
        done = subprocess.run(
            words, cwd=root, stdout=subprocess.PIPE, stderr=full, env=environment(), check=False
        )
    assert done.returncode == 1 and done.stdout == b""
