"""Objects and bundles that tests of several packages begin with."""

from __future__ import annotations

import copy
from typing import Any

from krm_injector.discovery import profile
from krm_injector.kube.yaml import dump
from krm_injector.sources import manifests
from krm_injector.sources.inputs import Source
from krm_injector.sources.resource_list import Bundle


def namespace(**labels: str) -> Any:
    """The Namespace shop."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}


SHOP = namespace(**{"istio-injection": "enabled"})


def bundle(*objects: Any) -> Bundle:
    """The objects as one file of manifests."""
    return manifests.join([Source("---\n".join(map(dump, objects)).encode(), "")]).bundle


def installation(revision: str = "default") -> list[Any]:
    """The embedded profile as an installation's objects, with what clusters and Helm add."""
    config, values, mesh, documents = profile.load()
    suffix = "" if revision == "default" else f"-{revision}"
    labels = {"app.kubernetes.io/managed-by": "Helm", "istio.io/rev": revision, "release": "istio"}

    def config_map(name: str, data: Any) -> Any:
        metadata = {"name": name + suffix, "namespace": "istio-system", "labels": labels}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    webhooks = copy.deepcopy(list(documents))
    for document in webhooks:
        document["metadata"] = {"name": f"istio-sidecar-injector{suffix}", "labels": labels}
        for webhook in document["webhooks"]:
            webhook.setdefault("clientConfig", {"service": {"name": "istiod", "path": "/inject"}})[
                "caBundle"
            ] = "Q0E="
            webhook["rules"] = [
                {"operations": ["CREATE"], "resources": ["pods"], "apiGroups": [""]}
            ]
    return [
        config_map("istio", {"mesh": mesh, "meshNetworks": "networks: {}"}),
        config_map("istio-sidecar-injector", {"config": config, "values": values}),
        config_map("istio-ca-root-cert", {"root-cert.pem": "..."}),
        *webhooks,
    ]
