"""The pod's own rules, as one istiod asks them after a webhook has called it.

Source: pkg/kube/inject/inject.go injectRequired; for istioctl kube-inject IntoObject.
"""

from __future__ import annotations

from krm_injector.istio_names import INJECT, PROXY_CONTAINER, STATUS_ANNOTATION
from krm_injector.kube import selectors
from krm_injector.kube.paths import Path, at
from krm_injector.model import Evidence, Mesh, Object, Reason
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Literal

# A parsed selector; None for one that does not parse: Istio logs that and goes on.
ParsedSelector = selectors.Selector | None

# A selector of which only the cluster knows whether it matches, by the value of a label: the
# verdict that it would give, and the selector in words.
OpenSelector = tuple[bool, str]

_HOST_NETWORK = ("spec", "hostNetwork")
_POLICY = ("data", "config", "policy")
_YES = ("y", "yes", "true", "on")  # YAML 1.1, in lower case


class Pod(NamedTuple):
    """A pod as an injector sees it."""

    template: Object
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    namespace: str


class Verdict(NamedTuple):
    """What the pod's own rules say under one control plane."""

    inject: bool
    reason: Reason
    detail: str
    evidence: tuple[Evidence, ...]
    # The selector that would turn the verdict, where it depends on the unknown value of a label
    # whether it matches.
    unknown: str = ""


def inject_required(
    pod: Pod,
    mesh: Mesh,
    policy: Any,
    never: tuple[ParsedSelector, ...],
    always: tuple[ParsedSelector, ...],
) -> Verdict:
    """istiod's verdict: the first of Istio's rules, in Istio's order, that has an opinion.

    ``never`` and ``always`` are neverInjectSelector and alwaysInjectSelector of the injection
    configuration.
    """
    asked: list[Evidence] = []
    return (
        _host_network(pod, asked)
        or _ignored_namespace(pod, mesh.rules, asked)
        or _illegal_policy(policy, asked)
        or _label_or_annotation(pod, mesh.rules, asked)
        or _selectors_then_policy(pod, policy, never, always, asked)
    )


def kube_inject_required(pod: Pod, mesh: Mesh) -> Verdict:
    """istioctl kube-inject's verdict (inject.go IntoObject): no webhook, Namespace or policy has a
    say.
    """
    rules = mesh.rules
    on_host_network = at(pod.template, _HOST_NETWORK) is True
    if not on_host_network and _has_sidecar(pod, rules.manual_skips_injected):
        detail = f"the pod has a container {PROXY_CONTAINER}"
        return _verdict([], False, Reason.ALREADY_INJECTED, "earlier injection", detail)

    if on_host_network or rules.manual_asks:
        return inject_required(pod, mesh, "enabled", (), ())

    asked: list[Evidence] = []
    _host_network(pod, asked)
    detail = "istioctl kube-inject of this version asks nothing else"
    return _verdict(asked, True, Reason.KUBE_INJECT, "kube-inject", detail)


def _has_sidecar(pod: Pod, rule: str) -> bool:
    """Whether kube-inject takes the pod for injected: istio-proxy stands beside another container.

    ``rule`` is Rules.manual_skips_injected.
    """
    if not rule or (rule == "by status" and STATUS_ANNOTATION not in pod.annotations):
        return False

    containers = at(pod.template, ("spec", "containers"))
    if not isinstance(containers, list) or len(containers) < 2:
        return False
    return any(at(container, ("name",)) == PROXY_CONTAINER for container in containers)


# ---------------------------------------------------------------- Istio's rules, in their order
#
# Each gives its verdict, or None after it has noted in ``asked`` that it has no opinion.


def _host_network(pod: Pod, asked: list[Evidence]) -> Verdict | None:
    rule = "host network"
    if at(pod.template, _HOST_NETWORK) is True:
        detail = "spec.hostNetwork: true"
        return _verdict(asked, False, Reason.HOST_NETWORK, rule, detail, "pod", _HOST_NETWORK)

    asked.append(Evidence(rule, "no opinion", "the pod has a network of its own"))
    return None


def _ignored_namespace(pod: Pod, rules: Rules, asked: list[Evidence]) -> Verdict | None:
    rule = "ignored namespaces"
    if pod.namespace in rules.ignored_namespaces:
        detail = f"Namespace {pod.namespace} is never injected"
        return _verdict(asked, False, Reason.IGNORED_NAMESPACE, rule, detail)

    detail = "the pod has no Namespace"
    if pod.namespace:
        detail = f"Namespace {pod.namespace} is not among them"

    asked.append(Evidence(rule, "no opinion", detail))
    return None


def _illegal_policy(policy: Any, asked: list[Evidence]) -> Verdict | None:
    if policy in ("enabled", "disabled"):
        return None

    detail = f"policy is {policy}: neither enabled nor disabled"
    return _verdict(asked, False, Reason.POLICY_ILLEGAL, "policy", detail, "mesh", _POLICY)


def _label_or_annotation(pod: Pod, rules: Rules, asked: list[Evidence]) -> Verdict | None:
    """sidecar.istio.io/inject: the label (1.12+) if it is there at all, even empty; else the
    annotation.
    """
    value, reason, place = pod.annotations.get(INJECT), Reason.ANNOTATION, "annotation"
    if rules.inject_label and INJECT in pod.labels:
        value, reason, place = pod.labels[INJECT], Reason.LABEL, "label"

    if value is None:
        asked.append(Evidence(f"label or annotation {INJECT}", "no opinion", "absent"))
        return None

    path = ("metadata", f"{place}s", INJECT)
    inject = _truth(value, rules.inject_value_strict)
    if inject is not None:
        return _verdict(asked, inject, reason, place, f"{place} {INJECT}: {value}", "pod", path)

    asked.append(Evidence(f"{place} {INJECT}", "no opinion", f'"{value}"', "pod", path))
    return None


def _truth(value: str, strict: bool) -> bool | None:
    """The truth of sidecar.istio.io/inject, None for no opinion.

    ``strict`` (1.27+): anything but "true" and "false" is no opinion; before, it is false.
    """
    if not value or not isinstance(value, str):
        return None
    if strict:
        return {"true": True, "false": False}.get(value)
    return value.lower() in _YES


def _selectors_then_policy(
    pod: Pod,
    policy: str,
    never: tuple[ParsedSelector, ...],
    always: tuple[ParsedSelector, ...],
    asked: list[Evidence],
) -> Verdict:
    open_selectors: list[OpenSelector] = []
    verdict = (
        _first_match("neverInjectSelector", never, pod.labels, asked, open_selectors)
        or _first_match("alwaysInjectSelector", always, pod.labels, asked, open_selectors)
        or _policy(policy, asked)
    )
    # A selector that was asked before, and would turn the verdict should it match.
    for inject, detail in open_selectors:
        if inject is not verdict.inject:
            return verdict._replace(unknown=detail)

    return verdict


_OF_SELECTORS = {  # field: the verdict where one of them matches, and its reason
    "neverInjectSelector": (False, Reason.NEVER_INJECT_SELECTOR),
    "alwaysInjectSelector": (True, Reason.ALWAYS_INJECT_SELECTOR),
}


def _first_match(
    field: str,
    parsed: tuple[ParsedSelector, ...],
    labels: Mapping[str, str],
    asked: list[Evidence],
    open_selectors: list[OpenSelector],
) -> Verdict | None:
    """The verdict of the first selector that matches. One without requirements counts for nothing
    (metav1.LabelSelector would match everything; inject.go skips it).
    """
    inject, reason = _OF_SELECTORS[field]
    for index, selector in enumerate(parsed):
        if selector is None or selector.empty:
            continue

        matches = selector.opinion(labels)
        if matches is False:
            continue

        detail = f"{field}[{index}]: {selector}"
        if matches:
            path = ("data", "config", field)
            return _verdict(asked, inject, reason, field, detail, "mesh", path)

        open_selectors.append((inject, detail))

    asked.append(Evidence(field, "no opinion", f"none of {len(parsed)} matches"))
    return None


def _policy(policy: str, asked: list[Evidence]) -> Verdict:
    inject, detail = policy == "enabled", f"policy: {policy}"
    return _verdict(asked, inject, Reason.POLICY, "policy", detail, "mesh", _POLICY)


def _verdict(
    asked: Iterable[Evidence],
    inject: bool,
    reason: Reason,
    rule: str,
    detail: str,
    on: Literal["pod", "mesh", ""] = "",
    path: Path = (),
) -> Verdict:
    """The verdict of the rule that decides, after those that were asked before it."""
    decisive = Evidence(rule, "inject" if inject else "skip", detail, on, path)
    return Verdict(inject, reason, detail, (*asked, decisive))
