"""`krm-injector fleet merge`: the reports of all shards, shown as one run would show them."""

from __future__ import annotations

from krm_injector.cli import fleet_answer
from krm_injector.cli.request import Answer, Request
from krm_injector.model import Refusals, Refused, Result


def run(request: Request) -> Answer:
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
