"""The kpt packages of a repository: those that no other package is around."""

from __future__ import annotations

from collections.abc import Collection

from krm_injector.fleet.finding.candidates import Candidate, unrendered_below
from krm_injector.fleet.finding.kustomizations import Graph
from krm_injector.fleet.finding.tree import Tree, join, within
from krm_injector.fleet.model import PassedOver
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files

_SUBPACKAGE = "it is in a package"
_AROUND = "a kustomization or chart below it is rendered by itself"


class Packages(NamedTuple):
    candidates: tuple[Candidate, ...]
    passed_over: tuple[PassedOver, ...]


def read(tree: Tree, graph: Graph, charts: Collection[str]) -> Packages:
    """A kustomization or chart with a Kptfile beside it is that, as for `krm-injector build`. A
    package around one cannot be read as a whole.
    """
    candidates: list[Candidate] = []
    passed_over: list[PassedOver] = []
    outer = ""
    for path, folder in tree.folders.items():
        if files.KPTFILE not in folder.files or path in graph.all or path in charts:
            continue
        if outer and within(path, outer):
            passed_over.append(PassedOver(path, f"it is in the package {outer}", _SUBPACKAGE))
            continue

        below = unrendered_below(tree, path)
        if below:
            why = f"{below[0]} below it is rendered by itself"
            passed_over.append(PassedOver(path, why, _AROUND))
            continue

        outer = path
        why = f"{join(path, files.KPTFILE)} makes it a package, and no other is around it"
        candidates.append(Candidate(path, "package", why))

    return Packages(tuple(candidates), tuple(passed_over))
