"""A small cluster: what the API server, controllers and the scheduler add to pods, and dumps."""

from __future__ import annotations

import copy
from typing import Any

from stored_workloads import as_stored

from krm_injector.injection import merge
from krm_injector.kube import defaults, workloads
from krm_injector.model import Object

TOKEN = "kube-api-access-x7k2p"
_MOUNT = {
    "name": TOKEN,
    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    "readOnly": True,
}
_SOURCES = [
    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
]


def path_of(workload: Object) -> tuple[str, ...]:
    return workloads.POD_TEMPLATES[workload["apiVersion"], workload["kind"]]


def with_token(pod: Object) -> Object:
    """As the admission plugin of ServiceAccounts leaves a pod, before webhooks and after each."""
    spec = dict(pod["spec"])
    for field in ("containers", "initContainers"):
        if spec.get(field):
            spec[field] = [_mounted(container) for container in spec[field]]
    volumes = spec.get("volumes") or []
    if not any(volume["name"] == TOKEN for volume in volumes):
        volume = {"name": TOKEN, "projected": {"sources": _SOURCES, "defaultMode": 0o644}}
        spec["volumes"] = [*volumes, volume]
    return {**pod, "spec": spec}


def _mounted(container: Object) -> Object:
    mounts = container.get("volumeMounts") or []
    if any(mount["mountPath"] == _MOUNT["mountPath"] for mount in mounts):
        return container
    return {**container, "volumeMounts": [*mounts, _MOUNT]}


def running(pod: Object, workload: Object, name: str = "") -> Object:
    """The pod as `kubectl get` prints it, after the webhook, admission and the scheduler."""
    pod = with_token(defaults.of_pod({**pod, "spec": merge.without_nulls(pod["spec"])}))
    spec = {
        **pod["spec"],
        "nodeName": "node-1",
        "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority",
        "tolerations": [
            *(pod["spec"].get("tolerations") or ()),
            {
                "key": "node.kubernetes.io/not-ready",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            },
        ],
    }
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", "default")
    owner = workload["metadata"]
    metadata = {
        **pod["metadata"],
        "name": name or f"{owner['name']}-x1",
        "namespace": owner.get("namespace", "default"),
        "uid": "5f1e",
        "resourceVersion": "912",
        "creationTimestamp": "2026-01-02T03:04:05Z",
    }
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        "cni.projectcalico.org/podIP": "10.0.0.7/32",
    }
    status = {"phase": "Running", "podIP": "10.0.0.7"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }


def in_cluster(workload: Object) -> Object:
    """A workload as `kubectl get` prints it."""
    value = copy.deepcopy(as_stored(workload))
    value["metadata"] |= {"uid": "7a2c", "resourceVersion": "900", "generation": 1}
    value["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = "1"
    value["status"] = {"observedGeneration": 1}
    return value


def dump(*objects: Any) -> Object:
    """What `kubectl get -o yaml` prints."""
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}
