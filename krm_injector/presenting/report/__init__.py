"""The report: one HTML page that needs nothing else, for `explain --output html`.

The table and the sums are in the page's own text; evidence and diffs are data beside each row,
drawn by page.js when a row is opened. Every string of the input is escaped: here for HTML, in the
data for script elements.
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from krm_injector import codes
from krm_injector.judging.advice import Advice
from krm_injector.judging.advice.injected_workload import mappings, spec_of
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Mesh, Object
from krm_injector.presenting.report.requests import requests
from krm_injector.presenting.report.text import text
from krm_injector.results import counted

MOST_DIFFS = 2000  # workloads whose objects are in the page; beyond, a browser has too much to hold
_DRAWN = (
    1000  # rows at first (page.js has the same number): a browser lays out ten thousand for seconds
)
_FIRST_MESSAGES, _MOST_MESSAGES = 4, 200  # of one code, at the top of the page
_ORDER = {"error": 0, "warning": 1, "info": 2}
_WORDS = {
    "error": ("error", "errors"),
    "warning": ("warning", "warnings"),
    "info": ("note", "notes"),
}


def page(
    decisions: Sequence[Decision],
    replacements: Mapping[int, Any],
    meshes: Sequence[Mesh],
    told: Sequence[Mapping[str, Any]],
    given: Sequence[Advice],
    rules: Sequence[str],
) -> str:
    """The page. ``told``: explain's entry of each decision, ``rules``: what decided it, in words;
    ``given``: the advice about them; the rest is an Outcome's (pipeline).
    """
    about: dict[int, list[Advice]] = {}
    for advice in given:
        if advice.decision is not None:
            about.setdefault(advice.decision, []).append(advice)

    afters = [_after(decision, replacements) for decision in decisions]
    tiles = _tiles([entry["verdict"] for entry in told], given)
    data = []
    evidence = _Evidence()
    shared: dict[tuple[str, ...], int] = {}
    for entry in told:
        shared[_key(entry)] = shared.get(_key(entry), 0) + 1

    rows = [
        _row(
            place,
            number,
            told[number],
            rules[number],
            about.get(number, []),
            shared[_key(told[number])] > 1,
        )
        for place, number in enumerate(_by_namespace(told))
    ]
    for number, (decision, after, entry) in enumerate(zip(decisions, afters, told, strict=True)):
        data.append(_data(number, decision, after, entry, about.get(number, []), evidence))

    parts = {
        "TITLE": "Sidecar injection",
        "CSS": _asset("page.css"),
        "JS": _asset("page.js"),
        "FILES": _files(told),
        "MESH": _meshes(meshes),
        "TILES": tiles,
        "WARNINGS": _warnings(given),
        "ADDED": _added(decisions, afters),
        "REQUESTS": requests(decisions, afters),
        "NAMESPACES": _options(told),
        "LIMITS": _limits(len(decisions)),
        "ROWS": "".join(rows),
        "DATA": "".join(data) + _script("evidence", evidence.all),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def _asset(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def _after(decision: Decision, replacements: Mapping[int, Any]) -> Object | None:
    """The injected object, where the workload is injected."""
    workload = decision.workload
    changed = at(replacements.get(workload.item), workload.inside) if decision.injected else None
    return changed if isinstance(changed, dict) else None


def _grave(advice: Advice) -> int:
    return _ORDER.get(advice.result.severity, 3)


# ---------------------------------------------------------------- the top


def _files(told: Iterable[Mapping[str, Any]]) -> str:
    """Where the workloads are written: the file, or the directory that all are in."""
    files = sorted({str(entry.get("file", "")) for entry in told} - {""})
    if not files:
        return ""
    if len(files) == 1:
        return f"<p>From <b>{text(files[0])}</b></p>"

    try:
        common = os.path.commonpath(files)
    except ValueError:
        common = ""

    return (
        f"<p>From {counted(len(files), 'file')}{f' in <b>{text(common)}</b>' if common else ''}</p>"
    )


def _limits(workloads: int) -> str:
    if workloads <= MOST_DIFFS:
        return ""
    return (
        f'<p class="limits">The manifests before and after are here for the first {MOST_DIFFS:,} '
        f"of {workloads:,} "
        "workloads, in the order of the bundle: more than that a browser holds badly. For others, "
        "write a report of their directory alone.</p>"
    )


def _meshes(meshes: Sequence[Mesh]) -> str:
    if not meshes:
        return "<p>No control plane.</p>"

    lines = []
    sources = {
        "profile": "embedded profile",
        "bundle": "from the bundle",
        "missing": "configuration missing",
    }
    for mesh in meshes:
        source = sources.get(mesh.source, mesh.source)
        sidecars = "native sidecars" if mesh.native_sidecars else "sidecars as plain containers"
        hooks = ", webhooks assumed" if mesh.assumed_webhooks else ""
        lines.append(
            f"<p>Control plane <b>{text(mesh.revision)}</b>, Istio "
            f"{text(mesh.version or 'of unknown version')} ({text(source)}), {sidecars}{hooks}</p>"
        )

    return "".join(lines)


def _tiles(verdicts: Sequence[str], given: Sequence[Advice]) -> str:
    counts = {
        severity: sum(advice.result.severity == severity for advice in given) for severity in _ORDER
    }
    injected, alone = verdicts.count("injected"), verdicts.count("left out")
    tiles = [
        ("workload" if len(verdicts) == 1 else "workloads", len(verdicts), ""),
        ("injected", injected, "yes" if injected else ""),
        ("left out", alone, ""),
    ]
    shown_counts = [severity for severity in _WORDS if counts[severity] or severity == "warning"]
    for severity in shown_counts:
        number = counts[severity]
        tiles.append((_WORDS[severity][number != 1], number, severity if number else ""))

    return "".join(
        f'<div class="{kind}"><dt>{name}</dt><dd>{number:,}</dd></div>'
        for name, number, kind in tiles
    )


def _warnings(given: Iterable[Advice]) -> str:
    """The advice by code, the gravest first."""
    groups: dict[tuple[str, str], list[Advice]] = {}
    for advice in given:
        groups.setdefault((advice.result.severity, advice.result.code), []).append(advice)

    if not groups:
        return '<p class="none">Nothing to warn of.</p>'

    found = []
    for (severity, code), among in sorted(
        groups.items(), key=lambda pair: _ORDER.get(pair[0][0], 3)
    ):
        messages = list(dict.fromkeys(advice.result.message for advice in among))
        found.append(
            '<details class="warning"><summary><span class="chip '
            f'{text(severity)}">{_WORDS[severity][0]}</span> <span '
            f'class="what">{text(codes.title(code))}</span> <code>{text(code)}</code> <span '
            f'class="count">{len(among):,}</span></summary>{_messages(messages)}</details>'
        )

    return "".join(found)


def _messages(messages: Sequence[str]) -> str:
    """A list: the first few, the rest where somebody asks for it."""
    items = [f"<li>{text(message)}</li>" for message in messages[:_MOST_MESSAGES]]
    if len(messages) > _MOST_MESSAGES:
        items.append(
            f"<li>… and {len(messages) - _MOST_MESSAGES:,} more, each with its workload below</li>"
        )

    found = f"<ul>{''.join(items[:_FIRST_MESSAGES])}</ul>"
    rest = items[_FIRST_MESSAGES:]
    if rest:
        number = len(messages) - _FIRST_MESSAGES
        found += f"<details class=rest><summary>{number:,} more</summary><ul>{''.join(rest)}</ul></details>"

    return found


def _added(decisions: Sequence[Decision], afters: Sequence[Object | None]) -> str:
    """The images and capabilities that come in, with the number of workloads."""
    images: dict[tuple[str, str], int] = {}
    rights: dict[tuple[str, str], int] = {}
    for decision, after in zip(decisions, afters, strict=True):
        if after is None:
            continue

        template = decision.workload.template
        known = {c.get("name") for c in _all_containers(at(decision.workload.object, template))}
        for container in _all_containers(at(after, template)):
            name = str(container.get("name"))
            if name in known and name != "istio-proxy":
                continue

            image = (str(container.get("image")), name)
            images[image] = images.get(image, 0) + 1
            capabilities = at(container, ("securityContext", "capabilities", "add"))
            if isinstance(capabilities, list) and capabilities:
                right = (", ".join(map(str, capabilities)), name)
                rights[right] = rights.get(right, 0) + 1

    if not images:
        return '<p class="none">Nothing is added.</p>'

    return _counted("Images", images) + (
        _counted("Capabilities", rights) or '<p class="none">No capabilities.</p>'
    )


def _all_containers(template: Any) -> list[Object]:
    spec = spec_of(template)
    return [*mappings(spec.get("initContainers")), *mappings(spec.get("containers"))]


def _counted(title: str, found: Mapping[tuple[str, str], int]) -> str:
    if not found:
        return ""

    rows = "".join(
        f"<tr><td><code>{text(what)}</code></td><td>{text(container)}</td><td "
        f"class=n>{count:,}</td></tr>"
        for (what, container), count in sorted(found.items())
    )
    return (
        f"<table><thead><tr><th>{title}</th><th>Container</th><th "
        f"class=n>Workloads</th></tr></thead><tbody>{rows}</tbody></table>"
    )


# ---------------------------------------------------------------- the workloads


def _options(told: Sequence[Mapping[str, Any]]) -> str:
    names = sorted({entry["namespace"] for entry in told})
    return "".join(
        f'<option value="{text(name)}">{text(name) or "(none)"}</option>' for name in names
    )


def _by_namespace(told: Sequence[Mapping[str, Any]]) -> list[int]:
    """The workloads' numbers, those of a Namespace together."""
    first: dict[str, int] = {}
    for number, entry in enumerate(told):
        first.setdefault(entry["namespace"], number)
    return sorted(range(len(told)), key=lambda number: first[told[number]["namespace"]])


def _key(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (entry["kind"], entry["namespace"], entry["name"])


def _row(
    place: int,
    number: int,
    entry: Mapping[str, Any],
    rule: str,
    given: Sequence[Advice],
    shared: bool,
) -> str:
    """A line of the table. place: among the lines; number: among the workloads; shared: another has
    the same name, and the line has to say where this one is written.
    """
    where = f"{entry.get('file', '')}:{entry.get('line', '')}".strip(":") if shared else ""
    written = f" <small class=kind>{text(where)}</small>" if where else ""
    before, after = entry["containers"]
    injected = entry["injected"]
    ready = f"{before}/{before} → {after}/{after}" if injected else f"{before}/{before}"
    verdict = "injected" if injected else "left out"
    if entry["errors"]:
        ready, verdict = f"{before}/{before} → ?", "error"

    counts = {
        severity: sum(advice.result.severity == severity for advice in given) for severity in _WORDS
    }
    chips = " ".join(
        f'<span class="chip {severity}" title="{number} '
        f'{_WORDS[severity][number != 1]}">{number}</span>'
        for severity, number in counts.items()
        if number
    )
    weight = counts["error"] * 10**6 + counts["warning"] * 10**3 + counts["info"]
    namespace = text(entry["namespace"])
    mark = " yes" if injected else " error" if entry["errors"] else ""
    return (
        f'<tr class="w{mark}"{" hidden" if place >= _DRAWN else ""} data-n="{number}" '
        f'data-ns="{namespace}"><td><button class="open" aria-expanded="false" '
        f'aria-controls="r{number}"><span class="kind">{text(entry["kind"])}</span> <bdi '
        f'class="name">{text(entry["name"])}</bdi>'
        f"{written}</button></td><td><bdi>{namespace}</bdi></td>"
        f'<td><span class="verdict">{verdict}</span></td>'
        f"<td class=ready>{ready}</td>"
        f'<td class="rule">{text(" ".join(rule.split()))}</td><td class=n '
        f'data-v="{weight}">{chips}</td></tr>'
    )


class _Evidence:
    """The evidence of all workloads, each entry once: most ask the same webhooks about the same
    Namespaces.
    """

    def __init__(self) -> None:
        self.all: list[Mapping[str, Any]] = []
        self._known: dict[int, int] = {}

    def numbers(self, evidence: Iterable[Mapping[str, Any]]) -> list[int]:
        found = []
        for one in evidence:
            number = self._known.setdefault(
                id(one), len(self.all)
            )  # entries share what is the same (explain.entries)
            if number == len(self.all):
                self.all.append(one)
            found.append(number)

        return found


def _data(
    number: int,
    decision: Decision,
    after: Object | None,
    entry: Mapping[str, Any],
    given: Sequence[Advice],
    evidence: _Evidence,
) -> str:
    """What a row shows when it is opened."""
    value: dict[str, Any] = {
        "evidence": evidence.numbers(entry["evidence"]),
        "changes": [change["text"] for change in entry.get("changes", [])],
        "doubt": entry.get("doubt", ""),
        "noChange": entry.get("noChange", ""),
        "warnings": [
            [a.result.severity, _WORDS[a.result.severity][0], a.result.code, a.result.message]
            for a in sorted(given, key=_grave)
        ],
    }
    if number >= MOST_DIFFS:
        value["omitted"] = MOST_DIFFS
    elif after is not None:
        value["before"], value["after"] = decision.workload.object, after

    return _script(f"d{number}", value)


def _script(name: str, value: Any) -> str:
    """JSON that no HTML parser can take for markup."""
    encoded = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{encoded}</script>'
