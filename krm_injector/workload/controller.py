"""The pod that a workload's controller would create, and the owner that Istio reads off it.

Istio's template data names the workload by DeploymentMeta and TypeMeta. The webhook sees only a pod
and guesses them from its owner reference and labels (pkg/kube/util.go GetDeployMetaFromPod);
kube-inject has the workload itself (pkg/kube/inject/inject.go IntoObject).
"""

from __future__ import annotations

from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.kube.selectors import UNKNOWN
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object, ResourceRef, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.kube.paths import Step


class Owner(NamedTuple):
    """DeploymentMeta and TypeMeta of Istio's template data."""

    name: str
    namespace: str
    api_version: str
    kind: str


class _Controller(NamedTuple):
    """What makes the pods of a workload: the owner reference on them, and the labels it adds."""

    api_version: str  # controllers write their own, whatever the manifest says
    kind: str
    name: str
    labels: dict[str, str]  # those that it always adds; UNKNOWN where only the cluster knows one


# Hashes and timestamps are unknown before the cluster makes them; these stand for them in names.
# Nothing of them reaches the output: they only have to be there, and to agree with the labels.
_HASH = UNKNOWN
_SECONDS = "0000000000"
_MINUTES = "00000000"  # a CronJob's Job is named NAME-<minutes since 1970>, eight digits until 2160

# What a Job's name must end in for istiod to take it for a CronJob's; 1.9 reads ten characters as a
# number. By Rules.cron_job_digits.
_CRON_JOB_NAMES = {
    "10": lazy_pattern(r"(?a)(.+)-(?:\d{10}|[+-]\d{9})\Z"),
    "8-10": lazy_pattern(r"(?a)(.+)-\d{8,10}\Z"),
}

_HASH_LABEL = "pod-template-hash"
_ROLLOUT_HASH_LABEL = "rollouts-pod-template-hash"


def owner_of(workload: Workload, rules: Rules, manual: bool) -> Owner:
    """DeploymentMeta and TypeMeta of Istio's template data for this workload."""
    ref = workload.ref
    if manual and (ref.kind != "Pod" or not rules.manual_pod_owner):
        return Owner(_own_name(workload), ref.namespace, ref.api_version, ref.kind)

    if not rules.owner_reference:
        # The pod itself: it has no name where a controller makes it one. A StatefulSet's pods have,
        # each its own, and one template stands for them all.
        has_name = ref.kind in ("Pod", "StatefulSet")
        return Owner(_own_name(workload) if has_name else "", ref.namespace, "v1", "Pod")

    controller = _controller(workload)
    if controller is None:
        return Owner(_own_name(workload), ref.namespace, "v1", "Pod")

    if is_cron_job(ref) and rules.cron_job_digits != "8-10":
        # The clusters of that time (Kubernetes before 1.21) named the Job by the second, not by the
        # minute.
        controller = controller._replace(name=f"{ref.name}-{_SECONDS}")

    labels = {**_template_labels(workload), **controller.labels}
    name, api_version, kind = _guessed_owner(controller, labels, rules)
    if kind == "Job" and is_cron_job(ref):
        name = ref.name  # before 1.6 NAME-<time>, which is not known and differs from run to run
    if kind == "ReplicaSet" and ref.kind == "Rollout":
        # Before 1.22 NAME-<hash>: the hash is not known, and would change with every edit.
        name = ref.name

    return Owner(name, ref.namespace, api_version, kind)


def is_cron_job(ref: ResourceRef) -> bool:
    """Whether it is Kubernetes' own CronJob; other groups (Volcano's) have kinds of that name."""
    return ref.kind == "CronJob" and ref.api_version.startswith("batch/")


def metadata_path(workload: Workload, manual: bool) -> Step:
    """Where the pod's metadata stands in the object.

    istioctl kube-inject takes a CronJob's jobTemplate.metadata for the pod's (IntoObject), the
    webhook the pod's own.
    """
    if manual and is_cron_job(workload.ref):
        return ("spec", "jobTemplate", "metadata")
    return (*workload.template, "metadata")


def pod_labels(workload: Workload) -> dict[str, str]:
    """The labels of the pod at admission: the template's and those its controller adds, some of
    them UNKNOWN.

    Controllers' labels are those of Kubernetes 1.28 and later. Source: k8s.io/kubernetes 1.34
    pkg/registry/batch/job strategy.go, pkg/controller/job/job_controller.go,
    statefulset/stateful_set_utils.go, daemon/util/daemonset_util.go, deployment/sync.go,
    cronjob/utils.go.
    """
    controller = _controller(workload)
    labels = _template_labels(workload)
    return {**labels, **controller.labels} if controller else labels


def controller_labels(workload: Workload) -> tuple[str, ...]:
    """The keys of the labels that the controller sets on its pods, whatever the template says."""
    controller = _controller(workload)
    return tuple(controller.labels) if controller else ()


def maker_of(workload: Workload) -> tuple[str, str, str] | None:
    """apiVersion, kind and name of what owns the pods, with UNKNOWN in a name that the cluster
    makes up; None for a bare Pod without a controller.
    """
    controller = _controller(workload)
    return (controller.api_version, controller.kind, controller.name) if controller else None


# ---------------------------------------------------------------- controllers


def _controller(workload: Workload) -> _Controller | None:
    """What owns the pod; None for a bare Pod without a controller."""
    ref = workload.ref
    name, group = ref.name, ref.api_version.rpartition("/")[0]
    if ref.kind == "Pod":
        return _controller_of_pod(workload.object)
    if ref.kind == "Deployment" and group in ("apps", "extensions"):
        return _replica_set(name, _HASH_LABEL)
    if ref.kind == "Rollout" and group == "argoproj.io":
        return _replica_set(name, _ROLLOUT_HASH_LABEL)

    if is_cron_job(ref):
        labels = _job_labels(at(workload.object, ("spec", "jobTemplate", "spec")), UNKNOWN)
        return _Controller("batch/v1", "Job", f"{name}-{_MINUTES}", labels)

    if ref.kind == "Job" and group == "batch":
        labels = _job_labels(at(workload.object, ("spec",)), name)
        return _Controller("batch/v1", "Job", name, labels)

    if ref.kind == "DeploymentConfig":
        labels = {"deployment": UNKNOWN, "deploymentconfig": name}
        return _Controller("v1", "ReplicationController", f"{name}-1", labels)

    return _apps_controller(ref, group) or _Controller(ref.api_version, ref.kind, name, {})


def _replica_set(name: str, hash_label: str) -> _Controller:
    """The ReplicaSet that a Deployment or a Rollout makes."""
    return _Controller("apps/v1", "ReplicaSet", f"{name}-{_HASH}", {hash_label: _HASH})


def _apps_controller(ref: ResourceRef, group: str) -> _Controller | None:
    """The kinds of apps/v1 that make pods themselves; None for others."""
    if ref.kind == "StatefulSet" and group == "apps":
        labels = {
            "apps.kubernetes.io/pod-index": UNKNOWN,
            "controller-revision-hash": UNKNOWN,
            "statefulset.kubernetes.io/pod-name": UNKNOWN,
        }
    elif ref.kind == "DaemonSet" and group in ("apps", "extensions"):
        labels = {"controller-revision-hash": UNKNOWN, "pod-template-generation": UNKNOWN}
    elif ref.kind == "ReplicaSet" and group in ("apps", "extensions"):
        labels = {}
    else:
        return None

    return _Controller("apps/v1", ref.kind, ref.name, labels)


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


def _controller_of_pod(pod: Object) -> _Controller | None:
    """The controller a bare Pod names itself; counts only where the pod's name is generated
    (GetDeployMetaFromPod).
    """
    if not at(pod, ("metadata", "generateName")):
        return None

    references = at(pod, ("metadata", "ownerReferences"))
    for reference in references if isinstance(references, list) else ():
        if at(reference, ("controller",)) is True:
            fields = ("apiVersion", "kind", "name")
            api_version, kind, name = (str(reference.get(field) or "") for field in fields)
            return _Controller(api_version, kind, name, {})

    return None


# ---------------------------------------------------------------- Istio's guess


def _guessed_owner(
    controller: _Controller, labels: dict[str, str], rules: Rules
) -> tuple[str, str, str]:
    """Name, apiVersion and kind that GetDeployMetaFromPod makes of an owner reference.

    labels: of the pod.
    """
    name, api_version, kind = controller.name, controller.api_version, controller.kind
    if kind == "ReplicaSet":
        pod_hash = labels.get(_HASH_LABEL, "")
        if rules.bare_replica_set and not pod_hash:
            return name, api_version, "Deployment"

        deployment = _without_hash(name, pod_hash)
        if deployment is not None:
            return deployment, api_version, "Deployment"

        rollout = _without_hash(name, labels.get(_ROLLOUT_HASH_LABEL, ""))
        if rollout is not None and rules.rollout_owner:
            return rollout, "v1alpha1", "Rollout"

    if kind == "ReplicationController" and rules.deployment_config_owner:
        deployment_config = labels.get("deploymentconfig")
        if deployment_config:
            return deployment_config, api_version, "DeploymentConfig"

    if kind == "Job":
        pattern = _CRON_JOB_NAMES.get(rules.cron_job_digits)
        match = pattern.match(name) if pattern else None
        if match:
            return match[1], rules.cron_job_api_version, "CronJob"

    return name, api_version, kind


def _without_hash(name: str, template_hash: str) -> str | None:
    """The name of what made a ReplicaSet, where the pod's hash label fits the ReplicaSet's name;
    else None.
    """
    if not template_hash or not name.endswith(template_hash):
        return None
    return name.removesuffix(f"-{template_hash}")


def _own_name(workload: Workload) -> str:
    """metadata.name; empty if it is generated, as at admission."""
    return str(at(workload.object, ("metadata", "name")) or "")


def _template_labels(workload: Workload) -> dict[str, str]:
    return string_map(at(workload.object, (*workload.template, "metadata", "labels")))
