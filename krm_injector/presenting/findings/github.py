"""Annotations in GitHub's diffs, by the workflow commands that its runner reads from stdout.

The form is that of GitHub's documentation ("Workflow commands for GitHub Actions"): percent signs
and line breaks are %25, %0D and %0A, in properties colons and commas are %3A and %2C too. GitHub
keeps the first ten errors and the first ten warnings of a step, so the gravest come first.
"""

from __future__ import annotations

from krm_injector import codes
from krm_injector.presenting.findings.findings import Finding, Findings, gravest_first, path, shown

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(findings: Findings) -> str:
    """One line for each finding, but for information about the run."""
    told = (
        finding
        for finding in gravest_first(findings.findings)
        if finding.result.severity != "info" or not finding.is_about_run
    )
    return "".join(f"{_line(finding, findings)}\n" for finding in told)


def _line(finding: Finding, findings: Findings) -> str:
    properties = {**_place(finding), "title": _title(finding)}
    words = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = f"{finding.sentence}\n{findings.page(finding.code)}"
    if finding.target:
        message = f"{finding.target}: {message}"
    return f"::{_COMMANDS[finding.result.severity]} {words}::{_data(shown(message))}"


def _title(finding: Finding) -> str:
    return f"{codes.title(finding.code)} [{finding.code}]"


def _place(finding: Finding) -> dict[str, str]:
    place = finding.place
    file = place.file if place else finding.result.file
    if not file:
        return {}

    file = path(file)
    if place is None or not place.line:
        return {"file": file}

    lines = {"file": file, "line": str(place.line), "endLine": str(place.line)}
    if not place.column:
        return lines
    return {**lines, "col": str(place.column), "endColumn": str(place.end_column)}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(shown(text)).replace(":", "%3A").replace(",", "%2C")
