"""Files of the proxy that a workload brings, and files of the proxy that its application reads."""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.judging.advice.injected_workload import Finding, mapping, mappings
from krm_injector.judging.advice.overrides.own import Own, named

USER_VOLUME_MOUNT = "sidecar.istio.io/userVolumeMount"

# Where the proxy has its program, its configuration, its token, keys and roots (istio/istio
# pkg/config/constants, the injection templates 1.1 to 1.31).
PROXY_PATHS = (
    "/etc/certs",
    "/etc/istio/custom-bootstrap",
    "/etc/istio/pod",
    "/etc/istio/proxy",
    "/usr/local/bin",
    "/var/lib/istio/data",
    "/var/lib/istio/envoy",
    "/var/run/sds",
    "/var/run/secrets/credential-uds",
    "/var/run/secrets/istio",
    "/var/run/secrets/kubernetes.io",
    "/var/run/secrets/tokens",
    "/var/run/secrets/workload-spiffe-credentials",
    "/var/run/secrets/workload-spiffe-uds",
)


def mounted(own: Own, value: str) -> Iterator[Finding]:
    """The mounts of the annotation sidecar.istio.io/userVolumeMount."""
    for name, mount in named(value).items():
        shown = f"{name}: {mount.get('mountPath')}"
        place = own.of_annotation("override-proxy-files", USER_VOLUME_MOUNT, "", shown=shown)
        yield from of_mount(own, name, mount, place)


def of_mount(own: Own, name: str, mount: dict[str, object], place: Finding) -> Iterator[Finding]:
    """A mount of the proxy. place: its field and current value."""
    path = str(mount.get("mountPath") or "")
    values = (f"{name}={path}",)
    if not path:
        return

    start = f"the proxy of {own.workload.ref} mounts volume {name} at {path}"
    host = _host_path(own, name)
    if host:
        message = (
            f"{start}, which is {host} of the node: the proxy reads what all pods of the node "
            "have there. Use a ConfigMap, a Secret or an emptyDir"
        )
    elif _hides(path):
        message = (
            f"{start}, where it has files of its own: program, configuration, token or keys can "
            "be the workload's then, and not the mesh's. Mount it elsewhere"
        )
    elif own.is_gateway:
        return  # the certificates that a gateway serves
    else:
        message = (
            f"{start}. The workload chooses these files; what reads them is up to EnvoyFilters "
            "and settings that name the path"
        )
        yield place._replace(code="override-proxy-volume", message=message, values=values)
        return

    yield place._replace(message=message, values=values)


def _host_path(own: Own, name: str) -> str:
    """The directory of the node that a volume is; "" if it is another volume."""
    candidates = [own.user_volumes().get(name), *mappings(own.workload.before.get("volumes"))]
    for volume in candidates:
        if volume is not None and volume.get("name", name) == name and "hostPath" in volume:
            return str(mapping(volume["hostPath"]).get("path") or "a directory")
    return ""


def _hides(path: str) -> bool:
    """Whether a mount there hides or changes files of the proxy: at, above or below its paths."""
    plain = "/" + path.strip("/")
    if plain == "/run" or plain.startswith("/run/"):
        plain = f"/var{plain}"  # a link in the image
    return any(
        plain == own or own.startswith(plain.rstrip("/") + "/") or plain.startswith(f"{own}/")
        for own in PROXY_PATHS
    )


def check(own: Own) -> Iterator[Finding]:
    """Volumes that stand for Istio's, and Istio's volumes in the application's containers."""
    brought = own.names("volumes").difference(own.user_volumes())
    if not brought:
        return

    workload, ref = own.workload, own.workload.ref
    stated = set()
    for index, volume in enumerate(mappings(workload.before.get("volumes"))):
        name = volume.get("name")
        stated.add(name)
        if name in brought:
            message = (
                f"volume {name} of {ref} has the name of one of Istio's, and the two are merged: "
                "the proxy's token, keys or configuration can be the workload's. Give it another "
                "name"
            )
            field = f"{workload.path}.volumes[{index}].name"
            yield Finding("override-volumes", message, field, name)

    yield from _shared(own, brought.difference(stated))


def _shared(own: Own, brought: frozenset[str]) -> Iterator[Finding]:
    """Mounts of the application's containers of volumes that injection brings to the proxy."""
    workload = own.workload
    containers = (*workload.application, *workload.init)
    mounts = (mount for each in containers for mount in mappings(each.get("volumeMounts")))
    if not any(mount.get("name") in brought for mount in mounts):
        return  # most workloads

    injected = own.injected()
    for_proxy = {
        mount.get("name") for mount in mappings(mapping(workload.proxy).get("volumeMounts"))
    }
    for container in containers:
        if container.get("name") in injected:
            continue

        for index, mount in enumerate(mappings(container.get("volumeMounts"))):
            name = mount.get("name")
            if name not in brought or name not in for_proxy:
                continue

            message = (
                f"container {container.get('name')} of {workload.ref} mounts {name}, a volume of "
                "the proxy: what it holds (token, keys, sockets) lets the application be the "
                "proxy. Mount a volume of its own"
            )
            field = workload.container_path(container, f"volumeMounts[{index}].name")
            yield Finding("override-volumes", message, field, name)
