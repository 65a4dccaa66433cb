"""Control planes, and the shapes of workloads, that the runs of one process share (cli/warm.py).

A Mesh that is the same object is prepared once. What templates may do is counted anew in each run.
A shape is proved once for all runs with the same Mesh, and with the same settings as far as
injection reads them.
"""

from __future__ import annotations

from krm_injector.function_config import Settings
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.model import Mesh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.reinjection.shapes.families import Families

_MOST_PLANES = 16
_MOST_REMEMBERED = 200  # workloads of which Families know the result, and no shape
_CREDIT = 1_000  # a fleet has more workloads of a shape to come than one bundle
_MOST_RUNS = 2_000  # of Families, whose texts grow with what is written


class KeptPlanes:
    """``plane`` once in each run, then ``families``."""

    def __init__(self) -> None:
        self._planes: dict[int, PreparedControlPlane] = {}  # by id() of their Mesh, which they hold
        self._families: dict[tuple[Any, ...], tuple[Families, int]] = {}  # with the number of runs

    def plane(self, mesh: Mesh) -> PreparedControlPlane:
        """The control plane, for a new run. Raises ApiError, YamlError."""
        plane = self._planes.get(id(mesh))
        if plane is None:
            if len(self._planes) >= _MOST_PLANES:
                self._planes.clear()
                self._families.clear()
            plane = self._planes[id(mesh)] = PreparedControlPlane(mesh)

        plane.begin_run()
        return plane

    def families(self, plane: PreparedControlPlane, settings: Settings) -> Families | None:
        """What is known of workloads of this control plane; None: it is not a kept one."""
        if self._planes.get(id(plane.mesh)) is not plane:
            return None

        key = (
            id(plane.mesh),
            settings.method,
            settings.record,
            settings.guard,
            settings.defaults,
        )
        families, runs = self._families.get(key) or (None, 0)
        if families is not None and families.remembered >= _MOST_REMEMBERED:
            families.forget()
        if families is None or runs >= _MOST_RUNS:
            from krm_injector.reinjection.shapes.families import Families

            families, runs = Families(settings, _CREDIT), 0

        self._families[key] = families, runs + 1
        return families
