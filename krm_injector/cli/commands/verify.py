"""`krm-injector verify`: checks that committed manifests are what injection gives now."""

from __future__ import annotations

import os

from krm_injector import pipeline, results
from krm_injector.cli import bundles
from krm_injector.cli.bundles import Manifests
from krm_injector.cli.request import Answer, Request
from krm_injector.function_config import Settings
from krm_injector.pipeline import Outcome
from krm_injector.sources import files, resource_list


def run(request: Request) -> Answer:
    """The results are the answer; on stdout there is one line with the count of workloads."""
    return bundles.with_all_causes(request, lambda: _verified(request))


def _verified(request: Request) -> Answer:
    stated = request.arguments.paths
    paths = [path for path in stated if os.path.basename(path) not in files.KUSTOMIZATIONS]
    if stated and not paths:
        return Answer("")  # a hook that got only kustomizations

    manifests = bundles.read(request, paths)
    settings = bundles.settings(request, manifests)
    outcome = pipeline.verify(_as_built(manifests, settings), settings)
    bundles.refuse_unread(manifests.results, len(outcome.decisions))
    outcome = outcome._replace(results=(*manifests.results, *outcome.results))
    code = results.exit_code(outcome.results)
    return Answer(_summary(outcome), outcome.results, code)


def _summary(outcome: Outcome) -> str:
    """The number of workloads or, with an error, of stale workloads."""
    # An object with several pod templates counts once, as its errors do.
    workloads = [decision.workload for decision in outcome.decisions]
    count = len({(workload.item, workload.inside) for workload in workloads})
    shown = results.counted(count, "workload")
    errors = [result for result in outcome.results if result.severity == "error"]
    if not errors:
        return f"{shown} verified\n"

    stale = len({error.resource for error in errors if error.resource})
    if count == 1:
        return f"{stale:,} of {shown} is not as injection gives it\n"
    return f"{stale:,} of {shown} are not as injection gives them\n"


def _as_built(manifests: Manifests, settings: Settings) -> resource_list.Bundle:
    """The bundle after the injection that directories do themselves and that kustomize left out."""
    built = [
        source.injected
        for source, part in zip(manifests.joined.sources, manifests.joined.parts, strict=True)
        for _ in part.items
    ]
    if not any(built):
        return manifests.bundle

    replacements = {
        index: value
        for index, value in pipeline.run(manifests.bundle, settings).replacements.items()
        if index < len(built) and built[index]
    }
    return pipeline.with_replacements(manifests.bundle, replacements)
