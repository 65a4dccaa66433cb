"""Decisions, told: one entry a workload, as a table for people or as JSON for programs.

An entry is a dict in the form that ``explain --output json`` prints.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from krm_injector.model import Decision, Mesh, Object

HEAD = ("KIND", "NAMESPACE/NAME", "INJECTED", "READY", "RULE")


def entries(decisions: Iterable[Decision], replacements: Mapping[int, Any]) -> list[dict[str, Any]]:
    """One entry a decision, in order. ``replacements``: item index -> the injected item (pipeline.Outcome)."""
    return [_entry(decision, replacements) for decision in decisions]


def _entry(decision: Decision, replacements: Mapping[int, Any]) -> dict[str, Any]:
    workload = decision.workload
    before = containers(workload.object, workload.template)
    after = before
    if workload.item in replacements:
        changed = replacements[workload.item]
        for key in workload.inside:
            changed = changed[key]
        after = containers(changed, workload.template)
    return {
        "apiVersion": workload.ref.api_version,
        "kind": workload.ref.kind,
        "namespace": workload.ref.namespace,
        "name": workload.ref.name,
        "injected": decision.injected,
        "reason": decision.reason.value,
        "detail": decision.detail,
        "revision": decision.mesh.revision if decision.mesh else "",
        "containers": [before, after],
        "webhooks": list(decision.webhooks),
        "evidence": [evidence._asdict() for evidence in decision.evidence],
    }


def containers(workload: Object, template: Sequence[str]) -> int:
    """How many containers READY counts: the containers, and init containers that keep running.

    A workload that is left alone may be malformed; what is no container does not count.
    """
    pod: Any = workload
    for key in (*template, "spec"):
        pod = pod.get(key) if isinstance(pod, dict) else None
    if not isinstance(pod, dict):
        return 0
    running = [c for c in _mappings(pod.get("initContainers")) if c.get("restartPolicy") == "Always"]
    return len(_mappings(pod.get("containers"))) + len(running)


def _mappings(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def document(meshes: Sequence[Mesh], told: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole answer. ``mesh`` is the first control plane; ``meshes`` are all of them."""
    planes = [_mesh(mesh) for mesh in meshes]
    return {"mesh": planes[0] if planes else {}, "meshes": planes, "workloads": told}


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


def as_json(meshes: Sequence[Mesh], told: list[dict[str, Any]]) -> str:
    return json.dumps(document(meshes, told), indent=2, ensure_ascii=False) + "\n"


def as_yaml(meshes: Sequence[Mesh], told: list[dict[str, Any]]) -> str:
    from krm_injector.kube import yaml

    return yaml.dump(document(meshes, told))


def as_table(_: Sequence[Mesh], told: list[dict[str, Any]]) -> str:
    """Aligned columns, a line a workload."""
    rows = [HEAD, *[_row(entry) for entry in told]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    lines = [
        "  ".join([*[cell.ljust(width) for cell, width in zip(row, widths, strict=False)], row[-1]]).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def as_markdown(_: Sequence[Mesh], told: list[dict[str, Any]]) -> str:
    rows = [HEAD, ("---",) * len(HEAD), *[_row(entry) for entry in told]]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


# --output: each takes the control planes and the entries.
FORMS: dict[str, Callable[[Sequence[Mesh], list[dict[str, Any]]], str]] = {
    "table": as_table,
    "json": as_json,
    "yaml": as_yaml,
    "markdown": as_markdown,
}


def _row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    before, after = entry["containers"]
    ready = f"{before}/{before} -> {after}/{after}" if entry["injected"] else f"{before}/{before}"
    place = f"{entry['namespace']}/{entry['name']}" if entry["namespace"] else entry["name"]
    detail = " ".join(entry["detail"].split())
    return (entry["kind"], place, "yes" if entry["injected"] else "no", ready, detail)
