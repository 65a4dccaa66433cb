"""A template's dot: Istio's SidecarTemplateData.

Source: pkg/kube/inject/inject.go SidecarTemplateData, RunTemplate, ProxyImage, ProxyInitImage
(1.9-1.31). Rules.template_data says which fields a version has.
"""

from __future__ import annotations

from krm_injector.gotemplate.values import Struct
from krm_injector.injection import pods
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.go_structs import (
    NamespacedName,
    namespaced_name,
    object_meta,
    pod_spec,
    type_meta,
)
from krm_injector.istio_api import Message, TypedValues
from krm_injector.istio_names import COMPLIANCE_VARIABLE, IMAGE_TYPE_ANNOTATION, PROXY_UID
from krm_injector.kube.paths import at
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import ImageVariant, MetaType
from krm_injector.workload.controller import Owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

IMAGE_TYPES = ("distroless", "debug")
PROXY_IMAGE = "proxyv2"  # of values.global.proxy.image and proxy_init.image


class InjectionParameters(NamedTuple):
    """What one pod is rendered with; the name is Istio's (webhook.go)."""

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
    """SidecarTemplateData as the template engine reads it."""

    go_type = "*inject.SidecarTemplateData"
    is_nil = False
    __slots__ = ("fields", "ready")

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.ready: dict[str, Any] = {}

    def go_attr(self, name: str) -> Any:
        value = self.ready[name] = self.fields[name]
        return value


def template_data(plane: PreparedControlPlane, params: InjectionParameters) -> TemplateData:
    """The fields that this version puts before a template."""
    mesh, rules = plane.mesh, plane.mesh.rules
    stripped = params.stripped
    annotations = pods.annotations_of(stripped)

    # Each is made only where the version has it.
    fields: dict[str, Callable[[], Any]] = {
        "TypeMeta": lambda: _type_meta(params.owner, rules.meta_type),
        "DeploymentMeta": lambda: _deployment_meta(params, rules.meta_type),
        "ObjectMeta": lambda: object_meta(stripped.get("metadata") or {}),
        "Spec": lambda: pod_spec(stripped.get("spec") or {}),
        "ProxyConfig": lambda: params.proxy_config,
        "MeshConfig": lambda: params.mesh_config,
        "Values": lambda: plane.values,
        "Revision": lambda: mesh.revision,
        "EstimatedConcurrency": lambda: _estimated_concurrency(plane, params),
        "ProxyImage": lambda: proxy_image(
            plane.typed, params.proxy_config, annotations, rules.image_variant
        ),
        "ProxyInitImage": lambda: proxy_init_image(plane, annotations),
        "CompliancePolicy": lambda: mesh.control_plane_env.get(COMPLIANCE_VARIABLE, ""),
        "ProxyUID": lambda: _proxy_ids(params)[0],
        "ProxyGID": lambda: _proxy_ids(params)[1],
        "InboundTrafficPolicyMode": lambda: _inbound_mode(params.mesh_config),
        "NativeSidecars": lambda: mesh.native_sidecars,
    }
    return TemplateData({name: fields[name]() for name in rules.template_data})


def _type_meta(owner: Owner, meta_type: MetaType) -> Struct:
    return type_meta(owner.api_version, owner.kind, pointer=meta_type.startswith("*"))


def _deployment_meta(params: InjectionParameters, meta_type: MetaType) -> Struct:
    owner = params.owner
    if meta_type == NamespacedName.go_type:
        return namespaced_name(owner.name, owner.namespace)

    metadata = {**params.owner_meta, "name": owner.name}
    return object_meta(metadata, pointer=meta_type.startswith("*"))


def _estimated_concurrency(plane: PreparedControlPlane, params: InjectionParameters) -> int:
    if not plane.mesh.rules.estimates_concurrency:
        return 0

    from krm_injector.injection.concurrency import estimated  # Istio 1.11 to 1.17 only

    annotations = pods.annotations_of(params.pod)
    return estimated(params.proxy_config, annotations, plane.values)


def _inbound_mode(mesh_config: Message) -> str:
    mode = mesh_config.go_attr("GetInboundTrafficPolicy")().go_attr("GetMode")()
    return "localhost" if str(mode.name) == "LOCALHOST" else "passthrough"


def _proxy_ids(params: InjectionParameters) -> tuple[int, int]:
    """The proxy's user and group."""
    if not params.namespace_annotations:
        return PROXY_UID, PROXY_UID

    from krm_injector.injection import openshift  # only there they differ

    return openshift.proxy_ids(params.namespace_annotations)


# ---------------------------------------------------------------- images


def proxy_image(
    values: TypedValues,
    proxy_config: Message,
    annotations: dict[str, str],
    variant_counts: ImageVariant,
) -> str:
    """The sidecar's image: HUB/IMAGE:TAG[-TYPE].

    The type is the pod's annotation, else that of ProxyConfig.image, else values.global.variant.
    ``variant_counts`` says when the last one counts (Rules.image_variant).
    """
    image = proxy_config.go_attr("Image")
    is_given = image is not None and not image.is_nil
    image_type: str = image.go_attr("ImageType") if is_given else ""
    by_image = variant_counts == "no image given" and not is_given
    by_type = variant_counts == "no type given" and not image_type
    if by_image or by_type:
        image_type = values.variant

    name = values.proxy_image or PROXY_IMAGE
    return _image(values, name, annotations.get(IMAGE_TYPE_ANNOTATION, image_type))


def proxy_init_image(plane: PreparedControlPlane, annotations: dict[str, str]) -> str:
    """The image of istio-init (1.31+). Its type is the annotation's or values.global.variant."""
    name = at(plane.values, ("global", "proxy_init", "image")) or PROXY_IMAGE
    image_type = annotations.get(IMAGE_TYPE_ANNOTATION, plane.typed.variant)
    return _image(plane.typed, name, image_type)


def _image(values: TypedValues, name: str, image_type: str) -> str:
    tag = values.tag
    if image_type == "":
        return f"{values.hub}/{name}:{tag}"

    # A tag may have a type already, which the wanted one replaces.
    for suffix in IMAGE_TYPES:
        if tag.endswith(f"-{suffix}"):
            tag = tag[: -len(suffix) - 1]
            break

    if image_type != "default":
        tag = f"{tag}-{image_type}"
    return f"{values.hub}/{name}:{tag}"
