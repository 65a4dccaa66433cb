"""What a check looks at: one workload before and after injection, and the other objects of the
bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from krm_injector.injection.pods import PROXY
from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Object, ResourceRef, Workload
from krm_injector.versions import Rules
from krm_injector.workload.controller import string_map

# Replicas are not stated in the object: one pod a node.
PER_NODE = frozenset(("DaemonSet",))


class Finding(NamedTuple):
    """One cause for a warning. ``resource`` is set where it is not the workload."""

    code: str
    message: str
    field: str = ""
    current: Any = None
    proposed: Any = None
    resource: ResourceRef | None = None
    silenced_by: Object | None = (
        None  # the object whose annotation may silence it, where it is not the workload
    )


class Subject:
    """One injected workload; pods are {"metadata": ..., "spec": ...}, lists of containers hold
    mappings only.
    """

    __slots__ = (
        "added",
        "after",
        "application",
        "before",
        "decision",
        "init",
        "labels",
        "path",
        "proxy",
        "ref",
    )

    def __init__(self, decision: Decision, changed: Object) -> None:
        workload = decision.workload
        self.decision = decision
        self.ref = workload.ref
        self.path = text((*workload.template, "spec"))  # of the pod's spec inside the object
        self.before = spec_of(at(workload.object, workload.template))
        template = at(changed, workload.template)
        self.after = spec_of(template)
        self.labels = string_map(at(template, ("metadata", "labels")))
        self.application = mappings(self.before.get("containers"))
        self.init = mappings(self.before.get("initContainers"))
        known = {container.get("name") for container in (*self.application, *self.init)}
        injected = (
            *mappings(self.after.get("initContainers")),
            *mappings(self.after.get("containers")),
        )
        # The user's own istio-proxy is an override of the injected one: its image and rights are
        # the mesh's matter.
        self.added = [c for c in injected if c.get("name") not in known or c.get("name") == PROXY]
        self.proxy = next((c for c in injected if c.get("name") == PROXY), None)

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
        """Path of one of the application's containers, as spec.template.spec.containers[0].ports."""
        for name, among in (("containers", self.application), ("initContainers", self.init)):
            for index, one in enumerate(among):
                if one is container:
                    return f"{self.path}.{name}[{index}]" + (f".{field}" if field else "")
        return self.path


class Facts:
    """The bundle's other objects, by kind and Namespace."""

    def __init__(
        self,
        objects: Iterable[tuple[str, Object]],
        default_namespace: str,
        decisions: Iterable[Decision],
    ):
        self._by_kind: dict[str, dict[str, list[Object]]] = {}
        for kind, value in objects:
            namespace = str(at(value, ("metadata", "namespace")) or default_namespace)
            self._by_kind.setdefault(kind, {}).setdefault(namespace, []).append(value)
        self.default_namespace = default_namespace
        self.decisions = tuple(decisions)
        self.cache: dict[Any, Any] = {}  # of checks that ask the same of many workloads

    def of(self, kind: str, namespace: str) -> list[Object]:
        return self._by_kind.get(kind, {}).get(namespace, [])

    def everywhere(self, kind: str) -> list[tuple[str, Object]]:
        return [
            (namespace, value)
            for namespace, among in self._by_kind.get(kind, {}).items()
            for value in among
        ]

    def has(self, kind: str) -> bool:
        return kind in self._by_kind


def ref_of(value: Object, kind: str, namespace: str) -> ResourceRef:
    return ResourceRef(
        str(value.get("apiVersion") or ""),
        kind,
        str(at(value, ("metadata", "name")) or ""),
        namespace,
    )


def spec_of(template: Any) -> Object:
    spec = template.get("spec") if isinstance(template, dict) else None
    return spec if isinstance(spec, dict) else {}


def mappings(value: Any) -> list[Object]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def selects(selector: Any, labels: Mapping[str, str]) -> bool:
    """A LabelSelector against labels; one that does not parse selects nothing."""
    try:
        return selectors.parse(selector).matches(labels)
    except selectors.SelectorError:
        return False


def replicas(workload: Workload) -> int | None:
    """How many pods run at once by the object's own word; None where only the cluster knows
    (DaemonSet).
    """
    ref, value = workload.ref, workload.object
    if not workload.only:
        return _stated(at(value, (*workload.template[:-1], "replicas")))
    if ref.kind in PER_NODE:
        return None

    path: tuple[str, ...] = ("spec", "replicas")
    if ref.kind == "Job":
        path = ("spec", "parallelism")
    elif ref.kind == "CronJob":
        path = ("spec", "jobTemplate", "spec", "parallelism")
    elif ref.kind in ("Pod", "PodTemplate"):
        return 1 if ref.kind == "Pod" else None

    return _stated(at(value, path))


def _stated(number: Any) -> int:
    return number if isinstance(number, int) and not isinstance(number, bool) else 1
