"""Why no webhook matches a pod, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.decision.webhook_match import Miss, namespace_subject
from krm_injector.istio_names import INJECT, INJECTION_LABEL, REVISION_LABEL
from krm_injector.model import Namespace

_NAMESPACE_KEYS = (INJECTION_LABEL, REVISION_LABEL)
_ISTIO_KEYS = (*_NAMESPACE_KEYS, INJECT)


def explain_no_match(namespace: Namespace | None, misses: Sequence[list[Miss]]) -> str:
    """What the webhook that comes nearest misses.

    ``misses``: of each webhook that can match at all. Of several that come as near, the one counts
    that misses by a label that the Namespace has.
    """
    if not misses:
        return "no webhook matches: there is none that could match"

    fewest = min(map(len, misses))
    nearest = [of_webhook for of_webhook in misses if len(of_webhook) == fewest]
    chosen = next(filter(_misses_by_namespace_value, nearest), nearest[0])
    if any(_is_opted_out(miss) for miss in chosen):
        return f"no webhook matches: label {INJECT}: false"
    if all(miss.requirement.key in _ISTIO_KEYS for miss in chosen):
        return f"no webhook matches: {_in_istio_labels(namespace, chosen, nearest)}"

    clauses = (
        f"{miss.requirement}: {_subject(miss, namespace)} has {miss.state}" for miss in chosen
    )
    return f"no webhook matches: {'; '.join(clauses)}"


def _misses_by_namespace_value(misses: list[Miss]) -> bool:
    return any(miss.on == "namespace" and miss.value is not None for miss in misses)


def _is_opted_out(miss: Miss) -> bool:
    return miss.on == "pod" and miss.requirement.key == INJECT and miss.value == "false"


def _in_istio_labels(
    namespace: Namespace | None, chosen: list[Miss], nearest: Sequence[list[Miss]]
) -> str:
    """The misses of a webhook as Istio's own, in terms of its labels."""
    near: list[Miss] = []
    for misses in nearest:
        near += [miss for miss in misses if miss.requirement.key in _ISTIO_KEYS]

    pod_states = dict.fromkeys(
        miss.state for miss in near if miss.on == "pod" and miss.value is not None
    )
    on_namespace = [miss for miss in chosen if miss.on == "namespace"]
    if _has_no_istio_label(namespace) and any(miss.on == "namespace" for miss in near):
        sentence = _no_istio_label(namespace)
    elif on_namespace:
        # What is there comes before what is not.
        states = sorted(
            (miss.state for miss in on_namespace), key=lambda state: state.startswith("no ")
        )
        sentence = f"{_namespace_subject(namespace)} has {' and '.join(states)}"
    else:
        states = list(pod_states) or [miss.state for miss in chosen]
        return f"the pod has {' and '.join(states)}"

    return f"{sentence}, the pod {' and '.join(pod_states)}" if pod_states else sentence


def _has_no_istio_label(namespace: Namespace | None) -> bool:
    return namespace is None or not any(key in namespace.labels for key in _NAMESPACE_KEYS)


def _no_istio_label(namespace: Namespace | None) -> str:
    if namespace is not None and namespace.source == "missing":
        name = namespace_subject(namespace._replace(source=""))
        return f"{name} is not in the bundle and taken to have no labels"
    return f"{_namespace_subject(namespace)} has neither {INJECTION_LABEL} nor {REVISION_LABEL}"


def _subject(miss: Miss, namespace: Namespace | None) -> str:
    return "the pod" if miss.on == "pod" else _namespace_subject(namespace)


def _namespace_subject(namespace: Namespace | None) -> str:
    return namespace_subject(namespace) if namespace else "the Namespace"
