"""A real Dask scheduler and real workers, on the loopback."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from paths import ROOT

SECONDS = 60


class DaskCluster:
    """``dask scheduler`` and ``dask worker`` as processes of their own, each in its own directory,
    which holds nothing of the repository.
    """

    def __init__(self, directory: Path, workers: int = 2, path: str = "") -> None:
        if importlib.util.find_spec("distributed") is None:
            pytest.skip("distributed is not installed: pip install 'krm-injector[fleet]'")

        self.directory = directory
        self.file = directory / "scheduler.json"
        self.environment = {
            "PATH": path or os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
            "HOME": str(directory),
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start_scheduler("0")
        self.port = self.address.rpartition(":")[2]
        for _ in range(workers):
            self.start_worker()

        self.wait_for(lambda: self.logs().count("Registered to:") >= workers)

    def start_scheduler(self, port: str) -> subprocess.Popen[bytes]:
        words = ["scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard",
                 "--scheduler-file", str(self.file)]  # fmt: skip
        self.file.unlink(missing_ok=True)
        started = self._start(words)
        self.wait_for(lambda: self.file.exists() and self.file.read_text().endswith("}"))
        return started

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def start_worker(self, threads: int = 1) -> subprocess.Popen[bytes]:
        number = len(self.processes)
        words = ["worker", self.address, "--nthreads", str(threads), "--no-dashboard",
                 "--host", "127.0.0.1", "--name", f"w{number}",
                 "--local-directory", str(self.directory / f"w{number}")]  # fmt: skip
        return self._start(words)

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        log = (self.directory / f"{len(self.processes)}-{words[0]}.log").open("wb")
        started = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
            env=self.environment,
            cwd=elsewhere,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes.append(started)
        return started

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.directory.glob("*.log")))

    @staticmethod
    def wait_for(condition: object) -> None:
        end = time.monotonic() + SECONDS
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < end, "it takes too long"
            time.sleep(0.05)

    def unpacked(self) -> list[Path]:
        """The directories where workers have files of a run."""
        return list(self.directory.glob("w*/**/krm-injector-*"))

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

        process.wait()

    def stop(self) -> None:
        for process in reversed(self.processes):
            self.kill(process)

        # Dask leaves sockets to a killed scheduler open. A later test must not be told of them.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
