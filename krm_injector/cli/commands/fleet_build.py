"""`krm-injector fleet build`: renders and injects every target into a directory."""

from __future__ import annotations

from krm_injector.cli import fleet_answer, fleet_run
from krm_injector.cli.request import Answer, Request
from krm_injector.fleet.output import Writer, paths


def run(request: Request) -> Answer:
    """Each target is written as soon as it is rendered. One with an error keeps the files that it
    has. Raises Refused if nothing can be written.
    """
    arguments = request.arguments
    directory = arguments.to_directory or "."
    prepared = fleet_run.prepare(request)
    targets = prepared.fleet.targets
    paths.refuse_inputs(directory, targets)

    names = [target.name for target in targets]
    layout = paths.layout_of(arguments.layout)
    whole = paths.is_whole(prepared.fleet, bool(arguments.only or arguments.cluster))
    roots = paths.roots_of(arguments.paths, arguments.fleet_file)
    with Writer(directory, layout, names, whole, prepared.shard, roots) as writer:
        written = [writer.write(result) for result in fleet_run.results(request, prepared)]
        prepared.notes.extend(writer.finish())

    files = (writer.written, writer.unchanged, writer.deleted)
    return fleet_answer.answer(request, fleet_run.report(request, prepared, written, files))
