"""What turns a verdict: the smallest edits, each tried by deciding again before it is told.

Selectors tell the values of a label apart only by those that they name. So these stand for all that
a label can be: absent, each value named for its key, and one that no selector names. Combinations
of these are tried, those of fewest edits first; where none of all turns the verdict, no labels do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from math import prod
from typing import Any, NamedTuple

from krm_injector.decision.decide import NAME_LABEL, Judge, manual_metadata
from krm_injector.decision.pod_rules import INJECT
from krm_injector.function_config import Settings
from krm_injector.kube import workloads
from krm_injector.kube.paths import Step, at
from krm_injector.model import Decision, Mesh, Namespace, Object, Workload
from krm_injector.workload.controller import controller_labels, string_map

INJECTION = "istio-injection"
REVISION = "istio.io/rev"
MOST = 2000  # combinations tried in one search
MOST_OF_ALL = 20_000  # ... and in all searches of a run that found nothing
_UNNAMED = (
    "enabled",
    "true",
    "on",
    "other",
)  # the first that no selector names stands for all of those


class Edit(NamedTuple):
    """One field set to a value, or taken out (None)."""

    on: str  # "workload" | "namespace" | "mesh"
    path: Step  # from the object; for the mesh: from the injection configuration
    value: Any


Edits = tuple[Edit, ...]


class Vain(NamedTuple):
    """A search that found nothing."""

    tried: int
    all: int  # how many combinations there are
    spared: tuple[str, ...] = ()  # labels of the pod that are not the template's to say

    @property
    def whole(self) -> bool:
        return self.tried == self.all


class Remedies:
    """Answers for the decisions of one run. namespaces: those that the judge knows."""

    def __init__(self, judge: Judge, meshes: Iterable[Mesh], settings: Settings) -> None:
        self._judge, self._settings = judge, settings
        self._meshes = [mesh for mesh in meshes if mesh.source != "missing"]
        self._said: Any = None  # the judge's vocabulary
        self._edited: dict[tuple[int, Edits], tuple[Namespace, Namespace]] = {}
        self._vain: dict[Any, Vain] = {}
        self._left = MOST_OF_ALL

    # ------------------------------------------------------------ what is tried

    def of_workload(
        self, decision: Decision, revisions: Callable[[], Sequence[str]]
    ) -> Iterator[Edits]:
        """Edits of the pod template that turn the verdict, the smallest first.

        revisions: the values of istio.io/rev to try first.
        """
        return self._turning(decision, self._of_pod(decision, revisions), "workload")

    def of_namespace(
        self, decision: Decision, revisions: Callable[[], Sequence[str]]
    ) -> Iterator[Edits]:
        """Edits of the Namespace's labels that turn the verdict, the smallest first."""
        return self._turning(decision, self._of_labels(decision, revisions), "namespace")

    def of_both(
        self, decision: Decision, revisions: Callable[[], Sequence[str]]
    ) -> Iterator[Edits]:
        """Edits of both at once."""
        choices = chain(self._of_labels(decision, revisions), self._of_pod(decision, revisions))
        return self._turning(decision, choices, "both")

    def vain(self, decision: Decision, scope: str) -> Vain:
        """What the search in a scope ("workload" | "namespace" | "both") came to, where it found
        nothing.
        """
        return self._vain[self._situation(decision, scope)]

    def hopeless(self, decision: Decision) -> str:
        """Why no label can take the workload in, where that is plain; "" else."""
        if not self._meshes:
            return "no control plane's configuration is given"
        if self._settings.method == "manual":
            return ""

        name = decision.workload.ref.namespace
        if all(name in mesh.rules.ignored_namespaces for mesh in self._meshes):
            return f"Istio injects nothing in Namespace {name}"

        illegal = [
            mesh
            for mesh in self._meshes
            if mesh.config.get("policy") not in ("enabled", "disabled")
        ]
        if len(illegal) == len(self._meshes):
            return f"the policy of control plane {illegal[0].revision} is {illegal[0].config.get('policy')}"

        return ""

    def namespace_after(self, namespace: Namespace, edits: Edits) -> Namespace:
        """The Namespace after its edits; the same object for the same edits."""
        known = self._edited.get((id(namespace), edits))
        if known is None:
            labels = dict(namespace.labels)
            for edit in edits:
                labels[str(edit.path[-1])] = edit.value

            kept = {key: value for key, value in labels.items() if value is not None}
            known = self._edited[id(namespace), edits] = (
                namespace,
                namespace._replace(labels=kept),
            )

        return known[1]

    def after(self, decision: Decision, edits: Edits) -> Decision:
        """The workload's decision after edits of its pod template and its Namespace."""
        namespace, own = decision.namespace, [edit for edit in edits if edit.on == "workload"]
        wide = tuple(edit for edit in edits if edit.on == "namespace")
        if wide and namespace is not None:
            namespace = self.namespace_after(namespace, wide)
        return self._judge.decide_in(_edited(decision.workload, own), namespace)

    def _turning(
        self, decision: Decision, choices: Iterator[list[Edit]], scope: str
    ) -> Iterator[Edits]:
        if self._vain and self._situation(decision, scope) in self._vain:
            return

        known: list[list[Edit]] = []
        found, tried = False, 0
        for edits in _combined(choices, known):
            if tried == MOST or self._left <= 0:
                break

            tried += 1
            if scope == "both" and len({edit.on for edit in edits}) == 1:
                continue  # one scope alone was tried

            if turned(decision, self.after(decision, edits)):
                found = True
                yield tuple(sorted(edits, key=_order)) if len(edits) > 1 else edits

        self._left -= tried if not found else 0
        if not found:
            spared = _spared(decision.workload).intersection(self._vocabulary.pod)
            count = prod(len(edits) + 1 for edits in (*known, *choices)) - 1
            self._vain[self._situation(decision, scope)] = Vain(tried, count, tuple(sorted(spared)))

    # ------------------------------------------------------------ candidates: for each label, what it may become

    def _of_labels(
        self, decision: Decision, revisions: Callable[[], Sequence[str]]
    ) -> Iterator[list[Edit]]:
        namespace = decision.namespace
        if self._settings.method == "manual" or namespace is None or namespace.source == "missing":
            return

        named = self._vocabulary.namespace
        order = [INJECTION, REVISION]
        if REVISION in namespace.labels and INJECTION not in namespace.labels:
            order.reverse()  # who writes revisions gets one that is served

        keys = [
            key for key in (*order, *(key for key in named if key not in order)) if key in named
        ]
        for key in keys:
            if key != NAME_LABEL:  # the API server's
                values = _choices(key, named[key], namespace.labels.get(key), revisions)
                yield [Edit("namespace", ("metadata", "labels", key), value) for value in values]

    def _of_pod(
        self, decision: Decision, revisions: Callable[[], Sequence[str]]
    ) -> Iterator[list[Edit]]:
        workload = decision.workload
        manual = self._settings.method == "manual"
        metadata = manual_metadata(workload) if manual else (*workload.template, "metadata")
        wanted = "false" if decision.injected else "true"
        network = (*workload.template, "spec", "hostNetwork")
        if not decision.injected and at(workload.object, network) is True:
            yield [Edit("workload", network, None)]

        labels = string_map(at(workload.object, (*metadata, "labels")))
        annotations = string_map(at(workload.object, (*metadata, "annotations")))
        named = {} if manual else self._vocabulary.pod
        spared = _spared(workload)
        # Until 1.11 the label is no word of the pod's, and the annotation is.
        for kind, stated in (("labels", labels), ("annotations", annotations)):
            of_selectors = (*named.get(INJECT, ()), "") if kind == "labels" else ()
            values = _own_word(of_selectors, stated.get(INJECT), wanted)
            if kind == "annotations" or INJECT not in spared:
                yield [Edit("workload", (*metadata, kind, INJECT), value) for value in values]

        for key in sorted(named, key=lambda key: key != REVISION):
            if key not in spared and key != INJECT:
                values = _choices(key, named[key], labels.get(key), revisions)
                yield [Edit("workload", (*metadata, "labels", key), value) for value in values]

    @property
    def _vocabulary(self) -> Any:
        if self._said is None:
            self._said = self._judge.vocabulary()
        return self._said

    def _situation(self, decision: Decision, scope: str) -> Any:
        """What a search depends on: workloads that are alike in it are searched for once."""
        workload = decision.workload
        manual = self._settings.method == "manual"
        metadata = at(
            workload.object,
            manual_metadata(workload) if manual else (*workload.template, "metadata"),
        )
        labels = string_map(at(metadata, ("labels",)))
        return (
            scope,
            decision.injected,
            workload.ref.namespace,
            None if decision.namespace is None else id(decision.namespace),
            tuple(labels.get(key) for key in (INJECT, *self._vocabulary.pod)),
            string_map(at(metadata, ("annotations",))).get(INJECT),
            at(workload.object, (*workload.template, "spec", "hostNetwork")) is True,
            frozenset(_spared(workload).intersection(self._vocabulary.pod)),
            decision.reason,
        )


def turned(before: Decision, after: Decision) -> bool:
    """Whether the verdict is the other one now, and nothing refuses it."""
    return after.injected != before.injected and not refused(after)


def refused(decision: Decision) -> bool:
    return any(result.severity == "error" for result in decision.results)


def put(value: Any, path: Step, leaf: Any) -> Object:
    """A copy of the object with a field set, or taken out where leaf is None."""
    parent, field = path[:-1], path[-1]
    held = at(value, parent)
    changed = {
        key: one for key, one in (held if isinstance(held, dict) else {}).items() if key != field
    }
    if leaf is not None:
        changed = {**(held if isinstance(held, dict) else {}), field: leaf}

    result: Object = workloads.put(value, parent, changed)
    return result


def _edited(workload: Workload, edits: Sequence[Edit]) -> Workload:
    value = workload.object
    for edit in edits:
        value = put(value, edit.path, edit.value)
    return workload._replace(object=value) if edits else workload


def _order(edit: Edit) -> tuple[str, bool]:
    """The Namespace before the pod; a label that comes before one that goes."""
    return edit.on, edit.value is None and edit.path[-1] != "hostNetwork"


def _combined(choices: Iterator[list[Edit]], known: list[list[Edit]]) -> Iterator[Edits]:
    """At most one of each label's edits, all combinations, those of fewest edits first.

    known: takes what the choices were, which are asked for one by one: most often the first will
    do.
    """
    for edits in choices:
        known.append(edits)
        for edit in edits:
            yield (edit,)
    for size in range(2, len(known) + 1):
        for chosen in combinations(known, size):
            yield from product(*chosen)


def _choices(
    key: str, named: Sequence[str], current: str | None, revisions: Callable[[], Sequence[str]]
) -> list[str | None]:
    """What a label may become, the likeliest first; None takes it off."""
    other = next((value for value in _UNNAMED if value not in named), "")
    values = list(named)
    if key == REVISION:
        first = [revision for revision in revisions() if revision in named]
        values = [*first, *(value for value in named if value not in first)]

    off: list[str | None] = [None] if current is not None else []
    likely: list[str | None] = [value for value in values if value != current]
    unnamed: list[str | None] = [other] if current is None or current in named else []
    if key == INJECTION:
        ahead: list[str | None] = [value for value in (*likely, *unnamed) if value == "enabled"]
        return [*ahead, *off, *(value for value in (*likely, *unnamed) if value != "enabled")]

    return [*likely, *off, *unnamed] if key == REVISION else [*off, *likely, *unnamed]


def _own_word(named: Sequence[str], current: str | None, wanted: str) -> list[str | None]:
    """What the pod's own word may become: the one that turns, none, the others."""
    values = dict.fromkeys((wanted, "true", "false", *named))
    off: list[str | None] = [None] if current is not None else []
    first, *others = values
    found: list[str | None] = [first, *off, *others]
    return [value for value in found if value is None or value != current]


def _spared(workload: Workload) -> set[str]:
    """Labels of the pod that no edit of the template says: the controller's, and those it knows its
    pods by.
    """
    selector = at(workload.object, ("spec", "selector"))
    found = set(controller_labels(workload))
    if isinstance(selector, dict) and workload.template:
        matched, expressions = selector.get("matchLabels"), selector.get("matchExpressions")
        plain: Mapping[str, Any] = (
            {} if "matchLabels" in selector or "matchExpressions" in selector else selector
        )
        found.update(matched if isinstance(matched, dict) else plain)
        for requirement in expressions if isinstance(expressions, list) else ():
            key = at(requirement, ("key",))
            found.update([key] if isinstance(key, str) else [])

    return found
