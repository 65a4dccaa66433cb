"""The smallest edits that turn a verdict, each tried by deciding again before it is suggested.

Selectors tell the values of a label apart only by those that they name. So three kinds of candidate
stand for all that a label can be: absent, each value named for its key, and one value that no
selector names. Combinations of candidates are tried, those of fewest edits first. If none of all
combinations turns the verdict, no labels do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, product
from math import prod

from krm_injector.decision.decide import Decider, SelectorValues
from krm_injector.decision.kube_inject import manual_metadata
from krm_injector.decision.label_candidates import (
    Revisions,
    candidate_values,
    fixed_labels,
    inject_values,
)
from krm_injector.function_config import Settings
from krm_injector.istio_names import (
    INJECT,
    INJECTION_LABEL,
    NAMESPACE_NAME_LABEL,
    REVISION_LABEL,
)
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import Step, at, put, without
from krm_injector.model import Decision, Mesh, Namespace, Workload
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

MOST = 2000  # combinations tried in one search
MOST_OF_ALL = 20_000  # ... and in all searches of a run that found nothing

Scope: TypeAlias = 'Literal["workload", "namespace", "both"]'


class SuggestedEdit(NamedTuple):
    """One field set to a value, or taken out (None)."""

    on: Literal["workload", "namespace", "mesh"]
    path: Step  # from the object; for the mesh: from the injection configuration
    value: Any


Edits = tuple[SuggestedEdit, ...]


class FailedSearch(NamedTuple):
    """A search that found nothing."""

    tried: int
    all: int  # how many combinations there are
    spared: tuple[str, ...] = ()  # labels of the pod that no edit of the template can set

    @property
    def whole(self) -> bool:
        """Whether every combination was tried."""
        return self.tried == self.all


class EditSearch:
    """Searches for the decisions of one run.

    ``judge`` has made those decisions; it knows the Namespaces of the run.
    """

    def __init__(self, judge: Decider, meshes: Iterable[Mesh], settings: Settings) -> None:
        self._judge = judge
        self._is_manual = settings.method == "manual"
        self._meshes = [mesh for mesh in meshes if mesh.source != "missing"]
        self._lazy_values: SelectorValues | None = None
        # Namespaces by id and edits; with the Namespace itself, so that no other takes its id.
        self._edited: dict[tuple[int, Edits], tuple[Namespace, Namespace]] = {}
        self._failed: dict[tuple[Any, ...], FailedSearch] = {}  # by situation
        self._tries_left = MOST_OF_ALL

    def of_workload(self, decision: Decision, revisions: Revisions) -> Iterator[Edits]:
        """Edits of the pod template that turn the verdict, the smallest first.

        ``revisions``: the values of istio.io/rev to try first.
        """
        return self._search(decision, self._pod_candidates(decision, revisions), "workload")

    def of_namespace(self, decision: Decision, revisions: Revisions) -> Iterator[Edits]:
        """Edits of the Namespace's labels that turn the verdict, the smallest first."""
        candidates = self._namespace_candidates(decision, revisions)
        return self._search(decision, candidates, "namespace")

    def of_both(self, decision: Decision, revisions: Revisions) -> Iterator[Edits]:
        """Edits of both at once that turn the verdict, the smallest first."""
        of_namespace = self._namespace_candidates(decision, revisions)
        of_pod = self._pod_candidates(decision, revisions)
        return self._search(decision, chain(of_namespace, of_pod), "both")

    def vain(self, decision: Decision, scope: Scope) -> FailedSearch:
        """How far the search in a scope came that found nothing. Raises KeyError for another."""
        return self._failed[self._situation(decision, scope)]

    def hopeless(self, decision: Decision) -> str:
        """Why no label can take the workload in, where that is plain; "" else."""
        if not self._meshes:
            return "no control plane's configuration is given"
        if self._is_manual:
            return ""

        name = decision.workload.ref.namespace
        if all(name in mesh.rules.ignored_namespaces for mesh in self._meshes):
            return f"Istio injects nothing in Namespace {name}"

        policies = [mesh.config.get("policy") for mesh in self._meshes]
        if not any(policy in ("enabled", "disabled") for policy in policies):
            return f"the policy of control plane {self._meshes[0].revision} is {policies[0]}"

        return ""

    def namespace_after(self, namespace: Namespace, edits: Edits) -> Namespace:
        """The Namespace after edits of its labels; the same object for the same edits, so that the
        judge remembers its answers.
        """
        key = (id(namespace), edits)
        if key not in self._edited:
            labels = dict(namespace.labels)
            for edit in edits:
                label = str(edit.path[-1])
                if edit.value is None:
                    labels.pop(label, None)
                else:
                    labels[label] = edit.value

            self._edited[key] = (namespace, namespace._replace(labels=labels))

        return self._edited[key][1]

    def after(self, decision: Decision, edits: Edits) -> Decision:
        """The workload's decision after edits of its pod template and its Namespace."""
        workload, namespace = decision.workload, decision.namespace
        value = workload.object
        for edit in edits:
            if edit.on == "workload":
                value = _edited(value, edit)

        namespace_edits = tuple(edit for edit in edits if edit.on == "namespace")
        if namespace_edits and namespace is not None:
            namespace = self.namespace_after(namespace, namespace_edits)

        if value is not workload.object:
            workload = workload._replace(object=value)
        return self._judge.decide_in(workload, namespace)

    # ---------------------------------------------------------------- the search

    def _search(
        self, decision: Decision, candidates: Iterator[list[SuggestedEdit]], scope: Scope
    ) -> Iterator[Edits]:
        """The combinations of candidates that turn the verdict. Remembers a search without any."""
        if self._failed and self._situation(decision, scope) in self._failed:
            return

        asked: list[list[SuggestedEdit]] = []  # the candidates so far, a list per label
        tried, has_result = 0, False
        for edits in _combinations(candidates, asked):
            if tried == MOST or self._tries_left <= 0:
                break

            tried += 1
            if scope == "both" and len({edit.on for edit in edits}) == 1:
                continue  # the searches of one scope have tried it

            if turned(decision, self.after(decision, edits)):
                has_result = True
                yield tuple(sorted(edits, key=_order)) if len(edits) > 1 else edits

        if not has_result:
            self._tries_left -= tried
            total = prod(len(edits) + 1 for edits in (*asked, *candidates)) - 1
            excluded = self._fixed_selected_labels(decision.workload)
            situation = self._situation(decision, scope)
            self._failed[situation] = FailedSearch(tried, total, tuple(sorted(excluded)))

    def _situation(self, decision: Decision, scope: Scope) -> tuple[Any, ...]:
        """All that a search depends on. Workloads that are alike in it are searched for once."""
        workload, namespace = decision.workload, decision.namespace
        metadata = at(workload.object, self._metadata_path(workload))
        labels = string_map(at(metadata, ("labels",)))
        annotations = string_map(at(metadata, ("annotations",)))
        return (
            scope,
            decision.injected,
            workload.ref.namespace,
            None if namespace is None else id(namespace),
            tuple(labels.get(key) for key in (INJECT, *self._values.pod)),
            annotations.get(INJECT),
            _on_host_network(workload),
            frozenset(self._fixed_selected_labels(workload)),
            decision.reason,
        )

    # ---------------------------------------------------------------- candidates, a list per label

    def _namespace_candidates(
        self, decision: Decision, revisions: Revisions
    ) -> Iterator[list[SuggestedEdit]]:
        namespace = decision.namespace
        if self._is_manual or namespace is None or namespace.source == "missing":
            return

        keys = [INJECTION_LABEL, REVISION_LABEL]
        if REVISION_LABEL in namespace.labels and INJECTION_LABEL not in namespace.labels:
            keys.reverse()  # who selects by revision gets a revision that is served

        named = self._values.namespace
        keys += [key for key in named if key not in keys]
        for key in keys:
            # The API server sets the label of the Namespace's name.
            if key in named and key != NAMESPACE_NAME_LABEL:
                values = candidate_values(key, named[key], namespace.labels.get(key), revisions)
                yield [
                    SuggestedEdit("namespace", ("metadata", "labels", key), value)
                    for value in values
                ]

    def _pod_candidates(
        self, decision: Decision, revisions: Revisions
    ) -> Iterator[list[SuggestedEdit]]:
        workload = decision.workload
        if not decision.injected and _on_host_network(workload):
            yield [SuggestedEdit("workload", (*workload.template, "spec", "hostNetwork"), None)]

        metadata = self._metadata_path(workload)
        labels = string_map(at(workload.object, (*metadata, "labels")))
        annotations = string_map(at(workload.object, (*metadata, "annotations")))
        named = {} if self._is_manual else self._values.pod
        fixed = fixed_labels(workload)
        opposite = "false" if decision.injected else "true"
        if INJECT not in fixed:
            values = inject_values((*named.get(INJECT, ()), ""), labels.get(INJECT), opposite)
            yield [
                SuggestedEdit("workload", (*metadata, "labels", INJECT), value) for value in values
            ]

        # Until 1.11 Istio reads the annotation, and not the label.
        values = inject_values((), annotations.get(INJECT), opposite)
        yield [
            SuggestedEdit("workload", (*metadata, "annotations", INJECT), value) for value in values
        ]

        for key in sorted(named, key=lambda key: key != REVISION_LABEL):
            if key not in fixed and key != INJECT:
                values = candidate_values(key, named[key], labels.get(key), revisions)
                yield [
                    SuggestedEdit("workload", (*metadata, "labels", key), value) for value in values
                ]

    @property
    def _values(self) -> SelectorValues:
        if self._lazy_values is None:
            self._lazy_values = self._judge.selector_values()
        return self._lazy_values

    def _metadata_path(self, workload: Workload) -> Step:
        """The path of the metadata that counts for the pod."""
        return manual_metadata(workload) if self._is_manual else (*workload.template, "metadata")

    def _fixed_selected_labels(self, workload: Workload) -> set[str]:
        """The fixed labels that a selector asks for."""
        return fixed_labels(workload).intersection(self._values.pod)


def turned(before: Decision, after: Decision) -> bool:
    """Whether the verdict is the other one now, and nothing refuses it."""
    return after.injected != before.injected and not refused(after)


def refused(decision: Decision) -> bool:
    """Whether an error keeps the decision from being carried out."""
    return any(result.severity == "error" for result in decision.results)


def _edited(value: Any, edit: SuggestedEdit) -> Any:
    if edit.value is None:
        return without(value, edit.path)
    return put(value, edit.path, edit.value)


def _order(edit: SuggestedEdit) -> tuple[str, bool]:
    """The Namespace before the pod; a label that comes before one that goes."""
    return edit.on, edit.value is None and edit.path[-1] != "hostNetwork"


def _combinations(
    candidates: Iterator[list[SuggestedEdit]], asked: list[list[SuggestedEdit]]
) -> Iterator[Edits]:
    """All combinations of at most one edit per label, those of fewest edits first.

    The candidates are asked for label by label, since most often the first label will do; ``asked``
    collects them.
    """
    for edits in candidates:
        asked.append(edits)
        for edit in edits:
            yield (edit,)

    for size in range(2, len(asked) + 1):
        for chosen in combinations(asked, size):
            yield from product(*chosen)


def _on_host_network(workload: Workload) -> bool:
    return at(workload.object, (*workload.template, "spec", "hostNetwork")) is True
