"""What the traces of an injected pod prove about the pod before injection.

Sources: pkg/kube/inject/webhook.go, app_probe.go and the templates of 1.1 to 1.30.
"""

from __future__ import annotations

from krm_injector.injection import merge, pods, probes
from krm_injector.istio_names import (
    APP_CONTAINERS_VARIABLE,
    CORE_DUMP_CONTAINER,
    INIT_CONTAINER,
    PROXY_CONTAINER,
    TEMPLATES_ANNOTATION,
    VALIDATION_CONTAINER,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object, Workload
from krm_injector.reinjection import istio_traces
from krm_injector.reinjection.istio_traces import CONTAINER_FIELDS, status_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Set by every template from 1.1 on.
_PROXY_VARIABLES = ("POD_NAME", "POD_NAMESPACE", "INSTANCE_IP")

# Istio's own templates, and the containers that they add.
_TEMPLATES = {"sidecar", "gateway", "grpc-simple", "grpc-agent"}
_CONTAINERS = {PROXY_CONTAINER, INIT_CONTAINER, VALIDATION_CONTAINER, CORE_DUMP_CONTAINER}


def as_istio_left_it(workload: Workload) -> bool:
    """Whether the pod is as an injection left it: everything that the status names is there, the
    proxy has what every injection gives it, and the application's containers are those that
    injection counted.
    """
    pod = istio_traces.pod_of(workload)
    status = merge.injection_status(pod)
    if not status:
        return False

    for field in (*CONTAINER_FIELDS, "volumes"):
        standing = {entry.get("name") for entry in pods.containers(pod, field)}
        if not set(status_names(status, field)) <= standing:
            return False

    sidecar = pods.find_in_pod(PROXY_CONTAINER, pod)
    if sidecar is None or PROXY_CONTAINER not in _injected_containers(status):
        return False

    env = {variable.get("name"): variable.get("value") for variable in sidecar.get("env") or []}
    if not all(name in env for name in _PROXY_VARIABLES):
        return False

    counted = env.get(APP_CONTAINERS_VARIABLE)
    if counted is None:
        return True
    names = {container.get("name") for container in pods.containers(pod)}
    return set(counted.split(",")) - {PROXY_CONTAINER} == names - {PROXY_CONTAINER}


def _injected_containers(status: Object) -> list[Any]:
    return [*status_names(status, "containers"), *status_names(status, "initContainers")]


def lost(workload: Workload) -> list[str]:
    """What no reading of the traces can restore, with any configuration, as phrases for a
    message.
    """
    pod = istio_traces.pod_of(workload)
    status = merge.injection_status(pod) or {}
    parts = [
        f"what the template of container {name} set besides"
        for name in _injected_containers(status)
        if name not in _CONTAINERS
    ]

    for entry in pods.annotations_of(pod).get(TEMPLATES_ANNOTATION, "").split(","):
        template = entry.strip()
        if template and template not in _TEMPLATES:
            parts.append(f"what template {template} set besides")

    probers = istio_traces.probers_of(pod)
    for container in pods.containers(pod) + pods.containers(pod, "initContainers"):
        name = container.get("name", "")
        if name != PROXY_CONTAINER:
            fields = _probes_without_prober(container, probers)
            parts += [f"the {field} of container {name}" for field in fields]

    return parts


def _probes_without_prober(container: Object, probers: Object) -> list[str]:
    """The probes and handlers that ask the agent, which has no prober for them."""
    name = container.get("name", "")
    hooks = container.get("lifecycle") or {}
    probes_at = [
        (field, container.get(field), f"/app-health/{name}/{path}") for field, path in probes.PROBES
    ]
    probes_at += [
        (f"lifecycle.{field}", hooks.get(field), f"/app-lifecycle/{name}/{path}")
        for field, path in probes.HANDLERS
    ]
    return [
        field
        for field, probe, path in probes_at
        if at(probe, ("httpGet", "path")) == path and path not in probers
    ]
