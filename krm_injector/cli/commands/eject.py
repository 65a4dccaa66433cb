"""`krm-injector eject`: injected manifests in, out what they were before."""

from __future__ import annotations

from krm_injector.cli import loader, transform
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    loaded = loader.read(request, request.arguments.paths)
    return transform.answer(request, loaded, action="eject")
