"""What may become a target: a directory with what is to be done with it."""

from __future__ import annotations

import os

from krm_injector.fleet.finding.tree import Tree
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.model import TargetKind


class Candidate(NamedTuple):
    """A target before it has a name."""

    path: str
    kind: TargetKind
    why: str
    place: str = ""  # file and line that say so; "": the directory was found
    origin: str = ""  # the name of an Application, which tells equal directories apart
    name: str = ""  # that a fleet file gives
    variant: str = ""  # of a chart: the values file, which is in the name
    cluster: str = ""
    namespace: str = ""
    release: str = ""
    values: tuple[str, ...] = ()
    set_values: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()
    labels: dict[str, str] = {}  # noqa: RUF012 - never changed

    @property
    def content(self) -> tuple[object, ...]:
        """What makes it another target than one of the same directory."""
        return (self.path, self.cluster, self.namespace, self.release, self.values,
                self.set_values, self.options, tuple(sorted(self.labels.items())))  # fmt: skip


def kind_of(path: str) -> TargetKind | None:
    """What a directory is, in the order in which `krm-injector build` asks; None if it contains
    nothing of these, but it may have manifests.
    """
    if files.is_kustomization(path):
        return "kustomization"
    if os.path.isfile(os.path.join(path, files.CHART)):
        return "chart"
    if os.path.isfile(os.path.join(path, files.KPTFILE)):
        return "package"
    return None


def unrendered_below(tree: Tree, path: str) -> list[str]:
    """Kustomizations and charts below a directory. With these `krm-injector build` refuses to read
    it as manifests.
    """
    return [
        folder.path
        for folder in tree.below(path)
        if folder.path != path and (folder.kustomization or files.CHART in folder.files)
    ]
