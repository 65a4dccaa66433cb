"""The data of the page's list of workloads. Each text is there once; page/explain.js draws it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from krm_injector.fleet.forms import totals
from krm_injector.fleet.forms.differing import Differing
from krm_injector.fleet.forms.explained import Explained, Unexpected
from krm_injector.fleet.forms.page import Texts
from krm_injector.fleet.forms.placed import Placed
from krm_injector.fleet.model import TargetResult
from krm_injector.presenting.report.markup import Html, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OPTION = Html('<option value="{name}">{shown}</option>')
_SEVERITIES = {"error": 0, "warning": 1, "info": 2}  # as page/explain.js numbers them


def options(names: Iterable[str]) -> Html:
    """The choices of a filter."""
    distinct = sorted(set(names))
    return joined(_OPTION.filled(name=name, shown=name or "(none)") for name in distinct)


def data(explained: Explained) -> dict[str, Any]:
    """Targets and workloads as rows of numbers, which name texts.

    told: what only a few rows have: index of a row -> errors, doubt, change, control plane.
    """
    texts = Texts()
    numbers = {target.name: at for at, target in enumerate(explained.report.fleet.targets)}
    unlike, meant = _numbered(explained.differing), _numbered(explained.unexpected)
    planes = {result.name: _planes(result) for result in explained.report.results}
    advice = _advice_by_workload(explained)

    told: dict[int, dict[str, Any]] = {}
    rows = []
    for index, placed in enumerate(explained.placed):
        own = sorted(_advice(each, texts) for each in advice.get(id(placed.workload), ()))
        row = _row(placed, numbers[placed.target.name], texts)
        groups = [of.get(id(placed.workload), 0) for of in (unlike, meant)]
        rows.append([*row, *groups, own])
        told[index] = _told(placed.workload, planes[placed.target.name], texts)

    return {
        "workloads": rows,
        "told": {index: more for index, more in told.items() if more},
        "unlike": [texts.number(totals.differing(each, 1)) for each in explained.differing],
        "targets": [
            [texts.number(text) for text in (each.name, each.cluster, each.path, each.why)]
            for each in explained.report.fleet.targets
        ],
        "texts": texts.all,
    }


def _numbered(groups: Iterable[Differing | Unexpected]) -> dict[int, int]:
    """id() of a workload -> the number of its group, from 1."""
    return {
        id(member.workload): at for at, found in enumerate(groups, 1) for member in found.members
    }


def _row(placed: Placed, target: int, texts: Texts) -> list[int]:
    workload = placed.workload
    name = workload["name"]
    if workload.get("podTemplate"):
        name = f"{name} {workload['podTemplate']}"
    cells = (
        workload["kind"],
        workload["namespace"],
        name,
        workload["verdict"],
        workload["reason"],
        " ".join(str(workload.get("detail") or workload["reason"]).split()),
        _ready(workload),
    )
    return [target, *map(texts.number, cells)]


def _ready(workload: Mapping[str, Any]) -> str:
    """What READY counts, before and after injection."""
    before, after = workload.get("containers") or (0, 0)
    if workload["verdict"] == "error" or after is None:
        return f"{before}/{before} → ?"
    return f"{before}/{before} → {after}/{after}" if after != before else f"{before}/{before}"


def _told(workload: Mapping[str, Any], planes: Mapping[str, str], texts: Texts) -> dict[str, Any]:
    more: dict[str, Any] = {}
    errors = [texts.number(error["message"]) for error in workload.get("errors") or ()]
    if errors:
        more["errors"] = errors
    if workload.get("doubt"):
        more["doubt"] = texts.number(workload["doubt"])
    if workload.get("changes"):
        more["change"] = texts.number(workload["changes"][0])
    if workload["verdict"] == "injected":
        more["plane"] = texts.number(planes.get(workload["revision"], workload["revision"]))
    return more


def _planes(result: TargetResult) -> dict[str, str]:
    """Revision -> the control plane in words."""
    return {
        mesh["revision"]: f"{mesh['revision']}, Istio {mesh.get('version') or 'of unknown version'}"
        for mesh in result.data.get("meshes") or ()
    }


def _advice_by_workload(explained: Explained) -> dict[int, list[Mapping[str, Any]]]:
    """id() of a workload -> the advice about it."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for result in explained.report.results:
        workloads = result.data.get("workloads") or ()
        for advice in result.data.get("advice") or ():
            index = advice.get("workload")
            if index is not None and index < len(workloads):
                found.setdefault(id(workloads[index]), []).append(advice)

    return found


def _advice(advice: Mapping[str, Any], texts: Texts) -> list[int]:
    severity = _SEVERITIES[advice["severity"]]
    return [severity, texts.number(advice["code"]), texts.number(advice["message"])]
