"""One workload through rendering, merging and post-processing: the four calls of Istio's injectPod.

Source: pkg/kube/inject/webhook.go inject and injectPod, inject.go IntoObject (1.9-1.31).
"""

from __future__ import annotations

from krm_injector.gotemplate import TemplateError
from krm_injector.injection import annotations as annotation_rules
from krm_injector.injection import merge, pods, prometheus
from krm_injector.injection.control_plane import PreparedControlPlane, RenderError
from krm_injector.injection.post_process import PostProcessing, post_process
from krm_injector.injection.render import cluster_env, is_native, render
from krm_injector.injection.template_data import InjectionParameters
from krm_injector.istio_api import ApiError, Message, annotated_mesh_config
from krm_injector.istio_names import PROXY_CONFIG_ANNOTATION
from krm_injector.kube import types
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.settle import settle
from krm_injector.kube.strategic_merge import MergeError
from krm_injector.kube.strategic_merge import merge as strategic_merge
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Object, Result, Workload
from krm_injector.versions import Rules, versions_with
from krm_injector.workload import controller, decodable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# What a pod can be refused with.
REFUSALS = (
    TemplateError, RenderError, MergeError, types.TypeMismatch, merge.BadAnnotation, ApiError
)  # fmt: skip


class Failure(Exception):
    """One workload cannot be injected; holds every cause."""

    def __init__(self, *results: Result) -> None:
        super().__init__(results[0].message)
        self.results = results


def inject(
    decision: Decision, plane: PreparedControlPlane, manual: bool, defaults: bool = False
) -> Object:
    """The workload's object with its pod template injected. Raises Failure.

    defaults: whether injection reads the pod as the API server stores it (stored.py).
    """
    workload = decision.workload
    metadata_path, pod = pod_of(workload, manual)
    causes = _problems(workload, metadata_path, pod, plane.mesh.rules)
    if causes:
        raise Failure(*causes)

    try:
        if defaults:
            from krm_injector.injection import stored  # late: only spec.cluster.defaults needs it

            injected = stored.injected(pod, lambda each: inject_pod(each, decision, plane, manual))
        else:
            injected = inject_pod(pod, decision, plane, manual)
    except REFUSALS as problem:
        raise Failure(_explained(workload, plane, problem)) from None

    return _with_pod(workload, metadata_path, injected)


def pod_of(workload: Workload, manual: bool) -> tuple[Step, Object]:
    """Where the pod's metadata stands in the object, and the pod without nulls."""
    template: Any = workload.object
    for step in workload.template:
        template = template[step] if step.__class__ is int else template.get(step) or {}

    path = controller.metadata_path(workload, manual)
    metadata = pods.with_string_maps(at(workload.object, path) or {})
    if not manual:
        metadata["namespace"] = workload.ref.namespace

    pod = {"metadata": metadata, "spec": template.get("spec") or {}}
    return path, merge.without_nulls(pod)


def _problems(workload: Workload, metadata_path: Step, pod: Object, rules: Rules) -> list[Result]:
    """Why Istio or the API server would refuse the pod before anything is rendered."""
    problems = annotation_rules.problems(pods.annotations_of(pod), rules)
    causes = [_bad_annotation(workload, metadata_path, *problem) for problem in problems]
    mismatches = decodable.of_pod_spec(pod["spec"], text((*workload.template, "spec")))
    causes += [decodable.mistyped(workload.ref, mismatch) for mismatch in mismatches]
    return causes


# ---------------------------------------------------------------- the pod


def inject_pod(
    pod: Object, decision: Decision, plane: PreparedControlPlane, manual: bool
) -> Object:
    """The injected pod: rendered, merged, post-processed, and typed as the API server would read
    it.
    """
    mesh, rules = plane.mesh, plane.mesh.rules
    if rules.result == "spec":
        from krm_injector.injection import legacy  # only old control planes pay for it

        return legacy.inject_pod(pod, decision, plane, manual)

    if mesh.platform == "openshift" and rules.openshift_reset_user:
        from krm_injector.injection import openshift

        cleaned = openshift.without_assigned_user(pod, rules.openshift_reset_user)
        if cleaned is not pod:
            return openshift.with_user_left(_injected(cleaned, decision, plane, manual), pod)

    return _injected(pod, decision, plane, manual)


def _injected(pod: Object, decision: Decision, plane: PreparedControlPlane, manual: bool) -> Object:
    """The pod with the templates' partial Pods in it (injectPod)."""
    params = parameters(pod, decision, plane, manual)
    merged, template_pod = _merged(pod, plane, params)
    tproxy = str(params.proxy_config.go_attr("InterceptionMode").name) == "TPROXY"
    merged = merge.reapply_overrides(merged, pod, template_pod, tproxy, plane.mesh.rules)
    return post_process(merged, template_pod, _post_processing(plane, params))


def parameters(
    pod: Object, decision: Decision, plane: PreparedControlPlane, manual: bool
) -> InjectionParameters:
    """What the pod is rendered with."""
    mesh, rules = plane.mesh, plane.mesh.rules
    mesh_config, proxy_config = _configs(pod, decision, plane, manual)
    stripped = _stripped(pod, _mesh_config_outside_templates(plane, mesh_config), rules)

    path = ""
    if decision.webhook is not None and not manual:
        path = decision.webhook.path

    namespace_annotations: dict[str, str] = {}
    if decision.namespace and mesh.platform == "openshift":
        namespace_annotations = decision.namespace.annotations

    params = InjectionParameters(
        pod=pod,
        stripped=merge.with_saved_overrides(stripped),
        owner=controller.owner_of(decision.workload, rules, manual),
        owner_meta=_owner_meta(decision.workload, pod, rules, manual),
        proxy_config=proxy_config,
        mesh_config=mesh_config,
        proxy_env=cluster_env(path, plane.typed, pods.labels_of(pod), rules.path_env),
        namespace_annotations=namespace_annotations,
        manual=manual,
    )
    if params.owner.kind == "DeploymentConfig":
        from krm_injector.injection import deployment_config  # only there a label is hidden

        return deployment_config.seen(params, decision.workload.ref.kind, rules)
    return params


def _merged(
    pod: Object, plane: PreparedControlPlane, params: InjectionParameters
) -> tuple[Object, Object]:
    """The pod with all templates merged in, and what the templates alone give."""
    # The templates alone start from an empty Pod, as Go writes it.
    template_pod: Object = {"metadata": {}, "spec": {"containers": None}}
    merged = pod
    native = is_native(plane.mesh, pod)
    for partial in render(plane, params):
        template_pod = strategic_merge(template_pod, partial)
        merged = merge.apply_template(merged, partial, native, template_pod)

    return settle("v1.Pod", pod, merged), template_pod


def _post_processing(plane: PreparedControlPlane, params: InjectionParameters) -> PostProcessing:
    mesh = plane.mesh
    mesh_config = _mesh_config_outside_templates(plane, params.mesh_config)
    annotations: dict[str, str] = {}
    if not params.manual:
        annotations = mesh.config.get("injectedAnnotations") or {}

    rewrite_tcp = pods.parse_bool(mesh.control_plane_env.get("REWRITE_TCP_PROBES", ""))
    return PostProcessing(
        rules=mesh.rules,
        revision=mesh.revision,
        proxy_env=params.proxy_env,
        prometheus_merge=_bool_value(mesh_config.go_attr("EnablePrometheusMerge"), default=True),
        status_port=_status_port(mesh_config),
        rewrite_probes=plane.typed.rewrite_app_http_probe,
        hold=_hold(params.pod, plane),
        injected_annotations=annotations,
        rewrite_tcp=rewrite_tcp is not False,
    )


# ---------------------------------------------------------------- configurations of the pod


def _configs(
    pod: Object, decision: Decision, plane: PreparedControlPlane, manual: bool
) -> tuple[Message, Message]:
    """MeshConfig and ProxyConfig for this pod.

    kube-inject knows no ProxyConfig resources, but lays the pod's annotation over both.
    """
    mesh = plane.mesh
    if manual or not mesh.rules.proxy_config_resources:
        mesh_config = _annotated_mesh_config(pod, plane)
        return mesh_config, mesh_config.go_attr("DefaultConfig")

    namespace = decision.workload.ref.namespace
    proxy_config = plane.proxy_config_of(pods.annotations_of(pod), namespace, pods.labels_of(pod))
    return plane.mesh_config, proxy_config


def _mesh_config_outside_templates(plane: PreparedControlPlane, mesh_config: Message) -> Message:
    """Before 1.13 the annotation proxy.istio.io/config changes what templates see, nothing else."""
    return mesh_config if plane.mesh.rules.proxy_config_resources else plane.mesh_config


def _annotated_mesh_config(pod: Object, plane: PreparedControlPlane) -> Message:
    annotation = pods.annotations_of(pod).get(PROXY_CONFIG_ANNOTATION)
    if annotation is None:
        return plane.mesh_config
    return annotated_mesh_config(annotation, plane.mesh_config, plane.mesh.rules.api)


def _hold(pod: Object, plane: PreparedControlPlane) -> bool:
    """holdApplicationUntilProxyStarts, by the pod's annotation, the mesh or the values."""
    has_annotation = PROXY_CONFIG_ANNOTATION in pods.annotations_of(pod)
    if not has_annotation and not plane.mesh.rules.hold_of_mesh:
        return plane.typed.hold_application

    proxy_config = _annotated_mesh_config(pod, plane).go_attr("DefaultConfig")
    by_config = proxy_config.go_attr("HoldApplicationUntilProxyStarts")
    return _bool_value(by_config, default=False) or plane.typed.hold_application


def _bool_value(message: Any, default: bool) -> bool:
    """A google.protobuf.BoolValue, which may be absent."""
    if message is None or message.is_nil:
        return default
    return bool(message.go_attr("Value"))


def _status_port(mesh_config: Message) -> int:
    return int(mesh_config.go_attr("DefaultConfig").go_attr("StatusPort"))


def _stripped(pod: Object, mesh_config: Message, rules: Rules) -> Object:
    """The pod without what an earlier injection added, its scrape annotations among it."""
    status_port = str(_status_port(mesh_config))

    def clear_prometheus(annotations: dict[str, str]) -> dict[str, str]:
        if prometheus.settings(annotations, rules).get("port") != status_port:
            return annotations
        return prometheus.cleared(annotations, rules)

    return merge.stripped(pod, clear_prometheus)


def _owner_meta(workload: Workload, pod: Object, rules: Rules, manual: bool) -> Object:
    """The metadata behind .DeploymentMeta (before 1.22): the workload's for kube-inject, the pod's
    for the webhook.
    """
    if manual and (workload.ref.kind != "Pod" or not rules.manual_pod_owner):
        return pods.with_string_maps(workload.object.get("metadata") or {})

    metadata = dict(pod["metadata"])
    metadata.pop("ownerReferences", None)
    metadata.pop("managedFields", None)
    return metadata


# ---------------------------------------------------------------- back into the object


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


# ---------------------------------------------------------------- what went wrong


def _explained(workload: Workload, plane: PreparedControlPlane, problem: Exception) -> Result:
    where = text(workload.template) or "the pod"
    if isinstance(problem, merge.BadAnnotation):
        metadata_path = (*workload.template, "metadata")
        return _bad_annotation(
            workload, metadata_path, problem.name, problem.value, problem.problem
        )

    if isinstance(problem, TemplateError):
        revision = plane.mesh.revision
        hint = _versions_with_function(problem, plane)
        message = f"the injection template of revision {revision} failed: {problem}{hint}"
        return Result("error", message, workload.ref, code="template-failed")

    if isinstance(problem, RenderError):
        return Result("error", f"{problem}", workload.ref, code="template-unusable")

    if isinstance(problem, types.TypeMismatch):
        path = f"{where}.{problem.path}" if workload.template else problem.path
        # The pod itself was asked before anything was rendered.
        wanted = f"expected {problem.expected}, got {problem.got}"
        message = f"what the injection template renders is wrong at {problem.path}: {wanted}"
        return Result("error", message, workload.ref, field=path, code="template-unusable")

    message = f"{where} cannot be merged: {problem}"
    return Result("error", message, workload.ref, code="merge-failed")


def _bad_annotation(workload: Workload, path: Step, name: str, value: str, problem: str) -> Result:
    return Result(
        "error",
        f"annotation {name}: {problem}; Istio refuses the pod until it is corrected or removed",
        workload.ref,
        field=text((*path, "annotations")) + f'["{name}"]',
        current=value,
        code="annotation-invalid",
    )


def _versions_with_function(problem: TemplateError, plane: PreparedControlPlane) -> str:
    """Which versions of Istio have the function that the template names and this one lacks; "" for
    other problems.
    """
    minors = versions_with(problem.function) if problem.function else ()
    if not minors:
        return ""

    this, first, last = (
        ".".join(map(str, minor)) for minor in (plane.mesh.rules.minor, minors[0], minors[-1])
    )
    return f" in Istio {this}; Istio has it from {first} to {last}"
