"""`krm-injector explain`: says for each workload whether it is injected, the deciding rule, and
what is probably a mistake.
"""

from __future__ import annotations

from krm_injector import pipeline, results
from krm_injector.cli import bundles, loader
from krm_injector.cli.loader import Loaded
from krm_injector.cli.request import Answer, Request
from krm_injector.discovery import context
from krm_injector.function_config import Settings
from krm_injector.judging import advice
from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain import FORMS, Locations, Style, explain
from krm_injector.presenting.explain.style import PLAIN
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Explained(NamedTuple):
    """The manifests of the paths, as one bundle."""

    bundle: Bundle
    parts: tuple[Bundle, ...]
    results: tuple[Result, ...]
    rendered: frozenset[int] = frozenset()  # the parts that a program printed
    function_config: Any = None  # of a ResourceList, or that of the directories
    root: str | None = None  # its paths are relative to it


def run(request: Request) -> Answer:
    """Errors about workloads do not stop the output: readers ask for them. Raises Refused if the
    input or the settings cannot be read.
    """
    return bundles.with_all_causes(request, lambda: _answer(request))


def _answer(request: Request) -> Answer:
    arguments = request.arguments
    explained = read(request)
    settings = _settings(request, explained)
    outcome = pipeline.run(explained.bundle, settings, request.progress)
    bundles.refuse_unread(explained.results, len(outcome.decisions))

    form = FORMS[arguments.output or "table"]
    brief = form.brief and not arguments.verbose
    locations = Locations(explained.parts, explained.rendered)
    explanation = explain(outcome, settings, locations, brief)

    # A terminal shows a few of each code. --verbose and --results have all.
    warnings = advice.results(explanation.advice)
    all_wanted = arguments.verbose or arguments.results
    shown = warnings if all_wanted else advice.summary(warnings)

    all_results = (*explained.results, *outcome.results, *shown)
    limit = PLAIN.limit if arguments.limit is None else arguments.limit
    style = Style(request.width, request.colours, limit, arguments.verbose)
    return Answer(form.render(explanation, style), all_results, results.exit_code(all_results))


def _settings(request: Request, explained: Explained) -> Settings:
    """--config replaces the functionConfig that was read."""
    if request.arguments.config:
        return request.settings(None, explained.root)
    return request.settings(explained.function_config, explained.root)


# ---------------------------------------------------------------- what is read


def read(request: Request) -> Explained:
    """The bundle of the paths (or a ResourceList as such), then the facts of --context. Raises
    Refused.
    """
    arguments = request.arguments
    loaded = loader.read(request, arguments.paths)
    config = bundles.function_config(loaded, arguments)
    explained = _resource_list(loaded) or _joined(request, loaded)
    if config is not None and explained.function_config is None:
        explained = explained._replace(function_config=config.value, root=config.root)

    facts = context.context_facts(arguments.context, loaded.sources, loaded.facts)
    if not facts:
        return explained
    return explained._replace(
        bundle=context.with_facts(explained.bundle, facts), parts=(*explained.parts, *facts)
    )


def _resource_list(loaded: Loaded) -> Explained | None:
    """The one source as a ResourceList; None if it is not one."""
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
