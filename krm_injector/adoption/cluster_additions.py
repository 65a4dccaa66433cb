"""A pod of the cluster without what controllers, admission plugins and the scheduler add to it.

Only what the expected pod does not have is taken away. Sources, Kubernetes 1.31 to 1.37: the
admission plugins in plugin/pkg/admission (serviceaccount, defaulttolerationseconds, priority,
podtolerationrestriction, podtopologylabels), the controllers in pkg/controller (daemon/util,
statefulset/stateful_set_utils.go, job/indexed_job_utils.go, controller_ref) and pkg/scheduler.
"""

from __future__ import annotations

from krm_injector.injection.merge import without_nulls
from krm_injector.kube.paths import at, put, without
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_LISTS = ("containers", "initContainers", "ephemeralContainers")
# Fields of a pod's spec that its manifest need not have.
_FIELDS = (
    "nodeName",
    "priority",
    "priorityClassName",
    "preemptionPolicy",
    "ephemeralContainers",
    "hostname",
    "subdomain",
    "overhead",
    "serviceAccount",
    "serviceAccountName",
    "imagePullSecrets",
    "schedulingGates",
    "tolerations",
)
_LABELS = (
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
)
# Annotations that the job controller, networks and kubelets write, by their start.
_ANNOTATIONS = (
    "batch.kubernetes.io/",
    "cni.projectcalico.org/",
    "k8s.v1.cni.cncf.io/network-status",
    "k8s.v1.cni.cncf.io/networks-status",
    "k8s.ovn.org/",
    "kubernetes.io/config.",
    "kubernetes.io/limit-ranger",
    "kubernetes.io/psp",
    "openshift.io/scc",
    "kubectl.kubernetes.io/last-applied-configuration",
    "ambient.istio.io/redirection",
)
_REQUIRED = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
_NODE_NAME = "metadata.name"  # the field by which a DaemonSet's pods are bound to their nodes


def without_additions(pod: Object, expected: Object, workload: Object) -> Object:
    """Labels, annotations and spec of the pod, without the cluster's additions."""
    metadata, spec = pod.get("metadata") or {}, dict(without_nulls(pod.get("spec") or {}))
    wanted = expected["spec"]
    for field in _FIELDS:
        if field not in wanted:
            spec.pop(field, None)

    spec = _without_token(spec)
    spec = _without_claims(spec, wanted, workload)
    spec = _with_containers(spec, _without_index)
    for field, is_added in (("tolerations", _is_node_taint), ("imagePullSecrets", bool)):
        if field in wanted and field in spec:
            entries = spec[field]
            spec[field] = [e for e in entries if e in wanted[field] or not is_added(e)]

    if workload.get("kind") == "DaemonSet":
        spec = _without_node_binding(spec, wanted)
    own = {
        "labels": _kept(metadata.get("labels"), at(expected, ("metadata", "labels")), _LABELS),
        "annotations": _kept(
            metadata.get("annotations"), at(expected, ("metadata", "annotations")), _ANNOTATIONS
        ),
    }
    return {"metadata": {name: texts for name, texts in own.items() if texts}, "spec": spec}


def without_controller_labels(labels: Any) -> Object:
    """The labels of a pod template; those of a Job in a cluster hold some of its controller."""
    return {name: text for name, text in (labels or {}).items() if name not in _LABELS}


def _kept(texts: Any, wanted: Any, added: tuple[str, ...]) -> Object:
    wanted = wanted or {}
    return {
        name: text
        for name, text in (texts or {}).items()
        if name in wanted or not name.startswith(added)
    }


# ---------------------------------------------------------------- the spec


def _with_containers(spec: Object, change: Callable[[Object], Object]) -> Object:
    return {
        name: [change(each) for each in value] if name in _LISTS else value
        for name, value in spec.items()
    }


def _without_token(spec: Object) -> Object:
    """Without the volume of the ServiceAccount's token, and its mounts."""
    mounted = {
        mount.get("name")
        for field in _LISTS
        for container in spec.get(field) or ()
        for mount in container.get("volumeMounts") or ()
        if mount.get("mountPath") == _TOKEN_PATH
    }
    tokens = {
        volume.get("name")
        for volume in spec.get("volumes") or ()
        if _is_token(volume) and volume.get("name") in mounted
    }
    if not tokens:
        return spec

    def without_mounts(container: Object) -> Object:
        return _without_entries(container, "volumeMounts", tokens)

    return _with_containers(_without_entries(spec, "volumes", tokens), without_mounts)


def _is_token(volume: Object) -> bool:
    """As the admission plugin makes it: projected, and before Kubernetes 1.21 a Secret."""
    name = str(volume.get("name"))
    return name.startswith("kube-api-access-") or ("secret" in volume and "-token-" in name)


def _without_claims(spec: Object, wanted: Object, workload: Object) -> Object:
    """Without the volumes of a StatefulSet's claims."""
    claims = at(workload, ("spec", "volumeClaimTemplates")) or ()
    known = {volume.get("name") for volume in wanted.get("volumes") or ()}
    names = {at(claim, ("metadata", "name")) for claim in claims}
    return _without_entries(spec, "volumes", names - known)


def _without_entries(value: Object, field: str, names: set[Any]) -> Object:
    entries = value.get(field)
    if not entries or not any(entry.get("name") in names for entry in entries):
        return value
    left = [entry for entry in entries if entry.get("name") not in names]
    rest = {key: inner for key, inner in value.items() if key != field}
    return {**value, field: left} if left else rest


def _without_index(container: Object) -> Object:
    """Without the index of a pod of an indexed Job."""
    return _without_entries(container, "env", {"JOB_COMPLETION_INDEX"})


def _is_node_taint(toleration: Object) -> bool:
    return str(toleration.get("key") or "").startswith("node.kubernetes.io/")


def _without_node_binding(spec: Object, wanted: Object) -> Object:
    """With the node affinity of the manifest, where a DaemonSet's controller wrote the node's name
    in its place (pkg/controller/daemon/util ReplaceDaemonSetPodNodeNameNodeAffinity).
    """
    terms = at(spec, (*_REQUIRED, "nodeSelectorTerms"))
    if not isinstance(terms, list) or len(terms) != 1:
        return spec

    fields = terms[0].get("matchFields") or []
    if terms[0].keys() != {"matchFields"} or [each.get("key") for each in fields] != [_NODE_NAME]:
        return spec

    required = at(wanted, _REQUIRED)
    if required is not None:
        bound: Object = put(spec, _REQUIRED, required)
        return bound

    for depth in (3, 2, 1):  # and what is empty then
        path = _REQUIRED[:depth]
        if depth == 3 or (at(spec, path) == {} and at(wanted, path) is None):
            spec = without(spec, path)
    return spec
