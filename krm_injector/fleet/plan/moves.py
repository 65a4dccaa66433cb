"""Which labels and tags move, so that another revision injects: of Namespaces, and of pods.

A Namespace is asked as the API server would ask: a pod without labels in it is shown to the
webhooks of both meshes. So the rule holds for every webhook, not only for Istio's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from krm_injector.decision.decide import Decider
from krm_injector.function_config import Settings
from krm_injector.istio_names import INJECT, INJECTION_LABEL, REVISION_LABEL, TAG_LABEL
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
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
from krm_injector.outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    How = Literal["label", "tag"]

_LABELS = (REVISION_LABEL, INJECTION_LABEL)


class Deciding(NamedTuple):
    """What sends a pod to its control plane."""

    on: str  # "namespace", "pod", "mesh" (the mesh injects by default), "" (nothing does)
    label: str = ""  # "istio.io/rev=prod"; "" without one
    tag: str = ""  # the revision tag that the label names


class Move(NamedTuple):
    """What is to be done about a Namespace, or about the pods of a workload."""

    how: How  # tag: the tag's webhook moves, and no label
    tag: str
    before: dict[str, str]  # labels that change
    after: dict[str, str]


class Moves(NamedTuple):
    target: str  # the revision that Namespaces move to; "" in place
    namespaces: dict[str, Move]
    workloads: dict[int, Move]  # by the index of the decision: pods with a label of their own
    deciding: dict[str, Deciding]  # of each Namespace
    tags: Mapping[str, str]  # of webhook configurations before


class Question(NamedTuple):
    """What find() needs of both sides."""

    before: Outcome
    unmoved: Outcome  # the mesh after, with all labels as they are
    namespaces: Mapping[str, Namespace]
    settings_before: Settings
    settings_after: Settings
    tags: Mapping[str, str]  # of webhook configurations before
    relabel: str = ""  # campaign: the revision for Namespaces with istio-injection=enabled


def find(question: Question) -> Moves:
    """Raises Refused if nobody can tell which revision Namespaces move to."""
    target = question.relabel or _target(question.before.meshes, question.unmoved.meshes)
    probe_before = Decider(question.namespaces, question.before.meshes, question.settings_before)
    probe_after = Decider(question.namespaces, question.unmoved.meshes, question.settings_after)
    namespaces, deciding = {}, {}
    for name, namespace in question.namespaces.items():
        if not name:
            continue
        probe = _probe(name)
        first = probe_before.decide_in(probe, namespace)
        deciding[name] = deciding_of(first, question.tags)
        second = probe_after.decide_in(probe, namespace)
        move = _move(first, second, target, question)
        if move is not None:
            namespaces[name] = move

    workloads = {}
    pairs = zip(question.before.decisions, question.unmoved.decisions, strict=True)
    for index, (first, second) in enumerate(pairs):
        if deciding_of(first, question.tags).on == "pod":
            move = _move(first, second, target, question)
            if move is not None:
                workloads[index] = move

    return Moves(
        target if namespaces or workloads else "", namespaces, workloads, deciding, question.tags
    )


def _probe(namespace: str) -> Workload:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {"containers": []}}
    return Workload(0, (), ResourceRef("v1", "Pod", "", namespace), pod, ())


def _target(before: Iterable[Mesh], after: Iterable[Mesh]) -> str:
    """The revision to move to; "" if every revision stays. Raises Refused if there are several."""
    old = [mesh.revision for mesh in before]
    new = [mesh.revision for mesh in after if mesh.source != "missing"]
    added = [revision for revision in new if revision not in old]
    if len(added) > 1:
        message = (
            f"the mesh --to has several revisions that --from does not have: {', '.join(added)}; a "
            "plan moves to one. Leave the others out of the file, and plan them one by one"
        )
        raise Refused(Result("error", message, code="fleet-plan-revision"))

    if added:
        return added[0]
    # A revision goes, and one is left.
    return new[0] if len(new) == 1 and set(old) - set(new) else ""


# ---------------------------------------------------------------- one Namespace, or one pod


def deciding_of(decision: Decision, tags: Mapping[str, str]) -> Deciding:
    """The label that makes a webhook match. Where the selectors name none, the mesh does."""
    webhook = decision.webhook
    if webhook is None:
        return Deciding("")

    tag = tags.get(webhook.configuration, "")
    for evidence in decision.evidence:
        if evidence.outcome != "matches" or not evidence.path:
            continue
        if not evidence.rule.endswith(f" of {webhook.id}"):
            continue

        key = evidence.path[-1]
        if key in (*_LABELS, INJECT) and evidence.on in ("namespace", "pod"):
            value = _labels(decision, evidence.on).get(key, "")
            return Deciding(evidence.on, f"{key}={value}", tag)

    return Deciding("mesh", "", tag)


def _labels(decision: Decision, on: str) -> Mapping[str, str]:
    if on == "namespace":
        return decision.namespace.labels if decision.namespace else {}
    workload = decision.workload
    return string_map(at(workload.object, (*workload.template, "metadata", "labels")))


def _move(first: Decision, second: Decision, target: str, question: Question) -> Move | None:
    """None: nothing is to be done, because the mesh --to injects by the labels as they are, or
    because nothing injected before.
    """
    deciding = deciding_of(first, question.tags)
    if question.relabel:
        is_default = deciding.label.startswith(f"{INJECTION_LABEL}=")
        is_asked = deciding.on == "namespace" and is_default
        return _label_move(first, "namespace", target) if is_asked else None

    if first.webhook is None or (deciding.on == "mesh" and not first.injected):
        return None

    after = second.webhook.revision if second.webhook else ""
    if deciding.tag and after not in ("", first.webhook.revision):
        return Move("tag", deciding.tag, {}, {})
    if not target or after == target:
        return None

    move = _label_move(first, deciding.on, target)
    return move._replace(how="tag", tag=deciding.tag) if deciding.tag else move


def _label_move(decision: Decision, on: str, target: str) -> Move:
    """The labels of Istio's that are there go, and the revision comes."""
    owner = "pod" if on == "pod" else "namespace"
    labels = _labels(decision, owner)
    before = {key: labels[key] for key in _LABELS if key in labels}
    return Move("label", "", before, {REVISION_LABEL: target})


# ---------------------------------------------------------------- tags


def tags(documents: Iterable[Object]) -> dict[str, str]:
    """The revision tag of each webhook configuration that makes one, by the configuration's name.

    Source: istioctl/pkg/tag (label istio.io/tag), helm chart istiod, revision-tags.yaml.
    """
    found = {}
    for value in documents:
        if value.get("kind") == "MutatingWebhookConfiguration":
            tag = at(value, ("metadata", "labels", TAG_LABEL))
            if isinstance(tag, str) and tag:
                found[str(at(value, ("metadata", "name")))] = tag

    return found
