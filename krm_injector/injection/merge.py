"""Merging: rendered templates onto the user's pod, and the user's own istio containers onto the
result.

Source: pkg/kube/inject/inject.go RunTemplate, webhook.go reapplyOverwrittenContainers,
adjustInitContainerUser (1.9-1.31).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from krm_injector.injection import pods
from krm_injector.kube import go_json, types
from krm_injector.kube.strategic_merge import merge as strategic_merge
from krm_injector.model import Object
from krm_injector.versions import Rules

AUTO_IMAGE = "auto"  # the image of an override that keeps the injected one
INTERCEPTION_ANNOTATION = "sidecar.istio.io/interceptionMode"


class BadAnnotation(Exception):
    """An annotation for which Istio refuses the pod while it works on it, not before."""

    def __init__(self, name: str, value: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name, self.value, self.problem = name, value, problem


def without_nulls(value: Any) -> Any:
    """The value as Go holds it after decoding: null fields are absent. The same object where
    nothing changes.
    """
    if isinstance(value, dict):
        kept = {k: without_nulls(v) for k, v in value.items() if v is not None}
        return (
            kept if len(kept) != len(value) or any(kept[k] is not value[k] for k in kept) else value
        )

    if isinstance(value, list):
        items = [without_nulls(v) for v in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value

    return value


def stripped(pod: Object, clear_prometheus: Callable[[dict[str, str]], dict[str, str]]) -> Object:
    """The pod that a template sees: without what the status annotation says an earlier injection
    added.
    """
    status = injection_status(pod)
    if status is None:
        return pod

    names = {field: _names(status.get(field)) for field in ("containers", "initContainers")}
    kept = {f: [c for c in pods.containers(pod, f) if c.get("name") not in names[f]] for f in names}
    annotations = {k: v for k, v in pods.annotations_of(pod).items() if k != pods.STATUS_ANNOTATION}
    return pods.with_metadata(
        pods.with_spec(pod, **kept), "annotations", clear_prometheus(annotations)
    )


def injection_status(pod: Object) -> Object | None:
    """The status annotation of an injected pod, decoded; None where there is none or it is not a
    JSON object.
    """
    text = pods.annotations_of(pod).get(pods.STATUS_ANNOTATION)
    if text is None:
        return None

    try:
        status = go_json.loads(text)
    except go_json.GoJsonError:
        return None

    return status if isinstance(status, dict) else ({} if status is None else None)


def _names(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def saved_overrides(pod: Object) -> dict[str, list[Object]]:
    """The user's own istio containers as an earlier injection remembered them: {"containers":
    [...], ...}.
    """
    text = pods.annotations_of(pod).get(pods.OVERRIDES_ANNOTATION)
    if text is None:
        return {}

    try:
        value = go_json.loads(text) or {}
        fields = {f: value.get(f) or [] for f in ("containers", "initContainers")}
        return {f: [types.decode("v1.Container", c) for c in among] for f, among in fields.items()}
    except (go_json.GoJsonError, types.TypeMismatch, AttributeError, TypeError) as problem:
        raise BadAnnotation(pods.OVERRIDES_ANNOTATION, text, str(problem)) from None


def with_saved_overrides(pod: Object) -> Object:
    """The stripped pod with the user's istio containers back in place, so that templates see them
    again.
    """
    added = {}
    for field, among in saved_overrides(pod).items():
        present = pods.containers(pod, field)
        missing = [c for c in among if pods.find_container(c.get("name", ""), present) is None]
        if missing:
            added[field] = present + missing
    return pods.with_spec(pod, **added) if added else pod


def apply_template(pod: Object, partial: Object, native: bool, template_pod: Object) -> Object:
    """The pod with one template's partial Pod merged in.

    An istio-proxy of the user's among ``containers`` moves to ``initContainers`` first where the
    template makes it a native sidecar.
    """
    if native and pods.find_container(pods.PROXY, pods.containers(template_pod, "initContainers")):
        mine = pods.find_container(pods.PROXY, pods.containers(pod))
        if mine is not None:
            rest = [c for c in pods.containers(pod) if c is not mine]
            pod = pods.with_spec(
                pod, containers=rest, initContainers=[*pods.containers(pod, "initContainers"), mine]
            )

    return strategic_merge(pod, partial)


def reapply_overrides(
    merged: Object, original: Object, template_pod: Object, tproxy: bool, rules: Rules
) -> Object:
    """The user's own istio-proxy, istio-init ... win over the template's, field by field, and are
    remembered.
    """
    saved = saved_overrides(original)
    status = injection_status(original)
    already = pods.STATUS_ANNOTATION in pods.annotations_of(original)
    found: dict[str, list[str]] = {"containers": [], "initContainers": []}
    for field in ("containers", "initContainers"):
        injected_before = (
            _names((status or {}).get(field)) if rules.overrides_spare_injected else []
        )
        for container in pods.containers(template_pod, field):
            name = container.get("name", "")
            if name in injected_before:
                continue  # what stands there is an earlier injection's, not the user's

            mine = pods.find_container(name, saved.get(field, [])) or _own(
                name, field, original, rules
            )
            if mine is None:
                continue

            overlay = {k: v for k, v in mine.items() if k != "image" or v != AUTO_IMAGE}
            found[field].append(types.dumps("v1.Container", overlay))
            merged = strategic_merge(
                merged, {"spec": {field: [types.decode("v1.Container", overlay)]}}
            )

    if not already and any(found.values()):
        text = "{" + ",".join(f'"{f}":[{",".join(c)}]' for f, c in found.items() if c) + "}"
        merged = pods.with_metadata(
            merged, "annotations", {**pods.annotations_of(merged), pods.OVERRIDES_ANNOTATION: text}
        )

    return adjust_init_user(merged, original, tproxy) if rules.init_user else merged


def _own(name: str, field: str, original: Object, rules: Rules) -> Object | None:
    if field == "initContainers" and rules.native_sidecars:
        return pods.find_in_pod(name, original)
    return pods.find_container(name, pods.containers(original, field))


def adjust_init_user(pod: Object, original: Object, tproxy: bool) -> Object:
    """istio-init or istio-validation follow the user that an overriding istio-proxy runs as."""
    mine = pods.find_in_pod(pods.PROXY, original)
    wanted = (mine or {}).get("securityContext") or {}
    user, group = wanted.get("runAsUser"), wanted.get("runAsGroup")
    if user is None and group is None:
        return pod

    inits = pods.containers(pod, "initContainers")
    init = pods.find_container(pods.INIT, inits) or pods.find_container(pods.VALIDATION, inits)
    if init is None:
        return pod

    mode = pods.annotations_of(pod).get(INTERCEPTION_ANNOTATION)
    tproxy = tproxy or mode == "TPROXY"
    if tproxy and user is not None:
        sidecar = pods.find_in_pod(pods.PROXY, pod)
        if sidecar is None:
            return pod
        context = {**(sidecar.get("securityContext") or {}), "runAsUser": 0}
        pod = pods.replace_container(pod, sidecar, {**sidecar, "securityContext": context})

    changed = dict(init)
    if not tproxy and init.get("name") == pods.VALIDATION:
        own = {k: v for k, v in (("runAsUser", user), ("runAsGroup", group)) if v is not None}
        changed["securityContext"] = {**(init.get("securityContext") or {}), **own}

    args = init.get("args") or []
    if user and "-u" in args:
        at = args.index("-u") + 1
        changed["args"] = [*args[:at], str(user), *args[at + 1 :]]

    return pods.replace_container(pod, init, changed)
