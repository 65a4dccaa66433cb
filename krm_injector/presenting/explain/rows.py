"""The rows of the table: one per workload, or one for many that are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain.entries import Entry
from krm_injector.presenting.explain.locations import location_text
from krm_injector.presenting.text import ELLIPSIS, printable
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEAD = ("KIND", "NAMESPACE/NAME", "INJECTED", "READY", "REVISION", "RULE")
KIND, NAME, INJECTED, READY, REVISION, RULE = range(len(HEAD))
VARIOUS = "various"  # in a row for many workloads that differ in this column
VERDICTS = {"injected": "yes", "left out": "no", "error": "error"}


class TableRow(NamedTuple):
    cells: tuple[str, ...]  # in the order of HEAD
    code: str  # the reason of the verdict, or the code of the error


_EntryRow = tuple[Entry, TableRow]


def rows_of(entries: Sequence[Entry], limit: int) -> tuple[list[TableRow], int]:
    """The rows, Namespace by Namespace, and the number of workloads for which there is no row.

    Above the limit, workloads share rows: those that differ in their names only; where that leaves
    too many rows, those of one Namespace and rule; then those of one rule. limit 0: never.
    """
    names = _names(entries)
    entry_rows = [(entry, row(entry, name)) for entry, name in zip(entries, names, strict=True)]
    entry_rows = by_namespace(entry_rows, lambda entry_row: str(entry_row[0]["namespace"]))
    if not limit or len(entry_rows) <= limit:
        return [table_row for _, table_row in entry_rows], 0

    groups: list[list[_EntryRow]] = []
    for key in (_all_but_name, _namespace_and_rule, _rule_alone):
        groups = _grouped(entry_rows, key)
        if len(groups) <= limit:
            break

    shown = groups[:limit]
    hidden = len(entry_rows) - sum(map(len, shown))
    return [_shared_row(group) for group in shown], hidden


def by_namespace(items: Sequence[Any], namespace: Callable[[Any], str]) -> list[Any]:
    """The items with those of one Namespace together, else in their order: the files of a bundle
    often mix them.
    """
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(namespace(item), []).append(item)
    return [item for group in groups.values() for item in group]


def row(entry: Entry, name: str) -> TableRow:
    """The row of a single workload under this name."""
    before, after = entry["containers"]
    ready, code = f"{before}/{before}", entry["reason"]
    if entry["errors"]:
        ready, code = f"{before}/{before} -> ?", entry["errors"][0]["code"]
    elif entry["injected"]:
        ready = f"{before}/{before} -> {after}/{after}"

    kind, verdict = printable(entry["kind"]), VERDICTS[entry["verdict"]]
    revision = printable(entry["revision"]) or "-"
    return TableRow((kind, name, verdict, ready, revision, printable(rule(entry))), code)


def rule(entry: Entry) -> str:
    """The deciding rule in words, for a table that shows the Namespace in another column."""
    if entry["errors"]:
        return str(entry["errors"][0]["brief"])

    detail = str(entry["detail"])
    if entry["reason"] == "no-webhook-matches":
        # Without the name, rows of several Namespaces have the same sentence and can be grouped.
        detail = detail.replace(f" Namespace {entry['namespace']} has ", " the Namespace has ")
    elif entry["reason"] == "policy":
        selecting_label = _selecting_label(entry)
        if selecting_label:
            detail += f"; {selecting_label}"

    if entry.get("ambient") and not entry["injected"]:
        detail += "; in ambient mode"

    return detail


def _selecting_label(entry: Entry) -> str:
    """The label by which the deciding webhook selects: "the Namespace has istio-injection=enabled".

    "policy: enabled" says less than this label does, which is why the row shows both.
    """
    deciding = entry["webhooks"][:1]
    for evidence in entry["evidence"]:
        selector, _, webhook = evidence["rule"].partition(" of ")
        if webhook not in deciding or evidence["outcome"] != "matches" or "field" not in evidence:
            continue

        owner = "the Namespace" if selector == "namespaceSelector" else "the pod"
        for requirement in _requirements(evidence["detail"]):
            key, _, value = requirement.replace(" in (", "=").rstrip(")").partition("=")
            if evidence["field"].endswith((f".{key}", f'["{key}"]')):
                single_value = value and "," not in value
                return f"{owner} has {key}={value}" if single_value else f"{owner} has {key}"

    return ""


def _requirements(selector: str) -> list[str]:
    """A selector's text, cut at the commas outside of parentheses."""
    requirements, depth = [""], 0
    for character in selector:
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            requirements.append("")
        else:
            requirements[-1] += character

    return requirements


def _names(entries: Sequence[Entry]) -> list[str]:
    """Namespace/name of each workload; if two are the same, their locations follow."""
    keys = [_identity(entry) for entry in entries]
    counts: dict[tuple[str, ...], int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1

    names = []
    numbers: dict[tuple[str, ...], int] = {}
    for key, entry in zip(keys, entries, strict=True):
        name = f"{entry['namespace']}/{entry['name']}" if entry["namespace"] else entry["name"]
        if entry.get("podTemplate"):
            name += f" {entry['podTemplate']}"

        if counts[key] > 1:
            numbers[key] = numbers.get(key, 0) + 1
            name += f" ({location_text(entry) or f'no. {numbers[key]}'})"

        names.append(printable(name))

    return names


def _identity(entry: Entry) -> tuple[str, ...]:
    return (
        entry["apiVersion"],
        entry["kind"],
        entry["namespace"],
        entry["name"],
        entry.get("podTemplate", ""),
    )


# ---------------------------------------------------------------- rows for many workloads


def _grouped(
    entry_rows: Sequence[_EntryRow], key: Callable[[Entry, TableRow], tuple[str, ...]]
) -> list[list[_EntryRow]]:
    groups: dict[tuple[str, ...], list[_EntryRow]] = {}
    for entry_row in entry_rows:
        groups.setdefault(key(*entry_row), []).append(entry_row)
    return list(groups.values())


def _all_but_name(entry: Entry, table_row: TableRow) -> tuple[str, ...]:
    return (entry["namespace"], table_row.cells[KIND], *table_row.cells[INJECTED:])


def _namespace_and_rule(entry: Entry, table_row: TableRow) -> tuple[str, ...]:
    return (entry["namespace"], *_rule_alone(entry, table_row))


def _rule_alone(_: Entry, table_row: TableRow) -> tuple[str, ...]:
    cells = table_row.cells
    return (cells[INJECTED], cells[REVISION], cells[RULE])


def _shared_row(group: list[_EntryRow]) -> TableRow:
    """One row: what the workloads share, the first one's name, and how many there are."""
    entry, first = group[0]
    if len(group) == 1:
        return first

    columns = zip(*(table_row.cells for _, table_row in group), strict=True)
    cells = [column[0] if len(set(column)) == 1 else VARIOUS for column in columns]

    namespaces = {member["namespace"] for member, _ in group}
    if len(namespaces) == 1:
        namespace, name = printable(entry["namespace"]), printable(entry["name"])
        prefix = f"{namespace}/" if namespace else ""
        cells[NAME] = f"{prefix}* ({len(group):,}: {name}, {ELLIPSIS})"
    else:
        cells[NAME] = f"* ({len(group):,} in {counted(len(namespaces), 'Namespace')})"

    return first._replace(cells=tuple(cells))
