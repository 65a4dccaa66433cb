"""`krm-injector init`: writes what an orchestrator needs into a directory."""

from __future__ import annotations

from krm_injector.cli import recovery
from krm_injector.cli.request import Answer, Request
from krm_injector.wiring import init, namespaces, stated


def run(request: Request) -> Answer:
    target, *directories = request.arguments.paths
    directory = directories[0] if directories else "."
    init.refuse_unwritable(target, directory)
    recovered = recovery.restored([directory])
    told = _stated(request, directory)
    text = init.run(target, directory, request.arguments.image, told, request.begin)
    return Answer(text, (*recovered, *told.results))


def _stated(request: Request, directory: str) -> stated.Stated:
    """What the options state. They are read as any other command reads them. Raises Refused."""
    from krm_injector.discovery import context
    from krm_injector.model import Refusals

    arguments = request.arguments
    refusals = Refusals()
    with refusals:
        settings = request.settings()

    with refusals:
        facts = context.read_facts(arguments.context, ())

    refusals.raise_all()
    used = namespaces.of_directory(directory).used if facts else frozenset()
    reads_files = not arguments.image and arguments.paths[0] != "kpt"
    return stated.of(settings, arguments.mesh, facts, used, reads_files)
