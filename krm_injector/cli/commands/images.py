"""`krm-injector images`: the images that injection adds, and the workloads that get them."""

from __future__ import annotations

import functools
import json

from krm_injector import results
from krm_injector.cli import bundles, comparing, roots
from krm_injector.cli.request import REFUSED, Answer, Request
from krm_injector.injection import hubs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(request: Request) -> Answer:
    """Every image, with its locked digest if it has one."""
    return roots.answered(request, _one)


def _one(request: Request) -> Answer:
    return bundles.with_all_causes(request, lambda: _listed(request))


def _listed(request: Request) -> Answer:
    manifests = bundles.read(request, request.arguments.paths)
    outcome, workloads = comparing.by_image(request, manifests)
    places = functools.partial(bundles.places, request, manifests)
    if results.exit_code(outcome.results):
        return Answer("", outcome.results, REFUSED, places)

    if request.arguments.output == "json":
        rows = [_row(image, workloads[image]) for image in sorted(workloads)]
        text = json.dumps({"images": rows}, indent=2, ensure_ascii=False) + "\n"
    else:
        text = "".join(f"{image}\n" for image in sorted(workloads))

    return Answer(text, outcome.results, places=places)


def _row(image: str, workloads: list[str]) -> dict[str, Any]:
    """One image in JSON. "retired" is there only where its hub is switched off."""
    row: dict[str, Any] = {"image": image, "workloads": workloads}
    hub = hubs.retired_in(image)
    if hub is not None:
        instead = hub.image_instead(image) or None
        row["retired"] = {"hub": hub.hub, "off": hub.off, "source": hub.source, "instead": instead}
    return row
