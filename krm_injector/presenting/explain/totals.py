"""The text below the table: totals, and the workloads that were perhaps meant in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from krm_injector.judging.advice.amounts import brief
from krm_injector.judging.advice.requests import Added, Requests, in_all
from krm_injector.model import Mesh
from krm_injector.presenting.explain.entries import Entry, summary
from krm_injector.presenting.text import printable
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DAEMON = "DaemonSet"
_MOST_NAMESPACES = 12  # counted one by one
_MOST_NAMES = 3  # workloads that one doubt names
SOURCES = {  # where the configuration of a control plane was found
    "functionConfig": ", from --mesh or spec.mesh",
    "bundle": ", from the bundle",
    "profile": ", the embedded profile",
    "missing": "",
}


def totals(
    meshes: Sequence[Mesh], entries: list[Entry], requests: Mapping[str, Requests] | None = None
) -> list[str]:
    """Sentences: how many workloads are injected and why others are not, in which Namespaces, what
    that adds to the requests of their pods, and by which control planes.
    """
    if not entries:
        return [
            "There are no workloads: nothing here is of a kind that is injected by default or "
            "named in spec.workloads."
        ]

    requests = requests or {}
    kinds = {entry["kind"] for entry in entries if entry["verdict"] == "injected"}
    total = in_all(requests)
    added = adds(total.least.added, total.most.added, kinds)
    sentences = [f"{counts(entries)} {added}".rstrip()]
    if len({entry["namespace"] for entry in entries}) > 1:
        sentences.append(_by_namespace(entries))
    sentences += _added_by_namespace(requests)
    if meshes:
        noun = "Control plane" if len(meshes) == 1 else "Control planes"
        sentences.append(f"{noun}: {', '.join(map(_control_plane, meshes))}.")
    if _nothing_asks(meshes, entries):
        sentences.append(_how_to_ask(meshes))

    return sentences


def counts(entries: list[Entry]) -> str:
    """How many workloads there are of each verdict, as a sentence."""
    numbers = summary(entries)
    clauses = [f"{numbers['injected']:,} injected", _left_out(entries)]
    if numbers["errors"]:
        clauses.append(f"{numbers['errors']:,} refused with an error")
    return f"{counted(numbers['workloads'], 'workload')}: {', '.join(clauses)}."


def _left_out(entries: list[Entry]) -> str:
    """ "7 left out (6 no-webhook-matches, 1 annotation)"."""
    reasons: dict[str, int] = {}
    for entry in entries:
        if entry["verdict"] == "left out":
            reasons[entry["reason"]] = reasons.get(entry["reason"], 0) + 1

    if not reasons:
        return "0 left out"

    most_first = sorted(reasons.items(), key=lambda pair: -pair[1])
    texts = [f"{count:,} {reason}" for reason, count in most_first]
    if len(reasons) == 1:
        texts = [*reasons]
    return f"{sum(reasons.values()):,} left out ({', '.join(texts)})"


def _by_namespace(entries: list[Entry]) -> str:
    """How many workloads of each Namespace are injected; of many Namespaces, how many are in."""
    numbers: dict[str, list[int]] = {}  # injected, all
    for entry in entries:
        count = numbers.setdefault(entry["namespace"], [0, 0])
        count[0] += entry["injected"]
        count[1] += 1

    if len(numbers) <= _MOST_NAMESPACES:
        texts = [
            f"{printable(name) or '(none)'} {injected:,} of {count:,}"
            for name, (injected, count) in numbers.items()
        ]
        return f"Injected by Namespace: {', '.join(texts)}."

    whole = sum(injected == count for injected, count in numbers.values())
    none = sum(not injected for injected, _ in numbers.values())
    part = len(numbers) - whole - none
    return (
        f"{counted(len(numbers), 'Namespace')}: {whole:,} injected as a whole, {part:,} in part, "
        f"{none:,} not at all."
    )


def adds(least: Added, most: Added, kinds: Collection[str]) -> str:
    """What injection adds in all, and with autoscalers at the most; "" if nothing is injected.
    kinds: of the injected workloads.
    """
    if not most.pods:
        return ""

    at_most = "" if most == least else f", with autoscalers at the most {added_text(most)}"
    text = f"Injection adds requests of {added_text(least)}{at_most}."
    return f"{text} Pods of DaemonSets, one a node, are not counted." if _DAEMON in kinds else text


def _added_by_namespace(requests: Mapping[str, Requests]) -> list[str]:
    parts = [
        f"{printable(name) or '(none)'} {brief(added.cpu, 'cpu')} and "
        f"{brief(added.memory, 'memory')}"
        for name, added in ((name, each.least.added) for name, each in requests.items())
        if added.cpu or added.memory
    ]
    if not 1 < len(parts) <= _MOST_NAMESPACES:
        return []
    return [f"Added by Namespace: {', '.join(parts)}."]


def added_text(added: Added) -> str:
    """ "1200m CPU and 640Mi memory to 12 pods"."""
    return (
        f"{brief(added.cpu, 'cpu')} CPU and {brief(added.memory, 'memory')} memory to "
        f"{counted(added.pods, 'pod')}"
    )


def _control_plane(mesh: Mesh) -> str:
    version = "unknown"
    if mesh.version:
        version = f"Istio {mesh.version}"
    elif mesh.source == "missing":
        version = "no configuration"

    return f"{mesh.revision} ({version}{SOURCES[mesh.source]})"


def _nothing_asks(meshes: Sequence[Mesh], entries: list[Entry]) -> bool:
    """Whether no label of a pod or of a Namespace says anything: a beginner's first run."""
    if not meshes or any(mesh.source != "profile" for mesh in meshes):
        return False

    for entry in entries:
        silent = entry["reason"] == "no-webhook-matches" and entry.get("default")
        if not silent or entry.get("doubt"):
            return False

    ignored = {name for mesh in meshes for name in mesh.rules.ignored_namespaces}
    return any(
        "neither istio-injection nor istio.io/rev" in entry["detail"]
        and entry["namespace"] not in ignored
        for entry in entries
    )


def _how_to_ask(meshes: Sequence[Mesh]) -> str:
    namespace_label = pod_label = f"istio.io/rev: {meshes[0].revision}"
    if any(mesh.revision == "default" for mesh in meshes):
        namespace_label, pod_label = "istio-injection: enabled", 'sidecar.istio.io/inject: "true"'

    return (
        f"Nothing here asks for injection: label a Namespace with {namespace_label}, or a pod "
        f"template with {pod_label}."
    )


# ---------------------------------------------------------------- doubts


def doubts(entries: list[Entry]) -> list[tuple[str, list[Entry]]]:
    """The workloads that are left out and were perhaps meant in, by what would inject them (or why
    nothing would).
    """
    groups: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in entries:
        if not entry.get("doubt"):
            continue

        changes = entry["changes"]
        remedy = changes[0]["text"] if changes else entry["noChange"]
        key = [remedy, entry["doubt"]]
        if not changes or changes[0]["scope"] not in ("namespace", "mesh"):
            # The same sentence about two pods means two changes. They share a line only where the
            # Namespace is the same, since what is said of several must be true of each.
            key.append(entry["namespace"])

        groups.setdefault(tuple(key), []).append(entry)

    return [(key[0], members) for key, members in groups.items()]


def doubt_sentence(entries: list[Entry]) -> str:
    """The names of workloads with one doubt, and the doubt."""
    names = []
    for entry in entries[:_MOST_NAMES]:
        prefix = f"{entry['namespace']}/" if entry["namespace"] else ""
        names.append(f"{entry['kind']} {prefix}{entry['name']}")

    subject = ", ".join(names)
    if len(entries) > _MOST_NAMES:
        subject += f" and {len(entries) - _MOST_NAMES:,} more"
    return printable(f"{subject}: {entries[0]['doubt']}")
