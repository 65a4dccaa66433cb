"""`krm-injector fleet list`: the targets of a repository, and why."""

from __future__ import annotations

from krm_injector import results
from krm_injector.cli.request import Answer, Request
from krm_injector.fleet import finding, selection
from krm_injector.fleet.forms import listing
from krm_injector.fleet.model import Fleet
from krm_injector.model import Result


def run(request: Request) -> Answer:
    """Errors do not stop the output: the targets without errors are listed. Raises Refused if the
    fleet file or a directory cannot be read.
    """
    arguments = request.arguments
    fleet = finding.find(arguments.paths, arguments.fleet_file)
    notes: tuple[Result, ...] = ()
    if fleet.targets:
        fleet = selection.select(fleet, arguments.only, arguments.cluster)
        if arguments.changed_since is not None:
            fleet, notes = _touched(request, fleet)

    all_results = (*fleet.results, *notes)
    if arguments.output == "json":
        text = listing.as_json(fleet)
    else:
        text = listing.table(fleet, arguments.verbose)
    return Answer(text, all_results, results.exit_code(all_results))


def _touched(request: Request, fleet: Fleet) -> tuple[Fleet, tuple[Result, ...]]:
    """The fleet with the targets that were touched since --changed-since."""
    from krm_injector.cli import fleet_run  # late: it needs git

    run = fleet_run.prepare(request)
    untouched = frozenset(run.untouched)
    targets = tuple(each for each in fleet.targets if each.name not in untouched)
    return fleet._replace(targets=targets), tuple(run.notes)
