"""What `kustomize build` of a directory can read, as far as local files show it.

kustomize reads files only in and below the directory of the kustomization that names them
(api/internal/loader/loadrestrictions.go, 5.8.1). Other directories it reads only as kustomizations
(api/internal/target/kusttarget.go), and as charts. So each text of a kustomization that names
something below its directory counts as a file, whichever field has it; a file that is absent counts
too. That is more than kustomize reads, never less.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from krm_injector.fleet.kustomization_texts import (
    after_key,
    documents,
    inline,
    is_remote,
    is_url,
    lowered,
    may_be_remote,
    texts,
)
from krm_injector.fleet.places import Places, is_within, join
from krm_injector.model import Refused
from krm_injector.sources import files, kustomizations, programs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.fleet.places import Place
    from krm_injector.sources.programs import Config

# Keys as Go's JSON compares them, which ignores case.
_ROOTS = frozenset(kustomizations.DIRECTORIES)
_FUNCTIONS = frozenset(kustomizations.FUNCTIONS)
_CHARTS = frozenset(("helmcharts", "helmchartinflationgenerator"))
_WITHOUT_PATHS = frozenset(
    (
        "apiversion", "buildmetadata", "commonannotations", "commonlabels", "generatoroptions",
        "images", "imagetags", "kind", "labels", "metadata", "nameprefix", "namespace",
        "namesuffix", "replicas", "sortoptions", "vars",
    )
)  # fmt: skip
# Fields that name files and no directories.
_FILES = frozenset(
    (
        "configmapgenerator", "configurations", "crds", "helmglobals", "openapi", "patches",
        "patchesjson6902", "patchesstrategicmerge", "replacements", "secretgenerator",
    )
)  # fmt: skip
_HELM = "HelmChartInflationGenerator"
_LONGEST = 4096  # longer texts are no paths


class Found:
    """What is read, as it is gathered."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.directories: set[str] = set()
        self.manifests: set[str] = set()
        self.programs: set[str] = set()
        self.unknown = ""  # the first reason
        self.functions = ""  # what is run only if --allow-exec allows it
        self.configs: list[Config] = []  # of our own function

    def add(self, place: Place) -> None:
        """A file, or what is no file but could be one."""
        self.files.update(place.files)

    def merge(self, other: Found) -> None:
        self.files |= other.files
        self.directories |= other.directories
        self.manifests |= other.manifests
        self.programs |= other.programs
        self.configs += other.configs
        self.unknown = self.unknown or other.unknown
        self.functions = self.functions or other.functions

    def doubt(self, why: str) -> None:
        self.unknown = self.unknown or why


def add_tree(found: Found, places: Places, directory: Place) -> None:
    """Everything below a directory, and what links in it lead to; helm follows them."""
    found.files.update(directory.links)
    if directory.kind != "directory" or directory.path in found.directories:
        found.add(directory)
        return

    found.directories.add(directory.path)
    for link in places.links_below(directory.path):
        place = places.look(link)
        if place.kind == "directory":
            add_tree(found, places, place)
        else:
            found.add(place)


class Kustomizations:
    """What kustomizations read; each is read once. ``restricted``: kustomize's own rule about files
    outside of a directory is in force.
    """

    def __init__(self, places: Places, restricted: bool = True) -> None:
        self._places = places
        self._restricted = restricted
        self._known: dict[str, Found] = {}
        self._open: set[str] = set()  # those that are being read, to detect cycles
        self._documents: dict[str, list[Any] | None] = {}

    def of(self, directory: str) -> Found:
        """What building a directory reads."""
        place = self._places.look(directory)
        known = self._known.get(place.path)
        if known is None:
            if place.path in self._open:
                known = Found()
                known.doubt(f"{place.path} is built on itself")
                return known

            self._open.add(place.path)
            known = self._known[place.path] = self._read(place.path)
            self._open.remove(place.path)

        if not place.links:
            return known

        found = Found()
        found.merge(known)
        found.files.update(place.links)
        return found

    def _read(self, directory: str) -> Found:
        found = Found()
        found.programs.add("kustomize")
        for name in files.KUSTOMIZATIONS:  # kustomize refuses two, so absent ones count
            found.add(self._places.look(join(directory, name)))

        path = kustomizations.file_of(directory)
        if path is None:
            return found

        try:
            _, value = kustomizations.read(path)
        except Refused as refused:
            found.doubt(f"it cannot be read: {refused}")
            return found

        for key, field in (value if isinstance(value, dict) else {}).items():
            self._field(found, directory, str(key).lower(), field)

        fields = lowered(value)
        options = lowered(fields.get("helmglobals"))
        for key in _CHARTS & fields.keys():
            for chart in fields[key] if isinstance(fields[key], list) else ():
                self._chart(found, directory, {**options, **lowered(chart)})

        return found

    def _look(self, directory: str, path: str) -> Place:
        """What is at a path that a kustomization names."""
        whole = join(directory, path)
        if os.path.isabs(whole) and not os.path.isabs(directory):
            whole = os.path.relpath(whole)
        return self._places.look(whole)

    def _field(self, found: Found, directory: str, key: str, field: Any) -> None:
        if key in _WITHOUT_PATHS:
            return

        if key in _ROOTS:
            for entry in texts(field):
                self._root(found, directory, entry)
        elif key in _FUNCTIONS:
            for entry in texts(field):
                self._function(found, directory, entry)
        else:
            # A field of a later kustomize may name directories as well.
            self._named(found, directory, field, key not in _FILES | _CHARTS)

    # ------------------------------------------------------------ entries

    def _root(self, found: Found, directory: str, entry: str) -> None:
        """A file or a kustomization."""
        place = self._look(directory, entry)
        if place.kind == "file":
            found.add(place)
            if is_url(entry):
                found.doubt(f"{directory} is built on {entry}")
            return

        # kustomize takes what looks like a repository for one, even if a directory has that name.
        if is_remote(entry) or (place.kind == "absent" and may_be_remote(entry)):
            found.doubt(f"{directory} is built on {entry}")

        if place.kind == "directory":
            found.files.update(place.links)
            found.merge(self.of(place.path))
        else:
            found.add(place)

    def _function(self, found: Found, directory: str, entry: str) -> None:
        """A function's configuration: a file, a kustomization that gives some, or the text itself.
        Its paths are relative to the directory that names it.
        """
        written = inline(entry)
        if written is not None:
            path = kustomizations.file_of(directory) or directory
            self._configs(found, directory, path, written, entry)
            return

        self._root(found, directory, entry)
        place = self._look(directory, entry)
        if place.kind == "file":
            self._configs_of_file(found, directory, place.path)
        elif place.kind == "directory" and kustomizations.only_lists(place.path):
            for file in kustomizations.local_files(place.path):
                self._configs_of_file(found, directory, file)
        elif place.kind == "directory":
            self._unseen(found, directory, place.path)

    def _configs_of_file(self, found: Found, directory: str, file: str) -> None:
        if file not in self._documents:
            self._documents[file] = documents(file)
        read = self._documents[file]
        if read is None:
            self._unseen(found, directory, file)
        else:
            self._configs(found, directory, file, read, "")

    def _unseen(self, found: Found, directory: str, what: str) -> None:
        """Configurations that do not stand in files can name any path."""
        found.doubt(f"{what}, which {directory} names, gives configurations that no file shows")

    def _configs(
        self, found: Found, directory: str, file: str, configs: Sequence[Any], text: str
    ) -> None:
        for document in configs:
            functions = programs.of_config(document, text, file, directory)
            if functions.own and not functions.others:
                found.configs += functions.configs
                continue

            if not functions.builtin:
                found.functions = found.functions or f"{file} runs a function"
            self._named(found, directory, document, False)
            if isinstance(document, dict) and document.get("kind") == _HELM:
                self._chart(found, directory, lowered(document))

    # ------------------------------------------------------------ texts

    def _named(self, found: Found, directory: str, value: Any, directories: bool) -> None:
        """Whatever the texts in a value name."""
        for text in texts(value):
            if is_url(text):
                found.doubt(f"{directory} is built on {text}")
                continue

            for path in dict.fromkeys((text, *after_key(text))):
                place = self._readable(directory, path)
                if place is None:
                    continue
                found.add(place)  # also where a directory takes a file's place
                if place.kind != "directory":
                    continue
                if directories and kustomizations.file_of(place.path):
                    found.merge(self.of(place.path))
                elif directories:
                    add_tree(found, self._places, place)

    def _readable(self, directory: str, path: str) -> Place | None:
        """What kustomize may read of a path. None if it may not, or if it is no path."""
        if len(path) > _LONGEST or "\0" in path:
            return None

        place = self._look(directory, path)
        if place.kind == "absent" and "\n" in path:
            return None
        if self._restricted and not is_within(place.path, directory):
            # A link that leads outside is refused, but it may come to lead elsewhere.
            return place if place.links else None
        return place

    def _chart(self, found: Found, directory: str, chart: dict[str, Any]) -> None:
        """A chart that kustomize renders with helm: it is at HOME/NAME, or HOME/NAME-VERSION/NAME
        where a repository is named (HelmChartInflationGenerator.absChartHome).
        """
        found.programs.add("helm")
        home = str(chart.get("charthome") or "charts")
        name = str(chart.get("name") or chart.get("chartname") or "")
        repository = chart.get("repo") or chart.get("chartrepourl") or chart.get("chartreponame")
        version = chart.get("version") or chart.get("chartversion")
        if repository and version:
            home = os.path.join(home, f"{name}-{version}")

        place = self._look(directory, os.path.join(home, name))
        add_tree(found, self._places, place)
        if repository and place.kind != "directory":
            found.doubt(f"{directory} fetches the chart {name} from {repository}")

        settings = chart.get("confighome") or chart.get("helmhome")
        if settings:
            add_tree(found, self._places, self._look(directory, str(settings)))
