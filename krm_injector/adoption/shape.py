"""What of a dump has not the types of Kubernetes, as a dump of a cluster always has. It was edited,
or cut off.
"""

from __future__ import annotations

from krm_injector.kube import types
from krm_injector.kube.types import Mismatch
from krm_injector.kube.workloads import POD_TEMPLATES, at
from krm_injector.model import Object, Refused, ResourceRef
from krm_injector.workload import decodable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_WEBHOOKS = "MutatingWebhookConfiguration"


def refuse_mistyped(objects: Iterable[Object]) -> None:
    """Raises Refused with everything that is wrong in the objects that adopt reads."""
    problems = [
        decodable.mistyped(_ref(value), mismatch)
        for value in objects
        for mismatch in _mismatches(value)
    ]
    if problems:
        raise Refused(*problems)


def is_right(value: Object) -> bool:
    """Whether an object has its types."""
    return not _mismatches(value)


def _mismatches(value: Object) -> list[Mismatch]:
    kind, version = str(value.get("kind")), str(value.get("apiVersion"))
    template = POD_TEMPLATES.get((version, kind))
    if template is None and kind not in ("Namespace", _WEBHOOKS, "ConfigMap", "ProxyConfig"):
        return []

    metadata = value.get("metadata")
    found = [] if isinstance(metadata, dict) else [_mismatch("metadata", "v1.ObjectMeta", metadata)]
    found += types.check("v1.ObjectMeta", metadata, "metadata") if not found else []
    if kind == _WEBHOOKS:
        found += _of_webhooks(value.get("webhooks"))
    if template is not None and at(value, template) is not None:
        found += _of_pod(value, template)
    return found


def _of_pod(value: Object, template: tuple[str, ...]) -> list[Mismatch]:
    """Of a pod, or of the pod template of a workload."""
    if template:
        found = decodable.of_workload(value, template)
        if found:
            return found

    spec = at(value, (*template, "spec"))
    path = ".".join((*template, "spec"))
    if not isinstance(spec, dict):
        return [_mismatch(path, "v1.PodSpec", spec)]
    return decodable.of_pod_spec(spec, path)


def _of_webhooks(entries: Any) -> list[Mismatch]:
    if entries is None:
        return []
    if not isinstance(entries, list):
        return [_mismatch("webhooks", "[]v1.MutatingWebhook", entries)]

    found = []
    for index, entry in enumerate(entries):
        path = f"webhooks[{index}]"
        if not isinstance(entry, dict):
            found.append(_mismatch(path, "v1.MutatingWebhook", entry))
        elif not isinstance(entry.get("name"), str):
            found.append(_mismatch(f"{path}.name", "string", entry.get("name")))
    return found


def _mismatch(path: str, expected: str, value: Any) -> Mismatch:
    return Mismatch(path, expected, types.json_word(value), value)


def _ref(value: Object) -> ResourceRef:
    metadata = value.get("metadata")
    name, namespace = (str(at(metadata, (field,)) or "") for field in ("name", "namespace"))
    return ResourceRef(str(value.get("apiVersion")), str(value.get("kind")), name, namespace)
