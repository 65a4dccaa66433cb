"""Tasks -> TargetResults, by the processes of this machine or by those of a Dask cluster.

The work is submitted to an executor with the protocol of concurrent.futures (flight.py). Whatever
happens to workers, each task gets exactly one result.
"""

from __future__ import annotations

from krm_injector.fleet.model import TargetResult
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from krm_injector.fleet.engine.flight import Function, Pool
    from krm_injector.fleet.engine.progress import State
    from krm_injector.fleet.model import Inputs, Task
    from krm_injector.model import Result

    # A task, or what it came to if that is known already: the cache has it.
    Work = Iterable[Task | TargetResult]


class Options(NamedTuple):
    """How tasks are run."""

    total: int  # tasks and results
    jobs: int | None = None  # worker processes; None: one a core
    scheduler: str | None = None  # address of a Dask scheduler
    status: Callable[[State], None] | None = None  # is told how far the run is, now and then
    # Dask: what the workers must have of this machine's files; is called once.
    files: Callable[[], Iterable[Inputs]] | None = None


def run(
    work: Work, function: Function, options: Options, notes: list[Result]
) -> Iterator[TargetResult]:
    """Runs ``function`` on each task; results come in the order in which they finish. ``notes``
    gets what happened to workers. Raises Refused if the scheduler cannot be used.
    """
    from krm_injector.fleet.engine.flight import Flight

    flight = Flight(_pool(options), function, options, notes)
    given: list[str] = []
    finished: set[str] = set()
    for result in flight.results(_noted(work, given)):
        if result.name in finished:
            raise RuntimeError(f"the target {result.name} has two results")

        finished.add(result.name)
        yield result

    refuse_missing(given, finished)


def _pool(options: Options) -> Pool | None:
    """Where tasks run; None: in this process."""
    if options.scheduler is not None:
        from krm_injector.fleet.engine.remote import Cluster

        return Cluster(options.scheduler, options.files)

    from krm_injector.fleet.engine import local

    jobs = min(options.jobs or local.cores(), max(options.total, 1))
    return local.Processes(jobs) if jobs > 1 else None


def _noted(work: Work, names: list[str]) -> Iterator[Task | TargetResult]:
    for item in work:
        names.append(item.name if isinstance(item, TargetResult) else item.target.name)
        yield item


def refuse_missing(tasks: Iterable[str], results: Collection[str]) -> None:
    """Raises RuntimeError if a task has no result. It cannot happen, but a target that is missing
    and not missed would be the worst of all errors.
    """
    missing = [name for name in tasks if name not in results]
    if missing:
        raise RuntimeError(f"{len(missing)} targets have no result: {', '.join(missing[:5])}")
