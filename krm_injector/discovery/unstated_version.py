"""A version that nothing tells, and that does not matter: every reading of the configuration gives
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from krm_injector.discovery.version_evidence import readings
from krm_injector.function_config import Settings
from krm_injector.model import Mesh, Result

CODE = "mesh-version-unknown"
MOST = 100  # workloads; with more, the doubt is told rather than settled


def settled(
    results: Sequence[Result],
    meshes: Sequence[Mesh],
    workloads: int,
    settings: Settings,
    outcome: Callable[[Settings], Any],
) -> tuple[Result, ...]:
    """The results, a warning of an unknown version turned into information where the version
    changes nothing.

    ``outcome`` gives what a run under other settings comes to, to be compared by ==.
    """
    unknown = [
        mesh for mesh in meshes if not mesh.version and mesh.source in ("bundle", "functionConfig")
    ]
    others = [mesh for mesh in meshes if mesh.source != "missing" and mesh not in unknown]
    doubted = [result for result in results if result.code == CODE]
    if not doubted or len(unknown) != 1 or others or workloads > MOST or settings.mesh.version:
        return tuple(results)

    can_be = [".".join(map(str, minor)) for minor in readings(unknown[0].config)]
    first = None
    for version in can_be:
        stated = settings._replace(record=False, mesh=settings.mesh._replace(version=version))
        told = outcome(stated)
        if first is not None and told != first:
            return tuple(results)
        first = told

    place = doubted[0].resource or "the injection configuration"
    message = f"{place} does not tell Istio's version; it can be {can_be[0]} to {can_be[-1]}, and each gives the same"
    return tuple(
        Result("info", message, result.resource, code=CODE) if result.code == CODE else result
        for result in results
    )
