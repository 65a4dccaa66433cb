"""`krm-injector fleet explain`: says over all targets which workloads are injected, and why."""

from __future__ import annotations

from krm_injector.cli import finding_forms, fleet_answer, fleet_run
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    """Errors of targets do not stop the output: readers ask for them. Raises Refused if there is no
    target.
    """
    return finding_forms.in_form(request, lambda: _explained(request))


def _explained(request: Request) -> Answer:
    prepared = fleet_run.prepare(request)
    results = fleet_run.results(request, prepared)
    return fleet_answer.answer(request, fleet_run.report(request, prepared, results))
