"""What several stages read from a pod (``{"metadata": ..., "spec": ...}``), and copies of a pod
with a part replaced. Nothing here changes a pod in place.
"""

from __future__ import annotations

from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.kube.metadata import string_map
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TRUE_SPELLINGS = frozenset(("1", "t", "T", "TRUE", "true", "True"))
FALSE_SPELLINGS = frozenset(("0", "f", "F", "FALSE", "false", "False"))


def parse_bool(text: str) -> bool | None:
    """Go's strconv.ParseBool; None if that is an error."""
    if text in TRUE_SPELLINGS:
        return True
    return False if text in FALSE_SPELLINGS else None


def annotations_of(pod: Object) -> dict[str, str]:
    return (pod.get("metadata") or {}).get("annotations") or {}


def labels_of(pod: Object) -> dict[str, str]:
    return (pod.get("metadata") or {}).get("labels") or {}


def bool_annotation(annotations: dict[str, str], name: str, default: bool) -> bool:
    """An annotation as Go reads a boolean; the default if it is absent or no boolean."""
    value = parse_bool(annotations[name]) if name in annotations else None
    return default if value is None else value


def containers(pod: Object, field: str = "containers") -> list[Object]:
    """The pod's containers, or the entries of another list of its spec; never None."""
    return (pod.get("spec") or {}).get(field) or []


def find_container(name: str, candidates: list[Object]) -> Object | None:
    for container in candidates:
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
    if native:
        return find_in_pod(PROXY_CONTAINER, pod)
    return find_container(PROXY_CONTAINER, containers(pod))


def without(candidates: list[Object], name: str) -> list[Object]:
    """The containers but those of that name."""
    return [container for container in candidates if container.get("name") != name]


def named_ports(container: Object) -> dict[str, int]:
    """The ports of a container that have a name: {"http": 8080}."""
    ports = container.get("ports") or []
    return {port["name"]: port.get("containerPort", 0) for port in ports if port.get("name")}


def with_metadata(pod: Object, field: str, value: dict[str, str]) -> Object:
    """A copy of the pod whose metadata.FIELD is ``value``."""
    return {**pod, "metadata": {**(pod.get("metadata") or {}), field: value}}


def with_annotations(pod: Object, added: dict[str, str]) -> Object:
    """A copy of the pod with these annotations over its own."""
    return with_metadata(pod, "annotations", {**annotations_of(pod), **added})


def with_string_maps(metadata: Object) -> Object:
    """A copy of a metadata whose labels and annotations are maps of strings, as Go decodes them."""
    copy = dict(metadata)
    for field in ("labels", "annotations"):
        if copy.get(field):
            copy[field] = string_map(copy[field])
    return copy


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
        before = containers(pod, field)
        after = [new if container is old else container for container in before]
        if any(container is old for container in before):
            return with_spec(pod, **{field: after})
    return pod


def with_env(container: Object, variable: Object) -> Object:
    """A copy of the container with a variable at the end of its environment."""
    return {**container, "env": [*(container.get("env") or []), variable]}


def with_proxy_env(container: Object, env: dict[str, str]) -> Object:
    """A copy of the proxy with these variables at the end of its environment, in place of its own
    of the same name.
    """
    kept = [entry for entry in container.get("env") or [] if entry.get("name") not in env]
    added = [
        {"name": name, "value": env[name]} if env[name] else {"name": name} for name in sorted(env)
    ]
    return {**container, "env": kept + added}
