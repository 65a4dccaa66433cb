"""The outcome of a run: the data that the commands present, judge and write."""

from __future__ import annotations

from krm_injector.kube.paths import at, put
from krm_injector.model import Decision, Mesh, Object, Result, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection import eject, record
from krm_injector.reinjection.take_back import Candidate, Ejection, changed_workloads
from krm_injector.sources.resource_list import Bundle, Item, Layouts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from krm_injector.discovery.discover import Discovery
    from krm_injector.reinjection.bundle_injection import TemplatePlace
    from krm_injector.reinjection.override_candidates import OverrideCandidate


LAYOUTS = Layouts(record.item_layout, record.with_entries)
"""How injected manifests keep the layout of their source: in their records."""
KNOWN_LAYOUTS = LAYOUTS._replace(kept=None)
"""The same for manifests that orchestrators read. They write everything in their own style, so no
new layout is kept.
"""


class Outcome(NamedTuple):
    """The outcome of a run. If ``results`` has an error, nothing may be written."""

    # The input of the run, and its control planes: "default" first, one per revision.
    bundle: Bundle
    meshes: tuple[Mesh, ...]

    # One verdict per workload, about the workload as it was before an earlier injection. Empty if
    # nothing is decided: after `eject`, or where the settings are refused.
    decisions: tuple[Decision, ...]

    # Index of an item -> the item as it is to be written. Items that stay as they are, are absent.
    replacements: Mapping[int, Object]

    # Errors, warnings and information, in the order of the run.
    results: tuple[Result, ...]

    # Index of an item -> the item before an earlier injection. Only items that had one.
    originals: dict[int, Object] = {}  # noqa: RUF012

    # Each workload before an earlier injection, with its record. As many as there are decisions.
    restored: tuple[eject.Restored, ...] = ()

    # Revisions of the control planes whose configuration cannot be used; their error is in results.
    unusable: frozenset[str] = frozenset()

    # Pod template -> the edits by hand inside its injected part. Only edited ones.
    edits: dict[TemplatePlace, tuple[OverrideCandidate, ...]] = {}  # noqa: RUF012

    @property
    def workloads(self) -> int:
        """How many workloads there are. An object with several pod templates counts once, as its
        errors do.
        """
        return len(self._distinct(self.decisions))

    @property
    def injected(self) -> int:
        """How many of the workloads are injected, in at least one pod template."""
        return len(self._distinct(each for each in self.decisions if each.injected))

    @staticmethod
    def _distinct(decisions: Iterable[Decision]) -> set[Any]:
        return {(each.workload.item, each.workload.inside) for each in decisions}

    @property
    def anew(self) -> frozenset[int]:
        """The items to write even if their values stay, because a copied comment must be
        removed.
        """
        return frozenset(each.workload.item for each in self.restored if each.copied)


def decision_outcome(
    bundle: Bundle,
    facts: Discovery,
    restored: Sequence[eject.Restored],
    decisions: Sequence[Decision],
    warnings: Sequence[Result],
) -> Outcome:
    """The outcome of a run that only decides. The items that were injected are without their
    injection.

    warnings: the findings about labels.
    """
    results = list(facts.results)
    for workload in restored:
        results += workload.results
    for decision in decisions:
        results += decision.results
    results += warnings

    originals = items_with(bundle, changed_workloads(facts.workloads, restored))
    return Outcome(
        bundle,
        tuple(facts.meshes),
        tuple(decisions),
        dict(originals),
        tuple(results),
        originals,
        tuple(restored),
    )


def ejection_outcome(bundle: Bundle, ejection: Ejection) -> Outcome:
    """The outcome of a run that takes every injection back."""
    items = items_with(bundle, ejection.changed)
    return Outcome(bundle, (), (), items, ejection.results, restored=ejection.restored)


def candidates(outcome: Outcome) -> list[Candidate]:
    """Each workload of a run as it is in the bundle and as it was before, with its decision."""
    items = outcome.bundle.items
    result = []
    for restored, decision in zip(outcome.restored, outcome.decisions, strict=True):
        workload = decision.workload
        standing = at(items[workload.item].value, workload.inside)
        result.append(Candidate(workload._replace(object=standing), restored, decision))

    return result


def items_with(bundle: Bundle, workloads: Sequence[Workload]) -> dict[int, Any]:
    """Index of an item -> the item with these workloads in it."""
    items: dict[int, Any] = {}
    for workload in workloads:
        item = items.get(workload.item, bundle.items[workload.item].value)
        items[workload.item] = put(item, workload.inside, workload.object)

    return items


def with_replacements(bundle: Bundle, replacements: Mapping[int, Any]) -> Bundle:
    """The bundle with the items after a run, for another run."""
    items = [item._replace(value=replacements.get(item.index, item.value)) for item in bundle.items]
    return bundle._replace(items=items)


def observable(outcome: Outcome) -> tuple[Any, ...]:
    """What users can see of an outcome, for comparison with ==: who is injected, the items after
    injection, and what is wrong.
    """
    verdicts = [decision.injected for decision in outcome.decisions]
    errors = [result for result in outcome.results if result.severity == "error"]
    return verdicts, dict(outcome.replacements), errors


def aliases(bundle: Bundle, written_out: Mapping[int, tuple[str, ...]]) -> tuple[Result, ...]:
    """Information about the YAML aliases that were written out, by the index of their item."""
    return tuple(_aliases(bundle.items[index], names) for index, names in written_out.items())


def _aliases(item: Item, names: tuple[str, ...]) -> Result:
    where = f"{item.file}: " if item.file else ""
    name = at(item.value, ("metadata", "name")) or ""
    reference = f"{item.value['kind']} {name}".strip()
    distinct = [f"*{alias}" for alias in dict.fromkeys(names)]
    if len(distinct) == 1:
        subject, verb, anchors = "the alias", "was", "its anchor stands"
    else:
        subject, verb, anchors = "the aliases", "were", "their anchors stand"

    message = (
        f"{where}{subject} {', '.join(distinct)} of {reference} {verb} written out, since after "
        f"this {anchors} for something else, or nowhere. The values are right; all other lines "
        "are as they were"
    )
    return Result("info", message, file=item.file, code="alias-written-out")
