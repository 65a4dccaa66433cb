"""Istio's mesh API as typed messages: parse, defaults, merge, JSON; and what istiod reads from the
values.

In: the text of a mesh configuration, annotations, values, and a minor version of Istio. Out:
Messages and typed values as that version has them, or ApiError with Istio's sentence. May import:
kube, gotemplate, istio_names.

mesh = mesh_config(text, (1, 30))          # Message of MeshConfig; ApiError where istiod refuses
config = proxy_config_for(mesh, annotations, namespace, labels, resources, "istio-system", (1, 30))
to_json(clean_proxy_config(config, (1, 30)))
"""

from krm_injector.istio_api.decode import parse
from krm_injector.istio_api.defaults import (
    clean_proxy_config,
    default_mesh_config,
    default_proxy_config,
)
from krm_injector.istio_api.encode import to_json
from krm_injector.istio_api.errors import ApiError
from krm_injector.istio_api.mesh import (
    annotated_mesh_config,
    merge_proxy_config,
    mesh_config,
    proxy_config_for,
)
from krm_injector.istio_api.message import Message, duration_nanos, duration_string, duration_text
from krm_injector.istio_api.values import TypedValues, typed_values, values_map

__all__ = [
    "ApiError",
    "Message",
    "TypedValues",
    "annotated_mesh_config",
    "clean_proxy_config",
    "default_mesh_config",
    "default_proxy_config",
    "duration_nanos",
    "duration_string",
    "duration_text",
    "merge_proxy_config",
    "mesh_config",
    "parse",
    "proxy_config_for",
    "to_json",
    "typed_values",
    "values_map",
]
