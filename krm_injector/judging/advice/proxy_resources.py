"""Annotations that state one of the proxy's resources, and displace the others of the installation.

Istio's templates print either what the annotations state or what global.proxy.resources has, never
both (manifests/charts/istio-control/istio-discovery/files/injection-template.yaml; istio #35905).
Which values are lost is not computed from the values: the workload is injected once more without
the annotations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from krm_injector.function_config import ImageSettings, Settings
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.inject import Failure
from krm_injector.istio_api import ApiError
from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.judging.advice.amounts import PROXY_ANNOTATIONS, running_containers
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    spec_of,
)
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import Step, at, without
from krm_injector.kube.twins import Alike, Twin, looks_like_one, to_json
from krm_injector.kube.workloads import text
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Decision, Mesh, Object
from krm_injector.reinjection import bundle_injection
from krm_injector.reinjection.shapes import Shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Lost = dict[tuple[str, str], Any]  # part and resource -> the installation's value

_NAMES = frozenset(PROXY_ANNOTATIONS.values())


class Trial:
    """Injects workloads of a run again, without some of their annotations."""

    def __init__(self, settings: Settings) -> None:
        plain = settings._replace(record=False, guard="none", images=ImageSettings())
        self._shapes = Shapes(plain, bundle_injection.kept)
        self._planes: dict[str, PreparedControlPlane] = {}  # by revision
        # By id() of the Alike, which is held: what all its workloads have; None: they may differ.
        self._of_alike: dict[int, tuple[Alike, Object | None]] = {}

    def proxy_resources(self, decision: Decision, value: Object) -> Object:
        """The resources of the proxy that the workload of the decision gets as this object; {} if
        it is refused, or gets none.
        """
        if decision.mesh is None:
            return {}

        template = decision.workload.template
        changed = decision._replace(workload=decision.workload._replace(object=value))
        try:
            injected = self._shapes.injected(changed, self._plane(decision.mesh))
        except (ApiError, Failure, YamlError):
            return {}
        if not isinstance(injected, Twin):
            return _proxy_resources(injected, template)

        common = self._common(injected.alike, template)
        return _proxy_resources(injected.object(), template) if common is None else common

    def _common(self, alike: Alike, template: Step) -> Object | None:
        if id(alike) not in self._of_alike:
            found: Object | None = _proxy_resources(alike.after, template)
            if looks_like_one(to_json(found)):
                found = None
            self._of_alike[id(alike)] = alike, found
        return self._of_alike[id(alike)][1]

    def _plane(self, mesh: Mesh) -> PreparedControlPlane:
        plane = self._planes.get(mesh.revision)
        if plane is None:
            kept = bundle_injection.kept
            plane = PreparedControlPlane(mesh) if kept is None else kept.plane(mesh)
            self._planes[mesh.revision] = plane
        return plane


def displaced(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """Requests and limits of the proxy that are lost by an annotation that states another one."""
    template = workload.decision.workload.template
    path: Step = (*template, "metadata", "annotations")
    annotations = at(workload.decision.workload.object, path)
    if not isinstance(annotations, dict) or _NAMES.isdisjoint(annotations):
        return
    if objects.trial is None or workload.proxy is None:
        return

    stated = {name: value for name, value in string_map(annotations).items() if name in _NAMES}
    lost = _lost(workload, path, stated, objects.trial)
    if lost:
        proposed = {**stated, **_annotations(lost)}
        message = _message(workload, stated, lost)
        yield Finding("proxy-resources", message, text(path), stated, proposed)


def _lost(workload: InjectedWorkload, path: Step, stated: Mapping[str, str], trial: Trial) -> Lost:
    decision = workload.decision
    value: Any = decision.workload.object
    for name in stated:
        value = without(value, (*path, name))

    before = trial.proxy_resources(decision, value)
    after = mapping(at(workload.proxy, ("resources",)))
    return {
        (part, resource): quantity
        for part in ("requests", "limits")
        for resource, quantity in mapping(before.get(part)).items()
        if at(after, (part, resource)) is None
    }


def _proxy_resources(injected: Object, template: Step) -> Object:
    for container in running_containers(spec_of(at(injected, template))):
        if container.get("name") == PROXY_CONTAINER:
            return mapping(container.get("resources"))
    return {}


def _annotations(lost: Lost) -> dict[str, str]:
    return {PROXY_ANNOTATIONS[key]: str(lost[key]) for key in lost if key in PROXY_ANNOTATIONS}


def _message(workload: InjectedWorkload, stated: Mapping[str, str], lost: Lost) -> str:
    phrases = [_phrase(workload, key, quantity) for key, quantity in lost.items()]
    verb = "displaces" if len(stated) == 1 else "displace"
    own = "its own" if len(stated) == 1 else "their own"
    remedies = [f'{name}: "{quantity}"' for name, quantity in _annotations(lost).items()]
    others = [".".join(key) for key in lost if key not in PROXY_ANNOTATIONS]
    if others:
        remedies.append(f"{_together(others)} in a container {PROXY_CONTAINER} of the pod template")

    return (
        f"{_together(list(stated))} {verb} all resources of the installation, not only {own}: "
        f"{PROXY_CONTAINER} of {workload.ref} loses {_together(phrases)}. To keep them, state "
        f"{_together(remedies)}"
    )


def _phrase(workload: InjectedWorkload, key: tuple[str, str], quantity: Any) -> str:
    """ "requests.cpu 100m", and what stands there instead."""
    part, resource = key
    phrase = f"{part}.{resource} {quantity}"
    limit = at(workload.proxy, ("resources", "limits", resource))
    if part == "requests" and limit is not None:
        return f"{phrase} (the API server then requests its limit, {limit})"
    return phrase


def _together(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
