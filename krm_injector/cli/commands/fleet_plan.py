"""`krm-injector fleet plan`: the upgrade of a mesh over a whole fleet as a plan."""

from __future__ import annotations

from krm_injector import results
from krm_injector.cli import fleet_answer, fleet_run
from krm_injector.cli.request import Answer, Request
from krm_injector.model import Refusals, Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.request import Arguments
    from krm_injector.fleet.model import Report


def run(request: Request) -> Answer:
    """Errors of targets do not stop the output: the plan says which targets it lacks. Raises
    Refused if there is no target, or an option is wrong.
    """
    from krm_injector.fleet.plan import units, work

    _refuse_options(request.arguments)
    prepared = fleet_run.prepare(request)
    report = fleet_run.report(request, prepared, fleet_run.results(request, prepared))
    answer = fleet_answer.answer(request, report)
    told = (*answer.results, *units.doubts(work.answers(report)))
    told += _labels(request.arguments, report)
    return Answer(answer.text, told, answer.code or results.exit_code(told))


def _refuse_options(arguments: Arguments) -> None:
    """What is wrong about the meshes or the campaign is told once, and not for each target."""
    from krm_injector.fleet.plan import campaigns, meshes

    refusals = Refusals()
    with refusals:
        if arguments.campaign is not None:
            campaigns.parse(arguments.campaign)

    for option, mesh in (("--from", arguments.from_mesh), ("--to", arguments.to_mesh)):
        with refusals:
            if mesh is not None:
                meshes.refuse_missing(mesh, option)

    refusals.raise_all()


def _labels(arguments: Arguments, report: Report) -> tuple[Result, ...]:
    """What --apply-labels wrote, or why it wrote nothing."""
    if arguments.apply_labels is None:
        return ()

    from krm_injector.fleet.plan import labels, plan

    if report.shard != (1, 1):
        message = (
            "--apply-labels needs the plan of all targets, and this is that of one shard; leave "
            "--shard out"
        )
        return (Result("error", message, code="fleet-plan-labels"),)

    try:
        return (labels.write(plan.plan_of(report), arguments.apply_labels, arguments.wave or 1),)
    except Refused as refused:
        return refused.results
