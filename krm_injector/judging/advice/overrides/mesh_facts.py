"""What a control plane says of every pod: the defaults that a workload's own settings override."""

from __future__ import annotations

import json

from krm_injector.injection.template_data import PROXY_IMAGE, proxy_image
from krm_injector.istio_api import (
    Message,
    merge_proxy_config,
    mesh_config,
    proxy_config_for,
    to_json,
    typed_values,
    values_map,
)
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MeshFacts:
    """The parsed values and mesh configuration of one control plane, which has injected."""

    __slots__ = ("_config", "_proxy_config", "mesh", "typed", "values")

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.values = values_map(mesh.values)
        self.typed = typed_values(mesh.values, mesh.rules.api)
        self._config = mesh_config(mesh.mesh_config, mesh.rules.api)
        self._proxy_config: Message | None = None

    def proxy_value(self, name: str) -> str:
        """values.global.proxy.NAME as text, "" where it is not stated."""
        value = at(self.values, ("global", "proxy", name))
        return "" if value is None else str(value)

    def proxy_config(self, namespace: str, labels: dict[str, str]) -> Message:
        """A pod's ProxyConfig without an annotation of its own."""
        mesh = self.mesh
        if self._proxy_config is not None and not mesh.proxy_configs:
            return self._proxy_config

        if mesh.rules.proxy_config_resources:
            root, api = mesh.root_namespace, mesh.rules.api
            config = proxy_config_for(
                self._config, {}, namespace, labels, mesh.proxy_configs, root, api
            )
        else:
            config = self._config.go_attr("DefaultConfig")

        self._proxy_config = config
        return config

    def overlaid(self, base: Message, annotation: str | None) -> Message:
        """The ProxyConfig with the annotation proxy.istio.io/config over it (1.6 and later)."""
        if annotation is None or self.mesh.rules.minor < (1, 6):
            return base
        return merge_proxy_config(annotation, base, self.mesh.rules.api)

    def plain(self, config: Message) -> Object:
        """A ProxyConfig as plain values by JSON name."""
        value: Any = json.loads(to_json(config))
        return value if isinstance(value, dict) else {}

    def image(self, config: Message) -> str:
        """The proxy's image by the values and the ProxyConfig, as templates see it. Until 1.12
        they put it together themselves, and know no types.
        """
        typed = self.typed
        if "ProxyImage" not in self.mesh.rules.template_data:
            return f"{typed.hub}/{typed.proxy_image or PROXY_IMAGE}:{typed.tag}"
        return proxy_image(typed, config, {}, self.mesh.rules.image_variant)
