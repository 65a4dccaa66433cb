"""The warnings there are: one table of codes, each with its default severity and what it says in a
few words.

Every code has a section of docs/warnings.md with its own name as the heading.
"""

from __future__ import annotations

from typing import NamedTuple

SEVERITIES = ("error", "warning", "info", "off")


class Code(NamedTuple):
    severity: str  # where the functionConfig states none
    title: str


CODES: dict[str, Code] = {
    "pod-security-enforced": Code(
        "warning", "Injected pods break the Namespace's enforced Pod Security level"
    ),
    "pod-security-reported": Code(
        "info", "Injected pods break the Pod Security level that is warned of or audited"
    ),
    "quota-exceeded": Code("warning", "Proxies take a Namespace over its ResourceQuota"),
    "quota-unstated": Code(
        "warning", "A ResourceQuota asks for a value that an injected container does not state"
    ),
    "limit-range": Code("warning", "An injected container or pod is outside a LimitRange"),
    "port-collision": Code("warning", "The application uses a port of the proxy"),
    "proxy-identity": Code(
        "warning", "The application runs as the proxy's user or group and bypasses it"
    ),
    "host-port": Code("info", "A host port leads into the proxy"),
    "host-network": Code(
        "info", "A host-network pod stays outside of a Namespace that is in the mesh"
    ),
    "job-never-completes": Code("warning", "The Job's pods do not end while the sidecar runs"),
    "init-container-network": Code(
        "warning", "An init container needs the network before the proxy runs"
    ),
    "service-port-protocol": Code("info", "A Service's port does not tell its protocol"),
    "listen-address": Code("warning", "The application listens where this mesh does not deliver"),
    "disruption-budget": Code("info", "A PodDisruptionBudget allows no eviction"),
    "mutable-image": Code("info", "An injected image is named by tag, not by digest"),
    "latest-image": Code("warning", "An injected image has the tag latest, or none"),
    "service-account-token": Code("warning", "The proxy needs a token that the pod does not mount"),
    "probe-port-unknown": Code(
        "warning", "A probe asks a named port that its container does not declare"
    ),
    "probe-host": Code(
        "warning", "A probe names a host, and its rewritten form does not reach the agent"
    ),
    "probe-mutual-tls": Code("warning", "The kubelet's probe is refused under strict mutual TLS"),
    "webhook-active": Code("warning", "The mesh's webhook will patch the injected pods again"),
    # of the check function's policy (check.py)
    "injection-required": Code("error", "A workload that must be injected is not"),
    "injection-forbidden": Code("error", "A workload that must not be injected is"),
}
