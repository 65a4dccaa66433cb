"""`fleet explain` as JSON for programs; docs/fleet-explain.schema.json describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from krm_injector import codes
from krm_injector.fleet.forms.differing import Differing
from krm_injector.fleet.forms.explained import AdviceGroup, Explained, Unexpected, messages
from krm_injector.fleet.forms.placed import Placed
from krm_injector.fleet.forms.sums import most, total
from krm_injector.fleet.forms.totals import changed_since
from krm_injector.fleet.model import TargetResult
from krm_injector.judging.advice.amounts import shown
from krm_injector.judging.advice.requests import Added
from krm_injector.presenting.explain.entries import summary
from krm_injector.presenting.explain.style import Style
from krm_injector.results import entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def render(explained: Explained, _: Style) -> str:
    return json.dumps(document(explained), indent=2, ensure_ascii=False) + "\n"


def document(explained: Explained) -> dict[str, Any]:
    report = explained.report
    return {
        "summary": _summary(explained),
        "clusters": [_cluster(explained, each.name) for each in explained.clusters],
        "controlPlanes": [plane._asdict() for plane in explained.planes],
        "failed": [result.name for result in explained.failed],
        "missing": list(explained.missing),
        "untouched": list(report.untouched),
        "differing": [_differing(each) for each in explained.differing],
        "unexpected": [_unexpected(each) for each in explained.unexpected],
        "advice": [_advice(each) for each in explained.advice],
        "targets": _targets(explained),
    }


def _summary(explained: Explained) -> dict[str, Any]:
    report = explained.report
    number, count = report.shard
    return {
        "targets": len(report.results),
        "failed": len(explained.failed),
        "missing": len(explained.missing),
        "untouched": len(report.untouched),
        "changedSince": changed_since(report),
        "clusters": len([each for each in explained.clusters if each.name]),
        "shard": {"number": number, "count": count},
        **summary(explained.workloads),
        "requests": _requests(total(explained.clusters), most(explained.clusters)),
    }


def _requests(least: Added, at_most: Added) -> dict[str, Any]:
    """``most`` only where autoscalers make it differ, as explain has it."""
    return {**_amounts(least), **({"most": _amounts(at_most)} if at_most != least else {})}


def _amounts(added: Added) -> dict[str, Any]:
    return {
        "pods": added.pods,
        "cpu": shown(added.cpu, "cpu"),
        "memory": shown(added.memory, "memory"),
    }


def _cluster(explained: Explained, name: str) -> dict[str, Any]:
    cluster = next(each for each in explained.clusters if each.name == name)
    return {
        "name": name,
        "targets": cluster.targets,
        "failed": cluster.failed,
        "workloads": cluster.workloads,
        "injected": cluster.injected,
        "leftOut": cluster.left_out,
        "errors": cluster.errors,
        "versions": cluster.versions,
        "requests": _requests(cluster.added, cluster.most),
        "namespaces": {
            each.namespace: _amounts(each.added)
            for each in explained.namespaces
            if each.cluster == name
        },
    }


def _differing(found: Differing) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "detail": found.detail,
        "usual": found.usual,
        "agreed": found.agreed,
        "compared": found.compared,
        "workloads": _places(found.members),
    }


def _unexpected(found: Unexpected) -> dict[str, Any]:
    return {
        "reason": found.reason,
        "detail": found.detail,
        "doubt": found.doubt,
        "change": found.change,
        "workloads": _places(found.members),
    }


def _places(members: Iterable[Placed]) -> list[dict[str, Any]]:
    return [{"target": each.target.name, **_reference(each.workload)} for each in members]


def _reference(workload: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("apiVersion", "kind", "namespace", "name", "podTemplate")
    return {key: workload[key] for key in keys if workload.get(key)}


def _advice(group: AdviceGroup) -> dict[str, Any]:
    return {
        "code": group.code,
        "severity": group.severity,
        "title": codes.title(group.code),
        "count": len(group.places),
        "targets": group.targets,
        "messages": [
            {
                "message": message,
                "places": [
                    {"target": place.target.name, **_reference(place.resource)} for place in places
                ],
            }
            for message, places in messages(group.places).items()
        ],
    }


def _targets(explained: Explained) -> list[dict[str, Any]]:
    targets = {target.name: target for target in explained.report.fleet.targets}
    return [_target(result, targets[result.name]._asdict()) for result in explained.report.results]


def _target(result: TargetResult, target: Mapping[str, Any]) -> dict[str, Any]:
    workloads: Sequence[Any] = result.data.get("workloads") or []
    return {
        **{key: target[key] for key in ("name", "kind", "path", "cluster", "why", "labels")},
        "failed": bool(result.code),
        "results": entries(result.results),
        "meshes": result.data.get("meshes") or [],
        "workloads": workloads,
    }
