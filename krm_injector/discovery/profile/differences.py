"""What differs between the default installations of Istio's versions: one table, one row per
difference, each with its source.

The texts of the profile have ``<<name>>`` where versions differ. OLDEST_TEXTS says what stands there
in 1.24.0, DIFFERENCES what stands there later. A difference that a default installation never shows
(a value that it leaves empty) is no row.
"""

# ruff: noqa: E501 - a line of a template is as long as what it renders

from __future__ import annotations

import re

from krm_injector.discovery.profile.parts import (
    ANNOTATIONS,
    ENV_BOOTSTRAP,
    MOUNT_BOOTSTRAP,
    MOUNT_CRL,
    RESOURCES,
    RESOURCES_RAW,
    VOLUME_BOOTSTRAP,
    VOLUME_WORKLOAD,
)
from krm_injector.named_tuple import NamedTuple

Patch = tuple[int, int, int]  # (1, 30, 3)


class Release(NamedTuple):
    """A version of Istio that the profile can stand for."""

    patch: Patch
    tag: str  # of its images


# The newest patch release of each minor version that this table was read from, oldest first.
NEWEST_PATCHES: tuple[Patch, ...] = (
    (1, 24, 6),
    (1, 25, 5),
    (1, 26, 8),
    (1, 27, 9),
    (1, 28, 10),
    (1, 29, 6),
    (1, 30, 5),
    (1, 31, 1),
)
DEFAULT = Release((1, 31, 1), "1.31.1")  # where no version is stated

_AGENT_LOG = 'annotation .ObjectMeta "sidecar.istio.io/agentLogLevel" "default:info"'
_OWN_IMAGE = 'if contains "/" (index $a "sidecar.istio.io/proxyImage")'

# What a text names by <<name>>, in the oldest version. A text that names others stands before them.
OLDEST_TEXTS = {
    "init image": "<<image>>",
    "image": '"{{ $image }}"',
    "gateway bootstrap volume": "",
    "GOMAXPROCS": r""",
{"name":"GOMAXPROCS","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"<<divisor>>}}}""",
    "annotated image": '"{{ $image }}"',
    "init log level": '"--log_output_level={{ ' + _AGENT_LOG + ' }}"',
    "resources": RESOURCES_RAW,
    "flag": 'template "flag"',
    "name": 'template "scalar"',
    "divisor": "",
    "GODEBUG": "",
    "native": (
        '{{- $native := or (and (not (isset $a "sidecar.istio.io/nativeSidecar")) (eq (env "ENABLE_NATIVE_SIDECARS" "false") "true"))'
        ' (eq (index $a "sidecar.istio.io/nativeSidecar") "true") }}'
    ),
    "init user": "{{ $uid }}",
    "root group": "{{ $gid }}",
    "open": "{{ if or $redirects $native }}[{{ else }}null{{ end }}",
    "close": "{{ if $redirects }}]{{ end }}",
    "virtual interfaces": r"""
{{- if isset $a "traffic.sidecar.istio.io/kubevirtInterfaces" }},
"-k","{{ index $a "traffic.sidecar.istio.io/kubevirtInterfaces" }}"
{{- end }}""",
    "workload name": ".DeploymentMeta.Name",
    "trim": 'trimSuffix "-"',
    "CRL mount": "",
    "CRL volume": "",
    "gateway annotations": r"""
"istio.io/rev":{{ or .Revision "default" | quote }}
{{- if eq (len $names) 1 }},
"kubectl.kubernetes.io/default-logs-container":"{{ index $names 0 }}",
"kubectl.kubernetes.io/default-container":"{{ index $names 0 }}"
{{- end }}""",
    "gateway bootstrap variable": "",
    "gateway bootstrap mount": "",
    "gateway socket": r"""
{"name":"workload-socket","emptyDir":{}}""",
}


# Since when annotations stand in quotes (istio #61215).
QUOTED_SINCE: tuple[Patch, ...] = ((1, 30, 4), (1, 31, 1), (1, 32, 0))


class Difference(NamedTuple):
    """Since which release a name stands for another text."""

    # The first release that has it; where it came to several minor versions by patches, the first
    # of each, up to that of the minor version from which all have it.
    since: tuple[Patch, ...]
    texts: dict[str, str]
    source: str  # below manifests/charts/istio-control/istio-discovery


_SIDECAR = "files/injection-template.yaml"
_GATEWAY = "files/gateway-injection-template.yaml"
_AGENT = "files/grpc-agent.yaml"
_BESIDE = r"""
{{- if isset $a "istio.io/reroute-virtual-interfaces" }},
"-k","{{ index $a "istio.io/reroute-virtual-interfaces" }}"
{{- end }}"""

DIFFERENCES = (
    Difference(((1, 24, 4),), {"gateway annotations": ANNOTATIONS}, f"{_GATEWAY} annotations"),
    Difference(
        ((1, 25, 0),),
        {"virtual interfaces": OLDEST_TEXTS["virtual interfaces"] + _BESIDE},
        f"{_SIDECAR} istio-init: args",
    ),
    Difference(
        ((1, 25, 0),),
        {"workload name": 'or (index $l "service.istio.io/workload-name") .DeploymentMeta.Name'},
        f"{_SIDECAR} ISTIO_META_WORKLOAD_NAME",
    ),
    Difference(
        ((1, 25, 4), (1, 26, 2), (1, 27, 0)),
        {
            "init user": '{{ if eq $mode "TPROXY" }}1337{{ else }}{{ $uid }}{{ end }}',
            "root group": "1337",
        },
        f"{_SIDECAR} $tproxy: traffic is told by 1337 (shows on OpenShift)",
    ),
    Difference(((1, 26, 0),), {"open": "[", "close": "]"}, f"{_SIDECAR} $noInitContainer"),
    Difference(
        ((1, 26, 5), (1, 27, 2), (1, 28, 0)),
        {
            "virtual interfaces": r"""
{{- if isset $a "istio.io/reroute-virtual-interfaces" }},
"-k","{{ index $a "istio.io/reroute-virtual-interfaces" }}"
{{- else if isset $a "traffic.sidecar.istio.io/kubevirtInterfaces" }},
"-k","{{ index $a "traffic.sidecar.istio.io/kubevirtInterfaces" }}"
{{- end }}"""
        },
        f"{_SIDECAR} istio-init: args",
    ),
    Difference(
        ((1, 27, 0),),
        {
            "native": r"""{{- $native := .NativeSidecars }}
{{- with index $a "sidecar.istio.io/nativeSidecar" }}{{ $native = ne . "false" }}{{ end }}"""
        },
        f"{_SIDECAR} $nativeSidecar",
    ),
    Difference(
        ((1, 27, 0),),
        {
            "CRL mount": "," + MOUNT_CRL,
            "CRL volume": r""",
{"name":"istio-ca-crl","configMap":{"name":"istio-ca-crl","optional":true}}""",
        },
        f"{_SIDECAR} istio-ca-crl",
    ),
    Difference(
        ((1, 27, 0),),
        {
            "gateway bootstrap variable": ENV_BOOTSTRAP,
            "gateway bootstrap mount": MOUNT_BOOTSTRAP,
            "gateway bootstrap volume": VOLUME_BOOTSTRAP,
            "gateway socket": VOLUME_WORKLOAD,
        },
        f"{_GATEWAY} env, volumeMounts, volumes",
    ),
    Difference(
        ((1, 27, 6), (1, 28, 4), (1, 29, 0)),
        {"resources": RESOURCES},
        f"{_SIDECAR}, {_AGENT} resources",
    ),
    Difference(
        ((1, 29, 0),),
        {"divisor": ',"divisor":"1"'},
        f"{_SIDECAR}, {_GATEWAY} resourceFieldRef",
    ),
    Difference(
        QUOTED_SINCE,
        {
            "image": "{{ " + _OWN_IMAGE + ' }}<<annotated image>>{{ else }}"{{ $image }}"{{ end }}',
            "annotated image": "{{ toJson $image }}",
            "init log level": '{{ printf "--log_output_level=%s" (' + _AGENT_LOG + ") | toJson }}",
            "flag": "toJson",
            "name": "toJson",
        },
        f"{_SIDECAR}, {_GATEWAY}, {_AGENT}: annotations in quotes (istio #61215)",
    ),
    Difference(
        ((1, 31, 0),),
        {
            "init image": "{{ "
            + _OWN_IMAGE
            + ' }}<<annotated image>>{{ else }}"{{ .ProxyInitImage }}"{{ end }}'
        },
        f"{_SIDECAR} istio-init: image",
    ),
    Difference(((1, 31, 0),), {"trim": 'trimAll "-_."'}, f"{_SIDECAR} canonical-name"),
    Difference(
        ((1, 31, 0),),
        {
            "GODEBUG": r"""
{{- if eq . "fips-140-3" }},
{"name":"GODEBUG","value":"fips140=only"}
{{- end }}"""
        },
        f"{_SIDECAR}, {_GATEWAY} GODEBUG",
    ),
    Difference(
        ((1, 32, 0),),
        {"GOMAXPROCS": ""},
        f"{_SIDECAR}, {_GATEWAY} GOMAXPROCS (istio #60755)",
    ),
)

# Templates for Gateways that not all versions have, and the first that has them.
TEMPLATES_SINCE: dict[str, Patch] = {  # templates/istiod-injector-configmap.yaml
    "agentgateway": (1, 29, 0),
    "agentgateway-waypoint": (1, 31, 0),
}


def release_of(stated: str) -> Release | None:
    """The release that a stated version means: "1.30.2" itself, "1.30" and "1.30.x" the newest of
    its patches in the table, else its first, "" the default.

    None where the version is older than the oldest described here. What is newer than the newest
    has the newest texts.
    """
    if not stated:
        return DEFAULT

    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?(.*)", stated)
    if match is None:
        return DEFAULT  # discovery warns of a version that is none

    major, minor, patch, more = match.groups()
    wanted = (int(major), int(minor))
    if wanted < NEWEST_PATCHES[0][:2]:
        return None
    newest = {known[:2]: known for known in NEWEST_PATCHES}.get(wanted, (*wanted, 0))
    if patch is None and more in ("", ".x"):
        return release(newest)

    # 1.31-alpha.SHA has no patch number, and counts as the newest.
    known = newest if patch is None else (*wanted, int(patch))
    return Release(known, stated.removeprefix("v"))


def release(patch: Patch) -> Release:
    """A patch release as its images name it."""
    return Release(patch, ".".join(map(str, patch)))


def has(found: Release, since: tuple[Patch, ...]) -> bool:
    """Whether a release has what came with the releases ``since``."""
    for first in since[:-1]:
        if first[:2] == found.patch[:2]:
            return found.patch >= first

    return found.patch >= since[-1]


def texts_of(found: Release) -> dict[str, str]:
    """What stands for each ``<<name>>`` in a release."""
    texts = dict(OLDEST_TEXTS)
    for difference in DIFFERENCES:
        if has(found, difference.since):
            texts |= difference.texts

    return texts
