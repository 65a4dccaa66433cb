"""What the labels of Namespaces and pods state about the mesh beyond a verdict: contradictions, and
requests that nothing in the mesh meets.

None of this changes a verdict. It is for people, as warnings with a code each (docs/reasons.md).
"""

from __future__ import annotations

from krm_injector.istio_names import (
    DATAPLANE_MODE_LABEL,
    INJECTION_LABEL,
    REVISION_LABEL,
    STATUS_ANNOTATION,
)
from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Mesh, Namespace, Object, ResourceRef, Result
from krm_injector.results import counted
from krm_injector.workload.controller import pod_labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    _Code = Literal[
        "ambient-and-sidecar", "injection-label-value", "namespace-both-labels", "revision-unserved"
    ]

_NAMESPACE_LABELS = "metadata.labels"


class _AskedValues:
    """The values of labels that the webhooks of the run ask for."""

    def __init__(self, meshes: Sequence[Mesh], objects: Sequence[Object]) -> None:
        self.objects = objects
        self.revisions = _asked_values(meshes, REVISION_LABEL)  # revisions and revision tags
        self.injection = _asked_values(meshes, INJECTION_LABEL)
        # Whether every webhook that asks Namespaces for a revision refuses those with the label
        # istio-injection, as Istio's own do.
        self.injection_excludes_revision = _injection_excludes_revision(meshes)


def label_warnings(
    decisions: Sequence[Decision], meshes: Sequence[Mesh], objects: Sequence[Object]
) -> list[Result]:
    """Warnings about the Namespaces and pods of a bundle's decisions, each cause once. objects:
    those of the bundle, read where a label is unserved.
    """
    asked = _AskedValues(meshes, objects)
    results: list[Result] = []
    by_namespace: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_namespace.setdefault(decision.workload.ref.namespace, []).append(decision)
        results += _pod_warnings(decision, asked)

    for name, members in by_namespace.items():
        namespace = members[0].namespace
        if name and namespace is not None and namespace.source != "missing":
            results += _namespace_warnings(namespace, members, asked)

    return [*results, *_duplicates(decisions)]


def in_ambient(decision: Decision) -> Literal["pod", "namespace", ""]:
    """Whose label puts the pod into ambient mode, "" if it is in none.

    A pod of the host's network is never in ambient mode: the rules for its traffic would be the
    node's. Source: cni/pkg/util/podutil.go PodRedirectionEnabled.
    """
    workload, namespace = decision.workload, decision.namespace
    if at(workload.object, (*workload.template, "spec", "hostNetwork")) is True:
        return ""

    own = pod_labels(workload).get(DATAPLANE_MODE_LABEL)
    if own is not None:
        return "pod" if own == "ambient" else ""

    if namespace and namespace.labels.get(DATAPLANE_MODE_LABEL) == "ambient":
        return "namespace"
    return ""


# ---------------------------------------------------------------- what webhooks ask for


def _asked_values(meshes: Iterable[Mesh], label: str) -> set[str]:
    """The values of a label that some webhook asks Namespaces or pods for."""
    values: set[str] = set()
    for mesh in meshes:
        for webhook in mesh.webhooks:
            values.update(_values_in(webhook.namespace_selector, label))
            values.update(_values_in(webhook.object_selector, label))

    return values


def _injection_excludes_revision(meshes: Iterable[Mesh]) -> bool:
    for mesh in meshes:
        for webhook in mesh.webhooks:
            selector = webhook.namespace_selector
            if _values_in(selector, REVISION_LABEL) and not _refuses_injection_label(selector):
                return False

    return True


def _refuses_injection_label(selector: Object | None) -> bool:
    return any(
        requirement.key == INJECTION_LABEL and requirement.operator == "!"
        for requirement in _requirements(selector)
    )


def _values_in(selector: Object | None, key: str) -> list[str]:
    values: list[str] = []
    for requirement in _requirements(selector):
        if requirement.key == key and requirement.operator in ("=", "in"):
            values += requirement.values
    return values


def _requirements(selector: Object | None) -> tuple[selectors.Requirement, ...]:
    try:
        return selectors.parse_webhook(selector).requirements
    except selectors.SelectorError:  # discovery has refused it
        return ()


# ---------------------------------------------------------------- Namespaces


def _namespace_warnings(
    namespace: Namespace, members: list[Decision], asked: _AskedValues
) -> list[Result]:
    """``members``: the decisions about the Namespace's workloads."""
    labels = namespace.labels
    ref = ResourceRef("v1", "Namespace", namespace.name)
    injection, revision = labels.get(INJECTION_LABEL), labels.get(REVISION_LABEL)
    results = []
    asks_in_vain = injection is not None and injection not in ("disabled", *asked.injection)
    if asks_in_vain and not any(decision.webhooks for decision in members):
        results.append(_unasked_injection_value(namespace, asked, ref))

    if injection is not None and revision is not None:
        results.append(_both_labels(namespace, members, asked, ref))
    elif revision is not None and revision not in asked.revisions:
        subject = f"Namespace {namespace.name}"
        results.append(_unserved_revision(subject, revision, asked, ref, _NAMESPACE_LABELS))

    if labels.get(DATAPLANE_MODE_LABEL) == "ambient":
        results += _ambient_namespace(namespace, members, ref)

    return results


def _unasked_injection_value(namespace: Namespace, asked: _AskedValues, ref: ResourceRef) -> Result:
    value = namespace.labels[INJECTION_LABEL]
    webhooks = f"none of them asks for {INJECTION_LABEL}"
    if asked.injection:
        webhooks = f"they ask for {INJECTION_LABEL}: {' or '.join(sorted(asked.injection))}"

    message = (
        f"Namespace {namespace.name} has {INJECTION_LABEL}: {value}, by which no webhook here "
        f"injects: {webhooks}"
    )
    return _warning(
        "injection-label-value",
        message,
        ref,
        _NAMESPACE_LABELS,
        INJECTION_LABEL,
        value,
        _only(asked.injection),
    )


def _both_labels(
    namespace: Namespace, members: list[Decision], asked: _AskedValues, ref: ResourceRef
) -> Result:
    injection, revision = namespace.labels[INJECTION_LABEL], namespace.labels[REVISION_LABEL]
    webhook = next((decision.webhooks[0] for decision in members if decision.webhooks), "")
    outcome = "no webhook matches any of its workloads"
    if webhook:
        outcome = f"{webhook} is the webhook that matches"

    rule = f"Of the webhooks here, {outcome}"
    if asked.injection_excludes_revision:
        # manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml:
        # rev.namespace refuses the label istio-injection, namespace does not ask for istio.io/rev.
        rule = (
            f"{INJECTION_LABEL} wins, because Istio's webhooks by revision take no Namespace that "
            f"has it; {outcome}"
        )

    message = (
        f"Namespace {namespace.name} has both {INJECTION_LABEL}: {injection} and "
        f"{REVISION_LABEL}: {revision}. {rule}. Keep the label you mean"
    )
    return _warning(
        "namespace-both-labels", message, ref, _NAMESPACE_LABELS, REVISION_LABEL, revision
    )


def _ambient_namespace(
    namespace: Namespace, members: list[Decision], ref: ResourceRef
) -> list[Result]:
    injected = sum(decision.injected for decision in members)
    if injected:
        verb = "gets" if injected == 1 else "get"
        message = (
            f"Namespace {namespace.name} is in ambient mode ({DATAPLANE_MODE_LABEL}: ambient), and "
            f"{counted(injected, 'workload')} in it {verb} a sidecar all the same: ambient mode "
            "passes over pods that have one. Take one label away"
        )
        return [_ambient_and_sidecar(message, ref, _NAMESPACE_LABELS)]

    if not any(in_ambient(decision) for decision in members):
        return []

    message = (
        f"Namespace {namespace.name} is in ambient mode: its pods are in the mesh without a sidecar"
    )
    field = f'{_NAMESPACE_LABELS}["{DATAPLANE_MODE_LABEL}"]'
    return [Result("info", message, ref, field, code="ambient")]


# ---------------------------------------------------------------- pods


def _pod_warnings(decision: Decision, asked: _AskedValues) -> list[Result]:
    workload = decision.workload
    ref = workload.ref
    labels = pod_labels(workload)
    field = text((*workload.template, "metadata", "labels"))
    results = []
    revision = labels.get(REVISION_LABEL)
    if revision is not None and revision not in asked.revisions and not _was_injected(decision):
        results.append(_unserved_revision(f"the pod of {ref}", revision, asked, ref, field))

    if labels.get(DATAPLANE_MODE_LABEL) == "ambient" and decision.injected:
        message = (
            f"the pod of {ref} asks for ambient mode ({DATAPLANE_MODE_LABEL}: ambient) and gets a "
            "sidecar, which ambient mode passes over. Take one of the two away"
        )
        results.append(_ambient_and_sidecar(message, ref, field))

    if decision.injected and len(decision.webhooks) > 1 and not _has_error(decision):
        results.append(_overlapping_webhooks(decision))

    return results


def _was_injected(decision: Decision) -> bool:
    """Whether istiod injected the pod before; the revision that it wrote on it asks for nothing."""
    workload = decision.workload
    path = (*workload.template, "metadata", "annotations", STATUS_ANNOTATION)
    return isinstance(at(workload.object, path), str)


def _has_error(decision: Decision) -> bool:
    return any(result.severity == "error" for result in decision.results)


def _overlapping_webhooks(decision: Decision) -> Result:
    workload, webhooks = decision.workload, decision.webhooks
    configurations = dict.fromkeys(webhook.partition("/")[0] for webhook in webhooks)
    message = (
        f"{workload.ref} is selected by {counted(len(webhooks), 'webhook')} of one control plane "
        f"({', '.join(webhooks)}): a cluster would call it once for each, and it finds the pod "
        f"injected from the second on. Let one of {' and '.join(configurations)} select it"
    )
    return Result("warning", message, workload.ref, code="webhook-overlap")


# ---------------------------------------------------------------- warnings of both


def _ambient_and_sidecar(message: str, ref: ResourceRef, field: str) -> Result:
    return _warning("ambient-and-sidecar", message, ref, field, DATAPLANE_MODE_LABEL, "ambient")


def _unserved_revision(
    subject: str, revision: str, asked: _AskedValues, ref: ResourceRef, field: str
) -> Result:
    from krm_injector.discovery.tag_services import tag_services  # late: most are served

    known = ", ".join(sorted(asked.revisions)) or "none"
    missing = f"the configuration of {revision} (its ConfigMaps and MutatingWebhookConfiguration)"
    for service in tag_services(asked.objects):
        if service.tag == revision:
            missing = (
                f"the tag's MutatingWebhookConfiguration: {service.ref} makes it a tag of "
                f"{service.revision}, which injects no pod (only webhooks do)"
            )

    message = (
        f"{subject} has {REVISION_LABEL}: {revision}, which no control plane here serves; there "
        f"are: {known}. Correct it, or add {missing}"
    )
    proposed = _only(asked.revisions)
    return _warning("revision-unserved", message, ref, field, REVISION_LABEL, revision, proposed)


def _only(values: set[str]) -> str | None:
    """What to put in a value's place, if there is no choice."""
    return next(iter(values)) if len(values) == 1 else None


# findings/kustomize-null-of-a-targeted-patch-is-text.sh
_TEXT_NULL = (
    '. "null" is text here: kustomize writes it where a patch with a target takes a label away '
    "with null. A JSON patch (op: remove) does take it away"
)


def _warning(
    code: _Code,
    message: str,
    ref: ResourceRef,
    field: str,
    label: str,
    value: str,
    proposed: str | None = None,
) -> Result:
    """A warning about one label. ``field``: the path of the labels."""
    if value == "null":
        message += _TEXT_NULL
    return Result("warning", message, ref, f'{field}["{label}"]', value, proposed, code=code)


# ---------------------------------------------------------------- duplicates


def _duplicates(decisions: Sequence[Decision]) -> list[Result]:
    """Warnings about objects of the same kind, Namespace and name: a cluster keeps the last one
    that is applied.
    """
    counts: dict[ResourceRef, int] = {}
    last: tuple[object, ...] = ()
    for decision in decisions:
        workload = decision.workload
        place = (workload.item, workload.inside)
        # An object with several pod templates counts once; generateName gives each a name.
        if place != last and at(workload.object, ("metadata", "name")):
            counts[workload.ref] = counts.get(workload.ref, 0) + 1
        last = place

    return [_duplicate(ref, count) for ref, count in counts.items() if count > 1]


def _duplicate(ref: ResourceRef, count: int) -> Result:
    message = (
        f"{ref} stands in the bundle {counted(count, 'time')}; a cluster would keep one of them"
    )
    return Result("warning", message, ref, "metadata.name", ref.name, code="workload-duplicate")
