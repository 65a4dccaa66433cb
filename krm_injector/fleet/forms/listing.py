"""The targets of a fleet, what was passed over, and why: `krm-injector fleet list`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from krm_injector.fleet.model import Fleet, Target
from krm_injector.kube.credentials import in_value
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIMIT = 200  # targets; a table of more has one line for each directory
_MOST_GROUPS, _MOST_LINES = 40, 200


def table(fleet: Fleet, verbose: bool = False) -> str:
    """For people: a line for each target. ``verbose``: also of many targets, and each thing that
    was passed over.
    """
    lines: list[str] = []
    if len(fleet.targets) > LIMIT and not verbose:
        lines += _groups(fleet.targets)
        lines.append("")
        lines.append(f"More than {LIMIT} targets are shown by directory; -v names each.")
    elif fleet.targets:
        lines += _targets(fleet.targets)

    if fleet.targets:
        lines += ["", _totals(fleet)]
    lines += _passed_over(fleet, verbose)
    return "".join(f"{_shown(line)}\n" for line in lines)


def as_json(fleet: Fleet) -> str:
    document = {
        "targets": [_target(target) for target in fleet.targets],
        "clusters": [
            {
                "name": each.name,
                "mesh": list(each.mesh),
                "context": list(each.context),
                "config": each.config,
                "revision": each.revision,
                "kubernetesVersion": each.kubernetes_version,
                "labels": each.labels,
            }
            for each in fleet.clusters
        ],
        "passedOver": [
            {"path": each.path, "reason": each.reason, "why": each.why}
            for each in fleet.passed_over
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _target(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "kind": target.kind,
        "path": target.path,
        "cluster": target.cluster,
        "namespace": target.namespace,
        "release": target.release,
        "values": list(target.values),
        "set": in_value(dict(target.set_values)),
        "options": in_value(list(target.options)),
        "labels": target.labels,
        "why": target.why,
    }


# ---------------------------------------------------------------- targets


def _targets(targets: Sequence[Target]) -> Iterator[str]:
    """A line for each target. Columns that all leave empty are left out."""
    rows = [("TARGET", "KIND", "CLUSTER", "NAMESPACE", "WHY")]
    rows += [
        (target.name, target.kind, target.cluster, target.namespace, target.why)
        for target in targets
    ]
    kept = [column for column in range(5) if any(row[column] for row in rows[1:])]
    return _columns([[row[column] for column in kept] for row in rows])


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _groups(targets: Sequence[Target]) -> Iterator[str]:
    """A line for each directory of targets: as deep as a reader can take in."""
    depth, names = 1, [target.name.split("/") for target in targets]
    deepest = max(map(len, names))
    while depth < deepest and len({_group(name, depth + 1) for name in names}) <= _MOST_GROUPS:
        depth += 1

    groups: dict[str, list[Target]] = {}
    for name, target in zip(names, targets, strict=True):
        groups.setdefault(_group(name, depth), []).append(target)

    rows = [["DIRECTORY", "TARGETS", "KINDS", "FOR EXAMPLE"]]
    for group, members in sorted(groups.items()):
        kinds = ", ".join(_kinds(members))
        rows.append([group, f"{len(members):,}".rjust(7), kinds, members[0].name])

    return _columns(rows if len(rows) <= _MOST_LINES else _shortened(rows))


def _shortened(rows: list[list[str]]) -> list[list[str]]:
    rest = counted(len(rows) - _MOST_LINES, "more directory", "more directories")
    return [*rows[:_MOST_LINES], [f"and {rest}", "", "", ""]]


def _group(name: Sequence[str], depth: int) -> str:
    directories = name[:-1][:depth]
    return "/".join(directories) + "/" if directories else "./"


def _totals(fleet: Fleet) -> str:
    used = {target.cluster for target in fleet.targets} - {""}
    kinds = _kinds(fleet.targets)
    text = counted(len(fleet.targets), "target")
    text += f" ({', '.join(kinds)})" if len(kinds) > 1 else f", {_all(fleet.targets)}"
    return text + (f", for {counted(len(used), 'cluster')}" if used else "")


def _all(targets: Sequence[Target]) -> str:
    kind = _NOUNS[targets[0].kind]
    return f"a {kind}" if len(targets) == 1 else f"all {_plural(kind)}"


_NOUNS = {
    "kustomization": "kustomization",
    "chart": "chart",
    "package": "package",
    "directory": "plain directory",
}


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def _kinds(targets: Iterable[Target]) -> list[str]:
    counts = Counter[str](target.kind for target in targets)
    return [
        counted(counts[kind], noun, _plural(noun)) for kind, noun in _NOUNS.items() if counts[kind]
    ]


# ---------------------------------------------------------------- what was passed over


def _passed_over(fleet: Fleet, verbose: bool) -> list[str]:
    """Each thing with its reason, or how many there are for each reason."""
    if not fleet.passed_over:
        return []

    total = counted(len(fleet.passed_over), "other thing")
    if verbose:
        rows = [["PASSED OVER", "WHY"], *([each.path, each.why] for each in fleet.passed_over)]
        return ["", *_columns(rows)]

    counts = Counter(each.reason for each in fleet.passed_over)
    rows = [[f"  {count:,}".rjust(8), reason] for reason, count in counts.most_common()]
    return ["", f"{total} found and passed over (-v names each):", *_columns(rows)]


def _shown(line: str) -> str:
    """The line without characters that a terminal would obey. Names come from the repository."""
    if line.isprintable():
        return line
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in line)
