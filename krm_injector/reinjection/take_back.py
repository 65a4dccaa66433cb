"""The workloads of a bundle as they were before an earlier injection, with the results about it.

`inject`, `verify` and `check` begin with it, to decide about workloads as their author wrote them;
`eject` ends with it.
"""

from __future__ import annotations

from krm_injector.discovery.workloads import find_workloads
from krm_injector.function_config import Settings
from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Result, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection import eject
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.members import Member, ref_of, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Candidate(NamedTuple):
    """A workload that may be injected."""

    standing: Workload  # as it is in the bundle
    restored: eject.Restored  # as it was before an earlier injection
    decision: Decision  # about the restored workload


class Ejection(NamedTuple):
    """The outcome of `eject` for a bundle."""

    changed: tuple[Workload, ...]  # those that were injected, without their injection
    restored: tuple[eject.Restored, ...]  # one per workload
    results: tuple[Result, ...]


def restored_workloads(bundle: Bundle, standing: list[Workload]) -> list[eject.Restored]:
    """Each workload as it was before an earlier injection of ours, by its record."""
    return _without_copied_comments(bundle, standing, eject.restore_all(standing))


def ejected_workloads(bundle: Bundle, settings: Settings) -> Ejection:
    """Takes every injection of the bundle back, ours by its record and Istio's by its traces."""
    members = list(walk(bundle))
    standing, results = find_workloads(members, settings)
    standing += _recorded(members, standing)
    ejected = _without_copied_comments(bundle, standing, eject.eject_all(standing))

    for restored in ejected:
        results += restored.results
    for workload, restored in zip(standing, ejected, strict=True):
        results += comment_results(workload, restored)

    return Ejection(changed_workloads(standing, ejected), tuple(ejected), tuple(results))


def changed_workloads(
    standing: Sequence[Workload], restored: Sequence[eject.Restored]
) -> tuple[Workload, ...]:
    """The restored workloads that differ from the bundle."""
    pairs = zip(standing, restored, strict=True)
    return tuple(after.workload for before, after in pairs if after.workload is not before)


def comment_results(standing: Workload, restored: eject.Restored) -> list[Result]:
    """Results about the comments that kpt copied into the injected part."""
    if not restored.copied:
        return []

    from krm_injector.reinjection import setter_comments

    return setter_comments.results(standing, restored.copied)


def no_longer_injected(candidate: Candidate) -> list[Result]:
    """The result for a workload that has a record and is not to be injected any more."""
    standing, restored, decision = candidate
    assert restored.record is not None
    message = (
        f"{standing.shown} was injected before and is not to be any more ({decision.detail}): "
        "the injection is taken back"
    )
    taken_back = Result("info", message, standing.ref, code="injection-taken-back")
    edits = eject.edit_results(standing, restored.record)
    if not restored.copied:
        return [taken_back, *edits]

    from krm_injector.reinjection import setter_comments

    own_edits = setter_comments.without_setter_edits(edits, standing, restored.copied)
    return [taken_back, *comment_results(standing, restored), *own_edits]


def _without_copied_comments(
    bundle: Bundle, standing: list[Workload], restored: list[eject.Restored]
) -> list[eject.Restored]:
    """The workloads before injection without the values that came from comments copied by kpt."""
    if all(each.record is None for each in restored):
        return restored
    if not any("#" in part.text for part in bundle.parts or (bundle,)):
        return restored

    # Late: only injected workloads in a text with comments need it.
    from krm_injector.reinjection import setter_comments

    return setter_comments.without_copied_values(bundle, standing, restored)


def _recorded(members: list[Member], workloads: list[Workload]) -> list[Workload]:
    """The other objects with a record. The record names its pod templates, so they are taken back
    whatever kinds the functionConfig names.
    """
    places = {(workload.item, workload.inside) for workload in workloads}
    annotation = ("metadata", "annotations", RECORD_ANNOTATION)
    return [
        Workload(member.item, member.inside, ref_of(member), member.value, ())
        for member in members
        if (member.item, member.inside) not in places
        and isinstance(at(member.value, annotation), str)
    ]
