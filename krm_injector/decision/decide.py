"""(Workload, Namespaces, Meshes) -> Decision: verdict, reason and evidence.

Two layers. The API server asks every webhook's namespaceSelector and objectSelector; then the
istiod behind a webhook that matches asks the pod's own rules (pkg/kube/inject/inject.go
injectRequired). `istioctl kube-inject` (method manual) knows the second layer only, with the policy
enabled and no selectors (inject.go IntoObject).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from krm_injector.decision.pod_rules import (
    INJECT,
    Pod,
    Verdict,
    inject_required,
    kube_inject_required,
)
from krm_injector.discovery import webhooks
from krm_injector.function_config import Settings
from krm_injector.kube import selectors
from krm_injector.kube.paths import Step, at
from krm_injector.model import (
    Decision,
    Evidence,
    Mesh,
    Namespace,
    Object,
    Reason,
    Result,
    Webhook,
    Workload,
)
from krm_injector.workload.controller import pod_labels, string_map

if TYPE_CHECKING:
    from krm_injector.codes import Severity
    from krm_injector.model import FieldOwner

ISTIO_LABELS = ("istio-injection", "istio.io/rev")
NAME_LABEL = "kubernetes.io/metadata.name"


def decide(
    workload: Workload,
    namespaces: Mapping[str, Namespace],
    meshes: Iterable[Mesh],
    settings: Settings,
) -> Decision:
    """One workload's Decision. What could not be decided is among its results, as errors; nothing
    is raised.
    """
    return Judge(namespaces, meshes, settings).decide(workload)


def decide_all(
    workloads: Iterable[Workload],
    namespaces: Mapping[str, Namespace],
    meshes: Iterable[Mesh],
    settings: Settings,
) -> list[Decision]:
    """The Decisions of a bundle, in order; a Namespace that is missing is reported with its first
    workload only.
    """
    judge = Judge(namespaces, meshes, settings)
    return [judge.decide(workload) for workload in workloads]


class _Outcome(NamedTuple):
    matches: bool | None  # None: depends on labels nobody knows
    evidence: Evidence


class _Miss(NamedTuple):
    """A requirement of a webhook that does not hold."""

    requirement: selectors.Requirement
    on: FieldOwner
    value: str | None  # the label's; None where it is absent


class Vocabulary(NamedTuple):
    """The values of labels that selectors tell apart, by key: all others are alike to them."""

    namespace: Mapping[str, tuple[str, ...]]
    pod: Mapping[str, tuple[str, ...]]


class _Gate:
    """One webhook with its selectors parsed, and the answers it gave before."""

    def __init__(self, webhook: Webhook, mesh: Mesh) -> None:
        self.webhook = webhook
        self.mesh = mesh
        self.served = webhooks.is_served(webhook.path, mesh.rules)
        self.namespace_selector = _selector(webhook.namespace_selector)
        self.object_selector = _selector(webhook.object_selector)
        self.keys = tuple(requirement.key for requirement in self.object_selector.requirements)
        # A Namespace by its identity: one name may stand for several, where labels are tried. It is
        # kept, so that no other object gets its id.
        self._by_namespace: dict[int | str, tuple[_Outcome, Namespace | None]] = {}
        self._by_labels: dict[tuple[str | None, ...], _Outcome] = {}

    def takes_namespace(self, namespace: Namespace | None, name: str) -> _Outcome:
        key = name if namespace is None else id(namespace)
        known = self._by_namespace.get(key)
        if known is not None:
            return known[0]

        rule = f"namespaceSelector of {self.webhook.id}"
        if namespace is None:
            outcome = _without_labels(rule, self.namespace_selector, name)
        else:
            outcome = _asked(
                rule, self.namespace_selector, namespace.labels, "namespace", _named(namespace)
            )

        self._by_namespace[key] = (outcome, namespace)
        return outcome

    def takes_pod(self, labels: Mapping[str, str]) -> _Outcome:
        key = tuple(map(labels.get, self.keys))
        outcome = self._by_labels.get(key)
        if outcome is None:
            outcome = _asked(
                f"objectSelector of {self.webhook.id}", self.object_selector, labels, "pod"
            )
            self._by_labels[key] = outcome

        return outcome

    def misses(
        self, namespace: Namespace | None, name: str, labels: Mapping[str, str]
    ) -> list[_Miss]:
        """What does not hold; of a Namespace that nobody describes, what its name alone decides."""
        known = {NAME_LABEL: name} if namespace is None else namespace.labels
        found = [
            _Miss(requirement, "namespace", known.get(requirement.key))
            for requirement in self.namespace_selector.requirements
            if not requirement.matches(known)
            and (namespace is not None or requirement.key == NAME_LABEL)
        ]
        found += [
            _Miss(requirement, "pod", labels.get(requirement.key))
            for requirement in self.object_selector.requirements
            if not requirement.matches(labels)
        ]
        return found


class Judge:
    """Decides workload after workload against the same Namespaces and control planes."""

    def __init__(
        self, namespaces: Mapping[str, Namespace], meshes: Iterable[Mesh], settings: Settings
    ) -> None:
        self._namespaces = namespaces
        self._meshes = tuple(meshes)
        self._settings = settings
        gates = [_Gate(webhook, mesh) for mesh in self._meshes for webhook in mesh.webhooks]
        # The API server calls configurations in the order of their names.
        self._gates = sorted(gates, key=lambda gate: gate.webhook.configuration)
        self._never = {id(mesh): _selectors(mesh, "neverInjectSelector") for mesh in self._meshes}
        self._always = {id(mesh): _selectors(mesh, "alwaysInjectSelector") for mesh in self._meshes}
        self._told: set[str] = set()
        self._pod_keys = tuple({key: None for gate in self._gates for key in gate.keys})
        self._assumed: dict[str, Namespace] = {}
        self._reasons: dict[tuple[int | str, tuple[str | None, ...]], str] = {}
        self._all_served = all(gate.served for gate in self._gates)

    def decide(self, workload: Workload) -> Decision:
        namespace = self._namespaces.get(workload.ref.namespace) if workload.ref.namespace else None
        return self.decide_in(workload, namespace)

    def decide_in(self, workload: Workload, namespace: Namespace | None) -> Decision:
        """As decide(), with that Namespace in the place of the one it has."""
        if self._settings.method == "manual":
            return self._manual(workload, namespace)
        return self._automatic(workload, namespace, ())

    def takes(self, key: str, value: str) -> bool:
        """Whether some webhook takes Namespaces by that value of a label, as far as the label goes."""
        return any(
            requirement.key == key
            and requirement.operator != "!"
            and requirement.matches({key: value})
            for gate in self._gates
            for requirement in gate.namespace_selector.requirements
        )

    def vocabulary(self) -> Vocabulary:
        """What the webhooks' selectors, and those of the injection configurations, ask for."""
        mine = [
            selector
            for found in (self._never, self._always)
            for each in found.values()
            for selector in each
        ]
        return Vocabulary(
            _values(gate.namespace_selector for gate in self._gates),
            _values((*(gate.object_selector for gate in self._gates), *filter(None, mine))),
        )

    # ------------------------------------------------------------ automatic

    def _automatic(
        self, workload: Workload, namespace: Namespace | None, results: tuple[Result, ...]
    ) -> Decision:
        labels = pod_labels(workload)
        evidence: list[Evidence] = []
        matching: list[_Gate] = []
        undecided: list[_Gate] = []
        unknown: list[tuple[_Gate, str]] = []  # by a label's value
        for gate in self._gates:
            for_namespace = gate.takes_namespace(namespace, workload.ref.namespace)
            for_pod = gate.takes_pod(labels)
            evidence += (for_namespace.evidence, for_pod.evidence)
            if for_pod.matches:
                if for_namespace.matches:
                    matching.append(gate)
                elif for_namespace.matches is None:
                    undecided.append(gate)
            elif for_pod.matches is None and for_namespace.matches is not False:
                unknown.append((gate, f"{for_pod.evidence.rule}: {for_pod.evidence.detail}"))

        if not self._all_served:
            unserved = next((gate for gate in matching if not gate.served), None)
            if unserved is not None:
                return _unanswered(workload, unserved, evidence, namespace, matching, results)
            if not all(gate.served for gate in undecided):
                return self._unknown_namespace(workload, evidence, matching)

            open_one = next(((gate, why) for gate, why in unknown if not gate.served), None)
            if open_one is not None:
                return self._unknown_label(workload, open_one[1], evidence, namespace, matching)

        asked = (*matching, *undecided, *(gate for gate, _ in unknown))
        verdicts = {id(gate.mesh): self._verdict(workload, labels, gate.mesh) for gate in asked}
        sure = {id(gate.mesh) for gate in matching}
        doubts = [verdicts[id(gate.mesh)].unknown for gate in (*matching, *undecided)]
        doubts += [
            why
            for gate, why in unknown
            if id(gate.mesh) not in sure and _may_inject(verdicts[id(gate.mesh)])
        ]
        if any(doubts):
            return self._unknown_label(
                workload, next(filter(None, doubts)), evidence, namespace, matching
            )
        if any(verdicts[id(gate.mesh)].inject for gate in undecided if id(gate.mesh) not in sure):
            return self._unknown_namespace(workload, evidence, matching)

        if not matching and not undecided:
            detail = self._why_none(workload.ref.namespace, labels, namespace)
            return _decision(
                workload,
                False,
                Reason.NO_WEBHOOK_MATCHES,
                detail,
                evidence,
                namespace,
                results=results,
            )

        return self._by_verdict(
            workload, matching or undecided, verdicts, evidence, namespace, results, matching
        )

    def _why_none(self, name: str, labels: Mapping[str, str], namespace: Namespace | None) -> str:
        """Why no webhook matches; workloads that are alike to the webhooks are told the same."""
        key = (name if namespace is None else id(namespace), tuple(map(labels.get, self._pod_keys)))
        detail = self._reasons.get(key)
        if detail is None:
            able = [
                g
                for g in self._gates
                if not (g.namespace_selector.nothing or g.object_selector.nothing)
            ]
            detail = _why_none(namespace, [gate.misses(namespace, name, labels) for gate in able])
            self._reasons[key] = detail

        return detail

    def _by_verdict(
        self,
        workload: Workload,
        asked: list[_Gate],
        verdicts: dict[int, Verdict],
        evidence: list[Evidence],
        namespace: Namespace | None,
        results: tuple[Result, ...],
        matching: list[_Gate],
    ) -> Decision:
        """The Decision where at least one webhook sends the pod to an istiod."""
        planes = _planes(asked)
        injecting = [mesh for mesh in planes if verdicts[id(mesh)].inject]
        mesh = injecting[0] if injecting else planes[0]
        gate = next(gate for gate in asked if gate.mesh is mesh)
        verdict = verdicts[id(mesh)]
        for plane in planes:
            evidence += verdicts[id(plane)].evidence

        injected, reason, detail = verdict.inject, verdict.reason, verdict.detail
        if len(injecting) > 1:
            results = (*results, _double(workload, [g for g in asked if g.mesh in injecting]))

        if injected and mesh.source == "missing":
            results = (*results, _no_control_plane(workload, gate))
            injected, reason = False, Reason.NO_CONTROL_PLANE
            detail = f"the configuration of control plane {mesh.revision} is not in the bundle"

        return _decision(
            workload, injected, reason, detail, evidence, namespace,
            tuple(g.webhook.id for g in matching), gate.webhook if matching else None, mesh, results,
        )  # fmt: skip

    def _unknown_namespace(
        self, workload: Workload, evidence: list[Evidence], matching: list[_Gate]
    ) -> Decision:
        """The verdict hangs on the labels of a Namespace that nobody describes."""
        name = workload.ref.namespace
        how = self._settings.on_missing_namespace
        results: tuple[Result, ...] = ()
        if how != "ignore" and name not in self._told:
            self._told.add(name)
            results = (_missing_namespace(workload, "error" if how == "error" else "warning"),)

        if how == "error":
            detail = f"Namespace {name} is not in the bundle" if name else "it names no Namespace"
            return _decision(
                workload, False, Reason.NAMESPACE_UNKNOWN, detail, evidence, None,
                tuple(gate.webhook.id for gate in matching), results=results,
            )  # fmt: skip

        assumed = self._assumed.get(name)
        if assumed is None:
            assumed = self._assumed[name] = Namespace(
                name, {NAME_LABEL: name} if name else {}, {}, "missing"
            )

        return self._automatic(workload, assumed, results)

    def _unknown_label(
        self,
        workload: Workload,
        selector: str,
        evidence: list[Evidence],
        namespace: Namespace | None,
        matching: list[_Gate],
    ) -> Decision:
        """The verdict hangs on the value of a label that its controller sets."""
        result = _unknown_value(workload, selector)
        detail = f"it depends on a label's value that only the cluster knows: {selector}"
        return _decision(
            workload, False, Reason.POD_LABEL_UNKNOWN, detail, evidence, namespace,
            tuple(gate.webhook.id for gate in matching), results=(result,),
        )  # fmt: skip

    def _verdict(self, workload: Workload, labels: Mapping[str, str], mesh: Mesh) -> Verdict:
        template = at(workload.object, workload.template)
        annotations = string_map(at(template, ("metadata", "annotations")))
        pod = Pod(template, labels, annotations, workload.ref.namespace)
        policy = "enabled" if mesh.source == "missing" else mesh.config.get("policy")
        return inject_required(pod, mesh, policy, self._never[id(mesh)], self._always[id(mesh)])

    # ------------------------------------------------------------ manual

    def _manual(self, workload: Workload, namespace: Namespace | None) -> Decision:
        mesh = control_plane(self._meshes, self._settings.revision)
        if mesh is None:
            result = _no_revision(workload, self._meshes, self._settings.revision)
            return _decision(
                workload,
                False,
                Reason.NO_CONTROL_PLANE,
                result.message,
                [],
                namespace,
                results=(result,),
            )

        metadata = at(workload.object, manual_metadata(workload))
        pod = Pod(
            at(workload.object, workload.template),
            string_map(at(metadata, ("labels",))),
            string_map(at(metadata, ("annotations",))),
            str(at(metadata, ("namespace",)) or ""),  # the workload's own is not looked at
        )
        verdict = kube_inject_required(pod, mesh)
        return _decision(
            workload,
            verdict.inject,
            verdict.reason,
            verdict.detail,
            list(verdict.evidence),
            namespace,
            mesh=mesh,
        )


def manual_metadata(workload: Workload) -> Step:
    """Path of the metadata that kube-inject takes for the pod's: a CronJob's is its jobTemplate's
    (IntoObject).
    """
    if workload.ref.kind == "CronJob" and workload.template[:2] == ("spec", "jobTemplate"):
        return ("spec", "jobTemplate", "metadata")
    return (*workload.template, "metadata")


def control_plane(meshes: Iterable[Mesh], revision: str) -> Mesh | None:
    """The control plane that no webhook names: the stated revision's, else "default"'s, else the
    only one.
    """
    complete = [mesh for mesh in meshes if mesh.source != "missing"]
    for mesh in complete:
        if mesh.revision == (revision or "default"):
            return mesh
    return complete[0] if not revision and len(complete) == 1 else None


# ---------------------------------------------------------------- selectors


def _selector(selector: Object | None) -> selectors.Selector:
    """A webhook's selector; one that does not parse was refused in discovery and matches nothing."""
    try:
        return selectors.parse_webhook(selector)
    except selectors.SelectorError:
        return selectors.NOTHING


def _selectors(mesh: Mesh, field: str) -> tuple[selectors.Selector | None, ...]:
    """The configuration's selectors; None for one that does not parse: Istio logs that and goes on."""
    found: list[selectors.Selector | None] = []
    for selector in mesh.config.get(field) or ():
        try:
            found.append(selectors.parse(selector))
        except selectors.SelectorError:
            found.append(None)
    return tuple(found)


def _values(found: Iterable[selectors.Selector]) -> dict[str, tuple[str, ...]]:
    """The values that selectors name, by key, each once and in their order."""
    values: dict[str, dict[str, None]] = {}
    for selector in found:
        for requirement in selector.requirements:
            values.setdefault(requirement.key, {}).update(dict.fromkeys(requirement.values))
    return {key: tuple(named) for key, named in values.items()}


def _named(namespace: Namespace) -> str:
    """A Namespace as the subject of "has"."""
    name = f"Namespace {namespace.name}" if namespace.name else "the Namespace"
    return f"{name}, taken to have no labels," if namespace.source == "missing" else name


def _asked(
    rule: str,
    selector: selectors.Selector,
    labels: Mapping[str, str],
    on: FieldOwner,
    whose: str = "the pod",
) -> _Outcome:
    """A selector and labels: what failed, or what held."""
    open_ones = []
    for requirement in selector.requirements:
        opinion = requirement.opinion(labels)
        if opinion is None:
            open_ones.append(str(requirement))
        elif not opinion:
            value = labels.get(requirement.key)
            has = f"{requirement.key}={value}" if value is not None else f"no {requirement.key}"
            path = ("metadata", "labels", requirement.key) if value is not None else ()
            return _Outcome(
                False, Evidence(rule, "fails", f"{requirement}: {whose} has {has}", on, path)
            )

    if selector.nothing:
        return _Outcome(False, Evidence(rule, "fails", "matches nothing"))
    if open_ones:
        return _Outcome(
            None, Evidence(rule, "unknown", f"depends on the label's value: {', '.join(open_ones)}")
        )

    held = next((r.key for r in selector.requirements if r.operator in ("=", "in", "exists")), None)
    path = ("metadata", "labels", held) if held else ()
    return _Outcome(True, Evidence(rule, "matches", str(selector) or "no requirement", on, path))


def _without_labels(rule: str, selector: selectors.Selector, name: str) -> _Outcome:
    """A namespaceSelector and a Namespace of which at most the name is known."""
    open_ones = []
    for requirement in selector.requirements:
        if requirement.key == NAME_LABEL and name:
            if not requirement.matches({NAME_LABEL: name}):
                return _Outcome(
                    False, Evidence(rule, "fails", f"{requirement}: the Namespace is {name}")
                )
        else:
            open_ones.append(str(requirement))

    if selector.nothing:
        return _Outcome(False, Evidence(rule, "fails", "matches nothing"))

    if open_ones:
        return _Outcome(
            None,
            Evidence(rule, "unknown", f"depends on the Namespace's labels: {', '.join(open_ones)}"),
        )

    return _Outcome(True, Evidence(rule, "matches", str(selector) or "no requirement"))


def _may_inject(verdict: Verdict) -> bool:
    return verdict.inject or bool(verdict.unknown)


def _planes(gates: Iterable[_Gate]) -> list[Mesh]:
    """The control planes behind webhooks, each once, in the webhooks' order."""
    found: list[Mesh] = []
    for gate in gates:
        if not any(gate.mesh is mesh for mesh in found):
            found.append(gate.mesh)
    return found


# ---------------------------------------------------------------- decisions and their words


def _decision(
    workload: Workload,
    injected: bool,
    reason: Reason,
    detail: str,
    evidence: list[Evidence],
    namespace: Namespace | None,
    webhooks: tuple[str, ...] = (),
    webhook: Webhook | None = None,
    mesh: Mesh | None = None,
    results: tuple[Result, ...] = (),
) -> Decision:
    return Decision(
        workload,
        injected,
        reason,
        detail,
        tuple(evidence),
        webhooks,
        webhook,
        mesh,
        namespace,
        results,
    )


def _why_none(namespace: Namespace | None, misses: Sequence[list[_Miss]]) -> str:
    """Why no webhook matches: what the one that comes nearest misses.

    misses: of each webhook that can match at all. Of several as near, the one that misses by a
    label which is there.
    """
    if not misses:
        return "no webhook matches: there is none that could match"

    least = min(map(len, misses))
    nearest = [found for found in misses if len(found) == least]
    stated = (
        found
        for found in nearest
        if any(m.on == "namespace" and m.value is not None for m in found)
    )
    chosen = next(stated, nearest[0])
    if any(m.requirement.key == INJECT and m.on == "pod" and m.value == "false" for m in chosen):
        return f"no webhook matches: label {INJECT}: false"
    if all(m.requirement.key in (*ISTIO_LABELS, INJECT) for m in chosen):
        return f"no webhook matches: {_by_istio_labels(namespace, chosen, nearest)}"

    told = (f"{m.requirement}: {_whose(m, namespace)} has {_has(m)}" for m in chosen)
    return f"no webhook matches: {'; '.join(told)}"


def _by_istio_labels(
    namespace: Namespace | None, chosen: list[_Miss], nearest: Sequence[list[_Miss]]
) -> str:
    """The misses of a webhook as Istio's own, in the words of its labels."""
    missed = [m for m in chosen if m.on == "namespace"]
    near = [m for found in nearest for m in found if m.requirement.key in (*ISTIO_LABELS, INJECT)]
    on_pod = list(dict.fromkeys(_has(m) for m in near if m.on == "pod" and m.value is not None))
    whose = _named(namespace) if namespace else "the Namespace"
    if any(m.on == "namespace" for m in near) and not any(
        key in namespace.labels for key in ISTIO_LABELS if namespace
    ):
        has = f"{whose} has neither istio-injection nor istio.io/rev"
        if namespace and namespace.source == "missing":
            has = f"{_named(namespace._replace(source=''))} is not in the bundle and taken to have no labels"
    elif missed:
        has = f"{whose} has {' and '.join(sorted(map(_has, missed), key=lambda text: text.startswith('no ')))}"
    else:
        return f"the pod has {' and '.join(on_pod or [_has(m) for m in chosen])}"

    return has + (f", the pod {' and '.join(on_pod)}" if on_pod else "")


def _whose(miss: _Miss, namespace: Namespace | None) -> str:
    if miss.on == "pod":
        return "the pod"
    return _named(namespace) if namespace else "the Namespace"


def _has(miss: _Miss) -> str:
    key = miss.requirement.key
    return f"no {key}" if miss.value is None else f"{key}={miss.value}"


def _missing_namespace(workload: Workload, severity: Severity) -> Result:
    ref, name = workload.ref, workload.ref.namespace
    if not name:
        message = (
            f"{ref} names no Namespace, and whether it is injected depends on the Namespace's "
            "labels; give it metadata.namespace, set spec.defaultNamespace in the functionConfig, "
            "or use --namespace"
        )
        return Result(severity, message, ref, "metadata.namespace", code="namespace-missing")

    message = (
        f"Namespace {name} is not in the bundle, and whether {ref} is injected depends on its "
        f"labels{'; it is taken to have none' if severity == 'warning' else ''}. Add the "
        "Namespace to the bundle, or say in the functionConfig which labels it has in the cluster "
        f"({{}} for none):\nspec:\n  namespaces:\n  - name: {name}\n    labels: "
        f"{{istio-injection: enabled}}"
    )
    return Result(severity, message, ref, "metadata.namespace", name, code="namespace-missing")


def _unknown_value(workload: Workload, selector: str) -> Result:
    ref = workload.ref
    message = (
        f"whether {ref} is injected depends on the value of a label that its controller sets, "
        f"which no manifest tells ({selector}). Let the selector ask for a label that the pod "
        "template has; that such a label is there, it may ask (operator Exists)"
    )
    return Result("error", message, ref, code="pod-label-unknown")


def _double(workload: Workload, gates: list[_Gate]) -> Result:
    named = " and ".join(
        f"{gate.webhook.id} (control plane {gate.mesh.revision})" for gate in gates
    )
    message = (
        f"{workload.ref} would be injected more than once: {named} all select it. Let the labels "
        "of the Namespace or of the pod name one control plane"
    )
    return Result("error", message, workload.ref, code="double-injection")


def _no_control_plane(workload: Workload, gate: _Gate) -> Result:
    revision = gate.mesh.revision
    suffix = "" if revision == "default" else f"-{revision}"
    message = (
        f"{workload.ref} is selected by {gate.webhook.id} of control plane {revision}, whose "
        f"configuration is not given; add the ConfigMaps istio-sidecar-injector{suffix} and "
        f"istio{suffix} to the bundle"
    )
    return Result("error", message, workload.ref, code="control-plane-missing")


def _unanswered(
    workload: Workload,
    gate: _Gate,
    evidence: list[Evidence],
    namespace: Namespace | None,
    matching: list[_Gate],
    results: tuple[Result, ...],
) -> Decision:
    """The Decision where the API server cannot ask istiod, and by failurePolicy Fail refuses the
    pod.
    """
    detail = f"{gate.webhook.id} asks istiod for {gate.webhook.path}, which it does not serve (404)"
    message = (
        f"the API server would refuse the pods of {workload.ref}: {detail}, and its failurePolicy "
        f"is Fail; let the path of its clientConfig be {webhooks.INJECT_PATH}, or below it"
    )
    problem = Result("error", message, workload.ref, current=gate.webhook.path, code="webhook-path")
    return _decision(
        workload, False, Reason.NO_CONTROL_PLANE, detail, evidence, namespace,
        tuple(one.webhook.id for one in matching), mesh=gate.mesh, results=(*results, problem),
    )  # fmt: skip


def _no_revision(workload: Workload, meshes: tuple[Mesh, ...], revision: str) -> Result:
    known = ", ".join(mesh.revision for mesh in meshes if mesh.source != "missing") or "none"
    wanted = f"revision {revision}" if revision else "revision default"
    message = f"there is no control plane of {wanted} for {workload.ref}; known are: {known}. State spec.revision"
    return Result(
        "error", message, workload.ref, "spec.revision", revision, code="control-plane-missing"
    )
