"""MeshConfig from its ConfigMap, and the ProxyConfig that a pod gets.

Source: ApplyMeshConfig, ApplyProxyConfig, MergeProxyConfig (pkg/config/mesh/mesh.go),
EffectiveProxyConfig (pilot/pkg/model/proxy_config.go).
"""

from __future__ import annotations

from krm_injector.istio_api.decode import apply, parse
from krm_injector.istio_api.defaults import MESH, PROXY, default_mesh_config, default_proxy_config
from krm_injector.istio_api.errors import ApiError
from krm_injector.istio_api.message import Message
from krm_injector.istio_api.schema import Version, schema
from krm_injector.istio_api.validate import mesh_config_problems
from krm_injector.istio_names import PROXY_CONFIG_ANNOTATION
from krm_injector.kube import yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_KEPT_HEADERS = ("forwardedClientCert", "requestId", "attemptCount", "server", "envoyDebugHeaders")


def mesh_config(text: str, version: Version) -> Message:
    """The MeshConfig that istiod has after reading data.mesh. Raises ApiError where istiod refuses
    it.
    """
    number = schema(version).minor
    defaults = default_mesh_config(version)
    value = _mapping(text)
    mesh = (
        parse(MESH, text, version, defaults)
        if value is None
        else apply(defaults.type, value, defaults, "MeshConfig")
    )
    changes: dict[str, Any] = {"defaultConfig": _default_config(value, mesh, version)}
    if number >= 11:
        changes["defaultProviders"] = _default_providers(value, defaults)
        changes["extensionProviders"] = _extension_providers(mesh, defaults)

    if number >= 12:
        aliases = {
            a.encode("utf-8", "surrogatepass"): a for a in mesh.fields.get("trustDomainAliases", ())
        }
        changes["trustDomainAliases"] = [aliases[key] for key in sorted(aliases)] or None

    mesh = mesh.replace(**changes)
    problems = mesh_config_problems(mesh, version)
    if problems:
        path, field_value, problem = problems[0]
        more = "".join(f"; {path} {problem}" for path, _, problem in problems[1:])
        raise ApiError("MeshConfig", path, field_value, problem + more)

    return mesh


def _mapping(text: str) -> dict[str, Any] | None:
    """The decoded text where it is a mapping; anything else is left to parse, which refuses it or
    finds nothing.
    """
    try:
        value = yaml.load(text, strict=False)
    except yaml.YamlError:
        return None
    return value if isinstance(value, dict) else None


def _default_config(value: dict[str, Any] | None, mesh: Message, version: Version) -> Message:
    """defaultConfig is merged over the default, where all other fields replace it. By its JSON name
    only, as istiod.
    """
    config = (value or {}).get("defaultConfig")
    base = default_proxy_config(version)
    if config is None:
        return base
    return _merged(apply(base.type, config, base, "MeshConfig", "defaultConfig"), base, version)


def _default_providers(value: dict[str, Any] | None, defaults: Message) -> Message:
    providers = (value or {}).get("defaultProviders")
    base: Message = defaults.fields["defaultProviders"]
    return (
        base
        if providers is None
        else apply(base.type, providers, base, "MeshConfig", "defaultProviders")
    )


def _extension_providers(mesh: Message, defaults: Message) -> list[Message]:
    """Those given replace the default of the same name or are added behind."""
    result: list[Message] = list(defaults.fields["extensionProviders"])
    for provider in mesh.fields.get("extensionProviders", ()):
        name = provider.fields.get("name", "")
        at = next((i for i, p in enumerate(result) if p.fields.get("name", "") == name), None)
        if at is None:
            result.append(provider)
        else:
            result[at] = provider

    return result


def merge_proxy_config(text: str, base: Message, version: Version) -> Message:
    """The YAML over a ProxyConfig: fields replace fields, but proxyMetadata (1.10.3 on) and
    proxyHeaders (1.19.1 on) are merged.

    1.10.3 and 1.10.4 keep what they merge for the pods that follow. That depends on the order of
    pods and is not matched.
    """
    return _merged(parse(PROXY, text, version, base), base, version)


def _merged(message: Message, base: Message, version: Version) -> Message:
    changes: dict[str, Any] = {}
    types = schema(version)
    before = base.fields.get("proxyMetadata")
    if types.since(10, 3) and before:
        changes["proxyMetadata"] = {**before, **message.fields.get("proxyMetadata", {})}

    headers, old = message.fields.get("proxyHeaders"), base.fields.get("proxyHeaders")
    if types.since(19, 1) and headers is not None and old is not None:
        kept = {
            k: old.fields[k] for k in _KEPT_HEADERS if k in old.fields and k not in headers.fields
        }
        changes["proxyHeaders"] = headers.replace(**kept)

    return message.replace(**changes) if changes else message


def annotated_mesh_config(text: str, mesh: Message, version: Version) -> Message:
    """The MeshConfig with an annotation proxy.istio.io/config over its defaultConfig. Raises
    ApiError.
    """
    return mesh.replace(
        defaultConfig=merge_proxy_config(text, mesh.fields["defaultConfig"], version)
    )


def proxy_config_for(
    mesh: Message,
    annotations: dict[str, str],
    namespace: str,
    labels: dict[str, str],
    resources: Iterable[dict[str, Any]],
    root_namespace: str,
    version: Version,
) -> Message:
    """The ProxyConfig of one pod, as istiod's webhook finds it (1.13 and later).

    Later wins: istiod's defaults, the mesh's defaultConfig, ProxyConfig resources of the root
    namespace, those of the pod's namespace, the annotation proxy.istio.io/config (one that does not
    parse is passed over), the resource that selects the workload. Of several at one level the
    oldest counts.
    """
    number = schema(version).minor
    if number < 13:
        text = annotations.get(PROXY_CONFIG_ANNOTATION)
        config: Message = mesh.fields["defaultConfig"]
        return config if text is None else merge_proxy_config(text, config, version)

    ordered = by_age(resources)
    layers: list[Message | None] = [default_proxy_config(version), mesh.fields["defaultConfig"]]
    places = ([root_namespace] if root_namespace else []) + (
        [namespace] if namespace != root_namespace else []
    )
    layers += [_namespace_config(ordered, place, version) for place in places]
    workload = [
        _annotation_config(annotations, version),
        _workload_config(ordered, namespace, labels, version),
    ]
    layers.append(_with_precedence([w for w in workload if w is not None], version))
    return _with_precedence([layer for layer in layers if layer is not None], version)


def _with_precedence(layers: list[Message], version: Version) -> Message:
    """mergeWithPrecedence, lowest first. From 1.16 on a JSON round trip: what is unset or zero
    changes nothing.
    """
    result = Message(schema(version).message(PROXY))
    number = schema(version).minor
    for layer in layers:
        if number >= 16:
            laid = Message(result.type, _laid_over(result, layer))
            result = _merged(laid, result, version)
        else:
            result = _proto_merge(result, layer)
            for field in ("concurrency", "image") if number >= 14 else ("concurrency",):
                if field in layer.fields:
                    result = result.replace(**{field: layer.fields[field]})

    return result


def _laid_over(base: Message, layer: Message) -> dict[str, Any]:
    fields = dict(base.fields)
    for field in base.type.fields:
        if field.json in layer.fields:
            if field.oneof:
                for other in base.type.fields:
                    if other.oneof == field.oneof:
                        fields.pop(other.json, None)
            fields[field.json] = layer.fields[field.json]

    return fields


def _proto_merge(base: Message, layer: Message) -> Message:
    """proto.Merge, but durations replace (pkg/proto/merge; 1.13's own merge added their parts,
    which are alike).
    """
    fields = dict(base.fields)
    for name, value in _laid_over(base, layer).items():
        old = base.fields.get(name)
        if name in layer.fields and old is not None and old is not value:
            if isinstance(old, dict):
                value = {**old, **value}
            elif isinstance(old, list):
                value = old + value
            elif isinstance(old, Message) and not old.type.name.startswith("google.protobuf."):
                value = _proto_merge(old, value)

        fields[name] = value

    for name in base.fields:
        if name not in _laid_over(base, layer):
            fields.pop(name, None)

    return Message(base.type, fields)


def _annotation_config(annotations: dict[str, str], version: Version) -> Message | None:
    text = annotations.get(PROXY_CONFIG_ANNOTATION)
    if text is None:
        return None
    try:
        return parse(PROXY, text, version)
    except ApiError:
        return None


def by_age(resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """sortConfigByCreationTime: creationTimestamp (RFC 3339 in UTC sorts as text), name, namespace.

    One without a time is still to be created, and so the newest.
    """

    def age(resource: dict[str, Any]) -> tuple[str, str, str]:
        meta = resource.get("metadata") or {}
        return (
            str(meta.get("creationTimestamp") or "~"),  # behind every digit
            str(meta.get("name", "")),
            str(meta.get("namespace", "")),
        )

    return sorted(resources, key=age)


def _namespace_config(
    resources: list[dict[str, Any]], namespace: str, version: Version
) -> Message | None:
    for resource in resources:
        if (
            _namespace(resource) == namespace
            and (resource.get("spec") or {}).get("selector") is None
        ):
            return _resource_config(resource, version)
    return None


def _workload_config(
    resources: list[dict[str, Any]], namespace: str, labels: dict[str, str], version: Version
) -> Message | None:
    for resource in resources:
        selector = (((resource.get("spec") or {}).get("selector")) or {}).get("matchLabels")
        if (
            selector
            and _namespace(resource) == namespace
            and all(labels.get(k) == v for k, v in selector.items())
        ):
            return _resource_config(resource, version)

    return None


def _namespace(resource: dict[str, Any]) -> str:
    return str((resource.get("metadata") or {}).get("namespace", ""))


def _resource_config(resource: dict[str, Any], version: Version) -> Message:
    """A ProxyConfig resource as a ProxyConfig of the mesh. Raises ApiError."""
    spec = resource.get("spec") or {}
    values = {
        "concurrency": spec.get("concurrency"),
        "proxyMetadata": spec.get("environmentVariables"),
    }
    if schema(version).minor >= 14:
        values["image"] = spec.get("image")

    name = (resource.get("metadata") or {}).get("name", "")
    return apply(
        schema(version).message(PROXY), values, None, f"ProxyConfig {_namespace(resource)}/{name}"
    )
