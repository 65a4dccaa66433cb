"""The results of targets whose task came to nothing, and the notes about lost workers."""

from __future__ import annotations

from krm_injector.fleet.model import TargetResult
from krm_injector.model import Result
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.model import Task

_MOST = 500  # characters of another program's message


def raised(task: Task, problem: BaseException) -> TargetResult:
    """The task, or the way to its worker and back, raised an exception."""
    said = " ".join(str(problem).split())[:_MOST]
    message = (
        f"{task.target.path} could not be worked on: {type(problem).__name__}: {said} (please "
        "report this; with --jobs 1 it happens in the process itself)"
    )
    return _failed(
        task, Result("error", message, file=task.target.path, code="fleet-internal-error")
    )


def not_a_result(task: Task, value: object) -> TargetResult:
    """The task gave something that is not its result."""
    return raised(task, TypeError(f"its result is {type(value).__name__}, not that of the target"))


def lost(task: Task, happened: str) -> TargetResult:
    """The worker was lost each time, at last with nothing beside the task."""
    message = (
        f"the worker of {task.target.path} {happened}, also when nothing else ran; if it needs "
        "more memory than there is, give it more, or run it with --jobs 1 --only "
        f"'{task.target.name}'"
    )
    return _failed(task, Result("error", message, file=task.target.path, code="fleet-worker-lost"))


def gone(task: Task, why: str) -> TargetResult:
    """There are no workers any more."""
    message = f"{task.target.path} was not worked on: {why}; start it again, and run this again"
    return _failed(task, Result("error", message, file=task.target.path, code="fleet-scheduler"))


def _failed(task: Task, error: Result) -> TargetResult:
    return TargetResult(task.target.name, 1, results=(error,))


def retried(tasks: list[Task], happened: str) -> Result:
    """A worker was lost, and its tasks are tried again."""
    names = ", ".join(task.target.name for task in tasks[:4])
    more = f" and {len(tasks) - 4} more" if len(tasks) > 4 else ""
    message = (
        f"a worker {happened}; {counted(len(tasks), 'target')} that it may have worked on "
        f"{'is' if len(tasks) == 1 else 'are'} tried again: {names}{more}"
    )
    return Result("info", message, code="fleet-retried")
