"""Variables by which the agent, Envoy and istio-init are told something else than the mesh says.

proxyMetadata of proxy.istio.io/config and of ProxyConfigs becomes environment of istio-proxy and
istio-init, and a pod's own istio-proxy container can state it. Sources, of 1.31: istio/istio
pilot/cmd/pilot-agent/options, pkg/bootstrap/{config,instance}.go, pkg/envoy/proxy.go,
tools/istio-iptables/pkg (cmd/root.go: each flag is a variable too), cni/pkg/plugin/plugin.go.
"""

from __future__ import annotations

from krm_injector.istio_names import COMPLIANCE_VARIABLE
from krm_injector.judging.advice.injected_workload import Finding
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from krm_injector.codes import CodeName


class Effect(NamedTuple):
    """What a variable does."""

    code: CodeName
    text: str
    harmless: tuple[str, ...] = ()  # values with which it does nothing


_OFF = ("", "0", "false", "False", "FALSE", "f", "F")
_CAPTURE = "takes traffic out of the redirection"
_ISTIOD = "names another control plane or certificate authority, or how to trust it"
_KEYS = "replaces the identity that the control plane gives the proxy"

VARIABLES: dict[str, Effect] = {
    # the control plane, its certificate authority, the proxy's identity
    "CA_ADDR": Effect("override-control-plane", _ISTIOD),
    "CA_PROVIDER": Effect("override-control-plane", _ISTIOD),
    "CA_ROOT_CA": Effect("override-control-plane", _ISTIOD),
    "XDS_ROOT_CA": Effect("override-control-plane", _ISTIOD),
    "XDS_AUTH_PROVIDER": Effect("override-control-plane", _ISTIOD),
    "ISTIOD_SAN": Effect("override-control-plane", _ISTIOD),
    "PILOT_CERT_PROVIDER": Effect("override-control-plane", _ISTIOD),
    "TRUST_DOMAIN": Effect("override-control-plane", _KEYS),
    "PROV_CERT": Effect("override-control-plane", _KEYS),
    "FILE_MOUNTED_CERTS": Effect("override-control-plane", _KEYS, _OFF),
    "WORKLOAD_IDENTITY_SOCKET_FILE": Effect("override-control-plane", _KEYS),
    "CREDENTIAL_FETCHER_TYPE": Effect("override-control-plane", _KEYS),
    "CREDENTIAL_IDENTITY_PROVIDER": Effect("override-control-plane", _KEYS),
    "ISTIO_META_TLS_CLIENT_CERT_CHAIN": Effect("override-control-plane", _KEYS),
    "ISTIO_META_TLS_CLIENT_KEY": Effect("override-control-plane", _KEYS),
    "ISTIO_META_TLS_CLIENT_ROOT_CERT": Effect("override-control-plane", _KEYS),
    "ISTIO_META_TLS_SERVER_CERT_CHAIN": Effect("override-control-plane", _KEYS),
    "ISTIO_META_TLS_SERVER_KEY": Effect("override-control-plane", _KEYS),
    "ISTIO_META_TLS_SERVER_ROOT_CERT": Effect("override-control-plane", _KEYS),
    # the redirection of traffic
    "DISABLE_ENVOY": Effect("override-environment", "runs the agent without a proxy", _OFF),
    "ISTIO_OUTBOUND_OWNER_GROUPS": Effect("override-environment", _CAPTURE, ("*",)),
    "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE": Effect("override-environment", _CAPTURE, ("",)),
    "ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE": Effect("override-environment", _CAPTURE, ("",)),
    "ISTIO_EXCLUDE_INTERFACES": Effect("override-environment", _CAPTURE, ("",)),
    "KUBE_VIRT_INTERFACES": Effect(
        "override-virtual-interfaces",
        "counts what comes in over these interfaces as outbound traffic",
        ("",),
    ),
    "ISTIO_META_INTERCEPTION_MODE": Effect(
        "override-environment", _CAPTURE, ("REDIRECT", "TPROXY")
    ),
    "SKIP_RULE_APPLY": Effect("override-environment", _CAPTURE, _OFF),
    "DRY_RUN": Effect("override-environment", _CAPTURE, _OFF),
    "CLEANUP_ONLY": Effect("override-environment", _CAPTURE, _OFF),
    # the bootstrap
    "PROXY_CONFIG": Effect("override-bootstrap", "replaces the whole ProxyConfig"),
    "ISTIO_BOOTSTRAP": Effect("override-bootstrap", "names another bootstrap template"),
    "ISTIO_BOOTSTRAP_OVERRIDE": Effect("override-bootstrap", "lays another bootstrap over it"),
    # rights, keys and protections
    "IPTABLES_TRACE_LOGGING": Effect(
        "override-privileged", "makes the proxy a privileged container that runs as root", _OFF
    ),
    "ISTIO_ENVOY_ENABLE_CORE_DUMP": Effect(
        "override-privileged", "lets the proxy write core files, with keys and traffic", _OFF
    ),
    "OUTPUT_CERTS": Effect(
        "override-environment", "writes the workload's key and certificates into files", ("",)
    ),
    "WASM_INSECURE_REGISTRIES": Effect(
        "override-environment", "lets the proxy load plugins over plain or unverified HTTP", ("",)
    ),
    "HTTP_STRIP_FRAGMENT_FROM_PATH_UNSAFE_IF_DISABLED": Effect(
        "override-environment",
        "lets a path with a fragment past the rules of AuthorizationPolicies",
        ("1", "t", "T", "TRUE", "true", "True"),
    ),
    COMPLIANCE_VARIABLE: Effect("override-environment", "replaces the mesh's rules for ciphers"),
    "LD_PRELOAD": Effect("override-environment", "loads other code into the proxy", ("",)),
}


def findings(variables: Iterable[tuple[str, str]], where: str, place: Finding) -> Iterator[Finding]:
    """A finding per variable that weakens something. place: its field and current value."""
    for name, value in variables:
        effect = VARIABLES.get(name)
        if effect is None or value in effect.harmless:
            continue

        message = (
            f"{where} has {name}: {value}, which {effect.text}. Leave the variable to the mesh"
        )
        yield place._replace(
            code=effect.code, message=message, current=f"{name}: {value}",
            values=(f"{name}={value}",),
        )  # fmt: skip
