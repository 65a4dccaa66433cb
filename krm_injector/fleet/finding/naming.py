"""Candidates -> targets with names. docs/fleet-file.md has the rule.

A name is the path from the root, behind the cluster's name if there is one, and with @ and the
values file or the Application if a directory is several targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from krm_injector.fleet.finding.candidates import Candidate
from krm_injector.fleet.finding.tree import relative, within
from krm_injector.fleet.model import Cluster, Target
from krm_injector.model import Result
from krm_injector.sources import files

_OF_ROOT = "root"  # of the root itself


def targets(
    candidates: Sequence[Candidate], roots: Sequence[str], clusters: Mapping[str, Cluster]
) -> tuple[list[Target], list[Result]]:
    """The targets in the order of their names, and errors about two of one name."""
    by_name: dict[str, list[Candidate]] = {}
    for candidate in _joined(candidates):
        by_name.setdefault(_name(candidate, roots), []).append(candidate)

    for name, equal in list(by_name.items()):
        if len(equal) > 1:
            del by_name[name]
            for candidate in equal:
                by_name.setdefault(_told_apart(name, candidate), []).append(candidate)

    found: list[Target] = []
    results: list[Result] = []
    for name, equal in by_name.items():
        found.append(_target(name, equal[0], clusters))
        if len(equal) > 1:
            results.append(_twice(name, equal))

    return sorted(found, key=lambda target: target.name), results


def _joined(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The candidates, those that would render the same joined to one with all reasons."""
    alike: dict[tuple[object, ...], list[Candidate]] = {}
    for candidate in candidates:
        alike.setdefault((candidate.name, *candidate.content), []).append(candidate)

    for first, *others in alike.values():
        reasons = dict.fromkeys([first.why, *(other.why for other in others)])
        shown, rest = list(reasons)[:2], len(reasons) - 2
        why = "; ".join(shown) + (f"; and {rest} more" if rest > 0 else "")
        yield first._replace(why=why, origin=first.origin if not others else "")


def _name(candidate: Candidate, roots: Sequence[str]) -> str:
    path = candidate.name or _path(candidate.path, roots)
    name = f"{candidate.cluster}/{path}" if candidate.cluster else path
    return f"{name}@{candidate.variant}" if candidate.variant else name


def _path(path: str, roots: Sequence[str]) -> str:
    """The path from the root. With several roots the path of the root comes first, so that their
    names differ.
    """
    if len(roots) == 1 and within(path, roots[0]):
        name = relative(path, roots[0])
        return files.shown(_OF_ROOT if name == "." else name)

    steps = [step for step in path.split("/") if step not in ("", ".", "..")]
    return files.shown("/".join(steps)) or _OF_ROOT


def _told_apart(name: str, candidate: Candidate) -> str:
    """A name with what makes the target another one than those of the same directory."""
    return f"{name}@{candidate.origin}" if candidate.origin else name


def _target(name: str, candidate: Candidate, clusters: Mapping[str, Cluster]) -> Target:
    cluster = clusters.get(candidate.cluster)
    labels = {**(cluster.labels if cluster else {}), **candidate.labels}
    return Target(
        name,
        candidate.kind,
        candidate.path,
        candidate.why,
        candidate.cluster,
        candidate.namespace,
        candidate.release,
        candidate.values,
        candidate.set_values,
        candidate.options,
        labels,
    )


def _twice(name: str, equal: Sequence[Candidate]) -> Result:
    places = dict.fromkeys(each.place or each.path for each in equal)
    shown = " and ".join(places)
    message = (
        f"two targets are named {name}, by {shown}; give one of them another name (name: in the "
        "fleet file), or take one out"
    )
    file = equal[0].place.rpartition(":")[0] or equal[0].path
    return Result("error", message, file=file, code="fleet-name")
