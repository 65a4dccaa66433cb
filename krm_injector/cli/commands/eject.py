"""`krm-injector eject`: prints the manifests as they were before injection."""

from __future__ import annotations

from krm_injector.cli import loader, transform
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    loaded = loader.read(request, request.arguments.paths)
    return transform.answer(request, loaded, action="eject")
