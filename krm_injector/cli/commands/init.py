"""`krm-injector init`: writes what an orchestrator needs into a directory."""

from __future__ import annotations

from krm_injector.cli.request import Answer, Request
from krm_injector.wiring import init


def run(request: Request) -> Answer:
    target, *directories = request.arguments.paths
    directory = directories[0] if directories else "."
    return Answer(init.run(target, directory, request.arguments.image))
