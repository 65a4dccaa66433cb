"""Where a field is written: its file and line, or its file and document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from krm_injector.istio_names import (
    INJECTOR_CONFIG_MAP,
    REVISION_LABEL,
)
from krm_injector.kube.paths import Step, at
from krm_injector.model import Decision, Evidence
from krm_injector.presenting.places import Places
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

# {"file": ..., "line": ...}, {"file": ..., "document": ...}, {"file": ...}, {"line": ...} or {}
Location: TypeAlias = "dict[str, Any]"


class Locations:
    """The locations in the bundles of one run: its Places, in the form of an entry."""

    def __init__(
        self, parts: Iterable[Bundle], rendered: Collection[int] | Mapping[int, str] = ()
    ) -> None:
        """As Places."""
        self._places = Places(parts, rendered)
        self._namespaces: dict[str, int] | None = None  # name -> index of the item
        self._config_maps: dict[str, int] = {}  # revision -> index of its injection configuration
        self._locations: dict[tuple[int, Step], Location] = {}

    def of_workload(self, decision: Decision) -> Location:
        """Where the workload begins; of several pod templates in one object, where its own does."""
        workload = decision.workload
        path = workload.inside
        if not workload.only:
            path = (*workload.inside, *workload.template)
        return self.of_field(workload.item, path)

    def of_evidence(self, decision: Decision, evidence: Evidence) -> Location:
        """Where the field stands that the evidence names; {} if none is named or known."""
        if not evidence.path:
            return {}

        workload = decision.workload
        if evidence.on == "pod":
            path = (*workload.inside, *workload.template, *evidence.path)
            return self.of_field(workload.item, path)

        namespace, mesh = decision.namespace, decision.mesh
        if evidence.on == "namespace" and namespace and namespace.source == "bundle":
            index = self._namespace_items().get(namespace.name)
            return {} if index is None else self.of_field(index, evidence.path)

        if evidence.on == "mesh" and mesh and mesh.source == "bundle":
            self._namespace_items()
            index = self._config_maps.get(mesh.revision)
            return {} if index is None else self.of_field(index, evidence.path)

        return {}

    def of_field(self, index: int, path: Step) -> Location:
        """The location of a field of the item with this index in the run's bundle."""
        location = self._locations.get((index, path))
        if location is None:
            location = self._locations[index, path] = self._locate(index, path)
        return location

    def _locate(self, index: int, path: Step) -> Location:
        file, line = self._places.line_of(index, path)
        location: Location = {"file": file} if file else {}
        if line:
            return {**location, "line": line}

        if file and self._places.is_of_list(index):
            location["document"] = self._places.items[index].document
        return location

    def _namespace_items(self) -> Mapping[str, int]:
        """The index of each Namespace's item. The first call also finds the ConfigMaps."""
        if self._namespaces is None:
            self._namespaces = {}
            for index, item in enumerate(self._places.items):
                self._add_to_index(index, item.value)

        return self._namespaces

    def _add_to_index(self, index: int, value: Mapping[str, Any]) -> None:
        assert self._namespaces is not None
        metadata = value.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(name, str):
            return

        if value.get("kind") == "Namespace":
            self._namespaces.setdefault(name, index)
            return

        prefix = f"{INJECTOR_CONFIG_MAP}-"
        if value.get("kind") == "ConfigMap" and (
            name == INJECTOR_CONFIG_MAP or name.startswith(prefix)
        ):
            label = at(metadata, ("labels", REVISION_LABEL))
            revision = label or name[len(prefix) :] or "default"
            self._config_maps.setdefault(str(revision), index)


def location_text(location: Mapping[str, Any]) -> str:
    """A location for people: "base/web.yaml:12", "base/web.yaml (document 2)" or "line 12".

    location: a Location, or an entry, which has the same keys.
    """
    file, line = location.get("file", ""), location.get("line")
    if line:
        return f"{file}:{line}" if file else f"line {line}"

    document = location.get("document", 0)
    return f"{file} (document {document + 1})" if document else str(file)


def field_path(steps: Sequence[str | int]) -> str:
    """A path as people write it: spec.template.metadata.labels["sidecar.istio.io/inject"]."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "").replace("_", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'

    return text
