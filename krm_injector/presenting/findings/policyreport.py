"""Reports of openreports.io/v1alpha1, as YAML documents: one for each object, and one for the run.

The API was wgpolicyk8s.io until its working group retired it; docs/ci.md says why the new one is
written. Like Kyverno and Kubewarden, one report has one object as its scope: a report of a whole
Namespace could be too large for the API server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from krm_injector.kube import yaml
from krm_injector.model import ResourceRef
from krm_injector.presenting.findings.findings import (
    Finding,
    Findings,
    Subject,
    category,
    shown,
    where,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Key: TypeAlias = "tuple[str, ResourceRef | None]"  # target, object

API_VERSION = "openreports.io/v1alpha1"
SOURCE = "krm-injector"
_RESULTS = ("pass", "fail", "warn", "error", "skip")
_SEVERITIES = {"error": "high", "warning": "medium", "info": "info"}


def render(findings: Findings) -> str:
    found: dict[Key, list[Finding]] = {}
    subjects: dict[Key, Subject] = {}
    for subject in findings.subjects:
        subjects.setdefault((subject.target, subject.ref), subject)
        found.setdefault((subject.target, subject.ref), [])
    for finding in findings.findings:
        if finding.is_about_run and finding.result.severity == "info":
            continue  # nothing was checked
        found.setdefault((finding.target, finding.result.resource), []).append(finding)

    reports = [
        _report(key, _results(about, subjects.get(key), findings), findings)
        for key, about in found.items()
    ]
    return "---\n".join(yaml.dump(report) for report in reports)


def _report(key: Key, results: Sequence[Mapping[str, Any]], findings: Findings) -> dict[str, Any]:
    target, ref = key
    namespace = ref.namespace if ref else ""
    metadata: dict[str, Any] = {"name": _name(key, findings)}
    if namespace:
        metadata["namespace"] = namespace
    metadata["labels"] = {"app.kubernetes.io/managed-by": SOURCE}

    cluster = findings.clusters.get(target, "")
    of_fleet = {"krm-injector.dev/target": target, "krm-injector.dev/cluster": cluster}
    if target:
        metadata["annotations"] = {name: value for name, value in of_fleet.items() if value}

    report = {
        "apiVersion": API_VERSION,
        "kind": "Report" if namespace else "ClusterReport",
        "metadata": metadata,
        "source": SOURCE,
        "scope": _reference(ref),
        "summary": {word: _count(results, word) for word in _RESULTS},
        "results": list(results),
    }
    return {name: value for name, value in report.items() if value is not None}


def _count(results: Sequence[Mapping[str, Any]], word: str) -> int:
    return sum(result["result"] == word for result in results)


def _name(key: Key, findings: Findings) -> str:
    """A name that each run gives to the report of the same object, so that a later report replaces
    it. Kinds share names, and names may be too long: a digest tells them apart.
    """
    target, ref = key
    identity = "\0".join((target, *(ref or ())))
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{findings.name}-{digest[:16]}"


def _reference(ref: ResourceRef | None) -> dict[str, str] | None:
    if ref is None:
        return None

    fields = {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
    }
    return {name: value for name, value in fields.items() if value}


# ---------------------------------------------------------------- results


def _results(
    about: Sequence[Finding], subject: Subject | None, findings: Findings
) -> list[dict[str, Any]]:
    """A result for each finding, or one that says there is none."""
    if about:
        return [_result(finding, findings) for finding in about]

    left_out = subject.left_out if subject else ""
    result = {"policy": findings.command or "function", "category": "Verdict", "severity": "info"}
    if left_out:
        return [{**result, "result": "skip", "message": shown(left_out)}]
    return [{**result, "result": "pass", "scored": True}]


def _result(finding: Finding, findings: Findings) -> dict[str, Any]:
    result, code = finding.result, finding.code
    properties = {
        "field": result.field,
        "place": where(finding.place) or result.file,
        "page": findings.page(code),
    }
    return {
        "policy": code,
        "category": category(code),
        "severity": _SEVERITIES[result.severity],
        "result": _word(finding),
        "scored": result.severity == "error",
        "message": shown(finding.sentence),
        "properties": {name: shown(value) for name, value in properties.items() if value},
    }


def _word(finding: Finding) -> str:
    """error: it could not be looked at; fail: it was, and is wrong; warn: people should look."""
    if finding.result.severity != "error":
        return "warn"
    return "error" if finding.result.resource is None else "fail"
