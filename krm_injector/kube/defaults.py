"""The defaults that the API server gives a pod before it asks a webhook.

Source: Kubernetes 1.31 to 1.37, pkg/apis/core/v1: SetDefaults_* of defaults.go and
SetObjectDefaults_Pod of zz_generated.defaults.go, which are the same for what stands here, and
Convert_v1_PodSpec_To_core_PodSpec of conversion.go (serviceAccount). They are those of a Pod, which
every kind's controller makes of its pod template: a stored template has the same ones but for
requests, enableServiceLinks and hostPort.

The requests and limits of a whole pod (spec.resources) are left as they are.
"""

from __future__ import annotations

from _operator import is_  # operator's, without the import of operator

from krm_injector.kube import quantity
from krm_injector.kube.image_tags import LATEST, tag_of
from krm_injector.kube.types import element_type, fields_of, kind_of
from krm_injector.light import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

Object: TypeAlias = "dict[str, Any]"

_CONTAINER: Object = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_MODE: Object = {"defaultMode": 0o644}

# Go type -> its fields with a default that nothing else decides.
_PLAIN: dict[str, Object] = {
    "v1.PodSpec": {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
    },
    "v1.Container": _CONTAINER,
    "v1.EphemeralContainer": _CONTAINER,
    "v1.ContainerPort": {"protocol": "TCP"},
    "v1.Probe": {
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    },
    "v1.HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "v1.GRPCAction": {"service": ""},
    "v1.ObjectFieldSelector": {"apiVersion": "v1"},
    "v1.ResourceFieldSelector": {"divisor": "0"},  # a struct, which Go always writes
    "v1.FileKeySelector": {"optional": False},
    "v1.HostPathVolumeSource": {"type": ""},
    "v1.SecretVolumeSource": _MODE,
    "v1.ConfigMapVolumeSource": _MODE,
    "v1.DownwardAPIVolumeSource": _MODE,
    "v1.ProjectedVolumeSource": _MODE,
    "v1.ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "v1.ISCSIVolumeSource": {"iscsiInterface": "default"},
    "v1.RBDVolumeSource": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "v1.AzureDiskVolumeSource": {
        "cachingMode": "ReadWrite",
        "fsType": "ext4",
        "readOnly": False,
        "kind": "Shared",
    },
    "v1.ScaleIOVolumeSource": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
    "v1.PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
}
_QUANTITIES = "map[v1.ResourceName]resource.Quantity"


def of_pod(pod: Object) -> Object:
    """The pod ({"metadata": ..., "spec": ...}) with its defaults; what has them all is shared with
    the pod given.

    Its values must fit their types (types.check), and null counts as absent.
    """
    spec = pod.get("spec") or {}
    filled = filled_in("v1.PodSpec", spec)
    return pod if filled is spec else {**pod, "spec": filled}


def filled_in(go_type: str, value: Any) -> Any:
    """A value of a Go type under v1.PodSpec with its defaults; the same object where it has them
    all.
    """
    kind = kind_of(go_type)
    if kind == "pointer":
        return filled_in(element_type(go_type), value)
    if go_type == _QUANTITIES and isinstance(value, dict):
        return _changed(value, {key: quantity.in_thousandths(item) for key, item in value.items()})

    if kind == "slice" and isinstance(value, list):
        inner = element_type(go_type)
        return _same_or_new(value, (filled_in(inner, item) for item in value))

    if kind == "struct" and isinstance(value, dict):
        return _struct(go_type, value)
    return value


def _struct(go_type: str, value: Object) -> Object:
    changes: Object = {}
    for name, field_type in _inner_fields(go_type):
        if value.get(name) is not None:
            changes[name] = filled_in(field_type, value[name])

    for name, default, is_pointer in _plain_fields(go_type):
        present = value.get(name)
        if present is None or (not is_pointer and not present):
            changes[name] = default

    result = _changed(value, changes)
    decided = _DECIDED.get(go_type)
    return _changed(result, decided(result)) if decided else result


def _changed(value: Object, changes: Object) -> Object:
    """The map with these changes; the same object if it has all of them."""
    missing = object()
    if all(value.get(name, missing) is new for name, new in changes.items()):
        return value
    return {**value, **changes}


def _same_or_new(before: list[Any], items: Iterable[Any]) -> list[Any]:
    after = list(items)
    return before if all(map(is_, after, before)) else after


@cache
def _plain_fields(go_type: str) -> tuple[tuple[str, Any, bool], ...]:
    """Name, default, and whether Go has a pointer there: then its zero value counts as set."""
    types = {name: field_type for name, field_type, _ in fields_of(go_type)}
    return tuple(
        (name, default, kind_of(types[name]) == "pointer")
        for name, default in _PLAIN.get(go_type, {}).items()
    )


@cache
def _inner_fields(go_type: str) -> tuple[tuple[str, str], ...]:
    """The fields of a struct in which there may be defaults."""
    return tuple(
        (name, field_type)
        for name, field_type, _ in fields_of(go_type)
        if _may_have_defaults(field_type, ())
    )


@cache
def _may_have_defaults(go_type: str, outer: tuple[str, ...]) -> bool:
    """outer: the structs that it is in; a type may hold itself."""
    if go_type == _QUANTITIES:
        return True

    kind = kind_of(go_type)
    if kind in ("pointer", "slice"):
        return _may_have_defaults(element_type(go_type), outer)
    if kind != "struct" or go_type in outer:
        return False
    if go_type in _PLAIN or go_type in _DECIDED:
        return True
    return any(_may_have_defaults(inner, (*outer, go_type)) for _, inner, _ in fields_of(go_type))


# ---------------------------------------------------------------- what other fields decide


def pull_policy(image: Any) -> str:
    """The imagePullPolicy of an image whose container states none."""
    is_latest = isinstance(image, str) and tag_of(image) == LATEST
    return "Always" if is_latest else "IfNotPresent"


def _of_container(container: Object) -> Object:
    changes = _of_any_container(container)
    resources = container.get("resources") or {}
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    if not limits.keys() <= requests.keys():
        missing = {name: limit for name, limit in limits.items() if name not in requests}
        changes["resources"] = {**resources, "requests": {**requests, **missing}}
    return changes


def _of_any_container(container: Object) -> Object:
    if container.get("imagePullPolicy"):
        return {}
    return {"imagePullPolicy": pull_policy(container.get("image"))}


def _of_pod_spec(spec: Object) -> Object:
    changes: Object = {}
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        changes = {"serviceAccountName": account, "serviceAccount": account}

    for field in ("containers", "initContainers") if spec.get("hostNetwork") else ():
        containers = spec.get(field)
        if isinstance(containers, list):
            changes[field] = _same_or_new(containers, map(_on_host_ports, containers))
    return changes


def _on_host_ports(container: Any) -> Any:
    """A container of a pod on the node's network, with its ports as ports of the node."""
    ports = container.get("ports") if isinstance(container, dict) else None
    if not ports or all(port.get("hostPort") for port in ports):
        return container

    ports = [
        port if port.get("hostPort") else {**port, "hostPort": port.get("containerPort", 0)}
        for port in ports
    ]
    return {**container, "ports": ports}


def _of_volume(volume: Object) -> Object:
    return {"emptyDir": {}} if not volume.keys() - {"name"} else {}


def _of_image_volume(source: Object) -> Object:
    if source.get("pullPolicy"):
        return {}
    return {"pullPolicy": pull_policy(source.get("reference"))}


_DECIDED: dict[str, Callable[[Object], Object]] = {
    "v1.PodSpec": _of_pod_spec,
    "v1.Container": _of_container,
    "v1.EphemeralContainer": _of_any_container,
    "v1.Volume": _of_volume,
    "v1.ImageVolumeSource": _of_image_volume,
}
