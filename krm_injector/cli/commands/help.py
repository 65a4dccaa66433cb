"""`krm-injector help`: the help of a command, or of the program."""

from __future__ import annotations

from krm_injector.cli.help_text import help_text
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    return Answer(help_text(" ".join(request.arguments.paths)))
