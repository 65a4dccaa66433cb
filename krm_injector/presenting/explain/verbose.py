"""Each workload with all the evidence: every webhook, every rule in Istio's order, and where it is
written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from krm_injector.model import Mesh
from krm_injector.presenting.explain.locations import shown
from krm_injector.presenting.explain.style import Look, hidden, printable
from krm_injector.presenting.explain.table import totals
from krm_injector.presenting.explain.table_rows import by_namespace, rows_of
from krm_injector.presenting.explain.text import lines, pad, width

_MARKS = {"matches": "+", "inject": "+", "fails": "-", "skip": "-", "unknown": "?"}
_INDENT = "  "


def text(meshes: Sequence[Mesh], told: list[dict[str, Any]], look: Look) -> str:
    told = by_namespace(told, lambda entry: str(entry["namespace"]))
    rows, _ = rows_of(told, 0)
    found: list[str] = []
    for entry, row in zip(told, rows, strict=True):
        found += [*_workload(entry, row.cells, look), ""]
    found += [line for sentence in totals(meshes, told) for line in _broken(sentence, look, "")]
    return "\n".join(line.rstrip() for line in found) + "\n"


def _workload(entry: dict[str, Any], cells: tuple[str, ...], look: Look) -> list[str]:
    kind, name, verdict, ready, revision, detail = cells
    said = look.green("injected") if verdict == "yes" else look.yellow("not injected")
    if entry["errors"]:
        said = look.red("refused with an error")

    plane = f" by control plane {revision}" if entry["injected"] else ""
    found = [f"{look.bold(f'{kind} {name}')}: {said}{plane}, READY {ready}"]
    if shown(entry):
        found.append(_INDENT + look.dim(printable(shown(entry))))

    for error in entry["errors"]:
        sentence, *more = error["message"].split("\n")
        found += _broken(f"error: {printable(sentence)} ({error['code']})", look, _INDENT)
        # What is to be written into a file keeps its lines.
        found += [f"{_INDENT * 2}{look.dim(hidden(line))}" for line in more]

    if not entry["errors"]:
        found += _broken(f"decided by: {detail} ({entry['reason']})", look, _INDENT)

    found += _webhooks(entry["evidence"], look)
    rules = [evidence for evidence in entry["evidence"] if "elector of " not in evidence["rule"]]
    if rules:
        found.append(f"{_INDENT}rules, in Istio's order:")
        size = max(width(evidence["rule"]) for evidence in rules)
        found += [
            line for evidence in rules for line in _evidence(evidence, evidence["rule"], size, look)
        ]

    if entry.get("doubt"):
        found += _broken(f"perhaps meant in: {printable(entry['doubt'])}", look, _INDENT)
    if entry.get("noChange"):
        found += _broken(printable(entry["noChange"]), look, _INDENT)

    for change in entry.get("changes", ()):
        turned = "to inject it" if change["injected"] else "to leave it out"
        found += _broken(f"{turned}: {printable(change['text'])}", look, _INDENT)

    return found


def _webhooks(evidence: list[dict[str, Any]], look: Look) -> list[str]:
    """The two selectors of each webhook under its name; a webhook matches where both do."""
    found: list[str] = []
    last = ""
    for one in evidence:
        selector, of, webhook = one["rule"].partition(" of ")
        if not of or not selector.endswith("Selector"):
            continue

        if webhook != last:
            both = [e["outcome"] for e in evidence if e["rule"].endswith(f" of {webhook}")]
            outcome = (
                "matches"
                if set(both) == {"matches"}
                else "does not match"
                if "fails" in both
                else "is undecided"
            )
            found.append(f"{_INDENT}webhook {printable(webhook)} {outcome}")
            last = webhook

        found += _evidence(one, selector, len("namespaceSelector"), look)

    return found


def _evidence(evidence: dict[str, Any], rule: str, size: int, look: Look) -> list[str]:
    mark = _MARKS.get(evidence["outcome"], " ")
    mark = look.green(mark) if mark == "+" else look.yellow(mark) if mark == "-" else mark
    place = shown(evidence)
    detail = printable(evidence["detail"]) + (f"  [{printable(place)}]" if place else "")
    if evidence["outcome"] in ("no opinion", "inject", "skip"):
        detail = f"{evidence['outcome']}: {detail}"

    room = look.width - len(_INDENT) * 3 - size - 2 if look.width else 0
    if not room:
        return [f"{_INDENT * 2}{mark} {pad(rule, size)}  {detail}"]
    if room < 24:
        return [f"{_INDENT * 2}{mark} {rule}", *_broken(detail, look, _INDENT * 4)]

    first, *more = lines(detail, room)
    return [
        f"{_INDENT * 2}{mark} {pad(rule, size)}  {first}",
        *(" " * (size + 8) + line for line in more),
    ]


def _broken(sentence: str, look: Look, indent: str) -> list[str]:
    if not look.width:
        return [indent + sentence]
    first, *more = lines(sentence, max(look.width - len(indent) - 2, 20))
    return [indent + first, *(f"{indent}{_INDENT}{line}" for line in more)]
