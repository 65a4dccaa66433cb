"""Istio's template functions, over sprig's (pkg/kube/inject/template.go createInjectionFuncmap,
1.9-1.31).

Each takes and gives Go values as ``gotemplate.values`` represents them. ``env`` reads the control
plane's environment, which functionConfig declares: never this machine's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from krm_injector.gotemplate import Func
from krm_injector.gotemplate.errors import check_size
from krm_injector.gotemplate.format import sprint
from krm_injector.gotemplate.values import StringMap, Struct
from krm_injector.injection.go_structs import go_json_text, go_plain
from krm_injector.istio_api import clean_proxy_config, duration_string, to_json
from krm_injector.kube import go_json
from krm_injector.kube.yaml import go_marshal
from krm_injector.versions import Rules

PROXY = "istio-proxy"
OTEL = "resource.opentelemetry.io/"


def istio_functions(
    rules: Rules, control_plane_env: dict[str, str], render: Callable[[str], str]
) -> dict[str, Func]:
    """The functions of one control plane, by name; ``render`` renders a text as a template, with
    the same data.
    """
    table: list[tuple[str, Any, tuple[str, ...], bool]] = [
        ("formatDuration", duration_string, ("any",), False),
        ("isset", lambda m, key: key in m, ("map[string]string", "string"), False),
        ("excludeInboundPort", exclude_inbound_port, ("any", "string"), False),
        (
            "includeInboundPorts",
            lambda given: container_ports(given, rules, every=True),
            ("any",),
            False,
        ),
        (
            "applicationPorts",
            lambda given: container_ports(given, rules, every=False),
            ("any",),
            False,
        ),
        ("kubevirtInterfaces", lambda s: s, ("string",), False),
        ("excludeInterfaces", lambda s: s, ("string",), False),
        ("annotation", annotation, ("any", "string", "any"), False),
        (
            "valueOrDefault",
            lambda value, default: default if value is None or value == "" else value,
            (rules.value_or_default, rules.value_or_default),
            False,
        ),
        (
            "toJSON",
            lambda m: go_json.dumps(m) if m is not None else "{}",
            ("map[string]string",),
            False,
        ),
        (
            "toJson",
            lambda m: go_json.dumps(m) if m is not None else "{}",
            ("map[string]string",),
            False,
        ),
        ("fromJSON", from_json, ("string",), False),
        ("structToJSON", lambda v: "{}" if v is None else go_json_text(v), ("any",), False),
        ("protoToJSON", lambda m: proto_to_json(m, rules), ("any",), False),
        ("toYaml", lambda v: go_marshal(go_plain(v)), ("any",), False),
        ("indent", indent, ("int", "string"), False),
        ("directory", lambda path: path[: path.rfind("/") + 1], ("string",), False),
        ("contains", lambda needle, haystack: needle in haystack, ("string", "string"), False),
        ("toLower", lambda s: s.lower(), ("string",), False),
        (
            "appendMultusNetwork",
            lambda old, new: append_multus_network(old, new, rules),
            ("string", "string"),
            False,
        ),
        (
            "env",
            lambda key, default: control_plane_env.get(key) or default,
            ("string", "string"),
            False,
        ),
        (
            "omit",
            lambda m, *keys: StringMap((k, v) for k, v in m.items() if k not in keys),
            ("map[string]string", "string"),
            True,
        ),
        ("strdict", strdict, ("string",), True),
        (
            "toJsonMap",
            lambda *maps: go_json.dumps(merge_maps(*maps) if maps else None),
            ("map[string]string",),
            True,
        ),
        ("mergeMaps", lambda *maps: merge_maps(*maps), ("map[string]string",), True),
        ("render", render, ("string",), False),
        ("omitNil", omit_nil, ("any",), False),
        (
            "otelResourceAttributes",
            otel_resource_attributes,
            ("any", "map[string]string", "map[string]string", "string", "any"),
            False,
        ),
    ]
    return {
        name: Func(name, call, params, more)
        for name, call, params, more in table
        if name in rules.functions
    }


def exclude_inbound_port(port: Any, excluded: str) -> str:
    """The list of excluded ports with this one added, unless it is there, empty or 0."""
    wanted = sprint(port).strip()
    if wanted in ("", "0"):
        return excluded
    ports = excluded.split(",")
    if wanted in ports:
        return excluded
    return ",".join([p.strip() for p in ports if p.strip()] + [wanted])


def container_ports(containers: list[Any], rules: Rules, every: bool) -> str:
    """The TCP ports (before 1.4 all) that containers declare: "80,8080"; all but the proxy's where
    not ``every``.
    """
    passed_over = ("UDP", "SCTP") if rules.ports_of_tcp else ()
    return ",".join(
        str(port.go_attr("ContainerPort"))
        for container in containers
        if every or container.go_attr("Name") != PROXY
        for port in container.go_attr("Ports")
        if port.go_attr("Protocol") not in passed_over
    )


def annotation(meta: Struct, name: str, default: Any) -> str:
    found = meta.go_attr("Annotations")
    return str(found[name]) if name in found else sprint(default)


def from_json(text: str) -> Any:
    try:
        return go_json.loads(text)
    except go_json.GoJsonError:
        return "{}"


def proto_to_json(message: Any, rules: Rules) -> str:
    if message is None or message.is_nil:
        return "{}"
    clean = clean_proxy_config(message, rules.minor)
    if rules.test_mesh == "yes" and clean.fields.get("discoveryAddress") == "istio-pilot:15010":
        clean = clean.replace(discoveryAddress=None)  # a default there
    return to_json(clean)


def indent(spaces: int, source: str) -> str:
    """Every line but the first set in by that many spaces."""
    check_size(len(source) + spaces * source.count("\n"))
    return source.replace("\n", "\n" + " " * spaces) if "\n" in source else source


def strdict(*values: str) -> StringMap:
    padded = [*values, ""] if len(values) % 2 else list(values)
    return StringMap(zip(padded[::2], padded[1::2], strict=True))


def merge_maps(*maps: dict[str, str]) -> StringMap:
    merged = StringMap()
    for one in maps:
        merged.update(one)
    return merged


def append_multus_network(existing: str, network: str, rules: Rules) -> str:
    """The pod's multus networks with Istio's added, in the form the user chose: a list of names or
    JSON.
    """
    if existing == "":
        return network

    end = existing.rfind("]")
    if not rules.multus_looks:
        return (
            f"{existing}, {network}"
            if end == -1
            else f'{existing[:end]}, {{"name": "{network}"}}{existing[end:]}'
        )

    if end == -1:
        return (
            existing
            if network in [n.strip() for n in existing.split(",")]
            else f"{existing}, {network}"
        )

    try:
        networks = go_json.loads(existing)
    except go_json.GoJsonError:
        return existing

    if networks is not None and not (
        isinstance(networks, list) and all(n is None or isinstance(n, dict) for n in networks)
    ):
        return existing

    namespace, name = "", network
    if rules.cni_network_by_namespace and network.count("/") == 1:
        namespace, name = network.split("/")

    for one in networks or []:
        if one and one.get("name") == name:
            where = one.get("namespace")
            if (
                not rules.cni_network_by_namespace
                or (where if where is not None else "") == namespace
            ):
                return existing

    place = f', "namespace": "{namespace}"' if namespace else ""
    return f'{existing[:end]}, {{"name": "{name}"{place}}}{existing[end:]}'


def omit_nil(value: Any) -> Any:
    """The value without null members at any depth; None where nothing is left of one that had some."""
    if isinstance(value, dict):
        if not any(_holds_nil(v) for v in value.values()):
            return value
        kept = {k: v for k, v in ((k, omit_nil(v)) for k, v in value.items()) if v is not None}
        return kept or None

    if isinstance(value, list):
        if not any(_holds_nil(v) for v in value):
            return value
        return [v for v in map(omit_nil, value) if v is not None] or None

    return value


def _holds_nil(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_nil(v) for v in value.values())
    if isinstance(value, list):
        return any(_holds_nil(v) for v in value)
    return value is None


def otel_resource_attributes(
    mesh: Struct,
    annotations: dict[str, str],
    labels: dict[str, str],
    namespace: str,
    containers: list[Any],
) -> str:
    """OTEL_RESOURCE_ATTRIBUTES, where a tracing provider of the mesh asks for semantic conventions;
    else "".
    """
    providers = [p.go_attr("GetOpentelemetry")() for p in mesh.go_attr("ExtensionProviders")]
    enrichments = [
        sprint(o.go_attr("ServiceAttributeEnrichment"))
        for o in providers
        if o is not None and not o.is_nil
    ]
    if "OTEL_SEMANTIC_CONVENTIONS" not in enrichments:
        return ""

    version = (
        annotations.get(OTEL + "service.version") or labels.get("app.kubernetes.io/version") or ""
    )
    if not version and len(containers) == 1:
        version = image_version(containers[0].go_attr("Image"))

    instance = annotations.get(OTEL + "service.instance.id") or ""
    if not instance and containers:
        instance = f"{namespace}.$(POD_NAME).{containers[0].go_attr('Name')}"

    attributes = (
        ("service.namespace", annotations.get(OTEL + "service.namespace") or namespace),
        ("service.version", version),
        ("service.instance.id", instance),
    )
    return ",".join(f"{key}={value}" for key, value in attributes if value)


def image_version(image: str) -> str:
    """The tag, the digest or TAG@DIGEST of an image reference; "" where it has neither."""
    name, _, digest = image.partition("@")
    colon = name.rfind(":")
    tag = name[colon + 1 :] if colon > name.rfind("/") else ""
    return f"{tag}@{digest}" if tag and digest else tag or digest
