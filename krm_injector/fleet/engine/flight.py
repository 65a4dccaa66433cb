"""Tasks are submitted to an executor, a few at a time, and land as TargetResults.

A worker can be lost: killed by the kernel for its memory, by a person, by its machine. Then the
pool is made anew, and its tasks are tried again. Who was there at two losses may be the cause and
runs alone. If its worker is lost again, that is its result.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait

from krm_injector.fleet.engine import failures, worker
from krm_injector.fleet.engine.progress import State
from krm_injector.fleet.model import TargetResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol, TypeAlias

    from krm_injector.fleet.engine import Options, Work
    from krm_injector.fleet.model import Task
    from krm_injector.model import Result

    Landing: TypeAlias = Future[TargetResult]
    Function: TypeAlias = Callable[[Task], TargetResult]

    class Pool(Protocol):
        """Workers, behind an executor of concurrent.futures."""

        width: int  # tasks that run at the same time
        window: int  # tasks that are submitted and not yet back: so many that no worker waits

        def submit(self, function: Function, task: Task) -> Landing:
            """Raises BrokenExecutor if workers were lost."""

        def submit_alone(self, function: Function, task: Task) -> Landing:
            """To a worker of its own. The pool has no other task."""

        def lost(self) -> str:
            """Ends what is left of the workers after a loss; the next submit makes new ones.
            Returns what happened to the worker: "was killed by SIGKILL". Raises Gone.
            """

        def killed(self, future: Landing) -> str:
            """What happened to the task's worker, if the pool itself has tried it again in vain; ""
            for all other outcomes.
            """

        def look(self) -> None:
            """Is called each moment. Raises Gone."""

        def close(self) -> None:
            """Ends the workers, whatever they do."""

        def abandon(self) -> None:
            """The same for a process that is being stopped: waits for nothing, since a signal can
            come while the executor is in any state.
            """


_LOSSES = 2  # that a task can be near to before it runs alone
_TICK = 0.25  # seconds between two looks at the time


class Gone(Exception):
    """There will be no workers any more. The message says why, as a sentence without its subject:
    "the scheduler tcp://... went away".
    """


class Flight:
    """A run of tasks."""

    def __init__(
        self, pool: Pool | None, function: Function, options: Options, notes: list[Result]
    ) -> None:
        self._pool = pool
        self._function = function
        self._options = options
        self._notes = notes
        self._flying: dict[Landing, Task] = {}  # in the order in which they were submitted
        self._since: dict[str, float] = {}  # when a task came to a worker, by target
        self._losses: dict[str, int] = {}
        self._suspects: list[Task] = []  # run alone when nothing else is left
        self._done = 0
        self._started = time.monotonic()
        self._gone = ""  # why there are no workers any more

    def results(self, work: Work) -> Iterator[TargetResult]:
        """The result of each task, as they finish."""
        pool = self._pool
        results = self._alone_here(work) if pool is None else self._landing(work)
        try:
            for result in results:
                self._done += 1
                self._tell()
                yield result
        except (Exception, GeneratorExit):
            self._close()
            raise
        except BaseException:
            if pool is not None:
                pool.abandon()
            raise

        self._close()

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.close()

    def _alone_here(self, work: Work) -> Iterator[TargetResult]:
        """In this process."""
        with worker.in_this_process():
            for item in work:
                if isinstance(item, TargetResult):
                    yield item
                    continue

                self._since = {item.target.name: time.monotonic()}
                self._tell()
                yield worker.guarded(self._function, item)

    def _landing(self, work: Work) -> Iterator[TargetResult]:
        assert self._pool is not None
        for item in work:
            if isinstance(item, TargetResult):
                yield item
                yield from self._landed(0.0)
                continue

            yield from self._submit(item)
            while len(self._flying) >= self._pool.window:
                yield from self._landed(_TICK)

        while self._flying:
            yield from self._landed(_TICK)

        while self._suspects:
            yield from self._run_alone(self._suspects.pop(0))

    # ------------------------------------------------------------ starting and landing

    def _submit(self, task: Task) -> Iterator[TargetResult]:
        """Submits a task. Gives results only if workers were lost."""
        assert self._pool is not None
        if self._gone:
            yield failures.gone(task, self._gone)
            return

        try:
            future = self._pool.submit(self._function, task)
        except BrokenExecutor:
            yield from self._after_loss([*self._flying.values(), task])
        except Gone as gone:
            yield from self._give_up([*self._flying.values(), task], gone)
        else:
            self._flying[future] = task

    def _landed(self, patience: float) -> Iterator[TargetResult]:
        """The results of the tasks that have landed; waits for the first, but not for long."""
        assert self._pool is not None
        self._note_running()
        landed = wait(self._flying, timeout=patience, return_when=FIRST_COMPLETED).done
        self._tell()

        lost: list[Task] = []
        for future in [each for each in self._flying if each in landed]:
            task = self._flying.pop(future)
            self._since.pop(task.target.name, None)
            if self._pool.killed(future):
                self._suspects.append(task)
                continue

            result = _result(future, task)
            if result is None:
                lost.append(task)
            else:
                yield result

        if lost:
            yield from self._after_loss([*lost, *self._flying.values()])

        try:
            self._pool.look()
        except Gone as gone:
            yield from self._give_up([*self._flying.values(), *self._suspects], gone)

    # ------------------------------------------------------------ losses

    def _after_loss(self, tasks: list[Task]) -> Iterator[TargetResult]:
        """Tries the tasks again that were with the workers at a loss."""
        assert self._pool is not None
        results, tasks = self._rescued(tasks)
        yield from results
        try:
            happened = self._pool.lost()
        except Gone as gone:
            yield from self._give_up(tasks, gone)
            return

        self._notes.append(failures.retried(tasks, happened))
        for task in tasks:
            self._losses[task.target.name] = self._losses.get(task.target.name, 0) + 1

        suspects = [task for task in tasks if self._losses[task.target.name] >= _LOSSES]
        for task in suspects:
            yield from self._run_alone(task)

        for task in tasks:
            if task not in suspects:
                yield from self._submit(task)

    def _rescued(self, tasks: list[Task]) -> tuple[list[TargetResult], list[Task]]:
        """The results that came back before the loss, and the tasks without one. Afterwards no task
        is with the workers.
        """
        results: list[TargetResult] = []
        for future, task in self._flying.items():
            result = _result(future, task) if future.done() else None
            if result is not None:
                results.append(result)

        self._flying.clear()
        self._since.clear()
        names = {result.name for result in results}
        return results, [task for task in tasks if task.target.name not in names]

    def _run_alone(self, task: Task) -> Iterator[TargetResult]:
        """Runs a task with a worker of its own, after two losses."""
        assert self._pool is not None
        if self._gone:
            yield failures.gone(task, self._gone)
            return

        self._since = {task.target.name: time.monotonic()}
        try:
            result = self._result_alone(self._pool, task)
        except Gone as gone:
            yield from self._give_up([task, *self._suspects], gone)
            return

        self._since.clear()
        yield result

    def _result_alone(self, pool: Pool, task: Task) -> TargetResult:
        try:
            future = pool.submit_alone(self._function, task)
        except BrokenExecutor:
            return failures.lost(task, pool.lost())

        while not wait((future,), timeout=_TICK).done:
            self._tell()
            pool.look()

        happened = pool.killed(future)
        if happened:
            return failures.lost(task, happened)

        return _result(future, task) or failures.lost(task, pool.lost())

    def _give_up(self, tasks: list[Task], gone: Gone) -> Iterator[TargetResult]:
        """An error for each task: there are no workers any more."""
        self._gone = str(gone)
        self._flying.clear()
        self._suspects.clear()
        for task in tasks:
            yield failures.gone(task, self._gone)

    # ------------------------------------------------------------ progress

    def _note_running(self) -> None:
        """Tasks run in the order in which they were submitted, so many at a time."""
        assert self._pool is not None
        now = time.monotonic()
        for _, task in zip(range(self._pool.width), self._flying.values(), strict=False):
            self._since.setdefault(task.target.name, now)

    def _tell(self) -> None:
        if self._options.status is None:
            return

        now = time.monotonic()
        slowest = min(self._since, key=self._since.__getitem__, default="")
        waited = now - self._since[slowest] if slowest else 0.0
        elapsed = now - self._started
        self._options.status(State(self._done, self._options.total, elapsed, slowest, waited))


def _result(future: Landing, task: Task) -> TargetResult | None:
    """What a task came to; None if its worker was lost."""
    try:
        problem = future.exception()
    except CancelledError:
        return None

    if problem is None:
        return worker.checked(future.result(), task)
    if isinstance(problem, BrokenExecutor):
        return None
    return failures.raised(task, problem)
