"""The rows of the workloads' table, and the choice of Namespaces above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from krm_injector.judging.advice import Advice
from krm_injector.presenting.report.findings import NOUNS, counts
from krm_injector.presenting.report.markup import NOTHING, Html, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Rows that are drawn at first (page.js has the same number): a browser takes seconds to lay out
# ten thousand.
_FIRST_ROWS = 1000
_OPTION = Html('<option value="{name}">{shown}</option>')
_ROW = Html(
    '<tr class="w{mark}"{hidden} data-n="{number}" data-ns="{namespace}"><td>'
    '<button class="open" aria-expanded="false" aria-controls="r{number}">'
    '<span class="kind">{kind}</span> <bdi class="name">{name}</bdi>{location}</button></td>'
    '<td><bdi>{namespace}</bdi></td><td><span class="verdict">{verdict}</span></td>'
    '<td class=ready>{ready}</td><td class="rule">{rule}</td>'
    '<td class=n data-v="{weight}">{chips}</td></tr>'
)
_LOCATION = Html(" <small class=kind>{location}</small>")
_CHIP = Html('<span class="chip {severity}" title="{number} {noun}">{number}</span>')


def namespace_options(entries: Sequence[Mapping[str, Any]]) -> Html:
    names = sorted({entry["namespace"] for entry in entries})
    return joined(_OPTION.filled(name=name, shown=name or "(none)") for name in names)


def rows(
    entries: Sequence[Mapping[str, Any]],
    rules: Sequence[str],
    findings: Mapping[int, Sequence[Advice]],
) -> Html:
    """A row per workload, those of one Namespace together.

    rules: what decided each, in words. findings: by the index of the workload.
    """
    name_counts: dict[tuple[str, ...], int] = {}
    for entry in entries:
        key = _full_name(entry)
        name_counts[key] = name_counts.get(key, 0) + 1

    result = []
    for position, index in enumerate(_by_namespace(entries)):
        entry = entries[index]
        location = hidden = NOTHING
        if name_counts[_full_name(entry)] > 1:
            location = _location(entry)
        if position >= _FIRST_ROWS:
            hidden = Html(" hidden")

        own_findings = findings.get(index, ())
        result.append(_row(index, entry, rules[index], own_findings, location, hidden))

    return joined(result)


def _full_name(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (entry["kind"], entry["namespace"], entry["name"])


def _by_namespace(entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """The indices of the workloads, those of one Namespace together."""
    groups: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        groups.setdefault(entry["namespace"], []).append(index)
    return [index for group in groups.values() for index in group]


def _location(entry: Mapping[str, Any]) -> Html:
    """Where a workload is written, for a row whose name another row has too."""
    location = f"{entry.get('file', '')}:{entry.get('line', '')}".strip(":")
    return _LOCATION.filled(location=location) if location else NOTHING


def _row(
    index: int,
    entry: Mapping[str, Any],
    rule: str,
    findings: Sequence[Advice],
    location: Html,
    hidden: Html,
) -> Html:
    before, after = entry["containers"]
    mark, verdict, ready = "", "left out", f"{before}/{before}"
    if entry["errors"]:
        mark, verdict, ready = " error", "error", f"{before}/{before} → ?"
    elif entry["injected"]:
        mark, verdict, ready = " yes", "injected", f"{before}/{before} → {after}/{after}"

    numbers = counts(findings)
    return _ROW.filled(
        mark=mark,
        hidden=hidden,
        number=index,
        kind=entry["kind"],
        name=entry["name"],
        location=location,
        namespace=entry["namespace"],
        verdict=verdict,
        ready=ready,
        rule=" ".join(rule.split()),
        weight=_weight(numbers),
        chips=_chips(numbers),
    )


def _weight(numbers: Mapping[str, int]) -> int:
    """What the column is sorted by: a graver finding outweighs any number of lighter ones."""
    return numbers["error"] * 10**6 + numbers["warning"] * 10**3 + numbers["info"]


def _chips(numbers: Mapping[str, int]) -> Html:
    chips = []
    for severity, number in numbers.items():
        if number:
            singular, plural = NOUNS[severity]
            noun = singular if number == 1 else plural
            chips.append(_CHIP.filled(severity=severity, number=number, noun=noun))

    return joined(chips, Html(" "))
