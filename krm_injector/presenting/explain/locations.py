"""Where a field is written: its file and line, or its file and document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from krm_injector.istio_names import (
    INJECTOR_CONFIG_MAP,
    INTERNAL_PATH_ANNOTATION,
    PATH_ANNOTATION,
    REVISION_LABEL,
)
from krm_injector.kube.paths import Path, Step, at
from krm_injector.kube.yaml.locate import line_of
from krm_injector.model import Decision, Evidence, Mesh
from krm_injector.sources.resource_list import Bundle, Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

# {"file": ..., "line": ...}, {"file": ..., "document": ...}, {"file": ...}, {"line": ...} or {}
Location: TypeAlias = "dict[str, Any]"


class Locations:
    """The locations in the bundles of one run.

    To find a line, the item's text is read again. This happens only for fields that are asked for,
    and once for each.
    """

    def __init__(self, parts: Iterable[Bundle], rendered: Collection[int] = ()) -> None:
        """parts: the bundles that make up the run's bundle, in its order. rendered: the indices of
        those that a program rendered, whose lines no reader sees.
        """
        self._items: list[tuple[Item, Bundle, bool]] = []
        for index, part in enumerate(parts):
            self._items += [(item, part, index in rendered) for item in part.items]

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
            return self._of_configuration(mesh, evidence.path)

        return {}

    def of_field(self, index: int, path: Step) -> Location:
        """The location of a field of the item with this index in the run's bundle."""
        location = self._locations.get((index, path))
        if location is None:
            location = self._locations[index, path] = self._locate(index, path)
        return location

    def _locate(self, index: int, path: Step) -> Location:
        item, part, rendered = self._items[index]
        if part.form == "ResourceList" and item.file:
            # The orchestrator read a file. Its lines are not those of the list it made of the file.
            return {"file": item.file, "document": item.document}

        if rendered and not item.file:
            file = _annotated_file(item)
            return {"file": file} if file else {}

        if item.place is None:
            return {"file": item.file} if item.file else {}

        line = line_of(part.text, item.place, path) if path else item.line
        return {"file": item.file, "line": line} if item.file else {"line": line}

    def _of_configuration(self, mesh: Mesh, path: Path) -> Location:
        """Where a key of data.config is written, whose text is YAML inside YAML.

        The line of the key where data.config is a literal block ("|"), else that of data.config.
        """
        self._namespace_items()
        index = self._config_maps.get(mesh.revision)
        if index is None:
            return {}

        location = self.of_field(index, path[:2])
        item, part, _ = self._items[index]
        if "line" not in location or len(path) < 3 or item.place is None:
            return location

        line = _line_in_block(part.text.split("\n"), location["line"], path[2])
        return {**location, "line": line} if line else location

    def _namespace_items(self) -> Mapping[str, int]:
        """The index of each Namespace's item. The first call also finds the ConfigMaps."""
        if self._namespaces is None:
            self._namespaces = {}
            for index, (item, _, _) in enumerate(self._items):
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


def _annotated_file(item: Item) -> str:
    """The file that a renderer states in the item's annotations; "" for none."""
    annotations = at(item.value, ("metadata", "annotations")) or {}
    for key in (INTERNAL_PATH_ANNOTATION, PATH_ANNOTATION):
        if key in annotations:
            return annotations[key] if isinstance(annotations[key], str) else ""
    return ""


def _line_in_block(lines: list[str], line: int, key: str) -> int:
    """The line, from 1, of a key at the top of the literal block that begins on ``line``.

    0 if no literal block begins there, or the key is not in it.
    """
    if not lines[line - 1].rstrip().endswith(("|", "|-", "|+")):
        return 0

    first = lines[line]
    indent = " " * (len(first) - len(first.lstrip(" ")))
    for index in range(line, len(lines)):
        if lines[index].startswith(f"{indent}{key}:"):
            return index + 1
        if lines[index].strip() and not lines[index].startswith(indent):
            return 0

    return 0


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
