"""The pod's own rules, as one istiod asks them: pkg/kube/inject/inject.go injectRequired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.model import Evidence, Mesh, Object, Reason

if TYPE_CHECKING:
    from krm_injector.model import FieldOwner

INJECT = "sidecar.istio.io/inject"
STATUS = "sidecar.istio.io/status"


class Verdict(NamedTuple):
    """What the pod's own rules say under one control plane."""

    inject: bool
    reason: Reason
    detail: str
    evidence: tuple[Evidence, ...]
    # the selector whose opinion, which would turn the verdict, depends on a label's unknown value
    unknown: str = ""


class Pod(NamedTuple):
    template: Object
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    namespace: str


_HOST_NETWORK = ("spec", "hostNetwork")
_POLICY = ("data", "config", "policy")
_YES = ("y", "yes", "true", "on")


def inject_required(
    pod: Pod,
    mesh: Mesh,
    policy: Any,
    never: tuple[selectors.Selector | None, ...],
    always: tuple[selectors.Selector | None, ...],
) -> Verdict:
    """istiod's verdict, rule after rule in Istio's order (pkg/kube/inject/inject.go
    injectRequired).
    """
    if at(pod.template, ("spec", "hostNetwork")) is True:
        return _verdict(
            [],
            False,
            Reason.HOST_NETWORK,
            "host network",
            "spec.hostNetwork: true",
            "pod",
            _HOST_NETWORK,
        )

    asked = [Evidence("host network", "no opinion", "the pod has a network of its own")]
    if pod.namespace in mesh.rules.ignored_namespaces:
        detail = f"Namespace {pod.namespace} is never injected"
        return _verdict(asked, False, Reason.IGNORED_NAMESPACE, "ignored namespaces", detail)

    where = (
        f"Namespace {pod.namespace} is not among them"
        if pod.namespace
        else "the pod has no Namespace"
    )
    asked.append(Evidence("ignored namespaces", "no opinion", where))
    if policy not in ("enabled", "disabled"):
        detail = f"policy is {policy}: neither enabled nor disabled"
        return _verdict(asked, False, Reason.POLICY_ILLEGAL, "policy", detail, "mesh", _POLICY)

    stated, reason, place = _stated(pod, mesh.rules.inject_label)
    opinion = _opinion(stated, mesh.rules.inject_value_strict)
    if opinion is not None:
        return _verdict(
            asked, opinion, reason, place, f"{place} {INJECT}: {stated}", "pod", _written(place)
        )

    if stated is None:
        asked.append(Evidence(f"label or annotation {INJECT}", "no opinion", "absent"))
    else:
        asked.append(
            Evidence(f"{place} {INJECT}", "no opinion", f'"{stated}"', "pod", _written(place))
        )

    doubts: list[
        tuple[bool, str]
    ] = []  # selectors that may match: the verdict they would give, and their words
    for name, found, inject, why in (
        ("neverInjectSelector", never, False, Reason.NEVER_INJECT_SELECTOR),
        ("alwaysInjectSelector", always, True, Reason.ALWAYS_INJECT_SELECTOR),
    ):
        for index, selector in enumerate(found):
            opinion = False if selector is None or selector.empty else selector.opinion(pod.labels)
            detail = f"{name}[{index}]: {selector}"
            if opinion:
                verdict = _verdict(
                    asked, inject, why, name, detail, "mesh", ("data", "config", name)
                )
                return _doubted(verdict, doubts)

            if opinion is None:
                doubts.append((inject, detail))

        asked.append(Evidence(name, "no opinion", f"none of {len(found)} matches"))

    verdict = _verdict(
        asked, policy == "enabled", Reason.POLICY, "policy", f"policy: {policy}", "mesh", _POLICY
    )
    return _doubted(verdict, doubts)


def _doubted(verdict: Verdict, doubts: list[tuple[bool, str]]) -> Verdict:
    """The verdict, with the first of the selectors asked before that would turn it, should it
    match.
    """
    unknown = next((detail for inject, detail in doubts if inject is not verdict.inject), "")
    return verdict._replace(unknown=unknown) if unknown else verdict


def kube_inject_required(pod: Pod, mesh: Mesh) -> Verdict:
    """istioctl kube-inject's verdict (inject.go IntoObject): no webhook, Namespace or policy has a
    say.
    """
    rules = mesh.rules
    if at(pod.template, ("spec", "hostNetwork")) is not True and _has_sidecar(
        pod, rules.manual_skips_injected
    ):
        return _verdict(
            [],
            False,
            Reason.ALREADY_INJECTED,
            "earlier injection",
            "the pod has a container istio-proxy",
        )

    if rules.manual_asks or at(pod.template, ("spec", "hostNetwork")) is True:
        return inject_required(pod, mesh, "enabled", (), ())

    asked = [Evidence("host network", "no opinion", "the pod has a network of its own")]
    detail = "istioctl kube-inject of this version asks nothing else"
    return _verdict(asked, True, Reason.KUBE_INJECT, "kube-inject", detail)


def _has_sidecar(pod: Pod, how: str) -> bool:
    """Whether kube-inject takes the pod for injected: istio-proxy beside another container."""
    if not how or (how == "by status" and STATUS not in pod.annotations):
        return False
    containers = at(pod.template, ("spec", "containers"))
    among = containers if isinstance(containers, list) else []
    return len(among) > 1 and any(at(container, ("name",)) == "istio-proxy" for container in among)


def _stated(pod: Pod, label_counts: bool) -> tuple[str | None, Reason, str]:
    """What the pod says itself: the label (1.12+), where it is there at all (even empty), else the
    annotation.
    """
    if label_counts and INJECT in pod.labels:
        return pod.labels[INJECT], Reason.LABEL, "label"
    return pod.annotations.get(INJECT), Reason.ANNOTATION, "annotation"


def _opinion(value: str | None, strict: bool) -> bool | None:
    """The truth of sidecar.istio.io/inject; strict (1.27+): anything but true and false is no
    opinion.
    """
    if not value or not isinstance(value, str):
        return None
    if strict:
        return {"true": True, "false": False}.get(value)
    return value.lower() in _YES


def _written(place: str) -> tuple[str, ...]:
    """Where the pod says it: the label or the annotation of its metadata."""
    return ("metadata", f"{place}s", INJECT)


def _verdict(
    asked: list[Evidence],
    inject: bool,
    reason: Reason,
    rule: str,
    detail: str,
    on: FieldOwner = "",
    path: tuple[str, ...] = (),
) -> Verdict:
    asked.append(Evidence(rule, "inject" if inject else "skip", detail, on, path))
    return Verdict(inject, reason, detail, tuple(asked))
