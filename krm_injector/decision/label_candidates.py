"""What the label of a pod or a Namespace may become, where an edit is to turn a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from krm_injector.istio_names import INJECTION_LABEL, REVISION_LABEL
from krm_injector.kube.paths import at
from krm_injector.model import Workload
from krm_injector.workload.controller import controller_labels

Revisions = Callable[[], Sequence[str]]  # called only where a selector asks for istio.io/rev

# Values of which the first that no selector names stands for all of those.
_UNNAMED = ("enabled", "true", "on", "other")


def candidate_values(
    key: str, named: Sequence[str], current: str | None, revisions: Revisions
) -> list[str | None]:
    """What a label may become, the likeliest first; None takes it off. ``named``: by selectors."""
    values = list(named)
    if key == REVISION_LABEL:
        first = [revision for revision in revisions() if revision in named]
        values = [*first, *(value for value in named if value not in first)]

    likely = [value for value in values if value != current]
    unnamed: list[str] = []
    if current is None or current in named:
        unnamed = [next((value for value in _UNNAMED if value not in named), "")]

    off: list[str | None] = [] if current is None else [None]
    if key == REVISION_LABEL:
        return [*likely, *off, *unnamed]
    if key != INJECTION_LABEL:
        return [*off, *likely, *unnamed]

    enabled = [value for value in (*likely, *unnamed) if value == "enabled"]
    others = [value for value in (*likely, *unnamed) if value != "enabled"]
    return [*enabled, *off, *others]


def inject_values(named: Sequence[str], current: str | None, opposite: str) -> list[str | None]:
    """What sidecar.istio.io/inject may become: the value that turns the verdict, then none, then
    the others.
    """
    first, *others = dict.fromkeys((opposite, "true", "false", *named))
    off: list[str | None] = [] if current is None else [None]
    values = [first, *off, *others]
    return [value for value in values if value is None or value != current]


def fixed_labels(workload: Workload) -> set[str]:
    """Labels of the pod that no edit of its template can set: those that the controller sets, and
    those by which it selects its pods.
    """
    labels = set(controller_labels(workload))
    selector = at(workload.object, ("spec", "selector"))
    if not isinstance(selector, dict) or not workload.template:
        return labels

    match_labels = selector.get("matchLabels")
    if isinstance(match_labels, dict):
        labels.update(match_labels)
    elif "matchLabels" not in selector and "matchExpressions" not in selector:
        labels.update(selector)  # a ReplicationController's is a plain map of labels

    expressions = selector.get("matchExpressions")
    for expression in expressions if isinstance(expressions, list) else ():
        key = at(expression, ("key",))
        if isinstance(key, str):
            labels.add(key)

    return labels
