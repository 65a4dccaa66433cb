"""The table: a line a workload, what is alike in one line where there are many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from krm_injector.explain.cells import ELLIPSIS, clip, lines, pad, width
from krm_injector.explain.entries import summary
from krm_injector.explain.look import Look, printable
from krm_injector.explain.places import shown
from krm_injector.model import Mesh

HEAD = ("KIND", "NAMESPACE/NAME", "INJECTED", "READY", "REVISION", "RULE")
VERDICTS = {"injected": "yes", "left out": "no", "error": "error"}
_GAP = "  "
_NAME, _INJECTED, _REVISION, _RULE = 1, 2, 4, 5
_LEAST_RULE = 30  # cells below which sentences are broken too often to be read
_DOUBTS = 10  # told at most, by the table


class Row(NamedTuple):
    cells: tuple[str, ...]  # those of HEAD
    reason: str


def text(meshes: Sequence[Mesh], told: list[dict[str, Any]], look: Look) -> str:
    rows, hidden = rows_of(told, look.limit)
    found = _table(rows, look) if rows else []
    if hidden:
        found.append(f"{ELLIPSIS} and {hidden:,} more; --limit 0 shows every workload, --output json all there is")
    found += ["", *_wrapped(totals(meshes, told), look.width)]
    found += _doubts(told, look)
    return "\n".join(line.rstrip() for line in found) + "\n"


# ---------------------------------------------------------------- rows


def rows_of(told: list[dict[str, Any]], limit: int) -> tuple[list[Row], int]:
    """The rows, and how many workloads they leave unsaid. More than the limit are grouped by all but names."""
    names = _names(told)
    rows = [row(entry, name) for entry, name in zip(told, names, strict=True)]
    if not limit or len(rows) <= limit:
        return rows, 0
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, (entry, found) in enumerate(zip(told, rows, strict=True)):
        groups.setdefault((entry["namespace"], found.cells[0], *found.cells[2:]), []).append(index)
    shown_ones, said = [], 0
    for members in list(groups.values())[:limit]:
        said += len(members)
        shown_ones.append(_group([rows[index] for index in members], told[members[0]]))
    return shown_ones, len(rows) - said


def row(entry: Mapping[str, Any], name: str) -> Row:
    before, after = entry["containers"]
    ready = f"{before}/{before} -> {after}/{after}" if entry["injected"] else f"{before}/{before}"
    detail, code = printable(entry["detail"]), entry["reason"]
    if entry["errors"]:
        ready, code = f"{before}/{before} -> ?", entry["errors"][0]["code"]
        detail = printable(entry["errors"][0]["brief"])
    elif entry.get("ambient") and not entry["injected"]:
        detail += "; in ambient mode"
    kind, verdict = printable(entry["kind"]), VERDICTS[entry["verdict"]]
    return Row((kind, name, verdict, ready, printable(entry["revision"]) or "-", detail), code)


def _names(told: list[dict[str, Any]]) -> list[str]:
    """Namespace/name of each; workloads that share kind, Namespace and name are told apart by where they stand."""
    keys = [(entry["apiVersion"], entry["kind"], entry["namespace"], entry["name"]) for entry in told]
    counts: dict[Any, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    found = []
    seen: dict[Any, int] = {}
    for key, entry in zip(keys, told, strict=True):
        name = f"{entry['namespace']}/{entry['name']}" if entry["namespace"] else entry["name"]
        if counts[key] > 1:
            seen[key] = seen.get(key, 0) + 1
            name += f" ({shown(entry) or f'no. {seen[key]}'})"
        found.append(printable(name))
    return found


def _group(members: list[Row], first: Mapping[str, Any]) -> Row:
    if len(members) == 1:
        return members[0]
    cells = list(members[0].cells)
    place = printable(first["namespace"])
    cells[_NAME] = f"{place + '/' if place else ''}* ({len(members):,}: {printable(first['name'])}, {ELLIPSIS})"
    return members[0]._replace(cells=tuple(cells))


# ---------------------------------------------------------------- layout


def _table(rows: list[Row], look: Look) -> list[str]:
    cells = [list(HEAD), *(list(found.cells) for found in rows)]
    widths = _widths(cells)
    legend: list[str] = []
    if look.width:
        # One name of 253 characters must not push the rest of every line away.
        widths[_NAME] = min(widths[_NAME], max(40, look.width // 3))
    if look.width and _total(widths) > look.width:
        code = max(width(found.reason) for found in rows)
        name, _, longest = widths[_NAME], widths.pop(), 0
        if look.width - _total(widths) - len(_GAP) < max(_LEAST_RULE, code):
            legend = _legend(rows, look)
            cells = _narrow(cells, rows)
            widths = _widths(cells)
            widths[_NAME] = name
            longest = widths.pop()
        room = look.width - _total(widths) - len(_GAP)
        if room < longest:
            widths[_NAME] = max(len(HEAD[_NAME]), name - (longest - room))
            room = longest
        widths.append(room)
    head, *body = cells
    return [look.bold(_line(head, widths)), *(line for row in body for line in _row_lines(row, widths, look)), *legend]


def _widths(cells: list[list[str]]) -> list[int]:
    return [max(map(width, column)) for column in zip(*cells, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _narrow(cells: list[list[str]], rows: list[Row]) -> list[list[str]]:
    """The cells where there is no room for sentences: codes, and no revision where it tells nothing apart."""
    changed = [[*line[:_RULE], found.reason] for line, found in zip(cells[1:], rows, strict=True)]
    changed.insert(0, [*HEAD[:_INJECTED], "INJ", *HEAD[_INJECTED + 1 :]])
    if len({line[_REVISION] for line in changed[1:]} - {"-"}) <= 1:
        for line in changed:
            del line[_REVISION]
    return changed


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join([*(pad(clip(c, w), w) for c, w in zip(cells[:-1], widths, strict=False)), cells[-1]])


def _row_lines(cells: list[str], widths: list[int], look: Look) -> list[str]:
    rule, *more = lines(cells[-1], widths[-1]) if look.width else [cells[-1]]
    first = _line([*cells[:-1], rule], widths)
    if look.colour:
        # Colour goes on last: its characters take no cells.
        at = len(_line([*cells[:_INJECTED], ""], widths[:_INJECTED]))
        verdict = pad(cells[_INJECTED], widths[_INJECTED])
        paint = {"yes": look.green, "error": look.red}.get(cells[_INJECTED], look.yellow)
        first = first[:at] + paint(verdict) + first[at + len(verdict) :]
    indent = " " * (_total(widths[:-1]) + len(_GAP))
    return [first, *(indent + line for line in more)]


def _legend(rows: list[Row], look: Look) -> list[str]:
    """The rules in words, below a table that has no room for them."""
    details: dict[tuple[str, str], int] = {}
    for found in rows:
        key = (found.reason, found.cells[_RULE])
        details[key] = details.get(key, 0) + 1
    size = max(len(reason) for reason, _ in details)
    result = [""]
    for reason, detail in details:
        first, *more = lines(detail, max(look.width - size - len(_GAP), 20))
        result.append(look.bold(pad(reason, size)) + _GAP + first)
        result += [" " * (size + len(_GAP)) + line for line in more]
    return result


def _wrapped(sentence: str, cells: int, indent: str = "") -> list[str]:
    if not cells:
        return [indent + sentence]
    return [indent + line for line in lines(sentence, max(cells - len(indent), 20))]


# ---------------------------------------------------------------- below the table


def totals(meshes: Sequence[Mesh], told: list[dict[str, Any]]) -> str:
    """One sentence: how many, and by which control planes."""
    count = summary(told)
    if not told:
        return "There are no workloads: nothing here has a pod template."
    plural = "" if count["workloads"] == 1 else "s"
    sentence = (
        f"{count['workloads']:,} workload{plural}: {count['injected']:,} injected, {count['leftOut']:,} left out"
        f"{', ' + format(count['errors'], ',') + ' refused with an error' if count['errors'] else ''}."
    )
    planes = [_plane(mesh) for mesh in meshes]
    return f"{sentence} Control plane{'s' if len(planes) > 1 else ''}: {', '.join(planes)}." if planes else sentence


def _plane(mesh: Mesh) -> str:
    version = f"Istio {mesh.version}" if mesh.version else "no configuration" if mesh.source == "missing" else "unknown"
    source = "the embedded profile" if mesh.source == "profile" else mesh.source
    return f"{mesh.revision} ({version}{'' if mesh.source == 'missing' else f', {source}'})"


def doubts(told: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Workloads left out that were perhaps meant in, by the change that would take them in."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in told:
        if entry.get("doubt"):
            changes = entry["changes"]
            text = changes[0]["text"] if changes else "nothing in the bundle's labels would turn it"
            scope = changes[0]["scope"] if changes else ""
            # The same sentence about two pods is two changes; about one Namespace it is one.
            key = text if scope != "workload" else f"{text}\0{entry['namespace']}\0{len(found)}"
            found.setdefault(key, []).append(entry)
    return [(key.partition("\0")[0], entries) for key, entries in found.items()]


def _doubts(told: list[dict[str, Any]], look: Look) -> list[str]:
    found = doubts(told)
    if not found:
        return []
    result = ["", look.bold("Left out, and perhaps meant in:")]
    for change, entries in found[:_DOUBTS]:
        first = entries[0]
        name = f"{first['kind']} {first['namespace'] + '/' if first['namespace'] else ''}{first['name']}"
        more = f" and {len(entries) - 1:,} more" if len(entries) > 1 else ""
        result += _wrapped(printable(f"{name}{more}: {first['doubt']}"), look.width, _GAP)
        result += _wrapped(printable(f"-> {change}"), look.width, _GAP * 2)
    if len(found) > _DOUBTS:
        result.append(f"{_GAP}{ELLIPSIS} and {len(found) - _DOUBTS:,} more; -v tells of each")
    return result
