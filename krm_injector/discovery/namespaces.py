"""Objects of a bundle + Settings -> the Namespaces that they describe, by name.

Four sources describe a Namespace. The first one that does counts as a whole:

1. the Namespace's manifest in the bundle;
2. spec.syncPolicy.managedNamespaceMetadata of an Argo CD Application that creates it;
3. an entry of spec.namespaces of the functionConfig, or an option --namespace-labels;
4. for a target of a directory, a manifest elsewhere in that directory.
"""

from __future__ import annotations

from krm_injector.discovery.metadata import unquoted_values
from krm_injector.function_config import Settings, Stub
from krm_injector.istio_names import NAMESPACE_NAME_LABEL
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import Namespace, Object, ResourceRef, Result
from krm_injector.sources.resource_list.members import Member
from krm_injector.workload import decodable

_MANAGED_METADATA = ("spec", "syncPolicy", "managedNamespaceMetadata")
_MANAGED_FIELD = ".".join(_MANAGED_METADATA)
_SYNC_OPTIONS = ("spec", "syncPolicy", "syncOptions")
_CREATE_NAMESPACE = "CreateNamespace=true"


def find_namespaces(
    members: list[Member], settings: Settings
) -> tuple[dict[str, Namespace], list[Result]]:
    """The Namespaces by name, and what is wrong with their descriptions.

    Two manifests of the bundle that disagree are an error.
    """
    namespaces: dict[str, Namespace] = {}
    results: list[Result] = []
    for member in members:
        if member.kind == "Namespace" and member.api_version == "v1":
            results += _add_manifest(member.value, namespaces)

    for member in members:
        if member.kind == "Application" and member.api_version.startswith("argoproj.io/"):
            results += _add_managed(member, namespaces)

    for index, stub in enumerate(settings.namespaces):
        results += _add_stub(index, stub, namespaces)

    return namespaces, results


# ---------------------------------------------------------------- manifests


def _add_manifest(manifest: Object, namespaces: dict[str, Namespace]) -> list[Result]:
    namespace = _namespace(manifest, "bundle")
    ref = _namespace_ref(namespace.name)
    results = [
        decodable.mistyped(ref, mismatch, code="namespace-invalid")
        for mismatch in decodable.metadata(manifest, "")
    ]
    results += unquoted_values(manifest.get("metadata"), ref, "metadata")

    first = namespaces.setdefault(namespace.name, namespace)
    if not _agree(first, namespace):
        results.append(_conflicting_manifests(first, namespace))

    return results


def _conflicting_manifests(first: Namespace, second: Namespace) -> Result:
    part, differences = _differences(first, second)
    message = (
        f"Namespace {first.name} stands in the bundle more than once, with different {part}: "
        f"{differences}; keep one"
    )
    ref = _namespace_ref(first.name)
    return Result("error", message, ref, f"metadata.{part}", code="namespace-conflict")


# ---------------------------------------------------------------- Argo CD Applications


def _add_managed(application: Member, namespaces: dict[str, Namespace]) -> list[Result]:
    """Adds the Namespace that Argo CD makes for an Application.

    managedNamespaceMetadata is what the destination Namespace carries, provided that the sync
    option CreateNamespace=true is set. A manifest of the Namespace has precedence as a whole.
    Source: Argo CD, "Sync Options", Namespace Metadata.
    """
    value = application.value
    name = at(value, ("spec", "destination", "namespace"))
    managed = at(value, _MANAGED_METADATA)
    if not isinstance(name, str) or not name or not isinstance(managed, dict):
        return []

    application_name = str(at(value, ("metadata", "name")) or "")
    ref = ResourceRef(application.api_version, "Application", application_name)
    options = at(value, _SYNC_OPTIONS)
    if not isinstance(options, list) or _CREATE_NAMESPACE not in options:
        return [] if name in namespaces else [_never_applied(name, ref)]

    metadata = {
        "name": name,
        "labels": managed.get("labels"),
        "annotations": managed.get("annotations"),
    }
    namespace = _namespace({"metadata": metadata}, str(ref))
    results = unquoted_values(managed, ref, _MANAGED_FIELD)
    first = namespaces.setdefault(name, namespace)
    if first is namespace:
        message = f"Namespace {name} is known by {_MANAGED_FIELD} of {ref}"
        results.append(Result("info", message, ref, _MANAGED_FIELD, code="namespace-managed"))
    elif not _agree(first, namespace):
        results.append(_conflicting_application(first, namespace, ref))

    return results


def _never_applied(name: str, application: ResourceRef) -> Result:
    message = (
        f"{application} states labels of Namespace {name} ({_MANAGED_FIELD}), but not the sync "
        f"option {_CREATE_NAMESPACE}, without which Argo CD does not apply them; they are not "
        "used. Add it to spec.syncPolicy.syncOptions, or put the Namespace into the bundle"
    )
    field = ".".join(_SYNC_OPTIONS)
    return Result("warning", message, application, field, code="namespace-managed-ignored")


def _conflicting_application(
    first: Namespace, managed: Namespace, application: ResourceRef
) -> Result:
    """A warning if the manifest has precedence, an error if two Applications disagree."""
    part, differences = _differences(first, managed)
    field = f"{_MANAGED_FIELD}.{part}"
    if first.source == "bundle":
        message = (
            f"{application} gives Namespace {first.name} other {part} than its manifest in the "
            f"bundle: {differences}; the manifest's are used, as Argo CD does"
        )
        return Result("warning", message, application, field, code="namespace-managed-ignored")

    message = (
        f"{first.source} and {application} give Namespace {first.name} different {part}: "
        f"{differences}; the last to be synced would win. Let them agree, or put the Namespace "
        "itself into the bundle"
    )
    about = (_namespace_ref(first.name),)
    return Result("error", message, application, field, code="namespace-conflict", about=about)


# ---------------------------------------------------------------- spec.namespaces


def _add_stub(index: int, stub: Stub, namespaces: dict[str, Namespace]) -> list[Result]:
    labels = {**stub.labels, NAMESPACE_NAME_LABEL: stub.name}
    namespace = Namespace(stub.name, labels, stub.annotations, stub.source)
    first = namespaces.setdefault(stub.name, namespace)
    if first is namespace or first.labels == labels or stub.is_found:
        return []

    is_option = stub.source != "functionConfig"
    stated = stub.source if is_option else f"spec.namespaces[{index}] of the functionConfig"
    message = (
        f"{stated} says otherwise of Namespace {stub.name} than the bundle: "
        f"{_differing_values(labels, first.labels)}; the bundle's is used"
    )
    ref = _namespace_ref(stub.name)
    return [Result("warning", message, ref, "metadata.labels", code="namespace-stub-ignored")]


# ---------------------------------------------------------------- one Namespace


def _namespace(manifest: Object, source: str) -> Namespace:
    name = str(at(manifest, ("metadata", "name")) or "")
    stated = string_map(at(manifest, ("metadata", "labels")))
    labels = {**stated, NAMESPACE_NAME_LABEL: name}  # the API server sets that one
    annotations = string_map(at(manifest, ("metadata", "annotations")))
    return Namespace(name, labels, annotations, source)


def _namespace_ref(name: str) -> ResourceRef:
    return ResourceRef("v1", "Namespace", name)


def _agree(first: Namespace, second: Namespace) -> bool:
    """Whether two descriptions of a Namespace are the same to injection."""
    return first.labels == second.labels and (
        _openshift_annotations(first) == _openshift_annotations(second)
    )


def _openshift_annotations(namespace: Namespace) -> dict[str, str]:
    """The annotations that injection reads (ranges of users); others may differ."""
    return {
        key: value
        for key, value in namespace.annotations.items()
        if key.startswith("openshift.io/")
    }


def _differences(first: Namespace, second: Namespace) -> tuple[str, str]:
    """The part in which two Namespaces differ ("labels" before "annotations"), and the differing
    keys in words.
    """
    if first.labels != second.labels:
        return "labels", _differing_values(first.labels, second.labels)

    annotations = _openshift_annotations(first), _openshift_annotations(second)
    return "annotations", _differing_values(*annotations)


def _differing_values(first: dict[str, str], second: dict[str, str]) -> str:
    keys = sorted(key for key in {*first, *second} if first.get(key) != second.get(key))
    return ", ".join(f"{key} ({_value(first, key)} and {_value(second, key)})" for key in keys)


def _value(labels: dict[str, str], key: str) -> str:
    return f'"{labels[key]}"' if key in labels else "absent"
