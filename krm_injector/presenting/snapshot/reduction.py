"""An object of an installation, reduced to the fields that injection reads."""

from __future__ import annotations

import re
from collections.abc import Iterable

from krm_injector.discovery import webhooks as webhook_rules
from krm_injector.istio_names import (
    INJECTOR_CONFIG_MAP,
    LOCAL_CONFIG,
    MESH_CONFIG_MAP,
    REVISION_LABEL,
    TAG_LABEL,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef, Result
from krm_injector.presenting.snapshot.credentials import (
    without_credentials,
    without_providers_credentials,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LABELS = ("app.kubernetes.io/version", "helm.sh/chart", REVISION_LABEL, TAG_LABEL)
# The key that makes a ConfigMap of this name (or NAME-REVISION) part of the mesh.
_CONFIG_MAP_KEYS = (("config", INJECTOR_CONFIG_MAP), ("mesh", MESH_CONFIG_MAP))
_WEBHOOK_FIELDS = (
    "name",
    "clientConfig",
    "namespaceSelector",
    "objectSelector",
    "matchConditions",
)


def reduced(value: Object, results: list[Result]) -> Object | None:
    """The object with what injection reads of it; None if that is nothing.

    results takes a warning for credentials that are left out.
    """
    kind, version = value.get("kind"), str(value.get("apiVersion"))
    if kind == "ConfigMap" and version == "v1":
        return _config_map(value, results)
    if kind == "MutatingWebhookConfiguration":
        return _webhook_configuration(value)
    if kind == "ProxyConfig" and version.startswith("networking.istio.io/"):
        return {**_head(value, (REVISION_LABEL,)), "spec": value.get("spec") or {}}
    return None


def keep_ages(minimal_objects: Iterable[Object], sources: Iterable[Object]) -> None:
    """Gives ProxyConfigs back when they were created, where a Namespace has several of them: the
    oldest that fits counts (pilot/pkg/model/proxy_config.go GetProxyConfigs).
    """
    by_namespace: dict[str, list[tuple[Object, Object]]] = {}
    for minimal, source in zip(minimal_objects, sources, strict=True):
        if minimal["kind"] == "ProxyConfig":
            namespace = str(minimal["metadata"].get("namespace"))
            by_namespace.setdefault(namespace, []).append((minimal, source))

    for pairs in by_namespace.values():
        for minimal, source in pairs if len(pairs) > 1 else ():
            created = at(source, ("metadata", "creationTimestamp"))
            if created is not None:
                minimal["metadata"]["creationTimestamp"] = created


def ref_of(value: Object) -> ResourceRef:
    metadata = value.get("metadata") or {}
    name, namespace = (str(metadata.get(field) or "") for field in ("name", "namespace"))
    api_version, kind = str(value.get("apiVersion")), str(value.get("kind"))
    return ResourceRef(api_version, kind, name, namespace)


def _head(value: Object, label_names: Iterable[str] = _LABELS) -> Object:
    """apiVersion, kind and metadata, of which only these labels stay."""
    metadata = value.get("metadata") or {}
    minimal: Object = {"name": metadata.get("name")}
    if metadata.get("namespace"):
        minimal["namespace"] = metadata["namespace"]

    labels = metadata.get("labels") or {}
    minimal_labels = {name: labels[name] for name in label_names if name in labels}
    if minimal_labels:
        minimal["labels"] = minimal_labels

    minimal["annotations"] = {LOCAL_CONFIG: "true"}
    return {"apiVersion": value.get("apiVersion"), "kind": value.get("kind"), "metadata": minimal}


def _config_map(value: Object, results: list[Result]) -> Object | None:
    name, data = at(value, ("metadata", "name")), value.get("data")
    if not isinstance(name, str) or not isinstance(data, dict):
        return None

    for key, base in _CONFIG_MAP_KEYS:
        if key not in data or not (name == base or name.startswith(f"{base}-")):
            continue

        minimal = {key: data[key]}
        if key == "config" and "values" in data:
            ref = ref_of(value)
            minimal["values"] = without_credentials(data["values"], data[key], ref, results)
        if key == "mesh":
            minimal["mesh"] = without_providers_credentials(data["mesh"], ref_of(value), results)
        return {**_head(value), "data": minimal}

    return None


def _webhook_configuration(value: Object) -> Object | None:
    """The configuration with the webhooks that call an Istio injector for new pods."""
    injectors = {webhook.name: webhook for webhook in webhook_rules.read(value)[0]}
    webhooks = []
    for webhook in value.get("webhooks") or ():
        if isinstance(webhook, dict) and webhook.get("name") in injectors:
            webhooks.append(_webhook(webhook, injectors[webhook["name"]].path))

    return {**_head(value), "webhooks": webhooks} if webhooks else None


def _webhook(value: Object, path: str) -> Object:
    minimal = {field: value[field] for field in _WEBHOOK_FIELDS if field in value}
    if "clientConfig" in minimal:
        minimal["clientConfig"] = _client_config(minimal["clientConfig"])
    if "failurePolicy" in value and not path.startswith(webhook_rules.INJECT_PATH):
        # istiod does not serve this path, so the policy decides.
        minimal["failurePolicy"] = value["failurePolicy"]
    return minimal


def _client_config(config: Any) -> Any:
    """Whom the API server calls, without the certificate and without a URL's user, query and
    fragment.
    """
    if not isinstance(config, dict):
        return config

    minimal: Object = {}
    service, url = config.get("service"), config.get("url")
    if isinstance(service, dict):
        fields = ("name", "namespace", "path")
        minimal["service"] = {field: service[field] for field in fields if field in service}

    if isinstance(url, str):
        address = url.partition("?")[0].partition("#")[0]
        minimal["url"] = re.sub(r"(?<=//)[^/@]*@", "", address)

    return minimal
