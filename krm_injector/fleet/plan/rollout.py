"""How a controller replaces the pods of a workload whose pod template changes.

Sources: kubernetes 1.34 pkg/controller/deployment/util/deployment_util.go (ResolveFenceposts,
MaxUnavailable), pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet),
pkg/controller/daemon/util/daemonset_util.go (UnavailableCount, SurgeCount),
apimachinery pkg/util/intstr (GetScaledValueFromIntOrPercent), pkg/apis/apps/validation.
"""

from __future__ import annotations

from collections.abc import Iterable

from krm_injector.kube.paths import at
from krm_injector.model import Object, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    How = Literal[
        "rolling", "recreate", "on delete", "paused", "next run", "refused", "no restart",
        "by its operator",
    ]  # fmt: skip

_DEFAULT = "25%"  # both fields of a Deployment and of a Rollout


class Rollout(NamedTuple):
    """What happens to the pods of one workload."""

    how: How
    restarting: int  # pods that are replaced without anybody's help
    detail: str  # the arithmetic in words
    unavailable: int = 0  # pods that may be away at once
    surge: int = 0  # pods that may be there beside the wanted ones
    outage: bool = False  # for a while no pod serves
    problem: str = ""  # why the API server refuses the change, or the strategy


def scaled(value: Any, total: int, up: bool) -> int | None:
    """A number or a percentage of ``total``, rounded up or down; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not value.endswith("%"):
        return None

    digits = value[:-1]
    if not digits.isdecimal() or not digits.isascii():
        return None
    product = int(digits) * total
    return -(-product // 100) if up else product // 100


# Argo CD's resource hooks and Helm's chart hooks: whatever their policy, the next run makes a new
# object.
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")


def _is_made_again(job: Object) -> bool:
    """Whether each run makes a new Job: a hook of Argo CD or Helm, or one with a generated name."""
    metadata = job.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    return any(name in annotations for name in _HOOKS) or "generateName" in metadata


def rollout(workload: Workload, pods: int, changed: Iterable[str]) -> Rollout:
    """``pods``: how many there are. ``changed``: paths of the pod template that change."""
    kind, value = workload.ref.kind, workload.object
    if kind in ("Deployment", "Rollout", "DeploymentConfig") and workload.only:
        return _deployment(value, kind, pods)
    if kind == "StatefulSet" and workload.only:
        return _stateful_set(value, pods)
    if kind == "DaemonSet":
        return _daemon_set(value)
    if kind in ("ReplicaSet", "ReplicationController"):
        return Rollout("on delete", 0, f"a {kind} does not replace pods that run")
    if kind == "CronJob":
        return Rollout("next run", 0, "pods of the next run are made by the new template")
    if kind == "Job" and _is_made_again(value):
        return Rollout("next run", 0, "each sync or release makes a new Job")
    if kind == "Job":
        problem = "the pod template of a Job cannot be changed (field is immutable)"
        return Rollout("refused", 0, problem, problem=problem)
    if kind == "Pod":
        return _pod(changed)
    if kind == "PodTemplate":
        return Rollout("no restart", 0, "a PodTemplate has no pods")

    detail = f"the operator of {kind} decides how it replaces its pods; taken for all of them"
    return Rollout("by its operator", pods, detail, pods, 0)


# ---------------------------------------------------------------- Deployment


def _deployment(value: Object, kind: str, pods: int) -> Rollout:
    if at(value, ("spec", "paused")) is True:
        return Rollout("paused", 0, "spec.paused is true: nothing restarts before it is resumed")
    if kind == "DeploymentConfig" and not _on_config_change(value):
        return Rollout(
            "on delete", 0, "it has no trigger ConfigChange: a person starts the rollout"
        )

    strategy = at(value, ("spec", "strategy"))
    strategy = strategy if isinstance(strategy, dict) else {}
    if strategy.get("type") == "Recreate":
        detail = f"Recreate: {counted(pods, 'pod')} end before the first new one starts"
        return Rollout("recreate", pods, detail, pods, 0, outage=pods > 0)
    if "blueGreen" in strategy:
        detail = f"blue-green: {counted(pods, 'new pod')} run before the old ones end"
        return Rollout("rolling", pods, detail, 0, pods)

    own = "rollingParams" if kind == "DeploymentConfig" else "rollingUpdate"
    field = strategy.get("canary") if kind == "Rollout" else strategy.get(own)
    return _rolling(field if isinstance(field, dict) else {}, pods)


def _on_config_change(value: Object) -> bool:
    triggers = at(value, ("spec", "triggers"))
    if not isinstance(triggers, list):
        return True  # the default
    return any(at(trigger, ("type",)) == "ConfigChange" for trigger in triggers)


def _rolling(field: Object, pods: int) -> Rollout:
    stated_away = _stated(field, "maxUnavailable", _DEFAULT)
    stated_more = _stated(field, "maxSurge", _DEFAULT)
    away, more = scaled(stated_away, pods, False), scaled(stated_more, pods, True)
    both = f"maxUnavailable {stated_away} and maxSurge {stated_more}"
    if away is None or more is None or away < 0 or more < 0:
        problem = f"{both} of the strategy are no numbers or percentages"
        return Rollout("refused", 0, problem, problem=problem)

    if _is_nothing(stated_away) and _is_nothing(stated_more):
        problem = f"{both}: the strategy can neither stop a pod nor start one"
        return Rollout("refused", 0, problem, problem=problem)

    words = f"of {counted(pods, 'pod')}: {{}} away at once, {{}} more than wanted ({both})"
    if away == 0 and more == 0:
        away = 1  # rounding may give two zeros; the controller then takes one pod away
    away = min(away, pods)
    detail = words.format(f"{away:,}", f"{more:,}")
    return Rollout("rolling", pods, detail, away, more, outage=0 < pods <= away)


def _stated(field: Object, name: str, default: Any) -> Any:
    value = field.get(name)
    return default if value is None else value


def _is_nothing(stated: Any) -> bool:
    return stated == 0 or (isinstance(stated, str) and stated.rstrip("%").strip("0") == "")


# ---------------------------------------------------------------- the other controllers


def _stateful_set(value: Object, pods: int) -> Rollout:
    strategy = at(value, ("spec", "updateStrategy"))
    strategy = strategy if isinstance(strategy, dict) else {}
    if strategy.get("type") == "OnDelete":
        return Rollout("on delete", 0, "updateStrategy OnDelete: its pods stay until deleted")

    field = strategy.get("rollingUpdate")
    field = field if isinstance(field, dict) else {}
    partition = field.get("partition")
    kept = partition if isinstance(partition, int) and not isinstance(partition, bool) else 0
    restarting = max(pods - kept, 0)

    # More than one only where the feature MaxUnavailableStatefulSet is on.
    away = scaled(_stated(field, "maxUnavailable", 1), pods, False)
    away = min(max(away or 1, 1), restarting)
    detail = f"{restarting:,} of {counted(pods, 'pod')}, the last first, {away:,} away at once"
    if kept:
        detail += f"; partition {kept:,} keeps the others as they are"
    if not restarting:
        return Rollout("on delete" if pods else "rolling", 0, detail)
    return Rollout("rolling", restarting, detail, away, 0, outage=pods <= away)


def _daemon_set(value: Object) -> Rollout:
    """Its pods are one a node: how many, nobody knows here."""
    strategy = at(value, ("spec", "updateStrategy"))
    strategy = strategy if isinstance(strategy, dict) else {}
    if strategy.get("type") == "OnDelete":
        return Rollout("on delete", 0, "updateStrategy OnDelete: its pods stay until deleted")

    field = strategy.get("rollingUpdate")
    field = field if isinstance(field, dict) else {}
    away, more = _stated(field, "maxUnavailable", 1), _stated(field, "maxSurge", 0)
    if _is_nothing(away) and _is_nothing(more):
        problem = (
            f"maxUnavailable {away} and maxSurge {more}: the strategy can neither stop a pod nor "
            "start one"
        )
        return Rollout("refused", 0, problem, problem=problem)

    if not _is_nothing(more):
        detail = f"one a node: the new pod starts beside the old one, {more} nodes at once"
        return Rollout("rolling", 0, detail)
    detail = f"one a node: {away} at once; each node is without it while its pod restarts"
    return Rollout("rolling", 0, detail, 1)


def _pod(changed: Iterable[str]) -> Rollout:
    """Of a Pod that runs, the API server takes changes of images, and of metadata."""
    outside = [path for path in changed if path.startswith("spec") and not _is_image(path)]
    if outside:
        problem = "a Pod that runs cannot be changed so; it has to be deleted and made again"
        return Rollout("refused", 0, problem, problem=problem)

    if not any(path.startswith("spec") for path in changed):
        return Rollout("no restart", 0, "metadata of a Pod changes without a restart")
    return Rollout(
        "rolling", 1, "the kubelet restarts containers whose image changes", 1, outage=True
    )


def _is_image(path: str) -> bool:
    is_container = path.startswith(("spec.containers[", "spec.initContainers["))
    return is_container and path.endswith("].image")
