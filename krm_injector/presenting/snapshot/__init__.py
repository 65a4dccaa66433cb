"""The mesh file: what injection reads of an installation, as one small file to commit.

Objects that istioctl, Helm or a cluster print come in; a Snapshot, its text, and what differs from
a committed one go out. Imports discovery and what is below it.

Kept are the ConfigMaps istio-sidecar-injector and istio of every revision, the webhooks that lead
to them and ProxyConfigs, each reduced to the fields that injection reads (reduction.py). Their
texts stay as they are, since templates may read anything in them. Certificates and credentials do
not belong in a repository and are left out (credentials.py). What the objects do not tell about
the cluster is said (unknown.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from krm_injector.discovery import control_planes, mesh_config_maps, mesh_files
from krm_injector.function_config import Settings
from krm_injector.kube import yaml
from krm_injector.model import Mesh, Object, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.snapshot.comparison import DIGEST, changes, digest
from krm_injector.presenting.snapshot.credentials import private_key_error
from krm_injector.presenting.snapshot.origin import by_helm, manifests_of, origin
from krm_injector.presenting.snapshot.reduction import keep_ages, reduced, ref_of
from krm_injector.presenting.snapshot.unknown import unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "DIGEST",
    "ORIGIN",
    "Snapshot",
    "by_helm",
    "changes",
    "digest",
    "manifests_of",
    "origin",
    "take",
    "text",
]

ORIGIN = "# origin: "
_KINDS = ("ConfigMap", "MutatingWebhookConfiguration", "ProxyConfig")  # in the order of the file


class Snapshot(NamedTuple):
    objects: tuple[Object, ...]  # minimal and sorted
    meshes: tuple[Mesh, ...]
    origin: str  # "istioctl", "helm", "cluster", or several of them
    results: tuple[Result, ...]


def take(objects: Sequence[Object], helm: bool = False) -> Snapshot:
    """The snapshot of these objects, of which none is a List. helm: Helm rendered them (by_helm).

    Raises Refused if they contain no injection configuration, if two disagree, and if a private key
    would be kept.
    """
    results: list[Result] = []
    minimal_objects: dict[str, Object] = {}
    sources: list[Object] = []
    for value in objects:
        minimal = reduced(value, results)
        if minimal is None:
            continue

        kept = minimal_objects.setdefault(_identity(minimal), minimal)
        if kept is minimal:
            sources.append(value)
        elif kept != minimal:
            results.append(_ambiguous(minimal))

    keep_ages(minimal_objects.values(), sources)
    if not any(minimal["kind"] == "ConfigMap" for minimal in minimal_objects.values()):
        told = mesh_files.webhooks_alone(objects, "FILE") or mesh_files.no_mesh(objects, "FILE")
        message = f"the input {told}"
        raise Refused(*results, Result("error", message, code="mesh-missing"))

    sorted_objects = tuple(sorted(minimal_objects.values(), key=_order))
    sourced = [mesh_config_maps.Sourced(value, "bundle") for value in sorted_objects]
    meshes, mesh_results = control_planes.find_control_planes(sourced, Settings())
    results += mesh_results
    for value in sorted_objects:
        results += private_key_error(value, ref_of(value))

    if any(result.severity == "error" for result in results):
        raise Refused(*results)

    printed_by = origin(sources, helm)
    results += unknown(objects, sorted_objects, meshes, printed_by)
    return Snapshot(sorted_objects, meshes, printed_by, tuple(results))


def _identity(minimal: Object) -> str:
    metadata = minimal["metadata"]
    return json.dumps([minimal["kind"], metadata.get("namespace"), metadata["name"]])


def _order(minimal: Object) -> tuple[Any, ...]:
    metadata = minimal["metadata"]
    kind = _KINDS.index(minimal["kind"])
    return kind, str(metadata["name"]), str(metadata.get("namespace") or "")


def _ambiguous(value: Object) -> Result:
    ref = ref_of(value)
    message = (
        f"{ref} is there more than once, with different contents; give one installation at a time"
    )
    if value["kind"] == "MutatingWebhookConfiguration":
        message += ", and of several clusters only the webhooks of the one whose pods are meant"
    return Result("error", message, ref, code="mesh-ambiguous")


def text(snapshot: Snapshot) -> str:
    """The file: a head for people, then the objects as YAML documents.

    It states no time: the same input gives the same bytes.
    """
    head = [
        "# The injection configuration of a mesh; made by krm-injector snapshot, not to be edited.",
        f"{ORIGIN}{snapshot.origin}",
        *_control_planes(snapshot.meshes),
        f"{DIGEST}{digest(snapshot.objects)}",
    ]
    documents = "---\n".join(yaml.dump(value) for value in snapshot.objects)
    return "\n".join(head) + "\n" + documents


def _control_planes(meshes: Iterable[Mesh]) -> Iterable[str]:
    for mesh in meshes:
        yield f"# control plane {mesh.revision}: Istio {mesh.version or 'of unknown version'}"
