"""What the manifests of a directory say of the cluster that its targets are for: Namespaces and the
mesh. A target whose own manifests do not say it gets it from there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from krm_injector.discovery import mesh_files
from krm_injector.fleet.model import Fleet, Target
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted
from krm_injector.sources import files, kustomizations, resource_list
from krm_injector.sources.resource_list import members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.sources.resource_list.members import Member

    Known = tuple[tuple[str, dict[str, str], str], ...]

_MOST_NAMED = 3


class Neighbours(NamedTuple):
    """What is known of the clusters."""

    # Each Namespace of a cluster with its labels and a file. "": for no cluster in particular.
    namespaces: dict[str, dict[str, list[tuple[dict[str, str], str]]]]
    meshes: tuple[str, ...] = ()  # files that describe the one mesh
    results: tuple[Result, ...] = ()

    def known(self, cluster: str) -> Known:
        """The Namespaces of a cluster that all their manifests describe alike."""
        found: dict[str, list[tuple[dict[str, str], str]]] = {}
        for each in dict.fromkeys((cluster, "")):
            for name, described in self.namespaces.get(each, {}).items():
                found.setdefault(name, []).extend(described)

        return tuple(
            (name, *described[0])
            for name, described in found.items()
            if all(labels == described[0][0] for labels, _ in described)
        )


def read(fleet: Fleet) -> Neighbours:
    found: dict[str, dict[str, list[tuple[dict[str, str], str]]]] = {}
    meshes: dict[tuple[str, ...], set[str]] = {}
    for cluster, file in _files(fleet):
        for member in _facts(file):
            name = str(at(member.value, ("metadata", "name")) or "")
            if member.kind != "Namespace":
                namespace = str(at(member.value, ("metadata", "namespace")) or "")
                meshes.setdefault((cluster, member.kind, namespace, name), set()).add(file)
                continue

            labels = string_map(at(member.value, ("metadata", "labels")))
            found.setdefault(cluster, {}).setdefault(name, []).append((labels, file))

    one_mesh, results = _one_mesh(meshes)
    return Neighbours(found, one_mesh, results)


def _one_mesh(
    meshes: dict[tuple[str, ...], set[str]],
) -> tuple[tuple[str, ...], tuple[Result, ...]]:
    """The files of the mesh; none if several meshes are described."""
    every = sorted({file for found in meshes.values() for file in found})
    if all(len(found) == 1 for found in meshes.values()):
        return tuple(every), ()

    shown = ", ".join(every[:_MOST_NAMED])
    rest = f" and {counted(len(every) - _MOST_NAMED, 'more file')}" if len(every) > 3 else ""
    message = (
        f"several meshes are described, in {shown}{rest}; a target gets that of its own manifests, "
        "and without one Istio's defaults. Name the one that counts: --mesh FILE"
    )
    return (), (Result("warning", message, file=every[0], code="input-ambiguous"),)


def _files(fleet: Fleet) -> Iterator[tuple[str, str]]:
    """The files that are manifests as they stand, each with the cluster that they are for."""
    seen: set[tuple[str, str]] = set()
    for target in fleet.targets:
        for file in plain_files(target):
            place = (target.cluster, os.path.normpath(file))
            if place not in seen:
                seen.add(place)
                yield place

    # Directories that hold only the configuration of a mesh are no targets.
    for each in fleet.passed_over:
        if os.path.isdir(each.path) and not files.is_kustomization(each.path):
            for name in sorted(os.listdir(each.path)):
                path = os.path.normpath(os.path.join(each.path, name))
                if files.is_manifest_name(name) and ("", path) not in seen:
                    seen.add(("", path))
                    yield "", path


def plain_files(target: Target) -> list[str]:
    """The files that a target reads as they stand, and those of plain targets below it."""
    if target.kind == "directory":
        is_file = os.path.isfile(target.path)
        return [target.path] if is_file else files.find(target.path, ignoring=True).files
    if target.kind == "kustomization" and kustomizations.only_lists(target.path):
        return kustomizations.local_files(target.path)
    return []


def _facts(file: str) -> Iterator[Member]:
    """The Namespaces and the objects of a mesh in a file. Its target says what is wrong with it."""
    try:
        data = files.content(file)
        if not any(text in data for text in (b"Namespace", b"istio")):
            return
        bundle = resource_list.read_manifests(data, file)
    except Refused:
        return

    for member in members.walk(bundle):
        is_namespace = member.kind == "Namespace" and member.api_version == "v1"
        if is_namespace or mesh_files.is_mesh_object(members.with_type(member)):
            yield member
