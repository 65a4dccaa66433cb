"""The requests that the API server gets for a workload: its object, and what its controller makes.

Each is a creation. Names, hashes and times that the cluster makes up are stood for by ones of the
right form, and the request says which they are.
"""

from __future__ import annotations

from krm_injector.judging.admission import stored
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.kube.selectors import UNKNOWN
from krm_injector.model import Object, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.workload import controller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

# What stands for a value that the cluster makes: a hash, a uid, a number. It is a valid label.
_STAND_IN = "0000000000"
# Kinds that are made of a workload on the way to its pods, with the path to their spec in it.
_BETWEEN = {
    ("apps", "Deployment"): ("apps", "v1", "ReplicaSet"),
    ("batch", "CronJob"): ("batch", "v1", "Job"),
}
_PLURALS = {"s": "es", "x": "es", "h": "es"}


class Request(NamedTuple):
    """The creation of one object."""

    shown: str  # in a sentence: "Deployment shop/web", "its pods"
    group: str
    version: str
    kind: str
    resource: str
    namespace: str
    name: str  # "" where the cluster makes it up
    object: Object  # as the API server has it after its defaults
    labels: Mapping[str, str]  # some of them UNKNOWN
    made_up: frozenset[str]  # labels and fields whose value stands for the cluster's

    @property
    def fields(self) -> Object:
        """The variable ``request``, without userInfo and options: they are the caller's."""
        kind = {"group": self.group, "version": self.version, "kind": self.kind}
        resource = {"group": self.group, "version": self.version, "resource": self.resource}
        fields = {
            "uid": "",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "namespace": self.namespace,
            "operation": "CREATE",
            "dryRun": False,
        }
        return {**fields, "name": self.name} if self.name else fields


def of_workload(workload: Workload, value: Object, plurals: Mapping[Any, str]) -> Iterator[Request]:
    """The requests for a workload whose object has this value (before injection, or after).

    plurals: (group, kind) -> resource, of CustomResourceDefinitions.
    """
    own = workload._replace(object=value)
    ref = workload.ref
    group, version = split(ref.api_version)
    metadata = {**(value.get("metadata") or {}), "namespace": ref.namespace}
    whole = {**value, "apiVersion": ref.api_version, "kind": ref.kind, "metadata": metadata}
    resource = plurals.get((group, ref.kind)) or plural(ref.kind)
    shown = str(ref)
    yield _request(shown, group, version, ref.kind, resource, stored.of_object(whole, own))

    between = _BETWEEN.get((group, ref.kind))
    if between:
        yield _between(own, between)
    if ref.kind not in ("Pod", "PodTemplate"):
        yield _pod(own)


def split(api_version: str) -> tuple[str, str]:
    """Group and version of an apiVersion; the core group is ""."""
    group, _, version = api_version.rpartition("/")
    return group, version


def plural(kind: str) -> str:
    """The resource of a kind, as Kubernetes guesses it (meta.UnsafeGuessKindToResource)."""
    lower = kind.lower()
    if lower.endswith("y"):
        return f"{lower[:-1]}ies"
    return lower + _PLURALS.get(lower[-1:], "s")


def _request(
    shown: str,
    group: str,
    version: str,
    kind: str,
    resource: str,
    value: Object,
    labels: Mapping[str, str] | None = None,
    generated: bool = False,
) -> Request:
    metadata = value["metadata"]
    known = string_map(metadata.get("labels")) if labels is None else labels
    made_up = frozenset(key for key, text in known.items() if text == UNKNOWN)
    name = "" if generated else str(metadata.get("name") or "")
    return Request(
        shown, group, version, kind, resource, str(metadata["namespace"]), name, value, known,
        made_up,
    )  # fmt: skip


def _between(workload: Workload, made: tuple[str, str, str]) -> Request:
    """The ReplicaSet of a Deployment, the Job of a CronJob."""
    group, version, kind = made
    ref, value = workload.ref, workload.object
    labels: Mapping[str, str] | None = None
    if kind == "Job":
        template = at(value, ("spec", "jobTemplate")) or {}
        spec, metadata = template.get("spec") or {}, template.get("metadata") or {}
    else:
        spec = {
            field: at(value, ("spec", field))
            for field in ("replicas", "selector", "template", "minReadySeconds")
            if at(value, ("spec", field)) is not None
        }
        labels = controller.pod_labels(workload)
        spec["template"] = {**spec["template"], "metadata": _with_labels(spec["template"], labels)}
        metadata = {
            "labels": _filled(labels),
            "annotations": at(value, ("metadata", "annotations")) or {},
        }

    owner = _owner(ref.api_version, ref.kind, ref.name)
    metadata = {
        **metadata,
        "name": f"{ref.name}-{_STAND_IN}",
        "namespace": ref.namespace,
        "ownerReferences": [owner],
    }
    made_object = {
        "apiVersion": f"{group}/{version}",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }
    path = ("spec", "template")
    whole = stored.of_object(made_object, workload._replace(object=made_object, template=path))
    return _request(f"its {kind}", group, version, kind, plural(kind), whole, labels)


def _pod(workload: Workload) -> Request:
    """The pods of the workload: one stands for all."""
    ref = workload.ref
    template = at(workload.object, workload.template) or {}
    labels = controller.pod_labels(workload)
    api_version, kind, name = controller.maker_of(workload) or ("", "", ref.name)
    name = name.replace(UNKNOWN, _STAND_IN)
    metadata = _with_labels(template, labels)
    metadata["namespace"] = ref.namespace
    if kind:
        metadata["ownerReferences"] = [_owner(api_version, kind, name)]

    numbered = ref.kind == "StatefulSet"
    metadata["name"] = f"{name}-0" if numbered else f"{name}-{_STAND_IN[:5]}"
    if not numbered:
        metadata["generateName"] = f"{name}-"

    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec")}
    whole = stored.of_object(pod, workload._replace(object=pod, template=()))
    return _request("its pods", "", "v1", "Pod", "pods", whole, labels, generated=not numbered)


def _owner(api_version: str, kind: str, name: str) -> Object:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": "",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _with_labels(template: Object, labels: Mapping[str, str]) -> Object:
    return {**(template.get("metadata") or {}), "labels": _filled(labels)}


def _filled(labels: Mapping[str, str]) -> dict[str, str]:
    return {key: _STAND_IN if text == UNKNOWN else text for key, text in labels.items()}
