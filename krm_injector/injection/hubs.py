"""Hubs of images: those that Istio retires, and where a text names one.

A hub is a registry with a path, as ``docker.io/istio``. RETIRED is the one table of retired hubs.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any

    from krm_injector.kube.paths import Step


class RetiredHub(NamedTuple):
    hub: str
    off: str  # when it is switched off, as announced
    replacement: str  # the hub that has the same images and stays; "" if there is none
    source: str

    def image_instead(self, image: str) -> str:
        """The image of the same name on the hub that stays; "" if there is none."""
        return replaced(image, self.hub, self.replacement) if self.replacement else ""

    @property
    def advice(self) -> str:
        """The hub to set in its place."""
        return self.replacement or "docker.io/istio, which has the releases,"


# Read on 2026-11-28. No day of December was announced by then. Access is cut off for a day from
# 2026-12-08 15:00 UTC, as a last test (github.com/istio/istio issue 61467, 2026-08-26).
_BLOG = "istio.io/blog, 2026-07-23 and 2026-08-21"
RETIRED = (
    # istio.io/blog, 2026-03-23: no images from 2027-01-01 on. Images of 1.31 and later were never
    # published there.
    RetiredHub("gcr.io/istio-release", "in December 2026", "docker.io/istio", _BLOG),
    # The default of the charts of 1.30. The Sail operator wrote it into those of 1.29 to 1.31.
    RetiredHub("registry.istio.io/release", "in December 2026", "docker.io/istio", _BLOG),
    # The whole host goes, with the development builds, which are nowhere else.
    RetiredHub("registry.istio.io", "in December 2026", "", _BLOG),
)
"""The first that a text names is meant: a hub stands before the host that it is on."""
_HOSTS = tuple({row.hub.partition("/")[0]: None for row in RETIRED})


def retired_in(text: str) -> RetiredHub | None:
    """The first retired hub of the table that a text names; None if it names none."""
    if not may_name_retired(text):
        return None
    return next((retired for retired in RETIRED if names_hub(text, retired.hub)), None)


def may_name_retired(text: str) -> bool:
    """Whether a text holds the host of a retired hub; cheap, because most texts hold none."""
    lower = text.lower()
    return any(host in lower for host in _HOSTS)


# ---------------------------------------------------------------- in texts


def replaced(text: str, old: str, new: str) -> str:
    """A text with one hub in place of another, where the whole hub stands: not in the middle of a
    longer path, and not another one that begins like it.
    """
    return _whole(old).sub(lambda _: new, text)


def names_hub(text: str, hub: str) -> bool:
    return _whole(hub).search(text) is not None


def _whole(hub: str) -> re.Pattern[str]:
    import re  # late: few texts name a hub

    # A scheme may stand before it: oci://gcr.io/istio-release/... A host in capitals, or with the
    # port of HTTPS, is the same registry.
    host, slash, path = hub.partition("/")
    whole = rf"(?i:{re.escape(host)})(?::443)?{slash}{re.escape(path)}"
    return re.compile(rf"(?:(?<=://)|(?<![\w./-])){whole}(?![\w.:-])")


def texts_in(value: Any, path: Step = ()) -> Iterator[tuple[Step, str]]:
    """Every text in a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from texts_in(child, (*path, str(key)))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from texts_in(child, (*path, index))


# ---------------------------------------------------------------- in pod templates


class OwnText(NamedTuple):
    """A text of a pod template that may name an image."""

    part: str  # "annotations", "initContainers" or "containers"
    name: str  # of the annotation, or of the container
    number: int  # of the container in its list; 0 of an annotation
    text: str

    @property
    def place(self) -> Step:
        """Its path in the pod template."""
        if self.part == "annotations":
            return ("metadata", "annotations", self.name)
        return ("spec", self.part, self.number, "image")


def own_texts(template: Any) -> Iterator[OwnText]:
    """The annotations of Istio on a pod, and the images of its containers."""
    for key, value in string_map(at(template, ("metadata", "annotations"))).items():
        if "istio.io/" in key:
            yield OwnText("annotations", key, 0, value)

    for part in ("initContainers", "containers"):
        containers = at(template, ("spec", part))
        for number, container in enumerate(containers if isinstance(containers, list) else ()):
            image = container.get("image") if isinstance(container, dict) else None
            if isinstance(image, str):
                yield OwnText(part, str(container.get("name")), number, image)
