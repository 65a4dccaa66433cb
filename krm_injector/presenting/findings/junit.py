"""JUnit's XML, as Jenkins' xUnit plugin describes it (junit-10.xsd) and GitLab, Jenkins and others
read it.

A workload is a test case: errors about it are its failure, warnings its output. What no workload
has is a case of its own, so that a run without workloads has one case too, which Jenkins asks for.
A case has one failure with all causes: readers show the first one only.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.findings.findings import (
    Finding,
    Findings,
    shown,
    where,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.model import ResourceRef

_RUN = "the run"


class Case(NamedTuple):
    name: str
    group: str  # its Namespace
    findings: Sequence[Finding]
    left_out: str = ""
    is_run: bool = False

    @property
    def errors(self) -> list[Finding]:
        return [each for each in self.findings if each.result.severity == "error"]

    @property
    def others(self) -> list[Finding]:
        return [each for each in self.findings if each.result.severity != "error"]

    @property
    def outcome(self) -> str:
        """The name of its element; "" if it passes."""
        if self.errors:
            return "error" if self.is_run else "failure"
        return "skipped" if self.left_out else ""


def render(findings: Findings) -> str:
    suites = {name: _cases(findings, name) for name in _targets(findings)}
    root = Element("testsuites", {"name": findings.name, **_counts(suites.values())})
    for name, cases in suites.items():
        counts = _counts([cases], skipped=True)
        suite = SubElement(root, "testsuite", {"name": name or findings.name, **counts})
        for case in cases:
            suite.append(_element(case, findings))

    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _targets(findings: Findings) -> list[str]:
    """The targets of a fleet; "" for what is of none."""
    named = {each.target for each in findings.subjects}
    named |= {each.target for each in findings.findings}
    return ["", *sorted(named - {""})]


def _counts(suites: Any, skipped: bool = False) -> dict[str, str]:
    outcomes = [case.outcome for cases in suites for case in cases]
    counts = {
        "tests": len(outcomes),
        "failures": outcomes.count("failure"),
        "errors": outcomes.count("error"),
    }
    if skipped:
        counts["skipped"] = outcomes.count("skipped")
    return {name: str(count) for name, count in counts.items()}


# ---------------------------------------------------------------- cases


def _cases(findings: Findings, target: str) -> list[Case]:
    """The cases of a target: the run as a whole, its workloads, then other objects."""
    found = [each for each in findings.findings if each.target == target]
    subjects = [each for each in findings.subjects if each.target == target]
    by_object: dict[Any, list[Finding]] = {}
    for finding in found:
        by_object.setdefault(finding.result.resource, []).append(finding)

    of_run = by_object.pop(None, [])
    name = next((each.shown for each in subjects if each.ref is None), "")
    cases: list[Case] = []
    if name or of_run or not target:
        cases.append(Case(name or _RUN, "", of_run, is_run=True))

    told: set[ResourceRef] = set()
    for subject in subjects:
        if subject.ref is None:
            continue
        # Several pod templates of one object share its findings: the first one tells them.
        own = [] if subject.ref in told else by_object.get(subject.ref, [])
        told.add(subject.ref)
        cases.append(Case(subject.shown, subject.ref.namespace, own, subject.left_out))

    for ref, about in by_object.items():
        if ref not in told:
            cases.append(Case(str(ref), ref.namespace, about))
    return cases


# ---------------------------------------------------------------- XML


def _element(case: Case, findings: Findings) -> Element:
    words = (findings.name, case.group)
    element = Element(
        "testcase",
        {"name": shown(case.name), "classname": ".".join(word for word in words if word)},
    )
    errors = case.errors
    if case.outcome in ("failure", "error"):
        more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
        first = errors[0].sentence.partition("\n")[0]
        attributes = {"type": errors[0].code, "message": shown(first + more)}
        SubElement(element, case.outcome, attributes).text = _text(errors, findings)
    elif case.outcome:
        SubElement(element, case.outcome, {"message": shown(case.left_out)})

    if case.others:
        SubElement(element, "system-out").text = _text(case.others, findings)
    return element


def _text(told: Sequence[Finding], findings: Findings) -> str:
    """All that people need: the message, file and line, and the page."""
    paragraphs = []
    for finding in told:
        severity, code = finding.result.severity, finding.code
        lines = [f"{severity}: {finding.sentence} [{code}]"]
        place = where(finding.place) or finding.result.file
        lines += [f"  {each}" for each in (place, findings.page(code)) if each]
        paragraphs.append("\n".join(lines))
    return shown("\n\n".join(paragraphs))
