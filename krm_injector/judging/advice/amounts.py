"""What containers and pods ask for, as the API server stores them.

Amounts are whole numbers in billionths of the resource's unit (kube.quantity.nano).
"""

from __future__ import annotations

from collections.abc import Iterable

from krm_injector.judging.advice.injected_workload import mapping, mappings
from krm_injector.kube.paths import at
from krm_injector.kube.quantity import QuantityError, nano
from krm_injector.light import lru_cache
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Part = Literal["requests", "limits"]

# The annotations by which a pod states its proxy's resources, by part and resource.
PROXY_ANNOTATIONS: dict[tuple[str, str], str] = {
    ("requests", "cpu"): "sidecar.istio.io/proxyCPU",
    ("limits", "cpu"): "sidecar.istio.io/proxyCPULimit",
    ("requests", "memory"): "sidecar.istio.io/proxyMemory",
    ("limits", "memory"): "sidecar.istio.io/proxyMemoryLimit",
}
_POD_LEVEL = ("cpu", "memory")  # and hugepages-SIZE


class Defaults(NamedTuple):
    """What the LimitRanges of a Namespace give a container that does not state it."""

    requests: dict[str, int]
    limits: dict[str, int]


NO_DEFAULTS = Defaults({}, {})


# ---------------------------------------------------------------- quantities


def number(stated: Any) -> int | None:
    """A quantity; None if there is none, or it cannot be read."""
    if isinstance(stated, str):
        return _of_text(stated)
    if stated is None:
        return None
    try:
        return nano(stated)
    except QuantityError:
        return None


@lru_cache(maxsize=1024)
def _of_text(stated: str) -> int | None:
    """Remembered, because the containers of a run ask for few different quantities."""
    try:
        return nano(stated)
    except QuantityError:
        return None


def shown(billionths: int | None, resource: str) -> str:
    """An amount in the notation of manifests: 1500m, 1536Mi."""
    if billionths is None:
        return "(not stated)"

    if resource == "cpu":
        milli = -(-billionths // 10**6)
        return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"

    size = -(-billionths // 10**9)
    for suffix, power in (("Gi", 30), ("Mi", 20), ("Ki", 10)):
        if size and size % (1 << power) == 0:
            return f"{size >> power}{suffix}"

    return str(size)


def brief(billionths: int, resource: Literal["cpu", "memory"]) -> str:
    """The same for a column that is to be compared: from ten cores or gibibytes on in tenths."""
    unit, suffix = (10**9, "") if resource == "cpu" else (2**30 * 10**9, "Gi")
    if billionths >= 10 * unit:
        return f"{billionths / unit:,.1f}{suffix}"
    return shown(billionths, resource)


def rounded(billionths: int, resource: str) -> str:
    """The same for an amount that was calculated: whole millicores, and whole mebibytes from one
    on.
    """
    unit = 10**6 if resource == "cpu" else (1 << 20) * 10**9
    if billionths < unit:
        return shown(billionths, resource)
    return shown((billionths + unit // 2) // unit * unit, resource)


# ---------------------------------------------------------------- containers


def amount(
    container: Object, part: Part, resource: str, defaults: Defaults = NO_DEFAULTS
) -> int | None:
    """A container's request or limit; None if it has none, or none that is a quantity.

    A request that is not stated is the limit (as the API server defaults it), and then what the
    Namespace's LimitRanges give.
    """
    resources = container.get("resources")
    if isinstance(resources, dict):
        stated = at(resources, (part, resource))
        if stated is None and part == "requests":
            stated = at(resources, ("limits", resource))
        if stated is not None:
            return number(stated)

    given = defaults.requests if part == "requests" else defaults.limits
    return given.get(resource)


def limit_defaults(limit_ranges: Iterable[Object]) -> Defaults:
    """The defaults that LimitRanges of one Namespace give, the first one first.

    Source: SetDefaults_LimitRangeItem (pkg/apis/core/v1/defaults.go) and the admission plugin
    LimitRanger (mergePodResourceRequirements), Kubernetes 1.34: max is the default limit, and the
    default limit, or else min, the default request.
    """
    defaults = Defaults({}, {})
    for limit_range in limit_ranges:
        for limit in mappings(at(limit_range, ("spec", "limits"))):
            if limit.get("type") == "Container":
                _add_defaults(limit, defaults)

    return defaults


def _add_defaults(limit: Object, defaults: Defaults) -> None:
    stated = {
        field: mapping(limit.get(field)) for field in ("default", "defaultRequest", "max", "min")
    }
    limits = {**stated["max"], **stated["default"]}
    requests = {**stated["min"], **limits, **stated["defaultRequest"]}
    for given, of_kind in ((limits, defaults.limits), (requests, defaults.requests)):
        for resource, quantity in given.items():
            value = number(quantity)
            if value is not None:
                of_kind.setdefault(resource, value)


# ---------------------------------------------------------------- pods


def pod_amount(spec: Object, part: Part, resource: str, defaults: Defaults = NO_DEFAULTS) -> int:
    """The resources of a pod: those that it states itself, or else those of the containers and
    running init containers together, or the most that an init container needs beside those already
    running (Kubernetes' resource helpers, 1.28+, with pod-level resources since 1.32).
    """
    overhead = number(at(spec, ("overhead", resource))) or 0
    own = pod_level(spec, part, resource)
    if own is not None:
        return own + overhead

    running, peak = 0, 0
    for container in mappings(spec.get("initContainers")):
        asks = amount(container, part, resource, defaults) or 0
        if container.get("restartPolicy") == "Always":
            running += asks
            peak = max(peak, running)
        else:
            peak = max(peak, running + asks)

    steady = running
    for container in mappings(spec.get("containers")):
        steady += amount(container, part, resource, defaults) or 0

    return max(steady, peak) + overhead


def pod_requests(spec: Object, defaults: Defaults = NO_DEFAULTS) -> tuple[int, int]:
    """CPU and memory that a pod requests, as pod_amount gives them. Every workload of a run is
    asked for both, so that plain pods are gone through once.
    """
    if "resources" in spec or "overhead" in spec:
        cpu = pod_amount(spec, "requests", "cpu", defaults)
        return cpu, pod_amount(spec, "requests", "memory", defaults)

    running_cpu = running_memory = peak_cpu = peak_memory = 0
    if spec.get("initContainers"):
        for container in mappings(spec["initContainers"]):
            cpu, memory = _requests(container, defaults)
            peak_cpu = max(peak_cpu, running_cpu + cpu)
            peak_memory = max(peak_memory, running_memory + memory)
            if container.get("restartPolicy") == "Always":
                running_cpu += cpu
                running_memory += memory

    for container in mappings(spec.get("containers")):
        if "resources" in container or defaults.requests:
            cpu, memory = _requests(container, defaults)
            running_cpu += cpu
            running_memory += memory

    return max(running_cpu, peak_cpu), max(running_memory, peak_memory)


def _requests(container: Object, defaults: Defaults) -> tuple[int, int]:
    resources = container.get("resources")
    requests = resources.get("requests") if isinstance(resources, dict) else None
    if isinstance(requests, dict):
        cpu, memory = requests.get("cpu"), requests.get("memory")
        if isinstance(cpu, str) and isinstance(memory, str):  # as most are
            return _of_text(cpu) or 0, _of_text(memory) or 0

    stated = amount(container, "requests", "cpu", defaults)
    return stated or 0, amount(container, "requests", "memory", defaults) or 0


def pod_level(spec: Object, part: Part, resource: str) -> int | None:
    """What the pod states for all its containers together; None if it states nothing.

    A request that is not stated is the pod's limit, if no container states one
    (setDefaultPodLevelResources, Kubernetes 1.34).
    """
    resources = spec.get("resources")
    if not isinstance(resources, dict):
        return None
    if resource not in _POD_LEVEL and not resource.startswith("hugepages-"):
        return None

    stated = number(at(resources, (part, resource)))
    if stated is not None or part == "limits":
        return stated

    containers = (*mappings(spec.get("initContainers")), *mappings(spec.get("containers")))
    if any(amount(container, part, resource) is not None for container in containers):
        return None
    return number(at(resources, ("limits", resource)))


def running_containers(spec: Object) -> list[Object]:
    """The containers, and the init containers that keep running."""
    natives = [
        container
        for container in mappings(spec.get("initContainers"))
        if container.get("restartPolicy") == "Always"
    ]
    return [*natives, *mappings(spec.get("containers"))]
