"""Kinds of well-known controllers that make pods, and where their pod templates stand.

None of them is injected unless the functionConfig names it. The rows stand in operators_table.py.
Versions of an API that are not there are not known: kube.workloads.pod_templates looks for their
templates.
"""

from __future__ import annotations

from krm_injector.kube.paths import Path
from krm_injector.kube.workloads import EACH, parse_path
from krm_injector.named_tuple import NamedTuple


class Known(NamedTuple):
    """What is known of one kind."""

    paths: tuple[Path, ...]  # to all its pod templates; () where none of its fields is one
    label: str = ""  # where a label of its pods is written; "" for metadata.labels of each template
    # why injection leaves it to the cluster's webhook, as a clause; "" where it need not
    why: str = ""
    note: str = ""  # what to know before its templates are injected, as a sentence
    elsewhere: bool = False  # its pods are made of manifests that stand somewhere else

    @property
    def injectable(self) -> bool:
        """Whether its pods can carry a sidecar that is written into all of its templates."""
        return bool(self.paths) and not self.why


# What installs manifests that stand somewhere else: Flux, k3s, Argo CD, Rancher Fleet.
_ELSEWHERE = {
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ("helm.cattle.io", "HelmChart"),
    ("argoproj.io", "Application"),
    ("argoproj.io", "ApplicationSet"),
    ("fleet.cattle.io", "GitRepo"),
}

_TABLE: dict[tuple[str, str], Known] = {}


def known(api_version: str, kind: str) -> Known | None:
    """What is known of a kind; None for one that is not known."""
    if not _TABLE:
        _TABLE.update(_table())

    group = api_version.partition("/")[0]
    if (group, kind) in _ELSEWHERE:
        return Known(
            (), elsewhere=True, why="its pods are made of manifests that stand somewhere else"
        )
    return _TABLE.get((api_version, kind))


def _table() -> dict[tuple[str, str], Known]:
    from krm_injector.kube.operators_table import ROWS

    table: dict[tuple[str, str], Known] = {}
    for row in ROWS:
        paths = tuple(parse_path(path) for path in row.paths.split())
        entry = Known(paths, row.label, row.why, row.note)
        for version in row.versions.split():
            for kind in row.kinds.split():
                table[f"{row.group}/{version}", kind] = entry

    return table


def every() -> dict[tuple[str, str], Known]:
    """The whole table, by apiVersion and kind."""
    known("", "")
    return _TABLE


def written(path: Path) -> str:
    """A path as spec.workloads has it."""
    return ".".join(path).replace(f".{EACH}", EACH)


def label_advice(of: Known) -> str:
    """What to do where the cluster's webhook is to inject the pods of a kind."""
    where = of.label or "metadata.labels of each template"
    return (
        "The cluster's webhook injects its pods when they are created, by the labels of their "
        "Namespace or by the "
        f'label sidecar.istio.io/inject: "true" (or "false", to keep it away) at {where}'
    )
