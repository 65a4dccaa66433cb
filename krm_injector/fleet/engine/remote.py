"""The workers of a Dask cluster. They get the files with the run, and need no shared disk."""

from __future__ import annotations

import contextlib
import os
import time
from concurrent.futures import BrokenExecutor, Future

from krm_injector.fleet.engine.flight import Gone
from krm_injector.model import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from krm_injector.fleet.engine.flight import Landing
    from krm_injector.fleet.engine.shipment import Shipment
    from krm_injector.fleet.model import Inputs, TargetResult, Task

_CONNECT = 10  # seconds until a scheduler must have answered
_WORKERS = 30  # ... until it must have a worker
_RECONNECT = 30  # ... after it went away, and seconds that it may be without any worker
_LOOK = 2.0  # seconds between two looks at the workers


class Cluster:
    """A pool of Dask workers."""

    def __init__(self, address: str, files: Callable[[], Iterable[Inputs]] | None) -> None:
        self.width = self.window = 1  # until the workers are counted
        self._address = address
        self._files = files
        self._shipment: Shipment | None = None
        self._name = ""  # of this run, on the workers
        self._client: Any = None
        self._running: set[Any] = set()  # Dask's futures: it forgets a task that nobody waits for
        self._looked = time.monotonic()
        self._seen = time.monotonic()  # when there was a worker

    # ------------------------------------------------------------ tasks

    def submit(self, function: Callable[[Task], TargetResult], task: Task) -> Landing:
        if self._client is None:
            self._begin()

        from krm_injector.fleet.engine import remote_worker

        assert self._shipment is not None
        inside = self._shipment.inside
        try:
            running = self._client.submit(
                remote_worker.run, self._name, inside, function, task, pure=False
            )
        except Exception as problem:  # the connection has just been lost
            raise BrokenExecutor(str(problem)) from problem

        return self._landing(running)

    def _landing(self, running: Any) -> Landing:
        """Dask's own executor has no answer where a worker ends while its result is on the way
        (distributed 2026.8, cfexecutor.py, _cascade_future). ``result`` waits until another worker
        has computed it.
        """
        landing: Landing = Future()
        self._running.add(running)

        def landed(done: Any) -> None:
            try:
                landing.set_result(done.result())
            except BaseException as problem:
                if done.status == "error":
                    landing.set_exception(problem)
                else:  # the scheduler or the connection is lost, and the task with it
                    landing.set_exception(BrokenExecutor(_first_line(problem)))
            finally:
                self._running.discard(done)

        running.add_done_callback(landed)
        return landing

    def submit_alone(self, function: Callable[[Task], TargetResult], task: Task) -> Landing:
        return self.submit(function, task)

    def killed(self, future: Landing) -> str:
        """Dask itself tries a task again whose worker was lost, on four workers."""
        problem = None if future.cancelled() else future.exception()
        if type(problem).__name__ != "KilledWorker":
            return ""
        return "was lost on each machine that tried it"

    def look(self) -> None:
        """Raises Gone if there has been no worker for a while: tasks would wait for ever."""
        now = time.monotonic()
        if self._client is None or now - self._looked < _LOOK:
            return

        self._looked = now
        if self._workers():
            self._seen = now
        elif now - self._seen > _RECONNECT:
            raise Gone(f"the scheduler {self._address} has had no worker for {_RECONNECT} s")

    def lost(self) -> str:
        """The scheduler went away, and all tasks with it. Waits for it to come back."""
        try:
            self._end()
            self._connect(_RECONNECT)
        except Refused:
            message = f"the scheduler {self._address} went away"
            raise Gone(f"{message}, and did not come back within {_RECONNECT} s") from None

        return "was lost with its scheduler, which is back"

    def close(self) -> None:
        self._end()

    def abandon(self) -> None:
        self._end()

    # ------------------------------------------------------------ the connection

    def _begin(self) -> None:
        from krm_injector.fleet.engine import shipment

        files = self._files() if self._files is not None else ()
        self._shipment = shipment.pack(files, os.getcwd())
        self._connect(_CONNECT)

    def _connect(self, seconds: int) -> None:
        """Connects to the scheduler, and gives its workers the files. Raises Refused."""
        distributed = _distributed()
        try:
            self._client = distributed.Client(
                self._address, timeout=seconds, set_as_default=False, name="krm-injector"
            )
        except (OSError, ValueError, ImportError, RuntimeError) as problem:
            raise self._refused(
                f"cannot be reached within {seconds} s: {_first_line(problem)}; give the address "
                "that `dask scheduler` prints, as tcp://HOST:8786"
            ) from None

        self._wait_for_worker()
        self._give_files()

    def _wait_for_worker(self) -> None:
        end = time.monotonic() + _WORKERS
        while not self._workers():
            if time.monotonic() > end:
                self._end()
                raise self._refused(
                    f"has had no worker for {_WORKERS} s; start some with: dask worker "
                    f"{self._address} --nthreads 1"
                )
            time.sleep(0.1)

        self._seen = time.monotonic()
        self.width = max(self._workers(), 1)
        # On its way a task needs milliseconds to a worker and back.
        self.window = 3 * self.width + 1

    def _workers(self) -> int:
        """How many workers there are; 0 also if the scheduler does not answer."""
        try:
            return len(self._client.scheduler_info()["workers"])
        except Exception:  # the connection is being lost; Dask has many exceptions for that
            return 0

    def _give_files(self) -> None:
        from krm_injector import __version__
        from krm_injector.fleet.engine.remote_worker import Files

        assert self._shipment is not None
        self._name = f"krm-injector-{self._shipment.digest[:16]}-{os.getpid()}-{id(self._client)}"
        try:
            self._client.register_plugin(Files(self._name, __version__, self._shipment))
        except Exception as problem:
            self._end()
            reason = _first_line(problem)
            if isinstance(problem, ImportError):
                reason = f"{reason}; install krm-injector[fleet] {__version__} for its workers"
            raise self._refused(f"cannot use its workers: {reason}") from None

    def _end(self) -> None:
        """Takes the files from the workers, and leaves the scheduler."""
        client, self._client = self._client, None
        running, self._running = list(self._running), set()
        if client is None:
            return

        # Whatever the scheduler says now, Dask has many exceptions for it: the workers take the
        # files away when they end, and the connection ends with this process.
        with contextlib.suppress(Exception):
            if client.status == "running":
                client.cancel(running)  # what waits is not begun any more
                client.unregister_worker_plugin(self._name)

        with contextlib.suppress(Exception):
            client.close(timeout=5)

    def _refused(self, problem: str) -> Refused:
        message = f"the scheduler {self._address} {problem}"
        return Refused(Result("error", message, code="fleet-scheduler"))


def _distributed() -> Any:
    """Dask's package. Raises Refused if it is not installed."""
    try:
        import distributed
    except ImportError:
        message = "--scheduler needs Dask: pip install 'krm-injector[fleet]'"
        raise Refused(Result("error", message, code="fleet-scheduler")) from None

    import logging

    # What is lost and tried again is told by this program, once.
    logging.disable(logging.CRITICAL)
    return distributed


def _first_line(problem: BaseException) -> str:
    return str(problem).partition("\n")[0] or type(problem).__name__
