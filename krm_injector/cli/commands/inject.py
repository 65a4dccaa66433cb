"""`krm-injector inject`: prints the manifests with their workloads injected, or changes the
files in place."""

from __future__ import annotations

from krm_injector.cli import loader, transform
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    if request.arguments.in_place:
        from krm_injector.cli import in_place  # late: few runs need it

        return in_place.answer(request, "inject")

    return transform.answer(request, loader.read(request, request.arguments.paths))
