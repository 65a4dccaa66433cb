"""What `fleet build` says on stdout when the files are written."""

from __future__ import annotations

from krm_injector.fleet.forms import totals
from krm_injector.fleet.forms.sections import as_text
from krm_injector.fleet.model import Report
from krm_injector.presenting.explain.style import PLAIN, Style
from krm_injector.results import counted


def summary(
    report: Report,
    directory: str,
    written: int,
    unchanged: int,
    removed: int,
    style: Style = PLAIN,
) -> str:
    """The targets, their workloads, and the files of the output directory."""
    workloads = sum(result.data.get("workloads") or 0 for result in report.results)
    injected = sum(result.data.get("injected") or 0 for result in report.results)
    sentences = [
        *totals.targets(report),
        f"{counted(workloads, 'workload')}, {injected:,} injected.",
        f"{directory}: {files(written, unchanged, removed)}.",
    ]
    return as_text(sentences, (), style)


def files(written: int, unchanged: int, removed: int) -> str:
    """ "12 files written, 985 unchanged, 3 deleted"."""
    clauses = [f"{counted(written, 'file')} written", f"{unchanged:,} unchanged"]
    if removed:
        clauses.append(f"{removed:,} deleted")
    return ", ".join(clauses)
