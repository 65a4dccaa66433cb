"""SARIF 2.1.0 (OASIS, errata 01), for code scanning of GitHub, for Azure DevOps and for editors.

What GitHub asks for beyond the standard: a result without a location makes it reject the whole
file, and so does a run that says it was not successful. A location has a line: the first one, if
only the file is known.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from krm_injector import __version__, codes, results
from krm_injector.kube.credentials import HIDDEN
from krm_injector.model import Place
from krm_injector.presenting.findings.findings import (
    Finding,
    Findings,
    category,
    gravest_first,
    path,
)
from krm_injector.presenting.findings.sarif_fixes import fixes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_ROOT = "%SRCROOT%"
_STDIN = "stdin"


def render(findings: Findings) -> str:
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(findings)]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _run(findings: Findings) -> dict[str, Any]:
    # Information about the run is no finding: nobody could resolve it.
    told = gravest_first(findings.findings)
    notes = [each for each in told if each.is_about_run and each.result.severity == "info"]
    found = [each for each in told if each not in notes]
    rules = list(dict.fromkeys(each.code for each in found))
    driver = {
        "name": "krm-injector",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": findings.docs,
        "rules": [_rule(code, findings) for code in rules],
        "notifications": [_rule(code, findings) for code in _codes(notes)],
    }
    return {
        "tool": {"driver": driver},
        # Runs of other commands do not replace the results of this one.
        "automationDetails": {"id": f"{findings.name}/"},
        "invocations": [_invocation(notes, results.exit_code(each.result for each in told))],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The working directory."}}},
        "columnKind": "unicodeCodePoints",
        "results": _results(found, rules, findings),
    }


def _codes(findings: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(each.code for each in findings))


def _invocation(notes: Sequence[Finding], code: int) -> dict[str, Any]:
    """The run as such. It was done, whatever it found: what it refuses is a result, and GitHub
    would throw away the results of a run that was not successful.
    """
    distinct = {(each.code, each.sentence): each for each in notes}  # all targets say some
    return {
        "executionSuccessful": True,
        "exitCode": code,
        "toolExecutionNotifications": [
            {
                "descriptor": {"id": each.code},
                "level": _LEVELS[each.result.severity],
                "message": {"text": each.sentence},
            }
            for each in distinct.values()
        ],
    }


def _rule(code: str, findings: Findings) -> dict[str, Any]:
    title, page = codes.title(code), findings.page(code)
    severity = "warning"
    if code in codes.CODES:
        severity = codes.CODES[code].severities[0]

    return {
        "id": code,
        **_name(code),
        "shortDescription": {"text": f"{title}."},
        "fullDescription": {"text": f"{title}."},
        "helpUri": page,
        "help": {"text": f"{title}. {page}", "markdown": f"{title}. [{code}]({page})"},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {"tags": ["istio", category(code)]},
    }


def _name(code: str) -> dict[str, str]:
    """The name that people read. It must differ from the id (SARIF 2.1.0, 3.49.7)."""
    words = code.split("-")
    return {"name": "".join(map(str.capitalize, words))} if len(words) > 1 else {}


# ---------------------------------------------------------------- results


def _results(
    found: Iterable[Finding], rules: Sequence[str], findings: Findings
) -> list[dict[str, Any]]:
    """Each finding once: targets of a fleet that share a file share its findings too."""
    numbers = {code: number for number, code in enumerate(rules)}
    by_place: dict[str, dict[str, Any]] = {}
    seen: dict[str, int] = {}
    for finding in found:
        result = _result(finding, findings)
        result["ruleIndex"] = numbers[finding.code]
        before = by_place.setdefault(json.dumps(result, sort_keys=True, default=str), result)
        _count(before, finding, is_new=before is result)
        if before is result:
            result["partialFingerprints"] = {"krmInjector/v1": _fingerprint(finding, seen)}

    return list(by_place.values())


def _result(finding: Finding, findings: Findings) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.result.severity],
        "message": {"text": finding.sentence},
        "locations": [_location(finding, findings.anchor)],
    }
    physical = result["locations"][0]["physicalLocation"]
    proposed = fixes(finding, physical["artifactLocation"], physical["region"])
    if proposed:
        result["fixes"] = proposed

    field = _field(finding)
    if field:
        result["properties"] = {"field": field}
    return result


def _field(finding: Finding) -> Any:
    """The field as a ResourceList has it; without values if its line is not shown."""
    result, place = finding.result, finding.place
    if place is not None and place.line and (not place.text or HIDDEN in place.text):
        result = result._replace(current=None, proposed=None)
    return results.entries([result])[0].get("field")


def _count(result: dict[str, Any], finding: Finding, is_new: bool) -> None:
    """Adds what differs between targets, behind what is compared."""
    if not is_new:
        result["occurrenceCount"] = result.get("occurrenceCount", 1) + 1
    if finding.target:
        properties = result.setdefault("properties", {})
        properties.setdefault("targets", []).append(finding.target)


def _fingerprint(finding: Finding, seen: dict[str, int]) -> str:
    """What stays when lines move: the code, the object and the field. Several equal ones are
    numbered, in the order of the run.
    """
    result = finding.result
    subject: Sequence[str] = result.resource or (result.file, result.message)
    parts = (finding.code, result.field, *subject)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[digest] = seen.get(digest, 0) + 1
    return f"{digest}:{seen[digest]}"


# ---------------------------------------------------------------- locations


def _location(finding: Finding, anchor: str) -> dict[str, Any]:
    place = finding.place or Place("")
    file = place.file or finding.result.file
    if not file:
        file = _STDIN if place.line else anchor or _STDIN

    physical = {"artifactLocation": _artifact(file), "region": _region(place)}
    if place.text:
        physical["contextRegion"] = {"startLine": place.line, "snippet": {"text": place.text}}

    location: dict[str, Any] = {"physicalLocation": physical}
    ref = finding.result.resource
    if ref is not None:
        name = "/".join(
            part for part in (ref.api_version, ref.kind, ref.namespace, ref.name) if part
        )
        location["logicalLocations"] = [
            {"name": ref.name, "fullyQualifiedName": name, "kind": "resource"}
        ]
    return location


def _artifact(file: str) -> dict[str, str]:
    normal = path(file)
    if posixpath.isabs(normal):
        return {"uri": f"file://{quote(normal)}"}
    return {"uri": quote(normal), "uriBaseId": _ROOT}


def _region(place: Place) -> dict[str, Any]:
    region = {"startLine": place.line or 1}
    if place.column:
        region |= {"startColumn": place.column, "endColumn": place.end_column}
    return region
