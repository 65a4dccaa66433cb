"""The report: one HTML page that needs nothing else, for `explain --output html`.

The table and the sums are in the page's own text; evidence and diffs are data beside each row, drawn by page.js when
a row is opened. Every string of the input is escaped: here for HTML, in the data for script elements.
"""

from __future__ import annotations

import html
import json
import os.path
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from krm_injector.advice import CODES, Advice
from krm_injector.advice.resources import pod_amount, shown
from krm_injector.advice.subject import mappings, replicas, spec_of
from krm_injector.kube.workloads import at
from krm_injector.model import Decision, Mesh, Object

MOST_DIFFS = 2000  # workloads whose objects are in the page; beyond, a browser has too much to hold
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ORDER = {"error": 0, "warning": 1, "info": 2}


def page(
    decisions: Sequence[Decision],
    replacements: Mapping[int, Any],
    meshes: Sequence[Mesh],
    told: Sequence[Mapping[str, Any]],
    given: Sequence[Advice],
) -> str:
    """The page. ``told``: explain's entry of each decision; ``given``: the advice about them; the rest is an
    Outcome's (pipeline)."""
    about: dict[int, list[Advice]] = {}
    for advice in given:
        if advice.about is not None:
            about.setdefault(advice.about, []).append(advice)
    afters = [_after(decision, replacements) for decision in decisions]
    tiles = _tiles([entry["verdict"] for entry in told], given)
    rows, data = [], []
    for number, (decision, after, entry) in enumerate(zip(decisions, afters, told, strict=True)):
        rows.append(_row(number, entry, about.get(number, [])))
        data.append(_data(number, decision, after, entry, about.get(number, [])))
    parts = {
        "TITLE": "Sidecar injection",
        "CSS": _asset("page.css"),
        "JS": _asset("page.js"),
        "MESH": _meshes(meshes),
        "TILES": tiles,
        "WARNINGS": _warnings(given),
        "ADDED": _added(decisions, afters),
        "REQUESTS": _requests(decisions, afters),
        "NAMESPACES": _options(told),
        "ROWS": "".join(rows),
        "DATA": "".join(data),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def _asset(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def text(value: Any) -> str:
    """A value as HTML text; characters that nobody sees, or that turn the line around, are shown by number."""
    return html.escape(_HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", str(value)))


def _after(decision: Decision, replacements: Mapping[int, Any]) -> Object | None:
    """The injected object, where the workload is injected."""
    workload = decision.workload
    changed = at(replacements.get(workload.item), workload.inside) if decision.injected else None
    return changed if isinstance(changed, dict) else None


def _grave(advice: Advice) -> int:
    return _ORDER.get(advice.result.severity, 3)


# ---------------------------------------------------------------- the top


def _meshes(meshes: Sequence[Mesh]) -> str:
    if not meshes:
        return "<p>No control plane.</p>"
    lines = []
    for mesh in meshes:
        source = {"profile": "embedded profile", "missing": "configuration missing"}.get(mesh.source, mesh.source)
        sidecars = "native sidecars" if mesh.native_sidecars else "sidecars as plain containers"
        hooks = ", webhooks assumed" if mesh.assumed_webhooks else ""
        lines.append(
            f"<p>Control plane <b>{text(mesh.revision)}</b>, Istio {text(mesh.version or 'of unknown version')} "
            f"({text(source)}), {sidecars}{hooks}</p>"
        )
    return "".join(lines)


def _tiles(verdicts: Sequence[str], given: Sequence[Advice]) -> str:
    counts = {severity: sum(advice.result.severity == severity for advice in given) for severity in _ORDER}
    injected, alone = verdicts.count("injected"), verdicts.count("left out")
    tiles = [("workloads", len(verdicts), ""), ("injected", injected, "yes"), ("left alone", alone, "")]
    names = {"error": "errors", "warning": "warnings", "info": "notes"}
    shown_counts = [severity for severity in names if counts[severity] or severity == "warning"]
    tiles += [(names[severity], counts[severity], severity if counts[severity] else "") for severity in shown_counts]
    return "".join(f'<div class="{kind}"><dt>{name}</dt><dd>{number:,}</dd></div>' for name, number, kind in tiles)


def _warnings(given: Iterable[Advice]) -> str:
    """The advice by code, the gravest first."""
    groups: dict[tuple[str, str], list[Advice]] = {}
    for advice in given:
        groups.setdefault((advice.result.severity, advice.result.code), []).append(advice)
    if not groups:
        return '<p class="none">Nothing to warn of.</p>'
    found = []
    for (severity, code), among in sorted(groups.items(), key=lambda pair: _ORDER.get(pair[0][0], 3)):
        messages = list(dict.fromkeys(advice.result.message for advice in among))
        title = CODES[code].title if code in CODES else code.replace("-", " ").capitalize()
        items = "".join(f"<li>{text(message)}</li>" for message in messages[:200])
        if len(messages) > 200:
            items += f"<li>… and {len(messages) - 200:,} more</li>"
        found.append(
            f'<details class="warning"><summary><span class="chip {text(severity)}">{text(severity)}</span> '
            f'<span class="what">{text(title)}</span> <code>{text(code)}</code> '
            f'<span class="count">{len(among):,}</span></summary><ul>{items}</ul></details>'
        )
    return "".join(found)


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
    return _counted("Images", images) + (_counted("Capabilities", rights) or '<p class="none">No capabilities.</p>')


def _all_containers(template: Any) -> list[Object]:
    spec = spec_of(template)
    return [*mappings(spec.get("initContainers")), *mappings(spec.get("containers"))]


def _counted(title: str, found: Mapping[tuple[str, str], int]) -> str:
    if not found:
        return ""
    rows = "".join(
        f"<tr><td><code>{text(what)}</code></td><td>{text(container)}</td><td class=n>{count:,}</td></tr>"
        for (what, container), count in sorted(found.items())
    )
    return (
        f"<table><thead><tr><th>{title}</th><th>Container</th><th class=n>Workloads</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _requests(decisions: Sequence[Decision], afters: Sequence[Object | None]) -> str:
    """What the pods of each Namespace request, before and after: pod by pod, times the replicas that are stated."""
    sums: dict[str, list[int]] = {}
    open_ones = False
    for decision, after in zip(decisions, afters, strict=True):
        workload = decision.workload
        before = spec_of(at(workload.object, workload.template))
        changed = before if after is None else spec_of(at(after, workload.template))
        pods = replicas(workload.ref, workload.object)
        open_ones = open_ones or pods is None
        row = sums.setdefault(workload.ref.namespace, [0] * 5)
        row[0] += pods or 0
        for column, (spec, resource) in enumerate(
            ((before, "cpu"), (changed, "cpu"), (before, "memory"), (changed, "memory")), 1
        ):
            row[column] += pod_amount(spec, "requests", resource) * (pods or 0)
    if not sums:
        return '<p class="none">No workloads.</p>'
    rows = "".join(
        f"<tr><td><bdi>{text(name) or '(none)'}</bdi></td><td class=n>{row[0]:,}</td>"
        + "".join(
            f"<td class=n>{shown(row[i], kind)}</td><td class=n>{shown(row[i + 1], kind)}</td>"
            f'<td class="n more">{"+" + shown(row[i + 1] - row[i], kind) if row[i + 1] > row[i] else ""}</td>'
            for i, kind in ((1, "cpu"), (3, "memory"))
        )
        + "</tr>"
        for name, row in sorted(sums.items())
    )
    note = '<p class="none">Pods of DaemonSets, one a node, are not counted.</p>' if open_ones else ""
    return (
        "<table><thead><tr><th rowspan=2>Namespace</th><th rowspan=2 class=n>Pods</th><th colspan=3 class=g>CPU</th>"
        "<th colspan=3 class=g>Memory</th></tr><tr><th class=n>before</th><th class=n>after</th><th class=n></th>"
        "<th class=n>before</th><th class=n>after</th><th class=n></th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{note}"
    )


# ---------------------------------------------------------------- the workloads


def _options(told: Sequence[Mapping[str, Any]]) -> str:
    names = sorted({entry["namespace"] for entry in told})
    return "".join(f'<option value="{text(name)}">{text(name) or "(none)"}</option>' for name in names)


def _row(number: int, entry: Mapping[str, Any], given: Sequence[Advice]) -> str:
    before, after = entry["containers"]
    injected = entry["injected"]
    ready = f"{before}/{before} → {after}/{after}" if injected else f"{before}/{before}"
    verdict, rule = "injected" if injected else "left alone", entry["detail"]
    if entry["errors"]:
        ready, verdict = f"{before}/{before} → ?", "error"
        rule = entry["errors"][0]["brief"]
    worst = min((advice.result.severity for advice in given), key=lambda s: _ORDER.get(s, 3), default="")
    count = f'<span class="chip {text(worst)}">{len(given)}</span>' if given else ""
    namespace = text(entry["namespace"])
    mark = " yes" if injected else " error" if entry["errors"] else ""
    return (
        f'<tr class="w{mark}" data-n="{number}" data-ns="{namespace}">'
        f'<td><button class="open" aria-expanded="false" aria-controls="r{number}">'
        f'<span class="kind">{text(entry["kind"])}</span> <bdi class="name">{text(entry["name"])}</bdi></button></td>'
        f"<td><bdi>{namespace}</bdi></td>"
        f'<td><span class="verdict">{verdict}</span></td>'
        f"<td class=ready>{ready}</td>"
        f'<td class="rule">{text(" ".join(str(rule).split()))}</td>'
        f'<td class=n data-v="{len(given)}">{count}</td></tr>'
    )


def _data(
    number: int, decision: Decision, after: Object | None, entry: Mapping[str, Any], given: Sequence[Advice]
) -> str:
    """What a row shows when it is opened, as JSON that no HTML parser can take for markup."""
    value: dict[str, Any] = {
        "evidence": entry["evidence"],
        "changes": entry.get("changes", []),
        "warnings": [[a.result.severity, a.result.code, a.result.message] for a in sorted(given, key=_grave)],
    }
    if number < MOST_DIFFS:
        value["before"] = decision.workload.object
        value["after"] = after
    else:
        value["omitted"] = MOST_DIFFS
    encoded = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="d{number}">{encoded}</script>'
