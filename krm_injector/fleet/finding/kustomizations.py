"""Which kustomization is built on which, as far as the files of the repository show it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from krm_injector.fleet.finding import reading
from krm_injector.fleet.finding.tree import Folder, Tree, join, normal, upwards
from krm_injector.fleet.model import PassedOver
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted
from krm_injector.sources import files
from krm_injector.sources.kustomizations import DIRECTORIES, FUNCTIONS, entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_INCLUDED = "another kustomization is built on it"
_COMPONENT = "it is a Component"
_CYCLE = "it is built on itself"


class Kustomization(NamedTuple):
    path: str
    file: str
    text: str
    component: bool
    # What it is built on: path of a directory -> the entry that names it.
    includes: dict[str, str]
    named: frozenset[str]  # files that stand anywhere in it, and what it includes
    charts: frozenset[str] = frozenset()  # directories of charts that it inflates


class Graph(NamedTuple):
    """The kustomizations of a repository."""

    all: dict[str, Kustomization]
    users: dict[str, tuple[str, ...]]  # path -> those that are built on it
    results: tuple[Result, ...] = ()

    def outermost(self) -> list[str]:
        """Those that nothing is built on, without Components."""
        return [
            path for path, each in self.all.items() if not each.component and path not in self.users
        ]

    def reachable(self, starts: Sequence[str]) -> set[str]:
        """Those that the starts are built on, and themselves."""
        seen: set[str] = set()
        todo = list(starts)
        while todo:
            path = todo.pop()
            if path in self.all and path not in seen:
                seen.add(path)
                todo += self.all[path].includes

        return seen


def read(tree: Tree) -> Graph:
    every: dict[str, Kustomization] = {}
    results: list[Result] = []
    for path, folder in tree.folders.items():
        if folder.kustomization:
            every[path] = _read(tree, folder, results)

    users: dict[str, list[str]] = {}
    for path, each in every.items():
        for included in each.includes:
            users.setdefault(included, []).append(path)

    return Graph(every, {path: tuple(by) for path, by in users.items()}, tuple(results))


def _read(tree: Tree, folder: Folder, results: list[Result]) -> Kustomization:
    """One kustomization. What cannot be read includes nothing; building it says what is wrong."""
    file = join(folder.path, folder.kustomization)
    try:
        text, value = reading.mapping(file)
    except Refused as refused:
        results += reading.warnings(refused.results)
        return Kustomization(folder.path, file, "", False, {}, frozenset())

    if not isinstance(value, dict):
        return Kustomization(folder.path, file, text, False, {}, frozenset())

    fields = {key: field for key, field in value.items() if field}
    includes: dict[str, str] = {}
    for key in (*DIRECTORIES, *FUNCTIONS):
        for entry in entries(fields, key):
            if "\n" not in entry and "://" not in entry:
                includes.setdefault(_resolved(tree, folder.path, entry), entry)

    named = {_resolved(tree, folder.path, text) for text in _texts(fields)}
    component = fields.get("kind") == "Component"
    charts = frozenset(_charts(tree, folder.path, fields))
    named.update(includes, charts)
    return Kustomization(folder.path, file, text, component, includes, frozenset(named), charts)


def _resolved(tree: Tree, directory: str, entry: str) -> str:
    path = normal(os.path.join(directory, entry))
    if tree.linked and not tree.linked.isdisjoint(upwards(path)):
        return normal(os.path.relpath(os.path.realpath(path)))
    return path


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value that can be the path of a manifest; KEY=PATH of generators too."""
    if isinstance(value, str):
        if value.endswith(files.MANIFESTS) and "\n" not in value:
            yield value.rpartition("=")[2]
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def _charts(tree: Tree, directory: str, fields: dict[str, Any]) -> Iterator[str]:
    """The local charts that helmCharts names, in chartHome."""
    options = fields.get("helmGlobals")
    home = options.get("chartHome") if isinstance(options, dict) else None
    charts = fields.get("helmCharts")
    for chart in charts if isinstance(charts, list) else ():
        if isinstance(chart, dict) and isinstance(chart.get("name"), str):
            path = f"{home if isinstance(home, str) else 'charts'}/{chart['name']}"
            yield _resolved(tree, directory, path)

    for chart in entries_of(fields, "helmChartInflationGenerator"):
        local = chart.get("chartHome") or "charts"
        if isinstance(chart.get("chartName"), str) and isinstance(local, str):
            yield _resolved(tree, directory, f"{local}/{chart['chartName']}")


def entries_of(fields: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The mappings of a list field."""
    field = fields.get(key)
    return [entry for entry in field if isinstance(entry, dict)] if isinstance(field, list) else []


# ---------------------------------------------------------------- what is no target


def passed_over(graph: Graph, targets: set[str]) -> tuple[list[PassedOver], list[Result]]:
    """The kustomizations that are no targets, and errors about those that are built on
    themselves.
    """
    # What only a Component is built on, which nothing uses, is in no cycle.
    components = [path for path, each in graph.all.items() if each.component]
    built = graph.reachable([*graph.outermost(), *components, *targets])
    inside: list[PassedOver] = []
    results: list[Result] = []
    told: set[str] = set()
    for path, each in graph.all.items():
        if path in targets:
            continue
        if each.component:
            inside.append(PassedOver(path, f"{each.file} is a Component", _COMPONENT))
        elif path in built:
            inside.append(PassedOver(path, _user(graph, path), _INCLUDED))
        else:
            inside.append(PassedOver(path, _user(graph, path), _CYCLE))
            results += _cycle(graph, path, told)

    return inside, results


def _user(graph: Graph, path: str) -> str:
    """The kustomizations that are built on this one, in words."""
    users = graph.users.get(path, ())
    if not users:
        return ""
    first = graph.all[users[0]]
    line = reading.line_with(first.text, first.includes[path])
    others = counted(len(users) - 1, "more kustomization") if len(users) > 1 else ""
    return f"{first.file}:{line} names it" + (f", and {others}" if others else "")


def _cycle(graph: Graph, path: str, told: set[str]) -> list[Result]:
    """The error about the cycle that a kustomization is in or leads to, once for each cycle."""
    steps = [path]
    while True:
        user = next((each for each in graph.users[steps[-1]] if each not in told), None)
        if user is None:
            return []
        if user in steps:
            break
        steps.append(user)

    cycle = steps[steps.index(user) :][::-1]
    told.update(cycle)
    shown = " -> ".join([*cycle, cycle[0]])
    file = graph.all[cycle[0]].file
    message = (
        f"{file}: kustomizations are built on themselves: {shown}; none of them can be built, and "
        "none is a target; take one of these entries out"
    )
    return [Result("error", message, file=file, code="fleet-cycle")]
