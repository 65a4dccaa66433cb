"""Rendering: the templates of a control plane, given a pod, become partial Pods.

Source: pkg/kube/inject/inject.go RunTemplate (1.9-1.31).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from krm_injector.gotemplate import Account, Func, LimitExceeded, Template, TemplateError, parse
from krm_injector.gotemplate.sprig import FUNCS
from krm_injector.gotemplate.values import Struct
from krm_injector.injection import pods
from krm_injector.injection.go_structs import (
    NamespacedName,
    namespaced_name,
    object_meta,
    pod_spec,
    type_meta,
)
from krm_injector.injection.template_functions import istio_functions
from krm_injector.istio_api import Message, TypedValues, mesh_config, typed_values, values_map
from krm_injector.kube import pod_history, yaml
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object
from krm_injector.workload.controller import Owner

TEMPLATES_ANNOTATION = "inject.istio.io/templates"
IMAGE_TYPE_ANNOTATION = "sidecar.istio.io/proxyImageType"
NATIVE_ANNOTATION = "sidecar.istio.io/nativeSidecar"
NETWORK_LABEL = "topology.istio.io/network"
IMAGE_TYPES = ("distroless", "debug")
# What the templates of a run may do together, in steps (about a second), and what each workload
# adds to what is left. The templates of Istio's charts, 1.1 to 1.30, take at most 331 steps a
# workload: no run of any size comes near.
STEPS = 1_000_000
STEPS_MORE = 10_000
DEFAULT_ID = 1337  # the proxy's user and group (tools/istio-iptables/pkg/constants)


class RenderError(Exception):
    """A template or what it gave is unusable for this pod."""

    def __init__(self, message: str, template: str = "") -> None:
        super().__init__(message)
        self.template = template


class ControlPlane:
    """A Mesh made ready for use: each part is parsed once a run, when it is first needed."""

    __slots__ = (
        "_account",
        "_data",
        "_templates",
        "funcs",
        "mesh",
        "mesh_config",
        "typed",
        "values",
    )

    def __init__(self, mesh: Mesh) -> None:
        """Raises ApiError or YamlError where values or mesh do not parse."""
        minor = mesh.rules.minor
        self.mesh = mesh
        self.values: Object = values_map(mesh.values)
        self.typed: TypedValues = typed_values(mesh.values, minor)
        self.mesh_config: Message = mesh_config(mesh.mesh_config, minor)
        if mesh.rules.test_mesh == "yes":
            self.mesh_config = self.mesh_config.replace(sdsUdsPath=None)  # no default there

        native = "true" if mesh.native_sidecars else "false"
        env = {"ENABLE_NATIVE_SIDECARS": native, **mesh.control_plane_env}
        rules = mesh.rules
        sprig = {
            name: call
            for name, call in FUNCS.items()
            if rules.sprig and name not in rules.sprig_lacks
        }
        self.funcs: dict[str, Func] = {**sprig, **istio_functions(mesh.rules, env, self._nested)}
        self._templates: dict[str, Template] = {}
        self._account = Account(STEPS)
        self._data: Any = None  # what is being rendered for, as the function render needs it

    def template(self, name: str) -> Template:
        """Raises RenderError where there is no such template, ParseError where it does not parse."""
        if name not in self._templates:
            texts = self.mesh.config.get("templates") or {}
            if name not in texts:
                known = ", ".join(sorted(texts)) or "none"
                raise RenderError(
                    f"template {name!r} is not in the injection configuration, which has: {known}",
                    name,
                )

            self._templates[name] = parse(texts[name], name=name, funcs=self.funcs)

        return self._templates[name]

    def spec_template(self) -> Template:
        """The one template of Istio until 1.8, which renders a SidecarInjectionSpec. Raises
        ParseError.
        """
        if "" not in self._templates:
            text = self.mesh.config.get("template") or ""
            self._templates[""] = parse(
                text, name="inject", funcs=self.funcs, delims=self.mesh.rules.delimiters
            )
        return self._templates[""]

    def execute(self, template: Template, data: TemplateData) -> str:
        """Raises TemplateError."""
        self._data = data
        self._account.left = min(self._account.left + STEPS_MORE, STEPS)
        return template.execute(data, account=self._account)

    def _nested(self, text: str) -> str:
        """The template function render (before 1.14): a text as a template, "" where it fails."""
        try:
            return parse(
                text, name="inject", funcs=self.funcs, delims=self.mesh.rules.delimiters
            ).execute(self._data)
        except LimitExceeded:
            raise
        except TemplateError:
            return ""


class Subject(NamedTuple):
    """One pod to render for."""

    pod: Object  # {"metadata": ..., "spec": ...} without nulls
    stripped: Object  # the same without what an earlier injection added
    owner: Owner
    owner_meta: Object  # the metadata of what owns the pod, as far as Istio knows it
    proxy_config: Message
    mesh_config: Message
    proxy_env: dict[str, str]
    namespace_annotations: dict[str, str]  # empty unless the platform is OpenShift
    manual: bool


class TemplateData(Struct):
    """The value that a template's dot is: Istio's SidecarTemplateData."""

    go_type = "*inject.SidecarTemplateData"
    is_nil = False
    __slots__ = ("fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields

    def go_attr(self, name: str) -> Any:
        return self.fields[name]


def template_data(plane: ControlPlane, subject: Subject) -> TemplateData:
    """What this version puts before a template: rules.template_data says which of these."""
    mesh, owner, rules = plane.mesh, subject.owner, plane.mesh.rules
    annotations = pods.annotations_of(subject.stripped)
    fields: dict[str, Callable[[], Any]] = {
        "TypeMeta": lambda: _type_meta(owner, rules.meta_type),
        "DeploymentMeta": lambda: _deployment_meta(subject, rules.meta_type),
        "ObjectMeta": lambda: object_meta(subject.stripped.get("metadata") or {}),
        "Spec": lambda: pod_spec(subject.stripped.get("spec") or {}),
        "ProxyConfig": lambda: subject.proxy_config,
        "MeshConfig": lambda: subject.mesh_config,
        "Values": lambda: plane.values,
        "Revision": lambda: mesh.revision,
        "EstimatedConcurrency": lambda: (
            _concurrency(plane, subject) if rules.estimates_concurrency else 0
        ),
        "ProxyImage": lambda: proxy_image(
            plane.typed, subject.proxy_config, annotations, rules.image_variant
        ),
        "ProxyInitImage": lambda: proxy_init_image(plane, annotations),
        "CompliancePolicy": lambda: mesh.control_plane_env.get("COMPLIANCE_POLICY", ""),
        "ProxyUID": lambda: proxy_ids(subject.namespace_annotations)[0],
        "ProxyGID": lambda: proxy_ids(subject.namespace_annotations)[1],
        "InboundTrafficPolicyMode": lambda: _inbound_mode(subject.mesh_config),
        "NativeSidecars": lambda: mesh.native_sidecars,
    }
    return TemplateData({name: fields[name]() for name in rules.template_data})


def _type_meta(owner: Owner, meta_type: str) -> Struct:
    return type_meta(owner.api_version, owner.kind, pointer=meta_type.startswith("*"))


def _deployment_meta(subject: Subject, meta_type: str) -> Struct:
    owner = subject.owner
    if meta_type == NamespacedName.go_type:
        return namespaced_name(owner.name, owner.namespace)
    return object_meta(
        {**subject.owner_meta, "name": owner.name}, pointer=meta_type.startswith("*")
    )


def _concurrency(plane: ControlPlane, subject: Subject) -> int:
    from krm_injector.injection.concurrency import estimated

    return estimated(subject.proxy_config, pods.annotations_of(subject.pod), plane.values)


def _inbound_mode(mesh_config: Message) -> str:
    mode = mesh_config.go_attr("GetInboundTrafficPolicy")().go_attr("GetMode")()
    return "localhost" if str(mode.name) == "LOCALHOST" else "passthrough"


def selected_templates(plane: ControlPlane, subject: Subject) -> list[str]:
    """The names of the templates for this pod, aliases resolved once."""
    config = plane.mesh.config
    chosen = pods.annotations_of(subject.pod).get(TEMPLATES_ANNOTATION)
    if chosen is not None:
        names = [name.strip() for name in chosen.split(",")]
    elif subject.manual:
        return ["sidecar"]  # istioctl kube-inject knows neither defaultTemplates nor aliases
    else:
        names = config.get("defaultTemplates") or ["sidecar"]

    aliases = {} if subject.manual else config.get("aliases") or {}
    return [target for name in names for target in aliases.get(name, [name])]


def render(plane: ControlPlane, subject: Subject) -> list[Object]:
    """The partial Pods, one a template, in order. Raises TemplateError, RenderError."""
    data = template_data(plane, subject)
    kubernetes = plane.mesh.rules.kubernetes
    partials = [_partial_pod(name, plane, data) for name in selected_templates(plane, subject)]
    if kubernetes < pod_history.NEWEST:
        partials = [pod_history.known("v1.Pod", partial, kubernetes) for partial in partials]
        for partial in partials:
            give_divisors(partial)

    return partials


def _partial_pod(name: str, plane: ControlPlane, data: TemplateData) -> Object:
    text = plane.execute(plane.template(name), data)
    try:
        partial = _read(text)
    except yaml.YamlError as problem:
        raise RenderError(f"what template {name!r} renders is not YAML: {problem}", name) from None

    if partial is None:
        return {}
    if not isinstance(partial, dict):
        raise RenderError(
            f"template {name!r} renders a {type(partial).__name__}, not a partial Pod", name
        )

    return partial


def _read(text: str) -> Any:
    """What a template renders, as sigs.k8s.io/yaml reads it. JSON is YAML, and read far faster as
    what it is.
    """
    if text.startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            pass  # a flow mapping of YAML, or broken: YAML's reader knows
    return yaml.load(text, strict=False)


def give_divisors(partial: Object) -> None:
    """Write the divisor of a resourceFieldRef without one, as Go does before k8s.io/api 0.35 (in
    place: it is ours).
    """
    spec = partial.get("spec") or {}
    references = [
        (variable.get("valueFrom") or {}).get("resourceFieldRef")
        for field in ("containers", "initContainers")
        for container in spec.get(field) or []
        for variable in container.get("env") or []
    ]
    references += [
        item.get("resourceFieldRef")
        for volume in spec.get("volumes") or []
        for item in (volume.get("downwardAPI") or {}).get("items") or []
    ]
    for reference in references:
        if reference and reference.get("divisor") is None:
            reference["divisor"] = "0"


def is_native(mesh: Mesh, pod: Object) -> bool:
    """Whether an istio-proxy of the user's belongs among the init containers, should the template
    put it there.
    """
    if not mesh.rules.native_sidecars:
        return False
    wanted = (
        pods.annotations_of(pod).get(NATIVE_ANNOTATION) if mesh.rules.native_annotation else None
    )
    return {"true": True, "false": False}.get(wanted or "", mesh.native_sidecars)


def proxy_image(
    values: TypedValues, proxy_config: Message, annotations: dict[str, str], variant_where: str
) -> str:
    """HUB/IMAGE:TAG[-TYPE]; the pod's annotation wins over ProxyConfig.image, that over
    values.global.variant.

    variant_where: when the variant counts (Rules.image_variant).
    """
    image = proxy_config.go_attr("Image")
    given = image is not None and not image.is_nil
    kind = image.go_attr("ImageType") if given else ""
    if (variant_where == "no image given" and not given) or (
        variant_where == "no type given" and not kind
    ):
        kind = values.variant

    kind = annotations.get(IMAGE_TYPE_ANNOTATION, kind)
    return f"{values.hub}/{values.proxy_image or 'proxyv2'}:{_tag(values.tag, kind)}"


def proxy_init_image(plane: ControlPlane, annotations: dict[str, str]) -> str:
    """The same for istio-init, whose image is values.global.proxy_init.image (1.31+)."""
    name = at(plane.values, ("global", "proxy_init", "image")) or "proxyv2"
    kind = annotations.get(IMAGE_TYPE_ANNOTATION, plane.typed.variant)
    return f"{plane.typed.hub}/{name}:{_tag(plane.typed.tag, kind)}"


def _tag(tag: str, kind: str) -> str:
    if kind == "":
        return tag
    for known in IMAGE_TYPES:
        if tag.endswith("-" + known):
            tag = tag[: -len(known) - 1]
            break
    return tag if kind == "default" else f"{tag}-{kind}"


def cluster_env(
    path: str, values: TypedValues, labels: dict[str, str], form: str
) -> dict[str, str]:
    """The proxy's environment by the webhook's path, the values and the pod's label, the last
    winning.
    """
    env = path_env(path, form)
    cluster = env.get("ISTIO_META_CLUSTER_ID") or values.cluster_name
    network = labels.get(NETWORK_LABEL, env.get("ISTIO_META_NETWORK") or values.network)
    if cluster:
        env["ISTIO_META_CLUSTER_ID"] = cluster
    if network:
        env["ISTIO_META_NETWORK"] = network
    return env


def path_env(path: str, form: str) -> dict[str, str]:
    """/inject/cluster/c1/net/n1 or /inject/:ENV:cluster=c1:ENV:net=n1 -> {"ISTIO_META_CLUSTER_ID":
    "c1", ...}.

    form: what this version reads (Rules.path_env).
    """
    parts = path.removesuffix("/").split("/", 2)
    if len(parts) < 3:
        return {}

    if parts[2].startswith(":ENV:") and form != "slashes":
        pairs = [pair.split("=", 1) for pair in parts[2].split(":ENV:")[1:]]
        flat = [part for pair in pairs if len(pair) == 2 and pair[0] for part in pair]
    else:
        flat = parts[2].split("/")
        if form == "escaped":
            flat[1::2] = [value.replace("--slash--", "/") for value in flat[1::2]]

    names = {"cluster": "ISTIO_META_CLUSTER_ID", "net": "ISTIO_META_NETWORK"}
    return {names.get(k, k.upper()): v for k, v in zip(flat[::2], flat[1::2], strict=False) if k}


def proxy_ids(namespace_annotations: dict[str, str]) -> tuple[int, int]:
    """The proxy's user and group: the ends of the ranges that OpenShift gives the Namespace, 1337
    where there is none that Istio can read (pkg/kube/inject/inject.go GetProxyIDs, openshift.go,
    1.20 to 1.31).
    """
    uid_range = namespace_annotations.get("openshift.io/sa.scc.uid-range", "")
    groups = namespace_annotations.get("openshift.io/sa.scc.supplemental-groups", uid_range)
    uid, gid = _range_end(uid_range), [_range_end(part) for part in groups.split(",")]
    first = gid[0] if None not in gid else None
    return DEFAULT_ID if uid is None else uid, DEFAULT_ID if first is None else first


def _range_end(block: str) -> int | None:
    """ "1000620000/10000" (start and size) or "1-5" -> the last number; None where it is neither
    (openshift.go ParseBlock). Numbers are unsigned and of 32 bits: the sum wraps around.
    """
    if not block:
        return None

    from krm_injector.kube.go_numbers import sscanf_uint32  # OpenShift's Namespaces only

    separator = "/" if "/" in block else "-"
    numbers = sscanf_uint32(block, separator)
    if numbers is None:
        return None

    start, end = numbers
    return (start + end - 1) % 2**32 if separator == "/" else end


__all__ = [
    "ControlPlane",
    "RenderError",
    "Subject",
    "TemplateError",
    "cluster_env",
    "is_native",
    "render",
]
