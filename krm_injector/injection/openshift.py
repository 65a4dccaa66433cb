"""What Istio does on OpenShift only: users and groups by the ranges of a Namespace.

Source: pkg/kube/inject/openshift.go (1.20-1.31), webhook.go inject (1.23-1.31).
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.istio_names import (
    INIT_CONTAINER,
    PROXY_CONTAINER,
    PROXY_UID,
    VALIDATION_CONTAINER,
)
from krm_injector.kube.go_numbers import sscanf_uint32
from krm_injector.model import Object
from krm_injector.versions import ResetUser

UID_RANGE = "openshift.io/sa.scc.uid-range"
SUPPLEMENTAL_GROUPS = "openshift.io/sa.scc.supplemental-groups"


def proxy_ids(namespace_annotations: dict[str, str]) -> tuple[int, int]:
    """The proxy's user and group: the ends of the ranges that OpenShift gives the Namespace, 1337
    if there is none that Istio can read (inject.go GetProxyIDs).
    """
    uid_range = namespace_annotations.get(UID_RANGE, "")
    group_ranges = namespace_annotations.get(SUPPLEMENTAL_GROUPS, uid_range)
    uid = _range_end(uid_range)
    gids = [_range_end(block) for block in group_ranges.split(",")]
    gid = None if None in gids else gids[0]
    return PROXY_UID if uid is None else uid, PROXY_UID if gid is None else gid


def _range_end(block: str) -> int | None:
    """The last number of a range: "1000620000/10000" (start and size) or "1-5".

    None if it is neither (ParseBlock). Numbers are unsigned and of 32 bits: the sum wraps around.
    """
    if not block:
        return None

    separator = "/" if "/" in block else "-"
    numbers = sscanf_uint32(block, separator)
    if numbers is None:
        return None

    start, end = numbers
    return (start + end - 1) % 2**32 if separator == "/" else end


def without_assigned_user(pod: Object, compared: ResetUser) -> Object:
    """The pod without the user that OpenShift has assigned to istio-proxy.

    OpenShift gives every container the same runAsUser. On istio-proxy that is no override of the
    user's, so Istio takes it away where the application has the same. ``compared`` says whose users
    are looked at (Rules.openshift_reset_user); the last container that states one counts.
    """
    sidecar = pods.find_in_pod(PROXY_CONTAINER, pod)
    if sidecar is None or not sidecar.get("securityContext"):
        return pod

    containers = pods.containers(pod)
    if compared == "all":
        containers = containers + pods.containers(pod, "initContainers")

    proxy_user = app_user = 0
    for container in containers:
        user = (container.get("securityContext") or {}).get("runAsUser")
        name = container.get("name")
        if user is None or name in (VALIDATION_CONTAINER, INIT_CONTAINER):
            continue

        if name == PROXY_CONTAINER:
            proxy_user = user
        else:
            app_user = user

    if proxy_user != app_user:
        return pod

    context = dict(sidecar["securityContext"])
    context.pop("runAsUser", None)
    context.pop("runAsGroup", None)
    return pods.replace_container(pod, sidecar, {**sidecar, "securityContext": context})


def with_user_left(injected: Object, assigned: Object) -> Object:
    """The injected pod with what is left of the user that ``without_assigned_user`` took away from
    ``assigned``.

    Istio answers with the difference between the cleaned pod and the injected one, element by
    element of a list (webhook.go createPatch). The API server applies it to the pod as it came. So
    where the injected pod has nothing in place of the user and group, those that came stay.
    """
    field, index, context = _sidecar_place(assigned)
    containers = pods.containers(injected, field)
    if index >= len(containers) or containers[index].get("securityContext") is None:
        return injected

    left = {key: context[key] for key in ("runAsUser", "runAsGroup") if key in context}
    container = containers[index]
    changed = {**container, "securityContext": {**left, **container["securityContext"]}}
    return pods.replace_container(injected, container, changed)


def _sidecar_place(pod: Object) -> tuple[str, int, Object]:
    """The list of containers that has istio-proxy, its index there, and its securityContext."""
    sidecar = pods.find_in_pod(PROXY_CONTAINER, pod) or {}
    for field in ("containers", "initContainers"):
        for index, container in enumerate(pods.containers(pod, field)):
            if container is sidecar:
                return field, index, sidecar.get("securityContext") or {}

    return "containers", 0, {}
