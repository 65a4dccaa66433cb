"""The rows of the table: a line a workload, and what is alike in one line where there are many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from krm_injector.presenting.explain.locations import shown
from krm_injector.presenting.explain.style import printable
from krm_injector.presenting.explain.text import ELLIPSIS
from krm_injector.results import counted

HEAD = ("KIND", "NAMESPACE/NAME", "INJECTED", "READY", "REVISION", "RULE")
KIND, NAME, INJECTED, READY, REVISION, RULE = range(len(HEAD))
VARIOUS = "various"
VERDICTS = {"injected": "yes", "left out": "no", "error": "error"}


class Row(NamedTuple):
    cells: tuple[str, ...]  # those of HEAD
    reason: str


def rows_of(told: Sequence[Mapping[str, Any]], limit: int) -> tuple[list[Row], int]:
    """The rows, Namespace by Namespace, and how many workloads they leave unsaid.

    More than the limit are grouped: by all but their names; where that is not enough, by Namespace
    and rule; in the end by rule alone. limit 0: never.
    """
    names = _names(told)
    pairs = [(entry, row(entry, name)) for entry, name in zip(told, names, strict=True)]
    pairs = by_namespace(pairs, lambda pair: str(pair[0]["namespace"]))
    if not limit or len(pairs) <= limit:
        return [found for _, found in pairs], 0

    groups: list[list[tuple[Mapping[str, Any], Row]]] = []
    for key in (_all_but_name, _namespace_and_rule, _rule_alone):
        found: dict[tuple[str, ...], list[tuple[Mapping[str, Any], Row]]] = {}
        for pair in pairs:
            found.setdefault(key(*pair), []).append(pair)
        groups = list(found.values())
        if len(groups) <= limit:
            break

    said = sum(map(len, groups[:limit]))
    return [_group(members) for members in groups[:limit]], len(pairs) - said


def by_namespace(items: Sequence[Any], namespace: Callable[[Any], str]) -> list[Any]:
    """The items with those of a Namespace together, else in their order: files of a bundle often
    mix them.
    """
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(namespace(item), []).append(item)
    return [item for members in found.values() for item in members]


def row(entry: Mapping[str, Any], name: str) -> Row:
    before, after = entry["containers"]
    ready = f"{before}/{before} -> {after}/{after}" if entry["injected"] else f"{before}/{before}"
    code = entry["reason"]
    if entry["errors"]:
        ready, code = f"{before}/{before} -> ?", entry["errors"][0]["code"]

    kind, verdict = printable(entry["kind"]), VERDICTS[entry["verdict"]]
    revision = printable(entry["revision"]) or "-"
    return Row((kind, name, verdict, ready, revision, printable(rule(entry))), code)


def rule(entry: Mapping[str, Any]) -> str:
    """The deciding rule in words; by which label a webhook selected, where that is the better half
    of the answer.
    """
    if entry["errors"]:
        return str(entry["errors"][0]["brief"])

    detail = str(entry["detail"])
    if entry["reason"] == "no-webhook-matches":
        # The Namespace stands in the row already; without it, rows of several Namespaces have one
        # sentence.
        detail = detail.replace(f" Namespace {entry['namespace']} has ", " the Namespace has ")
    elif entry["reason"] == "policy":
        selected = _selected(entry)
        detail += f"; {selected}" if selected else ""

    if entry.get("ambient") and not entry["injected"]:
        detail += "; in ambient mode"

    return detail


def _selected(entry: Mapping[str, Any]) -> str:
    """The label that the deciding webhook selects by: "the Namespace has istio-injection=enabled"."""
    decided = entry["webhooks"][:1]
    for evidence in entry["evidence"]:
        selector, _, of = evidence["rule"].partition(" of ")
        if of not in decided or evidence["outcome"] != "matches" or "field" not in evidence:
            continue

        whose = "the Namespace" if selector == "namespaceSelector" else "the pod"
        for requirement in _requirements(evidence["detail"]):
            key, _, value = requirement.replace(" in (", "=").rstrip(")").partition("=")
            if evidence["field"].endswith((f".{key}", f'["{key}"]')):
                stated = f"={value}" if value and "," not in value else ""
                return f"{whose} has {key}{stated}"

    return ""


def _requirements(selector: str) -> list[str]:
    """A selector's text, cut at the commas that are not between brackets."""
    found, depth = [""], 0
    for character in selector:
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character

    return found


def _names(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """Namespace/name of each; workloads that share kind, Namespace and name are told apart by where
    they stand.
    """
    keys = [
        (
            entry["apiVersion"],
            entry["kind"],
            entry["namespace"],
            entry["name"],
            entry.get("podTemplate", ""),
        )
        for entry in told
    ]
    counts: dict[Any, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1

    found = []
    seen: dict[Any, int] = {}
    for key, entry in zip(keys, told, strict=True):
        name = f"{entry['namespace']}/{entry['name']}" if entry["namespace"] else entry["name"]
        if entry.get("podTemplate"):
            name += f" {entry['podTemplate']}"
        if counts[key] > 1:
            seen[key] = seen.get(key, 0) + 1
            name += f" ({shown(entry) or f'no. {seen[key]}'})"
        found.append(printable(name))

    return found


# ---------------------------------------------------------------- groups


def _all_but_name(entry: Mapping[str, Any], found: Row) -> tuple[str, ...]:
    return (entry["namespace"], found.cells[KIND], *found.cells[INJECTED:])


def _namespace_and_rule(entry: Mapping[str, Any], found: Row) -> tuple[str, ...]:
    return (entry["namespace"], found.cells[INJECTED], found.cells[REVISION], found.cells[RULE])


def _rule_alone(_: Mapping[str, Any], found: Row) -> tuple[str, ...]:
    return (found.cells[INJECTED], found.cells[REVISION], found.cells[RULE])


def _group(members: list[tuple[Mapping[str, Any], Row]]) -> Row:
    """One row for all: what they share, the first one's name, and how many there are."""
    entry, first = members[0]
    if len(members) == 1:
        return first

    columns = [set(column) for column in zip(*(found.cells for _, found in members), strict=True)]
    cells = [
        cell if len(column) == 1 else VARIOUS
        for cell, column in zip(first.cells, columns, strict=True)
    ]
    spaces = {member["namespace"] for member, _ in members}
    if len(spaces) == 1:
        place, name = printable(entry["namespace"]), printable(entry["name"])
        cells[NAME] = f"{place + '/' if place else ''}* ({len(members):,}: {name}, {ELLIPSIS})"
    else:
        cells[NAME] = f"* ({len(members):,} in {counted(len(spaces), 'Namespace')})"

    return first._replace(cells=tuple(cells))
