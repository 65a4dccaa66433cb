"""`krm-injector fleet explain`: says over all targets which workloads are injected, and why."""

from __future__ import annotations

from krm_injector.cli import fleet_run
from krm_injector.cli.request import Answer, Request
from krm_injector.fleet.forms import explain, results
from krm_injector.presenting.explain.style import Style


def run(request: Request) -> Answer:
    """Errors of targets do not stop the output: readers ask for them. Raises Refused if there is no
    target.
    """
    arguments = request.arguments
    prepared = fleet_run.prepare(request)
    report = fleet_run.report(request, prepared, fleet_run.results(request, prepared))

    limit = explain.LIMIT if arguments.limit is None else arguments.limit
    style = Style(request.width, request.colours, limit, arguments.verbose)
    text = explain.render(report, arguments.output or "table", style)

    told = results.of_report(report, arguments.verbose, every=bool(arguments.results))
    return Answer(text, told, fleet_run.exit_code(report))
