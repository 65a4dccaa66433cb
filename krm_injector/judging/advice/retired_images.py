"""Images on hubs that Istio retires (injection/hubs.py), wherever they are named.

By the mesh, by an installation, by a workload itself, and in what an earlier injection has left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from krm_injector.injection import hubs
from krm_injector.injection.hubs import OwnText, RetiredHub
from krm_injector.istio_names import (
    CORE_DUMP_CONTAINER,
    INIT_CONTAINER,
    PROXY_CONTAINER,
    VALIDATION_CONTAINER,
)
from krm_injector.judging.advice.injected_workload import BundleObjects, Finding, ref_of
from krm_injector.kube import yaml
from krm_injector.kube.paths import Step, at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Mesh, Object, ResourceRef
from krm_injector.reinjection.istio_traces import injected_by_istio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Resources that an installation is made from: istioctl's, the Sail operator's, and those by which
# Flux, Argo CD and k3s install charts. Kind -> group.
_INSTALLATIONS = {
    "IstioOperator": "install.istio.io",
    "Istio": "sailoperator.io",
    "IstioRevision": "sailoperator.io",
    "IstioCNI": "sailoperator.io",
    "ZTunnel": "sailoperator.io",
    "HelmRelease": "helm.toolkit.fluxcd.io",
    "Application": "argoproj.io",
    "ApplicationSet": "argoproj.io",
    "HelmChart": "helm.cattle.io",
    "HelmChartConfig": "helm.cattle.io",
}
_OF_ISTIO = (PROXY_CONTAINER, INIT_CONTAINER, VALIDATION_CONTAINER, CORE_DUMP_CONTAINER)
_MOST_PLACES = 3  # that a message names


# ---------------------------------------------------------------- one workload


def of_workload(decision: Decision, standing: Object, injected: Any) -> Iterator[Finding]:
    """The retired images of one workload, injected or not.

    standing: its object in the bundle, maybe injected before. injected: the object after injection;
    None if it is not injected.
    """
    workload = decision.workload
    found = [
        (own, hub)
        for own in hubs.own_texts(at(standing, workload.template))
        if (hub := hubs.retired_in(own.text))
    ]
    if not found:
        return

    before = _by_name(at(workload.object, workload.template))
    after = _by_name(at(injected, workload.template))
    traced = injected_by_istio(workload._replace(object=standing))
    left: dict[str, list[tuple[OwnText, RetiredHub]]] = {}
    for own, hub in found:
        key = own.part == "annotations", own.name
        if before.get(key) == own.text and not (traced and own.name in _OF_ISTIO):
            if decision.injected or not key[0]:  # an annotation does nothing without injection
                yield _own(decision, own, hub)
        elif not key[0] and after.get(key) != own.text:
            # With the same image again, the mesh or an annotation is the cause, and is told.
            left.setdefault(own.text, []).append((own, hub))

    for places in left.values():
        yield _left(decision, places)


def _by_name(template: Any) -> dict[tuple[bool, str], str]:
    """The texts of a template: (whether it is an annotation, its name) -> text."""
    return {(own.part == "annotations", own.name): own.text for own in hubs.own_texts(template)}


def _field(decision: Decision, own: OwnText) -> str:
    path = (*decision.workload.template, *own.place)
    if own.part == "annotations":
        return f'{text(path[:-1])}["{own.name}"]'
    return text(path)


def _own(decision: Decision, own: OwnText, hub: RetiredHub) -> Finding:
    named = f"annotation {own.name}" if own.part == "annotations" else f"container {own.name}"
    proposed = hub.image_instead(own.text)
    instead = proposed or f"the image from {hub.advice}"
    message = (
        f"the {named} of {decision.workload.shown} names {own.text}. {_goes(hub)}: nodes that lack "
        f"the image cannot start the pod then. Use {instead} or a mirror of your own"
    )
    field = _field(decision, own)
    return Finding("retired-image", message, field, own.text, proposed or None)


def _left(decision: Decision, places: list[tuple[OwnText, RetiredHub]]) -> Finding:
    """What an earlier injection has left: injecting again mends it."""
    (first, hub), *_ = places
    names = ", ".join(own.name for own, _ in places)
    injected = decision.injected
    remedy = "Inject it again" if injected else "Take the injection back (eject)"
    message = (
        f"{decision.workload.shown} was injected with image {first.text} ({names}). {_goes(hub)}: "
        f"nodes that lack the image cannot start the pod then. {remedy}"
    )
    return Finding("retired-image-injected", message, _field(decision, first), first.text)


def _goes(hub: RetiredHub) -> str:
    return f"Istio switches {hub.hub} off {hub.off} ({hub.source})"


# ---------------------------------------------------------------- the mesh and its installation


def of_meshes(decisions: Iterable[Decision], objects: BundleObjects) -> Iterator[Finding]:
    """The retired hubs of the control planes in use, and of installations in the bundle, each
    once.
    """
    meshes: dict[str, Mesh] = {}
    for decision in decisions:
        if decision.mesh is not None:
            meshes.setdefault(decision.mesh.revision, decision.mesh)

    for mesh in meshes.values():
        for hub, places in _places_of(mesh).items():
            subject = f"control plane {mesh.revision} ({mesh.place or mesh.source})"
            yield _hub_finding(subject, hub, places)._replace(
                field="data.values" if mesh.ref else "spec.mesh.injector",
                resource=mesh.ref,
                silenced_by=_config_map(mesh.ref, objects),
            )

    for kind, group in _INSTALLATIONS.items():
        for namespace, value in objects.everywhere(kind):
            if str(value.get("apiVersion")).startswith(f"{group}/"):
                yield from _of_installation(value, kind, namespace)


def _config_map(ref: ResourceRef | None, objects: BundleObjects) -> Object | None:
    """The ConfigMap of a mesh, if the bundle has it: its annotation may silence."""
    if ref is None:
        return None
    candidates = objects.of(ref.kind, ref.namespace)
    return next((each for each in candidates if at(each, ("metadata", "name")) == ref.name), None)


def _places_of(mesh: Mesh) -> dict[RetiredHub, list[str]]:
    """Retired hub -> the places of a mesh that name it."""
    found: dict[RetiredHub, list[str]] = {}
    if hubs.may_name_retired(mesh.values):
        _collect(found, "values.", _parsed(mesh.values))
    _collect(found, "", mesh.config)
    if hubs.may_name_retired(mesh.mesh_config):
        _collect(found, "meshConfig.", _parsed(mesh.mesh_config))
    return found


def _parsed(written: str) -> Any:
    try:
        return yaml.load(written)
    except yaml.YamlError:  # discovery reports it
        return None


def _collect(found: dict[RetiredHub, list[str]], prefix: str, value: Any) -> None:
    for path, stated in hubs.texts_in(value):
        hub = hubs.retired_in(stated)
        if hub is not None:
            found.setdefault(hub, []).append(prefix + text(path))


def _of_installation(value: Object, kind: str, namespace: str) -> Iterator[Finding]:
    found: dict[RetiredHub, list[tuple[Step, str]]] = {}
    for path, stated in hubs.texts_in(value.get("spec"), ("spec",)):
        hub = hubs.retired_in(stated)
        if hub is not None:
            found.setdefault(hub, []).append((path, stated))

    ref = ref_of(value, kind, namespace)
    for hub, places in found.items():
        (path, stated), *_ = places
        finding = _hub_finding(str(ref), hub, [text(each) for each, _ in places])
        if "\n" not in stated:  # the values of a chart may be one text
            is_chart = "/charts" in stated  # of which the other hub has none
            proposed = None if is_chart else hub.image_instead(stated) or None
            finding = finding._replace(current=stated, proposed=proposed)
        yield finding._replace(
            field=text(path),
            resource=ref,
            silenced_by=value,
        )


def _hub_finding(subject: str, hub: RetiredHub, places: list[str]) -> Finding:
    named = ", ".join(places[:_MOST_PLACES])
    if len(places) > _MOST_PLACES:
        named += f" and {len(places) - _MOST_PLACES} more"
    message = (
        f"{subject} takes images from {hub.hub} ({named}). {_goes(hub)}: nodes that lack an image "
        f"cannot start pods then. Set {hub.advice} or a mirror of your own, and take the mesh file "
        "anew"
    )
    if hub.replacement:
        message += (
            f". `krm-injector fleet plan --campaign registry={hub.replacement}` shows what changes"
        )
    return Finding("retired-hub", message, current=hub.hub)
