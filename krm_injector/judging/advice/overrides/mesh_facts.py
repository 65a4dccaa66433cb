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

    __slots__ = ("_config", "_configs", "_proxy_config", "mesh", "typed", "values")

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.values = values_map(mesh.values)
        self.typed = typed_values(mesh.values, mesh.rules.api)
        self._config = mesh_config(mesh.mesh_config, mesh.rules.api)
        self._proxy_config: Message | None = None
        # By the ProxyConfig's id and the annotation; it is kept, so that the id stays its own.
        self._configs: dict[tuple[int, str | None], tuple[Message, Object, Object]] = {}

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

    def configs(
        self, namespace: str, labels: dict[str, str], annotation: str | None
    ) -> tuple[Object, Object]:
        """A pod's ProxyConfig without its annotation proxy.istio.io/config and with it (1.6 and
        later), as plain values by JSON name.
        """
        if annotation is not None and self.mesh.rules.minor < (1, 6):
            annotation = None

        base = self.proxy_config(namespace, labels)
        key = (id(base), annotation)
        known = self._configs.get(key)
        if known is None or known[0] is not base:
            before = after = _plain(base)
            if annotation is not None:
                after = _plain(merge_proxy_config(annotation, base, self.mesh.rules.api))
            known = self._configs[key] = (base, before, after)
        return known[1], known[2]

    def image(self, config: Message) -> str:
        """The proxy's image by the values and the ProxyConfig, as templates see it. Until 1.12
        they put it together themselves, and know no types.
        """
        typed = self.typed
        if "ProxyImage" not in self.mesh.rules.template_data:
            return f"{typed.hub}/{typed.proxy_image or PROXY_IMAGE}:{typed.tag}"
        return proxy_image(typed, config, {}, self.mesh.rules.image_variant)


def _plain(config: Message) -> Object:
    value: Any = json.loads(to_json(config))
    return value if isinstance(value, dict) else {}
