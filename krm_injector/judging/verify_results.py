"""The results of verify about a workload: one function per cause, each returns one Result."""

from __future__ import annotations

import json

from krm_injector.istio_names import RECORD_ANNOTATION, STATUS_ANNOTATION
from krm_injector.kube.differences import ABSENT, Difference
from krm_injector.model import Decision, Object, Reason, Result, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection import eject, istio_traces, manual_edits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.codes import CodeName
    from krm_injector.reinjection.override_candidates import OverrideCandidate
    from krm_injector.reinjection.setter_comments import Copied

CONTAINERS = (".containers", ".initContainers")
SHOWN_DIFFERENCES = 5  # in a message
SHOWN_CHARACTERS = 100  # of a value in a message


class Comparison(NamedTuple):
    """A workload, and what injection gives for it now."""

    standing: Workload  # as it is in the bundle
    restored: eject.Restored  # as it was before the injection
    decision: Decision
    fresh: Object  # as injection gives it now
    # False: without a record, and Istio's traces do not show what it was before.
    proven: bool = True
    edits: tuple[OverrideCandidate, ...] = ()  # by hand inside the injected part


def stale(comparison: Comparison, code: CodeName, why: str, differing: list[Difference]) -> Result:
    """An error with its cause, and the first of the values that would change."""
    standing = comparison.standing
    message = f"{standing.shown} is stale: {why}. Inject it again"
    if len(differing) == 1:
        message += "; one value would change"
    elif differing:
        message += f"; {len(differing)} values would change"

    for difference in differing[:SHOWN_DIFFERENCES]:
        message += f"\n{difference.path}: {_json(difference.before)} -> {_json(difference.after)}"
    if len(differing) > SHOWN_DIFFERENCES:
        message += "\n..."

    return Result("error", message, standing.ref, code=code)


def edited(comparison: Comparison, edit: OverrideCandidate) -> Result:
    """A value inside the injected part that was edited by hand."""
    ref = comparison.standing.ref
    if edit.kept:
        remedy = (
            "Istio supports it as an override: inject again, and the edit is kept; else restore "
            f"the value{manual_edits.order_note(edit)}"
        )
    else:
        remedy = (
            "No override of Istio's says just that: injecting again overwrites the edit. To "
            "change it, make it in what injection starts from: eject, edit, inject"
        )

    change = manual_edits.change_text(edit)
    message = (
        f"{edit.path} of {ref} was {change} by hand inside the injected part, "
        f"where injection gives {manual_edits.injected_text(edit)}. {remedy}"
    )
    current, injected = manual_edits.value_of(edit.current), manual_edits.value_of(edit.injected)
    return Result("error", message, ref, edit.path, current, injected, code="verify-edited")


def by_setter(comparison: Comparison, copied: Copied) -> Result:
    """A value of Istio that a setter has overwritten, because kpt had copied its comment there."""
    from krm_injector.reinjection import setter_comments

    standing = comparison.standing
    sentence = setter_comments.setter_sentence(standing, copied)
    message = f"{sentence}. Inject again: Istio's value comes back"
    return Result("error", message, standing.ref, copied.path, copied.value, code="verify-edited")


def order(comparison: Comparison, path: str, current: Any, injected: Any) -> Result:
    """A list whose elements are in another order than injection gives."""
    ref = comparison.standing.ref
    standing_order, right_order = _common(current, injected), _common(injected, current)
    message = (
        f"the order of {path} of {ref} is not the one that injection gives: "
        f"{_json(standing_order)} stands there, {_json(right_order)} is right"
        f"{_meaning_of_order(path)}. Injecting "
        "again overwrites it; where a patch of kustomize's changed it (a strategic patch puts "
        "what it names at the front of its list), use a JSON patch, or let it run before injection"
    )
    return Result("error", message, ref, path, standing_order, right_order, code="verify-edited")


def _common(names: Any, other_names: Any) -> Any:
    """The elements that both lists have, in each order; the value of a list that is absent."""
    if not isinstance(names, list) or not isinstance(other_names, list):
        return manual_edits.value_of(names)
    return [name for name in names if name in other_names]


def _meaning_of_order(path: str) -> str:
    """The meaning of this list's order in Kubernetes."""
    if path.endswith(CONTAINERS):
        return " (containers start in their order)"
    if path.endswith(".env"):
        return " ($(NAME) finds the variables before it only)"
    return ""


def not_injected(comparison: Comparison) -> Result:
    standing = comparison.standing
    message = (
        f"{standing.shown} is not injected, although it is to be ({comparison.decision.detail}). "
        "Inject it; where kustomize should have, build with --enable-alpha-plugins --enable-exec: "
        "without them it leaves functions out and says nothing"
    )
    return Result("error", message, standing.ref, code="verify-not-injected")


def unwanted(comparison: Comparison, namespace_changed: bool) -> Result:
    """namespace_changed: since the workload was injected, by its record."""
    standing, detail = comparison.standing, comparison.decision.detail
    since = f" since Namespace {standing.ref.namespace} changed" if namespace_changed else ""
    message = (
        f"{standing.shown} is injected, although it is not to be{since} ({detail}). "
        f"{_way_back(comparison)}"
    )
    return Result("error", message, standing.ref, code="verify-unwanted")


def _way_back(comparison: Comparison) -> str:
    """The command that takes the injection back. Without a record inject leaves it as it is, and
    eject uses Istio's traces.
    """
    if comparison.restored.record is not None:
        return "Inject again, which takes the injection back, or eject it"

    if istio_traces.before_injection(comparison.standing) is None:
        return (
            f"There is no record, and the annotation {STATUS_ANNOTATION}, which names the "
            "injected parts, cannot be read: put the workload's source in its place"
        )

    if comparison.decision.reason is Reason.NO_WEBHOOK_MATCHES:
        stay = "set method: manual (--method manual), which asks no Namespace, as kube-inject does"
    else:
        stay = "krm-injector explain says what turns the verdict"

    return (
        "Istio injected it, there is no record, and inject leaves such a workload as it is: "
        "krm-injector eject takes it back by Istio's own traces. Where the injection is meant to "
        f"stay, {stay}"
    )


def unproven(comparison: Comparison) -> Result:
    standing = comparison.standing
    message = (
        f"{standing.shown} was injected without a record, and Istio's own traces do not tell what "
        "it was before: injection leaves it as it is, but an edit by hand inside its istio "
        "containers would not be seen"
    )
    return Result("warning", message, standing.ref, code="verify-unproven")


def without_record(comparison: Comparison) -> Result:
    standing = comparison.standing
    message = (
        f"{standing.shown} is injected as it should be, but without the record "
        f"{RECORD_ANNOTATION}. Inject it again, or set record: false in the functionConfig"
    )
    return Result("error", message, standing.ref, code="verify-no-record")


def _json(value: Any) -> str:
    """A value as JSON, cut to SHOWN_CHARACTERS."""
    if value is ABSENT:
        return "absent"

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."
