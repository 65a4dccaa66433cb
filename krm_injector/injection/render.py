"""Rendering: the templates of a control plane, given a pod, become partial Pods.

Source: pkg/kube/inject/inject.go RunTemplate (1.9-1.31).
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.injection.control_plane import PreparedControlPlane, RenderError
from krm_injector.injection.template_data import InjectionParameters, TemplateData, template_data
from krm_injector.istio_api import TypedValues
from krm_injector.istio_names import (
    CLUSTER_VARIABLE,
    NATIVE_SIDECAR_ANNOTATION,
    NETWORK_LABEL,
    NETWORK_VARIABLE,
    TEMPLATES_ANNOTATION,
)
from krm_injector.kube import pod_history, types, yaml
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import Step, at, put
from krm_injector.model import Decision, Mesh, Object, Result
from krm_injector.versions import PathForm
from krm_injector.workload import decodable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from krm_injector.function_config import Settings

_NATIVE_FIELD = "NativeSidecars"  # of a template's data


def render(plane: PreparedControlPlane, params: InjectionParameters) -> list[Object]:
    """The partial Pods in order, one per template. Raises TemplateError, RenderError."""
    data = template_data(plane, params)
    kubernetes = plane.mesh.rules.kubernetes
    partials = []
    for name in selected_templates(plane, params):
        partial = _partial_pod(name, plane, data)
        try:
            if kubernetes < pod_history.NEWEST:
                partial = pod_history.known("v1.Pod", partial, kubernetes)
            partials.append(with_divisors(partial))
        except (AttributeError, TypeError):
            # Not asked before: that would cost every workload a decoding of the whole partial Pod.
            _refuse_mistyped(name, partial)
            raise

    for partial in partials:
        plane.merging(partial)

    return partials


def _refuse_mistyped(name: str, partial: Object) -> None:
    """Raises RenderError if a value of the partial Pod has another type than its field, as a string
    where a list of containers belongs.
    """
    mismatches = types.check("v1.Pod", partial)
    if mismatches:
        shown = "; ".join(map(decodable.sentence, mismatches[:3]))
        raise RenderError(f"template {name!r} renders no Pod: {shown}", name)


def selected_templates(plane: PreparedControlPlane, params: InjectionParameters) -> list[str]:
    """The names of the templates for this pod."""
    return _template_names(plane.mesh.config, pods.annotations_of(params.pod), params.manual)


def _template_names(config: Object, annotations: Mapping[str, str], manual: bool) -> list[str]:
    """The names of the templates for a pod. An alias is resolved once, as Istio does."""
    annotation = annotations.get(TEMPLATES_ANNOTATION)
    if annotation is not None:
        names = [name.strip() for name in annotation.split(",")]
    elif manual:
        return ["sidecar"]  # istioctl kube-inject knows neither defaultTemplates nor aliases
    else:
        names = config.get("defaultTemplates") or ["sidecar"]

    aliases = {} if manual else config.get("aliases") or {}
    return [target for name in names for target in aliases.get(name, [name])]


def _partial_pod(name: str, plane: PreparedControlPlane, data: TemplateData) -> Object:
    text = plane.execute(plane.template(name), data)
    try:
        partial = plane.rendered.read(text)
    except yaml.YamlError as problem:
        raise RenderError(f"what template {name!r} renders is not YAML: {problem}", name) from None

    if partial is None:
        return {}
    if isinstance(partial, dict):
        return partial

    type_name = type(partial).__name__
    raise RenderError(f"template {name!r} renders a {type_name}, not a partial Pod", name)


def with_divisors(partial: Object) -> Object:
    """The partial Pod with the divisor of each resourceFieldRef without one, as Go writes it:
    omitempty does not leave out a struct (k8s.io/api core/v1 ResourceFieldSelector, to 0.36).

    The user's own containers and volumes stay as they are written. The API server gives them their
    divisors before it asks a webhook, and what does not change is not in the webhook's patch.
    """
    for path, reference in _resource_references(partial.get("spec") or {}):
        if reference and reference.get("divisor") is None:
            partial = put(partial, ("spec", *path, "resourceFieldRef", "divisor"), "0")
    return partial


def _resource_references(spec: Object) -> Iterator[tuple[Step, Object | None]]:
    """The resourceFieldRef of each environment variable and each item of a downward API volume,
    and the path of what it stands in.

    Entries of a list may be null: Go reads them as empty.
    """
    for field in ("containers", "initContainers"):
        for place, container in enumerate(spec.get(field) or []):
            for number, variable in enumerate((container or {}).get("env") or []):
                source = (variable or {}).get("valueFrom") or {}
                yield (field, place, "env", number, "valueFrom"), source.get("resourceFieldRef")

    for place, volume in enumerate(spec.get("volumes") or []):
        sources = ((volume or {}).get("projected") or {}).get("sources") or []
        places: list[tuple[Step, Any]] = [(("volumes", place), volume)]
        places += [
            (("volumes", place, "projected", "sources", number), source)
            for number, source in enumerate(sources)
        ]
        for path, source in places:
            items = ((source or {}).get("downwardAPI") or {}).get("items") or []
            for number, item in enumerate(items):
                of_item: Step = (*path, "downwardAPI", "items", number)
                yield of_item, (item or {}).get("resourceFieldRef")


# ---------------------------------------------------------------- native sidecars


def is_native(mesh: Mesh, pod: Object) -> bool:
    """Whether an istio-proxy of the user's belongs among the init containers, should the template
    put it there.
    """
    if not mesh.rules.native_sidecars:
        return False

    own = _own_choice(mesh, pods.annotations_of(pod))
    return mesh.native_sidecars if own is None else own


def _own_choice(mesh: Mesh, annotations: Mapping[str, str]) -> bool | None:
    """What a pod itself says about its native sidecar; None if it says nothing."""
    if not mesh.rules.native_annotation:
        return None
    return {"true": True, "false": False}.get(annotations.get(NATIVE_SIDECAR_ANNOTATION, ""))


def native_assumptions(decisions: Iterable[Decision], settings: Settings) -> list[Result]:
    """Information for each control plane whose istiod asks the nodes whether they can run native
    sidecars, where nobody states their version and a workload depends on it.
    """
    assumed: dict[str, Mesh] = {}
    for decision in decisions:
        mesh = decision.mesh
        if mesh is None or not mesh.native_assumed or not decision.injected:
            continue
        if mesh.revision not in assumed and _asks_nodes(decision, mesh, settings):
            assumed[mesh.revision] = mesh

    return [_native_assumed(mesh) for mesh in assumed.values()]


def _asks_nodes(decision: Decision, mesh: Mesh, settings: Settings) -> bool:
    """Whether the pod is another one with native sidecars: it does not say itself which it wants,
    and a template of it asks (Istio's templates of gateways do not).
    """
    workload = decision.workload
    stated = at(workload.object, (*workload.template, "metadata", "annotations"))
    annotations = string_map(stated)
    if _own_choice(mesh, annotations) is not None:
        return False

    templates = mesh.config.get("templates") or {}
    names = _template_names(mesh.config, annotations, settings.method == "manual")
    return any(_NATIVE_FIELD in str(templates.get(name)) for name in names)


def _native_assumed(mesh: Mesh) -> Result:
    version = f"Istio {mesh.version}" if mesh.version else "Istio of unknown version"
    message = (
        f"control plane {mesh.revision} ({version}) makes native sidecars if every kubelet is 1.33 "
        "or newer. Nothing states the oldest one, so this is assumed. State it: "
        "spec.cluster.kubernetesVersion (--kubernetes-version; in a fleet file, the cluster's "
        "kubernetesVersion), or spec.cluster.nativeSidecars"
    )
    field = "spec.cluster.kubernetesVersion"
    return Result("info", message, field=field, code="native-sidecars-assumed")


# ---------------------------------------------------------------- cluster and network


def cluster_env(
    path: str, values: TypedValues, labels: dict[str, str], form: PathForm
) -> dict[str, str]:
    """The proxy's environment by the webhook's path, the values and the pod's label, the last
    winning.
    """
    env = path_env(path, form)
    cluster = env.get(CLUSTER_VARIABLE) or values.cluster_name
    network = labels.get(NETWORK_LABEL, env.get(NETWORK_VARIABLE) or values.network)
    if cluster:
        env[CLUSTER_VARIABLE] = cluster
    if network:
        env[NETWORK_VARIABLE] = network
    return env


def path_env(path: str, form: PathForm) -> dict[str, str]:
    """The environment that a webhook's path states (webhook.go parseInjectEnvs).

    /inject/cluster/c1/net/n1 or /inject/:ENV:cluster=c1:ENV:net=n1 ->
    {"ISTIO_META_CLUSTER_ID": "c1", "ISTIO_META_NETWORK": "n1"}. ``form``: Rules.path_env.
    """
    parts = path.removesuffix("/").split("/", 2)
    if len(parts) < 3:
        return {}

    variables = {"cluster": CLUSTER_VARIABLE, "net": NETWORK_VARIABLE}
    pairs = _path_pairs(parts[2], form)
    return {variables.get(key) or _go_upper(key): value for key, value in pairs if key}


def _go_upper(key: str) -> str:
    """strings.ToUpper."""
    if key.isascii():
        return key.upper()

    from krm_injector.gotemplate.sprig.gotext import go_upper  # such a path is rare

    return go_upper(key)


def _path_pairs(text: str, form: PathForm) -> list[tuple[str, str]]:
    """Keys and values of what stands in a path behind /inject/. A key without a value is left out,
    and so is what has no "=" in the form :ENV:.
    """
    if text.startswith(":ENV:") and form != "slashes":
        entries = [entry.partition("=") for entry in text.split(":ENV:")[1:]]
        return [(key, value) for key, equals, value in entries if equals]

    steps = text.split("/")
    keys, values = steps[::2], steps[1::2]
    if form == "escaped":
        values = [value.replace("--slash--", "/") for value in values]
    return list(zip(keys, values, strict=False))
