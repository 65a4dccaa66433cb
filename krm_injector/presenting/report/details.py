"""What a row shows when it is opened: JSON in script elements, which page.js draws."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from krm_injector.judging.advice import Advice
from krm_injector.kube.credentials import in_value
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object
from krm_injector.presenting.report.findings import NOUNS, gravity
from krm_injector.presenting.report.markup import NOTHING, Html, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_DIFFS = 2000  # workloads whose manifests are in the page; a browser cannot hold many more
_LIMITS = Html(
    '<p class="limits">The manifests before and after are here for the first {most:,} of '
    "{workloads:,} workloads, in the order of the bundle: more than that a browser holds badly. "
    "For others, write a report of their directory alone.</p>"
)


def injected_objects(
    decisions: Sequence[Decision], replacements: Mapping[int, Any]
) -> list[Object | None]:
    """Each workload's object after injection; None if it is not injected."""
    return [_injected_object(decision, replacements) for decision in decisions]


def _injected_object(decision: Decision, replacements: Mapping[int, Any]) -> Object | None:
    if not decision.injected:
        return None

    workload = decision.workload
    changed = at(replacements.get(workload.item), workload.inside)
    return changed if isinstance(changed, dict) else None


def limits(workloads: int) -> Html:
    """What the page leaves out, in words."""
    if workloads <= MOST_DIFFS:
        return NOTHING
    return _LIMITS.filled(most=MOST_DIFFS, workloads=workloads)


def scripts(
    decisions: Sequence[Decision],
    injected: Sequence[Object | None],
    entries: Sequence[Mapping[str, Any]],
    findings: Mapping[int, Sequence[Advice]],
) -> Html:
    """The data of each workload ("d0", "d1", ...), and behind it the evidence of all."""
    pool = _EvidencePool()
    result = []
    for index, (decision, after) in enumerate(zip(decisions, injected, strict=True)):
        data = _details(entries[index], findings.get(index, ()), pool)
        if index >= MOST_DIFFS:
            data["omitted"] = MOST_DIFFS
        elif after is not None:
            data["before"] = in_value(decision.workload.object)
            data["after"] = in_value(after)

        result.append(_script(f"d{index}", data))

    return joined([*result, _script("evidence", pool.entries)])


class _EvidencePool:
    """The evidence of all workloads, each entry once.

    Most workloads ask the same webhooks about the same Namespaces, and their entries share what is
    the same (explain/entries.py).
    """

    def __init__(self) -> None:
        self.entries: list[Mapping[str, Any]] = []
        self._numbers: dict[int, int] = {}  # id() of an entry -> its index

    def numbers(self, evidence_entries: Iterable[Mapping[str, Any]]) -> list[int]:
        """The index of each entry in the pool; new ones are added."""
        numbers = []
        for evidence in evidence_entries:
            number = self._numbers.setdefault(id(evidence), len(self.entries))
            if number == len(self.entries):
                self.entries.append(evidence)
            numbers.append(number)

        return numbers


def _details(
    entry: Mapping[str, Any], findings: Sequence[Advice], pool: _EvidencePool
) -> dict[str, Any]:
    results = [finding.result for finding in sorted(findings, key=gravity)]
    return {
        "evidence": pool.numbers(entry["evidence"]),
        "changes": [change["text"] for change in entry.get("changes", [])],
        "doubt": entry.get("doubt", ""),
        "noChange": entry.get("noChange", ""),
        "warnings": [
            [result.severity, NOUNS[result.severity][0], result.code, result.message]
            for result in results
        ],
    }


def _script(name: str, data: Any) -> Html:
    """JSON that no HTML parser can take for markup: "<" is written as an escape of JSON's."""
    encoded = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    script = Html('<script type="application/json" id="{name}">{data}</script>')
    return script.filled(name=name, data=Html(encoded))
