"""The template function appendMultusNetwork: Istio's network beside those that a pod asks for.

Source: pkg/kube/inject/template.go appendMultusNetwork (1.8-1.31).
"""

from __future__ import annotations

from krm_injector.kube import go_json
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def append_multus_network(existing: str, network: str, rules: Rules) -> str:
    """The pod's multus networks with Istio's added, in the user's form: a list of names or JSON."""
    if existing == "":
        return network

    end = existing.rfind("]")
    if end == -1:
        names = existing.split(",")
        if rules.multus_looks and network in [name.strip() for name in names]:
            return existing
        return f"{existing}, {network}"

    namespace, name = "", network
    if rules.cni_network_by_namespace and network.count("/") == 1:
        namespace, name = network.split("/")

    if rules.multus_looks:
        networks = _multus_networks(existing)
        if networks is None or _has_network(networks, name, namespace, rules):
            return existing

    place = f', "namespace": "{namespace}"' if namespace else ""
    return f'{existing[:end]}, {{"name": "{name}"{place}}}{existing[end:]}'


def _multus_networks(text: str) -> list[Any] | None:
    """The entries of a list of networks in JSON, null ones too; None if it is no such list."""
    try:
        networks = go_json.loads(text)
    except go_json.GoJsonError:
        return None

    if networks is None:
        return []
    if not isinstance(networks, list):
        return None

    is_list = all(entry is None or isinstance(entry, dict) for entry in networks)
    return networks if is_list else None


def _has_network(networks: list[Any], name: str, namespace: str, rules: Rules) -> bool:
    for entry in networks:
        if not entry or entry.get("name") != name:
            continue

        entry_namespace = entry.get("namespace")
        if entry_namespace is None:
            entry_namespace = ""
        if not rules.cni_network_by_namespace or entry_namespace == namespace:
            return True

    return False
