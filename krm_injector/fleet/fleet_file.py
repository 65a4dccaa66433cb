"""krm-injector-fleet.yaml -> clusters and targets. docs/fleet-file.md is its reference.

Paths in the file are relative to it. Here they are relative to the working directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from krm_injector import package_data
from krm_injector.fleet.finding import reading
from krm_injector.fleet.finding.tree import normal
from krm_injector.fleet.model import Cluster
from krm_injector.function_config import schema
from krm_injector.function_config.report import Subject, nearest, path_text, report
from krm_injector.kube import selectors, yaml
from krm_injector.kube.yaml.locate import line_of
from krm_injector.model import Object, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, ignore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "krm-injector-fleet.yaml"
SCHEMA_FILE = package_data.path(__file__, "fleet.schema.json")


class Entry(NamedTuple):
    """One of spec.targets."""

    path: str
    place: str  # file and line
    clusters: tuple[Cluster, ...] = ()  # (): it is for no cluster in particular
    name: str = ""
    namespace: str = ""
    release: str = ""
    values: tuple[str, ...] = ()
    set_values: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()
    labels: dict[str, str] = {}  # noqa: RUF012 - never changed


class FleetFile(NamedTuple):
    file: str
    directory: str  # that its paths are relative to
    clusters: tuple[Cluster, ...] = ()
    servers: dict[str, str] = {}  # noqa: RUF012 - URL of an API server -> name of its cluster
    entries: tuple[Entry, ...] = ()
    ignored: tuple[ignore.Rule, ...] = ()
    find: bool = True
    repositories: tuple[str, ...] = ()


def read(file: str) -> FleetFile:
    """Raises Refused with every error."""
    return _Reading(file).fleet_file()


class _Reading:
    """The file, and what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = normal(file)
        self.directory = normal(os.path.dirname(file) or ".")
        documents = reading.documents(self.file, files.content(file))
        if len(documents) != 1:
            message = f"{self.file} holds {len(documents)} documents; it must hold one Fleet"
            raise Refused(Result("error", message, file=self.file, code="fleet-file"))

        self.text, self.document = documents[0]
        self.problems: list[Result] = []

    def fleet_file(self) -> FleetFile:
        value = self.document.value
        form = schema.of_file(SCHEMA_FILE)
        if not schema.valid(value, form):
            subject = Subject("fleet file", "fleet-file", file=self.file, line=self.line)
            raise Refused(*report(value, form, ["Fleet"], subject))

        spec: Object = value.get("spec") or {}
        clusters = self._clusters(spec)
        entries = self._entries(spec, clusters)
        rules = [
            ignore.rule_of(pattern, f"{self.file}:{self.line(('spec', 'ignore', index))}")
            for index, pattern in enumerate(spec.get("ignore", ()))
        ]
        if self.problems:
            raise Refused(*self.problems)

        return FleetFile(
            self.file,
            self.directory,
            clusters,
            {each["server"]: each["name"] for each in spec.get("clusters", ()) if "server" in each},
            entries,
            tuple(rule for rule in rules if rule is not None),
            spec.get("find", "targets" not in spec),
            tuple(spec.get("repositories", ())),
        )

    def line(self, steps: Any) -> int:
        place: yaml.Place = self.document.place
        return line_of(self.text, place, steps) if steps else place.line + 1

    def place(self, *steps: str | int) -> str:
        return f"{self.file}:{self.line(steps)}"

    def problem(self, steps: tuple[str | int, ...], reason: str) -> None:
        field = path_text(steps)
        message = f"{self.place(*steps)}: {field} {reason}"
        result = Result("error", message, field=field, file=self.file, code="fleet-file")
        self.problems.append(result)

    # ------------------------------------------------------------ clusters

    def _clusters(self, spec: Object) -> tuple[Cluster, ...]:
        clusters: dict[str, Cluster] = {}
        for index, value in enumerate(spec.get("clusters", ())):
            steps = ("spec", "clusters", index)
            if value["name"] in clusters:
                self.problem((*steps, "name"), f"is {value['name']} a second time")
            clusters[value["name"]] = Cluster(
                value["name"],
                self._paths(value, "mesh", steps),
                self._paths(value, "context", steps),
                next(iter(self._paths(value, "config", steps)), ""),
                value.get("revision", ""),
                _minor(value.get("kubernetesVersion", "")),
                value.get("labels") or {},
            )

        return tuple(clusters.values())

    def _paths(
        self, value: Mapping[str, Any], field: str, steps: tuple[str | int, ...]
    ) -> tuple[str, ...]:
        """The paths of a field, which is a path or a list. Each must exist."""
        stated = value.get(field, ())
        entries = [stated] if isinstance(stated, str) else list(stated)
        paths = []
        for index, entry in enumerate(entries):
            path = normal(os.path.join(self.directory, entry))
            if not os.path.exists(path):
                at = (*steps, field) if isinstance(stated, str) else (*steps, field, index)
                self.problem(at, f"is {entry}, and there is no {path}")
            paths.append(path)

        return tuple(paths)

    # ------------------------------------------------------------ targets

    def _entries(self, spec: Object, clusters: tuple[Cluster, ...]) -> tuple[Entry, ...]:
        entries = []
        for index, value in enumerate(spec.get("targets", ())):
            steps = ("spec", "targets", index)
            name = value.get("name", "")
            if ".." in name.split("/"):
                self.problem((*steps, "name"), f"is {name}; it must not leave its directory (..)")
            entries.append(
                Entry(
                    normal(os.path.join(self.directory, value["path"])),
                    self.place(*steps),
                    tuple(self._clusters_of(value, clusters, steps)),
                    name.rstrip("/"),
                    value.get("namespace", ""),
                    value.get("release", ""),
                    self._paths(value, "values", steps),
                    tuple(value.get("set", {}).items()),
                    tuple(value.get("options", ())),
                    value.get("labels") or {},
                )
            )

        return tuple(entries)

    def _clusters_of(
        self, value: Object, clusters: tuple[Cluster, ...], steps: tuple[str | int, ...]
    ) -> Iterator[Cluster]:
        """The clusters of a target, by name or by label."""
        if "clusterSelector" in value:
            if "clusters" in value:
                reason = "stands beside clusters; name the clusters or select them"
                self.problem((*steps, "clusterSelector"), reason)
            yield from self._selected(value["clusterSelector"], clusters, steps)
            return

        by_name = {cluster.name: cluster for cluster in clusters}
        for index, name in enumerate(value.get("clusters", ())):
            if name in by_name:
                yield by_name[name]
                continue
            near = nearest(name, list(by_name))
            hint = f"did you mean {near}?" if near else f"known are {', '.join(by_name) or 'none'}"
            reason = f"is {name}, and spec.clusters has no cluster of that name; {hint}"
            self.problem((*steps, "clusters", index), reason)

    def _selected(
        self, selector: Object, clusters: tuple[Cluster, ...], steps: tuple[str | int, ...]
    ) -> list[Cluster]:
        at = (*steps, "clusterSelector")
        try:
            wanted = selectors.parse(selector)
        except selectors.SelectorError as problem:
            self.problem(at, f"is not valid: {problem}")
            return []

        chosen = [cluster for cluster in clusters if wanted.matches(cluster.labels)]
        if not chosen:
            self.problem(at, "selects none of spec.clusters")
        return chosen


def _minor(version: str) -> str:
    """The minor version of Kubernetes: "v1.33.4-gke.1" -> "1.33"."""
    digits = version.removeprefix("v").split(".", 2)[1:2]
    number = "".join(digits).partition("+")[0].partition("-")[0]
    return f"1.{number}" if number else ""
