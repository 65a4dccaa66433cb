"""Pod Security Standards: what injection adds to what a pod breaks (kubernetes.io/docs, Pod
Security Standards 1.34).

Every rule that an injected container or volume can touch is judged on the pod before and after
injection; only what is new after it is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.judging.advice.subject import Facts, Finding, Subject, mapping, mappings
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef

LABEL = "pod-security.kubernetes.io/"
MODES = (
    ("enforce", "pod-security-enforced"),
    ("warn", "pod-security-reported"),
    ("audit", "pod-security-reported"),
)
BASELINE_CAPABILITIES = frozenset(
    (
        *(
            "AUDIT_WRITE",
            "CHOWN",
            "DAC_OVERRIDE",
            "FOWNER",
            "FSETID",
            "KILL",
            "MKNOD",
            "NET_BIND_SERVICE",
        ),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
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


def check(subject: Subject, _: Facts) -> Iterator[Finding]:
    namespace = subject.decision.namespace
    if namespace is None:
        return

    told = ""
    for mode, code in MODES:
        level = namespace.labels.get(LABEL + mode)
        if level not in ("baseline", "restricted") or level == told:
            continue

        already = broken_rules(subject.before, level)
        new = [broken for broken in broken_rules(subject.after, level) if broken not in already]
        if new:
            told = told or level
            yield Finding(code, _message(subject, mode, level, new), f'metadata.labels["{LABEL}{mode}"]',
                          level, None, ResourceRef("v1", "Namespace", namespace.name))  # fmt: skip


def _message(subject: Subject, mode: str, level: str, new: list[str]) -> str:
    happens = {
        "enforce": f"{subject.ref} is accepted but its pods are refused",
        "warn": f"the API server warns of {subject.ref}",
        "audit": f"the API server notes {subject.ref} in its audit log",
    }[mode]
    remedy = []
    if any("istio-init" in one and "capabilities" in one for one in new):
        remedy.append(
            "with the Istio CNI plugin istio-validation takes istio-init's place and needs no "
            "capability"
        )

    if any("seccompProfile" in one for one in new):
        remedy.append("state securityContext.seccompProfile (type: RuntimeDefault) for the pod, or "
                      "global.proxy.seccompProfile in the mesh's values")  # fmt: skip

    advice = f". Remedy: {'; '.join(remedy)}" if remedy else ""
    return f"{happens}: the Namespace's level {level} ({mode}) is broken by injection: {'; '.join(new)}{advice}"


def broken_rules(spec: Object, level: str) -> list[str]:
    """The rules of a level that a pod's spec breaks, each as "who: what"."""
    found = [*_pod_baseline(spec)]
    pod = mapping(spec.get("securityContext"))
    restricted = level == "restricted"
    if restricted:
        found += _volumes(spec)

    for field in ("initContainers", "containers", "ephemeralContainers"):
        for container in mappings(spec.get(field)):
            context = mapping(container.get("securityContext"))
            rules = [
                *_baseline(container, context),
                *(_restricted(context, pod) if restricted else ()),
            ]
            found += [f"{container.get('name')}: {rule}" for rule in rules]

    return found


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

    added = at(context, ("capabilities", "add"))
    beyond = (
        [str(one) for one in added if one not in BASELINE_CAPABILITIES]
        if isinstance(added, list)
        else []
    )
    if beyond:
        yield f"capabilities.add {', '.join(beyond)}"
    if any(port.get("hostPort") for port in mappings(container.get("ports"))):
        yield "hostPort"
    if context.get("procMount") not in (None, "", "Default"):
        yield f"procMount {context.get('procMount')}"
    if at(context, ("seccompProfile", "type")) == "Unconfined":
        yield "seccompProfile Unconfined"


def _restricted(context: Object, pod: Object) -> Iterator[str]:
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"

    as_root = context.get("runAsNonRoot", pod.get("runAsNonRoot"))
    if as_root is not True:
        yield "runAsNonRoot is not true"
    if context.get("runAsUser", pod.get("runAsUser")) == 0:
        yield "runAsUser 0"

    profile = at(context, ("seccompProfile", "type")) or at(pod, ("seccompProfile", "type"))
    if profile not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile is not RuntimeDefault or Localhost"

    dropped = at(context, ("capabilities", "drop"))
    if not isinstance(dropped, list) or "ALL" not in dropped:
        yield "capabilities.drop lacks ALL"

    added = at(context, ("capabilities", "add"))
    beyond = [one for one in added if one in BASELINE_CAPABILITIES - {"NET_BIND_SERVICE"}] if isinstance(
        added, list) else []  # fmt: skip
    if beyond:
        yield f"capabilities.add {', '.join(beyond)}"


def _volumes(spec: Object) -> Iterator[str]:
    for volume in mappings(spec.get("volumes")):
        kinds = [
            key
            for key in volume
            if key != "name" and key not in RESTRICTED_VOLUMES and key != "hostPath"
        ]
        if kinds:
            yield f"volume {volume.get('name')}: {kinds[0]}"
