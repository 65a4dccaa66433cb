"""The report: one HTML page that needs nothing else, for ``explain --output html``.

An Explanation comes in, the page goes out. Imports judging/advice and what is below it.

The table and the sums are in the page's own text. Evidence and manifests are data beside each row,
drawn by page.js when a row is opened. All text of the input is escaped: in the page by the type
Html (markup.py), in the data for script elements (details.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from krm_injector import package_data
from krm_injector.judging.advice import Advice
from krm_injector.presenting.report import (
    additions,
    details,
    findings,
    head,
    overrides,
    requests,
    workloads,
)
from krm_injector.presenting.report.markup import Html, escaped, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.presenting.explain.explanation import Explanation


def page(explanation: Explanation, listed_findings: Sequence[Advice], rules: Sequence[str]) -> str:
    """The page.

    listed_findings: errors and advice, those about a workload with its index. rules: what decided
    each entry, in words.
    """
    entries, decisions = explanation.entries, explanation.decisions
    by_workload: dict[int, list[Advice]] = {}
    for finding in listed_findings:
        if finding.decision is not None:
            by_workload.setdefault(finding.decision, []).append(finding)

    injected = details.injected_objects(decisions, explanation.replacements)
    parts: dict[str, Html] = {
        "TITLE": escaped("Sidecar injection"),
        "CSS": asset("page.css"),
        "JS": joined([asset("page.js"), asset("folds.js")]),
        "FILES": head.files(entries),
        "MESH": head.control_planes(explanation.meshes),
        "TILES": head.tiles(entries, listed_findings),
        "WARNINGS": findings.by_code(listed_findings),
        "OVERRIDES": overrides.section(entries),
        "ADDED": additions.tables(decisions, injected),
        "REQUESTS": requests.table(explanation.requests),
        "NAMESPACES": workloads.namespace_options(entries),
        "LIMITS": details.limits(len(decisions)),
        "ROWS": workloads.rows(entries, rules, by_workload),
        "DATA": details.scripts(decisions, injected, entries, by_workload),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], asset("page.html"))


def asset(name: str) -> Html:
    """A file of this package. page.css is that of the fleet's pages too."""
    return Html(package_data.text(package_data.path(__file__, name)))
