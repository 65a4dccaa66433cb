"""What one workload says of its own injection, and what its mesh says where it is silent."""

from __future__ import annotations

from krm_injector.injection import merge
from krm_injector.istio_names import (
    CORE_DUMP_CONTAINER,
    INIT_CONTAINER,
    PROXY_CONFIG_ANNOTATION,
    PROXY_CONTAINER,
    STATUS_ANNOTATION,
    VALIDATION_CONTAINER,
)
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    mappings,
)
from krm_injector.judging.advice.overrides.mesh_facts import MeshFacts
from krm_injector.kube import c_json
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import Step, at
from krm_injector.kube.workloads import text
from krm_injector.model import Object
from krm_injector.workload import controller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.codes import CodeName

_ISTIOS = frozenset((PROXY_CONTAINER, INIT_CONTAINER, VALIDATION_CONTAINER, CORE_DUMP_CONTAINER))
USER_VOLUME = "sidecar.istio.io/userVolume"

# What the status annotation lists: the names of what the templates brought.
Brought = dict[str, frozenset[str]]


class Own:
    """One workload as its author wrote it."""

    __slots__ = ("_configs", "_facts", "annotations", "brought", "labels", "path", "workload")

    def __init__(self, workload: InjectedWorkload, objects: BundleObjects) -> None:
        decision = workload.decision
        template = decision.workload.template
        path: Step = (*template, "metadata")
        # kube-inject takes a CronJob's jobTemplate.metadata for the pod's: injection/inject.py.
        if decision.webhook is None and controller.is_cron_job(decision.workload.ref):
            path = ("spec", "jobTemplate", "metadata")

        metadata = at(decision.workload.object, path)
        self.workload = workload
        self.path = text(path)
        self.annotations = string_map(at(metadata, ("annotations",)))
        self.labels = string_map(at(metadata, ("labels",)))
        self.brought = _brought(workload, objects)
        self._facts = objects.mesh_facts
        self._configs: tuple[Object, Object] | None = None

    @property
    def facts(self) -> MeshFacts:
        """What the mesh says. Parsed once per control plane."""
        mesh = self.workload.decision.mesh
        assert mesh is not None  # it has injected this workload
        facts = self._facts.get(mesh.revision)
        if facts is None:
            facts = self._facts[mesh.revision] = MeshFacts(mesh)
        return facts

    @property
    def configs(self) -> tuple[Object, Object]:
        """The pod's ProxyConfig without its annotation proxy.istio.io/config, and with it."""
        if self._configs is None:
            annotation = self.annotations.get(PROXY_CONFIG_ANNOTATION)
            namespace = self.workload.ref.namespace
            self._configs = self.facts.configs(namespace, self.labels, annotation)
        return self._configs

    @property
    def mesh_image(self) -> str:
        """The proxy's image where the workload states none; "" where the values do not tell it."""
        return self.facts.image

    @property
    def is_gateway(self) -> bool:
        """Whether the proxy is a gateway's: no traffic of the pod is redirected to it."""
        args = mapping(self.workload.proxy).get("args")
        return isinstance(args, list) and "router" in args

    def names(self, field: str) -> frozenset[str]:
        """The names of the volumes (or containers, initContainers) that the templates brought."""
        return self.brought.get(field, frozenset())

    def injected(self) -> frozenset[str]:
        """The names of Istio's own containers that the templates brought. A template that adds to
        the application's containers (grpc-agent) brings their names too.
        """
        return _ISTIOS.intersection(self.names("containers") | self.names("initContainers"))

    def of_annotation(
        self, code: CodeName, name: str, message: str, values: tuple[str, ...] = (), shown: str = ""
    ) -> Finding:
        """A finding about an annotation. shown: the part of its value that it is about."""
        current = shown or self.annotations[name]
        field = f'{self.path}.annotations["{name}"]'
        return Finding(code, message, field, current, values=values or (current,))

    def of_label(self, code: CodeName, name: str, message: str) -> Finding:
        value = self.labels[name]
        return Finding(code, message, f'{self.path}.labels["{name}"]', value, values=(value,))

    def user_volumes(self) -> dict[str, Object]:
        """The volumes of the annotation sidecar.istio.io/userVolume, by name."""
        return named(self.annotations.get(USER_VOLUME))


def named(annotation: str | None) -> dict[str, Object]:
    """A JSON object (or list) of volumes or mounts, as templates read it: the key is the name, or
    else the field.
    """
    if not annotation:
        return {}

    try:
        value = c_json.bounded_loads(annotation)
    except ValueError:
        return {}

    entries = value.items() if isinstance(value, dict) else enumerate(mappings(value))
    return {str(mapping(entry).get("name", key)): mapping(entry) for key, entry in entries}


def listed(text: str) -> list[str]:
    """The entries of a list with commas."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _brought(workload: InjectedWorkload, objects: BundleObjects) -> Brought:
    """What the injected pod's status annotation lists. Most workloads share its text."""
    annotations = mapping(at(workload.template, ("metadata", "annotations")))
    written = str(annotations.get(STATUS_ANNOTATION))
    brought = objects.statuses.get(written)
    if brought is None:
        status = merge.injection_status(workload.template) or {}
        brought = objects.statuses[written] = {
            field: frozenset(map(str, names))
            for field, names in status.items()
            if isinstance(names, list)
        }
    return brought
