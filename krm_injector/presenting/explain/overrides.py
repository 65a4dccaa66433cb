"""What each workload overrides of its mesh, for all forms of ``explain``: entry["overrides"].

The findings are judging/advice's. Here they get the names by which a reader knows the settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.judging.advice import Advice
from krm_injector.judging.advice.overrides.allowed import LISTED
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Decision, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain.entries import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEY = lazy_pattern(r'\["([^"]+)"\]\Z')  # of an annotation or a label
_CONTAINER = lazy_pattern(r"(containers|initContainers)\[(\d+)\]\.(.+)")
_MOST = 80  # characters of a value in a table


class Row(NamedTuple):
    """A row of a table of overrides."""

    workload: str
    setting: str
    value: str
    code: str
    severity: str


TITLE = "What these workloads override"
HEAD = ("WORKLOAD", "SETTING", "VALUE", "CODE")


def attach(
    entries: Sequence[Entry], decisions: Sequence[Decision], warnings: Iterable[Advice]
) -> None:
    """Gives each entry its "overrides": code, severity, setting, value, field and message."""
    for entry in entries:
        entry["overrides"] = []

    for result, index in warnings:
        if index is not None and result.code in LISTED:
            entries[index]["overrides"].append(_override(result, decisions[index]))


def _override(result: Result, decision: Decision) -> Entry:
    return {
        "code": result.code,
        "severity": result.severity,
        "setting": _setting(result.field, decision),
        "value": result.current,
        "field": result.field,
        "message": result.message,
    }


def _setting(field: str, decision: Decision) -> str:
    """The annotation's or label's name, or the container's with its field."""
    key = _KEY.search(field)
    if key:
        return key[1]

    template = decision.workload.template
    inside = field.removeprefix(text((*template, "spec"))).lstrip(".")
    container = _CONTAINER.match(inside)
    if container is None:
        return inside

    place = (*template, "spec", container[1], int(container[2]), "name")
    name = at(decision.workload.object, place)
    return f"{name}: {container[3]}"


# ---------------------------------------------------------------- tables


def rows(entries: Iterable[Entry]) -> list[Row]:
    """All overrides, workload by workload."""
    result = []
    for entry in entries:
        name = f"{entry['namespace']}/{entry['name']}" if entry["namespace"] else entry["name"]
        workload = f"{entry['kind']} {name}"
        if entry.get("podTemplate"):
            workload += f" {entry['podTemplate']}"

        for override in entry.get("overrides", ()):  # without advice there are none
            setting, code, severity = (override[key] for key in ("setting", "code", "severity"))
            result.append(Row(workload, setting, _shown(override["value"]), code, severity))

    return result


def _shown(value: Any) -> str:
    """A value on one line, "" as quotes."""
    if not isinstance(value, str):
        import json

        value = json.dumps(value, ensure_ascii=False)

    line = " ".join(value.split())
    return (line if len(line) <= _MOST else f"{line[: _MOST - 1]}…") or '""'
