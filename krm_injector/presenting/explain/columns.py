"""The table: columns that fit the width, the rules in words below it where they do not, totals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from krm_injector.model import Mesh
from krm_injector.presenting.explain.entries import summary
from krm_injector.presenting.explain.style import Look, printable
from krm_injector.presenting.explain.table_rows import (
    HEAD,
    INJECTED,
    NAME,
    READY,
    REVISION,
    RULE,
    Row,
    rows_of,
)
from krm_injector.presenting.explain.text import ELLIPSIS, broken, clip, lines, pad, width
from krm_injector.results import counted

_GAP = "  "
_LEAST_RULE = 30  # cells below which sentences are broken too often to be read
_MOST_LINES = 8  # that broken sentences add to a table
_LEAST_NAME = 12
_DOUBTS = 10  # told at most, by the table
_NAMED = 3  # workloads named by one doubt
_SPACES = 12  # Namespaces counted one by one


def text(meshes: Sequence[Mesh], told: list[dict[str, Any]], look: Look) -> str:
    rows, hidden = rows_of(told, look.limit)
    found, legend = _table(rows, look) if rows else ([], [])
    if hidden:
        found.append(
            f"{ELLIPSIS} and {counted(hidden, 'more workload')}; --limit 0 shows each, --output "
            "json all there is"
        )

    found += legend
    if not hidden and len(rows) < len(told):
        found += [
            "",
            *_wrapped(
                "Workloads that are alike share a line; --limit 0 gives each its own.", look.width
            ),
        ]

    found.append("")
    for sentence in totals(meshes, told):
        found += _wrapped(sentence, look.width)

    found += _doubts(told, look)
    return "\n".join(line.rstrip() for line in found) + "\n"


# ---------------------------------------------------------------- layout


def _table(rows: list[Row], look: Look) -> tuple[list[str], list[str]]:
    """The table's lines, and those of the legend that it needs."""
    cells = [list(HEAD), *(list(found.cells) for found in rows)]
    widths = _widths(cells)
    legend: list[str] = []
    if look.width:
        # One name of 253 characters must not push the rest of every line away.
        widths[NAME] = min(widths[NAME], max(40, look.width // 3))

    if look.width and _total(widths) > look.width:
        room = look.width - _total(widths[:-1]) - len(_GAP)
        if (
            room < _LEAST_RULE
            or _more_lines([found.cells[RULE] for found in rows], room) > _MOST_LINES
        ):
            cells, widths, legend = _narrow(rows, widths[NAME], look)
            room = widths[-1]

        widths[-1] = room

    head, *body = cells
    names = _names([line[NAME] for line in body], widths[NAME])
    found = [look.bold(_line(head, widths))]
    for line, name_lines in zip(body, names, strict=True):
        found += _row_lines(line, name_lines, widths, look)

    return found, legend


def _more_lines(rules: list[str], cells: int) -> int:
    """How many lines sentences add to their rows; one broken more than once counts for too many."""
    counts = {rule: len(lines(rule, cells)) - 1 for rule in set(rules)}
    return _MOST_LINES + 1 if max(counts.values()) > 1 else sum(counts[rule] for rule in rules)


def _names(names: list[str], cells: int) -> list[list[str]]:
    """Each name in its lines: cut in the middle where it is too long, unless another would be cut
    to the same.
    """
    clipped = [clip(name, cells) for name in names]
    whose: dict[str, set[str]] = {}
    for name, short in zip(names, clipped, strict=True):
        whose.setdefault(short, set()).add(name)

    return [
        [short] if len(whose[short]) == 1 else broken(name, cells)
        for name, short in zip(names, clipped, strict=True)
    ]


def _widths(cells: list[list[str]]) -> list[int]:
    return [max(map(width, column)) for column in zip(*cells, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _narrow(rows: list[Row], name: int, look: Look) -> tuple[list[list[str]], list[int], list[str]]:
    """Cells, widths and legend where there is no room for sentences: as short as it takes to let
    names be read.
    """
    for numbers, short_ready in ((False, False), (False, True), (True, False), (True, True)):
        codes = _codes(rows, numbers)
        cells = [[*HEAD[:INJECTED], "INJ", *HEAD[INJECTED + 1 :]]]
        for found in rows:
            code = codes[found.reason, found.cells[RULE]]
            cells.append([*found.cells[:RULE], code.partition(" ")[0] if numbers else code])

        if short_ready:
            for line in cells[1:]:
                line[READY] = " -> ".join(
                    part.partition("/")[0] for part in line[READY].split(" -> ")
                )

        if len({line[REVISION] for line in cells[1:]} - {"-"}) <= 1:
            for line in cells:  # it tells nothing apart
                del line[REVISION]

        widths = _widths(cells)
        widths[NAME] = name
        if _total(widths) <= look.width:
            break

    widths[NAME] = max(_LEAST_NAME, name - max(0, _total(widths) - look.width))
    return cells, widths, _legend(codes, look)


def _codes(rows: list[Row], numbers: bool) -> dict[tuple[str, str], str]:
    """What the table says for a rule that the legend tells: its code, numbered where it has several
    sentences; or a number before the code.
    """
    details: dict[str, list[str]] = {}
    for found in rows:
        known = details.setdefault(found.reason, [])
        if found.cells[RULE] not in known:
            known.append(found.cells[RULE])

    codes: dict[tuple[str, str], str] = {}
    for reason, known in details.items():
        for number, detail in enumerate(known, 1):
            several = reason if len(known) == 1 else f"{reason} {number}"
            codes[reason, detail] = f"{len(codes) + 1} {reason}" if numbers else several

    return codes


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(
        [*(pad(clip(c, w), w) for c, w in zip(cells[:-1], widths, strict=False)), cells[-1]]
    )


def _row_lines(cells: list[str], name: list[str], widths: list[int], look: Look) -> list[str]:
    rule, *more = lines(cells[-1], widths[-1]) if look.width else [cells[-1]]
    first = _line([*cells[:NAME], name[0], *cells[NAME + 1 : -1], rule], widths)
    if look.colour:
        # Colour goes on last: its characters take no cells.
        at = len(_line([*cells[:NAME], name[0], ""], widths[:INJECTED]))
        verdict = pad(cells[INJECTED], widths[INJECTED])
        paint = {"yes": look.green, "error": look.red}.get(cells[INJECTED], look.yellow)
        first = first[:at] + paint(verdict) + first[at + len(verdict) :]

    blank = [""] * (len(cells) - 1)
    rest = []
    for part, words in zip_longest(name[1:], more, fillvalue=""):
        blank[NAME] = part
        rest.append(_line([*blank, words], widths))

    return [first, *rest]


def _legend(codes: dict[tuple[str, str], str], look: Look) -> list[str]:
    """The rules in words, below a table that has no room for them."""
    size = max(map(len, codes.values()))
    result = [""]
    for (_, detail), code in codes.items():
        first, *more = lines(
            detail.removeprefix("no webhook matches: "), max(look.width - size - len(_GAP), 16)
        )
        result.append(look.bold(pad(code, size)) + _GAP + first)
        result += [" " * (size + len(_GAP)) + line for line in more]

    return result


def _wrapped(sentence: str, cells: int, indent: str = "") -> list[str]:
    if not cells:
        return [indent + sentence]
    return [indent + line for line in lines(sentence, max(cells - len(indent), 20))]


# ---------------------------------------------------------------- below the table


def totals(meshes: Sequence[Mesh], told: list[dict[str, Any]]) -> list[str]:
    """Sentences: how many and why not, in which Namespaces, by which control planes."""
    if not told:
        return [
            (
                "There are no workloads: nothing here is of a kind that is injected by default or "
                "named in spec.workloads."
            )
        ]

    count = summary(told)
    rest = f"{_left_out(told)}{_refused(count)}"
    found = [f"{counted(count['workloads'], 'workload')}: {count['injected']:,} injected, {rest}."]
    spaces = _by_namespace(told)
    found += [spaces] if spaces else []
    planes = [_plane(mesh) for mesh in meshes]
    if planes:
        found.append(f"Control plane{'s' if len(planes) > 1 else ''}: {', '.join(planes)}.")

    return [*found, *_nothing_asks(meshes, told)]


def _nothing_asks(meshes: Sequence[Mesh], told: list[dict[str, Any]]) -> list[str]:
    """What a beginner has to do, where no label of a pod or of a Namespace says anything."""
    silent = (
        entry["reason"] == "no-webhook-matches" and entry.get("default") and not entry.get("doubt")
        for entry in told
    )
    if not all(silent) or not meshes or any(mesh.source != "profile" for mesh in meshes):
        return []

    ignored = {name for mesh in meshes for name in mesh.rules.ignored_namespaces}
    unlabelled = any(
        "neither istio-injection nor istio.io/rev" in entry["detail"]
        and entry["namespace"] not in ignored
        for entry in told
    )
    if not unlabelled:
        return []

    if any(mesh.revision == "default" for mesh in meshes):
        namespace, pod = "istio-injection: enabled", 'sidecar.istio.io/inject: "true"'
    else:
        namespace = pod = f"istio.io/rev: {meshes[0].revision}"

    return [
        (
            f"Nothing here asks for injection: label a Namespace with {namespace}, or a pod template "
            f"with {pod}."
        )
    ]


def _left_out(told: list[dict[str, Any]]) -> str:
    """ "7 left out (6 no-webhook-matches, 1 annotation)"."""
    reasons: dict[str, int] = {}
    for entry in told:
        if entry["verdict"] == "left out":
            reasons[entry["reason"]] = reasons.get(entry["reason"], 0) + 1

    if not reasons:
        return "0 left out"

    most = sorted(reasons.items(), key=lambda pair: -pair[1])
    why = (
        ", ".join(f"{number:,} {reason}" for reason, number in most)
        if len(most) > 1
        else most[0][0]
    )
    return f"{sum(reasons.values()):,} left out ({why})"


def _refused(count: dict[str, Any]) -> str:
    return f", {count['errors']:,} refused with an error" if count["errors"] else ""


def _by_namespace(told: list[dict[str, Any]]) -> str:
    """How many of each Namespace's are injected; of many Namespaces, how many are in."""
    sums: dict[str, list[int]] = {}
    for entry in told:
        found = sums.setdefault(entry["namespace"], [0, 0])
        found[0] += entry["injected"]
        found[1] += 1

    if len(sums) < 2:
        return ""

    if len(sums) <= _SPACES:
        counts = (
            f"{printable(name) or '(none)'} {into:,} of {count:,}"
            for name, (into, count) in sums.items()
        )
        return f"Injected by Namespace: {', '.join(counts)}."

    whole = sum(into == count for into, count in sums.values())
    none = sum(not into for into, _ in sums.values())
    part = len(sums) - whole - none
    return f"{counted(len(sums), 'Namespace')}: {whole:,} injected as a whole, {part:,} in part, {none:,} not at all."


def _plane(mesh: Mesh) -> str:
    version = (
        f"Istio {mesh.version}"
        if mesh.version
        else "no configuration"
        if mesh.source == "missing"
        else "unknown"
    )
    sources = {"profile": ", the embedded profile", "bundle": ", from the bundle", "missing": ""}
    return f"{mesh.revision} ({version}{sources.get(mesh.source, f', from the {mesh.source}')})"


def doubts(told: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Workloads left out that were perhaps meant in, by the change that would take them in."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in told:
        if entry.get("doubt"):
            changes = entry["changes"]
            text = changes[0]["text"] if changes else entry["noChange"]
            # What is told of several has to be so of each. The same sentence about two pods is two
            # changes, told in one where Namespace and doubt are one; about a Namespace it is one.
            wide = bool(changes) and changes[0]["scope"] in ("namespace", "mesh")
            key = "\0".join((text, entry["doubt"], "" if wide else entry["namespace"]))
            found.setdefault(key, []).append(entry)

    return [(key.partition("\0")[0], entries) for key, entries in found.items()]


def doubted(entries: list[dict[str, Any]]) -> str:
    """Their names, and why they were perhaps meant in."""
    names = [
        f"{entry['kind']} {entry['namespace'] + '/' if entry['namespace'] else ''}{entry['name']}"
        for entry in entries[:_NAMED]
    ]
    more = f" and {len(entries) - _NAMED:,} more" if len(entries) > _NAMED else ""
    return printable(f"{', '.join(names)}{more}: {entries[0]['doubt']}")


def _doubts(told: list[dict[str, Any]], look: Look) -> list[str]:
    found = doubts(told)
    if not found:
        return []

    result = ["", look.bold("Left out, and perhaps meant in:")]
    for change, entries in found[:_DOUBTS]:
        first, *more = _wrapped(doubted(entries), look.width - len(_GAP * 2) if look.width else 0)
        result += [_GAP + first, *(_GAP * 2 + line for line in more)]
        first, *more = _wrapped(printable(change), look.width - 7 if look.width else 0)
        result += [f"{_GAP * 2}-> {first}", *(" " * 7 + line for line in more)]

    if len(found) > _DOUBTS:
        result.append(f"{_GAP}{ELLIPSIS} and {len(found) - _DOUBTS:,} more; -v tells of each")

    return result
