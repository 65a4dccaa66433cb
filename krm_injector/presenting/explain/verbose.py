"""``explain --verbose``: each workload with all evidence, in the order in which Istio asks."""

from __future__ import annotations

from krm_injector.presenting.explain import overrides
from krm_injector.presenting.explain.entries import Entry
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.locations import location_text
from krm_injector.presenting.explain.rows import TableRow, by_namespace, rows_of
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.explain.totals import totals
from krm_injector.presenting.text import (
    controls_escaped,
    pad,
    printable,
    width,
    wrapped,
)

_MARKS = {"matches": "+", "inject": "+", "fails": "-", "skip": "-", "unknown": "?"}
_INDENT = "  "
_LEAST_DETAIL = 24  # cells below which a detail stands on lines of its own
_SELECTOR_CELLS = len("namespaceSelector")


def text(explanation: Explanation, style: Style) -> str:
    meshes, requests = explanation.meshes, explanation.requests
    entries = by_namespace(explanation.entries, lambda entry: str(entry["namespace"]))
    rows, _ = rows_of(entries, 0)
    lines: list[str] = []
    for entry, row in zip(entries, rows, strict=True):
        lines += [*_workload(entry, row, style), ""]

    for sentence in totals(meshes, entries, requests):
        lines += _indented(sentence, style, "")

    return "\n".join(line.rstrip() for line in lines) + "\n"


def _workload(entry: Entry, row: TableRow, style: Style) -> list[str]:
    lines = [_title(entry, row, style)]
    location = location_text(entry)
    if location:
        lines.append(_INDENT + style.dim(printable(location)))

    lines += _verdict(entry, row, style)
    lines += _webhooks(entry["evidence"], style)
    lines += _pod_rules(entry["evidence"], style)
    lines += _overrides(entry, style)

    if entry.get("doubt"):
        lines += _indented(f"perhaps meant in: {printable(entry['doubt'])}", style, _INDENT)
    if entry.get("noChange"):
        lines += _indented(printable(entry["noChange"]), style, _INDENT)

    for change in entry.get("changes", ()):
        purpose = "to inject it" if change["injected"] else "to leave it out"
        lines += _indented(f"{purpose}: {printable(change['text'])}", style, _INDENT)

    return lines


def _title(entry: Entry, row: TableRow, style: Style) -> str:
    kind, name, _, ready, revision, _ = row.cells
    if entry["errors"]:
        verdict = style.red("refused with an error")
    elif entry["injected"]:
        verdict = f"{style.green('injected')} by control plane {revision}"
    else:
        verdict = style.yellow("not injected")

    return f"{style.bold(f'{kind} {name}')}: {verdict}, READY {ready}"


def _verdict(entry: Entry, row: TableRow, style: Style) -> list[str]:
    """The errors, or the rule that decided."""
    if not entry["errors"]:
        rule = row.cells[-1]
        return _indented(f"decided by: {rule} ({entry['reason']})", style, _INDENT)

    lines = []
    for error in entry["errors"]:
        sentence, *example = error["message"].split("\n")
        lines += _indented(f"error: {printable(sentence)} ({error['code']})", style, _INDENT)
        # Lines that a user is to copy into a file keep their indentation.
        lines += [f"{_INDENT * 2}{style.dim(controls_escaped(line))}" for line in example]

    return lines


def _webhooks(evidence_entries: list[Entry], style: Style) -> list[str]:
    """The two selectors of each webhook below its name."""
    outcomes: dict[str, list[str]] = {}
    for evidence in evidence_entries:
        _, _, webhook = evidence["rule"].partition(" of ")
        outcomes.setdefault(webhook, []).append(evidence["outcome"])

    lines: list[str] = []
    previous = ""
    for evidence in evidence_entries:
        selector, _, webhook = evidence["rule"].partition(" of ")
        if not webhook or not selector.endswith("Selector"):
            continue

        if webhook != previous:
            lines.append(f"{_INDENT}webhook {printable(webhook)} {_both(outcomes[webhook])}")
            previous = webhook

        lines += _evidence(evidence, selector, _SELECTOR_CELLS, style)

    return lines


def _both(outcomes: list[str]) -> str:
    """The outcome for a webhook of those of its selectors: it matches where both do."""
    if set(outcomes) == {"matches"}:
        return "matches"
    return "does not match" if "fails" in outcomes else "is undecided"


def _pod_rules(evidence_entries: list[Entry], style: Style) -> list[str]:
    rules = [evidence for evidence in evidence_entries if "elector of " not in evidence["rule"]]
    if not rules:
        return []

    size = max(width(evidence["rule"]) for evidence in rules)
    lines = [f"{_INDENT}rules, in Istio's order:"]
    for evidence in rules:
        lines += _evidence(evidence, evidence["rule"], size, style)

    return lines


def _overrides(entry: Entry, style: Style) -> list[str]:
    rows = overrides.rows([entry])
    lines = [f"{_INDENT}overrides of the mesh:"] if rows else []
    for row in rows:
        sentence = f"{row.setting}: {row.value} ({row.code})"
        lines += _indented(printable(sentence), style, _INDENT * 2)
    return lines


def _evidence(evidence: Entry, rule: str, size: int, style: Style) -> list[str]:
    """The mark, the rule in ``size`` cells, and the detail with its location."""
    mark = _MARKS.get(evidence["outcome"], " ")
    if mark == "+":
        mark = style.green(mark)
    elif mark == "-":
        mark = style.yellow(mark)

    detail = printable(evidence["detail"])
    location = location_text(evidence)
    if location:
        detail += f"  [{printable(location)}]"
    if evidence["outcome"] in ("no opinion", "inject", "skip"):
        detail = f"{evidence['outcome']}: {detail}"

    prefix = f"{_INDENT * 2}{mark} {pad(rule, size)}  "
    if not style.width:
        return [prefix + detail]

    detail_cells = style.width - len(_INDENT) * 3 - size - 2
    if not detail_cells:
        return [prefix + detail]
    if detail_cells < _LEAST_DETAIL:
        return [f"{_INDENT * 2}{mark} {rule}", *_indented(detail, style, _INDENT * 4)]

    first, *more = wrapped(detail, detail_cells)
    return [prefix + first, *(" " * (size + 8) + line for line in more)]


def _indented(sentence: str, style: Style, indent: str) -> list[str]:
    """The sentence in lines of the style's width; those after the first stand further in."""
    if not style.width:
        return [indent + sentence]

    first, *more = wrapped(sentence, max(style.width - len(indent) - 2, 20))
    return [indent + first, *(f"{indent}{_INDENT}{line}" for line in more)]
