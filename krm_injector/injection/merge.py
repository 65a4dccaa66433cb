"""Merging: rendered templates onto the user's pod, and the user's own istio containers onto the
result.

Source: pkg/kube/inject/inject.go RunTemplate, webhook.go reapplyOverwrittenContainers,
adjustInitContainerUser (1.9-1.31).
"""

from __future__ import annotations

from _operator import is_  # operator's, without the import of operator

from krm_injector.injection import pods
from krm_injector.injection.render import with_divisors
from krm_injector.istio_names import (
    INIT_CONTAINER,
    INTERCEPTION_ANNOTATION,
    OVERRIDES_ANNOTATION,
    PROXY_CONTAINER,
    PROXY_UID,
    STATUS_ANNOTATION,
    VALIDATION_CONTAINER,
)
from krm_injector.kube import go_json, types
from krm_injector.kube.strategic_merge import merge as strategic_merge
from krm_injector.model import Object
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

AUTO_IMAGE = "auto"  # the image of an override that keeps the injected one
_CONTAINER_FIELDS = ("containers", "initContainers")


class BadAnnotation(Exception):
    """An annotation for which Istio refuses the pod while it works on it, not before."""

    def __init__(self, name: str, value: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name, self.value, self.problem = name, value, problem


def without_nulls(value: Any) -> Any:
    """The value as Go holds it after decoding: null fields are absent. The same object if nothing
    changes.
    """
    if isinstance(value, dict):
        fields: Object = {}
        same = True
        for key, field in value.items():
            if field is None:
                same = False
                continue
            kept = field if type(field) is str else without_nulls(field)
            same = same and kept is field
            fields[key] = kept
        return value if same else fields

    if isinstance(value, list):
        items = [without_nulls(item) for item in value]
        same = all(map(is_, items, value))
        return value if same else items

    return value


# ---------------------------------------------------------------- what an earlier injection left


def stripped(pod: Object, clear_prometheus: Callable[[dict[str, str]], dict[str, str]]) -> Object:
    """The pod that a template sees: without what the status annotation says an earlier injection
    added.
    """
    status = injection_status(pod)
    if status is None:
        return pod

    fields = {}
    for field in _CONTAINER_FIELDS:
        injected = _names(status.get(field))
        containers = pods.containers(pod, field)
        fields[field] = [entry for entry in containers if entry.get("name") not in injected]

    annotations = dict(pods.annotations_of(pod))
    del annotations[STATUS_ANNOTATION]
    pod = pods.with_spec(pod, **fields)
    return pods.with_metadata(pod, "annotations", clear_prometheus(annotations))


def injection_status(pod: Object) -> Object | None:
    """The status annotation of an injected pod, decoded; None if there is none or it is not a JSON
    object.
    """
    text = pods.annotations_of(pod).get(STATUS_ANNOTATION)
    if text is None:
        return None

    try:
        status = go_json.loads(text)
    except go_json.GoJsonError:
        return None

    if status is None:
        return {}
    return status if isinstance(status, dict) else None


def _names(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [name for name in value if isinstance(name, str)]


def saved_overrides(pod: Object) -> dict[str, list[Object]]:
    """The user's own istio containers as an earlier injection remembered them: {"containers":
    [...], ...}. Raises BadAnnotation.
    """
    text = pods.annotations_of(pod).get(OVERRIDES_ANNOTATION)
    if text is None:
        return {}

    try:
        overrides = go_json.loads(text) or {}
        return {
            field: [types.decode("v1.Container", entry) for entry in overrides.get(field) or []]
            for field in _CONTAINER_FIELDS
        }
    except (go_json.GoJsonError, types.TypeMismatch, AttributeError, TypeError) as problem:
        raise BadAnnotation(OVERRIDES_ANNOTATION, text, str(problem)) from None


def with_saved_overrides(pod: Object) -> Object:
    """The stripped pod with the user's istio containers back in place, so that templates see them
    again.
    """
    fields = {}
    for field, overrides in saved_overrides(pod).items():
        present = pods.containers(pod, field)
        missing = [
            container
            for container in overrides
            if pods.find_container(container.get("name", ""), present) is None
        ]
        if missing:
            fields[field] = present + missing

    return pods.with_spec(pod, **fields) if fields else pod


# ---------------------------------------------------------------- templates and overrides


def apply_template(pod: Object, partial: Object, native: bool, template_pod: Object) -> Object:
    """The pod with one template's partial Pod merged in.

    An istio-proxy of the user's among ``containers`` moves to ``initContainers`` first where the
    template makes it a native sidecar.
    """
    if native:
        template_inits = pods.containers(template_pod, "initContainers")
        if pods.find_container(PROXY_CONTAINER, template_inits):
            pod = _with_native_proxy(pod)

    return strategic_merge(pod, partial)


def _with_native_proxy(pod: Object) -> Object:
    containers = pods.containers(pod)
    proxy = pods.find_container(PROXY_CONTAINER, containers)
    if proxy is None:
        return pod

    others = [container for container in containers if container is not proxy]
    inits = [*pods.containers(pod, "initContainers"), proxy]
    return pods.with_spec(pod, containers=others, initContainers=inits)


def reapply_overrides(
    merged: Object, original: Object, template_pod: Object, tproxy: bool, rules: Rules
) -> Object:
    """The user's own istio-proxy, istio-init ... win over the template's, field by field, and are
    remembered.
    """
    saved = saved_overrides(original)
    status = injection_status(original) or {}
    remembered: dict[str, list[str]] = {}
    for field in _CONTAINER_FIELDS:
        # What an earlier injection put there is no override of the user's.
        injected = _names(status.get(field)) if rules.overrides_spare_injected else []
        for container in pods.containers(template_pod, field):
            name = container.get("name", "")
            if name in injected:
                continue

            override = pods.find_container(name, saved.get(field, []))
            override = override or _own_container(name, field, original, rules)
            if override is None:
                continue

            if override.get("image") == AUTO_IMAGE:
                override = {key: value for key, value in override.items() if key != "image"}
            if rules.own_proxy_user == "template":
                override = _with_template_user(override, container)

            remembered.setdefault(field, []).append(types.dumps("v1.Container", override))
            overlay = {"spec": {field: [types.decode("v1.Container", override)]}}
            merged = strategic_merge(merged, with_divisors(overlay))

    if remembered and STATUS_ANNOTATION not in pods.annotations_of(original):
        lists = [f'"{field}":[{",".join(texts)}]' for field, texts in remembered.items()]
        merged = pods.with_annotations(merged, {OVERRIDES_ANNOTATION: "{" + ",".join(lists) + "}"})

    if rules.own_proxy_user != "own":
        return merged
    return adjust_init_user(merged, original, tproxy)


def _own_container(name: str, field: str, original: Object, rules: Rules) -> Object | None:
    """The user's own container of that name."""
    if field == "initContainers" and rules.native_sidecars:
        return pods.find_in_pod(name, original)
    return pods.find_container(name, pods.containers(original, field))


# ---------------------------------------------------------------- the user of the init container


def _with_template_user(override: Object, container: Object) -> Object:
    """The override without its user where the template's container has one that is not the usual.

    OpenShift gives the user's own container one (resetFieldsInAutoImageContainer, 1.20.1-1.22.0).
    """
    context = override.get("securityContext")
    user = (container.get("securityContext") or {}).get("runAsUser")
    if context is None or user in (None, PROXY_UID):
        return override

    kept = {key: context[key] for key in context if key not in ("runAsUser", "runAsGroup")}
    return {**override, "securityContext": kept}


def adjust_init_user(pod: Object, original: Object, tproxy: bool) -> Object:
    """istio-init or istio-validation follow the user that an overriding istio-proxy runs as."""
    override = pods.find_in_pod(PROXY_CONTAINER, original) or {}
    context = override.get("securityContext") or {}
    user, group = context.get("runAsUser"), context.get("runAsGroup")
    if user is None and group is None:
        return pod

    inits = pods.containers(pod, "initContainers")
    init = pods.find_container(INIT_CONTAINER, inits)
    init = init or pods.find_container(VALIDATION_CONTAINER, inits)
    if init is None:
        return pod

    tproxy = tproxy or pods.annotations_of(pod).get(INTERCEPTION_ANNOTATION) == "TPROXY"
    if tproxy and user is not None:
        sidecar = pods.find_in_pod(PROXY_CONTAINER, pod)
        if sidecar is None:
            return pod
        # In TPROXY mode the proxy must run as root.
        pod = pods.replace_container(pod, sidecar, _run_as(sidecar, 0, None))

    adjusted = init
    if not tproxy and init.get("name") == VALIDATION_CONTAINER:
        adjusted = _run_as(init, user, group)
    if user:
        adjusted = _with_uid_argument(adjusted, user)
    return pods.replace_container(pod, init, adjusted)


def _run_as(container: Object, user: int | None, group: int | None) -> Object:
    context = dict(container.get("securityContext") or {})
    if user is not None:
        context["runAsUser"] = user
    if group is not None:
        context["runAsGroup"] = group
    return {**container, "securityContext": context}


def _with_uid_argument(container: Object, user: int) -> Object:
    """The container with the user behind its argument -u, whose traffic iptables leaves alone."""
    args = container.get("args") or []
    if "-u" not in args:
        return container

    position = args.index("-u") + 1
    return {**container, "args": [*args[:position], str(user), *args[position + 1 :]]}
