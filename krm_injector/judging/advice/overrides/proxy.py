"""What a workload changes of its proxy itself by annotations and labels: image, bootstrap,
templates, rights, logs, and when it starts.

Source: Istio's injection templates 1.1 to 1.31 (manifests/charts, files/injection-template.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.istio_names import (
    CORE_DUMP_CONTAINER,
    IMAGE_TYPE_ANNOTATION,
    NATIVE_SIDECAR_ANNOTATION,
    PROXY_CONTAINER,
    STATUS_PORT_ANNOTATION,
    TEMPLATES_ANNOTATION,
    TLS_MODE_LABEL,
)
from krm_injector.judging.advice.injected_workload import Finding, mapping, mappings
from krm_injector.judging.advice.overrides import capture
from krm_injector.judging.advice.overrides.own import Own
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern

IMAGE = "sidecar.istio.io/proxyImage"
BOOTSTRAP = "sidecar.istio.io/bootstrapOverride"
CORE_DUMP = "sidecar.istio.io/enableCoreDump"
LOW_PORTS = "sidecar.istio.io/capNetBindService"
LOG_LEVEL = "sidecar.istio.io/logLevel"
COMPONENT_LOG_LEVEL = "sidecar.istio.io/componentLogLevel"
AGENT_LOG_LEVEL = "sidecar.istio.io/agentLogLevel"
DISCOVERY_ADDRESS = "sidecar.istio.io/discoveryAddress"
CONTROL_PLANE_AUTH = "sidecar.istio.io/controlPlaneAuthPolicy"  # 1.1 to 1.8

_GATEWAY = "gateway"  # Istio's template for a pod that is nothing but a gateway
_VERBOSE = lazy_pattern(r"(?i)(?:\A|[:,=\s])(?:debug|trace)(?=\Z|[,\s])")
# Where the mesh states its own levels: values.global.proxy, values.global.logging.
_MESH_LEVELS = {
    LOG_LEVEL: ("proxy", "logLevel"),
    COMPONENT_LOG_LEVEL: ("proxy", "componentLogLevel"),
    AGENT_LOG_LEVEL: ("logging", "level"),
}


# ---------------------------------------------------------------- image, bootstrap, templates


def image(own: Own, value: str) -> Iterator[Finding]:
    """An image without "/" is none: templates take that of the values then."""
    spec = own.workload.after
    containers = (*mappings(spec.get("initContainers")), *mappings(spec.get("containers")))
    running = {without_digest(str(each.get("image"))) for each in containers}
    if without_digest(value) not in running or value == own.mesh_image:
        return

    message = (
        f"the proxy of {own.workload.ref} is {value} ({IMAGE}){not_the_meshs(own)}: it is not "
        "updated with the mesh, and what it enforces is up to the image. Take the annotation away, "
        "or set the image for the mesh (values.global.hub)"
    )
    yield own.of_annotation("override-proxy-image", IMAGE, message)


def image_type(own: Own, value: str) -> Iterator[Finding]:
    finding = own.of_annotation("override-proxy-image", IMAGE_TYPE_ANNOTATION, "")
    yield from other_image_type(own, finding, value)


def other_image_type(own: Own, finding: Finding, value: str) -> Iterator[Finding]:
    """An image type but the mesh's. distroless has less in it than any other."""
    running = without_digest(str(mapping(own.workload.proxy).get("image")))
    if value == "distroless" or running == own.mesh_image:
        return
    if not (running.endswith(f"-{value}") or (value in ("", "default") and own.mesh_image)):
        return  # another setting won, or the templates know no types

    message = (
        f"the proxy of {own.workload.ref} is {running} (image type {value or 'default'})"
        f"{not_the_meshs(own)}: whoever gets into the proxy finds a shell and tools there. "
        "Leave the type to the mesh"
    )
    yield finding._replace(message=message, values=(value,))


def not_the_meshs(own: Own) -> str:
    return f", not the mesh's {own.mesh_image}" if own.mesh_image else ""


def without_digest(name: str) -> str:
    return name.partition("@")[0]


def bootstrap(own: Own, value: str) -> Iterator[Finding]:
    message = (
        f"the proxy of {own.workload.ref} starts with the bootstrap of ConfigMap {value} "
        f"({BOOTSTRAP}): who writes that ConfigMap can change listeners, clusters and what Envoy's "
        "administration tells. Use an EnvoyFilter or the mesh's own settings, which the mesh's "
        "administrators see"
    )
    yield own.of_annotation("override-bootstrap", BOOTSTRAP, message)


def templates(own: Own, value: str) -> Iterator[Finding]:
    """The choice of templates, but for that of a gateway, which is how gateways are made."""
    decision = own.workload.decision
    config = decision.mesh.config if decision.mesh else {}
    aliases = config.get("aliases") or {}
    chosen = _resolved([name.strip() for name in value.split(",")], aliases)
    usual = _resolved(config.get("defaultTemplates") or ["sidecar"], aliases)
    if _GATEWAY in chosen and _nothing_but_a_proxy(own):
        usual = [_GATEWAY]

    ref, missing = own.workload.ref, [name for name in usual if name not in chosen]
    if missing:
        message = (
            f"{ref} takes the injection template {', '.join(chosen) or '(none)'} "
            f"({TEMPLATES_ANNOTATION}) and not the mesh's {', '.join(missing)}: what that brings "
            "(the redirection of traffic, the proxy and its certificate) is there only if the "
            "other template has it too. Name the mesh's template first"
        )
        yield own.of_annotation("override-templates", TEMPLATES_ANNOTATION, message, tuple(chosen))
        return

    added = [name for name in chosen if name not in usual]
    if added:
        message = (
            f"{ref} takes the injection template {', '.join(added)} beside the mesh's "
            f"({TEMPLATES_ANNOTATION}). What it adds is in the injected pod"
        )
        finding = own.of_annotation("override-template-added", TEMPLATES_ANNOTATION, message)
        yield finding._replace(values=tuple(added))


def _resolved(names: list[str], aliases: dict[str, list[str]]) -> list[str]:
    return [target for name in names for target in aliases.get(name, [name]) if target]


def _nothing_but_a_proxy(own: Own) -> bool:
    """Whether no container of the user's serves anything: a gateway's pod."""
    return all(each.get("name") == PROXY_CONTAINER for each in own.workload.application)


# ---------------------------------------------------------------- rights and logs


def core_dump(own: Own, value: str) -> Iterator[Finding]:
    """Effective where the template has a container for it: it runs as root and is privileged."""
    inits = mappings(own.workload.after.get("initContainers"))
    dumps = next((each for each in inits if each.get("name") == CORE_DUMP_CONTAINER), None)
    if dumps is None or own.facts.proxy_value("enableCoreDump").lower() == "true":
        return

    message = (
        f"the pods of {own.workload.ref} start with the privileged container "
        f"{CORE_DUMP_CONTAINER} ({CORE_DUMP}), and core files have keys and traffic of the proxy "
        "in them. Use it for a test only"
    )
    yield own.of_annotation("override-privileged", CORE_DUMP, message)


def low_ports(own: Own, value: str) -> Iterator[Finding]:
    """Templates let the proxy run as root then."""
    context = mapping(mapping(own.workload.proxy).get("securityContext"))
    if value != "true" or context.get("runAsUser") != 0:
        return

    message = (
        f"the proxy of {own.workload.ref} runs as root with NET_BIND_SERVICE ({LOW_PORTS}). Let "
        "it listen on ports from 1024 on, as a Service's targetPort"
    )
    yield own.of_annotation("override-privileged", LOW_PORTS, message)


def log_level(name: str, own: Own, value: str) -> Iterator[Finding]:
    group, field = _MESH_LEVELS[name]
    usual = str(at(own.facts.values, ("global", group, field)) or "")
    if value == usual or not _VERBOSE.search(value):
        return

    message = (
        f"the proxy of {own.workload.ref} logs at {value} ({name}): at debug and trace headers, "
        "tokens among them, stand in the log, and the log is large. Set it for a test with "
        "`istioctl proxy-config log`, which changes no manifest"
    )
    yield own.of_annotation("override-log-level", name, message)


# ---------------------------------------------------------------- start, readiness, callers


def native_sidecar(own: Own, value: str) -> Iterator[Finding]:
    mesh = own.workload.decision.mesh
    if value != "false" or mesh is None or not mesh.native_sidecars:
        return
    if not mesh.rules.native_annotation or own.workload.proxy is None:
        return

    message = (
        f"the proxy of {own.workload.ref} is a plain container ({NATIVE_SIDECAR_ANNOTATION}: "
        '"false"), where the mesh has native sidecars: init containers run before it, outside of '
        "the mesh or without network, and a Job does not end. Take the annotation away"
    )
    yield own.of_annotation("override-native-sidecar", NATIVE_SIDECAR_ANNOTATION, message)


def status_port(own: Own, value: str) -> Iterator[Finding]:
    yield from capture.status_port(own, value)
    if value.strip() != "0" or "readinessProbe" in mapping(own.workload.proxy):
        return

    message = (
        f"the proxy of {own.workload.ref} has no readiness probe ({STATUS_PORT_ANNOTATION}: "
        '"0"): pods get traffic before their proxy has its configuration, and it fails. Take the '
        "annotation away"
    )
    yield own.of_annotation("override-readiness", STATUS_PORT_ANNOTATION, message)


def control_plane(name: str, own: Own, value: str) -> Iterator[Finding]:
    """Read by the templates until 1.8. The agent reads the address in every version, and takes it
    before all others (pilot/cmd/pilot-agent/config, applyAnnotations).
    """
    field = "discoveryAddress" if name == DISCOVERY_ADDRESS else "controlPlaneAuthPolicy"
    is_read = name == DISCOVERY_ADDRESS or own.workload.minor < (1, 9)
    if not is_read or value == own.configs[0].get(field) or own.workload.proxy is None:
        return

    message = (
        f"the proxy of {own.workload.ref} is told by annotation how to reach its control plane "
        f"({name}: {value}): what that says is what the proxy does. Take the annotation away"
    )
    yield own.of_annotation("override-control-plane", name, message)


def tls_mode(own: Own, value: str) -> Iterator[Finding]:
    """Clients read the label of an endpoint: only istio gets mutual TLS by itself
    (pilot/pkg/model, tlsMode).
    """
    if value in ("istio", ""):
        return

    message = (
        f"pods of {own.workload.ref} have the label {TLS_MODE_LABEL}: {value}, so that clients "
        "of the mesh send them plain text, which strict mutual TLS refuses and which all others "
        "on the way can read. Take the label away: injection sets it"
    )
    yield own.of_label("override-tls-mode", TLS_MODE_LABEL, message)
