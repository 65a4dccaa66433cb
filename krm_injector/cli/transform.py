"""Manifests in, manifests out: inject, eject and build share this module.

With an error, nothing is printed, because the output is applied or committed.
"""

from __future__ import annotations

from krm_injector import pipeline, results
from krm_injector.cli import bundles, releases
from krm_injector.cli.request import REFUSED, Answer
from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.outcome import LAYOUTS, aliases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from krm_injector.cli.argocd import Application
    from krm_injector.cli.loader import Loaded
    from krm_injector.cli.request import Request
    from krm_injector.function_config import Settings
    from krm_injector.outcome import Outcome
    from krm_injector.presenting.places import Places
    from krm_injector.sources.manifests import Joined
    from krm_injector.sources.resource_list import Bundle

    Action = Literal["inject", "eject"]


class Transformed(NamedTuple):
    """Manifests after an action of the pipeline."""

    joined: Joined
    outcome: Outcome


def answer(
    request: Request,
    loaded: Loaded,
    action: Action = "inject",
    to_apply: bool = False,
    application: Application | None = None,
) -> Answer:
    """The manifests after ``action``. ``to_apply``: without those that are not for a cluster.
    ``application``: the one that Argo CD builds. Raises Refused.
    """
    made = transformed(request, loaded, action, application)
    return printed(made, to_apply)._replace(places=lambda: places(request, loaded, made))


def places(request: Request, loaded: Loaded, made: Transformed) -> Places:
    """Where the results have their causes."""
    from krm_injector.cli import placing  # late: only where somebody looks

    config = bundles.function_config(loaded, request.arguments)
    bundle, sources = made.outcome.bundle, made.joined.sources
    return placing.places(request.arguments, bundle, sources, config)


def transformed(
    request: Request,
    loaded: Loaded,
    action: Action = "inject",
    application: Application | None = None,
) -> Transformed:
    """The manifests after ``action``, before they are written. Raises Refused."""
    return bundles.with_all_causes(
        request, lambda: _transformed(request, loaded, action, application)
    )


def printed(made: Transformed, to_apply: bool = False) -> Answer:
    """The text of the manifests; none with an error. ``to_apply``: see answer."""
    joined, outcome = made
    code = results.exit_code(outcome.results)
    if code:
        return Answer("", outcome.results, code)

    dropped = _local(joined) if to_apply else frozenset()
    if len(dropped) == len(joined.bundle.items):
        message = "nothing is left to apply: every manifest is marked as local-config"
        error = Result("error", message, code="input-empty")
        return Answer("", (*outcome.results, error), REFUSED)

    written_out: dict[int, tuple[str, ...]] = {}
    text = joined.write(
        outcome.replacements, LAYOUTS, dropped, outcome.originals, outcome.anew, written_out
    )
    return Answer(text, (*outcome.results, *aliases(joined.bundle, written_out)))


def texts(made: Transformed) -> tuple[list[str], tuple[Result, ...]]:
    """The new text of each file by itself, and what is to be said of it."""
    joined, outcome = made
    written_out: dict[int, tuple[str, ...]] = {}
    each = joined.texts(outcome.replacements, LAYOUTS, outcome.originals, outcome.anew, written_out)
    return each, aliases(joined.bundle, written_out)


def _local(joined: Joined) -> frozenset[int]:
    """The indexes of the manifests that are for tools, and not applied."""
    from krm_injector.sources.resource_list.members import not_applied

    return not_applied(item.value for item in joined.bundle.items)


def _transformed(
    request: Request, loaded: Loaded, action: Action, application: Application | None
) -> Transformed:
    """The manifests as one bundle, and the outcome of an action of the pipeline. The results of
    reading come first.
    """
    joined, read_results = bundles.join(loaded, request.arguments)
    settings = _settings(request, loaded)
    bundle = bundles.with_facts(joined, loaded, request.arguments)
    if application is not None:
        from krm_injector.cli import argocd

        settings = argocd.settings(settings, application)
        read_results = (*application.results, *read_results)

    outcome = pipeline.ACTIONS[action](bundle, settings)
    outcome = releases.advised(outcome, joined.sources, settings)
    all_results = [*read_results, *outcome.results]
    if action == "inject":
        bundles.refuse_unread(read_results, len(outcome.decisions))
        if loaded.checks:
            injected = pipeline.with_replacements(bundle, outcome.replacements)
            all_results += _checked(request, loaded, injected)

    return Transformed(joined, outcome._replace(results=tuple(all_results)))


def _settings(request: Request, loaded: Loaded) -> Settings:
    return bundles.settings_of(request, bundles.function_config(loaded, request.arguments))


def _checked(request: Request, loaded: Loaded, injected: Bundle) -> list[Result]:
    """The results of the checks that directories run on their own output."""
    checking = request.with_options(config=None)
    checks: list[Result] = []
    for config in loaded.checks:
        settings = bundles.settings_of(checking, config)
        checks += pipeline.ACTIONS[settings.action](injected, settings).results

    return checks
