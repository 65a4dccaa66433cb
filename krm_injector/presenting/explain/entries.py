"""Entries: what ``explain --output json`` says about each workload, as dicts.

docs/explain.schema.json describes their form. All forms of output are made from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from krm_injector.decision.label_warnings import in_ambient
from krm_injector.judging.advice.amounts import shown
from krm_injector.judging.advice.requests import Added, Requests, in_all
from krm_injector.kube.credentials import in_text
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Evidence, Mesh, Object, Reason, Result
from krm_injector.presenting.explain.locations import Locations, field_path
from krm_injector.presenting.explain.refusals import ErrorsByDecision
from krm_injector.presenting.explain.suggestions import Suggestions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Entry: TypeAlias = "dict[str, Any]"


def entries(
    decisions: Iterable[Decision],
    replacements: Mapping[int, Any],
    locations: Locations | None = None,
    suggestions: Suggestions | None = None,
    errors: ErrorsByDecision | None = None,
) -> list[Entry]:
    """One entry per decision, in order.

    replacements: the index of an item -> the injected item (Outcome.replacements). locations adds
    where things are written, suggestions what would turn a verdict, errors what refuses a workload.
    """
    evidence_entries = _EvidenceEntries(locations)
    result = []
    for index, decision in enumerate(decisions):
        entry = _entry(decision, replacements, errors[index] if errors else ())
        if locations is not None:
            entry |= locations.of_workload(decision)

        entry["evidence"] = [
            evidence_entries.entry(decision, evidence) for evidence in decision.evidence
        ]
        if suggestions is not None:
            entry |= suggestions.keys_of(decision, bool(entry["errors"]))

        result.append(entry)

    return result


def _entry(decision: Decision, replacements: Mapping[int, Any], errors: Sequence[Result]) -> Entry:
    workload = decision.workload
    before = containers(workload.object, workload.template)
    after: int | None = before
    if errors:
        after = None
    elif decision.injected and workload.item in replacements:
        injected_object = at(replacements[workload.item], workload.inside)
        after = containers(injected_object, workload.template)

    verdict = "injected" if decision.injected else "left out"
    if errors:
        verdict = "error"

    entry = {
        "apiVersion": workload.ref.api_version,
        "kind": workload.ref.kind,
        "namespace": workload.ref.namespace,
        "name": workload.ref.name,
    }
    if not workload.only:
        entry["podTemplate"] = field_path(workload.template)

    return {
        **entry,
        "verdict": verdict,
        "injected": verdict == "injected",
        "reason": decision.reason.value,
        "detail": in_text(decision.detail),
        "revision": decision.mesh.revision if decision.mesh else "",
        "ambient": in_ambient(decision),
        "containers": [before, after],
        "webhooks": _matching_webhooks(decision),
        "errors": [_error(result, decision) for result in errors],
    }


def _matching_webhooks(decision: Decision) -> list[str]:
    """The ids of the webhooks that match; first the one whose control plane decided."""
    deciding = [decision.webhook.id] if decision.webhook else []
    return [*deciding, *(webhook for webhook in decision.webhooks if webhook not in deciding)]


def _error(result: Result, decision: Decision) -> Entry:
    """An error in full, and in the few words that a table has room for ("brief")."""
    clause = _first_clause(result.message)
    brief = clause.removeprefix(f"{decision.workload.ref} ").removesuffix(".")
    if decision.reason == Reason.NAMESPACE_UNKNOWN and result.code == "namespace-missing":
        brief = decision.detail

    entry = {"code": result.code, "message": result.message, "brief": brief}
    return {**entry, "field": result.field} if result.field else entry


def _first_clause(message: str) -> str:
    """The message up to its first full stop, semicolon or line break, or its list of causes.

    It only shortens: nothing in the program depends on the words.
    """
    return re.split(r"\n|; |\. |: (?=[^ ]+ \()", message, maxsplit=1)[0]


class _EvidenceEntries:
    """Evidence as entries. Workloads share an entry where webhook, Namespace and mesh are the same.

    The report relies on it: it holds each entry once, by its identity.
    """

    def __init__(self, locations: Locations | None) -> None:
        self._locations = locations
        self._shared: dict[Any, Entry] = {}

    def entry(self, decision: Decision, evidence: Evidence) -> Entry:
        if evidence.on == "pod" and evidence.path:
            return self._new(decision, evidence)  # its location is the workload's own

        namespace = decision.namespace.name if decision.namespace else ""
        key = (evidence, namespace, id(decision.mesh))
        entry = self._shared.get(key)
        if entry is None:
            entry = self._shared[key] = self._new(decision, evidence)
        return entry

    def _new(self, decision: Decision, evidence: Evidence) -> Entry:
        entry: Entry = {
            "rule": evidence.rule,
            "outcome": evidence.outcome,
            "detail": in_text(evidence.detail),
        }
        if not evidence.path:
            return entry

        path: Sequence[str | int] = evidence.path
        if evidence.on == "pod":
            path = (*decision.workload.template, *evidence.path)

        entry["field"] = field_path(path)
        if self._locations is not None:
            entry |= self._locations.of_evidence(decision, evidence)

        return entry


def containers(workload: Object, template: Sequence[str | int]) -> int:
    """How many containers READY counts: the containers, and init containers that keep running.

    A workload that is left alone may be malformed; what is not a container does not count.
    """
    pod = at(workload, (*template, "spec"))
    if not isinstance(pod, dict):
        return 0

    native_sidecars = [
        container
        for container in _maps(pod.get("initContainers"))
        if container.get("restartPolicy") == "Always"
    ]
    return len(_maps(pod.get("containers"))) + len(native_sidecars)


def _maps(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def document(
    meshes: Sequence[Mesh], entries: list[Entry], requests: Mapping[str, Requests] | None = None
) -> dict[str, Any]:
    """The whole answer. ``mesh`` is the first control plane; ``meshes`` are all of them."""
    control_planes = [_control_plane(mesh) for mesh in meshes]
    return {
        "mesh": control_planes[0] if control_planes else {},
        "meshes": control_planes,
        "summary": summary(entries),
        "requests": _requests(requests or {}),
        "workloads": entries,
    }


def summary(entries: list[Entry]) -> dict[str, Any]:
    """How many workloads there are: in all, by verdict, and by deciding rule."""
    reasons: dict[str, int] = {}
    for entry in entries:
        reasons[entry["reason"]] = reasons.get(entry["reason"], 0) + 1

    verdicts = [entry["verdict"] for entry in entries]
    return {
        "workloads": len(entries),
        "injected": verdicts.count("injected"),
        "leftOut": verdicts.count("left out"),
        "errors": verdicts.count("error"),
        "reasons": reasons,
    }


def _requests(of_namespaces: Mapping[str, Requests]) -> dict[str, Any]:
    """What injection adds to the requests of pods: in all, with autoscalers at the most, and in
    each Namespace with injected pods.
    """
    total = in_all(of_namespaces)
    namespaces = {
        name: added_amounts(each) for name, each in of_namespaces.items() if each.most.injected
    }
    return {**added_amounts(total), "namespaces": namespaces}


def added_amounts(requests: Requests) -> dict[str, Any]:
    """As quantities; ``most`` only where autoscalers make it differ."""
    least, most = requests.least.added, requests.most.added
    return {**_quantities(least), **({"most": _quantities(most)} if most != least else {})}


def _quantities(added: Added) -> dict[str, Any]:
    return {
        "pods": added.pods,
        "cpu": shown(added.cpu, "cpu"),
        "memory": shown(added.memory, "memory"),
    }


def _control_plane(mesh: Mesh) -> dict[str, Any]:
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
