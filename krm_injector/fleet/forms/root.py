"""explain and verify of a directory with several targets: a table with the target of each row, then
totals and exceptions, as `fleet explain` and `fleet verify` say them.
"""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.fleet import told
from krm_injector.fleet.forms import explain, totals
from krm_injector.fleet.forms.columns import Column
from krm_injector.fleet.forms.explain_sections import sections, sentences
from krm_injector.fleet.forms.explained import Explained
from krm_injector.fleet.forms.explained import explained as explained_of
from krm_injector.fleet.forms.placed import Placed, first_names
from krm_injector.fleet.forms.results import has_errors
from krm_injector.fleet.forms.sections import Section, as_markdown, as_text, kept
from krm_injector.fleet.model import Report, TargetResult
from krm_injector.presenting.explain.rows import VARIOUS, VERDICTS
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.text import ELLIPSIS
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WORKLOADS = (
    Column("Target"),
    Column("Kind"),
    Column("Namespace/name"),
    Column("Injected"),
    Column("Ready"),
    Column("Revision"),
    Column("Rule"),
)
_NAME = 2
_TARGETS = (
    Column("Target"),
    Column("Kind"),
    Column("Workloads", number=True),
    Column("Stale", number=True),
    Column("Result"),
)


# ---------------------------------------------------------------- explain


def explained(report: Report, form: str, style: Style) -> str:
    found = explained_of(report)
    if form == "yaml":
        from krm_injector.fleet.forms import explain_json
        from krm_injector.kube import yaml

        return yaml.dump(explain_json.document(found))
    if form not in ("table", "markdown"):
        return explain.render(report, form, style)

    table = workloads(found, style.limit)
    lead = [*sentences(found), *not_rendered(report)]
    further = sections(found, explain.LIMIT if style.limit else 0, style.verbose)
    if form == "markdown":
        return as_markdown(lead, [*table, *further], "--output html and json have all")

    rows = as_text((), table, style).removeprefix("\n")
    return (f"{rows}\n" if table else "") + as_text(lead, further, style)


def workloads(found: Explained, limit: int) -> list[Section]:
    """The table of workloads. Above the limit those of one target and rule share a row."""
    rows = [_row(each) for each in found.placed]
    if limit and len(rows) > limit:
        rows = _shared(rows)

    count = kept(rows, limit)
    hidden = len(rows) - count
    section = Section("", "row", _WORKLOADS, rows[:count], hidden=hidden)
    return [section] if rows else []


def _row(placed: Placed) -> tuple[str, ...]:
    workload = placed.workload
    namespace, name = workload["namespace"], workload["name"]
    shown = f"{namespace}/{name}" if namespace else name
    if workload.get("podTemplate"):
        shown += f" {workload['podTemplate']}"
    return (
        placed.target.name,
        workload["kind"],
        shown,
        VERDICTS[workload["verdict"]],
        _ready(workload),
        workload["revision"] or "-",
        workload.get("detail", ""),
    )


def _ready(workload: dict[str, Any]) -> str:
    before, after = workload["containers"]
    if workload["verdict"] == "error":
        return f"{before}/{before} -> ?"
    if workload["verdict"] == "injected":
        return f"{before}/{before} -> {after}/{after}"
    return f"{before}/{before}"


def _shared(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for row in rows:
        groups.setdefault((row[0], row[3], row[5], row[6]), []).append(row)

    shared: list[tuple[str, ...]] = []
    for members in groups.values():
        columns = zip(*members, strict=True)
        cells = [column[0] if len(set(column)) == 1 else VARIOUS for column in columns]
        if len(members) > 1:
            cells[_NAME] = f"* ({len(members):,}: {members[0][_NAME]}, {ELLIPSIS})"
        shared.append(tuple(cells))
    return shared


# ---------------------------------------------------------------- verify


def verified(report: Report, style: Style) -> str:
    """A row a target that has workloads or was meant to have some, then the totals."""
    targets = {target.name: target for target in report.fleet.targets}
    rows = [
        _verified(each, targets[each.name].kind)
        for each in report.results
        if each.data.get("workloads") or told.NOT_RENDERED in each.data or has_errors(each)
    ]
    count = kept(rows, style.limit)
    table = Section("", "target", _TARGETS, rows[:count], hidden=len(rows) - count)
    text = as_text((), [table], style).removeprefix("\n") + "\n" if rows else ""
    lead = [*totals.targets(report), *_counts(report), *not_rendered(report)]
    return text + as_text(lead, (), style)


def _verified(result: TargetResult, kind: str) -> tuple[str, ...]:
    count, stale = result.data.get("workloads") or 0, result.data.get("stale") or 0
    said = "as injection gives them"
    if told.NOT_RENDERED in result.data:
        said = "not rendered here"
    elif stale:
        said = "not as injection gives them"
    elif has_errors(result):
        errors = {each.code: None for each in result.results if each.severity == "error"}
        said = f"error: {', '.join(errors)}"
    return (result.name, kind, f"{count:,}", f"{stale:,}", said)


def _counts(report: Report) -> list[str]:
    """How many workloads are as they should be. Those of targets with errors are not known to
    be.
    """
    good = sum(
        result.data.get("workloads") or 0 for result in report.results if not has_errors(result)
    )
    stale = sum(result.data.get("stale") or 0 for result in report.results)
    every = sum(result.data.get("workloads") or 0 for result in report.results)
    if not every:
        return ["There are no workloads."]

    text = f"{counted(good, 'workload')} verified"
    if good == every:
        return [f"{text}."]
    unknown = every - good - stale
    parts = [text, f"{stale:,} not as injection gives them", f"{unknown:,} not known for errors"]
    return [", ".join(part for part in parts if not part.startswith("0 not")) + "."]


# ---------------------------------------------------------------- both


def not_rendered(report: Report) -> list[str]:
    names = [each.name for each in report.results if told.NOT_RENDERED in each.data]
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    count = counted(len(names), "target")
    return [f"{count} {verb} not rendered here, and not in these numbers: {first_names(names)}."]
