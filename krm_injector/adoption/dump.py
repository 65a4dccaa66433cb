"""The objects of a dump by what they are, and the workload that each pod belongs to.

A pod names its controller in metadata.ownerReferences. Where a ReplicaSet or Job is not in the
dump, the workload is told by its name: a Deployment's ReplicaSet is NAME-HASH, with the hash in the
pod's labels (Kubernetes 1.31, pkg/controller/deployment/sync.go getNewReplicaSet), and a CronJob's
Job is NAME-MINUTES (pkg/controller/cronjob/utils.go getJobName).
"""

from __future__ import annotations

from krm_injector.adoption.shape import is_right, refuse_mistyped
from krm_injector.kube import c_json
from krm_injector.kube.paths import at, without
from krm_injector.kube.workloads import POD_TEMPLATES
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, TypeAlias

Key: TypeAlias = "tuple[str, str, str]"  # kind, Namespace, name

COMMAND = (
    "kubectl get namespaces,configmaps,mutatingwebhookconfigurations,deployments,statefulsets,"
    "daemonsets,replicasets,jobs,cronjobs,pods --all-namespaces -o yaml > dump.yaml"
)
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_MIRROR = "kubernetes.io/config.mirror"  # of the pods that a kubelet has from files
_BY_CLUSTER = (_LAST_APPLIED, "deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
_HASHES = ("pod-template-hash", "rollouts-pod-template-hash")
_JOB_OF_CRON_JOB = lazy_pattern(r"(?a)(.+)-\d{8,10}\Z")
_MOST_NAMES = 3


class Dump(NamedTuple):
    objects: tuple[Object, ...]
    namespaces: dict[str, Object]
    workloads: dict[Key, Object]  # what Git has: no pods of controllers, Jobs of CronJobs ...
    owners: dict[Key, Object]  # ReplicaSets and Jobs in between
    pods: dict[Key, tuple[Object, ...]]  # by workload
    homeless: tuple[tuple[Object, str], ...]  # pods without a workload in the dump, and why


def read(objects: Sequence[Object]) -> Dump:
    """The dump of these objects. Raises Refused."""
    _refuse_secrets(objects)
    refuse_mistyped(objects)
    every = {key_of(value): value for value in objects if _is_workload(value)}
    owners = {key: value for key, value in every.items() if _owner_key(value)}
    workloads = {key: value for key, value in every.items() if key not in owners}
    pods = list({key_of(value): value for value in objects if _is_pod(value)}.values())
    workloads |= {key_of(pod): applied for pod in pods if (applied := _applied(pod)) is not None}
    if not workloads or not pods:
        missing = "pods" if workloads else "workloads"
        message = f"the dump has no {missing}. Take it with: {COMMAND}"
        raise Refused(Result("error", message, code="adopt-incomplete"))

    by_workload: dict[Key, list[Object]] = {}
    homeless = []
    for pod in pods:
        if at(pod, ("metadata", "annotations", _MIRROR)) is not None:
            continue
        key, why = _workload_of(pod, owners, workloads)
        if key is None:
            homeless.append((pod, why))
        else:
            by_workload.setdefault(key, []).append(pod)

    namespaces = {
        str(value["metadata"].get("name")): value
        for value in objects
        if (value.get("apiVersion"), value.get("kind")) == ("v1", "Namespace")
    }
    grouped = {key: tuple(of_key) for key, of_key in by_workload.items()}
    return Dump(tuple(objects), namespaces, workloads, owners, grouped, tuple(homeless))


def key_of(value: Object) -> Key:
    metadata = value.get("metadata")
    return (
        str(value.get("kind")),
        str(at(metadata, ("namespace",)) or "default"),
        str(at(metadata, ("name",)) or ""),
    )


def shown(key: Key) -> str:
    return f"{key[0]} {key[1]}/{key[2]}"


def manifest(workload: Object) -> Object:
    """A workload of the cluster without what the cluster writes into it."""
    metadata = workload["metadata"]
    labels, annotations = metadata.get("labels"), metadata.get("annotations") or {}
    own = {name: text for name, text in annotations.items() if name not in _BY_CLUSTER}
    kept = {"name": metadata.get("name"), "namespace": metadata.get("namespace") or "default"}
    if labels:
        kept["labels"] = labels
    if own:
        kept["annotations"] = own
    result: Object = {**without(workload, ("status",)), "metadata": kept}
    path = (*POD_TEMPLATES[workload["apiVersion"], workload["kind"]], "metadata")
    cleaned: Object = without(result, (*path, "creationTimestamp"))
    return cleaned


# ---------------------------------------------------------------- who owns a pod


def controller(value: Object) -> Any:
    """The owner reference of the controller; None if there is none."""
    references = at(value, ("metadata", "ownerReferences"))
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("controller"):
            return reference
    return None


def _owner_key(value: Object) -> Key | None:
    """The key of a controller with pod templates that Kubernetes or Argo Rollouts runs. What an
    operator owns is a workload of its own, since Git cannot have its pod template elsewhere.
    """
    reference = controller(value)
    if reference is None:
        return None
    version, kind = str(reference.get("apiVersion")), str(reference.get("kind"))
    if (version, kind) not in POD_TEMPLATES:
        return None
    return kind, key_of(value)[1], str(reference.get("name"))


def _workload_of(
    pod: Object, owners: dict[Key, Object], workloads: dict[Key, Object]
) -> tuple[Key | None, str]:
    """The workload of a pod; None and why, if the dump does not have it."""
    if controller(pod) is None:
        if key_of(pod) in workloads:
            return key_of(pod), ""
        return None, "it has no controller, so nothing in the dump says what its manifest is"

    key = _owner_key(pod)
    if key is None:
        reference = controller(pod)
        return None, f"its controller is a {reference.get('kind')}, whose pods are not known here"

    while key in owners:
        above = _owner_key(owners[key])
        if above is None:
            break
        key = above

    found = next((each for each in _candidates(key, pod) if each in workloads), None)
    if found is not None:
        return found, ""
    return None, f"its {shown(key)} is not in the dump"


def _applied(pod: Object) -> Object | None:
    """The manifest of a pod without a controller, as kubectl apply remembers it; None if it does
    not, or if the manifest names another pod.
    """
    text = at(pod, ("metadata", "annotations", _LAST_APPLIED))
    if controller(pod) is not None or not isinstance(text, str):
        return None
    try:
        value = c_json.bounded_loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or not _is_pod(value) or not is_right(value):
        return None
    return value if key_of(value) == key_of(pod) else None


def _candidates(key: Key, pod: Object) -> Iterable[Key]:
    """The workload itself, and those that the name of what they own tells."""
    kind, namespace, name = key
    yield key
    for label in _HASHES if kind == "ReplicaSet" else ():
        suffix = f"-{at(pod, ('metadata', 'labels', label))}"
        if name.endswith(suffix):
            yield "Deployment", namespace, name.removesuffix(suffix)
            yield "Rollout", namespace, name.removesuffix(suffix)

    match = _JOB_OF_CRON_JOB.match(name) if kind == "Job" else None
    if match:
        yield "CronJob", namespace, match[1]


# ---------------------------------------------------------------- kinds


def _is_pod(value: Object) -> bool:
    return (value.get("apiVersion"), value.get("kind")) == ("v1", "Pod")


def _is_workload(value: Object) -> bool:
    path = POD_TEMPLATES.get((str(value.get("apiVersion")), str(value.get("kind"))))
    is_owner = bool(path) and value.get("kind") != "PodTemplate"
    return is_owner and isinstance(at(value, path or ()), dict)


def _refuse_secrets(objects: Iterable[Object]) -> None:
    """Secrets are not needed, so they need not lie about in a file."""
    secrets = [shown(key_of(value)) for value in objects if value.get("kind") == "Secret"]
    if not secrets:
        return

    names = ", ".join(secrets[:_MOST_NAMES])
    more = len(secrets) - _MOST_NAMES
    if more > 0:
        names += f" and {counted(more, 'other')}"
    message = (
        f"the dump has Secrets, which adopt does not need: {names}. Delete the file, and take it "
        f"without them: {COMMAND}"
    )
    raise Refused(Result("error", message, code="adopt-secret"))
