"""The way from directories and a fleet file to a Fleet."""

from __future__ import annotations

import os
from collections.abc import Sequence

from krm_injector.fleet import fleet_file as fleet_files
from krm_injector.fleet.finding import repository_contents, stated_targets, tree
from krm_injector.fleet.finding.tree import Link, Tree
from krm_injector.fleet.fleet_file import FleetFile
from krm_injector.fleet.model import Fleet
from krm_injector.model import Refusals, Refused, Result
from krm_injector.sources import ignore


def find(roots: Sequence[str], fleet_file: str | None, mixed: bool = False) -> Fleet:
    """See the package."""
    directories = [tree.normal(root) for root in dict.fromkeys(roots or ["."])]
    refusals = Refusals()
    stated = FleetFile("", directories[0])
    with refusals:
        file = fleet_file or _fleet_file(directories)
        if file:
            stated = fleet_files.read(file)

    walked = Tree(ignore.top_of(directories[0]))
    for directory in directories:
        with refusals:
            tree.walk(walked, directory, stated.ignored, stated.directory)

    refusals.raise_all()
    _walk_stated(walked, stated)
    fleet = repository_contents.read(walked, directories, stated, mixed)
    return fleet if fleet.targets else _empty(fleet, directories)


def _fleet_file(directories: Sequence[str]) -> str | None:
    """The fleet file in the directories. Raises Refused if there are several."""
    paths = [tree.join(directory, fleet_files.NAME) for directory in directories]
    found = [path for path in paths if os.path.isfile(path)]
    if len(found) < 2:
        return found[0] if found else None

    message = f"{' and '.join(found)} are fleet files; name the one to use: --fleet FILE"
    raise Refused(Result("error", message, file=found[0], code="fleet-file"))


def _walk_stated(walked: Tree, stated: FleetFile) -> None:
    """Adds the directories that the fleet file names and that are not below the roots, or that an
    ignore file names, but none outside of the repository.
    """
    tops = {os.path.abspath(top) for top in (walked.top, ignore.top_of(stated.directory))}
    real_tops = {os.path.realpath(top) for top in tops}
    for entry in stated.entries:
        path = stated_targets.fixed(entry.path)
        if path in walked.folders or not os.path.isdir(path):
            continue

        if not any(tree.within(os.path.abspath(path), top) for top in tops):
            continue

        real = os.path.realpath(path)
        if any(tree.within(real, top) for top in real_tops):
            tree.walk(walked, path)
        else:
            walked.links.append(Link(path, real))


def _empty(fleet: Fleet, directories: Sequence[str]) -> Fleet:
    """The fleet without targets, with the error that says so."""
    shown = ", ".join(directories)
    message = (
        f"there are no targets in {shown}: no kustomization, chart, package or manifests that "
        "nothing else renders"
    )
    if fleet.passed_over:
        message += "; krm-injector fleet list -v says what was passed over and why"
    message += f". Name another directory, or list the targets in {fleet_files.NAME}"
    result = Result("error", message, file=directories[0], code="fleet-empty")
    return fleet._replace(results=(*fleet.results, result))
