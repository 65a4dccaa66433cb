"""The objects in the files of a repository, each file read once."""

from __future__ import annotations

from collections.abc import Collection

from krm_injector.fleet.finding import gitops, reading
from krm_injector.fleet.finding.reading import Found
from krm_injector.fleet.finding.tree import Tree, within
from krm_injector.kube import yaml
from krm_injector.model import Refused, Result
from krm_injector.sources import files


class Objects:
    def __init__(self, tree: Tree, charts: Collection[str], facts: Collection[str]) -> None:
        self.tree, self.charts, self.facts = tree, charts, facts
        self.results: list[Result] = []  # warnings about files that cannot be read
        self._read: dict[str, list[Found]] = {}
        self._outside = {link.path for link in tree.links}

    def gitops(self) -> list[Found]:
        """Those of Argo CD and Flux, wherever they are but in templates of charts."""
        found: list[Found] = []
        chart = ""
        for folder in self.tree.folders.values():
            if chart and within(folder.path, chart):
                continue
            if folder.path in self.charts:
                chart = folder.path
                continue
            for path in folder.manifests:
                if path not in self.facts:
                    found += self._gitops_of(path)

        return found

    def _gitops_of(self, path: str) -> list[Found]:
        data = self._data(path)
        if not any(group in data for group in gitops.GROUPS):
            return []
        return [found for found in self._objects(path, data) if found.group.endswith(_GROUPS)]

    def of(self, path: str) -> list[Found]:
        """The objects of one file. A broken manifest has one without content: rendering says what
        is wrong. A target that is not found would be missing in silence. A template has none.
        """
        return self._read[path] if path in self._read else self._objects(path, self._data(path))

    def _objects(self, path: str, data: bytes) -> list[Found]:
        found: list[Found] = []
        if reading.may_hold_objects(data):
            try:
                found = reading.objects(path, data)
            except Refused as refused:
                self.results += reading.warnings(refused.results)
                is_template = any(yaml.A_TEMPLATE in each.message for each in refused.results)
                if not is_template and b"{{" not in data:
                    found = [Found(path, "", {}, yaml.Place(0, 0, 0, 0, False))]

        self._read[path] = found
        return found

    def _data(self, path: str) -> bytes:
        if path in self._outside:
            return b""
        try:
            return files.content(path)
        except Refused as refused:
            self.results += reading.warnings(refused.results)
            return b""


_GROUPS = ("argoproj.io", ".fluxcd.io")
