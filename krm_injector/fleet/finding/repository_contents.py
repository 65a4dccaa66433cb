"""What was walked through -> the Fleet: each way to find targets in turn, then names."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.fleet.finding import (
    charts,
    gitops,
    kustomizations,
    links,
    naming,
    packages,
    plain_directories,
    stated_targets,
)
from krm_injector.fleet.finding.candidates import Candidate
from krm_injector.fleet.finding.kustomizations import Graph
from krm_injector.fleet.finding.objects import Objects
from krm_injector.fleet.finding.repository import Repository
from krm_injector.fleet.finding.tree import Tree
from krm_injector.fleet.fleet_file import FleetFile
from krm_injector.fleet.model import Cluster, Fleet, PassedOver
from krm_injector.model import Result
from krm_injector.results import counted


def read(tree: Tree, roots: Sequence[str], stated: FleetFile, mixed: bool = False) -> Fleet:
    graph = kustomizations.read(tree)
    components = frozenset(path for path, each in graph.all.items() if each.component)
    candidates, results = stated_targets.read(tree, stated, components)
    passed_over = list(tree.passed_over)
    results = [*tree.results, *graph.results, *results]
    if stated.find:
        finding = _Finding(tree, graph, stated, candidates, mixed)
        finding.find()
        candidates = _for_the_cluster(finding.candidates, candidates, stated, results)
        passed_over += finding.passed_over
        results += finding.results

    candidates, refused, problems = links.refused(tree, graph, candidates)
    clusters = {cluster.name: cluster for cluster in stated.clusters}
    base = [stated.directory] if stated.file else list(roots)
    targets, twice = naming.targets(candidates, base, clusters)
    for target in targets:
        if target.cluster:
            clusters.setdefault(target.cluster, Cluster(target.cluster))

    return Fleet(
        tuple(targets),
        tuple(clusters.values()),
        tuple(sorted([*passed_over, *refused])),
        (*results, *problems, *twice),
    )


def _for_the_cluster(
    found: list[Candidate], named: list[Candidate], stated: FleetFile, results: list[Result]
) -> list[Candidate]:
    """All candidates. If the fleet file has only one cluster, they are for that one."""
    everything = [*named, *found]
    if len(stated.clusters) == 1:
        name = stated.clusters[0].name
        return [each if each.cluster else each._replace(cluster=name) for each in everything]

    without = [each for each in found if not each.cluster]
    if stated.clusters and without:
        message = (
            f"{stated.file} has {len(stated.clusters)} clusters, and nothing says for which of "
            f"them {counted(len(without), 'target')} are, as {without[0].path}; say it in "
            "spec.targets"
        )
        results.append(Result("warning", message, file=stated.file, code="fleet-no-cluster"))

    return everything


class _Finding:
    """Everything that is found without being named by the fleet file."""

    def __init__(
        self,
        tree: Tree,
        graph: Graph,
        stated: FleetFile,
        named: Sequence[Candidate],
        mixed: bool,
    ) -> None:
        self.tree, self.graph, self.stated, self.mixed = tree, graph, stated, mixed
        self.named = {candidate.path for candidate in named}  # the fleet file says enough of these
        self.candidates: list[Candidate] = []
        self.passed_over: list[PassedOver] = []
        self.results: list[Result] = []

    def find(self) -> None:
        charts_found = charts.read(self.tree, self.graph)
        chart_paths = {
            *(each.path for each in charts_found.candidates),
            *(each.path for each in charts_found.passed_over),
        }
        facts = _facts(self.stated)
        objects = Objects(self.tree, chart_paths, facts)
        self._gitops(objects)
        self._kustomizations()
        self._charts(charts_found)
        package_paths = self._packages(chart_paths)

        owners = plain_directories.Owners(
            frozenset(self.graph.all),
            frozenset(path for each in self.graph.all.values() for path in each.named),
            frozenset({*chart_paths, *package_paths, *self.named}),
            facts,
        )
        found = plain_directories.read(self.tree, owners, objects.of, self.mixed)
        self._add(found.candidates)
        self.passed_over += found.passed_over
        self.results += [*found.results, *objects.results]

    def _add(self, candidates: Sequence[Candidate]) -> None:
        """Adds those that nothing names already."""
        self.candidates += [each for each in candidates if each.path not in self.named]

    def _gitops(self, objects: Objects) -> None:
        repository = Repository(
            self.tree, self.stated.repositories, self.stated.clusters, self.stated.servers
        )
        named = gitops.read(objects.gitops(), repository)
        self.passed_over += named.passed_over
        self.results += named.results
        for candidate in named.candidates:
            reason = self._nothing_to_render(candidate, objects)
            if reason:
                self.passed_over.append(PassedOver(candidate.path, reason, reason))
            elif candidate.path not in self.named:
                self.candidates.append(candidate)

        self.named |= {candidate.path for candidate in self.candidates}

    def _nothing_to_render(self, candidate: Candidate, objects: Objects) -> str:
        """Why a directory that an Application names is no target: it holds only others."""
        if candidate.kind != "directory":
            return ""
        paths = [path for each in self.tree.below(candidate.path) for path in each.manifests]
        return plain_directories.manifests(paths, objects.of)[1]

    def _kustomizations(self) -> None:
        for path in self.graph.outermost():
            file = self.graph.all[path].file
            why = f"{file}; no other kustomization is built on it"
            self._add([Candidate(path, "kustomization", why)])

        targets = {*self.named, *(each.path for each in self.candidates)}
        passed_over, errors = kustomizations.passed_over(self.graph, targets)
        self.passed_over += passed_over
        self.results += errors

    def _charts(self, found: charts.Charts) -> None:
        self._add(found.candidates)
        self.passed_over += [each for each in found.passed_over if each.path not in self.named]
        self.results += found.results

    def _packages(self, chart_paths: set[str]) -> set[str]:
        found = packages.read(self.tree, self.graph, chart_paths)
        self._add(found.candidates)
        self.passed_over += found.passed_over
        return {candidate.path for candidate in found.candidates}


def _facts(stated: FleetFile) -> frozenset[str]:
    """The files and directories that the fleet file gives as facts about clusters."""
    files = {stated.file}
    for cluster in stated.clusters:
        files.update(cluster.mesh, cluster.context, [cluster.config])
    return frozenset(files - {""})
