"""Pod Security Standards: which rules a pod breaks only with what injection adds.

The rules: kubernetes.io/docs, Pod Security Standards 1.34.

Every rule that an injected container or volume can touch is applied to the pod before and after
injection. Only new violations are reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.istio_names import INIT_CONTAINER, POD_SECURITY_LABEL
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    mappings,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from krm_injector.codes import CodeName

    Mode = Literal["enforce", "warn", "audit"]

MODES: tuple[tuple[Mode, CodeName], ...] = (
    ("enforce", "pod-security-enforced"),
    ("warn", "pod-security-reported"),
    ("audit", "pod-security-reported"),
)
BASELINE_CAPABILITIES = frozenset((
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
))  # fmt: skip
RESTRICTED_CAPABILITIES = frozenset(("NET_BIND_SERVICE",))
SAFE_SYSCTLS = frozenset(
    (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_syncookies",
    )
)
RESTRICTED_VOLUMES = frozenset(
    (
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    )
)


def check(workload: InjectedWorkload, _: BundleObjects) -> Iterator[Finding]:
    """One finding per mode whose level injection breaks; a level that is already reported is not
    reported for a milder mode.
    """
    namespace = workload.decision.namespace
    if namespace is None:
        return

    reported = ""
    for mode, code in MODES:
        label = POD_SECURITY_LABEL + mode
        level = namespace.labels.get(label)
        if level not in ("baseline", "restricted") or level == reported:
            continue

        before = broken_rules(workload.before, level)
        added = [rule for rule in broken_rules(workload.after, level) if rule not in before]
        if not added:
            continue

        reported = reported or level
        message = _message(workload.ref, mode, level, added)
        ref = ResourceRef("v1", "Namespace", namespace.name)
        yield Finding(code, message, f'metadata.labels["{label}"]', level, None, ref)


def _message(ref: ResourceRef, mode: Mode, level: str, broken: list[str]) -> str:
    effect = {
        "enforce": f"{ref} is accepted but its pods are refused",
        "warn": f"the API server warns of {ref}",
        "audit": f"the API server notes {ref} in its audit log",
    }[mode]

    remedies = []
    if any(INIT_CONTAINER in rule and "capabilities" in rule for rule in broken):
        remedies.append(
            "with the Istio CNI plugin istio-validation takes istio-init's place and needs no "
            "capability"
        )
    if any("seccompProfile" in rule for rule in broken):
        remedies.append(
            "state securityContext.seccompProfile (type: RuntimeDefault) for the pod, or "
            "global.proxy.seccompProfile in the mesh's values"
        )

    message = (
        f"{effect}: the Namespace's level {level} ({mode}) is broken by injection: "
        f"{'; '.join(broken)}"
    )
    return f"{message}. Remedy: {'; '.join(remedies)}" if remedies else message


def broken_rules(spec: Object, level: str) -> list[str]:
    """The rules of a level ("baseline" or "restricted") that a pod's spec breaks, each as
    "container: what" or "what".
    """
    rules = [*_pod_baseline(spec)]
    pod_context = mapping(spec.get("securityContext"))
    restricted = level == "restricted"
    if restricted:
        rules += _volumes(spec)

    for field in ("initContainers", "containers", "ephemeralContainers"):
        for container in mappings(spec.get(field)):
            context = mapping(container.get("securityContext"))
            broken = [*_baseline(container, context)]
            if restricted:
                broken += _restricted(context, pod_context)

            rules += [f"{container.get('name')}: {rule}" for rule in broken]

    return rules


def _pod_baseline(spec: Object) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field) is True:
            yield f"{field}: true"

    for volume in mappings(spec.get("volumes")):
        if "hostPath" in volume:
            yield f"volume {volume.get('name')}: hostPath"

    for sysctl in mappings(at(spec, ("securityContext", "sysctls"))):
        if sysctl.get("name") not in SAFE_SYSCTLS:
            yield f"sysctl {sysctl.get('name')}"


def _baseline(container: Object, context: Object) -> Iterator[str]:
    if context.get("privileged") is True:
        yield "privileged: true"

    added = _added_capabilities(context)
    beyond = [str(name) for name in added if name not in BASELINE_CAPABILITIES]
    if beyond:
        yield f"capabilities.add {', '.join(beyond)}"
    if any(port.get("hostPort") for port in mappings(container.get("ports"))):
        yield "hostPort"
    if context.get("procMount") not in (None, "", "Default"):
        yield f"procMount {context.get('procMount')}"
    if at(context, ("seccompProfile", "type")) == "Unconfined":
        yield "seccompProfile Unconfined"


def _restricted(context: Object, pod_context: Object) -> Iterator[str]:
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"

    if context.get("runAsNonRoot", pod_context.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot is not true"
    if context.get("runAsUser", pod_context.get("runAsUser")) == 0:
        yield "runAsUser 0"

    profile = at(context, ("seccompProfile", "type")) or at(pod_context, ("seccompProfile", "type"))
    if profile not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile is not RuntimeDefault or Localhost"

    dropped = at(context, ("capabilities", "drop"))
    if not isinstance(dropped, list) or "ALL" not in dropped:
        yield "capabilities.drop lacks ALL"

    # A violation of the baseline is reported as such.
    beyond_level = BASELINE_CAPABILITIES - RESTRICTED_CAPABILITIES
    beyond = [name for name in _added_capabilities(context) if name in beyond_level]
    if beyond:
        yield f"capabilities.add {', '.join(beyond)}"


def _added_capabilities(context: Object) -> list[Any]:
    added = at(context, ("capabilities", "add"))
    return added if isinstance(added, list) else []


def _volumes(spec: Object) -> Iterator[str]:
    for volume in mappings(spec.get("volumes")):
        # A hostPath breaks the baseline, and is reported there.
        for source in volume:
            if source not in ("name", "hostPath") and source not in RESTRICTED_VOLUMES:
                yield f"volume {volume.get('name')}: {source}"
                break
