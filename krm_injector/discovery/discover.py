"""Bundle + Settings -> Discovery: Namespaces, control planes with their webhooks, workloads.

Reads what the bundle states about the cluster, and never changes it.
"""

from __future__ import annotations

from krm_injector.discovery.control_planes import find_control_planes
from krm_injector.discovery.mesh_config_maps import Sourced
from krm_injector.discovery.namespaces import find_namespaces
from krm_injector.discovery.workloads import find_workloads
from krm_injector.function_config import Settings
from krm_injector.model import Mesh, Namespace, Result, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.members import walk, with_type


class Discovery(NamedTuple):
    """All that decisions need."""

    namespaces: dict[str, Namespace]  # by name
    meshes: tuple[Mesh, ...]  # one per control plane, "default" first
    workloads: list[Workload]  # in bundle order
    results: tuple[Result, ...]  # every error that was found, warnings, and which mesh was used


def discover(bundle: Bundle, settings: Settings) -> Discovery:
    """Reads Namespaces, control planes and workloads out of a bundle. Raises nothing: what is wrong
    is among the results.
    """
    members = list(walk(bundle))
    namespaces, namespace_results = find_namespaces(members, settings)
    workloads, workload_results = find_workloads(members, settings)

    objects = [Sourced(with_type(member), "bundle") for member in members]
    meshes, mesh_results = find_control_planes(objects, settings)

    results = (*namespace_results, *mesh_results, *workload_results)
    return Discovery(namespaces, meshes, workloads, results)
