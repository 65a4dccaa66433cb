"""One target of a plan, in a worker: the same originals, injected with the mesh before and after.

The answer holds JSON values only. plan.py makes a Plan of the answers of all targets.
"""

from __future__ import annotations

from collections.abc import Callable

from krm_injector import pipeline, results
from krm_injector.discovery.namespaces import find_namespaces
from krm_injector.fleet.model import Task
from krm_injector.fleet.plan import campaigns, facts, moved, moves, workloads
from krm_injector.fleet.plan.meshes import Sides, sides
from krm_injector.fleet.plan.moves import Moves, Question
from krm_injector.function_config import Settings
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Namespace, Object, Result
from krm_injector.outcome import Outcome
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.members import walk, with_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    SettingsOf = Callable[[str | None], Settings]


def target_plan(
    bundle: Bundle, settings: SettingsOf, task: Task
) -> tuple[dict[str, Any], tuple[Result, ...]]:
    """What the move changes in a target, and the results of both runs; no data with an error.

    ``bundle``: with the facts of --context. ``settings``: those of the target with a mesh file;
    None: with the mesh that the target has. Raises Refused.
    """
    both = sides(bundle, settings, task)
    before = pipeline.run(bundle, both.before)
    if results.exit_code(before.results):
        return {}, before.results

    namespaces, _ = find_namespaces(list(walk(bundle)), both.before)
    unmoved = pipeline.decide_only(bundle, both.after)
    found = moves.find(_question(both, before, unmoved, namespaces))

    changed = moved.bundle(before, found)
    after = pipeline.run(changed, moved.settings(both.after, found))
    all_results = _together(before.results, after.results)
    if results.exit_code(all_results):
        return {}, all_results

    return _data(both, before, after, found, namespaces, task), all_results


def _question(
    both: Sides, before: Outcome, unmoved: Outcome, namespaces: dict[str, Namespace]
) -> Question:
    campaign = both.campaign
    relabel = campaign.value if campaign and campaign.name == campaigns.REVISION else ""
    tags = moves.tags(_documents(before.bundle, both.before))
    return Question(before, unmoved, namespaces, both.before, both.after, tags, relabel)


def _documents(bundle: Bundle, settings: Settings) -> list[Object]:
    stated = [*settings.mesh.documents, *settings.mesh.webhooks]
    return [*(with_type(member) for member in walk(bundle)), *stated]


def _together(first: tuple[Result, ...], second: tuple[Result, ...]) -> tuple[Result, ...]:
    """The results of both runs. What only tells which mesh is used is in the data."""
    kept = [each for each in (*first, *second) if each.code != "mesh" or each.severity == "error"]
    kept = [_of_after(each) if _is_error(each) and each not in first else each for each in kept]
    distinct: list[Result] = []
    for each in kept:
        if each not in distinct:
            distinct.append(each)
    return tuple(distinct)


def _is_error(result: Result) -> bool:
    return result.severity == "error"


def _of_after(result: Result) -> Result:
    return result._replace(message=f"with the mesh after the move: {result.message}")


def _data(
    both: Sides,
    before: Outcome,
    after: Outcome,
    found: Moves,
    namespaces: dict[str, Namespace],
    task: Task,
) -> dict[str, Any]:
    described = workloads.describe(before, after, found, both)
    objects = facts.objects_of(after, both.after.default_namespace)
    all_workloads = [decision.workload for decision in after.decisions]
    return {
        "meshes": [_meshes(before), _meshes(after)],
        "revision": found.target,
        "kubernetes": both.after.kubernetes_version,
        "namespaces": _namespaces(before, found),
        "tags": sorted({each.tag for each in _all_moves(found) if each.how == "tag"}),
        "workloads": described.entries,
        "changes": described.changes,
        "sidecars": described.sidecars,
        "budgets": facts.budgets(objects, all_workloads, _labels(after)),
        "quotas": facts.quotas(objects),
        "limits": facts.limits(before, after, objects),
        "labels": moved.label_changes(before, found, namespaces, task.target),
        "byHand": described.by_hand,
    }


def _namespaces(before: Outcome, found: Moves) -> dict[str, Any]:
    """The label of each Namespace that sends pods to a control plane, and where it stands."""
    places = {
        str(at(member.value, ("metadata", "name"))): before.bundle.items[member.item]
        for member in walk(before.bundle)
        if member.kind == "Namespace"
    }
    return {
        name: {
            "label": each.label,
            "tag": each.tag,
            "file": places[name].file if name in places else "",
            "line": places[name].line if name in places and places[name].file else 0,
        }
        for name, each in found.deciding.items()
        if each.label or each.tag
    }


def _all_moves(found: Moves) -> list[moves.Move]:
    return [*found.namespaces.values(), *found.workloads.values()]


def _meshes(outcome: Outcome) -> list[dict[str, str]]:
    return [_mesh(mesh) for mesh in outcome.meshes if mesh.source != "missing"]


def _mesh(mesh: Mesh) -> dict[str, str]:
    return {"revision": mesh.revision, "version": mesh.version}


def _labels(outcome: Outcome) -> list[dict[str, str]]:
    """The labels of each workload's pods after injection."""
    found = []
    for decision in outcome.decisions:
        workload = decision.workload
        item = outcome.replacements.get(workload.item, outcome.bundle.items[workload.item].value)
        path = (*workload.inside, *workload.template, "metadata", "labels")
        found.append(string_map(at(item, path)))

    return found
