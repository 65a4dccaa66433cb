"""Whether manifests are what injection gives now: verify and `fleet verify` share this module."""

from __future__ import annotations

from krm_injector import pipeline
from krm_injector.cli import bundles, releases
from krm_injector.cli.bundles import Manifests
from krm_injector.cli.request import Request
from krm_injector.function_config import Settings
from krm_injector.pipeline import Outcome
from krm_injector.sources import resource_list


def verified(request: Request, manifests: Manifests) -> Outcome:
    """The outcome with an error for each stale workload; the results of reading come first. Raises
    Refused.
    """
    settings = bundles.settings(request, manifests)
    outcome = pipeline.verify(_as_built(manifests, settings), settings)
    outcome = releases.advised(outcome, manifests.joined.sources, settings)
    bundles.refuse_unread(manifests.results, len(outcome.decisions))
    return outcome._replace(results=(*manifests.results, *outcome.results))


def stale(outcome: Outcome) -> int:
    """The number of workloads that are not as injection gives them, or not known to be. One error
    may be about many.
    """
    errors = [result for result in outcome.results if result.severity == "error"]
    named = {error.resource for error in errors if error.resource}
    if named:
        from krm_injector.presenting.explain.refusals import REFUSED  # late: few runs have errors

        named |= {each.workload.ref for each in outcome.decisions if each.reason in REFUSED}
    return len(named)


def drifted(outcome: Outcome) -> int:
    """The same, without the workloads of which an error keeps from knowing it."""
    errors = [result for result in outcome.results if result.severity == "error"]
    return len({error.resource for error in errors if error.code.startswith("verify-")})


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
