"""Bundle + Settings -> Namespaces, Meshes (control planes with their webhooks), Workloads.

What the bundle says of the cluster is read, never changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from krm_injector.discovery.control_planes import Sourced, meshes
from krm_injector.function_config import Settings
from krm_injector.kube import workloads as kinds
from krm_injector.model import Mesh, Namespace, Object, ResourceRef, Result, Workload
from krm_injector.workload import decodable
from krm_injector.workload.controller import string_map

LOCAL_CONFIG = "config.kubernetes.io/local-config"
NAME_LABEL = "kubernetes.io/metadata.name"
# Kinds that make no pods, for speed: most objects of a bundle are of these. Policies (Kyverno,
# Gatekeeper) hold patterns and patches that only look like pod templates.
CORE_KINDS = frozenset(
    [
        "ConfigMap",
        "Endpoints",
        "Event",
        "LimitRange",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
    ]
)
WITHOUT_PODS = frozenset(
    [
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "autoscaling",
        "autoscaling.k8s.io",
        "certificates.k8s.io",
        "cert-manager.io",
        "config.kubernetes.io",
        "constraints.gatekeeper.sh",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions.istio.io",
        "external-secrets.io",
        "flowcontrol.apiserver.k8s.io",
        "gateway.networking.k8s.io",
        "krm-injector.dev",
        "kustomize.config.k8s.io",
        "kyverno.io",
        "monitoring.coreos.com",
        "mutations.gatekeeper.sh",
        "networking.istio.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policies.kyverno.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "security.istio.io",
        "snapshot.storage.k8s.io",
        "storage.k8s.io",
        "telemetry.istio.io",
        "templates.gatekeeper.sh",
    ]
)
MANAGED = ("spec", "syncPolicy", "managedNamespaceMetadata")


class Item(Protocol):
    @property
    def value(self) -> Any: ...


class Bundle(Protocol):
    """What discovery needs of resource_list.Bundle."""

    @property
    def items(self) -> Any: ...


class Found(NamedTuple):
    namespaces: dict[str, Namespace]
    meshes: tuple[Mesh, ...]
    workloads: list[Workload]
    results: tuple[Result, ...]


class Member(NamedTuple):
    """One object of the bundle, be it an item or a member of a List."""

    item: int
    inside: tuple[str | int, ...]
    api_version: str  # its own or, in a typed list (DeploymentList), the list's
    kind: str
    value: Object


def discover(bundle: Bundle, settings: Settings) -> Found:
    """Everything the decisions need. Errors are among the results, all of them."""
    members = list(walk(bundle))
    known, namespace_results = namespaces(members, settings)
    found, workload_results = workloads(members, settings)
    objects = [Sourced(typed(member), "bundle") for member in members]
    planes, mesh_results = meshes(objects, settings)
    return Found(known, planes, found, (*namespace_results, *mesh_results, *workload_results))


def walk(bundle: Bundle) -> Iterator[Member]:
    """Every object of the bundle in order, members of Lists (v1 List, DeploymentList ...) by
    themselves.
    """
    for index, item in enumerate(bundle.items):
        yield from _members(index, (), item.value, "", "")


def _members(
    item: int, inside: tuple[str | int, ...], value: Any, of_version: str, of_kind: str
) -> Iterator[Member]:
    if not isinstance(value, dict):
        return

    api_version, kind = value.get("apiVersion"), value.get("kind")
    if api_version is None and kind is None:
        api_version, kind = of_version, of_kind
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return

    if kind.endswith("List") and isinstance(value.get("items"), list):
        for index, member in enumerate(value["items"]):
            yield from _members(
                item, (*inside, "items", index), member, api_version, kind.removesuffix("List")
            )
    else:
        yield Member(item, inside, api_version, kind, value)


def typed(member: Member) -> Object:
    """A member of a list with the type that its list states."""
    if "kind" in member.value:
        return member.value
    return {"apiVersion": member.api_version, "kind": member.kind, **member.value}


# ---------------------------------------------------------------- Namespaces


def namespaces(
    members: list[Member], settings: Settings
) -> tuple[dict[str, Namespace], list[Result]]:
    """Namespaces by name. One of the bundle wins over what an Argo CD Application says of it, and
    that over a stub of the functionConfig; two of the bundle that disagree are an error.
    """
    found: dict[str, Namespace] = {}
    results: list[Result] = []
    for member in members:
        if member.kind != "Namespace" or member.api_version != "v1":
            continue

        namespace = _namespace(member.value, "bundle")
        ref = _namespace_ref(namespace.name)
        problems = decodable.metadata(member.value, "")
        results += [
            decodable.mistyped(ref, problem, code="namespace-invalid") for problem in problems
        ]
        results += not_strings(member.value.get("metadata"), ref, "metadata")
        first = found.setdefault(namespace.name, namespace)
        if first.labels != namespace.labels or _facts(first) != _facts(namespace):
            results.append(_disagreement(first, namespace))

    _managed_namespaces(members, found, results)
    for index, stub in enumerate(settings.namespaces):
        namespace = Namespace(
            stub.name, {**stub.labels, NAME_LABEL: stub.name}, stub.annotations, "functionConfig"
        )
        known = found.setdefault(stub.name, namespace)
        if known.source != "functionConfig" and known.labels != namespace.labels:
            results.append(_ignored_stub(index, known, namespace))

    return found, results


def _managed_namespaces(
    members: list[Member], found: dict[str, Namespace], results: list[Result]
) -> None:
    """Adds the Namespaces that Argo CD makes: spec.syncPolicy.managedNamespaceMetadata of an
    Application is what its destination Namespace carries, if the sync option CreateNamespace=true
    is set. A manifest of the Namespace wins as a whole (Argo CD, "Sync Options", Namespace
    Metadata).
    """
    for member in members:
        if member.kind != "Application" or not member.api_version.startswith("argoproj.io/"):
            continue

        name = kinds.at(member.value, ("spec", "destination", "namespace"))
        options = kinds.at(member.value, ("spec", "syncPolicy", "syncOptions"))
        managed = kinds.at(member.value, MANAGED)
        if not isinstance(name, str) or not name or not isinstance(managed, dict):
            continue

        ref = ResourceRef(
            member.api_version,
            "Application",
            str(kinds.at(member.value, ("metadata", "name")) or ""),
        )
        if not isinstance(options, list) or "CreateNamespace=true" not in options:
            if name not in found:
                results.append(_managed_by_none(name, ref))
            continue

        metadata = {
            "name": name,
            "labels": managed.get("labels"),
            "annotations": managed.get("annotations"),
        }
        namespace = _namespace({"metadata": metadata}, str(ref))
        results += not_strings(managed, ref, ".".join(MANAGED))
        known = found.setdefault(name, namespace)
        if known is namespace:
            message = f"Namespace {name} is known by {'.'.join(MANAGED)} of {ref}"
            results.append(
                Result("info", message, ref, ".".join(MANAGED), code="namespace-managed")
            )
        elif known.labels != namespace.labels or _facts(known) != _facts(namespace):
            results.append(_managed_otherwise(known, namespace, ref))


def _managed_by_none(name: str, ref: ResourceRef) -> Result:
    message = (
        f"{ref} states labels of Namespace {name} ({'.'.join(MANAGED)}), but not the sync option "
        "CreateNamespace=true, without which Argo CD does not apply them; they are not used. Add "
        "it to spec.syncPolicy.syncOptions, or put the Namespace into the bundle"
    )
    return Result(
        "warning", message, ref, "spec.syncPolicy.syncOptions", code="namespace-managed-ignored"
    )


def _managed_otherwise(known: Namespace, managed: Namespace, ref: ResourceRef) -> Result:
    where = "labels" if known.labels != managed.labels else "annotations"
    differing = _differing(_facts(known), _facts(managed))
    if where == "labels":
        differing = _differing(known.labels, managed.labels)

    field = ".".join((*MANAGED, where))
    if known.source == "bundle":
        message = (
            f"{ref} gives Namespace {known.name} other {where} than its manifest in the bundle: "
            f"{differing}; the manifest's are used, as Argo CD does"
        )
        return Result("warning", message, ref, field, code="namespace-managed-ignored")

    message = (
        f"{known.source} and {ref} give Namespace {known.name} different {where}: {differing}; "
        "the last to be synced would win. Let them agree, or put the Namespace itself into the "
        "bundle"
    )
    about = (_namespace_ref(known.name),)
    return Result("error", message, ref, field, code="namespace-conflict", about=about)


def _namespace(value: Object, source: str) -> Namespace:
    name = str(kinds.at(value, ("metadata", "name")) or "")
    # The API server sets the label and lets nobody change it.
    labels = {**string_map(kinds.at(value, ("metadata", "labels"))), NAME_LABEL: name}
    return Namespace(name, labels, string_map(kinds.at(value, ("metadata", "annotations"))), source)


def _facts(namespace: Namespace) -> Object:
    """The annotations that injection reads; others may differ."""
    return {
        key: value
        for key, value in namespace.annotations.items()
        if key.startswith("openshift.io/")
    }


def _differing(one: dict[str, str], other: dict[str, str]) -> str:
    names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    return ", ".join(f"{name} ({_shown(one, name)} and {_shown(other, name)})" for name in names)


def _shown(labels: dict[str, str], name: str) -> str:
    return f'"{labels[name]}"' if name in labels else "absent"


def _disagreement(first: Namespace, second: Namespace) -> Result:
    where, one, other = "metadata.labels", first.labels, second.labels
    if one == other:
        where, one, other = "metadata.annotations", _facts(first), _facts(second)

    message = (
        f"Namespace {first.name} stands in the bundle more than once, with different "
        f"{where.partition('.')[2]}: {_differing(one, other)}; keep one"
    )
    return Result("error", message, _namespace_ref(first.name), where, code="namespace-conflict")


def _ignored_stub(index: int, known: Namespace, stub: Namespace) -> Result:
    message = (
        f"spec.namespaces[{index}] of the functionConfig says otherwise of Namespace {known.name} "
        f"than the bundle: {_differing(stub.labels, known.labels)}; the bundle's is used"
    )
    return Result(
        "warning",
        message,
        _namespace_ref(known.name),
        "metadata.labels",
        code="namespace-stub-ignored",
    )


def _namespace_ref(name: str) -> ResourceRef:
    return ResourceRef("v1", "Namespace", name)


# ---------------------------------------------------------------- Workloads


def workloads(members: list[Member], settings: Settings) -> tuple[list[Workload], list[Result]]:
    """The objects with a pod template, in bundle order; local-config objects are never deployed and
    left alone.

    One that the API server could not decode is an error, whatever the verdict would be.
    """
    named = {(extra.api_version, extra.kind) for extra in settings.workloads}
    found: list[Workload] = []
    results: list[Result] = []
    others: list[Member] = []
    for member in members:
        kind = (member.api_version, member.kind)
        template = kinds.POD_TEMPLATES.get(kind) if kind not in named else None
        if template is None:
            if kind in named or may_make_pods(member):
                others.append(member)
            continue

        if is_local(member.value):
            continue

        problems = decodable.of_workload(member.value, template)
        ref = ref_of(member, settings.default_namespace)
        results += [decodable.mistyped(ref, problem) for problem in problems]
        if not problems and isinstance(kinds.at(member.value, template), dict):
            metadata = kinds.at(member.value, (*template, "metadata"))
            results += not_strings(metadata, ref, kinds.text((*template, "metadata")))
            found.append(Workload(member.item, member.inside, ref, member.value, template))

    if others:
        found = _with_other_kinds(found, others, settings, results)

    return found, results


def _with_other_kinds(
    found: list[Workload], members: list[Member], settings: Settings, results: list[Result]
) -> list[Workload]:
    """The workloads with those of kinds that are not built in, where spec.workloads names them, in
    bundle order.
    """
    from krm_injector.discovery import (
        other_kinds,
    )  # bundles of built-in kinds alone do not pay for it

    objects = [
        Workload(
            member.item, member.inside, ref_of(member, settings.default_namespace), member.value, ()
        )
        for member in members
        if not is_local(member.value)
    ]
    more, told = other_kinds.workloads(objects, settings)
    results += told
    for workload in more:
        path = (*workload.template, "metadata")
        results += not_strings(kinds.at(workload.object, path), workload.ref, kinds.text(path))

    return sorted([*found, *more], key=lambda one: (one.item, one.inside)) if more else found


def may_make_pods(member: Member) -> bool:
    """Whether an object of a kind without a known pod template may make pods all the same."""
    group = member.api_version.partition("/")[0]
    return member.kind not in CORE_KINDS if group == "v1" else group not in WITHOUT_PODS


def not_strings(metadata: Any, ref: ResourceRef, field: str) -> list[Result]:
    """Labels and annotations that the API server would refuse, as an unquoted true; read here as
    Go's YAML does.
    """
    results = []
    for part in ("labels", "annotations"):
        values = kinds.at(metadata, (part,))
        for key, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, (bool, int, float)):
                shown = string_map({key: value})[key]
                place = f'{field}.{part}["{key}"]'
                message = (
                    f"{place} of {ref} is {shown}, not a string, and a cluster would refuse it; "
                    "it is "
                    f'read as "{shown}": put it in quotes'
                )
                results.append(
                    Result("warning", message, ref, place, value, shown, code="metadata-not-string")
                )

    return results


def is_local(value: Object) -> bool:
    """Whether orchestrators keep the object to themselves: any value of the annotation but "false"."""
    annotations = kinds.at(value, ("metadata", "annotations"))
    return (
        isinstance(annotations, dict)
        and LOCAL_CONFIG in annotations
        and annotations[LOCAL_CONFIG] != "false"
    )


def ref_of(member: Member, default_namespace: str = "") -> ResourceRef:
    """The object as a resource, in the Namespace that it will have."""
    metadata = member.value.get("metadata")
    name = kinds.at(metadata, ("name",)) or kinds.at(metadata, ("generateName",)) or ""
    namespace = kinds.at(metadata, ("namespace",)) or default_namespace
    return ResourceRef(member.api_version, member.kind, str(name), str(namespace))
