"""Amounts and names of a plan for people."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.judging.advice.amounts import shown
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.plan.model import LabelChange

_CORES, _GI = 10_000, 10 * 2**30  # from here on rounded to tenths, so that columns can be compared
_NAMED = 3


def cpu(milli: int) -> str:
    """Thousandths of a core: 250m, 2, 1,204.5."""
    if milli >= _CORES:
        return f"{milli / 1000:,.1f}"
    return f"{milli // 1000}" if milli % 1000 == 0 else f"{milli}m"


def memory(size: int) -> str:
    """Bytes: 640Mi, 2Gi, 1,204.5Gi."""
    return f"{size / 2**30:,.1f}Gi" if size >= _GI else shown(size * 10**9, "memory")


def amount(value: int, resource: str) -> str:
    """An amount of a resource of a quota: requests.cpu, limits.memory, pods."""
    if resource.endswith("cpu"):
        return cpu(value)
    if resource.endswith(("memory", "storage")):
        return memory(value)
    return f"{value:,}"


def named(names: Sequence[str], singular: str, plural: str = "") -> str:
    """A few names, and how many more there are: "a, b, c and 4 more targets"."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {more(len(names) - _NAMED, singular, plural)}"


def more(number: int, singular: str, plural: str = "") -> str:
    """ "4 more targets"."""
    return counted(number, f"more {singular}", f"more {plural}" if plural else "")


def stands_in(change: LabelChange) -> str:
    """Where a label is written: a file and its line, or who states or renders it."""
    if change.source == "functionConfig":
        return f"spec.namespaces of the functionConfig of {named(change.targets, 'target')}"
    if change.source != "bundle":
        return change.source
    if change.line:
        return f"{change.file}:{change.line}"
    return change.file or f"rendered by {named(change.targets, 'target')}"


def labels(values: dict[str, str]) -> str:
    """Labels in one text: istio.io/rev=1-31."""
    return ", ".join(f"{key}={value}" for key, value in sorted(values.items())) or "no label"
