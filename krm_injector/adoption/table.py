"""What people read of an adoption: control planes, Namespaces, workloads, differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.adoption import Adoption
from krm_injector.adoption.dump import key_of, shown
from krm_injector.adoption.proof import EQUAL, ComparedPod, ProvedWorkload
from krm_injector.adoption.reasons import OTHERS, RESTART, version_of
from krm_injector.kube.differences import ABSENT, Difference
from krm_injector.model import Mesh
from krm_injector.presenting.text import pad, printable
from krm_injector.presenting.text import width as cells
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Rows: TypeAlias = "Sequence[tuple[str, ...]]"

_MOST_PATHS = 8  # of the differences of one kind, unless --verbose
_MOST_CHARACTERS = 90


def text(adoption: Adoption, verbose: bool) -> str:
    parts = [
        _control_planes(adoption),
        _namespaces(adoption),
        _workloads(adoption),
        _differences(adoption, verbose),
        _proof(adoption),
    ]
    return "\n".join(part for part in parts if part)


def _control_planes(adoption: Adoption) -> str:
    rows = [("CONTROL PLANE", "ISTIO", "WORKLOADS INJECTED", "WEBHOOKS")]
    for mesh in adoption.facts.meshes:
        of_mesh = [each for each in adoption.proof.workloads if _injects(mesh, each)]
        names = dict.fromkeys(webhook.configuration for webhook in mesh.webhooks)
        rows.append((
            mesh.revision,
            mesh.version or "unknown",
            f"{len(of_mesh):,}",
            ", ".join(names) or "none",
        ))  # fmt: skip
    return _columns(rows)


def _injects(mesh: Mesh, workload: ProvedWorkload) -> bool:
    decision = workload.decision
    if decision is None or not decision.injected or decision.mesh is None:
        return False
    return decision.mesh.revision == mesh.revision


def _namespaces(adoption: Adoption) -> str:
    rows = [("NAMESPACE", "WORKLOADS", "INJECTED", "LABELS")]
    for stub in adoption.facts.stubs:
        of_namespace = [each for each in adoption.proof.workloads if each.key[1] == stub.name]
        injected = sum(each.injected for each in of_namespace)
        labels = ",".join(f"{key}={value}" for key, value in sorted(stub.labels.items()))
        rows.append((stub.name, f"{len(of_namespace):,}", f"{injected:,}", labels or "-"))
    return _columns(rows) if len(rows) > 1 else ""


def _workloads(adoption: Adoption) -> str:
    rows = [("WORKLOAD", "INJECTED BY", "PODS", "PROXIES THAT RUN", "RESULT")]
    for each in adoption.proof.workloads:
        pods = f"{len(each.pods):,}"
        rows.append((shown(each.key), _injector(each), pods, _versions(each.pods), _verdict(each)))
    return _columns(rows)


def _injector(workload: ProvedWorkload) -> str:
    """The control plane that injects its new pods."""
    decision = workload.decision
    if decision is None:
        return "its manifest"
    mesh = decision.mesh if decision.injected else None
    return f"{mesh.revision} {mesh.version}".strip() if mesh else "-"


def _verdict(workload: ProvedWorkload) -> str:
    words = {RESTART: "equal after a restart", OTHERS: "equal but for others' changes"}
    return words.get(workload.verdict, workload.verdict)


def _versions(pods: Iterable[ComparedPod]) -> str:
    counts: dict[str, int] = {}
    for pod in pods:
        version = version_of(pod.pod) or "none"
        counts[version] = counts.get(version, 0) + 1
    if set(counts) <= {"none"}:
        return "-"
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{version} ({count:,})" for version, count in sorted(counts.items()))


# ---------------------------------------------------------------- differences


def _differences(adoption: Adoption, verbose: bool) -> str:
    """Pods of a workload that differ in the same way are one entry."""
    lines = []
    for workload in adoption.proof.workloads:
        groups: dict[Any, list[ComparedPod]] = {}
        for pod in workload.pods:
            if pod.differences:
                ways = tuple(
                    (each.difference.path, each.reason, _values(each.difference))
                    for each in pod.differences
                )
                groups.setdefault(ways, []).append(pod)
        for ways, pods in groups.items():
            name = shown(key_of(pods[0].pod))
            more = f" and {counted(len(pods) - 1, 'other')}" if len(pods) > 1 else ""
            lines.append(f"{printable(name)}{more}, of {printable(shown(workload.key))}:")
            lines += _ways(ways, verbose)
    return "".join(f"{line}\n" for line in lines)


def _ways(ways: Sequence[Any], verbose: bool) -> Iterable[str]:
    for reason in dict.fromkeys(reason for _, reason, _ in ways):
        yield f"  {printable(reason.text)}"
        of_reason = [(path, values) for path, each, values in ways if each == reason]
        most = len(of_reason) if verbose else _MOST_PATHS
        for path, values in of_reason[:most]:
            yield f"    {printable(path)}: {values}"
        if len(of_reason) > most:
            yield f"    {counted(len(of_reason) - most, 'other path')} (--verbose lists them)"


def _values(difference: Difference) -> str:
    """In words. Values of a cluster can be secret, so only those of images are shown."""
    if difference.before is ABSENT:
        return "only in the pod"
    if difference.after is ABSENT:
        return "only from Git"
    if difference.path.endswith(".image"):
        return printable(f"{difference.after} in the pod, {difference.before} from Git")
    return "another value"


# ---------------------------------------------------------------- the end


def _proof(adoption: Adoption) -> str:
    pods = [pod for workload in adoption.proof.workloads for pod in workload.pods]
    if not pods:
        return "no pod was compared, so nothing is proved\n"

    verdicts = [pod.verdict for pod in pods]
    rest = [
        f"{verdicts.count(kind):,} {words}"
        for kind, words in (
            (RESTART, "after a restart"),
            (OTHERS, "but for what others change"),
        )
        if kind in verdicts
    ]
    told = verdicts.count(EQUAL) + sum(verdicts.count(kind) for kind in (RESTART, OTHERS))
    if told < len(verdicts):
        rest.append(f"{len(verdicts) - told:,} not")
    count = verdicts.count(EQUAL)
    verb = "is" if count == 1 or len(pods) == 1 else "are"
    equal = f"{count:,} of {counted(len(pods), 'pod')} {verb} what Git gives"
    return ", and ".join([equal, ", ".join(rest)]) + "\n" if rest else f"{equal}\n"


def _columns(rows: Rows) -> str:
    shown_rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(cells(row[index]) for row in shown_rows) for index in range(len(rows[0]))]
    return "".join(
        "  ".join(pad(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in shown_rows
    )
