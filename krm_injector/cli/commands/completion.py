"""`krm-injector completion`: a script for a shell; behind --, what may stand at the cursor."""

from __future__ import annotations

from krm_injector.cli.completion import scripts
from krm_injector.cli.completion.words import complete
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    (shell,), passed_on = request.arguments.paths, request.arguments.passed_on
    if not passed_on:
        return Answer(scripts.SCRIPTS[shell])

    words = scripts.words_of(shell, passed_on)
    return Answer(scripts.answer(shell, words, complete(words)))
