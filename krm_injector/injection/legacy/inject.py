"""One pod through Istio 1.1 to 1.8: what the control plane says of it, the spec, the spec applied.

Source: IntoObject and InjectionData (pilot/pkg/kube/inject/inject.go until 1.3, then
pkg/kube/inject/inject.go), webhook.go inject. What differs between these versions stands in
versions.py.
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.legacy.apply import ApplySettings, by_kube_inject, by_webhook
from krm_injector.injection.legacy.spec import render_spec, status_json
from krm_injector.injection.render import cluster_env
from krm_injector.injection.template_data import InjectionParameters
from krm_injector.istio_api import Message, annotated_mesh_config
from krm_injector.istio_names import (
    CLUSTER_VARIABLE,
    NETWORK_VARIABLE,
    PROXY_CONFIG_ANNOTATION,
    PROXY_UID,
)
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules
from krm_injector.workload.controller import owner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LEGACY_FS_GROUP = "ENABLE_LEGACY_FSGROUP_INJECTION"


class _Configs(NamedTuple):
    of_mesh: Message  # as the control plane has it
    for_pod: Message  # with the pod's annotation proxy.istio.io/config over it (1.6+)


def inject_pod(
    pod: Object, decision: Decision, plane: PreparedControlPlane, manual: bool
) -> Object:
    """The injected pod. Raises TemplateError, RenderError, TypeMismatch, ApiError."""
    rules = plane.mesh.rules
    configs = _configs(pod, plane)
    secured = _with_fs_group(pod, plane, manual)
    # kube-inject's own code changes securityContext after the template has seen the pod, the
    # webhook's before.
    as_webhook = rules.manual_patches or not manual
    params = _parameters(secured if as_webhook else pod, decision, plane, configs.for_pod, manual)
    spec = render_spec(plane, params)

    settings = ApplySettings(
        rules=rules,
        status=status_json(plane.mesh.config.get("template") or "", spec),
        revision=_revision(plane.mesh.revision, manual),
        workload_name=params.owner.name,
        status_port=_status_port(configs.of_mesh, rules),
        prometheus_merge=_prometheus_merge(configs.of_mesh, rules),
        hold=_hold(configs.for_pod, plane),
        injected_annotations=_injected_annotations(plane, manual),
    )
    apply = by_webhook if as_webhook else by_kube_inject
    return apply(secured, spec, settings)


# ---------------------------------------------------------------- what the template sees


def _configs(pod: Object, plane: PreparedControlPlane) -> _Configs:
    annotation = pods.annotations_of(pod).get(PROXY_CONFIG_ANNOTATION)
    mesh_config = plane.mesh_config
    if annotation is None or not plane.mesh.rules.proxy_config_annotation:
        return _Configs(mesh_config, mesh_config)

    annotated = annotated_mesh_config(annotation, mesh_config, plane.mesh.rules.api)
    return _Configs(mesh_config, annotated)


def parameters(
    pod: Object, decision: Decision, plane: PreparedControlPlane, manual: bool
) -> InjectionParameters:
    """What the template sees of a pod that is not changed for it. Raises ApiError."""
    return _parameters(pod, decision, plane, _configs(pod, plane).for_pod, manual)


def _parameters(
    pod: Object,
    decision: Decision,
    plane: PreparedControlPlane,
    mesh_config: Message,
    manual: bool,
) -> InjectionParameters:
    owner_meta: Object = pod["metadata"]
    if manual:
        owner_meta = decision.workload.object.get("metadata") or {}

    path = ""
    if decision.webhook is not None and not manual:
        path = decision.webhook.path

    return InjectionParameters(
        pod=pod,
        stripped=pod,  # in these versions a template sees what an earlier injection added
        owner=owner_of(decision.workload, plane.mesh.rules, manual),
        owner_meta=pods.with_string_maps(owner_meta),
        proxy_config=mesh_config.go_attr("DefaultConfig"),
        mesh_config=mesh_config,
        proxy_env=_cluster_env(path, plane, pod),
        namespace_annotations={},
        manual=manual,
    )


def _cluster_env(path: str, plane: PreparedControlPlane, pod: Object) -> dict[str, str]:
    """The proxy's environment by the webhook's path (1.6+), by the values and the pod's label too
    (1.8).
    """
    rules = plane.mesh.rules
    if rules.cluster_by_path == "pairs":
        return cluster_env(path, plane.typed, pods.labels_of(pod), rules.path_env)

    parts = path.split("/")
    if rules.cluster_by_path != "ends" or len(parts) < 5:
        return {}
    return {CLUSTER_VARIABLE: parts[-3], NETWORK_VARIABLE: parts[-1]}


# ---------------------------------------------------------------- what applying the spec asks


def _revision(revision: str, manual: bool) -> str:
    """What istio.io/rev says: istiod's REVISION ("default" by its chart), kube-inject's --revision
    ("" by default).
    """
    return "" if manual and revision == "default" else revision


def _status_port(mesh_config: Message, rules: Rules) -> int | None:
    """The agent's port by the mesh; None if the sidecar's arguments say it."""
    if rules.status_port != "mesh":
        return None
    return int(mesh_config.go_attr("DefaultConfig").go_attr("StatusPort"))


def _prometheus_merge(mesh_config: Message, rules: Rules) -> bool:
    if not rules.merges_prometheus:
        return False

    merge = mesh_config.go_attr("EnablePrometheusMerge")
    return True if merge is None or merge.is_nil else bool(merge.go_attr("Value"))


def _hold(mesh_config: Message, plane: PreparedControlPlane) -> bool:
    """1.7: by the values, whatever the template says; 1.8: by the mesh or the values."""
    source = plane.mesh.rules.hold
    if not source:
        return False
    if source == "values" or plane.typed.hold_application:
        return plane.typed.hold_application

    proxy_config = mesh_config.go_attr("DefaultConfig")
    hold = proxy_config.go_attr("HoldApplicationUntilProxyStarts")
    return hold is not None and not hold.is_nil and bool(hold.go_attr("Value"))


def _injected_annotations(plane: PreparedControlPlane, manual: bool) -> dict[str, str]:
    if manual or not plane.mesh.rules.config_injected_annotations:
        return {}
    return plane.mesh.config.get("injectedAnnotations") or {}


# ---------------------------------------------------------------- the group of the pod


def _with_fs_group(pod: Object, plane: PreparedControlPlane, manual: bool) -> Object:
    """The pod in the group that may read the service account's token (kubernetes issue 57923)."""
    rule, mesh_config = plane.mesh.rules.fs_group, plane.mesh_config
    if rule == "feature":
        needed = _legacy_fs_group(plane, manual)
    else:
        needed = mesh_config.go_attr("SdsUdsPath") != ""
        if rule == "token":
            needed = needed and mesh_config.go_attr("EnableSdsTokenMount")

    if not needed:
        return pod

    context = at(pod, ("spec", "securityContext")) or {}
    if rule in ("token", "path"):
        context = {}  # the whole securityContext of the pod gives way
    return pods.with_spec(pod, securityContext={**context, "fsGroup": PROXY_UID})


def _legacy_fs_group(plane: PreparedControlPlane, manual: bool) -> bool:
    """ENABLE_LEGACY_FSGROUP_INJECTION of istiod, on unless JWT_POLICY is first-party-jwt
    (pilot/pkg/features).
    """
    env = plane.mesh.control_plane_env
    values: Any = {} if manual else plane.values
    feature = env.get(_LEGACY_FS_GROUP, at(values, ("pilot", "env", _LEGACY_FS_GROUP)))
    enabled = pods.parse_bool(str(feature).lower()) if feature is not None else None
    if enabled is not None:
        return enabled

    jwt_policy = env.get("JWT_POLICY", at(values, ("global", "jwtPolicy")))
    return bool(jwt_policy != "first-party-jwt")
