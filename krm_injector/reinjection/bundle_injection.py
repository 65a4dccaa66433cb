"""Injects the workloads of a bundle one after the other, and collects the results.

A workload that fails does not stop the others: a run reports all its errors at once.
"""

from __future__ import annotations

from krm_injector.function_config import Settings
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.inject import Failure
from krm_injector.istio_api import ApiError
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.twins import Replacements, Twin
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Decision, Mesh, Object, Result, Workload
from krm_injector.reinjection import record
from krm_injector.reinjection.reinject import inject_once
from krm_injector.reinjection.shapes import Shapes
from krm_injector.reinjection.take_back import Candidate, comment_results, no_longer_injected
from krm_injector.reinjection.text_check import TextCheck
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from krm_injector.reinjection.kept_planes import KeptPlanes
    from krm_injector.reinjection.manual_edits import OverrideCandidate

kept: KeptPlanes | None = None
"""What the runs of this process share; see cli/warm.py."""
ObjectPlace = tuple[int, Step]
"""An object: the index of its item, and its path inside the item."""
TemplatePlace = tuple[int, Step, Step]
"""A pod template: its object's place, and its path inside the object."""


class BundleInjection:
    """``add`` takes each workload once; ``replacements`` then has the items.

    Its attributes are the other data of a run: ``results``, ``edits`` (of workloads that were
    edited by hand inside the injected part), ``unusable`` (the revisions of control planes whose
    configuration cannot be used).
    """

    def __init__(
        self,
        bundle: Bundle,
        settings: Settings,
        meshes: Sequence[Mesh],
        originals: Mapping[int, Object],
    ) -> None:
        self.results: list[Result] = []
        self.edits: dict[TemplatePlace, tuple[OverrideCandidate, ...]] = {}
        self.unusable: set[str] = set()
        self._bundle = bundle
        self._settings = settings
        self._meshes = meshes
        self._planes: dict[str, PreparedControlPlane] = {}  # by revision, which is unique in a run
        self._shapes = Shapes(settings, kept)
        self._texts = TextCheck(settings)
        self._items: dict[int, Any] = dict(originals)  # objects and Twins
        # Objects of kinds with several pod templates, each template injected by itself.
        self._templates: dict[ObjectPlace, list[tuple[Workload, Object]]] = {}
        self._refused: set[ObjectPlace] = set()

    def add(self, candidate: Candidate) -> None:
        """Injects the workload, if the decision says so."""
        standing, restored, decision = candidate
        if not decision.injected or decision.mesh is None:
            if restored.record is not None:
                self.results += no_longer_injected(candidate)
            return

        place = (standing.item, standing.inside)
        injected = self._injected(candidate, decision.mesh)
        if injected is None:
            self._refused.add(place)
        elif standing.only:
            self._replace(place, injected)
        else:
            assert not isinstance(injected, Twin)  # an object with one pod template only
            self._templates.setdefault(place, []).append((decision.workload, injected))

    def replacements(self) -> Replacements:
        """Item index -> the item with its injected objects. To be called once, after the last
        workload.
        """
        for place, templates in self._templates.items():
            if place not in self._refused:  # half an object is never injected
                self._replace(place, _joined(templates))

        return Replacements(self._items)

    def _injected(self, candidate: Candidate, mesh: Mesh) -> Object | Twin | None:
        """The injected object; None if it is refused."""
        if mesh.revision in self.unusable:
            return None

        try:
            plane = self._plane(mesh)
            injected = self._shapes.injected(candidate.decision, plane)
        except Failure as failure:
            self.results += self._texts.beside(failure.results, candidate.decision, plane)
            return None
        except (ApiError, YamlError) as problem:
            self.results.append(_unusable(mesh, problem))
            self.unusable.add(mesh.revision)
            return None

        alike = injected.alike if isinstance(injected, Twin) else None
        found = self._texts.results(candidate.decision, plane, alike)
        if found:
            self.results += found
            if any(result.severity == "error" for result in found):
                return None

        return self._with_history(candidate, injected, plane)

    def _plane(self, mesh: Mesh) -> PreparedControlPlane:
        plane = self._planes.get(mesh.revision)
        if plane is None:
            plane = PreparedControlPlane(mesh) if kept is None else kept.plane(mesh)
            self._planes[mesh.revision] = plane
        return plane

    def _with_history(
        self, candidate: Candidate, injected: Object | Twin, plane: PreparedControlPlane
    ) -> Object | Twin:
        """The injected object with what is kept of an earlier injection: edits by hand that can be
        kept, and the layout in the record.
        """
        standing, restored, _ = candidate
        self.results += comment_results(standing, restored)
        if restored.record is None:
            return injected

        injected = injected.object() if isinstance(injected, Twin) else injected
        if not record.intact(standing.object, restored.record):
            injected = self._with_edits(candidate, injected, plane)
        if restored.record.layout is not None and self._settings.record:
            injected = record.with_layout(injected, restored.record.layout)

        return injected

    def _with_edits(
        self, candidate: Candidate, injected: Object, plane: PreparedControlPlane
    ) -> Object:
        """The injected object with those edits by hand that an override can express."""
        from krm_injector.reinjection import manual_edits  # late: only an edited workload needs it

        def inject_again(decision: Decision) -> Object:
            return inject_once(decision, plane, self._settings)

        standing, restored, decision = candidate
        taken_up = manual_edits.keep_edits(
            standing, restored, decision, injected, inject_again, self._meshes, self._settings
        )
        self.edits[standing.item, standing.inside, standing.template] = taken_up.edits
        self.results += manual_edits.results(standing, taken_up.edits)
        return taken_up.injected

    def _replace(self, place: ObjectPlace, injected: Object | Twin) -> None:
        index, inside = place
        if isinstance(injected, Twin):
            if not inside and index not in self._items:
                self._items[index] = injected
                return
            injected = injected.object()

        item = self._items.get(index, self._bundle.items[index].value)
        self._items[index] = put(item, inside, injected)


def _joined(templates: list[tuple[Workload, Object]]) -> Object:
    """One object with several pod templates, each injected by itself: all its templates, and their
    records.
    """
    joined = templates[0][0].object
    for workload, injected in templates:
        joined = put(joined, workload.template, at(injected, workload.template))

    return record.with_records(joined, [injected for _, injected in templates])


def _unusable(mesh: Mesh, problem: Exception) -> Result:
    message = (
        f"the configuration of control plane {mesh.revision} ({mesh.source}) cannot be used: "
        f"{problem}"
    )
    return Result("error", message, code="mesh-invalid")
