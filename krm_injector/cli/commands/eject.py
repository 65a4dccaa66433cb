"""`krm-injector eject`: prints the manifests as they were before injection, or changes the
files in place."""

from __future__ import annotations

from krm_injector.cli import loader, transform
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    if request.arguments.in_place:
        from krm_injector.cli import in_place  # late: few runs need it

        return in_place.answer(request, "eject")

    loaded = loader.read(request, request.arguments.paths)
    return transform.answer(request, loaded, action="eject")
