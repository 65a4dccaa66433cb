"""What `fleet verify` says on stdout: which targets are not what injection gives now."""

from __future__ import annotations

from krm_injector.fleet.forms import totals
from krm_injector.fleet.forms.sections import Entry, Section, as_text, kept
from krm_injector.fleet.model import Report, TargetResult
from krm_injector.presenting.explain.style import PLAIN, Style
from krm_injector.results import counted

LIMIT = 20  # targets that are named


def summary(report: Report, style: Style = PLAIN) -> str:
    """The causes are results, on stderr. With style.verbose all targets are named."""
    stale = [result for result in report.results if result.data.get("stale")]
    sentences = [*totals.targets(report), _sentence(report, stale)]
    if not stale:
        return as_text(sentences, (), style)

    count = kept(stale, 0 if style.verbose else LIMIT)
    entries = [Entry(_target(result)) for result in stale[:count]]
    section = Section(
        "Not as injection gives them now", "target", entries=entries, hidden=len(stale) - count
    )
    return as_text(sentences, [section], style, "-v names all")


def _sentence(report: Report, stale: list[TargetResult]) -> str:
    workloads = sum(result.data.get("workloads") or 0 for result in report.results)
    if not workloads:
        return "There are no workloads."
    if not stale:
        return f"{counted(workloads, 'workload')}: all as injection gives them now."

    number = sum(result.data["stale"] for result in stale)
    verb = "is" if number == 1 else "are"
    return (
        f"{number:,} of {counted(workloads, 'workload')}, in {counted(len(stale), 'target')}, "
        f"{verb} not as injection gives {'it' if number == 1 else 'them'} now."
    )


def _target(result: TargetResult) -> str:
    workloads = counted(result.data.get("workloads") or 0, "workload")
    return f"{result.name}: {result.data['stale']:,} of {workloads}"
