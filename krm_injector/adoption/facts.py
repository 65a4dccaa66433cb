"""What Git has to know of the cluster: the mesh file, Namespaces, functionConfig."""

from __future__ import annotations

from krm_injector import function_config
from krm_injector.adoption.dump import COMMAND, Dump
from krm_injector.function_config import Settings, Stub
from krm_injector.injection.merge import injection_status
from krm_injector.istio_names import (
    API_VERSION,
    FUNCTION_ANNOTATION,
    FUNCTION_FILE,
    INJECTION_LABEL,
    LOCAL_CONFIG,
    NATIVE_VARIABLE,
    PROXY_CONTAINER,
)
from krm_injector.kube import yaml
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting import snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MESH_FILE = "mesh.yaml"
NAMESPACES_FILE = "namespaces.yaml"
_OPENSHIFT = "openshift.io/sa.scc."  # annotations from which Istio takes the proxy's user


class Facts(NamedTuple):
    files: dict[str, str]  # name -> text
    meshes: tuple[Mesh, ...]
    settings: Settings  # what these files say
    stubs: tuple[Stub, ...]  # the Namespaces with pods
    results: tuple[Result, ...]
    has_proxies: bool = False  # pods tell which form of sidecar istiod makes


def facts_of(dump: Dump) -> Facts:
    """Raises Refused for a dump without an injection configuration."""
    taken = snapshot.take(dump.objects)
    _refuse_without_webhooks(taken.meshes)
    stubs = _namespaces(dump, taken.meshes)
    youngest = _youngest_form(dump)
    native = _native_sidecars(youngest, taken.meshes)
    value = _function_config(native, stubs)
    files = {
        MESH_FILE: snapshot.text(taken),
        NAMESPACES_FILE: "---\n".join(yaml.dump(_namespace(stub)) for stub in stubs),
        FUNCTION_FILE: yaml.dump(value),
    }
    settings = function_config.with_mesh_documents(function_config.settings(value), taken.objects)
    settings = settings._replace(namespaces=stubs, record=False)
    results = tuple(each for each in taken.results if not _is_settled(each, native))
    return Facts(files, taken.meshes, settings, stubs, results, youngest is not None)


def _refuse_without_webhooks(meshes: Iterable[Mesh]) -> None:
    """Whom a cluster injects is not to be assumed, as a snapshot does."""
    if any(mesh.assumed_webhooks for mesh in meshes):
        message = (
            "the dump has no MutatingWebhookConfiguration of Istio, so nothing says whom it "
            f"injects. Take it with: {COMMAND}"
        )
        raise Refused(Result("error", message, code="adopt-incomplete"))


def _is_settled(result: Result, native: bool | None) -> bool:
    """Whether the functionConfig has the setting that a warning of the snapshot asks for."""
    return native is not None and NATIVE_VARIABLE in result.message


# ---------------------------------------------------------------- Namespaces


def _namespaces(dump: Dump, meshes: Iterable[Mesh]) -> tuple[Stub, ...]:
    """The Namespaces of the workloads, with the labels that decide about injection."""
    keys = {INJECTION_LABEL, *(key for mesh in meshes for key in _selected_keys(mesh))}
    names = sorted({namespace for _, namespace, _ in dump.workloads})
    stubs = []
    for name in names:
        if name not in dump.namespaces:
            continue
        metadata = dump.namespaces[name]["metadata"]
        labels = {
            key: text
            for key, text in string_map(metadata.get("labels")).items()
            if key in keys or "istio.io/" in key
        }
        annotations = {
            key: text
            for key, text in string_map(metadata.get("annotations")).items()
            if key.startswith(_OPENSHIFT)
        }
        stubs.append(Stub(name, labels, annotations, NAMESPACES_FILE))
    return tuple(stubs)


def _selected_keys(mesh: Mesh) -> Iterable[str]:
    """The labels of Namespaces that a webhook asks for."""
    for webhook in mesh.webhooks:
        selector = webhook.namespace_selector or {}
        yield from selector.get("matchLabels") or ()
        for expression in selector.get("matchExpressions") or ():
            yield str(expression.get("key"))


def _namespace(stub: Stub) -> Object:
    metadata: Object = {"name": stub.name}
    if stub.labels:
        metadata["labels"] = stub.labels
    metadata["annotations"] = {LOCAL_CONFIG: "true", **stub.annotations}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


# ---------------------------------------------------------------- the functionConfig


def _function_config(native: bool | None, stubs: Iterable[Stub]) -> Object:
    cluster: Object = {"defaults": True}
    if native is not None:
        cluster["nativeSidecars"] = native
    return {
        "apiVersion": API_VERSION,
        "kind": "SidecarInjection",
        "metadata": {
            "name": "istio",
            "annotations": {
                LOCAL_CONFIG: "true",
                FUNCTION_ANNOTATION: "exec:\n  path: krm-injector\n",
            },
        },
        "spec": {
            "method": "automatic",
            "mesh": {"file": MESH_FILE},
            "cluster": cluster,
            "namespaces": [_stub(stub) for stub in stubs],
        },
    }


def _stub(stub: Stub) -> Object:
    value: Object = {"name": stub.name, "labels": stub.labels}
    if stub.annotations:
        value["annotations"] = stub.annotations
    return value


def _native_sidecars(youngest: bool | None, meshes: Iterable[Mesh]) -> bool | None:
    """Whether pods get native sidecars, if the mesh alone does not say so. istiod's own environment
    decides it, and the nodes' version, which no ConfigMap holds.
    """
    stated = {mesh.native_sidecars for mesh in meshes}
    return None if youngest is None or stated == {youngest} else youngest


def _youngest_form(dump: Dump) -> bool | None:
    """Whether the youngest pods have native sidecars; None if no pod has a sidecar."""
    seen: list[tuple[str, bool]] = []
    for pods in dump.pods.values():
        for pod in pods:
            status = injection_status(pod)
            if status is not None and proxy_of(pod):
                created = str(at(pod, ("metadata", "creationTimestamp")) or "")
                seen.append((created, is_native(pod)))

    return max(seen)[1] if seen else None


def is_native(pod: Object) -> bool:
    """Whether istio-proxy is an init container that keeps running."""
    containers = at(pod, ("spec", "initContainers")) or []
    return any(each.get("name") == PROXY_CONTAINER for each in containers)


def proxy_of(pod: Object) -> Object | None:
    """The istio-proxy of a pod."""
    spec = pod.get("spec") or {}
    every = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    return next((each for each in every if each.get("name") == PROXY_CONTAINER), None)
