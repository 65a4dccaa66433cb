"""Istio's template functions, over sprig's.

Source: pkg/kube/inject/template.go createInjectionFuncmap (1.9-1.31), inject.go InjectionData
(1.1-1.8). Rules.functions says which of them a version has. To add one, see
docs/adding-a-version.md.

Each takes and gives Go values as ``gotemplate.values`` represents them.
"""

from __future__ import annotations

from krm_injector.gotemplate import Func
from krm_injector.gotemplate.errors import check_size
from krm_injector.gotemplate.format import sprint
from krm_injector.gotemplate.values import StringMap, Struct
from krm_injector.injection.go_structs import go_json_text, go_plain
from krm_injector.istio_api import clean_proxy_config, duration_string, to_json
from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.kube import go_json
from krm_injector.kube.yaml import go_marshal
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

OTEL_PREFIX = "resource.opentelemetry.io/"  # of annotations
VERSION_LABEL = "app.kubernetes.io/version"
STRINGS = "map[string]string"


def istio_functions(
    rules: Rules, control_plane_env: dict[str, str], render: Callable[[str], str]
) -> dict[str, Func]:
    """The functions of one control plane, by name.

    ``control_plane_env``: the environment of istiod, which the functionConfig declares; never this
    machine's. ``render`` renders a text as a template, with the same data.
    """
    functions = (*_FUNCTIONS, *_functions_of(rules, control_plane_env, render))
    return {function.name: function for function in functions if function.name in rules.functions}


def _functions_of(
    rules: Rules, control_plane_env: dict[str, str], render: Callable[[str], str]
) -> tuple[Func, ...]:
    """The functions whose work depends on the version or on the control plane."""

    def include_inbound_ports(containers: list[Any]) -> str:
        return container_ports(containers, rules, with_proxy=True)

    def application_ports(containers: list[Any]) -> str:
        return container_ports(containers, rules, with_proxy=False)

    def multus_networks(existing: str, network: str) -> str:
        from krm_injector.injection.multus import append_multus_network  # few templates call it

        return append_multus_network(existing, network, rules)

    last: tuple[Any, str] = None, "{}"

    def message_json(message: Any) -> str:
        # Messages do not change, and most pods have the same ProxyConfig.
        nonlocal last
        if message is not last[0]:
            last = message, proto_to_json(message, rules)
        return last[1]

    def env(name: str, default: str) -> str:
        return control_plane_env.get(name) or default

    value_type = rules.value_or_default
    return (
        Func("includeInboundPorts", include_inbound_ports, ("any",)),
        Func("applicationPorts", application_ports, ("any",)),
        Func("appendMultusNetwork", multus_networks, ("string", "string")),
        Func("protoToJSON", message_json, ("any",)),
        Func("env", env, ("string", "string")),
        Func("render", render, ("string",)),
        Func("valueOrDefault", value_or_default, (value_type, value_type)),
    )


# ---------------------------------------------------------------- texts and maps


def isset(values: StringMap, key: str) -> bool:
    return key in values


def value_or_default(value: Any, default: Any) -> Any:
    return default if value is None or value == "" else value


def contains(needle: str, text: str) -> bool:
    return needle in text


def to_lower(text: str) -> str:
    return text.lower()


def directory(path: str) -> str:
    """Go's path.Split: everything up to the last slash, with it."""
    return path[: path.rfind("/") + 1]


def interfaces(text: str) -> str:
    """kubevirtInterfaces and excludeInterfaces: their annotations as they stand."""
    return text


def indent(spaces: int, text: str) -> str:
    """Every line but the first set in by that many spaces."""
    check_size(len(text) + spaces * text.count("\n"))
    return text.replace("\n", "\n" + " " * spaces) if "\n" in text else text


def strdict(*values: str) -> StringMap:
    """Keys and values by turns; the last key has "" if its value is missing."""
    padded = [*values, ""] if len(values) % 2 else list(values)
    return StringMap(zip(padded[::2], padded[1::2], strict=True))


def omit(values: StringMap, *keys: str) -> StringMap:
    return StringMap((key, value) for key, value in values.items() if key not in keys)


def merge_maps(*maps: dict[str, str]) -> StringMap:
    """The maps over each other, the last on top."""
    merged = StringMap()
    for values in maps:
        merged.update(values)
    return merged


def omit_nil(value: Any) -> Any:
    """The value without null members at any depth; None if that leaves it empty."""
    if not _holds_nil(value) or value is None:
        return value

    if isinstance(value, dict):
        fields = {key: omit_nil(field) for key, field in value.items()}
        return {key: field for key, field in fields.items() if field is not None} or None

    return [item for item in map(omit_nil, value) if item is not None] or None


def _holds_nil(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_nil(field) for field in value.values())
    if isinstance(value, list):
        return any(_holds_nil(item) for item in value)
    return value is None


# ---------------------------------------------------------------- JSON and YAML


def strings_to_json(values: dict[str, str] | None) -> str:
    """toJSON, and toJson before 1.19: of maps of strings only."""
    return "{}" if values is None else go_json.dumps(values)


def maps_to_json(*maps: dict[str, str]) -> str:
    """toJsonMap: the maps over each other."""
    return go_json.dumps(merge_maps(*maps) if maps else None)


def from_json(text: str) -> Any:
    """The value of a JSON text; the text "{}" if it is none, as Istio's fromJSON gives it."""
    try:
        return go_json.loads(text)
    except go_json.GoJsonError:
        return "{}"


def struct_to_json(value: Any) -> str:
    return "{}" if value is None else go_json_text(value)


def to_yaml(value: Any) -> str:
    return go_marshal(go_plain(value))


def proto_to_json(message: Any, rules: Rules) -> str:
    """A ProxyConfig without the fields that have their defaults."""
    if message is None or message.is_nil:
        return "{}"

    config = clean_proxy_config(message, rules.api)
    discovery_address = config.fields.get("discoveryAddress")
    if rules.test_mesh == "yes" and discovery_address == "istio-pilot:15010":
        config = config.replace(discoveryAddress=None)  # a default there
    return to_json(config)


# ---------------------------------------------------------------- pods


def annotation(meta: Struct, name: str, default: Any) -> str:
    annotations = meta.go_attr("Annotations")
    return str(annotations[name]) if name in annotations else sprint(default)


def exclude_inbound_port(port: Any, excluded: str) -> str:
    """The list of excluded ports with this one added, unless it is there, empty or 0."""
    added = sprint(port).strip()
    ports = excluded.split(",")
    if added in ("", "0") or added in ports:
        return excluded

    kept = [entry.strip() for entry in ports if entry.strip()]
    return ",".join([*kept, added])


def container_ports(containers: list[Any], rules: Rules, with_proxy: bool) -> str:
    """The TCP ports (before 1.4 all) that containers declare: "80,8080"."""
    excluded = ("UDP", "SCTP") if rules.ports_of_tcp else ()
    ports = []
    for container in containers:
        if not with_proxy and container.go_attr("Name") == PROXY_CONTAINER:
            continue

        for port in container.go_attr("Ports"):
            if port.go_attr("Protocol") not in excluded:
                ports.append(str(port.go_attr("ContainerPort")))

    return ",".join(ports)


# ---------------------------------------------------------------- OpenTelemetry


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
    if "OTEL_SEMANTIC_CONVENTIONS" not in _enrichments(mesh):
        return ""

    version = annotations.get(OTEL_PREFIX + "service.version") or labels.get(VERSION_LABEL) or ""
    if not version and len(containers) == 1:
        version = image_version(containers[0].go_attr("Image"))

    instance = annotations.get(OTEL_PREFIX + "service.instance.id") or ""
    if not instance and containers:
        instance = f"{namespace}.$(POD_NAME).{containers[0].go_attr('Name')}"

    attributes = (
        ("service.namespace", annotations.get(OTEL_PREFIX + "service.namespace") or namespace),
        ("service.version", version),
        ("service.instance.id", instance),
    )
    return ",".join(f"{key}={value}" for key, value in attributes if value)


def _enrichments(mesh: Struct) -> Iterator[str]:
    """How each OpenTelemetry provider of the mesh wants services to be described."""
    for provider in mesh.go_attr("ExtensionProviders"):
        opentelemetry = provider.go_attr("GetOpentelemetry")()
        if opentelemetry is not None and not opentelemetry.is_nil:
            yield sprint(opentelemetry.go_attr("ServiceAttributeEnrichment"))


def image_version(image: str) -> str:
    """The tag, the digest or TAG@DIGEST of an image reference; "" if it has neither."""
    name, _, digest = image.partition("@")
    colon = name.rfind(":")
    tag = name[colon + 1 :] if colon > name.rfind("/") else ""
    return f"{tag}@{digest}" if tag and digest else tag or digest


# The functions that are the same for every control plane. A Func's last field: the last of its
# types is that of any number of further arguments.
_FUNCTIONS = (
    Func("annotation", annotation, ("any", "string", "any")),
    Func("contains", contains, ("string", "string")),
    Func("directory", directory, ("string",)),
    Func("excludeInboundPort", exclude_inbound_port, ("any", "string")),
    Func("excludeInterfaces", interfaces, ("string",)),
    Func("formatDuration", duration_string, ("any",)),
    Func("fromJSON", from_json, ("string",)),
    Func("indent", indent, ("int", "string")),
    Func("isset", isset, (STRINGS, "string")),
    Func("kubevirtInterfaces", interfaces, ("string",)),
    Func("mergeMaps", merge_maps, (STRINGS,), variadic=True),
    Func("omit", omit, (STRINGS, "string"), variadic=True),
    Func("omitNil", omit_nil, ("any",)),
    Func(
        "otelResourceAttributes",
        otel_resource_attributes,
        ("any", STRINGS, STRINGS, "string", "any"),
    ),
    Func("strdict", strdict, ("string",), variadic=True),
    Func("structToJSON", struct_to_json, ("any",)),
    Func("toJSON", strings_to_json, (STRINGS,)),
    Func("toJson", strings_to_json, (STRINGS,)),
    Func("toJsonMap", maps_to_json, (STRINGS,), variadic=True),
    Func("toLower", to_lower, ("string",)),
    Func("toYaml", to_yaml, ("any",)),
)
