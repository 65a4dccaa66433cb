"""The workloads of a target before and after a move, as JSON values."""

from __future__ import annotations

import json
from collections.abc import Iterator

from krm_injector.fleet.plan import facts, generic, moves, relocated
from krm_injector.fleet.plan.meshes import Sides
from krm_injector.fleet.plan.moves import Deciding, Moves
from krm_injector.fleet.plan.rollout import rollout
from krm_injector.injection import hubs
from krm_injector.istio_names import REVISION_LABEL
from krm_injector.judging.advice.injected_workload import replicas, spec_of
from krm_injector.kube.differences import Difference
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.outcome import Outcome
from krm_injector.presenting import upgrade

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Described(NamedTuple):
    """Parts of a target's data. Entries name changes and sidecars by their index."""

    entries: list[dict[str, Any]]
    changes: list[list[dict[str, Any]]]
    sidecars: list[list[dict[str, Any]]]
    by_hand: list[dict[str, Any]]


def describe(before: Outcome, after: Outcome, found: Moves, both: Sides) -> Described:
    described = Described([], [], [], [])
    changes, sidecars = _Shared(described.changes), _Shared(described.sidecars)
    objects = facts.objects_of(after, both.after.default_namespace)
    scalers = facts.autoscalers(objects, [each.workload for each in after.decisions])
    deciding = found.deciding
    for index, (first, second, differences) in enumerate(upgrade.changed_workloads(before, after)):
        move = found.workloads.get(index)
        differing = relocated.told(_without_tag_label(differences, move))
        entry = _entry(first, second)
        entry |= _replicas(first, scalers.get(index), differing)
        entry |= _asked(first, before, second, after, sidecars)
        entry |= _decided(first, found, index, deciding)
        if differing:
            written = generic.changes(differing, first.workload.ref)
            entry["changes"] = changes.index(written)

        described.entries.append(entry)
        for hub in both.old_hubs:
            described.by_hand.extend(_by_hand(first, hub, before))

    return described


class _Shared:
    """Values that many entries have, each once in a list."""

    def __init__(self, values: list[list[dict[str, Any]]]) -> None:
        self._values = values
        self._known: dict[str, int] = {}

    def index(self, value: list[dict[str, Any]]) -> int:
        index = self._known.setdefault(json.dumps(value, sort_keys=True), len(self._values))
        if index == len(self._values):
            self._values.append(value)
        return index


# ---------------------------------------------------------------- one workload


def _entry(first: Decision, second: Decision) -> dict[str, Any]:
    workload = first.workload
    ref = workload.ref
    entry: dict[str, Any] = {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "injected": [first.injected, second.injected],
        "revision": [_revision(first), _revision(second)],
        "version": [_version(first), _version(second)],
        "reason": [first.reason.value, second.reason.value],
    }
    if not workload.only:
        entry["podTemplate"] = text(workload.template)
    return entry


def _revision(decision: Decision) -> str:
    return decision.mesh.revision if decision.injected and decision.mesh else ""


def _version(decision: Decision) -> str:
    return decision.mesh.version if decision.injected and decision.mesh else ""


def _replicas(
    decision: Decision, scaler: dict[str, Any] | None, changes: list[Difference]
) -> dict[str, Any]:
    """How many pods there are, and how they are replaced. An autoscaler wins over the number
    that the object states.
    """
    pods = replicas(decision.workload)
    least = most = pods or 0
    entry: dict[str, Any] = {"perNode": pods is None and decision.workload.ref.kind == "DaemonSet"}
    if scaler is not None:
        least, most = scaler["min"], scaler["max"]
        entry["autoscaler"] = scaler

    entry["pods"] = [least, most]
    if changes:
        how = rollout(decision.workload, least, [change.path for change in changes])
        entry["rollout"] = how._asdict()
    return entry


def _asked(
    first: Decision, before: Outcome, second: Decision, after: Outcome, sidecars: _Shared
) -> dict[str, Any]:
    """What one pod asks for, and what of it injection brings."""
    original = spec_of(at(first.workload.object, first.workload.template))
    specs = _spec(first, before), _spec(second, after)
    added = [facts.sidecars(original, spec) for spec in specs]
    return {
        "requests": [facts.amounts(spec) for spec in specs],
        "sidecars": [sidecars.index(each) for each in added],
        "native": [any(each["native"] for each in side) for side in added],
        "retired": _retired(specs[1]),
    }


def _retired(spec: Object) -> list[str]:
    """The retired hubs that a pod takes images from."""
    found = (hubs.retired_in(own.text) for own in hubs.own_texts({"spec": spec}))
    return sorted({hub.hub for hub in found if hub is not None})


def _spec(decision: Decision, outcome: Outcome) -> Object:
    workload = decision.workload
    item = outcome.replacements.get(workload.item, outcome.bundle.items[workload.item].value)
    return spec_of(at(item, (*workload.inside, *workload.template)))


def _decided(
    decision: Decision, found: Moves, index: int, deciding: dict[str, Deciding]
) -> dict[str, Any]:
    """What sends the pods to their control plane, and what of it moves."""
    namespace = decision.workload.ref.namespace
    move = found.workloads.get(index)
    own = moves.deciding_of(decision, found.tags)
    if own.on != "pod":
        move = found.namespaces.get(namespace)

    entry: dict[str, Any] = {"decides": {"on": own.on, "label": own.label, "tag": own.tag}}
    if own.on in ("namespace", "mesh") and namespace in deciding:
        entry["decides"]["object"] = f"Namespace {namespace}"
    elif own.on == "pod":
        entry["decides"]["object"] = str(decision.workload.ref)
    if move is not None:
        entry["move"] = "tag" if move.how == "tag" else own.on
        entry["tag"] = move.tag
    return entry


def _without_tag_label(changes: list[Difference], move: moves.Move | None) -> list[Difference]:
    """A pod's own label that names a tag stays: it was only moved to ask what the tag will mean."""
    if move is None or move.how != "tag":
        return changes

    path = f"metadata.labels[{REVISION_LABEL}]"
    was = move.before.get(REVISION_LABEL)
    return [each for each in changes if each.path != path or each.before != was]


# ---------------------------------------------------------------- what a person has to change


def _by_hand(decision: Decision, hub: str, before: Outcome) -> Iterator[dict[str, Any]]:
    """Places of a workload itself that name the old hub: annotations of Istio, and images of
    containers. Injection takes them as they are.
    """
    workload = decision.workload
    template = at(workload.object, workload.template)
    for own in hubs.own_texts(template):
        if hubs.names_hub(own.text, hub):
            item = before.bundle.items[workload.item]
            path = (*workload.template, *own.place[:2])
            yield {
                "kind": workload.ref.kind,
                "namespace": workload.ref.namespace,
                "name": workload.ref.name,
                "field": f"{text(path)}[{own.name}]",
                "value": own.text,
                "file": item.file,
                "line": item.line if item.file and not workload.inside else 0,
            }
