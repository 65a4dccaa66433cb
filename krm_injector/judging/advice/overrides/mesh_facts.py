"""What a control plane says of every pod: the defaults that a workload's own settings override."""

from __future__ import annotations

import json

from krm_injector.injection.template_data import PROXY_IMAGE, proxy_image
from krm_injector.istio_api import (
    Message,
    mesh_config,
    proxy_config_for,
    to_json,
    typed_values,
    values_map,
)
from krm_injector.istio_names import PROXY_CONFIG_ANNOTATION
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MeshFacts:
    """The parsed values and mesh configuration of one control plane, which has injected."""

    __slots__ = ("_config", "_configs", "_image", "_proxy_config", "mesh", "typed", "values")

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.values = values_map(mesh.values)
        self.typed = typed_values(mesh.values, mesh.rules.api)
        self._config = mesh_config(mesh.mesh_config, mesh.rules.api)
        self._proxy_config: Message | None = None
        self._image: str | None = None
        # By the annotation, where no resource makes a difference between pods.
        self._configs: dict[str | None, tuple[Object, Object]] = {}

    def proxy_value(self, name: str) -> str:
        """values.global.proxy.NAME as text, "" where it is not stated."""
        value = at(self.values, ("global", "proxy", name))
        return "" if value is None else str(value)

    def proxy_config(self, namespace: str, labels: dict[str, str]) -> Message:
        """A pod's ProxyConfig without an annotation of its own."""
        if self._proxy_config is not None and not self.mesh.proxy_configs:
            return self._proxy_config

        self._proxy_config = self._effective({}, namespace, labels)
        return self._proxy_config

    def configs(
        self, namespace: str, labels: dict[str, str], annotation: str | None
    ) -> tuple[Object, Object]:
        """A pod's ProxyConfig without its annotation proxy.istio.io/config and with it (1.6 and
        later), as plain values by JSON name.
        """
        if annotation is not None and self.mesh.rules.minor < (1, 6):
            annotation = None
        if self.mesh.proxy_configs:
            return self._compared(namespace, labels, annotation)

        known = self._configs.get(annotation)
        if known is None:
            known = self._configs[annotation] = self._compared(namespace, labels, annotation)
        return known

    def _compared(
        self, namespace: str, labels: dict[str, str], annotation: str | None
    ) -> tuple[Object, Object]:
        before = _plain(self.proxy_config(namespace, labels))
        if annotation is None:
            return before, before

        annotations = {PROXY_CONFIG_ANNOTATION: annotation}
        return before, _plain(self._effective(annotations, namespace, labels))

    def _effective(
        self, annotations: dict[str, str], namespace: str, labels: dict[str, str]
    ) -> Message:
        """As istiod's webhook finds it: a resource that selects the pod wins over its annotation
        (1.13 and later).
        """
        mesh, config = self.mesh, self._config
        resources, root, api = mesh.proxy_configs, mesh.root_namespace, mesh.rules.api
        return proxy_config_for(config, annotations, namespace, labels, resources, root, api)

    @property
    def image(self) -> str:
        """The proxy's image by the values and the mesh's ProxyConfig, as templates see it; "" if
        the values name none. Until 1.12 templates put it together themselves, and know no types.
        """
        if self._image is None:
            self._image = self._mesh_image()
        return self._image

    def _mesh_image(self) -> str:
        typed, rules = self.typed, self.mesh.rules
        if not typed.hub or not typed.tag:
            return ""
        if "ProxyImage" not in rules.template_data:
            return f"{typed.hub}/{typed.proxy_image or PROXY_IMAGE}:{typed.tag}"

        root = self.mesh.root_namespace
        resources = [
            each for each in self.mesh.proxy_configs if at(each, ("metadata", "namespace")) == root
        ]
        config = proxy_config_for(self._config, {}, "", {}, resources, root, rules.api)
        return proxy_image(typed, config, {}, rules.image_variant)


def _plain(config: Message) -> Object:
    value: Any = json.loads(to_json(config))
    return value if isinstance(value, dict) else {}
