"""One workload through rendering, merging and post-processing: the four calls of Istio's injectPod.

Source: pkg/kube/inject/webhook.go inject and injectPod, inject.go IntoObject (1.9-1.31).
"""

from __future__ import annotations

from typing import Any

from krm_injector.injection import annotations as annotation_rules
from krm_injector.injection import merge, pods, prometheus
from krm_injector.injection.post_process import Facts, post_process
from krm_injector.injection.render import (
    ControlPlane,
    RenderError,
    Subject,
    TemplateError,
    cluster_env,
    is_native,
    render,
)
from krm_injector.istio_api import ApiError, Message, annotated_mesh_config, proxy_config_for
from krm_injector.kube import types
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.settle import settle
from krm_injector.kube.strategic_merge import MergeError
from krm_injector.kube.strategic_merge import merge as strategic_merge
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Object, Result, Workload
from krm_injector.versions import Rules, versions_with
from krm_injector.workload import controller, decodable
from krm_injector.workload.controller import string_map


class Failure(Exception):
    """One workload cannot be injected; holds every cause."""

    def __init__(self, *results: Result) -> None:
        super().__init__(results[0].message)
        self.results = results


def inject(decision: Decision, plane: ControlPlane, manual: bool) -> Object:
    """The workload's object with its pod template injected. Raises Failure."""
    workload = decision.workload
    metadata_path, pod = pod_of(workload, manual)
    problems = annotation_rules.problems(pods.annotations_of(pod), plane.mesh.rules)
    causes = [_bad_annotation(workload, metadata_path, *p) for p in problems]
    mismatches = decodable.of_pod_spec(pod["spec"], text((*workload.template, "spec")))
    causes += [decodable.mistyped(workload.ref, mismatch) for mismatch in mismatches]
    if causes:
        raise Failure(*causes)

    try:
        injected = inject_pod(pod, decision, plane, manual)
    except (
        TemplateError,
        RenderError,
        MergeError,
        types.TypeMismatch,
        merge.BadAnnotation,
        ApiError,
    ) as problem:
        raise Failure(_explained(workload, plane, problem)) from None

    return _with_pod(workload, metadata_path, injected)


def pod_of(workload: Workload, manual: bool) -> tuple[Step, Object]:
    """Where the pod's metadata stands in the object, and the pod without nulls.

    istioctl kube-inject takes a CronJob's jobTemplate.metadata for the pod's (IntoObject), the
    webhook the pod's own.
    """
    template: Any = workload.object
    for step in workload.template:
        template = template[step] if step.__class__ is int else template.get(step) or {}

    metadata_path: Step = (*workload.template, "metadata")
    metadata = template.get("metadata") or {}
    if manual and controller.is_cron_job(workload.ref):
        metadata_path = ("spec", "jobTemplate", "metadata")
        metadata = workload.object["spec"]["jobTemplate"].get("metadata") or {}

    typed = {
        field: string_map(metadata[field])
        for field in ("labels", "annotations")
        if metadata.get(field)
    }
    metadata = {**metadata, **typed}
    if not manual:
        metadata["namespace"] = workload.ref.namespace

    return metadata_path, merge.without_nulls(
        {"metadata": metadata, "spec": template.get("spec") or {}}
    )


def inject_pod(pod: Object, decision: Decision, plane: ControlPlane, manual: bool) -> Object:
    """The injected pod: rendered, merged, post-processed, and typed as the API server would read
    it.
    """
    mesh, rules = plane.mesh, plane.mesh.rules
    if rules.result == "spec":
        from krm_injector.injection.legacy import spec_render  # only old control planes pay for it

        return spec_render.inject_pod(pod, decision, plane, manual)

    if mesh.platform == "openshift" and rules.openshift_reset_user:
        pod = _without_assigned_user(pod, rules.openshift_reset_user)

    mesh_config, proxy_config = _configs(pod, decision, plane, manual)
    # Before 1.13 the annotation proxy.istio.io/config changed what templates see, and nothing else.
    of_mesh = mesh_config if rules.proxy_config_resources else plane.mesh_config
    status_port = _status_port(of_mesh)
    stripped = merge.stripped(pod, lambda given: _clear_prometheus(given, status_port, rules))
    namespace = decision.namespace
    subject = Subject(
        pod=pod,
        stripped=merge.with_saved_overrides(stripped),
        owner=controller.owner_of(decision.workload, rules, manual),
        owner_meta=_owner_meta(decision.workload, pod, rules, manual),
        proxy_config=proxy_config,
        mesh_config=mesh_config,
        proxy_env=cluster_env(
            _path(decision, manual), plane.typed, pods.labels_of(pod), rules.path_env
        ),
        namespace_annotations=namespace.annotations
        if namespace and mesh.platform == "openshift"
        else {},
        manual=manual,
    )
    merged: Object = pod
    template_pod: Object = {
        "metadata": {},
        "spec": {"containers": None},
    }  # an empty Pod, as Go writes it
    native = is_native(mesh, pod)
    for partial in render(plane, subject):
        template_pod = strategic_merge(template_pod, partial)
        merged = merge.apply_template(merged, partial, native, template_pod)

    merged = settle("v1.Pod", pod, merged)
    tproxy = str(proxy_config.go_attr("InterceptionMode").name) == "TPROXY"
    merged = merge.reapply_overrides(merged, pod, template_pod, tproxy, rules)
    facts = Facts(
        rules=rules,
        revision=mesh.revision,
        proxy_env=subject.proxy_env,
        prometheus_merge=_wrapped(of_mesh.go_attr("EnablePrometheusMerge"), default=True),
        status_port=status_port,
        rewrite_probes=plane.typed.rewrite_app_http_probe,
        hold=_hold(pod, mesh_config, plane),
        injected_annotations={} if manual else (mesh.config.get("injectedAnnotations") or {}),
        rewrite_tcp=pods.parse_bool(mesh.control_plane_env.get("REWRITE_TCP_PROBES", ""))
        is not False,
    )
    return post_process(merged, template_pod, facts)


def _configs(
    pod: Object, decision: Decision, plane: ControlPlane, manual: bool
) -> tuple[Message, Message]:
    """MeshConfig and ProxyConfig for this pod. kube-inject knows no ProxyConfig resources but
    overlays both.
    """
    mesh = plane.mesh
    if manual or not mesh.rules.proxy_config_resources:
        mesh_config = _annotated(pod, plane)
        return mesh_config, mesh_config.go_attr("DefaultConfig")

    proxy_config = proxy_config_for(
        plane.mesh_config,
        pods.annotations_of(pod),
        decision.workload.ref.namespace,
        pods.labels_of(pod),
        mesh.proxy_configs,
        mesh.root_namespace,
        mesh.rules.minor,
    )
    return plane.mesh_config, proxy_config


def _annotated(pod: Object, plane: ControlPlane) -> Message:
    text = pods.annotations_of(pod).get(pods.PROXY_CONFIG_ANNOTATION)
    return (
        plane.mesh_config
        if text is None
        else annotated_mesh_config(text, plane.mesh_config, plane.mesh.rules.minor)
    )


def _hold(pod: Object, mesh_config: Message, plane: ControlPlane) -> bool:
    config = _annotated(pod, plane).go_attr("DefaultConfig")
    return (
        _wrapped(config.go_attr("HoldApplicationUntilProxyStarts"), default=False)
        or plane.typed.hold_application
    )


def _wrapped(message: Any, default: bool) -> bool:
    return default if message is None or message.is_nil else bool(message.go_attr("Value"))


def _status_port(mesh_config: Message) -> int:
    return int(mesh_config.go_attr("DefaultConfig").go_attr("StatusPort"))


def _clear_prometheus(
    annotations: dict[str, str], status_port: int, rules: Rules
) -> dict[str, str]:
    ours = prometheus.settings(annotations, rules).get("port") == str(status_port)
    return prometheus.cleared(annotations, rules) if ours else annotations


def _owner_meta(workload: Workload, pod: Object, rules: Rules, manual: bool) -> Object:
    """The metadata behind .DeploymentMeta (before 1.22): the workload's for kube-inject, the pod's
    for the webhook.
    """
    if manual and (workload.ref.kind != "Pod" or not rules.manual_pod_owner):
        metadata: Object = workload.object.get("metadata") or {}
        typed = {
            field: string_map(metadata[field])
            for field in ("labels", "annotations")
            if metadata.get(field)
        }
        return {**metadata, **typed}

    return {
        key: value
        for key, value in pod["metadata"].items()
        if key not in ("ownerReferences", "managedFields")
    }


def _path(decision: Decision, manual: bool) -> str:
    return "" if manual or decision.webhook is None else decision.webhook.path


def _without_assigned_user(pod: Object, whose: str) -> Object:
    """OpenShift gives every container the same runAsUser; on istio-proxy that is no override of the
    user's.
    """
    sidecar = pods.find_in_pod(pods.PROXY, pod)
    if sidecar is None or not sidecar.get("securityContext"):
        return pod

    among = pods.containers(pod) + (
        pods.containers(pod, "initContainers") if whose == "all" else []
    )
    proxy_user = app_user = 0
    for container in among:
        user = (container.get("securityContext") or {}).get("runAsUser")
        if user is None:
            continue
        if container.get("name") == pods.PROXY:
            proxy_user = user
        elif container.get("name") not in (pods.VALIDATION, pods.INIT):
            app_user = user

    if proxy_user != app_user:
        return pod

    context = {
        k: v for k, v in sidecar["securityContext"].items() if k not in ("runAsUser", "runAsGroup")
    }
    return pods.replace_container(pod, sidecar, {**sidecar, "securityContext": context})


def _with_pod(workload: Workload, metadata_path: Step, pod: Object) -> Object:
    """A copy of the workload's object with the pod's spec and what a template may change of its
    metadata.
    """
    result: Object = put(workload.object, (*workload.template, "spec"), pod["spec"])
    before = at(workload.object, metadata_path) or {}
    for field, empty in (("labels", {}), ("annotations", {}), ("finalizers", [])):
        value = pod["metadata"].get(field)
        if value or before.get(field):  # a template may have taken all of them out
            result = put(result, (*metadata_path, field), value or empty)
    return result


def _bad_annotation(workload: Workload, path: Step, name: str, value: str, problem: str) -> Result:
    return Result(
        "error",
        f"annotation {name}: {problem}; Istio refuses the pod until it is corrected or removed",
        workload.ref,
        field=text((*path, "annotations")) + f"[{name}]",
        current=value,
        code="annotation-invalid",
    )


def _unknown(problem: TemplateError, plane: ControlPlane) -> str:
    """Which versions of Istio have the function that the template names and this one lacks; "" for
    other troubles.
    """
    _, names, rest = str(problem).partition('function "')
    has = versions_with(rest.partition('"')[0]) if names else ()
    if not has:
        return ""
    shown = [".".join(map(str, minor)) for minor in (plane.mesh.rules.minor, has[0], has[-1])]
    return f" in Istio {shown[0]}; Istio has it from {shown[1]} to {shown[2]}"


def _explained(workload: Workload, plane: ControlPlane, problem: Exception) -> Result:
    where = text(workload.template) or "the pod"
    if isinstance(problem, merge.BadAnnotation):
        return _bad_annotation(
            workload, (*workload.template, "metadata"), problem.name, problem.value, problem.problem
        )

    if isinstance(problem, TemplateError):
        message = f"the injection template of revision {plane.mesh.revision} failed: {problem}{_unknown(problem, plane)}"
        return Result("error", message, workload.ref, code="template-failed")

    if isinstance(problem, RenderError):
        return Result("error", f"{problem}", workload.ref, code="template-unusable")

    if isinstance(problem, types.TypeMismatch):
        path = f"{where}.{problem.path}" if workload.template else problem.path
        return Result("error", f"{path}: {problem}", workload.ref, field=path, code="pod-invalid")

    return Result(
        "error", f"{where} cannot be merged: {problem}", workload.ref, code="merge-failed"
    )
