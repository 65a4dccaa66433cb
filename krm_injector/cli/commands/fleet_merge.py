"""`krm-injector fleet merge`: the reports of all shards, shown as one run would show them."""

from __future__ import annotations

from krm_injector.cli import finding_forms, fleet_answer
from krm_injector.cli.request import Answer, Request
from krm_injector.model import Refusals, Refused, Result


def run(request: Request) -> Answer:
    """The report in the form of --output. Raises Refused if the reports are not of one run."""
    return finding_forms.in_form(request, lambda: _merged(request))


def _merged(request: Request) -> Answer:
    from krm_injector.fleet import merge, reports

    paths = request.arguments.paths
    if not paths:
        message = "merge which reports? Name the files that the shards wrote with --report"
        raise Refused(Result("error", message, code="fleet-merge"))

    refusals = Refusals()
    parts: list[merge.Part] = []
    for path in paths:
        with refusals:
            parts.append(merge.Part(path, reports.read(path)))

    refusals.raise_all()
    return fleet_answer.answer(request, merge.merge(parts))
