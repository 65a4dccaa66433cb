"""`krm-injector explain`: what it reads, renders first, and says; streams and the terminal are
cli.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from krm_injector import pipeline, results
from krm_injector.cli import loader
from krm_injector.cli.arguments import Arguments
from krm_injector.discovery import context
from krm_injector.function_config import Settings
from krm_injector.judging import advice
from krm_injector.model import Result
from krm_injector.presenting.explain import FORMS, Locations, Style, explain
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import Bundle


class Told(NamedTuple):
    text: str
    results: tuple[Result, ...]
    code: int


class Given(NamedTuple):
    """What the paths came to, as one bundle."""

    bundle: Bundle
    parts: tuple[Bundle, ...]
    results: tuple[Result, ...]
    rendered: frozenset[int] = frozenset()  # the parts that a program printed
    config: Any = None  # the functionConfig of a ResourceList, or that of the directories
    root: str | None = None  # from which its paths count


def run(
    arguments: Arguments,
    settings_of: Callable[[Any, str | None], Settings],
    stdin: Callable[[], bytes],
    environment: Mapping[str, str],
    style: Style,
    progress: Callable[[int, int], None] | None = None,
) -> Told:
    """The whole command. settings_of: a functionConfig (or None), the directory from which its
    paths count -> Settings.

    Errors about workloads keep nothing from being told: they are what a reader came for. Raises
    Refused where the input or the settings cannot be read.
    """
    given = read(arguments, stdin, environment)
    settings = settings_of(given.config, given.root)
    outcome = pipeline.run(given.bundle, settings, progress)
    loader.refuse_unread(given.results, len(outcome.decisions))
    said = (*given.results, *outcome.results)
    form = arguments.output or "table"
    brief = FORMS[form].brief and not style.verbose
    locations = Locations(given.parts, given.rendered)
    explanation = explain(outcome, settings, locations, brief)
    warnings = advice.results(explanation.advice)
    # A terminal takes a few of each code; who asks for all gets all.
    said = (*said, *(warnings if style.verbose or arguments.results else advice.summary(warnings)))
    return Told(FORMS[form].render(explanation, style), said, results.exit_code(said))


def read(arguments: Arguments, stdin: Callable[[], bytes], environment: Mapping[str, str]) -> Given:
    """The bundle of the paths, a ResourceList as such, and behind it the facts of --context. Raises
    Refused.
    """
    found = loader.read(arguments, arguments.paths, stdin, environment)
    own = loader.config(found, arguments)
    given = _resource_list(found) or _joined(found, arguments)
    if own is not None and given.config is None:
        given = given._replace(config=own.value, root=own.root)

    facts = context.around(arguments.context, found.sources, found.facts)
    if not facts:
        return given
    return given._replace(bundle=context.behind(given.bundle, facts), parts=(*given.parts, *facts))


def _resource_list(found: loader.Given) -> Given | None:
    if len(found.sources) != 1 or b"ResourceList" not in found.sources[0].data:
        return None

    source = found.sources[0]
    items = resource_list.read_manifests(source.data, source.file).items
    if len(items) != 1 or items[0].value.get("kind") != "ResourceList":
        return None

    bundle = resource_list.read(source.data)
    return Given(bundle, (bundle,), found.results, config=bundle.function_config)


def _joined(found: loader.Given, arguments: Arguments) -> Given:
    joined, results = loader.joined(found, arguments)
    rendered = frozenset(number for number, source in enumerate(joined.sources) if source.directory)
    return Given(joined.bundle, joined.parts, results, rendered)
