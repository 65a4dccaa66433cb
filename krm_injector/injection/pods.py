"""Small readings of a pod (``{"metadata": ..., "spec": ...}``) that several stages share; nothing
here changes one.
"""

from __future__ import annotations

from typing import Any

from krm_injector.model import Object

PROXY = "istio-proxy"
VALIDATION = "istio-validation"
INIT = "istio-init"
CORE_DUMP = "enable-core-dump"

STATUS_ANNOTATION = "sidecar.istio.io/status"
OVERRIDES_ANNOTATION = "proxy.istio.io/overrides"
PROXY_CONFIG_ANNOTATION = "proxy.istio.io/config"

TRUE_SPELLINGS = frozenset(("1", "t", "T", "TRUE", "true", "True"))
FALSE_SPELLINGS = frozenset(("0", "f", "F", "FALSE", "false", "False"))


def parse_bool(text: str) -> bool | None:
    """Go's strconv.ParseBool; None where that is an error."""
    if text in TRUE_SPELLINGS:
        return True
    return False if text in FALSE_SPELLINGS else None


def annotations_of(pod: Object) -> dict[str, str]:
    return (pod.get("metadata") or {}).get("annotations") or {}


def labels_of(pod: Object) -> dict[str, str]:
    return (pod.get("metadata") or {}).get("labels") or {}


def containers(pod: Object, field: str = "containers") -> list[Object]:
    """The pod's containers, or its initContainers; never None."""
    return (pod.get("spec") or {}).get(field) or []


def find_container(name: str, among: list[Object]) -> Object | None:
    for container in among:
        if container.get("name") == name:
            return container
    return None


def find_in_pod(name: str, pod: Object) -> Object | None:
    """The first container of that name, containers before init containers."""
    return find_container(name, containers(pod)) or find_container(
        name, containers(pod, "initContainers")
    )


def find_sidecar(pod: Object, native: bool) -> Object | None:
    """The pod's istio-proxy; among the init containers only where this version knows ``native``
    sidecars.
    """
    return find_in_pod(PROXY, pod) if native else find_container(PROXY, containers(pod))


def without(among: list[Object], name: str) -> list[Object]:
    return [c for c in among if c.get("name") != name]


def with_metadata(pod: Object, field: str, value: dict[str, str]) -> Object:
    """A copy of the pod whose metadata.FIELD is ``value``."""
    return {**pod, "metadata": {**(pod.get("metadata") or {}), field: value}}


def with_spec(pod: Object, **fields: Any) -> Object:
    """A copy of the pod with these fields of its spec; an empty list is left out, as Go's omitempty
    does.
    """
    spec = dict(pod.get("spec") or {})
    for name, value in fields.items():
        if value or name == "containers":
            spec[name] = value
        else:
            spec.pop(name, None)
    return {**pod, "spec": spec}


def replace_container(pod: Object, old: Object, new: Object) -> Object:
    """A copy of the pod in which ``new`` stands where ``old`` (by identity) stood."""
    for field in ("containers", "initContainers"):
        among = containers(pod, field)
        if any(c is old for c in among):
            return with_spec(pod, **{field: [new if c is old else c for c in among]})
    return pod
