"""Edits by hand inside the injected part: those that Istio supports as overrides are kept, every
other edit is drift.

``override_trials`` finds out which is which.
"""

from __future__ import annotations

from collections.abc import Iterable

from krm_injector.function_config import Settings
from krm_injector.kube.differences import ABSENT
from krm_injector.kube.element_names import ORDER
from krm_injector.model import Decision, Mesh, Object, Result, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection import setter_comments
from krm_injector.reinjection.eject import Restored, shown
from krm_injector.reinjection.override_candidates import OverrideCandidate
from krm_injector.reinjection.override_trials import Inject, OverrideTrials, Trial
from krm_injector.reinjection.record.changed_pieces import changed_pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "Kept",
    "OverrideCandidate",
    "change_text",
    "injected_text",
    "keep_edits",
    "order_note",
    "results",
    "value_of",
]


class Kept(NamedTuple):
    """A workload with those edits by hand that can be kept."""

    edits: tuple[OverrideCandidate, ...]  # all of them, kept or not
    decision: Decision  # about the workload with the overrides that keep what can be kept
    injected: Object  # that workload injected


def keep_edits(
    standing: Workload,
    restored: Restored,
    decision: Decision,
    fresh: Object,
    inject: Inject,
    meshes: Iterable[Mesh],
    settings: Settings,
) -> Kept:
    """The edits by hand of a workload as it is now, the largest set of them that can be kept, and
    the outcome.

    decision: about the workload as it was before injection; ``fresh``: that workload injected.
    Edits are the pieces that the record does not know, whatever changed in the mesh since, because
    their values are the user's.
    """
    assert restored.record is not None
    trials = OverrideTrials(standing, decision, fresh, inject, meshes, settings)
    edits = trials.override_candidates(changed_pieces(standing.object, restored.record, fresh))
    if restored.copied:
        edits = [
            edit for edit in edits if setter_comments.is_edit(edit.path, standing, restored.copied)
        ]

    kept, trial = trials.largest([edit for edit in edits if edit.steps])
    if trial is None:
        return Kept(tuple(edits), decision, fresh)

    marked = [
        edit._replace(kept=True, moved=_is_moved(edit, trial)) if edit in kept else edit
        for edit in edits
    ]
    return Kept(tuple(marked), trial.decision, trial.injected)


def _is_moved(edit: OverrideCandidate, trial: Trial) -> bool:
    if not edit.container or not edit.steps:
        return False
    return (edit.container, edit.steps[0]) in trial.moved


# ---------------------------------------------------------------- results


def results(workload: Workload, edits: Iterable[OverrideCandidate]) -> list[Result]:
    """What injection does about each edit: a note if it is kept, a warning that shows it if it is
    lost.
    """
    return [_kept(workload, edit) if edit.kept else _lost(workload, edit) for edit in edits]


def _kept(workload: Workload, edit: OverrideCandidate) -> Result:
    if edit.container:
        override = f"an own container {edit.container}"
    else:
        override = f"an own {edit.steps[0].removesuffix('s')}"

    message = (
        f"{edit.path} of {workload.ref} was edited to {shown(edit.current)} by hand inside the "
        f"injected part; Istio supports that as an override, so it is kept, as {override} of the "
        f"pod template{order_note(edit)}"
    )
    injected = value_of(edit.injected)
    return Result(
        "info", message, workload.ref, edit.path, edit.current, injected, code="edit-kept"
    )


def _lost(workload: Workload, edit: OverrideCandidate) -> Result:
    ref = workload.ref
    if not edit.path:
        message = (
            f"the injected part of {ref} was edited by hand, and the edit is lost; the record "
            "cannot tell which field it was. Compare it with version control"
        )
        return Result("warning", message, ref, code="edit-lost")

    if edit.path.endswith(ORDER):
        field = edit.path.removesuffix(ORDER)
        message = (
            f"the order of {field} of {ref} was changed to {shown(edit.current)} inside the "
            "injected part, and the change is lost: no override of Istio's says just that, and "
            f"injection gives {injected_text(edit)}"
        )
        current = edit.current
    else:
        message = (
            f"{edit.path} of {ref} was {change_text(edit)} by hand inside the injected part, and "
            "the edit is lost: no override of Istio's says just that, and injection gives "
            f"{injected_text(edit)}. To change it, make it in what injection starts from: eject, "
            "edit, inject"
        )
        current = value_of(edit.current)

    injected = value_of(edit.injected)
    return Result("warning", message, ref, edit.path, current, injected, code="edit-lost")


def order_note(edit: OverrideCandidate) -> str:
    """The sentence about the order of a kept edit's list; "" if there is nothing to say."""
    return ". Its place in the list is where Istio's merge puts it" if edit.moved else ""


def change_text(edit: OverrideCandidate) -> str:
    """What was done, as "taken out"."""
    return "taken out" if edit.current is ABSENT else f"edited to {shown(edit.current)}"


def injected_text(edit: OverrideCandidate) -> str:
    """What injection gives there, as text."""
    return "nothing there" if edit.injected is ABSENT else shown(edit.injected)


def value_of(value: Any) -> Any:
    """The value as a Result has it: None for ABSENT."""
    return None if value is ABSENT else value
