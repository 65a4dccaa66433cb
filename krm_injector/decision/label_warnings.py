"""What the labels of Namespaces and pods say of the mesh beyond a verdict: contradictions, and
wishes nobody grants.

None of this changes a verdict; it is for people, as warnings with a code each (docs/reasons.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Mesh, Namespace, ResourceRef, Result
from krm_injector.results import counted
from krm_injector.workload.controller import pod_labels

if TYPE_CHECKING:
    from krm_injector.codes import CodeName

INJECTION = "istio-injection"
REVISION = "istio.io/rev"
DATAPLANE_MODE = "istio.io/dataplane-mode"


def findings(decisions: Sequence[Decision], meshes: Sequence[Mesh]) -> list[Result]:
    """Warnings about the Namespaces and pods of a bundle's decisions, each cause once."""
    served, taken = _served(meshes, REVISION), _served(meshes, INJECTION)
    by_revision_only = _by_revision_only(meshes)
    results: list[Result] = []
    spaces: dict[str, list[Decision]] = {}
    for decision in decisions:
        spaces.setdefault(decision.workload.ref.namespace, []).append(decision)
        results += _of_pod(decision, served)

    for name, members in spaces.items():
        namespace = members[0].namespace
        if name and namespace is not None and namespace.source != "missing":
            results += _of_namespace(namespace, members, served, taken, by_revision_only)

    return [*results, *_twins(decisions)]


def in_ambient(decision: Decision) -> str:
    """Who puts the pod into ambient mode: "pod", "namespace" or "" (cni/pkg/util/podutil.go
    PodRedirectionEnabled).

    A pod of the host's network is never in it: the rules for its traffic would be the node's.
    """
    workload = decision.workload
    if at(workload.object, (*workload.template, "spec", "hostNetwork")) is True:
        return ""

    own = pod_labels(decision.workload).get(DATAPLANE_MODE)
    if own is not None:
        return "pod" if own == "ambient" else ""

    namespace = decision.namespace
    return "namespace" if namespace and namespace.labels.get(DATAPLANE_MODE) == "ambient" else ""


def _served(meshes: Iterable[Mesh], label: str) -> dict[str, Mesh]:
    """The values of a label that some webhook asks for (of istio.io/rev: revisions and tags), and
    whose they are.
    """
    served: dict[str, Mesh] = {}
    for mesh in meshes:
        for webhook in mesh.webhooks:
            for selector in (webhook.namespace_selector, webhook.object_selector):
                for value in _asked_for(selector, label):
                    served.setdefault(value, mesh)
    return served


def _by_revision_only(meshes: Iterable[Mesh]) -> bool:
    """Whether every webhook that asks Namespaces for a revision wants them without istio-injection,
    as Istio's do.
    """
    for mesh in meshes:
        for webhook in mesh.webhooks:
            if not _asked_for(webhook.namespace_selector, REVISION):
                continue

            absent = (
                r.key == INJECTION and r.operator == "!"
                for r in _requirements(webhook.namespace_selector)
            )
            if not any(absent):
                return False

    return True


def _asked_for(selector: object, key: str) -> tuple[str, ...]:
    return tuple(
        v
        for r in _requirements(selector)
        if r.key == key and r.operator in ("=", "in")
        for v in r.values
    )


def _requirements(selector: object) -> tuple[selectors.Requirement, ...]:
    try:
        return selectors.parse_webhook(selector).requirements  # type: ignore[arg-type]
    except selectors.SelectorError:  # refused in discovery
        return ()


def _of_namespace(
    namespace: Namespace,
    members: list[Decision],
    served: dict[str, Mesh],
    taken: dict[str, Mesh],
    by_revision_only: bool,
) -> list[Result]:
    labels, ref = namespace.labels, ResourceRef("v1", "Namespace", namespace.name)
    results = []
    if (
        INJECTION in labels
        and labels[INJECTION] not in ("disabled", *taken)
        and not any(d.webhooks for d in members)
    ):
        results.append(_untaken(namespace, taken, ref))

    if INJECTION in labels and REVISION in labels:
        results.append(_both(namespace, members, ref, by_revision_only))
    elif REVISION in labels and labels[REVISION] not in served:
        results.append(
            _unserved(
                f"Namespace {namespace.name}", labels[REVISION], served, ref, "metadata.labels"
            )
        )

    if labels.get(DATAPLANE_MODE) == "ambient":
        injected = [decision for decision in members if decision.injected]
        if injected:
            message = (
                f"Namespace {namespace.name} is in ambient mode ({DATAPLANE_MODE}: ambient), and "
                f"{_count(injected)} in it get{'s' if len(injected) == 1 else ''} a sidecar all "
                "the same: ambient mode passes over pods that have one. Take one label away"
            )
            results.append(
                _warning(
                    message,
                    ref,
                    "metadata.labels",
                    DATAPLANE_MODE,
                    "ambient",
                    "ambient-and-sidecar",
                )
            )
        elif any(in_ambient(decision) for decision in members):
            message = f"Namespace {namespace.name} is in ambient mode: its pods are in the mesh without a sidecar"
            results.append(
                Result("info", message, ref, f'metadata.labels["{DATAPLANE_MODE}"]', code="ambient")
            )

    return results


def _untaken(namespace: Namespace, taken: dict[str, Mesh], ref: ResourceRef) -> Result:
    value = namespace.labels[INJECTION]
    known = (
        f"they ask for {INJECTION}: {' or '.join(sorted(taken))}"
        if taken
        else f"none of them asks for {INJECTION}"
    )
    message = f"Namespace {namespace.name} has {INJECTION}: {value}, by which no webhook here injects: {known}"
    return _warning(
        message, ref, "metadata.labels", INJECTION, value, "injection-label-value", _only(taken)
    )


def _both(
    namespace: Namespace, members: list[Decision], ref: ResourceRef, by_revision_only: bool
) -> Result:
    injection, revision = namespace.labels[INJECTION], namespace.labels[REVISION]
    by = list(dict.fromkeys(webhook for decision in members for webhook in decision.webhooks))
    outcome = (
        f"{by[0]} is the webhook that matches" if by else "no webhook matches any of its workloads"
    )
    # manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml: rev.namespace
    # asks for no istio-injection label, namespace does not ask for istio.io/rev.
    wins = f"{INJECTION} wins, because Istio's webhooks by revision take no Namespace that has it; {outcome}"
    told = wins if by_revision_only else f"Of the webhooks here, {outcome}"
    message = (
        f"Namespace {namespace.name} has both {INJECTION}: {injection} and {REVISION}: "
        f"{revision}. {told}. Keep the label you mean"
    )
    return _warning(message, ref, "metadata.labels", REVISION, revision, "namespace-both-labels")


def _of_pod(decision: Decision, served: dict[str, Mesh]) -> list[Result]:
    workload = decision.workload
    labels = pod_labels(workload)
    field = text((*workload.template, "metadata", "labels"))
    results = []
    revision = labels.get(REVISION)
    if revision is not None and revision not in served and not _carried(decision):
        results.append(
            _unserved(f"the pod of {workload.ref}", revision, served, workload.ref, field)
        )

    if labels.get(DATAPLANE_MODE) == "ambient" and decision.injected:
        message = (
            f"the pod of {workload.ref} asks for ambient mode ({DATAPLANE_MODE}: ambient) and "
            "gets a sidecar, which ambient mode passes over. Take one of the two away"
        )
        results.append(
            _warning(message, workload.ref, field, DATAPLANE_MODE, "ambient", "ambient-and-sidecar")
        )

    named = list(dict.fromkeys(webhook.partition("/")[0] for webhook in decision.webhooks))
    if (
        decision.injected
        and len(decision.webhooks) > 1
        and not any(r.severity == "error" for r in decision.results)
    ):
        message = (
            f"{workload.ref} is selected by {counted(len(decision.webhooks), 'webhook')} of one "
            f"control plane ({', '.join(decision.webhooks)}): a cluster would call it once for "
            "each, and it finds the pod injected from the second on. Let one of "
            f"{' and '.join(named)} select it"
        )
        results.append(Result("warning", message, workload.ref, code="webhook-overlap"))

    return results


def _carried(decision: Decision) -> bool:
    """Whether the pod was injected before: istiod writes its revision on it, which is no wish."""
    template = at(decision.workload.object, decision.workload.template)
    return isinstance(at(template, ("metadata", "annotations", "sidecar.istio.io/status")), str)


def _unserved(
    whose: str, revision: str, served: dict[str, Mesh], ref: ResourceRef, field: str
) -> Result:
    known = ", ".join(sorted(served)) or "none"
    message = (
        f"{whose} has {REVISION}: {revision}, which no control plane here serves; there are: "
        f"{known}. Correct it, or add the configuration of {revision} (its ConfigMaps and "
        "MutatingWebhookConfiguration)"
    )
    return _warning(message, ref, field, REVISION, revision, "revision-unserved", _only(served))


def _only(values: Iterable[str]) -> str | None:
    """What to put in a value's place, where there is no choice."""
    found = list(values)
    return found[0] if len(found) == 1 else None


def _warning(
    message: str,
    ref: ResourceRef,
    field: str,
    label: str,
    value: str,
    code: CodeName,
    proposed: str | None = None,
) -> Result:
    return Result("warning", message, ref, f'{field}["{label}"]', value, proposed, code=code)


def _twins(decisions: Sequence[Decision]) -> list[Result]:
    """Workloads of the same kind, Namespace and name: a cluster keeps the last one applied."""
    seen: dict[ResourceRef, int] = {}
    last: tuple[object, ...] = ()
    for decision in decisions:
        workload = decision.workload
        here = (workload.item, workload.inside)
        # generateName gives each a name of its own; an object may have several pod templates
        if at(workload.object, ("metadata", "name")) and here != last:
            seen[workload.ref] = seen.get(workload.ref, 0) + 1
        last = here

    return [
        Result(
            "warning",
            (
                f"{ref} stands in the bundle {counted(count, 'time')}; a cluster would keep one of "
                "them"
            ),
            ref,
            "metadata.name",
            ref.name,
            code="workload-duplicate",
        )
        for ref, count in seen.items()
        if count > 1
    ]


def _count(decisions: list[Decision]) -> str:
    return counted(len(decisions), "workload")
