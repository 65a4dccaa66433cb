"""What injection changes, as text, and the images that it adds: the commands and the targets of a
directory share this module.
"""

from __future__ import annotations

from krm_injector.cli import bundles
from krm_injector.cli.bundles import Manifests
from krm_injector.cli.request import Request
from krm_injector.function_config import ImageSettings, Settings
from krm_injector.function_config.severities import severity
from krm_injector.injection import hubs, images
from krm_injector.kube.paths import at
from krm_injector.model import Result
from krm_injector.outcome import LAYOUTS, Outcome
from krm_injector.presenting import diff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from krm_injector.sources.manifests import Joined


def unified(
    manifests: Manifests, outcome: Outcome, colours: bool, credentials: bool = False
) -> str:
    """A unified diff of each file that changes, with the credentials in it or without."""
    joined = manifests.joined
    texts = joined.texts(outcome.replacements, LAYOUTS, outcome.originals, outcome.anew)
    return of_texts(joined, texts, colours, credentials)


def of_texts(joined: Joined, texts: Sequence[str], colours: bool, credentials: bool = False) -> str:
    """A unified diff of each file that differs from its new text."""
    names = [source.file or source.directory for source in joined.sources]
    pairs = diff.pairs(names, joined.parts, texts)
    return "".join(
        diff.unified(before, after, file, colours, credentials) for file, before, after in pairs
    )


def by_image(request: Request, manifests: Manifests) -> tuple[Outcome, dict[str, list[str]]]:
    """The outcome, and each image, with its digest if the lock has one -> the workloads that it is
    injected into. Neither the lock nor the allowed registries refuse an image here, because they
    are made from this list. Raises Refused.
    """
    settings = bundles.settings(request, manifests)
    outcome = bundles.run(manifests, settings._replace(images=ImageSettings()))
    workloads = _workloads_by_image(outcome, settings.images.lock or {})
    told = (*outcome.results, *_retired(workloads, settings))
    return outcome._replace(results=told), workloads


def _retired(images_of: Iterable[str], settings: Settings) -> list[Result]:
    """One result for each retired hub that injection takes images from. It is no part of the text,
    which other programs read line by line.
    """
    level = severity("retired-hub", settings)
    if level is None:
        return []

    found: dict[hubs.RetiredHub, list[str]] = {}
    for image in sorted(images_of):
        hub = hubs.retired_in(image)
        if hub is not None:
            found.setdefault(hub, []).append(image)

    return [
        Result(
            level,
            f"injection takes {', '.join(named)} from {hub.hub}. Istio switches it off {hub.off} "
            f"({hub.source}): nodes that lack an image cannot start pods then. Set {hub.advice} "
            "or a mirror of your own",
            code="retired-hub",
        )
        for hub, named in found.items()
    ]


def _workloads_by_image(outcome: Outcome, lock: dict[str, str]) -> dict[str, list[str]]:
    workloads: dict[str, list[str]] = {}
    for decision in outcome.decisions:
        workload = decision.workload
        if not decision.injected or workload.item not in outcome.replacements:
            continue

        after = at(outcome.replacements[workload.item], workload.inside)
        for injected in images.injected(workload.object, after, workload.template):
            image = images.pinned(injected.image, lock) or injected.image
            names = workloads.setdefault(image, [])
            if str(workload.ref) not in names:
                names.append(str(workload.ref))

    return workloads
