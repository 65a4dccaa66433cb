"""The input of a check of the advice: one workload before and after injection, and the other
objects of the bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.kube import selectors
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Object, ResourceRef, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.codes import CodeName
    from krm_injector.judging.advice.overrides.mesh_facts import MeshFacts
    from krm_injector.judging.advice.proxy_resources import Trial

# No number of replicas: there is one pod per node.
PER_NODE = frozenset(("DaemonSet",))


class Finding(NamedTuple):
    """One cause for a warning. ``resource`` is set if it is not the workload."""

    code: CodeName
    message: str
    field: str = ""
    current: Any = None
    proposed: Any = None
    resource: ResourceRef | None = None
    # The object whose annotation may silence it, if it is not the workload.
    silenced_by: Object | None = None
    # Of an override: what an entry of spec.allowOverrides may name; () for what is current.
    values: tuple[str, ...] = ()


class InjectedWorkload:
    """One injected workload. ``before`` and ``after`` are the spec of its pod; lists of containers
    hold mappings only.
    """

    __slots__ = (
        "added",
        "after",
        "application",
        "before",
        "decision",
        "init",
        "injected",
        "labels",
        "path",
        "proxy",
        "ref",
        "template",
    )

    def __init__(self, decision: Decision, injected: Object) -> None:
        workload = decision.workload
        template = at(injected, workload.template)
        self.decision = decision
        self.template: Any = template  # after injection
        self.injected = injected  # the whole object
        self.ref = workload.ref
        self.path = text((*workload.template, "spec"))  # of the pod's spec inside the object
        self.before = spec_of(at(workload.object, workload.template))
        self.after = spec_of(template)
        self.labels = string_map(at(template, ("metadata", "labels")))  # after injection

        self.application = mappings(self.before.get("containers"))
        self.init = mappings(self.before.get("initContainers"))
        own_names = {container.get("name") for container in (*self.application, *self.init)}
        # The user's own istio-proxy is an override of the injected one. The mesh sets its image and
        # rights.
        own_names.discard(PROXY_CONTAINER)

        containers = (
            *mappings(self.after.get("initContainers")),
            *mappings(self.after.get("containers")),
        )
        self.added = [each for each in containers if each.get("name") not in own_names]
        self.proxy = next((c for c in containers if c.get("name") == PROXY_CONTAINER), None)

    @property
    def rules(self) -> Rules:
        mesh = self.decision.mesh
        return mesh.rules if mesh else Rules()

    @property
    def minor(self) -> tuple[int, int]:
        return self.rules.minor

    @property
    def native(self) -> bool:
        """Whether the proxy is an init container that keeps running."""
        return self.proxy is not None and self.proxy.get("restartPolicy") == "Always"

    def container_path(self, container: Object, field: str = "") -> str:
        """Path of one of the application's containers: spec.template.spec.containers[0].ports."""
        for name, containers in (("containers", self.application), ("initContainers", self.init)):
            for index, candidate in enumerate(containers):
                if candidate is container:
                    path = f"{self.path}.{name}[{index}]"
                    return f"{path}.{field}" if field else path

        return self.path


class BundleObjects:
    """The bundle's other objects, by kind and Namespace, and what checks share in a run."""

    def __init__(
        self,
        objects: Iterable[tuple[str, Object]],
        default_namespace: str,
        decisions: Iterable[Decision],
    ) -> None:
        """objects: each with its kind."""
        self._by_kind: dict[str, dict[str, list[Object]]] = {}
        for kind, value in objects:
            namespace = str(at(value, ("metadata", "namespace")) or default_namespace)
            self._by_kind.setdefault(kind, {}).setdefault(namespace, []).append(value)

        self.default_namespace = default_namespace
        self.decisions = tuple(decisions)
        # Caches of checks that ask the same about many workloads.
        self.webhook_selectors: dict[str, selectors.Selector] = {}  # by Webhook.id
        self.services: dict[str, dict[tuple[str, str], list[Object]]] = {}  # see network.services
        self.reported: set[object] = set()  # shared by many workloads, and reported once
        # Of overrides: what status annotations list, by their text, and meshes by revision.
        self.statuses: dict[str, dict[str, frozenset[str]]] = {}
        self.mesh_facts: dict[str, MeshFacts] = {}
        self.scalers: dict[tuple[str, str, str], Any] | None = None  # see scalers.of_workload
        self.trial: Trial | None = None  # injects again; None: nobody may ask
        self.defaults: dict[str, Any] = {}  # by Namespace; see resources.defaults_of
        self.policies: Any = None  # see admission.findings

    def of(self, kind: str, namespace: str) -> list[Object]:
        """The objects of a kind in a Namespace."""
        return self._by_kind.get(kind, {}).get(namespace, [])

    def everywhere(self, kind: str) -> list[tuple[str, Object]]:
        """The objects of a kind, each with its Namespace."""
        pairs: list[tuple[str, Object]] = []
        for namespace, values in self._by_kind.get(kind, {}).items():
            pairs += ((namespace, value) for value in values)
        return pairs

    def has(self, kind: str) -> bool:
        return kind in self._by_kind


def ref_of(value: Object, kind: str, namespace: str) -> ResourceRef:
    """The reference to an object of the bundle, which may lack any field."""
    api_version = str(value.get("apiVersion") or "")
    name = str(at(value, ("metadata", "name")) or "")
    return ResourceRef(api_version, kind, name, namespace)


def spec_of(template: Any) -> Object:
    """The spec of a pod template; {} if it has none."""
    spec = template.get("spec") if isinstance(template, dict) else None
    return spec if isinstance(spec, dict) else {}


def mappings(value: Any) -> list[Object]:
    """The mappings of a list; [] of anything else."""
    if not isinstance(value, list):
        return []
    return [element for element in value if isinstance(element, dict)]


def mapping(value: Any) -> Object:
    """A mapping; {} of anything else."""
    return value if isinstance(value, dict) else {}


def selects(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector takes the labels; one that does not parse selects nothing."""
    try:
        return selectors.parse(selector).matches(labels)
    except selectors.SelectorError:
        return False


def replicas(workload: Workload) -> int | None:
    """How many pods run at once, as the object states it; None if only the cluster knows
    (DaemonSet).
    """
    kind, value = workload.ref.kind, workload.object
    if not workload.only:
        return _stated_count(at(value, (*workload.template[:-1], "replicas")))
    if kind in PER_NODE or kind == "PodTemplate":
        return None
    if kind == "Pod":
        return 1

    if kind == "Job":
        return _pods_of_job(at(value, ("spec",)))
    if kind == "CronJob":
        return _pods_of_job(at(value, ("spec", "jobTemplate", "spec")))
    return _stated_count(at(value, ("spec", "replicas")))


def _pods_of_job(spec: Any) -> int:
    """Not more than are left to complete, which is one where both numbers are left out."""
    pods, completions = _stated_count(at(spec, ("parallelism",))), at(spec, ("completions",))
    return pods if completions is None else min(pods, _stated_count(completions))


def _stated_count(number: Any) -> int:
    """A stated number of pods; Kubernetes' default is 1."""
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return number if is_number else 1
