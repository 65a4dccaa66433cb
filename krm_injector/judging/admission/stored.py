"""An object as the API server has it when it asks its policies: read by its types, with defaults.

Source: Kubernetes 1.34 pkg/apis/apps/v1/defaults.go and pkg/apis/batch/v1/defaults.go; for the name
of the ServiceAccount plugin/pkg/admission/serviceaccount, which is on in every cluster. What other
admission plugins add (the token's volume, tolerations, priority) is not there.
"""

from __future__ import annotations

from krm_injector.kube import defaults, types
from krm_injector.kube.paths import at, put
from krm_injector.model import Object, Workload

_ROLLING = {"type": "RollingUpdate"}
# (group, kind) -> the defaults of its spec; those of maps are filled into maps.
_SPECS: dict[tuple[str, str], Object] = {
    ("apps", "Deployment"): {
        "replicas": 1,
        "strategy": {**_ROLLING, "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    },
    ("apps", "StatefulSet"): {
        "replicas": 1,
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {**_ROLLING, "rollingUpdate": {"partition": 0}},
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    },
    ("apps", "DaemonSet"): {
        "updateStrategy": {**_ROLLING, "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
        "revisionHistoryLimit": 10,
    },
    ("apps", "ReplicaSet"): {"replicas": 1},
    ("", "ReplicationController"): {"replicas": 1},
    ("batch", "Job"): {
        "parallelism": 1,
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "suspend": False,
    },
    ("batch", "CronJob"): {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    },
}
# Where a strategy of another type has none of the rolling one's settings.
_STRATEGIES = ("strategy", "updateStrategy")
_BUILT_IN = ("", "apps", "batch")


def of_object(value: Object, workload: Workload) -> Object:
    """The object, which has its apiVersion and kind, as it is stored. The workload says where its
    pod template stands.
    """
    group = str(value["apiVersion"]).rpartition("/")[0]
    kind = str(value["kind"])
    if kind == "Pod" and not group:
        return {**value, **_pod(value, is_template=False), "status": {}}

    template = at(value, workload.template)
    if isinstance(template, dict):
        value = put(value, workload.template, _pod(template, is_template=True))

    spec = value.get("spec") or {}
    defaults = _SPECS.get((group, kind), {})
    if (group, kind) == ("batch", "Job") and spec.get("parallelism") is None:
        defaults = {**defaults, "completions": 1}  # of those that do not say how many run at once
    if defaults:
        value = {**value, "spec": _filled(spec, defaults)}
    return {**value, "status": {}} if group in _BUILT_IN else value


def _pod(template: Object, is_template: bool) -> Object:
    """A pod, or a pod template, read by its types: what Go does not write is left out, what it
    always writes is there ("resources": {}).
    """
    spec = template.get("spec") or {}
    if not is_template and not spec.get("serviceAccountName"):
        spec = {**spec, "serviceAccountName": "default"}

    read = types.decode("v1.PodSpec", spec, keep_empty=True, coerce=True)
    filled = defaults.filled_in("v1.PodSpec", read)
    return {**template, "spec": _as_template(filled, read) if is_template else filled}


def _as_template(filled: Object, read: Object) -> Object:
    """Without what only a pod's defaults give: requests of limits, and enableServiceLinks."""
    spec = dict(filled)
    if "enableServiceLinks" not in read:
        spec.pop("enableServiceLinks", None)
    for field in ("containers", "initContainers"):
        if filled.get(field):
            spec[field] = [
                {**container, "resources": own.get("resources", {})}
                for container, own in zip(filled[field], read[field], strict=True)
            ]

    return spec


def _filled(value: Object, defaults: Object) -> Object:
    """The map with the defaults of fields that it does not state."""
    result = dict(value)
    for field, default in defaults.items():
        stated = value.get(field)
        if stated is None:
            result[field] = default
        elif isinstance(default, dict) and isinstance(stated, dict):
            rolls = stated.get("type") in (None, "RollingUpdate")
            fits = rolls or field not in _STRATEGIES
            result[field] = _filled(stated, default) if fits else stated

    return result
