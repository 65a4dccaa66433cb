"""A pod of the cluster beside the one that Git gives, both as the API server stores them."""

from __future__ import annotations

from krm_injector.adoption.cluster_additions import without_additions, without_controller_labels
from krm_injector.injection.merge import without_nulls
from krm_injector.istio_names import OVERRIDES_ANNOTATION, RECORD_ANNOTATION
from krm_injector.kube import c_json, defaults, quantity, types
from krm_injector.kube.differences import Difference, differences
from krm_injector.kube.paths import at, put
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def expected_pod(template: Object) -> Object:
    """What a controller makes of an injected pod template, once the API server has stored it."""
    metadata = template.get("metadata") or {}
    annotations = dict(metadata.get("annotations") or {})
    annotations.pop(RECORD_ANNOTATION, None)
    own = {
        "labels": without_controller_labels(metadata.get("labels")),
        "annotations": annotations,
    }
    kept = {name: texts for name, texts in own.items() if texts}
    return {"metadata": kept, "spec": _stored(template.get("spec") or {})}


def compared(pod: Object, expected: Object, workload: Object) -> list[Difference]:
    """Where the pod is not as expected, without what the cluster adds. Raises TypeMismatch."""
    running = without_additions(pod, expected, workload)
    running = {**running, "spec": _stored(running["spec"])}
    path = ("metadata", "annotations", OVERRIDES_ANNOTATION)
    overrides, wanted = at(running, path), at(expected, path)
    if overrides != wanted and _same_overrides(overrides, wanted):
        running = put(running, path, wanted)
    return differences(_whole(expected), _whole(running))


def _whole(pod: Object) -> Object:
    """The pod with its maps and lists present, so that what is in them has paths of its own."""
    maps: Object = {"labels": {}, "annotations": {}}
    lists: Object = {"initContainers": [], "containers": [], "volumes": []}
    return {"metadata": {**maps, **pod["metadata"]}, "spec": {**lists, **pod["spec"]}}


def _stored(spec: Object) -> Object:
    filled = defaults.filled_in("v1.PodSpec", without_nulls(spec))
    decoded: Object = _with_quantities(types.decode("v1.PodSpec", filled))
    return decoded


def _with_quantities(spec: Any) -> Any:
    """Requests and limits in their canonical text."""
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            for part in ("requests", "limits"):
                path = (field, index, "resources", part)
                amounts = at(container, path[2:])
                if amounts:
                    canonical = {name: quantity.from_json(text) for name, text in amounts.items()}
                    spec = put(spec, path, canonical)
    return spec


def _same_overrides(one: Any, other: Any) -> bool:
    """Whether two annotations hold the same containers but for the mount of the ServiceAccount's
    token, which the API server gives an own istio-proxy before the webhook reads it.
    """
    try:
        values = [c_json.bounded_loads(one), c_json.bounded_loads(other)]
        return bool(_without_mounts(values[0]) == _without_mounts(values[1]))
    except (ValueError, TypeError, AttributeError):
        return False


def _without_mounts(overrides: Any) -> Any:
    result = {}
    for field, containers in overrides.items():
        result[field] = [
            {
                key: [m for m in inner if not str(m.get("name")).startswith("kube-api-access-")]
                if key == "volumeMounts"
                else inner
                for key, inner in container.items()
            }
            for container in containers
        ]
        for container in result[field]:
            if not container.get("volumeMounts", True):
                del container["volumeMounts"]
    return result
