"""(Workload, Namespaces, control planes) -> Decision: verdict, reason and evidence.

There are two layers. First the API server asks the namespaceSelector and the objectSelector of
every webhook (webhook_match). Then the istiod behind a webhook that matches asks the pod's own
rules (pod_rules; pkg/kube/inject/inject.go injectRequired). `istioctl kube-inject` knows the second
layer only (kube_inject).
"""

from __future__ import annotations

from krm_injector.decision import problems
from krm_injector.decision.pod_rules import ParsedSelector, Pod, Verdict, inject_required
from krm_injector.decision.selection import Selection, select
from krm_injector.decision.webhook_match import WebhookMatcher
from krm_injector.function_config import Settings
from krm_injector.istio_names import NAMESPACE_NAME_LABEL
from krm_injector.kube import selectors
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Mesh, Namespace, Reason, Result, Workload
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def decide(
    workload: Workload,
    namespaces: Mapping[str, Namespace],
    meshes: Iterable[Mesh],
    settings: Settings,
) -> Decision:
    """One workload's Decision. Raises nothing: if there is no verdict, an error among the
    Decision's results says why.
    """
    return Decider(namespaces, meshes, settings).decide(workload)


def decide_all(
    workloads: Iterable[Workload],
    namespaces: Mapping[str, Namespace],
    meshes: Iterable[Mesh],
    settings: Settings,
) -> list[Decision]:
    """The Decisions of a bundle, in order. A missing Namespace is reported with its first workload
    only.
    """
    judge = Decider(namespaces, meshes, settings)
    return [judge.decide(workload) for workload in workloads]


class SelectorValues(NamedTuple):
    """The values of labels that selectors tell apart, by key; all others are alike to them."""

    namespace: Mapping[str, tuple[str, ...]]
    pod: Mapping[str, tuple[str, ...]]


class Decider:
    """Decides workload after workload against the same Namespaces and control planes.

    Control planes are known by their revision, which is unique in a run.
    """

    def __init__(
        self, namespaces: Mapping[str, Namespace], meshes: Iterable[Mesh], settings: Settings
    ) -> None:
        self._namespaces = namespaces
        self._meshes = tuple(meshes)
        self._settings = settings

        self._matchers = [
            WebhookMatcher(webhook, mesh) for mesh in self._meshes for webhook in mesh.webhooks
        ]
        # The API server calls configurations in the order of their names.
        self._matchers.sort(key=lambda matcher: matcher.webhook.configuration)
        self._all_served = all(matcher.served for matcher in self._matchers)

        self._never: dict[str, tuple[ParsedSelector, ...]] = {}
        self._always: dict[str, tuple[ParsedSelector, ...]] = {}
        for mesh in self._meshes:
            self._never[mesh.revision] = _parsed(mesh, "neverInjectSelector")
            self._always[mesh.revision] = _parsed(mesh, "alwaysInjectSelector")

        self._object_keys = tuple(
            dict.fromkeys(key for matcher in self._matchers for key in matcher.object_keys)
        )
        self._no_match_details: dict[tuple[int | str, tuple[str | None, ...]], str] = {}
        self._unlabelled_namespaces: dict[str, Namespace] = {}  # stand for missing ones
        self._reported_namespaces: set[str] = set()

    def decide(self, workload: Workload) -> Decision:
        """The workload's Decision in the Namespace that it has."""
        namespace = self._namespaces.get(workload.ref.namespace) if workload.ref.namespace else None
        return self.decide_in(workload, namespace)

    def decide_in(self, workload: Workload, namespace: Namespace | None) -> Decision:
        """As decide(), with that Namespace in the place of the one it has."""
        if self._settings.method == "manual":
            from krm_injector.decision.kube_inject import decide_manual  # hardly ever the method

            return decide_manual(workload, namespace, self._meshes, self._settings.revision)
        return self._automatic(workload, namespace, ())

    def takes(self, key: str, value: str) -> bool:
        """Whether some webhook asks Namespaces for a label, and would accept that value of it."""
        for matcher in self._matchers:
            for requirement in matcher.namespace_selector.requirements:
                if requirement.key != key or requirement.operator == "!":
                    continue
                if requirement.matches({key: value}):
                    return True

        return False

    def selector_values(self) -> SelectorValues:
        """What the selectors of the webhooks and of the injection configurations ask for."""
        of_namespaces = [matcher.namespace_selector for matcher in self._matchers]
        of_pods = [matcher.object_selector for matcher in self._matchers]
        for parsed in (*self._never.values(), *self._always.values()):
            of_pods += [selector for selector in parsed if selector]

        return SelectorValues(_values(of_namespaces), _values(of_pods))

    # ---------------------------------------------------------------- the method "automatic"

    def _automatic(
        self, workload: Workload, namespace: Namespace | None, results: tuple[Result, ...]
    ) -> Decision:
        """What a cluster decides. ``results``: what is reported about the workload already."""
        # First layer: the API server asks the selectors of every webhook.
        selection = select(workload, namespace, self._matchers)
        if not self._all_served:
            decision = self._unserved(selection, results)
            if decision is not None:
                return decision

        # Second layer: each istiod that is called asks the pod's own rules.
        verdicts = self._verdicts(selection)
        open_label = _open_label(selection, verdicts)
        if open_label:
            return self._unknown_label(selection, open_label)
        if _depends_on_namespace(selection, verdicts):
            return self._unknown_namespace(selection)

        if not selection.matching and not selection.open_by_namespace:
            detail = self._no_match_detail(selection)
            return selection.decision(False, Reason.NO_WEBHOOK_MATCHES, detail, results)

        return self._by_verdicts(selection, verdicts, results)

    def _unserved(self, selection: Selection, results: tuple[Result, ...]) -> Decision | None:
        """The Decision where a webhook calls istiod on a path that it does not serve, or may do so;
        None if none does.
        """
        for matcher in selection.matching:
            if not matcher.served:
                return _refused_by_api_server(selection, matcher, results)

        if not all(matcher.served for matcher in selection.open_by_namespace):
            return self._unknown_namespace(selection)

        for matcher, question in selection.open_by_label:
            if not matcher.served:
                return self._unknown_label(selection, question)

        return None

    def _verdicts(self, selection: Selection) -> dict[str, Verdict]:
        """The verdict of every istiod that is called or may be, by revision."""
        verdicts: dict[str, Verdict] = {}
        open_by_label = [matcher for matcher, _ in selection.open_by_label]
        for matcher in (*selection.matching, *selection.open_by_namespace, *open_by_label):
            mesh = matcher.mesh
            if mesh.revision not in verdicts:
                verdicts[mesh.revision] = self._verdict(selection, mesh)

        return verdicts

    def _verdict(self, selection: Selection, mesh: Mesh) -> Verdict:
        workload = selection.workload
        template = at(workload.object, workload.template)
        annotations = string_map(at(template, ("metadata", "annotations")))
        pod = Pod(template, selection.labels, annotations, workload.ref.namespace)

        policy = "enabled" if mesh.source == "missing" else mesh.config.get("policy")
        never, always = self._never[mesh.revision], self._always[mesh.revision]
        return inject_required(pod, mesh, policy, never, always)

    def _by_verdicts(
        self,
        selection: Selection,
        verdicts: dict[str, Verdict],
        results: tuple[Result, ...],
    ) -> Decision:
        """The Decision where at least one webhook sends the pod to an istiod.

        If no webhook matches, those count that may match: none of their control planes injects,
        whatever labels the Namespace has, and the first one's reason is given.
        """
        called = selection.matching or selection.open_by_namespace
        revisions = list(dict.fromkeys(matcher.mesh.revision for matcher in called))
        for revision in revisions:
            selection.evidence.extend(verdicts[revision].evidence)

        injecting = [revision for revision in revisions if verdicts[revision].inject]
        revision = injecting[0] if injecting else revisions[0]
        verdict = verdicts[revision]
        matcher = next(each for each in called if each.mesh.revision == revision)
        if len(injecting) > 1:
            twice = [each for each in called if each.mesh.revision in injecting]
            results = (*results, problems.double_injection(selection.workload, twice))

        injected, reason, detail = verdict.inject, verdict.reason, verdict.detail
        if injected and matcher.mesh.source == "missing":
            results = (*results, problems.missing_control_plane(selection.workload, matcher))
            injected, reason = False, Reason.NO_CONTROL_PLANE
            detail = f"the configuration of control plane {revision} is not in the bundle"

        webhook_matcher = matcher if selection.matching else None
        return selection.decision(injected, reason, detail, results, matcher.mesh, webhook_matcher)

    def _no_match_detail(self, selection: Selection) -> str:
        """Why no webhook matches: the same for all pods that are alike to the webhooks."""
        namespace, name = selection.namespace, selection.workload.ref.namespace
        labels = selection.labels
        namespace_key = name if namespace is None else id(namespace)
        key = (namespace_key, tuple(map(labels.get, self._object_keys)))
        detail = self._no_match_details.get(key)
        if detail is None:
            # Late: where all pods are injected, nobody pays for it.
            from krm_injector.decision.no_match import explain_no_match

            misses = [
                matcher.misses(namespace, name, labels)
                for matcher in self._matchers
                if matcher.can_match
            ]
            detail = explain_no_match(namespace, misses)
            self._no_match_details[key] = detail

        return detail

    # ---------------------------------------------------------------- what nobody knows

    def _unknown_namespace(self, selection: Selection) -> Decision:
        """The verdict depends on the labels of a Namespace that nobody describes."""
        workload, name = selection.workload, selection.workload.ref.namespace
        on_missing = self._settings.on_missing_namespace
        results: tuple[Result, ...] = ()
        if on_missing != "ignore" and name not in self._reported_namespaces:
            self._reported_namespaces.add(name)
            results = (problems.missing_namespace(workload, on_missing == "error"),)

        if on_missing == "error":
            detail = f"Namespace {name} is not in the bundle" if name else "it names no Namespace"
            return selection.decision(False, Reason.NAMESPACE_UNKNOWN, detail, results)

        return self._automatic(workload, self._without_labels(name), results)

    def _without_labels(self, name: str) -> Namespace:
        """A missing Namespace, taken to have no labels; the same object for the same name."""
        namespace = self._unlabelled_namespaces.get(name)
        if namespace is None:
            labels = {NAMESPACE_NAME_LABEL: name} if name else {}
            namespace = Namespace(name, labels, {}, "missing")
            self._unlabelled_namespaces[name] = namespace

        return namespace

    def _unknown_label(self, selection: Selection, question: str) -> Decision:
        """The verdict depends on the value of a label that the pod's controller sets."""
        result = problems.unknown_label_value(selection.workload, question)
        detail = f"it depends on a label's value that only the cluster knows: {question}"
        return selection.decision(False, Reason.POD_LABEL_UNKNOWN, detail, (result,))


def _refused_by_api_server(
    selection: Selection, matcher: WebhookMatcher, results: tuple[Result, ...]
) -> Decision:
    """The Decision where the API server cannot ask istiod, and by failurePolicy Fail refuses the
    pod.
    """
    webhook = matcher.webhook
    detail = f"{webhook.id} asks istiod for {webhook.path}, which it does not serve (404)"
    problem = problems.unserved_path(selection.workload, matcher, detail)
    return selection.decision(
        False, Reason.NO_CONTROL_PLANE, detail, (*results, problem), matcher.mesh
    )


def _open_label(selection: Selection, verdicts: dict[str, Verdict]) -> str:
    """The selector on which the verdict depends because of a label's unknown value; "" if it
    depends on none.

    A selector of the injection configuration comes before one of a webhook.
    """
    for matcher in (*selection.matching, *selection.open_by_namespace):
        verdict = verdicts[matcher.mesh.revision]
        if verdict.unknown:
            return verdict.unknown

    called = {matcher.mesh.revision for matcher in selection.matching}
    for matcher, question in selection.open_by_label:
        verdict = verdicts[matcher.mesh.revision]
        if matcher.mesh.revision not in called and (verdict.inject or verdict.unknown):
            return question

    return ""


def _depends_on_namespace(selection: Selection, verdicts: dict[str, Verdict]) -> bool:
    """Whether a control plane injects only if the unknown Namespace has the right labels."""
    if not selection.open_by_namespace:
        return False

    called = {matcher.mesh.revision for matcher in selection.matching}
    return any(
        verdicts[matcher.mesh.revision].inject and matcher.mesh.revision not in called
        for matcher in selection.open_by_namespace
    )


def _parsed(mesh: Mesh, field: str) -> tuple[ParsedSelector, ...]:
    """The selectors of an injection configuration."""
    parsed: list[ParsedSelector] = []
    for selector in mesh.config.get(field) or ():
        try:
            parsed.append(selectors.parse(selector))
        except selectors.SelectorError:
            parsed.append(None)

    return tuple(parsed)


def _values(parsed: Iterable[selectors.Selector]) -> dict[str, tuple[str, ...]]:
    """The values that selectors name, by key, each once and in their order."""
    values: dict[str, dict[str, None]] = {}
    for selector in parsed:
        for requirement in selector.requirements:
            values.setdefault(requirement.key, {}).update(dict.fromkeys(requirement.values))

    return {key: tuple(named) for key, named in values.items()}
