"""The nouns of a plan: what a move of the mesh changes in a fleet, in which order, at what price,
and the way back. The values do not change.

Amounts are whole numbers: CPU in thousandths of a core, memory in bytes (text.py shows them).
"""

from __future__ import annotations

from krm_injector.kube.differences import ABSENT
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    # blocks: pods of the wave do not come up, or the move is refused. warns: it goes through, at a
    # price that somebody should know.
    GateSeverity = Literal["blocks", "warns"]
    State = Literal["ready", "blocked"]
    # in place: revisions stay. canary: labels, or what tags mean, move to another revision.
    Way = Literal["in place", "canary", "in place and canary", "nothing"]

__all__ = ["ABSENT"]


class Place(NamedTuple):
    """A workload of the fleet, or another object of it."""

    target: str
    cluster: str  # "" if no fleet file says one
    kind: str
    namespace: str
    name: str
    pod_template: str = ""  # only where the object has several

    def __str__(self) -> str:
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name}"


class Change(NamedTuple):
    """One piece of a pod template that changes. In texts "{name}" and "{namespace}" stand for those
    of the workload, where they differ between the workloads of a group.
    """

    path: str  # from the pod template: "spec.containers[istio-proxy].image"
    before: Any = ABSENT  # ABSENT: it is not there
    after: Any = ABSENT


class ChangeGroup(NamedTuple):
    """Workloads whose changes are equal."""

    number: int  # in the plan, from 1: the largest first
    title: str  # "istio-proxy: image; init container istio-init: image"
    changes: tuple[Change, ...]
    places: tuple[Place, ...]  # all of them, in the order of the targets
    targets: int
    pods: int  # that restart

    @property
    def workloads(self) -> int:
        return len(self.places)


class Gate(NamedTuple):
    """What stands in the way of a wave, or what it costs."""

    severity: GateSeverity
    kind: str  # "strategy", "budget", "quota", "limit-range", "autoscaler", "version", ...
    what: str  # "PodDisruptionBudget shop/web", "Deployment shop/web"
    why: str  # the arithmetic in words, whole sentences
    advice: str  # what to do
    places: tuple[Place, ...]  # the workloads that it is about
    wave: int = 0  # its number; 0: every wave


class LabelChange(NamedTuple):
    """A label that a wave moves: of a Namespace, or of a workload's pod template."""

    cluster: str
    kind: str  # "Namespace" or the workload's
    namespace: str  # "" for a Namespace
    name: str
    path: str  # of the labels: "metadata.labels"
    before: dict[str, str]  # the labels that change, as they are
    after: dict[str, str]  # and as they will be; absent: taken away
    file: str = ""  # the file of the repository that states it, if it stands in a plain one
    line: int = 0
    api_version: str = "v1"
    source: str = "bundle"  # or "functionConfig", "Application NAME": who states the labels
    targets: tuple[str, ...] = ()
    of: str = ""  # the Namespace that it is about

    @property
    def object(self) -> str:
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name}"


class Restart(NamedTuple):
    """How the pods of one workload are replaced in its wave."""

    place: Place
    wave: int
    how: str  # "rolling", "recreate", "on delete", "at its next run", "refused", "by its operator"
    pods: int  # that restart by themselves in this wave
    replicas: str  # "3", "2 to 10 (HorizontalPodAutoscaler web)", "one a node"
    detail: str  # "25% of 3: at most 0 unavailable, 1 more than wanted"
    outage: bool  # no pod serves for a while
    group: int  # number of its ChangeGroup
    decides: str = ""  # what sends its pods to the control plane: a label, and whose


class Requests(NamedTuple):
    """What the pods of a Namespace in one cluster request in sum, before and after."""

    cluster: str
    namespace: str
    pods: int  # as stated, or the least of the autoscalers
    most_pods: int  # with autoscalers at their most; else the same
    cpu: tuple[int, int]  # before, after: of ``pods``
    memory: tuple[int, int]
    most_cpu: tuple[int, int]  # of ``most_pods``
    most_memory: tuple[int, int]
    per_node: int = 0  # DaemonSets: their pods, one a node, are not in the sums


class Wave(NamedTuple):
    """What is merged together."""

    number: int  # from 1
    title: str  # "cluster eu-canary", "Namespace shop", "tag prod"
    by: str  # "revision", "tag", "namespace", "cluster", "wave" (a label of that name)
    why: str  # why it is at this place of the order
    state: State
    targets: tuple[str, ...]  # with something to do
    namespaces: tuple[tuple[str, str], ...]  # (cluster, Namespace)
    workloads: int  # that change
    restarting: int  # workloads whose pods restart
    pods: int  # that restart
    groups: tuple[tuple[int, int], ...]  # (number of the group, workloads of this wave in it)
    gates: tuple[Gate, ...]
    labels: tuple[LabelChange, ...]
    steps: tuple[str, ...]  # what to do, in order; commands stand in `backticks`
    back: tuple[str, ...]  # the way back, the same


class MeshUse(NamedTuple):
    """A control plane that injects in the fleet, and how many workloads."""

    revision: str
    version: str  # "" if unknown
    workloads: int
    clusters: tuple[str, ...] = ()


class Totals(NamedTuple):
    targets: int  # that are in the plan
    clusters: int
    namespaces: int  # per cluster
    workloads: int
    injected: tuple[int, int]  # before, after
    changing: int  # workloads whose pod template changes
    changing_targets: int
    restarting: int  # workloads
    pods: int  # that restart
    outages: int  # workloads without a serving pod for a while
    labels: int  # label changes
    blocks: int  # gates
    warns: int


class ByHand(NamedTuple):
    """What the campaign does not change, and somebody has to."""

    place: Place
    field: str
    value: str
    advice: str
    file: str = ""
    line: int = 0


class Failed(NamedTuple):
    """A target that is not in the plan."""

    target: str
    messages: tuple[str, ...]


class Plan(NamedTuple):
    title: str  # "Istio 1.29.2 to 1.31.0", "Registry example.org/istio in place of ..."
    way: Way
    waves_by: str
    before: tuple[MeshUse, ...]
    after: tuple[MeshUse, ...]
    totals: Totals
    waves: tuple[Wave, ...]
    groups: tuple[ChangeGroup, ...]  # the largest first
    restarts: tuple[Restart, ...]  # in the order of waves and targets
    gates: tuple[Gate, ...]  # of all waves: those that block first
    requests: tuple[Requests, ...]  # in the order of clusters and Namespaces
    by_hand: tuple[ByHand, ...] = ()
    failed: tuple[Failed, ...] = ()
    unchanged: tuple[str, ...] = ()  # targets with nothing to do
    assumptions: tuple[str, ...] = ()  # what the plan rests on, whole sentences
