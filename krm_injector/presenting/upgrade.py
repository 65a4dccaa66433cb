"""What another mesh would change in each workload. Workloads with equal changes are grouped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube.credentials import of_field
from krm_injector.kube.differences import ABSENT, Difference, differences
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object, ResourceRef
from krm_injector.named_tuple import NamedTuple
from krm_injector.outcome import Outcome
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_CHARACTERS = 160  # of a value in the text


class ChangeGroup(NamedTuple):
    """Workloads with equal changes."""

    workloads: tuple[ResourceRef, ...]
    changes: tuple[Difference, ...]  # paths from the pod template


def groups(before: Outcome, after: Outcome) -> list[ChangeGroup]:
    """The groups, the largest first.

    Both outcomes are of the same bundle, each with another mesh. What an earlier injection recorded
    is not compared.
    """
    by_changes: dict[str, tuple[list[ResourceRef], list[Difference]]] = {}
    for decision, _, changes in changed_workloads(before, after):
        if changes:
            refs, _ = by_changes.setdefault(_key(changes), ([], changes))
            refs.append(decision.workload.ref)

    result = [ChangeGroup(tuple(refs), tuple(changes)) for refs, changes in by_changes.values()]
    return sorted(result, key=lambda group: -len(group.workloads))


def changed_workloads(
    before: Outcome, after: Outcome
) -> Iterator[tuple[Decision, Decision, list[Difference]]]:
    """Each workload's decisions before and after, and what of its pod template changes."""
    for decision, decision_after in zip(before.decisions, after.decisions, strict=True):
        yield (
            decision,
            decision_after,
            differences(_pod(before, decision), _pod(after, decision_after)),
        )


def _key(changes: Sequence[Difference]) -> str:
    """Equal for equal changes. Values of lists and maps have no hash, their JSON has."""
    content = [(change.path, _plain(change.before), _plain(change.after)) for change in changes]
    return json.dumps(content, sort_keys=True)


def _plain(value: Any) -> Any:
    """A value that JSON can say, different for an absent value and for null."""
    return ["absent"] if value is ABSENT else [0, value]


def _pod(outcome: Outcome, decision: Decision) -> Object:
    """What of the workload's pod template injection changes, as the outcome leaves it."""
    workload = decision.workload
    item = outcome.replacements.get(workload.item, outcome.bundle.items[workload.item].value)
    pod = at(item, (*workload.inside, *workload.template)) or {}
    metadata = pod.get("metadata") or {}

    annotations = dict(metadata.get("annotations") or {})
    annotations.pop(RECORD_ANNOTATION, None)
    return {
        "metadata": {"labels": metadata.get("labels") or {}, "annotations": annotations},
        "spec": pod.get("spec"),
    }


def as_text(groups: Sequence[ChangeGroup], total: int) -> str:
    """The groups for people. total: how many workloads there are."""
    changed = sum(len(group.workloads) for group in groups)
    verb = "changes" if total == 1 else "change"
    headline = f"{changed:,} of {counted(total, 'workload')} {verb}"
    headline += f", in {counted(len(groups), 'way')}:" if changed else "."

    lines = [headline]
    for group in groups:
        names = ", ".join(map(str, group.workloads))
        lines += ["", f"{len(group.workloads)}x {names}"]
        for change in group.changes:
            for sign, value in (("-", change.before), ("+", change.after)):
                if value is not ABSENT:
                    lines.append(f"  {sign} {change.path}: {_short(of_field(change.path, value))}")

    return "\n".join(lines) + "\n"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 3] + "..."


def as_json(groups: Sequence[ChangeGroup], total: int) -> str:
    """The same for programs: {"total": ..., "groups": [{"workloads": ..., "changes": ...}]}."""
    answer = {
        "total": total,
        "groups": [
            {
                "workloads": [_reference(ref) for ref in group.workloads],
                "changes": [change_entry(change) for change in group.changes],
            }
            for group in groups
        ],
    }
    return json.dumps(answer, indent=2, ensure_ascii=False) + "\n"


def _reference(ref: ResourceRef) -> dict[str, str]:
    return {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
    }


def change_entry(change: Difference) -> dict[str, Any]:
    """A change for programs. What was or will be absent has no key."""
    entry: dict[str, Any] = {"path": change.path}
    if change.before is not ABSENT:
        entry["before"] = of_field(change.path, change.before)
    if change.after is not ABSENT:
        entry["after"] = of_field(change.path, change.after)
    return entry
