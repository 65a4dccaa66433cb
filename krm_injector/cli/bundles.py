"""The manifests that the paths of a command line mean, as one bundle, and its outcome.

verify, diff, images and explain share this module. Commands that print manifests use parts of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from krm_injector.cli import loader, releases
from krm_injector.model import Refusals, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.files import quoted
from krm_injector.sources.manifests import Joined
from krm_injector.sources.manifests import join as join_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from krm_injector.cli.loader import Loaded
    from krm_injector.cli.request import Arguments, Request
    from krm_injector.function_config import Settings
    from krm_injector.pipeline import Outcome
    from krm_injector.presenting.places import Places
    from krm_injector.sources.programs import Config
    from krm_injector.sources.resource_list import Bundle

    T = TypeVar("T")


class Manifests(NamedTuple):
    """The manifests that the paths of a command line mean."""

    joined: Joined
    bundle: Bundle  # that of joined, then the items that --context adds: no workloads
    results: tuple[Result, ...]  # of reading
    config: Config | None  # the functionConfig of the directories


def read(request: Request, paths: Sequence[str]) -> Manifests:
    """The manifests of the paths, or of stdin without paths. Raises Refused with everything that
    cannot be read.
    """
    return of_loaded(request, loader.read(request, paths))


def of_loaded(request: Request, loaded: Loaded) -> Manifests:
    """The manifests of what was loaded. Raises Refused."""
    joined, results = join(loaded, request.arguments)
    bundle = with_facts(joined, loaded, request.arguments)
    return Manifests(joined, bundle, results, function_config(loaded, request.arguments))


def settings(request: Request, manifests: Manifests) -> Settings:
    """The settings of --config, or else of the directories' functionConfig. Raises Refused."""
    return settings_of(request, manifests.config)


def settings_of(request: Request, config: Config | None) -> Settings:
    """The settings of a functionConfig of the directories; None: of --config. Raises Refused."""
    if config is None:
        return request.settings()

    try:
        return request.settings(config.value, config.root)
    except Refused as refused:
        from krm_injector.cli import placing

        raise Refused(*placing.in_file(refused.results, config.file)) from None


def places(request: Request, manifests: Manifests) -> Places:
    """Where the results of a run have their causes."""
    from krm_injector.cli import placing  # late: only where somebody looks

    joined = manifests.joined
    return placing.places(request.arguments, manifests.bundle, joined.sources, manifests.config)


def run(manifests: Manifests, settings: Settings) -> Outcome:
    """The outcome, with the results of reading first. Raises Refused if nothing was read."""
    from krm_injector import pipeline

    outcome = pipeline.run(manifests.bundle, settings)
    outcome = releases.advised(outcome, manifests.joined.sources, settings)
    refuse_unread(manifests.results, len(outcome.decisions))
    return outcome._replace(results=(*manifests.results, *outcome.results))


# ---------------------------------------------------------------- the steps


def join(loaded: Loaded, arguments: Arguments) -> tuple[Joined, tuple[Result, ...]]:
    """The sources as one bundle, and the results of reading with those about files that are no
    manifests. Raises Refused.
    """
    # The output of build is applied, so a manifest that cannot be read must not be missing in it.
    strict = arguments.command == "build"
    # These only tell: a faulty file is an error, and what the others hold is told too.
    lenient = arguments.command in ("explain", "verify", "diff", "images")
    joined = join_sources(loaded.sources, arguments.verbose, strict=strict, lenient=lenient)
    return joined, (*loaded.results, *joined.results)


def with_facts(joined: Joined, loaded: Loaded, arguments: Arguments) -> Bundle:
    """The joined bundle, then the Namespaces and meshes of --context and those that kustomize does
    not print. Raises Refused.
    """
    if not arguments.context and not loaded.facts:
        return joined.bundle

    from krm_injector.discovery import context

    facts = context.context_facts(arguments.context, joined.sources, loaded.facts, joined.bundle)
    return context.with_facts(joined.bundle, facts) if facts else joined.bundle


def function_config(loaded: Loaded, arguments: Arguments) -> Config | None:
    """The functionConfig of the directories. None if --config replaces it or they have none. Raises
    Refused if they have several that differ.
    """
    if arguments.config or not loaded.configs:
        return None

    first = loaded.configs[0]
    differing = [config for config in loaded.configs if _content(config) != _content(first)]
    if not differing:
        return first

    files = ", ".join(dict.fromkeys(config.file for config in (first, *differing)))
    message = (
        f"several functionConfigs say different things: {files}. Name the one that counts: "
        f"--config {quoted(first.file)}"
    )
    raise Refused(Result("error", message, file=first.file, code="function-config"))


def _content(config: Config) -> tuple[object, ...]:
    """The part of a functionConfig that affects injection. Its paths are relative to its root."""
    value = config.value if isinstance(config.value, dict) else {}
    content = value.get("spec") or value.get("data")
    names_file = "file" in repr(content)
    return content, os.path.realpath(config.root) if names_file else ""


def refuse_unread(results: Iterable[Result], workloads: int) -> None:
    """Raises Refused if no workload was found but kustomizations or charts were not rendered: the
    workloads are most likely in these.
    """
    if workloads:
        return

    unread = [result for result in results if result.code == "kustomization-not-applied"]
    if unread:
        raise Refused(*(result._replace(severity="error") for result in unread))


def with_all_causes(request: Request, step: Callable[[], T]) -> T:
    """The value of a step of a command. If the step is refused, raises Refused with the errors of
    the settings and of --context too, which the step may not have reached. (An error that it did
    reach is there twice and is shown once.)
    """
    refusals = Refusals()
    with refusals:
        return step()

    with refusals:
        request.settings()

    with refusals:
        from krm_injector.discovery import context

        files = [path for path in request.arguments.paths if os.path.isfile(path)]
        context.read_facts(request.arguments.context, files)

    raise refusals.refused()
