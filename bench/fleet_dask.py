"""A Dask scheduler with workers on this machine, as two commands start them."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60  # seconds until the scheduler listens
MERCY = 10  # seconds from a polite signal to the other one


def at_hand() -> bool:
    return importlib.util.find_spec("distributed") is not None


@contextmanager
def cluster(work: Path, workers: int, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a scheduler that has so many workers of one thread each."""
    with started(work, workers, environment) as (address, _):
        yield address


@contextmanager
def started(
    work: Path, workers: int, environment: Mapping[str, str]
) -> Iterator[tuple[str, Sequence[subprocess.Popen[bytes]]]]:
    """The same, with the processes of the workers."""
    port = _free_port()
    address = f"tcp://127.0.0.1:{port}"
    listen = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    serve = ["worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", "."]

    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes.append(_start(listen, work / "dask-scheduler", environment))
        _await(port, processes[0])
        for number in range(workers):
            processes.append(_start(serve, work / f"dask-worker-{number}", environment))
        yield address, processes[1:]
    finally:
        # Workers first: one that still starts waits for its scheduler, and does not end by itself.
        for process in reversed(processes):
            _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _start(
    words: Sequence[str], place: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """In a directory of its own: what the program writes for itself stays there."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=place,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """With the processes that it started: all of them are in its group."""
    process.terminate()
    try:
        process.wait(MERCY)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the Dask scheduler does not listen; see its log")
