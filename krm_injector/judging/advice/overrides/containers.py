"""The pod's own istio-proxy, istio-init and the like: their fields win over the injected ones, one
by one.

Source: reapplyOverwrittenContainers in istio/istio pkg/kube/inject/webhook.go (1.9 to 1.31). Until
1.8 a container of that name is no override, and the API server refuses the pod.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.injection import merge
from krm_injector.istio_names import (
    INIT_CONTAINER,
    OVERRIDES_ANNOTATION,
    PROXY_CONTAINER,
    PROXY_UID,
    VALIDATION_CONTAINER,
)
from krm_injector.judging.advice.injected_workload import Finding, mapping, mappings
from krm_injector.judging.advice.overrides import environment, proxy, volumes
from krm_injector.judging.advice.overrides.own import Own
from krm_injector.kube.paths import at
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from krm_injector.codes import CodeName

# Fields that only tune the container. resources has warnings of its own.
HARMLESS = frozenset(
    (
        "imagePullPolicy", "lifecycle", "livenessProbe", "name", "ports", "readinessProbe",
        "resizePolicy", "resources", "restartPolicy", "restartPolicyRules", "startupProbe",
        "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty",
    )
)  # fmt: skip
# What the baseline of the Pod Security Standards lets anyone add; injection gives istio-init more.
_COMMON_CAPABILITIES = frozenset(("NET_BIND_SERVICE",))
_INIT_CAPABILITIES = frozenset(("NET_ADMIN", "NET_RAW"))


class Override:
    """One container of the pod that overrides an injected one."""

    __slots__ = ("container", "name", "own", "path")

    def __init__(self, own: Own, container: Object, path: str) -> None:
        self.own, self.container, self.path = own, container, path
        self.name = str(container.get("name"))

    @property
    def where(self) -> str:
        return f"the pod's own {self.name} of {self.own.workload.ref}"

    def finding(self, code: CodeName, field: str, message: str, value: Any) -> Finding:
        # An annotation has no fields below it.
        path = f"{self.path}.{field}" if not self.path.endswith('"]') else self.path
        return Finding(code, message, path, value)


def check(own: Own) -> Iterator[Finding]:
    """All overrides of containers, in the order of the pod."""
    for override in _overrides(own):
        for field, field_check in FIELDS.items():
            value = override.container.get(field)
            if value:
                yield from field_check(override, value)

    yield from _hidden_from_the_plugin(own)


def _hidden_from_the_plugin(own: Own) -> Iterator[Finding]:
    """The CNI plugin takes a pod with a container istio-init for redirected already
    (cni/pkg/plugin/plugin.go, doAddRun).
    """
    injected = own.injected()
    if VALIDATION_CONTAINER not in injected or INIT_CONTAINER in injected:
        return

    workload = own.workload
    for container in (*workload.application, *workload.init):
        if container.get("name") == INIT_CONTAINER:
            message = (
                f"{workload.ref} has a container {INIT_CONTAINER} of its own, where the mesh has "
                "the CNI plugin: the plugin redirects no traffic of such a pod. Give the container "
                "another name"
            )
            field = workload.container_path(container, "name")
            yield Finding("override-interception", message, field, INIT_CONTAINER)


def _overrides(own: Own) -> Iterator[Override]:
    workload = own.workload
    injected = own.injected()
    if workload.rules.result == "spec":
        return

    seen = set()
    for container in (*workload.application, *workload.init):
        if container.get("name") in injected:
            seen.add(container.get("name"))
            yield Override(own, container, workload.container_path(container))

    if OVERRIDES_ANNOTATION in own.annotations:
        path = f'{own.path}.annotations["{OVERRIDES_ANNOTATION}"]'
        for container in _saved(own):
            if container.get("name") not in seen:
                yield Override(own, container, path)


def _saved(own: Own) -> list[Object]:
    """The overrides that an earlier injection, or the author, wrote into the annotation."""
    try:
        saved = merge.saved_overrides({"metadata": {"annotations": own.annotations}})
    except merge.BadAnnotation:
        return []
    return [container for containers in saved.values() for container in containers]


# ---------------------------------------------------------------- the fields


def _image(override: Override, value: Any) -> Iterator[Finding]:
    own = override.own
    if value in (merge.AUTO_IMAGE, own.mesh_image):
        return

    message = (
        f"{override.where} has the image {value}{proxy.not_the_meshs(own)}: it is not updated "
        f"with the mesh. Write image: {merge.AUTO_IMAGE}, which injection replaces"
    )
    yield override.finding("override-proxy-image", "image", message, value)


def _command(field: str) -> Callable[[Override, Any], Iterator[Finding]]:
    def check_command(override: Override, value: Any) -> Iterator[Finding]:
        message = (
            f"{override.where} has its own {field}, which replaces the injected one: what runs "
            f"is no longer what the mesh says. Leave {field} out"
        )
        finding = override.finding("override-command", field, message, value)
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield finding._replace(values=(text,))

    return check_command


def _env(override: Override, value: Any) -> Iterator[Finding]:
    for index, variable in enumerate(mappings(value)):
        name, text = str(variable.get("name")), variable.get("value")
        shown = "(from elsewhere)" if "valueFrom" in variable else str(text or "")
        place = override.finding("override-environment", f"env[{index}]", "", None)
        yield from environment.findings([(name, shown)], override.where, place)


def _env_from(override: Override, value: Any) -> Iterator[Finding]:
    for index, source in enumerate(mappings(value)):
        kind = "configMapRef" if "configMapRef" in source else "secretRef"
        name = str(at(source, (kind, "name")) or "")
        message = (
            f"{override.where} takes its environment from {kind} {name}, which can hold any "
            "variable of the agent and of Envoy. Name the variables"
        )
        finding = override.finding("override-environment", f"envFrom[{index}]", message, source)
        yield finding._replace(values=(f"{kind}={name}",))


def _security_context(override: Override, value: Any) -> Iterator[Finding]:
    for name, shown in _weaker(mapping(value), override.name):
        message = (
            f"{override.where} has {name} {shown}, which gives whoever gets into it more rights "
            "than injection does. Leave it out"
        )
        field = f"securityContext.{name}"
        finding = override.finding(
            "override-privileged", field, message, at(value, name.split("."))
        )
        yield finding._replace(values=(f"{name}={shown}",))

    if override.name == PROXY_CONTAINER:
        yield from _identity(override, mapping(value))


def _identity(override: Override, context: Object) -> Iterator[Finding]:
    """Another user or group of the proxy: traffic of 1337 is not redirected, and with the CNI
    plugin that of the proxy's own (cni/pkg/plugin/sidecar_redirect.go, NewRedirect).
    """
    for name in ("runAsUser", "runAsGroup"):
        value = context.get(name)
        if value in (None, 0, PROXY_UID):  # the plugin takes 1337 for root
            continue

        message = (
            f"{override.where} has {name} {value}: with the CNI plugin, traffic of whoever runs "
            f"like this goes past the proxy, and without it the proxy redirects its own. Leave "
            f"{name} out"
        )
        finding = override.finding("override-privileged", f"securityContext.{name}", message, value)
        yield finding._replace(values=(f"{name}={value}",))


def _weaker(context: Object, container: str) -> Iterator[tuple[str, str]]:
    """The fields that give more rights than injection does, with their values."""
    weak: tuple[tuple[str, Any], ...] = (
        ("privileged", True),
        ("allowPrivilegeEscalation", True),
        ("seccompProfile.type", "Unconfined"),
        ("procMount", "Unmasked"),
    )
    if container == PROXY_CONTAINER:
        weak = (*weak, ("runAsUser", 0), ("readOnlyRootFilesystem", False))

    for name, value in weak:
        found = at(context, name.split("."))
        if found == value and isinstance(found, type(value)):
            yield name, str(value).lower() if isinstance(value, bool) else str(value)

    allowed = _COMMON_CAPABILITIES
    if container == INIT_CONTAINER:
        allowed |= _INIT_CAPABILITIES
    added = at(context, ("capabilities", "add"))
    more = [str(each) for each in added if each not in allowed] if isinstance(added, list) else []
    if more:
        yield "capabilities.add", ", ".join(more)


def _mounts(override: Override, value: Any) -> Iterator[Finding]:
    for index, mount in enumerate(mappings(value)):
        place = override.finding("override-proxy-files", f"volumeMounts[{index}]", "", mount)
        yield from volumes.of_mount(override.own, str(mount.get("name")), mount, place)


def _devices(override: Override, value: Any) -> Iterator[Finding]:
    for index, device in enumerate(mappings(value)):
        message = (
            f"{override.where} has the block device of volume {device.get('name')}. A proxy needs "
            "none"
        )
        field = f"volumeDevices[{index}]"
        finding = override.finding("override-proxy-files", field, message, device)
        yield finding._replace(values=(str(device.get("devicePath")),))


FIELDS: dict[str, Callable[[Override, Any], Iterator[Finding]]] = {
    "image": _image,
    "command": _command("command"),
    "args": _command("args"),
    "workingDir": _command("workingDir"),
    "env": _env,
    "envFrom": _env_from,
    "securityContext": _security_context,
    "volumeMounts": _mounts,
    "volumeDevices": _devices,
}
