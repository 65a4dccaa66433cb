"""The head of the page: where the workloads are written, the control planes, the counts."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping, Sequence

from krm_injector.judging.advice import Advice
from krm_injector.model import Mesh
from krm_injector.presenting.report.findings import NOUNS, counts
from krm_injector.presenting.report.markup import NOTHING, Html, joined
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SOURCES = {
    "functionConfig": "from --mesh or spec.mesh",
    "profile": "embedded profile",
    "bundle": "from the bundle",
    "missing": "configuration missing",
}
_CONTROL_PLANE = Html(
    "<p>Control plane <b>{revision}</b>, Istio {version} ({source}), {sidecars}{webhooks}</p>"
)
_TILE = Html('<div class="{kind}"><dt>{name}</dt><dd>{number:,}</dd></div>')


def files(entries: Iterable[Mapping[str, Any]]) -> Html:
    """Where the workloads are written: the file, or the directory that all files are in."""
    names = sorted({str(entry.get("file", "")) for entry in entries} - {""})
    if not names:
        return NOTHING
    if len(names) == 1:
        return Html("<p>From <b>{file}</b></p>").filled(file=names[0])

    try:
        directory = os.path.commonpath(names)
    except ValueError:  # absolute and relative names
        directory = ""

    inside = Html(" in <b>{directory}</b>").filled(directory=directory) if directory else NOTHING
    return Html("<p>From {count}{inside}</p>").filled(
        count=counted(len(names), "file"), inside=inside
    )


def control_planes(meshes: Sequence[Mesh]) -> Html:
    if not meshes:
        return Html("<p>No control plane.</p>")
    return joined(_control_plane(mesh) for mesh in meshes)


def _control_plane(mesh: Mesh) -> Html:
    return _CONTROL_PLANE.filled(
        revision=mesh.revision,
        version=mesh.version or "of unknown version",
        source=_SOURCES[mesh.source],
        sidecars=_sidecars(mesh),
        webhooks=", webhooks assumed" if mesh.assumed_webhooks else "",
    )


def _sidecars(mesh: Mesh) -> str:
    if not mesh.native_sidecars:
        return "sidecars as plain containers"
    return "native sidecars (assumed)" if mesh.native_assumed else "native sidecars"


def tiles(entries: Sequence[Mapping[str, Any]], findings: Sequence[Advice]) -> Html:
    """The counts: workloads by verdict, findings by severity."""
    verdicts = [entry["verdict"] for entry in entries]
    injected = verdicts.count("injected")
    result = [
        _tile("workload" if len(verdicts) == 1 else "workloads", len(verdicts), ""),
        _tile("injected", injected, "yes" if injected else ""),
        _tile("left out", verdicts.count("left out"), ""),
    ]
    for severity, number in counts(findings).items():
        if number or severity == "warning":
            singular, plural = NOUNS[severity]
            noun = singular if number == 1 else plural
            result.append(_tile(noun, number, severity if number else ""))

    return joined(result)


def _tile(name: str, number: int, kind: str) -> Html:
    return _TILE.filled(kind=kind, name=name, number=number)
