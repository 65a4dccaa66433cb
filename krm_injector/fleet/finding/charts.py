"""The Helm charts of a repository: which are installed by themselves, and with which values."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from krm_injector.fleet.finding import reading
from krm_injector.fleet.finding.candidates import Candidate
from krm_injector.fleet.finding.kustomizations import Graph, entries_of
from krm_injector.fleet.finding.tree import Folder, Tree, join, normal, within
from krm_injector.fleet.model import PassedOver
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_INFLATED = "a kustomization inflates it"
_LIBRARY = "it is a library chart"
_SUBCHART = "it is in a chart"
_DEPENDENCY = "another chart depends on it"


class Charts(NamedTuple):
    candidates: tuple[Candidate, ...]
    passed_over: tuple[PassedOver, ...]
    results: tuple[Result, ...]


def read(tree: Tree, graph: Graph) -> Charts:
    folders = [
        folder
        for folder in tree.folders.values()
        if files.CHART in folder.files and not folder.kustomization
    ]
    results: list[Result] = []
    values = {folder.path: _value(folder, results) for folder in folders}
    reasons = _inflated(graph)
    for path, value in values.items():
        for line, dependency in _local_dependencies(path, value):
            reasons[dependency] = (f"{path}/{files.CHART}:{line} depends on it", _DEPENDENCY)

    candidates: list[Candidate] = []
    passed_over: list[PassedOver] = []
    outer = ""  # the chart that the next ones are in; the walk goes from the outside to the inside
    for folder in folders:
        path = folder.path
        if outer and within(path, outer):
            passed_over.append(PassedOver(path, f"it is in the chart {outer}", _SUBCHART))
            continue

        outer = path
        reason = reasons.get(path)
        if values[path][1].get("type") == "library":
            reason = (f"{join(path, files.CHART)} has type: library", _LIBRARY)
        if reason is None:
            candidates += _candidates(folder)
        else:
            passed_over.append(PassedOver(path, *reason))

    return Charts(tuple(candidates), tuple(passed_over), tuple(results))


def _value(folder: Folder, results: list[Result]) -> tuple[str, dict[str, Any]]:
    """The text and the fields of Chart.yaml; none if it cannot be read, which helm reports."""
    try:
        text, value = reading.mapping(join(folder.path, files.CHART))
    except Refused as refused:
        results += reading.warnings(refused.results)
        return "", {}
    return text, value if isinstance(value, dict) else {}


def _inflated(graph: Graph) -> dict[str, tuple[str, str]]:
    """The charts that kustomizations inflate, with the reason."""
    return {
        chart: (f"{each.file} inflates it (helmCharts)", _INFLATED)
        for each in graph.all.values()
        for chart in each.charts
    }


def _local_dependencies(path: str, chart: tuple[str, dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """The charts that Chart.yaml names by file://, each with its line."""
    text, value = chart
    for dependency in entries_of(value, "dependencies"):
        repository = dependency.get("repository")
        if isinstance(repository, str) and repository.startswith("file://"):
            directory = normal(os.path.join(path, repository.removeprefix("file://")))
            yield reading.line_with(text, repository), directory


def _candidates(folder: Folder) -> list[Candidate]:
    """The chart with its own values, and with each file of values beside them."""
    path = folder.path
    why = f"{join(path, files.CHART)} is a chart, with its own values"
    found = [Candidate(path, "chart", why)]
    for name in values_files(folder.files):
        file = join(path, name)
        why = f"{file} has values for the chart beside it"
        variant = name.rpartition(".")[0]
        found.append(Candidate(path, "chart", why, file, variant=variant, values=(file,)))

    return found


def values_files(names: Sequence[str]) -> list[str]:
    """The files that a chart offers beside values.yaml: values-prod.yaml, prod-values.yaml, also
    with dots.
    """
    return [
        name
        for name in names
        if name.endswith((".yaml", ".yml"))
        and (
            name.startswith(("values-", "values.", "values_"))
            or name.rpartition(".")[0].endswith(("-values", ".values", "_values"))
        )
        and name not in ("values.yaml", "values.yml")
    ]
