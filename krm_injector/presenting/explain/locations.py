"""Where a field is written: file and line where the bundle tells, the document's number else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from krm_injector.kube.paths import at
from krm_injector.kube.yaml.locate import line_of
from krm_injector.model import Decision, Evidence, Mesh
from krm_injector.sources.resource_list import Bundle

Written = dict[
    str, Any
]  # {"file": ..., "line": ...}, {"file": ..., "document": ...}, {"line": ...} or {}

_ANNOTATIONS = ("internal.config.kubernetes.io/path", "config.kubernetes.io/path")
_INJECTOR = "istio-sidecar-injector"


class Places:
    """Answers for one run; a text is read again only for the fields that evidence names, each once."""

    def __init__(self, parts: Iterable[Bundle], rendered: Collection[int] = ()) -> None:
        """rendered: the parts whose text is a renderer's output, whose lines nobody sees."""
        self._found = [
            (item, part, number in rendered)
            for number, part in enumerate(parts)
            for item in part.items
        ]
        self._namespaces: dict[str, int] | None = None
        self._injectors: dict[str, int] = {}
        self._cache: dict[tuple[int, tuple[str | int, ...]], Written] = {}

    def workload(self, decision: Decision) -> Written:
        """Where the workload itself begins; of an object with several pod templates, where the
        template does.
        """
        workload = decision.workload
        return self.of(
            workload.item,
            workload.inside if workload.only else (*workload.inside, *workload.template),
        )

    def evidence(self, decision: Decision, evidence: Evidence) -> Written:
        """Where the field stands that the evidence names; {} where it names none, or nobody knows."""
        if not evidence.path:
            return {}

        workload = decision.workload
        if evidence.on == "pod":
            return self.of(workload.item, (*workload.inside, *workload.template, *evidence.path))
        if self._namespaces is None:
            self._index()

        assert self._namespaces is not None
        if (
            evidence.on == "namespace"
            and decision.namespace
            and decision.namespace.source == "bundle"
        ):
            return self._known(self._namespaces.get(decision.namespace.name), evidence.path)

        if evidence.on == "mesh" and decision.mesh and decision.mesh.source == "bundle":
            return self._policy(decision.mesh, evidence.path)

        return {}

    def of(self, index: int, path: tuple[str | int, ...]) -> Written:
        """File and line of a field of an item of the bundle."""
        found = self._cache.get((index, path))
        if found is None:
            found = self._cache[index, path] = self._look(index, path)
        return found

    def _look(self, index: int, path: tuple[str | int, ...]) -> Written:
        item, part, rendered = self._found[index]
        annotations = at(item.value, ("metadata", "annotations"))
        if part.form == "ResourceList" and item.file:
            # The orchestrator read a file, whose lines are not those of the list that it made of
            # it.
            return {"file": item.file, "document": item.document}

        if rendered and not item.file:
            file = (
                next((annotations[key] for key in _ANNOTATIONS if key in annotations), "")
                if annotations
                else ""
            )
            return {"file": file} if isinstance(file, str) and file else {}

        if item.place is None:
            return {"file": item.file} if item.file else {}

        line = item.line if not path else line_of(part.text, item.place, path)
        return {"file": item.file, "line": line} if item.file else {"line": line}

    def _known(self, index: int | None, path: tuple[str, ...]) -> Written:
        return {} if index is None else self.of(index, path)

    def _policy(self, mesh: Mesh, path: tuple[str, ...]) -> Written:
        """A key inside data.config, where that is a literal block; else the line of data.config."""
        index = self._injectors.get(mesh.revision)
        if index is None:
            return {}

        where = self.of(index, path[:2])
        item, part, _ = self._found[index]
        if "line" not in where or len(path) < 3 or item.place is None:
            return where

        lines = part.text.split("\n")
        if not lines[where["line"] - 1].rstrip().endswith(("|", "|-", "|+")):
            return where

        indent = len(lines[where["line"]]) - len(lines[where["line"]].lstrip(" "))
        for number in range(where["line"], len(lines)):
            if lines[number].startswith(" " * indent + path[2] + ":"):
                return {**where, "line": number + 1}
            if lines[number].strip() and not lines[number].startswith(" " * indent):
                break

        return where

    def _index(self) -> None:
        """Which items are the Namespaces, and which the injection configurations of the revisions."""
        self._namespaces = {}
        for index, (item, _, _) in enumerate(self._found):
            kind, metadata = item.value.get("kind"), item.value.get("metadata")
            name = metadata.get("name") if isinstance(metadata, dict) else None
            if not isinstance(name, str):
                continue

            if kind == "Namespace":
                self._namespaces.setdefault(name, index)
            elif kind == "ConfigMap" and (name == _INJECTOR or name.startswith(f"{_INJECTOR}-")):
                label = at(metadata, ("labels", "istio.io/rev"))
                self._injectors.setdefault(
                    str(label or name[len(_INJECTOR) + 1 :] or "default"), index
                )


def shown(written: Mapping[str, Any]) -> str:
    """A place for people: "base/web.yaml:12", "base/web.yaml (document 2)", "line 12"."""
    file, line = written.get("file", ""), written.get("line")
    if line:
        return f"{file}:{line}" if file else f"line {line}"
    number = written.get("document", 0)
    return f"{file} (document {number + 1})" if number else str(file)


def field(steps: Sequence[str | int]) -> str:
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
