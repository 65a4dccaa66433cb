"""The objects of Argo CD and Flux in a repository -> what they name."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.fleet.finding import applicationsets, argocd, flux
from krm_injector.fleet.finding.argocd import App, Named
from krm_injector.fleet.finding.reading import Found
from krm_injector.fleet.finding.repository import Repository, mapping
from krm_injector.model import Result

GROUPS = (b"argoproj.io/", b".fluxcd.io/")  # without these a file is not asked


def read(objects: Sequence[Found], repository: Repository) -> Named:
    apps: list[App] = []
    from_flux = flux.read(objects, repository)
    candidates = list(from_flux.candidates)
    passed_over = list(from_flux.passed_over)
    results: list[Result] = list(from_flux.results)
    for found in objects:
        if found.group != "argoproj.io":
            continue
        if found.kind == "Application":
            apps.append(App(found, found.name, mapping(found.value, "spec")))
        elif found.kind == "ApplicationSet":
            made, reasons, problems = applicationsets.read(found, repository)
            apps += made
            passed_over += reasons
            results += problems

    for app in apps:
        named = argocd.read(app, repository)
        candidates += named.candidates
        passed_over += named.passed_over
        results += named.results

    return Named(tuple(candidates), tuple(passed_over), tuple(results))
