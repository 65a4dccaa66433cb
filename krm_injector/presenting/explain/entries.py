"""Decisions -> entries, the dicts that ``explain --output json`` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from krm_injector.decision.label_warnings import in_ambient
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Evidence, Mesh, Object, Reason, Result
from krm_injector.presenting.explain.locations import Places, field
from krm_injector.presenting.explain.refusals import Refusals
from krm_injector.presenting.explain.suggestions import Changes


def entries(
    decisions: Iterable[Decision],
    replacements: Mapping[int, Any],
    places: Places | None = None,
    changes: Changes | None = None,
    refused: Refusals | None = None,
) -> list[dict[str, Any]]:
    """One entry a decision, in order. ``replacements``: item index -> the injected item
    (pipeline.Outcome).

    places adds where things are written, changes what would turn the verdicts. refused: each
    decision's errors.
    """
    told = Evidences(places)
    found = []
    for number, decision in enumerate(decisions):
        entry = _entry(decision, replacements, refused[number] if refused else ())
        if places is not None:
            entry |= places.workload(decision)
        entry["evidence"] = [told.entry(decision, evidence) for evidence in decision.evidence]
        if changes is not None:
            entry |= changes.of(decision, bool(entry["errors"]))
        found.append(entry)

    return found


def _entry(
    decision: Decision, replacements: Mapping[int, Any], errors: Sequence[Result]
) -> dict[str, Any]:
    workload = decision.workload
    before = containers(workload.object, workload.template)
    after: int | None = before
    if errors:
        after = None
    elif decision.injected and workload.item in replacements:
        after = containers(at(replacements[workload.item], workload.inside), workload.template)

    injected = decision.injected and not errors
    return {
        "apiVersion": workload.ref.api_version,
        "kind": workload.ref.kind,
        "namespace": workload.ref.namespace,
        "name": workload.ref.name,
        **({} if workload.only else {"podTemplate": field(workload.template)}),
        "verdict": "error" if errors else "injected" if injected else "left out",
        "injected": injected,
        "reason": decision.reason.value,
        "detail": decision.detail,
        "revision": decision.mesh.revision if decision.mesh else "",
        "ambient": in_ambient(decision),
        "containers": [before, after],
        "webhooks": _webhooks(decision),
        "errors": [_error(result, decision) for result in errors],
    }


def _webhooks(decision: Decision) -> list[str]:
    """Those that match, the one whose control plane decided in front."""
    decided = [decision.webhook.id] if decision.webhook else []
    return [*decided, *(webhook for webhook in decision.webhooks if webhook not in decided)]


def _error(result: Result, decision: Decision) -> dict[str, Any]:
    """An error in full, and in a few words for a table."""
    told = {
        "code": result.code,
        "message": result.message,
        "brief": _brief(result.message, str(decision.workload.ref)),
    }
    if decision.reason == Reason.NAMESPACE_UNKNOWN and result.code == "namespace-missing":
        told["brief"] = decision.detail
    return {**told, "field": result.field} if result.field else told


def _brief(message: str, ref: str) -> str:
    """The first clause of a message; the workload's name in front goes, since a table has it
    beside.
    """
    clause = re.split(r"\n|; |\. |: (?=[^ ]+ \()", message, maxsplit=1)[0]
    return clause.removeprefix(f"{ref} ").removesuffix(".")


class Evidences:
    """Evidence as entries; what is the same for many workloads is made once."""

    def __init__(self, places: Places | None) -> None:
        self._places = places
        self._made: dict[Any, dict[str, Any]] = {}

    def entry(self, decision: Decision, evidence: Evidence) -> dict[str, Any]:
        own = evidence.on == "pod" and evidence.path
        if own:
            return self._make(decision, evidence)

        key = (evidence, decision.namespace.name if decision.namespace else "", id(decision.mesh))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(decision, evidence)
        return made

    def _make(self, decision: Decision, evidence: Evidence) -> dict[str, Any]:
        made: dict[str, Any] = {
            "rule": evidence.rule,
            "outcome": evidence.outcome,
            "detail": evidence.detail,
        }
        if evidence.path:
            path = (
                (*decision.workload.template, *evidence.path)
                if evidence.on == "pod"
                else evidence.path
            )
            made["field"] = field(path)
            if self._places is not None:
                made |= self._places.evidence(decision, evidence)

        return made


def containers(workload: Object, template: Sequence[str | int]) -> int:
    """How many containers READY counts: the containers, and init containers that keep running.

    A workload that is left alone may be malformed; what is no container does not count.
    """
    pod = at(workload, (*template, "spec"))
    if not isinstance(pod, dict):
        return 0
    running = [
        c for c in _mappings(pod.get("initContainers")) if c.get("restartPolicy") == "Always"
    ]
    return len(_mappings(pod.get("containers"))) + len(running)


def _mappings(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def document(meshes: Sequence[Mesh], told: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole answer. ``mesh`` is the first control plane; ``meshes`` are all of them."""
    planes = [_mesh(mesh) for mesh in meshes]
    return {
        "mesh": planes[0] if planes else {},
        "meshes": planes,
        "summary": summary(told),
        "workloads": told,
    }


def summary(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts: workloads, by verdict, and for each deciding rule how many."""
    reasons: dict[str, int] = {}
    for entry in told:
        reasons[entry["reason"]] = reasons.get(entry["reason"], 0) + 1

    verdicts = [entry["verdict"] for entry in told]
    counts = {
        key: verdicts.count(verdict)
        for key, verdict in (("injected", "injected"), ("leftOut", "left out"))
    }
    return {"workloads": len(told), **counts, "errors": verdicts.count("error"), "reasons": reasons}


def _mesh(mesh: Mesh) -> dict[str, Any]:
    return {
        "revision": mesh.revision,
        "version": mesh.version,
        "source": mesh.source,
        "rootNamespace": mesh.root_namespace,
        "nativeSidecars": mesh.native_sidecars,
        "platform": mesh.platform,
        "webhooks": [webhook.id for webhook in mesh.webhooks],
        "assumedWebhooks": mesh.assumed_webhooks,
    }
