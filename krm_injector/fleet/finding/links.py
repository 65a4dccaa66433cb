"""Symbolic links that lead out of the repository: no target may read through one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.finding.candidates import Candidate
from krm_injector.fleet.finding.kustomizations import Graph
from krm_injector.fleet.finding.tree import Link, Tree, within
from krm_injector.fleet.model import PassedOver
from krm_injector.model import Result

_LINK = "a link in it leads out of the repository"


def refused(
    tree: Tree, graph: Graph, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], list[PassedOver], list[Result]]:
    """The candidates without those that have such a link, and what is said of these."""
    if not tree.links:
        return list(candidates), [], []

    kept: list[Candidate] = []
    passed_over: list[PassedOver] = []
    results: list[Result] = []
    for candidate in candidates:
        link = _of(tree.links, graph, candidate)
        if link is None:
            kept.append(candidate)
            continue

        why = f"{link.path} is a link to {link.target}, outside of {tree.top}"
        passed_over.append(PassedOver(candidate.path, why, _LINK))
        message = (
            f"{candidate.path} is not rendered: {why}. A target may read only its repository; "
            "replace the link by what it leads to"
        )
        results.append(Result("error", message, file=link.path, code="fleet-link"))

    return kept, passed_over, results


def _of(links: Iterable[Link], graph: Graph, candidate: Candidate) -> Link | None:
    """The first link that rendering a candidate can read."""
    directories = graph.reachable([candidate.path]) or {candidate.path}
    for link in links:
        if any(link.path == path or _owns(graph, path, link.path) for path in directories):
            return link
    return None


def _owns(graph: Graph, directory: str, path: str) -> bool:
    """Whether a path is below a directory, and not below a kustomization in it."""
    if not within(path, directory):
        return False

    parent = path
    while directory in graph.all and parent != directory and parent not in (".", ""):
        parent = parent.rpartition("/")[0] or "."
        if parent != directory and parent in graph.all:
            return False

    return True
