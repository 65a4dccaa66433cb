"""Injection once per shape: the way in.

The first workload of a run is injected plainly. With the second one it is worth looking for
workloads that are alike: families.py does that, and explains why the result is the same. Settings
say where every workload is injected by itself (``plainly``): the same bytes, for judges to compare.
"""

from __future__ import annotations

from krm_injector.function_config import Settings
from krm_injector.kube.paths import at
from krm_injector.kube.twins import Twin
from krm_injector.model import Decision, Object
from krm_injector.reinjection import istio_traces
from krm_injector.reinjection.reinject import inject_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.injection.control_plane import PreparedControlPlane
    from krm_injector.reinjection.kept_planes import KeptPlanes
    from krm_injector.reinjection.shapes.families import Families


class Shapes:
    """The shapes of one run. ``injected`` takes each workload once."""

    def __init__(self, settings: Settings, kept: KeptPlanes | None = None) -> None:
        """``kept``: what earlier runs of this process know."""
        self._settings = settings
        self._kept = kept
        self._of_earlier_runs: dict[int, Families | None] = {}  # by id() of the control plane
        changes_images = settings.images.lock is not None or bool(settings.images.registries)
        self._plainly = settings.plainly or changes_images or settings.guard == "label"
        self._first: tuple[Decision, PreparedControlPlane, Object] | None = None
        self._families: Families | None = None

    def injected(self, decision: Decision, plane: PreparedControlPlane) -> Object | Twin:
        """The workload's object injected, as inject_once gives it. Raises Failure, ApiError."""
        if not self._may_have_shape(decision, plane):
            return inject_once(decision, plane, self._settings)

        if self._kept is not None:
            families = self._known(plane, self._kept)
            if families is not None:
                return families.injected(decision, plane)

        if self._families is not None:
            return self._families.injected(decision, plane)

        if self._first is None:
            injected = inject_once(decision, plane, self._settings)
            self._first = decision, plane, injected
            return injected

        from krm_injector.reinjection.shapes.families import Families  # late: many runs have one

        self._families = Families(self._settings)
        self._families.add_first(*self._first)
        return self._families.injected(decision, plane)

    def _known(self, plane: PreparedControlPlane, kept: KeptPlanes) -> Families | None:
        """Families that know of earlier runs too."""
        if id(plane) not in self._of_earlier_runs:
            families = kept.families(plane, self._settings)
            self._of_earlier_runs[id(plane)] = families
        return self._of_earlier_runs[id(plane)]

    def _may_have_shape(self, decision: Decision, plane: PreparedControlPlane) -> bool:
        """Whether the workload may be like others.

        Before 1.9 templates give other things than pods. ProxyConfigs select pods by labels, and
        OpenShift's rules read more of a pod than others.
        """
        mesh, workload = plane.mesh, decision.workload
        if self._plainly or mesh.rules.result != "pod" or mesh.proxy_configs or mesh.platform:
            return False
        if not workload.only or istio_traces.injected_by_istio(workload):
            return False
        return bool(workload.ref.name == at(workload.object, ("metadata", "name")))
