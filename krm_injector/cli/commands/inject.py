"""`krm-injector inject`: prints the manifests with their workloads injected."""

from __future__ import annotations

from krm_injector.cli import loader, transform
from krm_injector.cli.request import Answer, Request


def run(request: Request) -> Answer:
    return transform.answer(request, loader.read(request, request.arguments.paths))
