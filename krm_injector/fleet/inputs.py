"""What rendering a target can read: never less, and not much more. docs/fleet-cache.md says on what
this rests.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from krm_injector.fleet.kustomization_inputs import Found, Kustomizations, add_tree
from krm_injector.fleet.model import Cluster, Inputs, Target
from krm_injector.fleet.places import Places, join
from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.kube.paths import at
from krm_injector.model import Refusals, Refused
from krm_injector.sources import files, ignore, kustomizations, programs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Options of a single command that name files or directories, and the Cluster's field.
_PATHS = {"mesh": "mesh", "context": "context", "from_mesh": "", "to_mesh": ""}
# Options of kustomize and helm after which nothing else is read. A True takes a value.
_KUSTOMIZE = {
    "--enable-helm": False,
    "--helm-api-versions": True,
    "--helm-debug": False,
    "--helm-kube-version": True,
    "--load-restrictor": True,
    "--reorder": True,
}
_HELM = {
    "--api-versions": True,
    "-a": True,
    "--debug": False,
    "--disable-openapi-validation": False,
    "--include-crds": False,
    "--is-upgrade": False,
    "--kube-version": True,
    "--name-template": True,
    "--namespace": True,
    "-n": True,
    "--no-hooks": False,
    "--release-name": False,
    "--set": True,
    "--set-json": True,
    "--set-literal": True,
    "--set-string": True,
    "--show-only": True,
    "-s": True,
    "--skip-crds": False,
    "--skip-schema-validation": False,
    "--skip-tests": False,
}
_VALUES = ("--values", "-f", "--set-file")
_UNRESTRICTED = "LoadRestrictionsNone"


def inputs(target: Target, cluster: Cluster | None, options: Mapping[str, Any]) -> Inputs:
    """The inputs of one target. For several, Reader reads what they share once."""
    return Reader().inputs(target, cluster, options)


class Reader:
    """Reads each file of a repository once, for the inputs of all targets. It does not notice
    changes: one Reader is for one run.
    """

    def __init__(self) -> None:
        self.places = Places()
        self._restricted = Kustomizations(self.places)
        self._unrestricted = Kustomizations(self.places, restricted=False)
        self._known: dict[str, tuple[Target, Cluster | None, dict[str, Any], Inputs]] = {}
        self._configs: dict[str, tuple[str, ...]] = {}

    def inputs(self, target: Target, cluster: Cluster | None, options: Mapping[str, Any]) -> Inputs:
        """``options``: those of the Task. What they leave out is the cluster's."""
        asked = (target, cluster, dict(options))
        known = self._known.get(target.name)
        if known is None or known[:3] != asked:
            known = self._known[target.name] = (*asked, self._read(*asked))
        return known[3]

    def paths(self, read: Inputs) -> list[str]:
        """The files and links of a target that exist."""
        found = {path for path in read.files if os.path.islink(path) or os.path.isfile(path)}
        for directory in read.directories:
            found.update(self.places.tree(directory))
        for directory in read.manifests:
            found.update(self.places.listing(directory).files)
        return sorted(found)

    def _read(self, target: Target, cluster: Cluster | None, options: dict[str, Any]) -> Inputs:
        found = Found()
        self._directory(found, target, bool(options.get("allow_exec")))
        self._options(found, target, cluster, options)
        return Inputs(
            tuple(sorted(found.files)),
            tuple(sorted(found.directories)),
            found.unknown,
            tuple(sorted(found.manifests)),
            tuple(sorted(found.programs)),
            tuple(map(os.path.normpath, target.named_in)),
        )

    # ------------------------------------------------------------ the directory

    def _directory(self, found: Found, target: Target, allow_exec: bool) -> None:
        """What the directory is rendered from, by the rules of cli.directories."""
        path = os.path.normpath(target.path)
        place = self.places.look(path)
        found.files.update(place.links)
        path = place.path
        if place.kind != "directory":
            found.add(place)
        elif files.is_kustomization(path):
            self._kustomization(found, path, target.options, allow_exec)
        elif os.path.isfile(os.path.join(path, files.CHART)):
            found.programs.add("helm")
            add_tree(found, self.places, place)
            self._helm_options(found, target.options)
        else:
            self._plain(found, path)

        # A kustomization beside a chart is what counts; if it goes, the chart does.
        for name in (*files.KUSTOMIZATIONS, files.CHART, files.KPTFILE, FUNCTION_FILE):
            found.add(self.places.look(join(path, name)))
        for file in target.values:
            self._values_file(found, file)

    def _kustomization(
        self, found: Found, path: str, words: Sequence[str], allow_exec: bool
    ) -> None:
        given = " ".join(words)
        read = self._unrestricted if _UNRESTRICTED in given else self._restricted
        found.merge(read.of(path))
        for option, _ in _options(words, _KUSTOMIZE):
            if option not in _KUSTOMIZE:
                found.doubt(f"what kustomize reads with {option} is not known")

        if allow_exec and found.functions:
            found.doubt(f"{found.functions}, and --allow-exec allows it")
        if found.configs:
            functions = programs.of_kustomization(path)
            is_run = functions.own and (allow_exec or functions.harmless)
            if is_run and not programs.can_be_left_out(functions):
                found.doubt(f"kustomize runs the krm-injector on PATH for {path}")

    def _plain(self, found: Found, path: str) -> None:
        """Manifests as they are, and those of kustomizations that only list files."""
        self._manifests(found, path)
        listing = self.places.listing(path)
        if any(os.path.basename(file) == files.KPTFILE for file in listing.files):
            self._package(found, path)
        for below in sorted(listing.closed):
            if kustomizations.only_lists(below):
                found.merge(self._restricted.of(below))

    def _manifests(self, found: Found, directory: str) -> None:
        """The manifests in and below a directory, and what those lead to that are links."""
        found.manifests.add(directory)
        self._ignore_files(found, directory)
        links = frozenset(self.places.links_below(directory))
        for file in links.intersection(self.places.listing(directory).files):
            found.add(self.places.look(file))

    def _ignore_files(self, found: Found, directory: str) -> None:
        """The ignore files of the directories above, up to the repository. Those below are among
        the manifests' files.
        """
        top, path = os.path.abspath(ignore.top_of(directory)), os.path.abspath(directory)
        while True:
            for name in ignore.FILES:
                found.add(self.places.look(os.path.relpath(os.path.join(path, name))))
            if path in (top, os.path.dirname(path)):
                break
            path = os.path.dirname(path)

    def _package(self, found: Found, path: str) -> None:
        """A kpt package: explain runs its pipeline."""
        try:
            has_pipeline, functions = programs.of_package(path)
        except Refused as refused:
            found.doubt(str(refused))
            return

        found.configs += functions.configs
        if has_pipeline:
            found.programs.add("kpt")
            add_tree(found, self.places, self.places.look(path))
        if functions.others or functions.containers:
            found.doubt(f"the Kptfiles of {path} run functions")

    # ------------------------------------------------------------ options of kustomize and helm

    def _helm_options(self, found: Found, words: Sequence[str]) -> None:
        for option, value in _options(words, {**_HELM, **dict.fromkeys(_VALUES, True)}):
            if option in ("--values", "-f"):
                for file in value.split(","):
                    self._values_file(found, file)
            elif option == "--set-file":
                for pair in value.split(","):
                    self._values_file(found, pair.partition("=")[2])
            elif option not in _HELM:
                found.doubt(f"what helm reads with {option} is not known")

    def _values_file(self, found: Found, file: str) -> None:
        if "://" in file:
            found.doubt(f"it is rendered with the values of {file}")
        elif file:
            found.add(self.places.look(os.path.normpath(file)))

    # ------------------------------------------------------------ options of krm-injector

    def _options(
        self, found: Found, target: Target, cluster: Cluster | None, options: dict[str, Any]
    ) -> None:
        for name, field in _PATHS.items():
            stated = options.get(name)
            if not stated and cluster is not None and field:
                stated = getattr(cluster, field)
            for path in (stated,) if isinstance(stated, str) else stated or ():
                self._context(found, path)

        for name in ("kustomize", "helm"):  # a program of the repository
            program = options.get(name) or ""
            if "/" in program and not os.path.isabs(program):
                found.add(self.places.look(os.path.normpath(program)))

        config = options.get("config") or (cluster.config if cluster is not None else "")
        config = config or join(os.path.normpath(target.path), FUNCTION_FILE)
        found.add(self.places.look(os.path.normpath(config)))
        named = list(self._named_by(config))
        for each in found.configs:
            named += _named_in(each.value, each.root)
        for file in named:
            found.add(self.places.look(file))

    def _context(self, found: Found, path: str) -> None:
        """A file, or a directory of which the manifests are read, those of kustomizations too."""
        place = self.places.look(os.path.normpath(path))
        found.add(place)
        if place.kind != "directory":
            return

        self._manifests(found, place.path)
        for below in self.places.listing(place.path).closed:
            if files.is_kustomization(below):
                self._manifests(found, below)

    def _named_by(self, config: str) -> tuple[str, ...]:
        """The files that the functionConfig in a file names."""
        if config not in self._configs:
            value: Any = None
            if os.path.isfile(config):
                with Refusals():  # the run says what is wrong with it
                    _, value = kustomizations.read(config)

            self._configs[config] = _named_in(value, os.path.dirname(config))
        return self._configs[config]


def _named_in(config: Any, root: str) -> tuple[str, ...]:
    """The files that a functionConfig names. Its paths are relative to ``root``."""
    named: list[str] = []
    for field in ("mesh", "images"):
        stated = at(config, ("spec", field, "file"))
        named += [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    return tuple(join(root, file) for file in named if isinstance(file, str) and file)


def _options(words: Sequence[str], takes_value: Mapping[str, bool]) -> list[tuple[str, str]]:
    """The options among words with their values."""
    found: list[tuple[str, str]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not equals and takes_value.get(option) and rest:
            value = rest.pop(0)
        found.append((option, value))
    return found
