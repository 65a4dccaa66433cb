"""What a change of the mesh would change in each workload: those that change alike, together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from krm_injector.kube.differences import ABSENT, Difference, differences
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object, ResourceRef
from krm_injector.outcome import Outcome
from krm_injector.reinjection import record
from krm_injector.results import counted


class Group(NamedTuple):
    """Workloads that change alike."""

    workloads: tuple[ResourceRef, ...]
    changes: tuple[Difference, ...]  # paths from the pod template


def groups(before: Outcome, after: Outcome) -> list[Group]:
    """The groups, the largest first. Both outcomes are of the same bundle, each with another mesh."""
    found: dict[str, tuple[list[ResourceRef], list[Difference]]] = {}
    for one, other in zip(before.decisions, after.decisions, strict=True):
        changes = differences(_pod(before, one), _pod(after, other))
        if not changes:
            continue

        key = json.dumps(
            [(change.path, _plain(change.before), _plain(change.after)) for change in changes],
            sort_keys=True,
        )
        found.setdefault(key, ([], changes))[0].append(one.workload.ref)

    rows = [Group(tuple(refs), tuple(changes)) for refs, changes in found.values()]
    return sorted(rows, key=lambda group: -len(group.workloads))


def _pod(outcome: Outcome, decision: Decision) -> Object:
    """The pod template, or the whole Pod without its record, as the outcome leaves it."""
    workload = decision.workload
    item = outcome.replacements.get(workload.item, outcome.bundle.items[workload.item].value)
    pod = at(item, (*workload.inside, *workload.template)) or {}
    metadata = pod.get("metadata") or {}
    annotations = {
        k: v for k, v in (metadata.get("annotations") or {}).items() if k != record.ANNOTATION
    }
    return {
        "metadata": {"labels": metadata.get("labels") or {}, "annotations": annotations},
        "spec": pod.get("spec"),
    }


def as_text(found: Sequence[Group], total: int) -> str:
    """For people: each group's workloads and changes."""
    changed = sum(len(group.workloads) for group in found)
    lines = [
        f"{changed:,} of {counted(total, 'workload')} {'changes' if total == 1 else 'change'}"
        + (f", in {counted(len(found), 'way')}:" if changed else ".")
    ]
    for group in found:
        lines += ["", f"{len(group.workloads)}x " + ", ".join(map(str, group.workloads))]
        for change in group.changes:
            if change.before is not ABSENT:
                lines.append(f"  - {change.path}: {_word(change.before)}")
            if change.after is not ABSENT:
                lines.append(f"  + {change.path}: {_word(change.after)}")

    return "\n".join(lines) + "\n"


def as_json(found: Sequence[Group], total: int) -> str:
    told = [
        {
            "workloads": [
                {
                    "apiVersion": r.api_version,
                    "kind": r.kind,
                    "namespace": r.namespace,
                    "name": r.name,
                }
                for r in group.workloads
            ],
            "changes": [_change(change) for change in group.changes],
        }
        for group in found
    ]
    return json.dumps({"total": total, "groups": told}, indent=2, ensure_ascii=False) + "\n"


def _change(change: Difference) -> dict[str, Any]:
    told: dict[str, Any] = {"path": change.path}
    if change.before is not ABSENT:
        told["before"] = change.before
    if change.after is not ABSENT:
        told["after"] = change.after
    return told


def _plain(value: Any) -> Any:
    return ["absent"] if value is ABSENT else [0, value]


def _word(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "..."
