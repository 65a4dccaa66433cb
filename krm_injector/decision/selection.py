"""Which webhooks the API server calls for a pod."""

from __future__ import annotations

from krm_injector.decision.webhook_match import WebhookMatcher
from krm_injector.model import Decision, Evidence, Mesh, Namespace, Reason, Result, Workload
from krm_injector.workload.controller import pod_labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Selection:
    """What the webhooks' selectors say about one pod."""

    __slots__ = (
        "evidence",
        "labels",
        "matching",
        "namespace",
        "open_by_label",
        "open_by_namespace",
        "workload",
    )

    def __init__(
        self, workload: Workload, labels: Mapping[str, str], namespace: Namespace | None
    ) -> None:
        self.workload = workload
        self.labels = labels  # of the pod at admission
        self.namespace = namespace  # None: nobody states its labels
        self.evidence: list[Evidence] = []
        self.matching: list[WebhookMatcher] = []
        # Those that match, should the Namespace have the labels that they ask for.
        self.open_by_namespace: list[WebhookMatcher] = []
        # Those that match, should a label of the pod have the value that they ask for; in words.
        self.open_by_label: list[tuple[WebhookMatcher, str]] = []

    def decision(
        self,
        injected: bool,
        reason: Reason,
        detail: str,
        results: tuple[Result, ...] = (),
        mesh: Mesh | None = None,
        matcher: WebhookMatcher | None = None,
    ) -> Decision:
        """The Decision for the pod. ``matcher``: of the webhook whose control plane decides."""
        return Decision(
            workload=self.workload,
            injected=injected,
            reason=reason,
            detail=detail,
            evidence=tuple(self.evidence),
            webhooks=tuple(each.webhook.id for each in self.matching),
            webhook=matcher.webhook if matcher else None,
            mesh=mesh,
            namespace=self.namespace,
            results=results,
        )


def select(
    workload: Workload, namespace: Namespace | None, matchers: Iterable[WebhookMatcher]
) -> Selection:
    """Asks the selectors of every webhook. ``namespace``: None if nobody states its labels."""
    labels = pod_labels(workload)
    selection = Selection(workload, labels, namespace)
    for matcher in matchers:
        by_namespace = matcher.match_namespace(namespace, workload.ref.namespace)
        by_pod = matcher.match_pod(labels)
        selection.evidence.append(by_namespace.evidence)
        selection.evidence.append(by_pod.evidence)

        if by_namespace.matches is False or by_pod.matches is False:
            continue
        if by_pod.matches is None:
            question = f"{by_pod.evidence.rule}: {by_pod.evidence.detail}"
            selection.open_by_label.append((matcher, question))
        elif by_namespace.matches is None:
            selection.open_by_namespace.append(matcher)
        else:
            selection.matching.append(matcher)

    return selection
