"""Which workloads belong to one app, so that injecting one of them suggests injecting the others.

One label alone proves little: many programs are called "webhook" or "controller". Labels that
contradict each other (another app.kubernetes.io/instance, another name without a common whole) show
that two workloads do not belong together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from krm_injector.decision.suggestions import refused
from krm_injector.istio_names import APP_INSTANCE_LABEL, APP_NAME_LABEL, APP_PART_OF_LABEL
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Workload
from krm_injector.workload.controller import pod_labels

_NAME_LABELS = (APP_NAME_LABEL, "app", "k8s-app")
_IDENTITY_LABELS = (APP_PART_OF_LABEL, APP_INSTANCE_LABEL, APP_NAME_LABEL)
_MOST_COMPARED = 50  # workloads with one label whose images are compared

# A label that names an app, and behind it the values of the labels that must not differ:
# (label, value, part-of, instance, name).
_AppLabel = tuple[str, ...]


class InjectedApps:
    """The injected workloads of a bundle, found by what others have in common with them."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._by_kinship: dict[tuple[str, ...], Decision] = {}
        self._by_app_label: dict[_AppLabel, list[Decision]] = {}
        for decision in decisions:
            if decision.injected and not refused(decision):
                self._add(decision)

    def _add(self, decision: Decision) -> None:
        labels = pod_labels(decision.workload)
        for key, _ in _kinships(decision.workload, labels):
            self._by_kinship.setdefault(key, decision)
        for app_label in _app_labels(labels):
            self._by_app_label.setdefault(app_label, []).append(decision)

    def relative_of(self, workload: Workload) -> str:
        """An injected workload of the same app and what shows that, as a sentence; "" for none."""
        for key, description in _kinships(workload, pod_labels(workload)):
            relative = self._by_kinship.get(key)
            if relative is not None:
                return f"{relative.workload.ref} {description} is injected"

        for (label, value, *_), relative, image in self._with_label_and_image(workload):
            ref = relative.workload.ref
            return f"{ref} of the same app ({label}: {value}) and image ({image}) is injected"

        return ""

    def revisions_of_relatives(self, workload: Workload) -> set[str]:
        """The revisions of the control planes that inject workloads of the same app."""
        kinships = _kinships(workload, pod_labels(workload))
        relatives = [self._by_kinship.get(key) for key, _ in kinships]
        relatives += [relative for _, relative, _ in self._with_label_and_image(workload)]
        meshes = [relative.mesh for relative in relatives if relative is not None]
        return {mesh.revision for mesh in meshes if mesh is not None}

    def _with_label_and_image(
        self, workload: Workload
    ) -> Iterator[tuple[_AppLabel, Decision, str]]:
        """Injected workloads of any Namespace that share a label and an image, with these two."""
        for app_label in _app_labels(pod_labels(workload)):
            for candidate in self._by_app_label.get(app_label, ())[:_MOST_COMPARED]:
                candidate_images = _images(candidate.workload)
                common = [image for image in _images(workload) if image in candidate_images]
                if common:
                    yield app_label, candidate, common[0]


def _kinships(
    workload: Workload, labels: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The keys under which workloads of the same app are found, and their description.

    The strongest comes first. Each key holds the labels that must not differ: two workloads that
    state different ones never meet.
    """
    namespace = workload.ref.namespace
    part_of, instance, name = (labels.get(key) or "" for key in _IDENTITY_LABELS)
    if part_of:
        yield (
            ("part of", part_of, instance),
            f"of the same application ({APP_PART_OF_LABEL}: {part_of})",
        )

    if instance and name:
        stated = f"{APP_INSTANCE_LABEL}: {instance}, {APP_NAME_LABEL}: {name}"
        yield ("instance", part_of, instance, name), f"of the same app ({stated})"

    if instance:
        description = f"of the same Namespace and app ({APP_INSTANCE_LABEL}: {instance})"
        yield ("instance in Namespace", namespace, part_of, instance), description

    for app_label in _app_labels(labels):
        label, value, *_ = app_label
        description = f"of the same Namespace and app ({label}: {value})"
        yield ("name in Namespace", namespace, *app_label), description


def _app_labels(labels: Mapping[str, str]) -> Iterator[_AppLabel]:
    identity = tuple(labels.get(key) or "" for key in _IDENTITY_LABELS)
    for label in _NAME_LABELS:
        if labels.get(label):
            yield (label, labels[label], *identity)


def _images(workload: Workload) -> list[str]:
    """The images of its containers, without tag and digest."""
    containers = at(workload.object, (*workload.template, "spec", "containers"))
    images = []
    for container in containers if isinstance(containers, list) else ():
        image = at(container, ("image",))
        if isinstance(image, str) and image:
            directory, slash, name = image.partition("@")[0].rpartition("/")
            images.append(f"{directory}{slash}{name.partition(':')[0]}")

    return images
