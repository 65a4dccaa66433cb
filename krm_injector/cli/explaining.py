"""What `explain` says about manifests, before it has a form: explain and `fleet explain` share this
module.
"""

from __future__ import annotations

from krm_injector import pipeline
from krm_injector.cli import bundles, placing, releases
from krm_injector.cli.loader import Loaded
from krm_injector.cli.request import Request
from krm_injector.discovery import context
from krm_injector.function_config import Settings
from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain import Explanation, Locations, explain
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.presenting.places import Places
    from krm_injector.sources.files import Source
    from krm_injector.sources.programs import Config


class Explained(NamedTuple):
    """The manifests of the paths, as one bundle."""

    bundle: Bundle
    parts: tuple[Bundle, ...]
    results: tuple[Result, ...]
    sources: tuple[Source, ...] = ()  # of the first parts
    function_config: Any = None  # of a ResourceList
    config: Config | None = None  # of the directories


def explanation(request: Request, explained: Explained, brief: bool = False) -> Explanation:
    """What is to be said about the manifests. Its results are those of the run, without those of
    reading. Raises Refused.
    """
    settings = _settings(request, explained)
    outcome = pipeline.run(explained.bundle, settings, request.progress)
    outcome = releases.advised(outcome, explained.sources, settings)
    bundles.refuse_unread(explained.results, len(outcome.decisions))

    locations = Locations(explained.parts, placing.rendered(explained.sources))
    return explain(outcome, settings, locations, brief)


def places(request: Request, explained: Explained) -> Places:
    """Where the results have their causes."""
    bundle = explained.bundle._replace(parts=explained.parts)
    return placing.places(request.arguments, bundle, explained.sources, explained.config)


def _settings(request: Request, explained: Explained) -> Settings:
    """--config replaces the functionConfig that was read."""
    if request.arguments.config is None and explained.function_config is not None:
        return request.settings(explained.function_config)
    return bundles.settings_of(request, explained.config)


# ---------------------------------------------------------------- what is read


def read(request: Request, loaded: Loaded) -> Explained:
    """The bundle of the paths (or a ResourceList as such), then the facts of --context. Raises
    Refused.
    """
    arguments = request.arguments
    config = bundles.function_config(loaded, arguments)
    explained = _resource_list(loaded) or _joined(request, loaded)
    if config is not None and explained.function_config is None:
        explained = explained._replace(config=config)

    facts = context.context_facts(arguments.context, loaded.sources, loaded.facts, explained.bundle)
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
    return Explained(joined.bundle, joined.parts, read_results, joined.sources)
