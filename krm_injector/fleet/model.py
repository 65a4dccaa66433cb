"""The values that the parts of a fleet run give to each other. They do not change, and each has a
form in JSON (serial.py), since workers, caches and shards may be elsewhere.
"""

from __future__ import annotations

from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    TargetKind = Literal["kustomization", "chart", "package", "directory"]
    # diff and images are of single commands for a directory of several targets.
    FleetCommand = Literal["list", "build", "explain", "verify", "plan", "diff", "images"]


class Cluster(NamedTuple):
    """One cluster of a fleet file. Paths are relative to the working directory."""

    name: str
    mesh: tuple[str, ...] = ()  # mesh files; (): that of the target's bundle or the profile
    context: tuple[str, ...] = ()  # manifests with Namespaces and mesh, as --context reads them
    config: str = ""  # a functionConfig; "": that of the target
    revision: str = ""
    kubernetes_version: str = ""  # of the oldest kubelet, "1.33"; "": not stated
    labels: dict[str, str] = {}  # noqa: RUF012 - of the user: stage, region; waves select by them


class Target(NamedTuple):
    """What is rendered by itself: one directory, with one set of values, for one cluster."""

    name: str  # unique in a fleet, also a relative path: "eu-1/apps/shop/overlays/prod"
    kind: TargetKind
    path: str  # the directory, relative to the working directory, with "/"
    why: str  # what makes it a target, in words, with file and line where one names it
    cluster: str = ""  # the Cluster's name; "" if no fleet file says one
    namespace: str = ""  # of manifests that name none, and of a chart's release
    release: str = ""  # of a chart
    values: tuple[str, ...] = ()  # of a chart: paths of values files, relative as path is
    set_values: tuple[tuple[str, str], ...] = ()  # of a chart: as --set NAME=VALUE
    options: tuple[str, ...] = ()  # for kustomize or helm, as after --
    labels: dict[str, str] = {}  # noqa: RUF012 - those of the cluster, then those of the target
    # Files that name it and its options: the fleet file, an Application. It does not read them.
    named_in: tuple[str, ...] = ()


class PassedOver(NamedTuple):
    """What was found and is no target, and why."""

    path: str
    why: str  # "apps/shop/overlays/prod is built on it"
    reason: str = (
        ""  # the same for all of its kind, for counts: "another kustomization is built on it"
    )


class Fleet(NamedTuple):
    """All targets, in the order of their names."""

    targets: tuple[Target, ...]
    clusters: tuple[Cluster, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    results: tuple[Result, ...] = ()  # about what could not be read or is doubtful

    def cluster(self, target: Target) -> Cluster | None:
        return next((each for each in self.clusters if each.name == target.cluster), None)


class Inputs(NamedTuple):
    """What rendering a target can read, as far as local files show it.

    Files may be absent: then their absence is what is read. Where a directory stands in place of a
    file, only that is read. A link and what it leads to are two files. Of a directory everything
    below it is read. Paths are relative to the working directory, or absolute if the target's is.
    """

    files: tuple[str, ...]
    directories: tuple[str, ...] = ()
    unknown: str = ""  # why more may be read, in words: "it is built on https://..."; "": nothing
    # Directories of which the manifests are read, as sources.files.find does.
    manifests: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()  # that rendering starts: "helm", "kpt", "kustomize"
    named_in: tuple[str, ...] = ()  # those of the target; rendering does not read them


class Task(NamedTuple):
    """One target, and what to do with it. A worker needs nothing else but the files."""

    target: Target
    command: FleetCommand
    # Fields of cli.request.Arguments: mesh, context, config, revision, from_mesh, ...
    options: dict[str, Any]
    environment: dict[str, str]  # PATH, KRM_INJECTOR_SHAPES


class TargetResult(NamedTuple):
    """What a target came to. ``code`` is 0 or 1; with 1 there is no text."""

    name: str  # of the target
    code: int
    text: str = ""  # build: the manifests
    data: dict[str, Any] = {}  # noqa: RUF012 - explain, verify, plan: see cli/fleet_tasks.py
    results: tuple[Result, ...] = ()
    cost: float = 0.0  # CPU seconds with those of kustomize and helm; in no verdict, and not cached
    cached: bool = False


class Report(NamedTuple):
    """What a run came to, or a shard of it."""

    command: FleetCommand
    fleet: Fleet  # the whole fleet, also in a shard
    results: tuple[TargetResult, ...]  # in the order of the targets; a shard has its own
    options: dict[str, Any] = {}  # noqa: RUF012 - that the forms show: from, to, changed-since
    shard: tuple[int, int] = (1, 1)  # number, from 1, and how many there are
    # Targets that nothing touched since --changed-since.
    untouched: tuple[str, ...] = ()
    notes: tuple[Result, ...] = ()  # about the run: a cache that is not used, retried workers
