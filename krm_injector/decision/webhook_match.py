"""Whether the API server calls a webhook for a pod: its namespaceSelector and objectSelector.

Source: k8s.io/apiserver pkg/admission/plugin/webhook/generic/webhook.go ShouldCallHook, and
predicates/namespace and predicates/object beside it.
"""

from __future__ import annotations

from krm_injector.discovery import webhooks
from krm_injector.istio_names import NAMESPACE_NAME_LABEL
from krm_injector.kube import selectors
from krm_injector.kube.paths import Path
from krm_injector.kube.selectors import Requirement, Selector
from krm_injector.model import Evidence, Mesh, Namespace, Object, Webhook
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal


class Match(NamedTuple):
    """What one selector says about labels."""

    matches: bool | None  # None: it depends on labels or values that nobody knows
    evidence: Evidence


class Miss(NamedTuple):
    """A requirement of a webhook that does not hold."""

    requirement: Requirement
    on: Literal["namespace", "pod"]
    value: str | None  # the label's; None if it is absent

    @property
    def state(self) -> str:
        """The label as it is: "istio-injection=disabled", "no istio-injection"."""
        return label_state(self.requirement.key, self.value)


class WebhookMatcher:
    """One webhook with its selectors parsed. Remembers its answers: most pods of a bundle are alike
    to a selector.
    """

    def __init__(self, webhook: Webhook, mesh: Mesh) -> None:
        self.webhook = webhook
        self.mesh = mesh
        self.served = webhooks.is_served(webhook.path, mesh.rules)
        self.namespace_selector = _parsed(webhook.namespace_selector)
        self.object_selector = _parsed(webhook.object_selector)
        self.object_keys = tuple(r.key for r in self.object_selector.requirements)

        # A Namespace by its identity: one name may stand for several, where labels are tried. It is
        # kept beside the answer, so that no other object gets its id.
        self._by_namespace: dict[int | str, tuple[Match, Namespace | None]] = {}
        self._by_labels: dict[tuple[str | None, ...], Match] = {}

    @property
    def can_match(self) -> bool:
        """Whether there is a pod that both selectors match."""
        return not (self.namespace_selector.nothing or self.object_selector.nothing)

    def match_namespace(self, namespace: Namespace | None, name: str) -> Match:
        """What the namespaceSelector says. ``namespace``: None if nobody states its labels."""
        key = name if namespace is None else id(namespace)
        answer = self._by_namespace.get(key)
        if answer is not None:
            return answer[0]

        rule = f"namespaceSelector of {self.webhook.id}"
        if namespace is None:
            match = _match_name(rule, self.namespace_selector, name)
        else:
            subject = namespace_subject(namespace)
            match = _match_labels(
                rule, self.namespace_selector, namespace.labels, "namespace", subject
            )

        self._by_namespace[key] = (match, namespace)
        return match

    def match_pod(self, labels: Mapping[str, str]) -> Match:
        """What the objectSelector says; some values may be selectors.UNKNOWN."""
        key = tuple(map(labels.get, self.object_keys))
        match = self._by_labels.get(key)
        if match is None:
            rule = f"objectSelector of {self.webhook.id}"
            match = _match_labels(rule, self.object_selector, labels, "pod", "the pod")
            self._by_labels[key] = match

        return match

    def misses(
        self, namespace: Namespace | None, name: str, labels: Mapping[str, str]
    ) -> list[Miss]:
        """The requirements that do not hold. Of a Namespace that nobody describes, its name alone
        decides any.
        """
        misses: list[Miss] = []
        namespace_labels = {NAMESPACE_NAME_LABEL: name} if namespace is None else namespace.labels
        for requirement in self.namespace_selector.requirements:
            is_known = namespace is not None or requirement.key == NAMESPACE_NAME_LABEL
            if is_known and not requirement.matches(namespace_labels):
                value = namespace_labels.get(requirement.key)
                misses.append(Miss(requirement, "namespace", value))

        for requirement in self.object_selector.requirements:
            if not requirement.matches(labels):
                misses.append(Miss(requirement, "pod", labels.get(requirement.key)))

        return misses


def namespace_subject(namespace: Namespace) -> str:
    """A Namespace as the subject of "has"."""
    name = f"Namespace {namespace.name}" if namespace.name else "the Namespace"
    return f"{name}, taken to have no labels," if namespace.source == "missing" else name


def label_state(key: str, value: str | None) -> str:
    """A label as the object of "has"."""
    return f"no {key}" if value is None else f"{key}={value}"


def _parsed(selector: Object | None) -> Selector:
    """A webhook's selector; one that does not parse matches nothing (discovery has refused it)."""
    try:
        return selectors.parse_webhook(selector)
    except selectors.SelectorError:
        return selectors.NOTHING


def _match_labels(
    rule: str,
    selector: Selector,
    labels: Mapping[str, str],
    on: Literal["namespace", "pod"],
    subject: str,
) -> Match:
    """A selector and labels: the first requirement that fails, or what holds."""
    open_requirements = []
    for requirement in selector.requirements:
        matches = requirement.opinion(labels)
        if matches is None:
            open_requirements.append(str(requirement))
        elif not matches:
            return _failed(rule, requirement, labels, on, subject)

    if selector.nothing:
        return Match(False, Evidence(rule, "fails", "matches nothing"))
    if open_requirements:
        detail = f"depends on the label's value: {', '.join(open_requirements)}"
        return Match(None, Evidence(rule, "unknown", detail))

    path: Path = ()
    for requirement in selector.requirements:
        if requirement.operator in ("=", "in", "exists"):  # the first that some label fulfils
            path = ("metadata", "labels", requirement.key)
            break

    return Match(True, Evidence(rule, "matches", str(selector) or "no requirement", on, path))


def _failed(
    rule: str,
    requirement: Requirement,
    labels: Mapping[str, str],
    on: Literal["namespace", "pod"],
    subject: str,
) -> Match:
    key, value = requirement.key, labels.get(requirement.key)
    path = ("metadata", "labels", key) if value is not None else ()
    detail = f"{requirement}: {subject} has {label_state(key, value)}"
    return Match(False, Evidence(rule, "fails", detail, on, path))


def _match_name(rule: str, selector: Selector, name: str) -> Match:
    """A namespaceSelector and a Namespace of which at most the name is known."""
    open_requirements = []
    for requirement in selector.requirements:
        if requirement.key != NAMESPACE_NAME_LABEL or not name:
            open_requirements.append(str(requirement))
        elif not requirement.matches({NAMESPACE_NAME_LABEL: name}):
            return Match(False, Evidence(rule, "fails", f"{requirement}: the Namespace is {name}"))

    if selector.nothing:
        return Match(False, Evidence(rule, "fails", "matches nothing"))
    if open_requirements:
        detail = f"depends on the Namespace's labels: {', '.join(open_requirements)}"
        return Match(None, Evidence(rule, "unknown", detail))

    return Match(True, Evidence(rule, "matches", str(selector) or "no requirement"))
