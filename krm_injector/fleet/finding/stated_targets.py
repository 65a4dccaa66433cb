"""The targets that a fleet file names -> candidates. Each path must be there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import takewhile

from krm_injector.fleet.finding.candidates import Candidate, kind_of, unrendered_below
from krm_injector.fleet.finding.tree import Tree, within
from krm_injector.fleet.fleet_file import Entry, FleetFile
from krm_injector.model import Result
from krm_injector.sources import ignore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.model import TargetKind

_MAGIC = frozenset("*?[")


def read(
    tree: Tree, fleet_file: FleetFile, components: frozenset[str]
) -> tuple[list[Candidate], list[Result]]:
    candidates: list[Candidate] = []
    results: list[Result] = []
    for entry in fleet_file.entries:
        paths = list(_paths(tree, entry, components))
        if not paths:
            results.append(_nothing(tree, entry))
        for path, kind in paths:
            results += _unread_values(entry, path, kind)
            candidates += _of_clusters(entry, path, kind)

    return candidates, results


def _paths(
    tree: Tree, entry: Entry, components: frozenset[str]
) -> Iterator[tuple[str, TargetKind]]:
    """The directories that an entry names. A pattern names only what can be rendered, and no
    Components.
    """
    if not is_pattern(entry.path):
        kind = _kind(tree, entry.path)
        if kind is not None:
            yield entry.path, kind
        return

    pattern = ignore.compiled(entry.path)
    outer = ""  # a plain directory has those below it in itself
    for path in tree.folders:
        if pattern is None or not pattern.match(path) or path in components:
            continue
        if outer and within(path, outer):
            continue
        kind = _kind(tree, path)
        if kind is not None and (kind != "directory" or not unrendered_below(tree, path)):
            outer = path if kind == "directory" else ""
            yield path, kind


def is_pattern(path: str) -> bool:
    return not _MAGIC.isdisjoint(path)


def fixed(path: str) -> str:
    """The part of a path before its first pattern."""
    steps = path.split("/")
    before = list(takewhile(lambda step: not is_pattern(step), steps))
    return "/".join(before) or ("/" if path.startswith("/") else ".")


def _kind(tree: Tree, path: str) -> TargetKind | None:
    """What a directory is; None if it contains nothing to render."""
    if path in (link.path for link in tree.links):
        return kind_of(path) or "directory"  # links.py refuses it
    if path not in tree.folders:
        return None

    has_manifests = any(folder.manifests for folder in tree.below(path))
    return kind_of(path) or ("directory" if has_manifests else None)


def _of_clusters(entry: Entry, path: str, kind: TargetKind) -> Iterator[Candidate]:
    candidate = Candidate(
        path,
        kind,
        f"{entry.place} names it",
        entry.place,
        name=entry.name,
        namespace=entry.namespace,
        release=entry.release,
        values=entry.values,
        set_values=entry.set_values,
        options=entry.options,
        labels=entry.labels,
    )
    if not entry.clusters:
        yield candidate
    for cluster in entry.clusters:
        yield candidate._replace(cluster=cluster.name)


def _unread_values(entry: Entry, path: str, kind: TargetKind) -> list[Result]:
    """The error about values for something that is no chart."""
    stated = {"values": entry.values, "set": entry.set_values, "release": entry.release}
    fields = [name for name, value in stated.items() if value]
    if kind == "chart" or not fields:
        return []

    verb = "is" if len(fields) == 1 else "are"
    message = f"{entry.place}: {' and '.join(fields)} {verb} for a chart, and {path} is a {kind}"
    return [Result("error", message, file=entry.place.rpartition(":")[0], code="fleet-target")]


def _nothing(tree: Tree, entry: Entry) -> Result:
    """The error about a path without anything to render."""
    reason = f"there is no directory {entry.path}"
    if is_pattern(entry.path):
        reason = f"no directory with anything to render matches {entry.path}"
    elif os.path.isdir(entry.path) and entry.path not in tree.folders:
        reason = f"the path {entry.path} leads out of the repository"
    elif os.path.isdir(entry.path):
        reason = f"{entry.path} holds no kustomization, chart, package or manifests"
    elif os.path.exists(entry.path):
        reason = f"{entry.path} is no directory"

    near = None if is_pattern(entry.path) else _near(tree, entry.path)
    hint = f"; did you mean {near}?" if near else ""
    message = f"{entry.place}: {reason}{hint}"
    return Result("error", message, file=entry.place.rpartition(":")[0], code="fleet-target")


def _near(tree: Tree, path: str) -> str | None:
    from difflib import get_close_matches

    renderable = [each.path for each in tree.folders.values() if each.files]
    return next(iter(get_close_matches(path, renderable, 1, 0.8)), None)
