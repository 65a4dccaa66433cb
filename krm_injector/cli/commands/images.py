"""`krm-injector images`: the images that injection adds, and the workloads that get them."""

from __future__ import annotations

import functools
import json

from krm_injector import results
from krm_injector.cli import bundles
from krm_injector.cli.request import REFUSED, Answer, Request
from krm_injector.function_config import ImageSettings, Settings
from krm_injector.function_config.severities import severity
from krm_injector.injection import hubs, images
from krm_injector.kube.paths import at
from krm_injector.model import Result
from krm_injector.pipeline import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def run(request: Request) -> Answer:
    """Every image, with its locked digest if it has one. Neither the lock nor the allowed
    registries refuse an image here, because they are made from this list.
    """
    return bundles.with_all_causes(request, lambda: _listed(request))


def _listed(request: Request) -> Answer:
    manifests = bundles.read(request, request.arguments.paths)
    settings = bundles.settings(request, manifests)
    lock = settings.images.lock or {}
    outcome = bundles.run(manifests, settings._replace(images=ImageSettings()))
    places = functools.partial(bundles.places, request, manifests)
    if results.exit_code(outcome.results):
        return Answer("", outcome.results, REFUSED, places)

    workloads = _workloads_by_image(outcome, lock)
    if request.arguments.output == "json":
        rows = [_row(image, workloads[image]) for image in sorted(workloads)]
        text = json.dumps({"images": rows}, indent=2, ensure_ascii=False) + "\n"
    else:
        text = "".join(f"{image}\n" for image in sorted(workloads))

    told = (*outcome.results, *_retired(workloads, settings))
    return Answer(text, told, results.exit_code(told), places)


def _row(image: str, workloads: list[str]) -> dict[str, Any]:
    """One image in JSON. "retired" is there only where its hub is switched off."""
    row: dict[str, Any] = {"image": image, "workloads": workloads}
    hub = hubs.retired_in(image)
    if hub is not None:
        instead = hub.image_instead(image) or None
        row["retired"] = {"hub": hub.hub, "off": hub.off, "source": hub.source, "instead": instead}
    return row


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
    """Image, with its digest if the lock has one -> the workloads that it is injected into."""
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
