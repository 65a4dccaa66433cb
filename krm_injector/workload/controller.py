"""The pod that a workload's controller would create, and the owner that Istio reads off it.

Istio's template data names the workload by DeploymentMeta and TypeMeta. The webhook sees only a pod
and guesses them from its owner reference and labels (pkg/kube/util.go GetDeployMetaFromPod);
kube-inject has the workload itself (pkg/kube/inject/inject.go IntoObject).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from krm_injector.kube import go_json
from krm_injector.kube.paths import at
from krm_injector.kube.selectors import UNKNOWN
from krm_injector.model import Object, ResourceRef, Workload
from krm_injector.versions import Rules


class Owner(NamedTuple):
    name: str
    namespace: str
    api_version: str
    kind: str


class _Created(NamedTuple):
    """How a controller makes pods: what owns them, and the labels it adds to the template's."""

    api_version: (
        str  # of the owner reference; controllers write their own, whatever the manifest says
    )
    kind: str
    name: str
    labels: dict[
        str, str
    ]  # those that it always adds; UNKNOWN where only the cluster knows the value


# Hashes and timestamps are unknown before the cluster makes them; these stand for them in names.
# Nothing of them reaches the output: they only have to be there, and to agree with the labels.
_HASH = UNKNOWN
_SECONDS = "0000000000"
_MINUTES = "00000000"  # a CronJob's Job is named NAME-<minutes since 1970>, eight digits until 2160

# What a Job's name must end in for istiod to take it for a CronJob's; 1.9 reads ten characters as a
# number.
_CRON_JOB_NAMES = {
    "10": re.compile(r"(.+)-(?:\d{10}|[+-]\d{9})\Z", re.ASCII),
    "8-10": re.compile(r"(.+)-\d{8,10}\Z", re.ASCII),
}


def owner_of(workload: Workload, rules: Rules, manual: bool) -> Owner:
    """DeploymentMeta and TypeMeta of Istio's template data for this workload."""
    ref = workload.ref
    if manual and (ref.kind != "Pod" or not rules.manual_pod_owner):
        return Owner(_own_name(workload), ref.namespace, ref.api_version, ref.kind)

    if not rules.owner_reference:
        # The pod itself: it has no name where a controller makes it one. A StatefulSet's pods have,
        # each its own, and one template stands for them all.
        named = ref.kind in ("Pod", "StatefulSet")
        return Owner(_own_name(workload) if named else "", ref.namespace, "v1", "Pod")

    created = _created(workload)
    if created is not None and is_cron_job(ref) and rules.cron_job_digits != "8-10":
        # The clusters of that time (Kubernetes before 1.21) named the Job by the second, not by the
        # minute.
        created = created._replace(name=f"{ref.name}-{_SECONDS}")
    if created is None:
        return Owner(_own_name(workload), ref.namespace, "v1", "Pod")

    labels = {**_template_labels(workload), **created.labels}
    name, api_version, kind = _guess(created, labels, rules)
    if kind == "Job" and is_cron_job(ref):
        name = ref.name  # before 1.6 NAME-<time>, which is not known and differs from run to run
    if kind == "ReplicaSet" and ref.kind == "Rollout":
        name = (
            ref.name
        )  # before 1.22 NAME-<hash>: the hash is not known, and would change with every edit

    return Owner(name, ref.namespace, api_version, kind)


def is_cron_job(ref: ResourceRef) -> bool:
    """Whether it is Kubernetes' own CronJob; other groups (Volcano's) have kinds of that name."""
    return ref.kind == "CronJob" and ref.api_version.startswith("batch/")


def pod_labels(workload: Workload) -> dict[str, str]:
    """The labels of the pod at admission: the template's and those its controller adds, some of
    them UNKNOWN.

    Controllers' labels are those of Kubernetes 1.28 and later. Source: k8s.io/kubernetes 1.34
    pkg/registry/batch/job strategy.go, pkg/controller/job/job_controller.go,
    statefulset/stateful_set_utils.go, daemon/util/daemonset_util.go, deployment/sync.go,
    cronjob/utils.go.
    """
    created = _created(workload)
    labels = _template_labels(workload)
    return {**labels, **created.labels} if created else labels


def controller_labels(workload: Workload) -> tuple[str, ...]:
    """The keys of the labels that the controller sets on its pods, whatever the template says."""
    created = _created(workload)
    return tuple(created.labels) if created else ()


def _created(workload: Workload) -> _Created | None:
    """What owns the pod; None for a bare Pod without a controller."""
    ref = workload.ref
    name, group = ref.name, ref.api_version.rpartition("/")[0]
    if ref.kind == "Pod":
        return _controller(workload.object)
    if ref.kind == "Deployment" and group in ("apps", "extensions"):
        return _Created("apps/v1", "ReplicaSet", f"{name}-{_HASH}", {"pod-template-hash": _HASH})
    if ref.kind == "Rollout" and group == "argoproj.io":
        return _Created(
            "apps/v1", "ReplicaSet", f"{name}-{_HASH}", {"rollouts-pod-template-hash": _HASH}
        )

    if is_cron_job(ref):
        labels = _job_labels(at(workload.object, ("spec", "jobTemplate", "spec")), UNKNOWN)
        return _Created("batch/v1", "Job", f"{name}-{_MINUTES}", labels)

    if ref.kind == "Job" and group == "batch":
        return _Created("batch/v1", "Job", name, _job_labels(at(workload.object, ("spec",)), name))

    if ref.kind == "DeploymentConfig":
        labels = {"deployment": UNKNOWN, "deploymentconfig": name}
        return _Created("v1", "ReplicationController", f"{name}-1", labels)

    if ref.kind == "StatefulSet" and group == "apps":
        labels = {
            "apps.kubernetes.io/pod-index": UNKNOWN,
            "controller-revision-hash": UNKNOWN,
            "statefulset.kubernetes.io/pod-name": UNKNOWN,
        }
        return _Created("apps/v1", "StatefulSet", name, labels)

    if ref.kind == "DaemonSet" and group in ("apps", "extensions"):
        labels = {"controller-revision-hash": UNKNOWN, "pod-template-generation": UNKNOWN}
        return _Created("apps/v1", "DaemonSet", name, labels)

    if ref.kind == "ReplicaSet" and group in ("apps", "extensions"):
        return _Created("apps/v1", "ReplicaSet", name, {})

    return _Created(ref.api_version, ref.kind, name, {})


def _job_labels(spec: Any, name: str) -> dict[str, str]:
    """Of the Pods of a Job: what its selector asks for, unless the user manages that, and an
    indexed one's index.
    """
    labels: dict[str, str] = {}
    if at(spec, ("manualSelector",)) is not True:
        labels = {
            "batch.kubernetes.io/controller-uid": UNKNOWN,
            "batch.kubernetes.io/job-name": name,
            "controller-uid": UNKNOWN,
            "job-name": name,
        }

    if at(spec, ("completionMode",)) == "Indexed":
        labels["batch.kubernetes.io/job-completion-index"] = UNKNOWN

    return labels


def _controller(pod: Object) -> _Created | None:
    """The controller a bare Pod names itself; counts only where the pod's name is generated
    (GetDeployMetaFromPod).
    """
    if not at(pod, ("metadata", "generateName")):
        return None

    references = at(pod, ("metadata", "ownerReferences"))
    for ref in references if isinstance(references, list) else ():
        if at(ref, ("controller",)) is True:
            api_version, kind, name = (
                str(ref.get(key) or "") for key in ("apiVersion", "kind", "name")
            )
            return _Created(api_version, kind, name, {})

    return None


def _guess(created: _Created, labels: dict[str, str], rules: Rules) -> tuple[str, str, str]:
    """Name, apiVersion and kind that GetDeployMetaFromPod makes of an owner reference."""
    name, kind = created.name, created.kind
    if kind == "ReplicaSet":
        if rules.bare_replica_set and not labels.get("pod-template-hash"):
            return name, created.api_version, "Deployment"

        deployment = _without_hash(name, labels.get("pod-template-hash", ""))
        if deployment is not None:
            return deployment, created.api_version, "Deployment"

        rollout = _without_hash(name, labels.get("rollouts-pod-template-hash", ""))
        if rollout is not None and rules.rollout_owner:
            return rollout, "v1alpha1", "Rollout"
    elif (
        kind == "ReplicationController"
        and labels.get("deploymentconfig")
        and rules.deployment_config_owner
    ):
        return labels["deploymentconfig"], created.api_version, "DeploymentConfig"
    elif kind == "Job":
        known = _CRON_JOB_NAMES.get(rules.cron_job_digits)
        match = known.match(name) if known else None
        if match:
            return match[1], rules.cron_job_api_version, "CronJob"

    return name, created.api_version, kind


def _without_hash(name: str, template_hash: str) -> str | None:
    """The name of what made a ReplicaSet, where the pod's hash label fits the ReplicaSet's name;
    else None.
    """
    if not template_hash or not name.endswith(template_hash):
        return None
    return name.removesuffix(f"-{template_hash}")


def _own_name(workload: Workload) -> str:
    """metadata.name; empty where it is generated, as at admission."""
    return str(at(workload.object, ("metadata", "name")) or "")


def _template_labels(workload: Workload) -> dict[str, str]:
    return string_map(at(workload.object, (*workload.template, "metadata", "labels")))


def string_map(value: Any) -> dict[str, str]:
    """Labels or annotations as Go's typed decoding of YAML gives them: null is "", an unquoted true
    is "true".

    What is no map, or holds more than scalars, is refused by the typed stages; here it counts as
    nothing said.
    """
    if not isinstance(value, dict):
        return {}
    if all(isinstance(text, str) for text in value.values()):
        return value
    return {key: _string(text) for key, text in value.items()}


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_json.float_text(value)
    return "" if value is None else str(value)
