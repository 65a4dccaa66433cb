"""Who is injected by a default installation of Istio: a table of every combination of the inputs
that matter.

The code that decides on workloads decides on each combination. Nothing here knows a rule of Istio.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from krm_injector.decision.decide import decide
from krm_injector.discovery import webhooks
from krm_injector.function_config import Settings
from krm_injector.istio_names import (
    INJECT,
    NAMESPACE_NAME_LABEL,
    PROXY_CONTAINER,
    STATUS_ANNOTATION,
    SYSTEM_NAMESPACE,
)
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
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import NEWEST, OLDEST, Rules, parse_version, patch_of, rules_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Method = Literal["automatic", "manual"]

# The two that the project began with, and the newest one described.
VERSIONS = ("1.1.1", "1.2.2", ".".join(map(str, NEWEST)))
ANY = "any"
ABSENT = "absent"
PLAIN = "a Deployment"
ANYWHERE = "a Deployment in any Namespace"
HOST_NETWORK = "with hostNetwork"
HAS_SIDECAR = "with a container istio-proxy"
INJECTED_BEFORE = "injected before"

_METHODS: tuple[Method, ...] = ("automatic", "manual")
_AXES = ("namespace", "policy", "label", "annotation")
_TEMPLATE = ("spec", "template")


class Combination(NamedTuple):
    """The inputs that matter, and the verdict. The keys of a row of ``--output json``.

    namespace, policy, label and annotation are the axes: what each states, ABSENT, or ANY if it has
    no say.
    """

    method: Method
    workload: str  # PLAIN, HOST_NETWORK, "in kube-system", ...; in a table several of them
    namespace: str  # its label: "istio-injection: enabled", "istio.io/rev: default", ...
    policy: str
    label: str  # sidecar.istio.io/inject on the pod; ANY in versions that do not know it
    annotation: str
    injected: bool
    rule: str  # the deciding rule, as explain says it


_VERDICT = Combination._fields.index("injected")


class TruthTable(NamedTuple):
    version: str
    rows: tuple[Combination, ...]


def tables(versions: Iterable[str] = VERSIONS) -> list[TruthTable]:
    """One table per version, without the combinations that add nothing.

    Raises Refused for what is no version of Istio, or one that is too old or too new to be known.
    """
    return [TruthTable(version, tuple(_rows(_rules(version), version))) for version in versions]


def combinations(version: str) -> list[Combination]:
    """Every combination by itself. Raises Refused as tables() does."""
    blocks = _blocks(_rules(version), version)
    return [combination for block in blocks for combination in block]


def _rules(version: str) -> Rules:
    minor = parse_version(version)
    if minor is not None and OLDEST <= minor <= NEWEST:
        return rules_for(minor, patch_of(version))

    first, last = ".".join(map(str, OLDEST)), ".".join(map(str, NEWEST))
    message = (
        f"--mesh-version {version}: known are the versions {first} to {last} of Istio, as 1.2.2 or "
        f"{last}"
    )
    raise Refused(Result("error", message, code="mesh-version-unknown"))


def _rows(rules: Rules, version: str) -> Iterator[Combination]:
    """The combinations without those that add nothing. A Deployment and the webhook, which readers
    ask about most, keep all of theirs.
    """
    workloads_by_rows: dict[tuple[Combination, ...], list[str]] = {}
    for block in _blocks(rules, version):
        workload = block[0].workload
        if (block[0].method, workload) != ("automatic", PLAIN):
            block = _without_idle_axes(block)

        # Workloads that fare alike in everything share their rows.
        key = tuple(combination._replace(workload="") for combination in block)
        workloads_by_rows.setdefault(key, []).append(workload)

    for rows, workloads in workloads_by_rows.items():
        name = _joined(workloads, rules.ignored_namespaces)
        yield from (row._replace(workload=name) for row in rows)


def _joined(workloads: Sequence[str], ignored_namespaces: Iterable[str]) -> str:
    in_ignored = [f"in {namespace}" for namespace in ignored_namespaces]
    anywhere = {PLAIN, *in_ignored}
    if anywhere <= set(workloads):
        others = [workload for workload in workloads if workload not in anywhere]
        workloads = [ANYWHERE, *others]
    return ", ".join(workloads)


def _without_idle_axes(block: list[Combination]) -> list[Combination]:
    """The combinations with each axis at ANY that changes no verdict.

    Of those that become one, the first stays with its rule.
    """
    for axis in _AXES:
        groups: dict[tuple[Any, ...], list[Combination]] = {}
        for combination in block:
            merged = Combination(**{**combination._asdict(), axis: ANY})
            key = merged[:_VERDICT]
            groups.setdefault(key, []).append(merged)

        if all(map(_same_verdict, groups.values())):
            block = [group[0] for group in groups.values()]

    return block


def _same_verdict(group: Iterable[Combination]) -> bool:
    return len({combination.injected for combination in group}) == 1


# ---------------------------------------------------------------- what is put to the deciding code


def _blocks(rules: Rules, version: str) -> Iterator[list[Combination]]:
    """Per method and workload every combination of what Namespace, policy and pod state."""
    axes = {
        "namespace": ["istio-injection: enabled", "istio-injection: disabled", ABSENT],
        "policy": ["enabled", "disabled"],
        # From 1.9 on the webhook asks for the label, before istiod does.
        "label": [ABSENT, "true", "false"] if rules.object_selector else [ANY],
        "annotation": ["true", "false", ABSENT],
    }
    if rules.webhook_per_selector:
        axes["namespace"].insert(1, "istio.io/rev: default")

    meshes = {policy: _mesh(rules, version, policy) for policy in axes["policy"]}
    all_states = [dict(zip(axes, states, strict=True)) for states in product(*axes.values())]
    for method in _METHODS:
        for workload in _workloads(rules, method):
            yield [
                _combination(method, workload, states, meshes[states["policy"]])
                for states in all_states
            ]


def _workloads(rules: Rules, method: Method) -> list[str]:
    workloads = [PLAIN, HOST_NETWORK]
    workloads += [f"in {namespace}" for namespace in rules.ignored_namespaces]
    if method == "manual":
        workloads += [HAS_SIDECAR, INJECTED_BEFORE]
    return workloads


def _combination(
    method: Method, workload: str, states: Mapping[str, str], mesh: Mesh
) -> Combination:
    decision = _decision(method, workload, states, mesh)
    return Combination(method, workload, **states, injected=decision.injected, rule=decision.detail)


def _decision(method: Method, workload: str, states: Mapping[str, str], mesh: Mesh) -> Decision:
    name = workload.removeprefix("in ") if workload.startswith("in ") else "shop"
    labels = {NAMESPACE_NAME_LABEL: name}
    key, _, value = states["namespace"].partition(": ")
    if value:
        labels = {key: value, **labels}

    namespace = Namespace(name, labels, {}, "bundle")
    ref = ResourceRef("apps/v1", "Deployment", "web", name)
    deployment = _deployment(workload, states, name)
    subject = Workload(0, (), ref, deployment, _TEMPLATE)
    return decide(subject, {name: namespace}, (mesh,), Settings(method=method))


def _deployment(workload: str, states: Mapping[str, str], namespace: str) -> Object:
    labels = {"app": "web"}
    if states["label"] not in (ABSENT, ANY):
        labels[INJECT] = states["label"]

    annotations = {}
    if states["annotation"] != ABSENT:
        annotations[INJECT] = states["annotation"]
    if workload == INJECTED_BEFORE:
        annotations[STATUS_ANNOTATION] = "{}"

    names = ["web"]
    if workload in (HAS_SIDECAR, INJECTED_BEFORE):
        names.append(PROXY_CONTAINER)

    spec: Object = {"containers": [{"name": name, "image": name} for name in names]}
    if workload == HOST_NETWORK:
        spec["hostNetwork"] = True

    pod = {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"template": pod},
    }


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
        root_namespace=SYSTEM_NAMESPACE,
        native_sidecars=False,
        platform="",
        control_plane_env={},
        proxy_configs=(),
    )
