"""Tasks -> TargetResults, by the processes of this machine or by those of a Dask cluster.

The work is submitted to an executor with the protocol of concurrent.futures. Whatever happens to
workers, each task gets exactly one result.
"""

from __future__ import annotations

from krm_injector.fleet.model import TargetResult
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import Any

    from krm_injector.fleet.model import Task
    from krm_injector.model import Result

    Work = Iterable[Task | TargetResult]
    Function = Callable[[Task], TargetResult]


class Options(NamedTuple):
    """How tasks are run."""

    total: int  # tasks
    jobs: int | None = None  # worker processes; None: one a core
    scheduler: str | None = None  # address of a Dask scheduler
    status: Callable[[Any], None] | None = None  # is told the State of the run, now and then


def run(work: Work, function: Function, options: Options, notes: list[Result]) -> Iterator[TargetResult]:
    """Runs ``function`` on each task; results come in the order in which they finish. What has a
    result already is passed on. ``notes`` gets what happened to workers.
    """
    for item in work:
        yield item if isinstance(item, TargetResult) else function(item)


def refuse_missing(tasks: Iterable[str], results: Collection[str]) -> None:
    """Raises an error if a task has no result. It cannot happen; but a target that is silently
    missing would be the worst of all.
    """
    missing = [name for name in tasks if name not in results]
    if missing:
        raise RuntimeError(f"{len(missing)} targets have no result: {', '.join(missing[:5])}")
