"""The KRM function: a ResourceList in, a ResourceList out (KRM functions specification v1)."""

from __future__ import annotations

from krm_injector import pipeline, results
from krm_injector.cli import streams
from krm_injector.cli.request import REFUSED, Answer, Request
from krm_injector.model import Refused, Result
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.presenting.places import Places


def run(request: Request) -> Answer:
    """A ResourceList that could be read is always returned. If the run is refused, it has its
    original items.
    """
    try:
        bundle = _read(request)
    except Refused as refused:
        return Answer("", refused.results, REFUSED)

    def unchanged(problem: Exception) -> Answer:
        refused = problem.results if isinstance(problem, Refused) else (_internal(problem),)
        entries = results.entries(refused)
        text = resource_list.pieces(bundle, {}, entries, layouts=pipeline.KNOWN_LAYOUTS)
        return Answer(text, refused, REFUSED)

    try:
        settings = request.settings(bundle.function_config)
        outcome = pipeline.ACTIONS[settings.action](bundle, settings)
    except Exception as problem:
        return unchanged(problem)

    def places() -> Places:
        from krm_injector.presenting.places import Places  # late: only where somebody looks

        return Places((bundle,))

    code = results.exit_code(outcome.results)
    text = resource_list.pieces(
        bundle,
        {} if code else outcome.replacements,
        results.entries(outcome.results),
        (),
        outcome.originals,
        outcome.anew,
        pipeline.KNOWN_LAYOUTS,
    )
    return Answer(text, outcome.results, code, places, instead=unchanged)


def _internal(problem: Exception) -> Result:
    return Result("error", streams.internal_error(problem), code="internal-error")


def _read(request: Request) -> Bundle:
    """Raises Refused if there are no items: an empty list with exit status 0 would make kustomize
    and kpt delete every resource.
    """
    bundle = resource_list.read(request.stdin())
    if bundle.items:
        return bundle

    message = (
        "the ResourceList has no items: there is nothing to do, and an empty answer would delete "
        "resources"
    )
    raise Refused(Result("error", message, field="items", code="resource-list-empty"))
