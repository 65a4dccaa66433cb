"""The embedded profile: the mesh configuration that is used if none is given.

It is Istio 1.30.3 as `istioctl install` sets it up without options. Templates and values are this
project's own text. They inject exactly what that installation injects (docs/profile.md).
"""

from __future__ import annotations

import json

from krm_injector.discovery import webhooks
from krm_injector.discovery.profile.templates import TEMPLATES
from krm_injector.istio_names import REVISION_LABEL, SYSTEM_NAMESPACE
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import parse_version, rules_for

VERSION = "1.30.3"

# The values that istiod itself reads. Those that the templates read are constants in the templates.
VALUES = {
    "global": {
        "hub": "docker.io/istio",
        "tag": VERSION,
        "variant": "",
        "istioNamespace": SYSTEM_NAMESPACE,
        "meshID": "",
        "network": "",
        "multiCluster": {"clusterName": ""},
        "proxy": {"image": "proxyv2", "statusPort": 15020},
        "proxy_init": {"image": "proxyv2"},
    },
    "pilot": {"cni": {"enabled": False}},
    "revision": "",
    "sidecarInjectorWebhook": {"enableNamespacesByDefault": False, "rewriteAppHTTPProbe": True},
}

MESH_CONFIG = {
    "defaultConfig": {"discoveryAddress": "istiod.istio-system.svc:15012"},
    "defaultProviders": {"metrics": ["prometheus"]},
    "enablePrometheusMerge": True,
    "rootNamespace": SYSTEM_NAMESPACE,
    "trustDomain": "cluster.local",
}


class Profile(NamedTuple):
    """What the ConfigMaps and the webhook configuration of the installation hold.

    The texts are JSON, and so YAML.
    """

    config: str  # ConfigMap istio-sidecar-injector, data.config
    values: str  # the same, data.values
    mesh: str  # ConfigMap istio, data.mesh
    webhooks: list[Object]  # MutatingWebhookConfiguration documents

    @property
    def version(self) -> str:
        """The version of Istio whose default installation this is."""
        return VERSION


def load() -> Profile:
    """The profile. Every call gives a new value, which its owner may change."""
    config = {"policy": "enabled", "defaultTemplates": ["sidecar"], "templates": TEMPLATES}
    return Profile(
        json.dumps(config), json.dumps(VALUES), json.dumps(MESH_CONFIG), [_webhook_configuration()]
    )


def _webhook_configuration() -> Object:
    minor = parse_version(VERSION)
    assert minor is not None

    default_webhooks = webhooks.assumed("default", rules_for(minor), VALUES)
    service = {"name": "istiod", "namespace": SYSTEM_NAMESPACE}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {
            "name": default_webhooks[0].configuration,
            "labels": {REVISION_LABEL: "default"},
        },
        "webhooks": [
            {
                "name": webhook.name,
                "clientConfig": {"service": {**service, "path": webhook.path}},
                "namespaceSelector": webhook.namespace_selector,
                "objectSelector": webhook.object_selector,
            }
            for webhook in default_webhooks
        ],
    }
