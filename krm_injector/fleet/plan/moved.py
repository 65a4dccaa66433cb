"""A bundle after its labels have moved, and where these labels are written."""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.fleet.model import Target
from krm_injector.fleet.plan.moves import Move, Moves
from krm_injector.function_config import Settings, Stub
from krm_injector.kube.paths import Step, at, put
from krm_injector.model import Decision, Namespace, Refused
from krm_injector.outcome import Outcome, with_replacements
from krm_injector.sources import files, kustomizations, resource_list
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.members import Member, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MANAGED = ("spec", "syncPolicy", "managedNamespaceMetadata")


def labels_after(labels: Any, move: Move) -> dict[str, Any]:
    """The labels, without those that go, and with those that come."""
    there = labels if isinstance(labels, dict) else {}
    return {**{key: value for key, value in there.items() if key not in move.before}, **move.after}


def bundle(before: Outcome, moves: Moves) -> Bundle:
    """The bundle with the labels moved. A Namespace whose tag moves has the label that the tag will
    mean. A workload whose own labels move is as it was before any injection, since a record holds
    these labels; the others keep what was edited by hand in their injection.
    """
    values: dict[int, Any] = {}
    for member, path, move in _namespaces(before.bundle, moves):
        item = values.get(member.item, before.bundle.items[member.item].value)
        values[member.item] = put(item, path, labels_after(at(item, path), move))

    for index, move in moves.workloads.items():
        decision = before.decisions[index]
        path = _pod_labels(decision)
        number = decision.workload.item
        original = before.originals.get(number, before.bundle.items[number].value)
        item = values.get(number, original)
        values[number] = put(item, path, labels_after(at(item, path), move))

    return with_replacements(before.bundle, values)


def settings(stated: Settings, moves: Moves) -> Settings:
    """The settings, with the labels of the functionConfig's Namespaces moved."""
    return stated._replace(namespaces=tuple(_stub(stub, moves) for stub in stated.namespaces))


def _stub(stub: Stub, moves: Moves) -> Stub:
    move = moves.namespaces.get(stub.name)
    return stub if move is None else stub._replace(labels=labels_after(stub.labels, move))


def _pod_labels(decision: Decision) -> Step:
    workload = decision.workload
    return (*workload.inside, *workload.template, "metadata", "labels")


def _namespaces(bundle: Bundle, moves: Moves) -> Iterator[tuple[Member, Step, Move]]:
    """The objects that state labels of a Namespace that moves, with the path of the labels."""
    for member in walk(bundle):
        if member.kind == "Namespace" and member.api_version == "v1":
            name: Any = at(member.value, ("metadata", "name"))
            path: Step = ("metadata", "labels")
        elif member.kind == "Application" and at(member.value, _MANAGED) is not None:
            name = at(member.value, ("spec", "destination", "namespace"))
            path = (*_MANAGED, "labels")
        else:
            continue

        move = moves.namespaces.get(str(name))
        if move is not None:
            yield member, (*member.inside, *path), move


# ---------------------------------------------------------------- where they are written


def label_changes(
    before: Outcome, moves: Moves, namespaces: dict[str, Namespace], target: Target
) -> list[dict[str, Any]]:
    """The label changes of a target for its data. What a tag moves is not among them."""
    entries: list[dict[str, Any]] = []
    stated = set()
    for member, path, move in _namespaces(before.bundle, moves):
        if move.how == "tag" or (member.kind == "Application" and _is_manifest(member, namespaces)):
            continue

        item = before.bundle.items[member.item]
        name = str(at(member.value, ("metadata", "name")))
        entry = _entry(member.kind, member.api_version, name, move)
        entry["namespace"] = ""
        if member.kind == "Application":
            entry["namespace"] = str(at(member.value, ("metadata", "namespace")) or "")
        stated.add(_namespace_of(member))
        place = (item.file, 0 if member.inside else item.line)
        file, line = place if item.file else written(member, target)
        labels = ".".join(map(str, path[len(member.inside) :]))
        of = _namespace_of(member)
        entries.append({**entry, "path": labels, "file": file, "line": line, "of": of})

    for name, move in moves.namespaces.items():
        if move.how == "label" and name not in stated:
            entry = _entry("Namespace", "v1", name, move)
            entry["source"] = namespaces[name].source
            entries.append({**entry, "path": "metadata.labels", "of": name})

    return entries + _of_pods(before, moves)


def _of_pods(before: Outcome, moves: Moves) -> list[dict[str, Any]]:
    entries = []
    for index, move in moves.workloads.items():
        if move.how == "tag":
            continue

        workload = before.decisions[index].workload
        item, ref = before.bundle.items[workload.item], workload.ref
        entry = _entry(ref.kind, ref.api_version, ref.name, move)
        path = ".".join(map(str, (*workload.template, "metadata", "labels")))
        line = 0 if workload.inside else item.line
        own = {"namespace": ref.namespace, "path": path, "file": item.file, "of": ref.namespace}
        entries.append({**entry, **own, "line": line if item.file else 0})

    return entries


def _entry(kind: str, api_version: str, name: str, move: Move) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "namespace": "",
        "name": name,
        "before": move.before,
        "after": move.after,
        "file": "",
        "line": 0,
        "source": "bundle",
    }


def _is_manifest(member: Member, namespaces: dict[str, Namespace]) -> bool:
    """Whether the Namespace of an Application has a manifest, whose labels win."""
    namespace = namespaces.get(_namespace_of(member))
    return namespace is not None and namespace.source == "bundle"


def _namespace_of(member: Member) -> str:
    if member.kind == "Namespace":
        return str(at(member.value, ("metadata", "name")))
    return str(at(member.value, ("spec", "destination", "namespace")))


def written(member: Member, target: Target) -> tuple[str, int]:
    """The file and line of a Namespace that a kustomization renders, if one of its files states it
    under the same name.
    """
    if target.kind != "kustomization":
        return "", 0

    name = _namespace_of(member)
    for file in kustomizations.local_files(target.path):
        line = _line(file, member.kind, name)
        if line:
            return file, line

    return "", 0


def _line(file: str, kind: str, name: str) -> int:
    """The line of a Namespace (or of an Application for it) in a file; 0 if it is not there."""
    try:
        data = files.content(file)
        if kind.encode() not in data:
            return 0
        read = resource_list.read_manifests(data, file)
    except Refused:
        return 0

    for member in walk(read):
        if member.kind == kind and not member.inside and _namespace_of(member) == name:
            return read.items[member.item].line
    return 0
