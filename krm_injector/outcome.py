"""What a run came to, and the workloads in it: each as it stands, and as it was before an earlier
injection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from krm_injector.kube.paths import at, put
from krm_injector.model import Decision, Mesh, Object, Result, Workload
from krm_injector.reinjection import eject, record
from krm_injector.sources.resource_list import Bundle, Item, Layouts

if TYPE_CHECKING:
    from krm_injector.reinjection.manual_edits import HandEdit


LAYOUTS = Layouts(record.item_layout, record.with_entries)
"""What injected manifests remember of how they were written: their records."""
AS_KNOWN = LAYOUTS._replace(kept=None)
"""The same for what orchestrators read: they write all anew in their own style, so nothing new is remembered."""

Place = tuple[int, tuple[str | int, ...]]  # an object: its item's index, and where it stands inside
Template = tuple[
    int, tuple[str | int, ...], tuple[str | int, ...]
]  # ... and one of its pod templates


class Outcome(NamedTuple):
    """What a run came to. Error results mean that nothing may be written."""

    bundle: Bundle
    meshes: tuple[Mesh, ...]
    decisions: tuple[Decision, ...]  # about each workload as it was before an earlier injection
    replacements: dict[int, Object]  # item index -> the item as injection leaves it
    results: tuple[Result, ...]
    originals: dict[int, Object] = {}  # noqa: RUF012 - item index -> the item before an earlier injection, where it had one
    restored: tuple[eject.Restored, ...] = ()  # one a decision
    unusable: frozenset[int] = frozenset()  # id() of each mesh whose configuration cannot be used
    edits: dict[Template, tuple[HandEdit, ...]] = {}  # noqa: RUF012 - of workloads edited by hand inside the injected part

    @property
    def anew(self) -> frozenset[int]:
        """The items whose text is to be written even where their values stay: comments stand where
        none belongs.
        """
        return frozenset(one.workload.item for one in self.restored if one.copied)


def rows(bundle: Bundle, outcome: Outcome) -> list[tuple[Workload, eject.Restored, Decision]]:
    """Each workload as it stands in the bundle, as it was before an earlier injection, and its
    decision.
    """
    found = []
    for one, decision in zip(outcome.restored, outcome.decisions, strict=True):
        workload = decision.workload
        standing = at(bundle.items[workload.item].value, workload.inside)
        found.append((workload._replace(object=standing), one, decision))
    return found


def items_with(bundle: Bundle, workloads: Sequence[Workload]) -> dict[int, Any]:
    """The items with these workloads in their places."""
    items: dict[int, Any] = {}
    for workload in workloads:
        before = items.get(workload.item, bundle.items[workload.item].value)
        items[workload.item] = put(before, workload.inside, workload.object)
    return items


def told(outcome: Outcome) -> tuple[Any, ...]:
    """What of an outcome people can see to differ: who is injected, what stands there after, what
    is wrong.
    """
    verdicts = [decision.injected for decision in outcome.decisions]
    errors = [result for result in outcome.results if result.severity == "error"]
    return verdicts, outcome.replacements, errors


def aliases(bundle: Bundle, written_out: Mapping[int, tuple[str, ...]]) -> tuple[Result, ...]:
    """Info: each item in which aliases were written out, by index."""
    return tuple(_aliases(bundle.items[index], names) for index, names in written_out.items())


def _aliases(item: Item, names: tuple[str, ...]) -> Result:
    file = item.file
    what = f"{item.value['kind']} {at(item.value, ('metadata', 'name')) or ''}".strip()
    shown = ", ".join(f"*{name}" for name in dict.fromkeys(names))
    where = f"{file}: " if file else ""
    aliases, their = (
        ("the alias", "its anchor stands")
        if "," not in shown
        else ("the aliases", "their anchors stand")
    )
    message = (
        f"{where}{aliases} {shown} of {what} {'was' if ',' not in shown else 'were'} written out, "
        f"since after this {their} for something else, or nowhere. The values are right; all "
        "other lines are as they were"
    )
    return Result("info", message, file=file, code="alias-written-out")
