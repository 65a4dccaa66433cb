"""What a Dask worker does for a fleet: it unpacks the files once, and runs tasks among them.

The working directory belongs to the whole process. So one task runs at a time in it, whatever
number of threads it has: give a worker one thread, and a machine one worker a core.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading

from distributed import WorkerPlugin

from krm_injector import __version__
from krm_injector.fleet.engine import shipment, worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from krm_injector.fleet.engine.shipment import Shipment
    from krm_injector.fleet.model import TargetResult, Task

_lock = threading.Lock()
_directories: dict[str, str] = {}  # where the files of a run are, by its name


class OtherVersion(Exception):
    """The worker has another krm-injector than the client."""


class Files(WorkerPlugin):
    """The files of a run, on each worker that is there or comes later."""

    def __init__(self, name: str, version: str, files: Shipment) -> None:
        self.name = name
        self._version = version
        self._files = files

    def setup(self, worker: Any) -> None:
        if self._version != __version__:
            raise OtherVersion(
                f"the worker {worker.address} has krm-injector {__version__}, and here it is "
                f"{self._version}: give both the same version"
            )

        with _lock:
            if self.name not in _directories:
                # In the worker's own directory: if the worker is killed, Dask takes it away.
                directory = tempfile.mkdtemp("", "krm-injector-", worker.local_directory)
                shipment.unpack(self._files, directory)
                _directories[self.name] = directory

    def teardown(self, worker: Any) -> None:
        with _lock:
            directory = _directories.pop(self.name, None)

        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)


def run(
    name: str, inside: str, function: Callable[[Task], TargetResult], task: Task
) -> TargetResult:
    """The result of a task, among the files of a run. Programs are found on this machine's PATH."""
    environment = {**task.environment, "PATH": os.environ.get("PATH", os.defpath)}
    with _lock:
        before = os.getcwd()
        os.chdir(os.path.join(_directories[name], inside))
        try:
            return worker.guarded(function, task._replace(environment=environment))
        finally:
            os.chdir(before)
