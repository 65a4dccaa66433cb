"""(Workload, Namespaces, Meshes) -> Decision: verdict, reason and evidence.

Two layers. The API server asks every webhook's namespaceSelector and objectSelector; then the istiod behind a webhook
that matches asks the pod's own rules (pkg/kube/inject/inject.go injectRequired). `istioctl kube-inject` (method
manual) knows the second layer only, with the policy enabled and no selectors (inject.go IntoObject).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from krm_injector.function_config import Settings
from krm_injector.kube import selectors
from krm_injector.kube.workloads import at
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
from krm_injector.owner import pod_labels, string_map
from krm_injector.pod_rules import INJECT, Pod, Verdict, inject_required, kube_inject_required

ISTIO_LABELS = ("istio-injection", "istio.io/rev")
NAME_LABEL = "kubernetes.io/metadata.name"


def decide(
    workload: Workload, namespaces: Mapping[str, Namespace], meshes: Iterable[Mesh], settings: Settings
) -> Decision:
    """One workload's Decision. What could not be decided is among its results, as errors; nothing is raised."""
    return Judge(namespaces, meshes, settings).decide(workload)


def decide_all(
    workloads: Iterable[Workload],
    namespaces: Mapping[str, Namespace],
    meshes: Iterable[Mesh],
    settings: Settings,
) -> list[Decision]:
    """The Decisions of a bundle, in order; a Namespace that is missing is reported with its first workload only."""
    judge = Judge(namespaces, meshes, settings)
    return [judge.decide(workload) for workload in workloads]


class _Outcome(NamedTuple):
    matches: bool | None  # None: depends on labels nobody knows
    evidence: Evidence


class _Gate:
    """One webhook with its selectors parsed, and the answers it gave before."""

    def __init__(self, webhook: Webhook, mesh: Mesh) -> None:
        self.webhook = webhook
        self.mesh = mesh
        self.namespace_selector = _selector(webhook.namespace_selector)
        self.object_selector = _selector(webhook.object_selector)
        self._keys = tuple(requirement.key for requirement in self.object_selector.requirements)
        self._by_namespace: dict[Namespace | str, _Outcome] = {}
        self._by_labels: dict[tuple[str | None, ...], _Outcome] = {}

    def asks(self, key: str) -> bool:
        """Whether a selector has a requirement on the label."""
        return key in self._keys or any(requirement.key == key for requirement in self.namespace_selector.requirements)

    def takes_namespace(self, namespace: Namespace | None, name: str) -> _Outcome:
        key = namespace.source + "/" + namespace.name if namespace else name
        outcome = self._by_namespace.get(key)
        if outcome is None:
            rule = f"namespaceSelector of {self.webhook.id}"
            if namespace is None:
                outcome = _without_labels(rule, self.namespace_selector, name)
            else:
                outcome = _asked(rule, self.namespace_selector, namespace.labels, "namespace", namespace.name)
            self._by_namespace[key] = outcome
        return outcome

    def takes_pod(self, labels: Mapping[str, str]) -> _Outcome:
        key = tuple(map(labels.get, self._keys))
        outcome = self._by_labels.get(key)
        if outcome is None:
            outcome = _asked(f"objectSelector of {self.webhook.id}", self.object_selector, labels, "pod")
            self._by_labels[key] = outcome
        return outcome


class Judge:
    """Decides workload after workload against the same Namespaces and control planes."""

    def __init__(self, namespaces: Mapping[str, Namespace], meshes: Iterable[Mesh], settings: Settings) -> None:
        self._namespaces = namespaces
        self._meshes = tuple(meshes)
        self._settings = settings
        gates = [_Gate(webhook, mesh) for mesh in self._meshes for webhook in mesh.webhooks]
        # The API server calls configurations in the order of their names.
        self._gates = sorted(gates, key=lambda gate: gate.webhook.configuration)
        self._never = {id(mesh): _selectors(mesh, "neverInjectSelector") for mesh in self._meshes}
        self._always = {id(mesh): _selectors(mesh, "alwaysInjectSelector") for mesh in self._meshes}
        self._told: set[str] = set()
        self._by_labels = any(gate.asks(key) for gate in self._gates for key in ISTIO_LABELS)

    def decide(self, workload: Workload) -> Decision:
        if self._settings.method == "manual":
            return self._manual(workload)
        namespace = self._namespaces.get(workload.ref.namespace) if workload.ref.namespace else None
        return self._automatic(workload, namespace, ())

    # ------------------------------------------------------------ automatic

    def _automatic(self, workload: Workload, namespace: Namespace | None, results: tuple[Result, ...]) -> Decision:
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
        asked = (*matching, *undecided, *(gate for gate, _ in unknown))
        verdicts = {id(gate.mesh): self._verdict(workload, labels, gate.mesh) for gate in asked}
        sure = {id(gate.mesh) for gate in matching}
        doubts = [verdicts[id(gate.mesh)].unknown for gate in (*matching, *undecided)]
        doubts += [why for gate, why in unknown if id(gate.mesh) not in sure and _may_inject(verdicts[id(gate.mesh)])]
        if any(doubts):
            return self._unknown_label(workload, next(filter(None, doubts)), evidence, namespace, matching)
        if any(verdicts[id(gate.mesh)].inject for gate in undecided if id(gate.mesh) not in sure):
            return self._unknown_namespace(workload, evidence, matching)
        if not matching and not undecided:
            detail = _why_none(workload, labels, namespace)
            if not self._by_labels and labels.get(INJECT) != "false":
                # Webhooks that ask for other things: what the first of them misses is the better answer.
                failed = next((e.detail for e in evidence if e.outcome == "fails"), "there is no webhook")
                detail = f"no webhook matches: {failed}"
            return _decision(workload, False, Reason.NO_WEBHOOK_MATCHES, detail, evidence, namespace, results=results)
        return self._by_verdict(workload, matching or undecided, verdicts, evidence, namespace, results, matching)

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

    def _unknown_namespace(self, workload: Workload, evidence: list[Evidence], matching: list[_Gate]) -> Decision:
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
        return self._automatic(workload, Namespace(name, {NAME_LABEL: name} if name else {}, {}, "missing"), results)

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

    def _manual(self, workload: Workload) -> Decision:
        namespace = self._namespaces.get(workload.ref.namespace)
        mesh = control_plane(self._meshes, self._settings.revision)
        if mesh is None:
            result = _no_revision(workload, self._meshes, self._settings.revision)
            return _decision(workload, False, Reason.NO_CONTROL_PLANE, result.message, [], namespace, results=(result,))
        metadata = at(workload.object, manual_metadata(workload))
        pod = Pod(
            at(workload.object, workload.template),
            string_map(at(metadata, ("labels",))),
            string_map(at(metadata, ("annotations",))),
            str(at(metadata, ("namespace",)) or ""),  # the workload's own is not looked at
        )
        verdict = kube_inject_required(pod, mesh)
        return _decision(
            workload, verdict.inject, verdict.reason, verdict.detail, list(verdict.evidence), namespace, mesh=mesh
        )


def manual_metadata(workload: Workload) -> tuple[str, ...]:
    """Path of the metadata that kube-inject takes for the pod's: a CronJob's is its jobTemplate's (IntoObject)."""
    if workload.ref.kind == "CronJob" and workload.template[:2] == ("spec", "jobTemplate"):
        return ("spec", "jobTemplate", "metadata")
    return (*workload.template, "metadata")


def control_plane(meshes: Iterable[Mesh], revision: str) -> Mesh | None:
    """The control plane that no webhook names: the stated revision's, else "default"'s, else the only one."""
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


def _asked(rule: str, selector: selectors.Selector, labels: Mapping[str, str], on: str, name: str = "") -> _Outcome:
    """A selector and labels: what failed, or what held."""
    whose = f"Namespace {name}" if on == "namespace" else "the pod"
    open_ones = []
    for requirement in selector.requirements:
        opinion = requirement.opinion(labels)
        if opinion is None:
            open_ones.append(str(requirement))
        elif not opinion:
            value = labels.get(requirement.key)
            has = f"{requirement.key}={value}" if value is not None else f"no {requirement.key}"
            path = ("metadata", "labels", requirement.key) if value is not None else ()
            return _Outcome(False, Evidence(rule, "fails", f"{requirement}: {whose} has {has}", on, path))
    if selector.nothing:
        return _Outcome(False, Evidence(rule, "fails", "matches nothing"))
    if open_ones:
        return _Outcome(None, Evidence(rule, "unknown", f"depends on the label's value: {', '.join(open_ones)}"))
    held = next((r.key for r in selector.requirements if r.operator in ("=", "in", "exists")), None)
    path = ("metadata", "labels", held) if held else ()
    return _Outcome(True, Evidence(rule, "matches", str(selector) or "no requirement", on, path))


def _without_labels(rule: str, selector: selectors.Selector, name: str) -> _Outcome:
    """A namespaceSelector and a Namespace of which at most the name is known."""
    open_ones = []
    for requirement in selector.requirements:
        if requirement.key == NAME_LABEL and name:
            if not requirement.matches({NAME_LABEL: name}):
                return _Outcome(False, Evidence(rule, "fails", f"{requirement}: the Namespace is {name}"))
        else:
            open_ones.append(str(requirement))
    if selector.nothing:
        return _Outcome(False, Evidence(rule, "fails", "matches nothing"))
    if open_ones:
        return _Outcome(None, Evidence(rule, "unknown", f"depends on the Namespace's labels: {', '.join(open_ones)}"))
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
    return Decision(workload, injected, reason, detail, tuple(evidence), webhooks, webhook, mesh, namespace, results)


def _why_none(workload: Workload, labels: Mapping[str, str], namespace: Namespace | None) -> str:
    """Why no webhook matches, by the labels that Istio's webhooks ask for."""
    if labels.get(INJECT) == "false":
        return f"no webhook matches: label {INJECT}: false"
    stated = [f"{key}={namespace.labels[key]}" for key in ISTIO_LABELS if namespace and key in namespace.labels]
    name = f"Namespace {workload.ref.namespace}" if workload.ref.namespace else "the Namespace"
    pod = [f"{key}={labels[key]}" for key in (INJECT, "istio.io/rev") if key in labels]
    has = " and ".join(stated) or "neither istio-injection nor istio.io/rev"
    return f"no webhook matches: {name} has {has}" + (f", the pod {' and '.join(pod)}" if pod else "")


def _missing_namespace(workload: Workload, severity: str) -> Result:
    ref, name = workload.ref, workload.ref.namespace
    if not name:
        message = (
            f"{ref} names no Namespace, and whether it is injected depends on the Namespace's labels; give it "
            "metadata.namespace, set spec.defaultNamespace in the functionConfig, or use --namespace"
        )
        return Result(severity, message, ref, "metadata.namespace", code="namespace-missing")
    message = (
        f"Namespace {name} is not in the bundle, and whether {ref} is injected depends on its labels"
        f"{'; it is taken to have none' if severity == 'warning' else ''}. Add the Namespace to the bundle, or say in "
        "the functionConfig which labels it has in the cluster ({} for none):\n"
        f"spec:\n  namespaces:\n  - name: {name}\n    labels: {{istio-injection: enabled}}"
    )
    return Result(severity, message, ref, "metadata.namespace", name, code="namespace-missing")


def _unknown_value(workload: Workload, selector: str) -> Result:
    ref = workload.ref
    message = (
        f"whether {ref} is injected depends on the value of a label that its controller sets, which no manifest tells "
        f"({selector}). Let the selector ask for a label that the pod template has; that such a label is there, it may "
        "ask (operator Exists)"
    )
    return Result("error", message, ref, code="pod-label-unknown")


def _double(workload: Workload, gates: list[_Gate]) -> Result:
    named = " and ".join(f"{gate.webhook.id} (control plane {gate.mesh.revision})" for gate in gates)
    message = (
        f"{workload.ref} would be injected more than once: {named} all select it. Let the labels of the Namespace or "
        "of the pod name one control plane"
    )
    return Result("error", message, workload.ref, code="double-injection")


def _no_control_plane(workload: Workload, gate: _Gate) -> Result:
    revision = gate.mesh.revision
    suffix = "" if revision == "default" else f"-{revision}"
    message = (
        f"{workload.ref} is selected by {gate.webhook.id} of control plane {revision}, whose configuration is not "
        f"given; add the ConfigMaps istio-sidecar-injector{suffix} and istio{suffix} to the bundle"
    )
    return Result("error", message, workload.ref, code="control-plane-missing")


def _no_revision(workload: Workload, meshes: tuple[Mesh, ...], revision: str) -> Result:
    known = ", ".join(mesh.revision for mesh in meshes if mesh.source != "missing") or "none"
    wanted = f"revision {revision}" if revision else "revision default"
    message = f"there is no control plane of {wanted} for {workload.ref}; known are: {known}. State spec.revision"
    return Result("error", message, workload.ref, "spec.revision", revision, code="control-plane-missing")
