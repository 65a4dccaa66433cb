"""`krm-injector explain`: per workload whether it is injected, the deciding rule, and what may not
be meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from krm_injector import pipeline, results
from krm_injector.cli import bundles, loader
from krm_injector.cli.loader import Loaded
from krm_injector.cli.request import Answer, Request
from krm_injector.discovery import context
from krm_injector.function_config import Settings
from krm_injector.judging import advice
from krm_injector.judging.advice import Advice
from krm_injector.model import Result
from krm_injector.outcome import Outcome
from krm_injector.presenting.explain.entries import entries
from krm_injector.presenting.explain.forms import FORMS
from krm_injector.presenting.explain.locations import Places
from krm_injector.presenting.explain.refusals import refusals
from krm_injector.presenting.explain.style import PLAIN, Look
from krm_injector.presenting.explain.suggestions import Changes
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import Bundle


class Explained(NamedTuple):
    """What the paths came to, as one bundle."""

    bundle: Bundle
    parts: tuple[Bundle, ...]
    results: tuple[Result, ...]
    rendered: frozenset[int] = frozenset()  # the parts that a program printed
    function_config: Any = None  # of a ResourceList, or that of the directories
    root: str | None = None  # from which its paths count


def run(request: Request) -> Answer:
    """Errors about workloads keep nothing from being shown: they are what a reader came for. Raises
    Refused where the input or the settings cannot be read.
    """
    return bundles.with_all_causes(request, lambda: _answer(request))


def _answer(request: Request) -> Answer:
    arguments = request.arguments
    explained = read(request)
    settings = _settings(request, explained)
    outcome = pipeline.run(explained.bundle, settings, request.progress)
    bundles.refuse_unread(explained.results, len(outcome.decisions))

    advice_entries = advice.advise(
        outcome.bundle, outcome.decisions, outcome.replacements, settings
    )
    text = _text(request, explained, settings, outcome, advice_entries)

    # A terminal takes a few of each code; who asks for all gets all.
    warnings = advice.results(advice_entries)
    brief = not arguments.verbose and not arguments.results
    shown = advice.summary(warnings) if brief else warnings

    all_results = (*explained.results, *outcome.results, *shown)
    return Answer(text, all_results, results.exit_code(all_results))


def _settings(request: Request, explained: Explained) -> Settings:
    """--config takes the place of the functionConfig that was read."""
    if request.arguments.config:
        return request.settings(None, explained.root)
    return request.settings(explained.function_config, explained.root)


def _text(
    request: Request,
    explained: Explained,
    settings: Settings,
    outcome: Outcome,
    advice_entries: Sequence[Advice],
) -> str:
    """The answer in the form of --output."""
    arguments = request.arguments
    form = arguments.output or "table"
    brief = form in ("table", "markdown") and not arguments.verbose
    changes = Changes(outcome.decisions, outcome.meshes, settings, doubts_only=brief)
    places = Places(explained.parts, explained.rendered)
    errors = refusals(outcome.decisions, outcome.replacements, outcome.results)
    workloads = entries(outcome.decisions, outcome.replacements, places, changes, errors)
    advice.attach(workloads, advice_entries)
    if form == "html":
        return _page(outcome, workloads, errors, advice_entries)

    limit = PLAIN.limit if arguments.limit is None else arguments.limit
    look = Look(request.width, request.colours, limit, arguments.verbose)
    return FORMS[form](outcome.meshes, workloads, look)


def _page(
    outcome: Outcome,
    workloads: list[dict[str, Any]],
    errors: Sequence[Sequence[Result]],
    advice_entries: Sequence[Advice],
) -> str:
    """The report: one HTML page. ``errors``: by workload."""
    from krm_injector.presenting import report
    from krm_injector.presenting.explain.table_rows import rule

    of_workloads = []
    for number, errors_of_workload in enumerate(errors):
        of_workloads += [Advice(error, number) for error in errors_of_workload]

    shown = {id(error.result) for error in of_workloads}
    of_the_run = [
        Advice(result, None)
        for result in outcome.results
        if result.code != "mesh" and id(result) not in shown
    ]
    return report.page(
        outcome.decisions,
        outcome.replacements,
        outcome.meshes,
        workloads,
        [*of_workloads, *of_the_run, *advice_entries],
        [rule(workload) for workload in workloads],
    )


# ---------------------------------------------------------------- what is read


def read(request: Request) -> Explained:
    """The bundle of the paths, a ResourceList as such, and behind it the facts of --context. Raises
    Refused.
    """
    arguments = request.arguments
    loaded = loader.read(request, arguments.paths)
    config = bundles.function_config(loaded, arguments)
    explained = _resource_list(loaded) or _joined(request, loaded)
    if config is not None and explained.function_config is None:
        explained = explained._replace(function_config=config.value, root=config.root)

    facts = context.around(arguments.context, loaded.sources, loaded.facts)
    if not facts:
        return explained
    return explained._replace(
        bundle=context.behind(explained.bundle, facts), parts=(*explained.parts, *facts)
    )


def _resource_list(loaded: Loaded) -> Explained | None:
    """The one source as a ResourceList; None where it is none."""
    if len(loaded.sources) != 1 or b"ResourceList" not in loaded.sources[0].data:
        return None

    source = loaded.sources[0]
    items = resource_list.read_manifests(source.data, source.file).items
    if len(items) != 1 or items[0].value.get("kind") != "ResourceList":
        return None

    bundle = resource_list.read(source.data)
    return Explained(bundle, (bundle,), loaded.results, function_config=bundle.function_config)


def _joined(request: Request, loaded: Loaded) -> Explained:
    joined, read_results = bundles.join(loaded, request.arguments)
    rendered = [number for number, source in enumerate(joined.sources) if source.directory]
    return Explained(joined.bundle, joined.parts, read_results, frozenset(rendered))
