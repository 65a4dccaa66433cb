"""Istio 1.1 to 1.8: a template renders a SidecarInjectionSpec, which code then applies to the pod.

Source: InjectionData (pilot/pkg/kube/inject/inject.go until 1.3, then pkg/kube/inject/inject.go),
concurrency.go; what differs between these versions stands in versions.py. How the spec is applied:
spec_apply.py.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from krm_injector.injection import pods
from krm_injector.injection.concurrency import cores
from krm_injector.injection.legacy.spec_apply import Facts, Spec, by_kube_inject, by_webhook
from krm_injector.injection.render import (
    ControlPlane,
    RenderError,
    Subject,
    cluster_env,
    give_divisors,
    template_data,
)
from krm_injector.istio_api import Message, annotated_mesh_config
from krm_injector.kube import go_json, pod_history, types, yaml
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object
from krm_injector.versions import Rules
from krm_injector.workload.controller import Owner, owner_of, string_map

FS_GROUP = 1337
_CONCURRENCY = re.compile(r"--?concurrency(?:=([0-9]+))?\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
# Go's names of the spec's fields: encoding/json finds them in any case.
_FIELDS = {
    "rewriteapphttpprobe": "bool",
    "holdapplicationuntilproxystarts": "bool",
    "podredirectannot": "map[string]string",
    "initcontainers": "[]v1.Container",
    "containers": "[]v1.Container",
    "volumes": "[]v1.Volume",
    "dnsconfig": "*v1.PodDNSConfig",
    "imagepullsecrets": "[]v1.LocalObjectReference",
}


class _Configs(NamedTuple):
    of_mesh: Message  # as the control plane has it
    for_pod: (
        Message  # with the pod's annotation proxy.istio.io/config over its defaultConfig (1.6+)
    )


def inject_pod(pod: Object, decision: Decision, plane: ControlPlane, manual: bool) -> Object:
    """The injected pod. Raises TemplateError, RenderError, TypeMismatch, ApiError."""
    mesh, rules = plane.mesh, plane.mesh.rules
    configs = _configs(pod, plane)
    secured = _with_fs_group(pod, plane, manual)
    patched = rules.manual_patches or not manual
    owner = owner_of(decision.workload, rules, manual)
    path = "" if manual or decision.webhook is None else decision.webhook.path
    env = _cluster_env(path, plane, pod)
    # kube-inject's own code changes securityContext after the template has seen the pod, the
    # webhook's before.
    seen = secured if patched else pod
    spec = render_spec(plane, _subject(seen, decision, configs.for_pod, owner, env, manual), env)
    facts = Facts(
        rules=rules,
        status=status_json(mesh.config.get("template") or "", spec),
        revision=_revision(mesh.revision, manual),
        workload_name=owner.name,
        status_port=_status_port(configs.of_mesh, rules),
        prometheus_merge=_prometheus_merge(configs.of_mesh, rules),
        hold=_hold(spec, configs.for_pod, plane),
        injected_annotations=_injected_annotations(plane, manual),
    )
    return by_webhook(secured, spec, facts) if patched else by_kube_inject(secured, spec, facts)


# ---------------------------------------------------------------- what is asked of the control plane


def _configs(pod: Object, plane: ControlPlane) -> _Configs:
    text = pods.annotations_of(pod).get(pods.PROXY_CONFIG_ANNOTATION)
    mesh, minor = plane.mesh_config, plane.mesh.rules.minor
    if text is None or not plane.mesh.rules.proxy_config_annotation:
        return _Configs(mesh, mesh)
    return _Configs(mesh, annotated_mesh_config(text, mesh, minor))


def _subject(
    pod: Object,
    decision: Decision,
    config: Message,
    owner: Owner,
    env: dict[str, str],
    manual: bool,
) -> Subject:
    of_owner: Object = (
        (decision.workload.object.get("metadata") or {}) if manual else pod["metadata"]
    )
    typed = {
        field: string_map(of_owner[field])
        for field in ("labels", "annotations")
        if of_owner.get(field)
    }
    return Subject(
        pod=pod,
        stripped=pod,  # of that time: a template sees what an earlier injection added
        owner=owner,
        owner_meta={**of_owner, **typed},
        proxy_config=config.go_attr("DefaultConfig"),
        mesh_config=config,
        proxy_env=env,
        namespace_annotations={},
        manual=manual,
    )


def _revision(revision: str, manual: bool) -> str:
    """What istio.io/rev says: istiod's REVISION ("default" by its chart), kube-inject's --revision
    ("" by default).
    """
    return "" if manual and revision == "default" else revision


def _status_port(mesh_config: Message, rules: Rules) -> int | None:
    """The agent's port by the mesh; None where the sidecar's arguments say it."""
    return (
        int(mesh_config.go_attr("DefaultConfig").go_attr("StatusPort"))
        if rules.status_port == "mesh"
        else None
    )


def _prometheus_merge(mesh_config: Message, rules: Rules) -> bool:
    if not rules.merges_prometheus:
        return False
    wanted = mesh_config.go_attr("EnablePrometheusMerge")
    return True if wanted is None or wanted.is_nil else bool(wanted.go_attr("Value"))


def _hold(spec: Spec, config: Message, plane: ControlPlane) -> bool:
    """1.7: by the values, whatever the template says; 1.8: by the mesh or the values."""
    if plane.mesh.rules.hold != "mesh":
        return plane.mesh.rules.hold == "values" and plane.typed.hold_application
    wanted = config.go_attr("DefaultConfig").go_attr("HoldApplicationUntilProxyStarts")
    by_mesh = wanted is not None and not wanted.is_nil and bool(wanted.go_attr("Value"))
    return bool(by_mesh or plane.typed.hold_application)


def _injected_annotations(plane: ControlPlane, manual: bool) -> dict[str, str]:
    if manual or not plane.mesh.rules.config_injected_annotations:
        return {}
    return plane.mesh.config.get("injectedAnnotations") or {}


def _with_fs_group(pod: Object, plane: ControlPlane, manual: bool) -> Object:
    """The pod in the group that may read the service account's token (kubernetes issue 57923)."""
    how, mesh = plane.mesh.rules.fs_group, plane.mesh_config
    if how == "feature":
        wanted = _legacy_fs_group(plane, manual)
    else:
        wanted = mesh.go_attr("SdsUdsPath") != "" and (
            how != "token" or mesh.go_attr("EnableSdsTokenMount")
        )

    if not wanted:
        return pod

    kept = {} if how in ("token", "path") else at(pod, ("spec", "securityContext")) or {}
    return pods.with_spec(pod, securityContext={**kept, "fsGroup": FS_GROUP})


def _legacy_fs_group(plane: ControlPlane, manual: bool) -> bool:
    """ENABLE_LEGACY_FSGROUP_INJECTION of istiod, on unless JWT_POLICY is first-party-jwt
    (pilot/pkg/features).
    """
    env = plane.mesh.control_plane_env
    values: Any = {} if manual else plane.values
    stated = env.get(
        "ENABLE_LEGACY_FSGROUP_INJECTION",
        at(values, ("pilot", "env", "ENABLE_LEGACY_FSGROUP_INJECTION")),
    )
    wanted = pods.parse_bool(str(stated).lower()) if stated is not None else None
    if wanted is not None:
        return wanted

    return bool(env.get("JWT_POLICY", at(values, ("global", "jwtPolicy"))) != "first-party-jwt")


def _cluster_env(path: str, plane: ControlPlane, pod: Object) -> dict[str, str]:
    """The proxy's environment by the webhook's path (1.6+), by the values and the pod's label too
    (1.8).
    """
    how = plane.mesh.rules.cluster_by_path
    if how == "pairs":
        return cluster_env(path, plane.typed, pods.labels_of(pod), plane.mesh.rules.path_env)
    parts = path.split("/")
    if how != "ends" or len(parts) < 5:
        return {}
    return {"ISTIO_META_CLUSTER_ID": parts[-3], "ISTIO_META_NETWORK": parts[-1]}


# ---------------------------------------------------------------- the spec


def render_spec(plane: ControlPlane, subject: Subject, env: dict[str, str]) -> Spec:
    """What the template gives for a pod, with concurrency and cluster written into the proxy."""
    text = plane.execute(plane.spec_template(), template_data(plane, subject))
    try:
        value = yaml.load(text, strict=False)
    except yaml.YamlError as problem:
        raise RenderError(f"what the template renders is not YAML: {problem}") from None

    if value is not None and not isinstance(value, dict):
        raise RenderError(
            f"the template renders a {type(value).__name__}, not a SidecarInjectionSpec"
        )

    spec = read_spec(value or {}, plane.mesh.rules.kubernetes)
    give_divisors({"spec": {**spec._asdict(), "initContainers": spec.init_containers}})
    proxies = _with_concurrency(spec.containers)
    return spec._replace(
        containers=_with_env(proxies, env, every=plane.mesh.rules.cluster_by_path == "ends")
    )


def read_spec(value: Object, kubernetes: int) -> Spec:
    """A rendered SidecarInjectionSpec as Go decodes it with k8s.io/api 0.``kubernetes``. Raises
    TypeMismatch.
    """
    found: dict[str, Any] = {}
    for key in sorted(value):
        go_type = _FIELDS.get(key.lower())
        if go_type is not None:
            decoded = types.decode(go_type, value[key], key, coerce=True, fold_case=True)
            found[key.lower()] = pod_history.known(go_type, decoded, kubernetes)

    return Spec(
        rewrite_probes=bool(found.get("rewriteapphttpprobe")),
        redirect=found.get("podredirectannot") or {},
        init_containers=found.get("initcontainers") or [],
        containers=found.get("containers") or [],
        volumes=found.get("volumes") or [],
        dns_config=found.get("dnsconfig"),
        pull_secrets=found.get("imagepullsecrets") or [],
    )


def status_json(template: str, spec: Spec) -> str:
    """sidecar.istio.io/status: the template's hash, and the names of what it brought, null where it
    brought none.
    """
    from hashlib import sha256

    version = sha256(template.encode("utf-8", "surrogatepass")).hexdigest()
    parts = [f'"version":"{version}"']
    for field, among in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
        ("volumes", spec.volumes),
        ("imagePullSecrets", spec.pull_secrets),
    ):
        parts.append(
            f'"{field}":{go_json.dumps([entry.get("name", "") for entry in among] or None)}'
        )

    return "{" + ",".join(parts) + "}"


def _with_concurrency(containers: list[Object]) -> list[Object]:
    """The proxy told how many threads it may run: its CPU limit or else request, where no argument
    says.
    """
    result = list(containers)
    for index, container in enumerate(containers):
        if container.get("name") != pods.PROXY:
            continue

        args = container.get("args") or []
        limits, requests = (
            at(container, ("resources", field, "cpu")) for field in ("limits", "requests")
        )
        threads = max(cores(limits) or 0, 0) or max(cores(requests) or 0, 0)
        if _stated_concurrency(args) <= 0 and threads:
            result[index] = {**container, "args": [*args, "--concurrency", str(threads)]}

        break

    return result


def _stated_concurrency(args: list[str]) -> int:
    for index, arg in enumerate(args):
        match = _CONCURRENCY.match(arg.strip())
        if match:
            number = match[1] or (args[index + 1] if index + 1 < len(args) else "")
            return int(number) if _INTEGER.match(number) else 0
    return 0


def _with_env(containers: list[Object], env: dict[str, str], every: bool) -> list[Object]:
    """The proxy's environment with these variables at its end."""
    result = list(containers)
    for index, container in enumerate(containers) if env else ():
        if container.get("name") == pods.PROXY:
            kept = [
                variable
                for variable in container.get("env") or []
                if variable.get("name") not in env
            ]
            ours = [
                {"name": name, "value": env[name]} if env[name] else {"name": name}
                for name in sorted(env)
            ]
            result[index] = {**container, "env": kept + ours}
            if not every:
                break

    return result
