"""What a worker does for a target: Task -> TargetResult, by the code of the single commands.

A target gives the same as a command for it alone, whatever the worker did before: nothing is kept
between two tasks but what is looked up by its content.
"""

from __future__ import annotations

import os

from krm_injector import results
from krm_injector.cli import bundles, loader, streams, transform, warm
from krm_injector.cli.request import Arguments, Request
from krm_injector.fleet.model import TargetResult
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from krm_injector.cli.loader import Loaded
    from krm_injector.fleet.model import Target, Task
    from krm_injector.function_config import Settings
    from krm_injector.sources.helm import Release


class _Done(NamedTuple):
    """What a task came to."""

    results: tuple[Result, ...]
    data: dict[str, Any]
    text: str = ""


def run_task(task: Task) -> TargetResult:
    """Renders a target, and does to it what the task's command says. Never raises: whatever goes
    wrong with a target is its own result.
    """
    before = _cpu_seconds()
    warm.begin()
    streams.prepare_for_many()
    try:
        done = _COMMANDS[task.command](task, *_loaded(task))
    except Refused as refused:
        done = _Done(refused.results, _anchor(task))
    except Exception as problem:
        message = streams.internal_error(problem)
        done = _Done((Result("error", message, code="fleet-internal-error"),), {})

    code = results.exit_code(done.results) or int(_has_error(done.data))
    text = "" if code else done.text
    cost = max(_cpu_seconds() - before, 0.0)
    return TargetResult(task.target.name, code, text, done.data, done.results, cost)


def _anchor(task: Task) -> dict[str, Any]:
    """The file that stands for a target that could not be rendered."""
    if not task.options.get("placed"):
        return {}

    from krm_injector.cli import placing
    from krm_injector.fleet import found

    return {found.ANCHOR: placing.rendered_file(task.target.path)}


def _cpu_seconds() -> float:
    """CPU time of this process and of the programs that it has started."""
    try:
        import resource
    except ImportError:  # Windows; os.times counts hundredths of a second
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    of_both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in of_both)


def _has_error(data: dict[str, Any]) -> bool:
    """Whether advice, which is not among the results, is an error by the user's severities."""
    return any(each["severity"] == "error" for each in data.get("advice", ()))


# ---------------------------------------------------------------- what is rendered


def _loaded(task: Task) -> tuple[Request, Loaded]:
    """The manifests of a target, and the request for it alone. Raises Refused."""
    target = task.target
    # A plan compares what two builds give.
    command = "build" if task.command == "plan" else task.command
    stated = {"namespace": target.namespace or None, **task.options}
    arguments = Arguments(command, (target.path,), passed_on=target.options, **stated)
    request = Request(arguments, _no_stdin, task.environment)

    return request, loader.read(request, (target.path,), _release(target, arguments))


def _no_stdin() -> bytes:
    return b""


def _release(target: Target, arguments: Arguments) -> Release | None:
    """The values of a chart; None for any other target."""
    if target.kind != "chart":
        return None

    from krm_injector.sources.helm import Release

    namespace = arguments.namespace or ""
    given = Release(
        namespace=namespace, values_files=target.values, parameters=dict(target.set_values)
    )
    return given._replace(name=target.release) if target.release else given


# ---------------------------------------------------------------- the commands


def _build(_: Task, request: Request, loaded: Loaded) -> _Done:
    made = transform.transformed(request, loaded)
    answer = transform.printed(made, to_apply=True)
    text = answer.text if isinstance(answer.text, str) else "".join(answer.text)
    counts = {"workloads": made.outcome.workloads, "injected": made.outcome.injected}
    return _Done(answer.results, counts, text)


def _verify(_: Task, request: Request, loaded: Loaded) -> _Done:
    from krm_injector.cli import verifying

    def verified() -> _Done:
        manifests = bundles.of_loaded(request, loaded)
        outcome = verifying.verified(request, manifests)
        data: dict[str, Any] = {
            "workloads": outcome.workloads,
            "stale": verifying.drifted(outcome),
        }
        if request.arguments.placed:
            from krm_injector.fleet import found

            workloads = (each.workload.ref for each in outcome.decisions)
            data |= found.data(outcome.results, bundles.places(request, manifests), workloads)
        return _Done(outcome.results, data)

    return bundles.with_all_causes(request, verified)


def _explain(_: Task, request: Request, loaded: Loaded) -> _Done:
    from krm_injector.cli import explaining
    from krm_injector.fleet import explained

    def said() -> _Done:
        read = explaining.read(request, loaded)
        explanation = explaining.explanation(request, read, brief=True)
        told = (*read.results, *explanation.results)
        data = explained.data(explanation)
        if request.arguments.placed:
            from krm_injector.fleet import found

            advice = (each.result for each in explanation.advice)
            data |= found.data((*told, *advice), explaining.places(request, read))
        return _Done(told, data)

    return bundles.with_all_causes(request, said)


def _diff(_: Task, request: Request, loaded: Loaded) -> _Done:
    from krm_injector.cli import comparing

    def compared() -> _Done:
        manifests = bundles.of_loaded(request, loaded)
        outcome = bundles.run(manifests, bundles.settings(request, manifests))
        text = (
            ""
            if results.exit_code(outcome.results)
            else comparing.unified(manifests, outcome, colours=request.arguments.color == "always")
        )
        counts = {"workloads": outcome.workloads, "injected": outcome.injected}
        return _Done(outcome.results, counts, text)

    return bundles.with_all_causes(request, compared)


def _images(_: Task, request: Request, loaded: Loaded) -> _Done:
    from krm_injector.cli import comparing

    def listed() -> _Done:
        outcome, images = comparing.by_image(request, bundles.of_loaded(request, loaded))
        return _Done(outcome.results, {"workloads": outcome.workloads, "images": images})

    return bundles.with_all_causes(request, listed)


def _plan(task: Task, request: Request, loaded: Loaded) -> _Done:
    from krm_injector.fleet.plan import target as plan

    def planned() -> _Done:
        manifests = bundles.of_loaded(request, loaded)

        def settings(mesh: str | None) -> Settings:
            """Those of the target, with this mesh file in place of its own."""
            stated = request if mesh is None else request.with_options(mesh=(mesh,))
            return bundles.settings(stated, manifests)

        data, found = plan.target_plan(manifests.bundle, settings, task)
        return _Done((*manifests.results, *found), data)

    return bundles.with_all_causes(request, planned)


_COMMANDS: dict[str, Callable[[Task, Request, Loaded], _Done]] = {
    "build": _build,
    "verify": _verify,
    "explain": _explain,
    "plan": _plan,
    "diff": _diff,
    "images": _images,
}
