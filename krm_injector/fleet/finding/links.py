"""Symbolic links that lead out of the repository: no target may read through one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from krm_injector.fleet.finding.candidates import Candidate
from krm_injector.fleet.finding.kustomizations import Graph
from krm_injector.fleet.finding.tree import Link, Tree, upwards
from krm_injector.fleet.model import PassedOver
from krm_injector.model import Result
from krm_injector.sources import files

_LINK = "a link in it leads out of the repository"


def refused(
    tree: Tree, graph: Graph, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], list[PassedOver], list[Result]]:
    """The candidates without those that have such a link, and what is said of these."""
    if not tree.links:
        return list(candidates), [], []

    readers = _readers(tree.links, graph)
    of_manifests = _readers(filter(_is_manifest, tree.links), graph)
    themselves = {link.path: link for link in tree.links}
    kept: list[Candidate] = []
    passed_over: list[PassedOver] = []
    results: list[Result] = []
    for candidate in candidates:
        directories = graph.reachable([candidate.path]) or {candidate.path}
        reading = of_manifests if candidate.kind == "directory" else readers
        link = next((reading[path] for path in sorted(directories) if path in reading), None)
        link = themselves.get(candidate.path, link)
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


def _is_manifest(link: Link) -> bool:
    """Whether a directory of plain manifests would read it. Nobody follows a link to a directory
    there (see tree.py).
    """
    return files.is_manifest_name(os.path.basename(link.path)) and not os.path.isdir(link.target)


def _readers(links: Iterable[Link], graph: Graph) -> dict[str, Link]:
    """The directories whose rendering can read a link -> the first such link: all above it, up to
    the nearest kustomization, which reads no others' files.
    """
    readers: dict[str, Link] = {}
    for link in links:
        for path in upwards(link.path):
            readers.setdefault(path, link)
            if path in graph.all:
                break

    return readers
