"""Who is injected, as a table: every combination of what has a say, each put to the code that
decides on workloads.

The control plane is a default installation of a version; nothing here knows a rule of Istio's
itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any, NamedTuple

from krm_injector.decision.decide import decide
from krm_injector.discovery import webhooks
from krm_injector.function_config import Settings
from krm_injector.istio_names import INJECT
from krm_injector.model import (
    Decision,
    Mesh,
    Namespace,
    Object,
    Refused,
    ResourceRef,
    Result,
    Workload,
)
from krm_injector.versions import NEWEST, OLDEST, Rules, parse_version, rules_for

# The two that the project began with, and the newest one described.
VERSIONS = ("1.1.1", "1.2.2", ".".join(map(str, NEWEST)))
ANY = "any"
PLAIN = "a Deployment"
ANYWHERE = "a Deployment in any Namespace"
HOST_NETWORK = "with hostNetwork"
HAS_SIDECAR = "with a container istio-proxy"
INJECTED_BEFORE = "injected before"

_AXES = ("namespace", "policy", "label", "annotation")
_TEMPLATE = ("spec", "template")


class Row(NamedTuple):
    """One line. The four in the middle are axes: what each says, "absent", or "any" where it has no
    say here.
    """

    method: str  # "automatic" | "manual"
    workload: str  # PLAIN, HOST_NETWORK, "in kube-system" ...
    namespace: str  # "istio-injection: enabled", "istio.io/rev: default", ...
    policy: str
    label: str  # sidecar.istio.io/inject on the pod; ANY throughout in versions that do not know it
    annotation: str
    injected: bool
    rule: str  # the deciding rule, as explain says it


class Table(NamedTuple):
    version: str
    rows: tuple[Row, ...]


def tables(versions: Iterable[str] = VERSIONS) -> list[Table]:
    """One table a version. Raises Refused for what is no version of Istio, or one too old or too
    new to be known.
    """
    return [Table(version, tuple(_rows(_rules(version), version))) for version in versions]


def _rules(version: str) -> Rules:
    minor = parse_version(version)
    if minor is None or not OLDEST <= minor <= NEWEST:
        first, last = (".".join(map(str, known)) for known in (OLDEST, NEWEST))
        message = f"--mesh-version {version}: known are the versions {first} to {last} of Istio, as 1.2.2 or {last}"
        raise Refused(Result("error", message, code="mesh-version-unknown"))
    return rules_for(minor)


def cells(version: str) -> list[Row]:
    """Every combination by itself, nothing left out. Raises Refused as tables() does."""
    return [row for rows in _blocks(_rules(version), version) for row in rows]


def _rows(rules: Rules, version: str) -> Iterable[Row]:
    """The combinations with what changes nothing left out, but for what is asked most: a Deployment
    and the webhook.
    """
    told: dict[tuple[Any, ...], list[Row]] = {}
    for rows in _blocks(rules, version):
        first = rows[0]
        if (first.method, first.workload) != ("automatic", PLAIN):
            rows = _without_idle_axes(rows)
        # Workloads that fare alike in everything share their lines.
        told.setdefault(tuple(row._replace(workload="") for row in rows), []).append(first)

    for alike, named in told.items():
        name = _joined(
            [one.workload for one in named], [f"in {place}" for place in rules.ignored_namespaces]
        )
        yield from (row._replace(workload=name) for row in alike)


def _joined(names: list[str], places: list[str]) -> str:
    if set(places) | {PLAIN} <= set(names):
        names = [ANYWHERE, *(name for name in names if name not in places and name != PLAIN)]
    return ", ".join(names)


def _blocks(rules: Rules, version: str) -> Iterable[list[Row]]:
    """Per method and workload every combination of what the Namespace, the policy and the pod say."""
    label_counts = rules.object_selector  # 1.9+: webhooks ask for it, before istiod does
    axes = {
        "namespace": ["istio-injection: enabled", "istio-injection: disabled", "absent"],
        "policy": ["enabled", "disabled"],
        "label": ["absent", "true", "false"] if label_counts else [ANY],
        "annotation": ["true", "false", "absent"],
    }
    if rules.webhook_per_selector:
        axes["namespace"].insert(1, "istio.io/rev: default")

    meshes = {policy: _mesh(rules, version, policy) for policy in axes["policy"]}
    places = [f"in {name}" for name in rules.ignored_namespaces]
    for method in ("automatic", "manual"):
        ours = [HAS_SIDECAR, INJECTED_BEFORE] if method == "manual" else []
        for workload in (PLAIN, HOST_NETWORK, *places, *ours):
            yield [
                _row(method, workload, dict(zip(axes, values, strict=True)), meshes)
                for values in product(*axes.values())
            ]


def _row(method: str, workload: str, says: dict[str, str], meshes: dict[str, Mesh]) -> Row:
    decision = _decision(method, workload, says, meshes[says["policy"]])
    return Row(method, workload, **says, injected=decision.injected, rule=decision.detail)


def _without_idle_axes(rows: list[Row]) -> list[Row]:
    """The rows with each axis that changes no verdict at ANY; of those that become one the first,
    whose rule counts.
    """
    for axis in _AXES:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            anyway = Row(**{**row._asdict(), axis: ANY})
            groups.setdefault(anyway[:-2], []).append(anyway)
        if all(len({row.injected for row in alike}) == 1 for alike in groups.values()):
            rows = [alike[0] for alike in groups.values()]

    return rows


# ---------------------------------------------------------------- what is put to the deciding code


def _mesh(rules: Rules, version: str, policy: str) -> Mesh:
    return Mesh(
        revision="default",
        version=version,
        rules=rules,
        source="bundle",
        config={"policy": policy},
        values="",
        mesh_config="",
        webhooks=webhooks.assumed("default", rules, {}),
        assumed_webhooks=True,
        root_namespace="istio-system",
        native_sidecars=False,
        platform="",
        control_plane_env={},
        proxy_configs=(),
    )


def _decision(method: Any, workload: str, says: dict[str, str], mesh: Mesh) -> Decision:
    name = workload.removeprefix("in ") if workload.startswith("in ") else "shop"
    key, _, value = says["namespace"].partition(": ")
    labels = {key: value} if value else {}
    namespace = Namespace(name, {**labels, "kubernetes.io/metadata.name": name}, {}, "bundle")
    ref = ResourceRef("apps/v1", "Deployment", "web", name)
    settings = Settings(method=method)
    asked = Workload(0, (), ref, _deployment(workload, says, name), _TEMPLATE)
    return decide(asked, {name: namespace}, (mesh,), settings)


def _deployment(workload: str, says: dict[str, str], namespace: str) -> Object:
    names = ["web", "istio-proxy"] if workload in (HAS_SIDECAR, INJECTED_BEFORE) else ["web"]
    annotations = {} if says["annotation"] == "absent" else {INJECT: says["annotation"]}
    if workload == INJECTED_BEFORE:
        annotations["sidecar.istio.io/status"] = "{}"

    labels = {} if says["label"] in ("absent", ANY) else {INJECT: says["label"]}
    spec: Object = {"containers": [{"name": one, "image": one} for one in names]}
    if workload == HOST_NETWORK:
        spec["hostNetwork"] = True

    pod = {
        "metadata": {"labels": {"app": "web", **labels}, "annotations": annotations},
        "spec": spec,
    }
    metadata = {"name": "web", "namespace": namespace}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"template": pod},
    }


# ---------------------------------------------------------------- forms

_HEAD = ("WORKLOAD", "NAMESPACE", "POLICY", "POD LABEL", "ANNOTATION", "INJECTED", "RULE")
_METHODS = {"automatic": "By the webhook", "manual": "By istioctl kube-inject"}


def render(found: list[Table], form: str) -> str:
    """The tables as "table", "json", "yaml" (JSON is YAML) or "markdown"."""
    if form in ("json", "yaml"):
        import json

        data = [
            {"version": table.version, "rows": [row._asdict() for row in table.rows]}
            for table in found
        ]
        return json.dumps(data, indent=2) + "\n"

    return _markdown(found) if form == "markdown" else _text(found)


def _cells(row: Row, label: bool) -> list[str]:
    cells = [
        row.workload,
        row.namespace,
        row.policy,
        row.label,
        row.annotation,
        "yes" if row.injected else "no",
        row.rule,
    ]
    return cells if label else [*cells[:3], *cells[4:]]


def _parts(table: Table) -> Iterable[tuple[str, list[list[str]]]]:
    """Per method its title and lines, the first being the head; without the pod's label where it is
    never asked.
    """
    label = any(row.label != ANY for row in table.rows)
    head = list(_HEAD) if label else [*_HEAD[:3], *_HEAD[4:]]
    for method, title in _METHODS.items():
        yield title, [head, *(_cells(row, label) for row in table.rows if row.method == method)]


def _text(found: list[Table]) -> str:
    blocks = []
    for table in found:
        for title, lines in _parts(table):
            widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
            shown = [
                "  ".join(f"{c:<{w}}" for c, w in zip(line, widths, strict=True)).rstrip()
                for line in lines
            ]
            blocks.append(
                f"Istio {table.version}: {title[0].lower()}{title[1:]}\n" + "\n".join(shown) + "\n"
            )

    return "\n".join(blocks)


_INTRODUCTION = """\
# Truth tables

Who is injected by a default installation of Istio. NAMESPACE is the Namespace's label, POLICY the `policy` of the
injection configuration, POD LABEL and ANNOTATION are `sidecar.istio.io/inject` on the pod; "any" marks what changes
nothing. Printed by `krm-injector explain --truth-table --output markdown`, from the code that decides on workloads;
`--mesh-version` prints the table of any other version.
"""


def _markdown(found: list[Table]) -> str:
    blocks = [_INTRODUCTION]
    for table in found:
        blocks.append(f"## Istio {table.version}\n")
        for title, lines in _parts(table):
            head, *rows = (f"| {' | '.join(line)} |" for line in lines)
            rule = "|" + "---|" * len(lines[0])
            blocks.append(f"### {title}\n\n" + "\n".join([head, rule, *rows]) + "\n")

    return "\n".join(blocks)
