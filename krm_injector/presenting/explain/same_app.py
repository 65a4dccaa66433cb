"""Which workloads are of one app: what two have to share, so that one's being injected says
something of the other.

One label alone says little: many programs are called "webhook" or "controller". Labels that
contradict each other (another app.kubernetes.io/instance, another name of no common whole) say that
two are not of one app.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from krm_injector.decision.suggestions import refused
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Workload
from krm_injector.workload.controller import pod_labels

PART_OF = "app.kubernetes.io/part-of"
INSTANCE = "app.kubernetes.io/instance"
NAME = "app.kubernetes.io/name"
_NAMES = (NAME, "app", "k8s-app")
_COMPARED = 50  # workloads of one label whose images are looked at
_Ground = tuple[tuple[str, ...], str]  # what both have, and the words for it


class Apps:
    """The injected workloads of a bundle, found by what another has in common with them."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._injected: dict[tuple[str, ...], Decision] = {}
        self._by_label: dict[tuple[str, ...], list[Decision]] = {}
        for decision in decisions:
            fine = decision.injected and not refused(decision)
            labels = pod_labels(decision.workload) if fine else {}
            for key, _ in _grounds(decision.workload, labels) if fine else ():
                self._injected.setdefault(key, decision)
            for what in _labels(labels) if fine else ():
                self._by_label.setdefault(what, []).append(decision)

    def injected_with(self, workload: Workload) -> str:
        """An injected workload of the same app and what says so, as a sentence; "" for none."""
        for key, words in _grounds(workload, pod_labels(workload)):
            other = self._injected.get(key)
            if other is not None:
                return f"{other.workload.ref} {words} is injected"
        for what, other, image in self._with_its_image(workload):
            return f"{other.workload.ref} of the same app ({what[0]}: {what[1]}) and image ({image}) is injected"
        return ""

    def revisions_with(self, workload: Workload) -> set[str]:
        """The control planes of injected workloads of the same app."""
        found = [self._injected.get(key) for key, _ in _grounds(workload, pod_labels(workload))]
        found += [other for _, other, _ in self._with_its_image(workload)]
        return {
            other.mesh.revision for other in found if other is not None and other.mesh is not None
        }

    def _with_its_image(
        self, workload: Workload
    ) -> Iterator[tuple[tuple[str, ...], Decision, str]]:
        """Injected workloads that share a label and an image, wherever they are."""
        for what in _labels(pod_labels(workload)):
            for other in self._by_label.get(what, ())[:_COMPARED]:
                common = [image for image in _images(workload) if image in _images(other.workload)]
                if common:
                    yield what, other, common[0]


def _grounds(workload: Workload, labels: Mapping[str, str]) -> Iterator[_Ground]:
    """What makes another workload one of the same app, the strongest first.

    In each are the labels that must not differ: where two state different ones, nothing else
    counts.
    """
    namespace = workload.ref.namespace
    whole, instance, name = (labels.get(key) or "" for key in (PART_OF, INSTANCE, NAME))
    if whole:
        yield ("part of", whole, instance), f"of the same application ({PART_OF}: {whole})"

    if instance and name:
        told = f"{INSTANCE}: {instance}, {NAME}: {name}"
        yield ("instance", whole, instance, name), f"of the same app ({told})"

    if instance:
        yield (
            ("beside", namespace, whole, instance),
            f"of the same Namespace and app ({INSTANCE}: {instance})",
        )

    for what in _labels(labels):
        yield ("near", namespace, *what), f"of the same Namespace and app ({what[0]}: {what[1]})"


def _labels(labels: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Labels that name an app, each with those that must not differ."""
    common = tuple(labels.get(key) or "" for key in (PART_OF, INSTANCE, NAME))
    for key in _NAMES:
        if labels.get(key):
            yield (key, labels[key], *common)


def _images(workload: Workload) -> list[str]:
    """The images of its containers, without tag and digest."""
    containers = at(workload.object, (*workload.template, "spec", "containers"))
    found = []
    for container in containers if isinstance(containers, list) else ():
        image = at(container, ("image",))
        if isinstance(image, str) and image:
            path, slash, last = image.partition("@")[0].rpartition("/")
            found.append(f"{path}{slash}{last.partition(':')[0]}")

    return found
