"""The installation's values as istiod reads them: a typed message for itself, a plain map for the
templates.
"""

from __future__ import annotations

from krm_injector.istio_api.decode import parse
from krm_injector.istio_api.errors import ApiError, shown
from krm_injector.istio_api.message import Message
from krm_injector.istio_api.schema import Version, schema
from krm_injector.kube import yaml
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VALUES = "operator.Values"


class TypedValues(NamedTuple):
    """What the injector takes from values by itself (pkg/kube/inject, 1.19-1.30)."""

    hub: str = ""  # global.hub
    tag: str = ""  # global.tag, printed with %v
    variant: str = ""  # global.variant
    proxy_image: str = ""  # global.proxy.image
    cluster_name: str = ""  # global.multiCluster.clusterName
    network: str = ""  # global.network
    hold_application: bool = False  # global.proxy.holdApplicationUntilProxyStarts
    rewrite_app_http_probe: bool = False  # sidecarInjectorWebhook.rewriteAppHTTPProbe


def typed_values(text: str, version: Version = (1, 30)) -> TypedValues:
    """Raises ApiError where istiod could not read data.values, for any field that it knows.

    Before 1.14 the message had types of its own for what is any value; only the fields read here
    are looked at then.
    """
    if schema(version).minor < 14:
        return _untyped(values_map(text))

    values = parse(VALUES, text, version)
    of_global = _inside(values, "global")
    proxy = _inside(of_global, "proxy")
    return TypedValues(
        hub=of_global.get("hub", ""),
        tag=_printed(of_global.get("tag")),
        variant=of_global.get("variant", ""),
        proxy_image=proxy.get("image", ""),
        cluster_name=_inside(of_global, "multiCluster").get("clusterName", ""),
        network=of_global.get("network", ""),
        hold_application=_true(proxy.get("holdApplicationUntilProxyStarts")),
        rewrite_app_http_probe=_true(
            _inside(values, "sidecarInjectorWebhook").get("rewriteAppHTTPProbe")
        ),
    )


def _untyped(values: dict[str, Any]) -> TypedValues:
    def inside(owner: Any, *names: str) -> Any:
        for name in names:
            owner = owner.get(name) if isinstance(owner, dict) else None
        return owner

    texts = (
        ("hub",),
        ("tag",),
        ("variant",),
        ("proxy", "image"),
        ("multiCluster", "clusterName"),
        ("network",),
    )
    hub, tag, variant, image, cluster, network = (
        _printed(inside(values, "global", *names)) for names in texts
    )
    hold = inside(values, "global", "proxy", "holdApplicationUntilProxyStarts") is True
    rewrite = inside(values, "sidecarInjectorWebhook", "rewriteAppHTTPProbe") is True
    return TypedValues(hub, tag, variant, image, cluster, network, hold, rewrite)


def _inside(owner: Message | dict[str, Any], name: str) -> dict[str, Any]:
    fields = owner.fields if isinstance(owner, Message) else owner
    inner = fields.get(name)
    return inner.fields if isinstance(inner, Message) else {}


def _true(value: Any) -> bool:
    return bool(value.fields.get("value")) if isinstance(value, Message) else bool(value)


def _printed(tag: Any) -> str:
    """%v of a google.protobuf.Value: numbers are float64."""
    if tag is None:
        return ""

    value = tag.fields.get("value") if isinstance(tag, Message) else tag
    if isinstance(value, str):
        return value

    from krm_injector.gotemplate.format import sprint

    return sprint(_floats(value))


def _floats(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, list):
        return [_floats(v) for v in value]
    return {k: _floats(v) for k, v in value.items()} if isinstance(value, dict) else value


def values_map(text: str) -> dict[str, Any]:
    """``.Values`` of a template: map[string]any with every number a float.

    Empty where the text holds nothing or null: istiod makes the map before it decodes into it.
    Raises ApiError.
    """
    try:
        value = yaml.load(text, numbers="float", strict=False)
    except yaml.YamlError as error:
        raise ApiError("values", "", text, f"is not YAML: {error}") from None

    if value is None:
        return {}
    if isinstance(value, dict):
        return value

    raise ApiError("values", "", value, f"must be a mapping, not {shown(value)}")
