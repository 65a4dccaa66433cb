"""The sources of Flux's Kustomizations: which directory of which repository a path means.

A GitRepository is the repository as it is. An ExternalArtifact has the directories that an
ArtifactGenerator copies out of one (source.extensions.fluxcd.io/v1beta1, source-watcher 2.0).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from krm_injector.fleet.finding.reading import Found
from krm_injector.fleet.finding.repository import mapping, mappings, text
from krm_injector.fleet.finding.tree import normal, relative, within
from krm_injector.named_tuple import NamedTuple

_SOURCE_GROUP = "source.toolkit.fluxcd.io"
_ARTIFACT_GROUP = "source.extensions.fluxcd.io"


class Source(NamedTuple):
    url: str  # of the repository; "" if no object tells
    path: str


class Sources:
    """The objects that define sources. Several clusters of a repository have some of one name."""

    def __init__(self, objects: Sequence[Found]) -> None:
        self._repositories = [
            found
            for found in objects
            if found.group == _SOURCE_GROUP and found.kind == "GitRepository"
        ]
        self._generators = [
            found
            for found in objects
            if found.group == _ARTIFACT_GROUP and found.kind == "ArtifactGenerator"
        ]

    def of(self, found: Found) -> Source | None:
        """The source of a Kustomization; None if it is no directory of a repository."""
        spec = mapping(found.value, "spec")
        kind, name = text(spec, "sourceRef", "kind"), text(spec, "sourceRef", "name")
        path = normal(text(spec, "path") or ".")
        if kind in ("", "GitRepository"):
            return Source(self._url(found, name), path)
        if kind == "ExternalArtifact":
            return self._of_artifact(found, name, path)
        return None

    def _url(self, found: Found, name: str) -> str:
        named = [each for each in self._repositories if each.name == name]
        return text(_nearest(found, named).value, "spec", "url") if named else ""

    def _of_artifact(self, found: Found, name: str, path: str) -> Source | None:
        """What an ArtifactGenerator has copied to a path of its artifact."""
        having = [each for each in self._generators if any(_copies(each, name))]
        if not having:
            return None

        generator = _nearest(found, having)
        best: tuple[int, Source] | None = None
        for alias, source, destination in _copies(generator, name):
            if not within(path, destination):
                continue
            repository = _alias(generator, alias)
            if repository is None:
                continue
            local = normal(os.path.join(source, relative(path, destination)))
            made = Source(self._url(found, repository), local)
            if best is None or len(destination) > best[0]:
                best = (len(destination), made)

        return best[1] if best else None


def _copies(generator: Found, name: str) -> Iterator[tuple[str, str, str]]:
    """The copies into an artifact: alias of the source, directory there, directory here."""
    for artifact in mappings(generator.value, "spec", "artifacts"):
        if artifact.get("name") != name:
            continue
        for copy in mappings(artifact, "copy"):
            alias, _, source = text(copy, "from").removeprefix("@").partition("/")
            _, _, destination = text(copy, "to").partition("/")
            if source.endswith("/**"):
                yield alias, source.removesuffix("/**"), normal(destination)


def _alias(generator: Found, alias: str) -> str | None:
    """The name of the GitRepository behind an alias; None if it is something else."""
    for source in mappings(generator.value, "spec", "sources"):
        if source.get("alias") == alias and source.get("kind") == "GitRepository":
            return text(source, "name")
    return None


def _nearest(found: Found, others: Sequence[Found]) -> Found:
    """The one whose file is nearest: a directory for each cluster has its own sources."""
    steps = found.file.split("/")[:-1]

    def shared(other: Found) -> int:
        equal = [mine == theirs for mine, theirs in zip(steps, other.file.split("/"), strict=False)]
        return equal.index(False) if False in equal else len(equal)

    return max(others, key=shared)
