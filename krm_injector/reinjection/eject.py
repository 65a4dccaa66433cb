"""Taking an injection back: exactly with a record, otherwise as far as Istio's traces allow."""

from __future__ import annotations

from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube.element_names import ORDER
from krm_injector.kube.paths import at
from krm_injector.model import Object, Result, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection import istio_traces, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from krm_injector.reinjection.record.changed_pieces import ChangedPiece


class Restored(NamedTuple):
    """A workload as it was before an earlier injection."""

    workload: Workload  # the same workload if nothing was injected
    record: record.InjectionRecord | None = None
    results: tuple[Result, ...] = ()
    copied: tuple[Any, ...] = ()  # setter_comments.Copied: comments of the user on values of Istio


def restore_all(workloads: Sequence[Workload]) -> list[Restored]:
    """The workloads before the injections that their records describe; without a record, as they
    are.

    The templates of one object all have the object without any of its injections.
    """
    restored: list[Restored] = []
    for group in _by_object(workloads):
        restored += _restored_object(group) if _has_record(group[0]) else map(Restored, group)
    return restored


def eject_all(workloads: Sequence[Workload]) -> list[Restored]:
    """The workloads without their injection, by their records or by Istio's traces; results say
    what cannot be known.

    The templates of one object all have the object without any of its injections.
    """
    ejected: list[Restored] = []
    for group in _by_object(workloads):
        ejected += [_ejected(group[0])] if len(group) == 1 else _ejected_object(group)
    return ejected


def _by_object(workloads: Sequence[Workload]) -> Iterator[list[Workload]]:
    """The workloads of each object, which follow each other."""
    group: list[Workload] = []
    for workload in workloads:
        if group and (
            workload.only or (workload.item, workload.inside) != (group[0].item, group[0].inside)
        ):
            yield group
            group = []
        group.append(workload)

    if group:
        yield group


# ---------------------------------------------------------------- by the record


def _has_record(workload: Workload) -> bool:
    return at(workload.object, ("metadata", "annotations", RECORD_ANNOTATION)) is not None


def _restored_object(group: list[Workload]) -> list[Restored]:
    """The workloads of one object with a record."""
    standing = before = group[0].object
    try:
        records = record.records(standing)
        for entry in records:
            before = record.original(before, entry)
    except record.BadRecord as problem:
        results = (_bad_record(group[0], problem),)
        return [Restored(group[0], results=results), *map(Restored, group[1:])]

    restored = []
    for workload in group:
        own = (entry for entry in records if _is_of(entry, workload, before, len(group) == 1))
        restored.append(Restored(workload._replace(object=before), next(own, None)))

    return restored


def _is_of(entry: record.InjectionRecord, workload: Workload, before: Object, alone: bool) -> bool:
    """Whether a record is of this template.

    A record of a whole object (written where a kind has one path) is of each template that it
    changed. alone: the object has no other template.
    """
    if entry.of:
        return record.located(workload.object, entry.of) == workload.template
    return alone or at(workload.object, workload.template) is not at(before, workload.template)


# ---------------------------------------------------------------- by whatever there is


def _ejected(workload: Workload) -> Restored:
    """The workload, the only one of its object, without its injection."""
    exact = _restored_object([workload])[0] if _has_record(workload) else Restored(workload)
    if exact.results:
        return exact
    if exact.record is not None:
        return exact._replace(results=edit_results(workload, exact.record))

    before = istio_traces.before_injection(workload)
    if before is None:
        return exact
    return Restored(workload._replace(object=before), results=(_uncertain(workload),))


def _ejected_object(group: list[Workload]) -> list[Restored]:
    """The workloads of an object with several pod templates; the first has all results."""
    before = group[0].object
    results: list[Result] = []
    for restored in _restored_object(group) if _has_record(group[0]) else ():
        if restored.record is None:
            results += restored.results
        else:
            results += edit_results(group[0], restored.record)
        before = restored.workload.object

    for workload in group:
        without = istio_traces.before_injection(workload._replace(object=before))
        if without is not None:
            results.append(_uncertain(workload))
            before = without

    if before is group[0].object:
        workloads = group
    else:
        workloads = [workload._replace(object=before) for workload in group]
    return [Restored(workloads[0], results=tuple(results)), *map(Restored, workloads[1:])]


# ---------------------------------------------------------------- results


def edit_results(workload: Workload, entry: record.InjectionRecord) -> tuple[Result, ...]:
    """Warnings about the edits by hand that are lost with the injected part."""
    if record.intact(workload.object, entry):
        return ()

    from krm_injector.reinjection.record import (
        changed_pieces,  # late: only an edited workload needs it
    )

    pieces = changed_pieces.changed_pieces(workload.object, entry)
    return tuple(_lost_edit(workload, piece) for piece in pieces)


def _bad_record(workload: Workload, problem: record.BadRecord) -> Result:
    message = f"the annotation {RECORD_ANNOTATION} of {workload.ref} {problem}"
    field = f'metadata.annotations["{RECORD_ANNOTATION}"]'
    return Result("error", message, workload.ref, field, code="record-unusable")


def _uncertain(workload: Workload) -> Result:
    message = (
        f"{workload.shown} has no record of what it was before injection; it was taken back as "
        "far as Istio's own annotations tell. What they do not tell: names of ports that probes "
        "asked, the spelling of prometheus annotations, labels that were set to what Istio sets, "
        "the place of an own istio-proxy, and whatever a custom template changed in the "
        "application's containers. Compare it with its source"
    )
    return Result("warning", message, workload.ref, code="ejected-by-traces")


def taken_back_loses(workload: Workload, what: list[str]) -> Result:
    """Error: the traces of an earlier injection without record do not show enough for this
    configuration.
    """
    text = "; ".join(what[:5])
    if len(what) > 5:
        text += f" and {len(what) - 5} more"

    message = (
        f"{workload.shown} was injected by Istio with another configuration, and its annotations "
        f"do not tell enough of what it was before: {text}. With this configuration that makes a "
        "difference. Inject its source instead; or run krm-injector eject on it, compare the "
        "result with the source, and inject that"
    )
    return Result("error", message, workload.ref, code="taken-back-loses")


def _lost_edit(workload: Workload, piece: ChangedPiece) -> Result:
    keep = "To keep it, make it in what injection starts from: eject, edit, inject"
    if not piece.path:
        message = (
            f"the injected part of {workload.ref} was edited by hand, and the edit is lost; the "
            f"record cannot tell which field it was. {keep}"
        )
        return Result("warning", message, workload.ref, code="edit-lost")

    field = piece.path.removesuffix(ORDER)
    what = field if field == piece.path else f"the order of {field}"
    message = (
        f"{what} of {workload.ref} was edited to {shown(piece.current)} by hand inside the "
        f"injected part, and the edit is lost. {keep}"
    )
    return Result("warning", message, workload.ref, field, piece.current, code="edit-lost")


def shown(value: Any, limit: int = 120) -> str:
    """A value in a message: as JSON, cut to the limit."""
    import json  # for messages only

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 3] + "..."
