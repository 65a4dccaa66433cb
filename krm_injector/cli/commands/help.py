"""`krm-injector help`: the help of a command, or about a topic."""

from __future__ import annotations

from krm_injector.cli.help import topics
from krm_injector.cli.help.page import plain
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    topic, form = " ".join(request.arguments.paths), request.arguments.output
    if form == "json":
        return Answer(topics.as_json(topic))

    page = topics.page(topic)
    if form == "man":
        from krm_injector.cli.help import man

        return Answer(man.text(page))

    return Answer(plain(page))
