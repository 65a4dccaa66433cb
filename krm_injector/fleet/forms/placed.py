"""A workload and the target that it is of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from krm_injector.fleet.model import Report, Target
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIRST = 3  # workloads, or targets, that a sentence names


class Placed(NamedTuple):
    target: Target
    workload: dict[str, Any]  # as docs/fleet-explain.schema.json has it

    @property
    def cluster(self) -> str:
        return self.target.cluster


def placed_of(report: Report, targets: Mapping[str, Target]) -> list[Placed]:
    return [
        Placed(targets[result.name], workload)
        for result in report.results
        for workload in result.data.get("workloads") or ()
    ]


def resource_name(resource: Mapping[str, Any]) -> str:
    """ "Deployment shop/web"; with the pod template, where the kind may have several."""
    namespace, name = resource.get("namespace") or "", resource.get("name") or ""
    reference = f"{resource.get('kind', '')} {f'{namespace}/{name}' if namespace else name}"
    template = resource.get("podTemplate")
    return f"{reference} {template}".strip() if template else reference.strip()


def first_names(names: Iterable[str], first: int = _FIRST) -> str:
    """ "a, b, c and 409 more"; each name once. first 0: all of them."""
    distinct = list(dict.fromkeys(names))
    hidden = len(distinct) - first if first else 0
    shown = ", ".join(distinct[:first] if first else distinct)
    return f"{shown} and {hidden:,} more" if hidden > 0 else shown


def where(members: Sequence[Placed]) -> str:
    """The targets of workloads: the name of a single one, else how many there are."""
    targets = {member.target.name for member in members}
    if len(targets) == 1:
        return next(iter(targets))

    clusters = {member.cluster for member in members} - {""}
    if len(clusters) == 1:
        return f"cluster {next(iter(clusters))} ({counted(len(targets), 'target')})"
    if clusters:
        return f"{counted(len(targets), 'target')} of {counted(len(clusters), 'cluster')}"
    return counted(len(targets), "target")
