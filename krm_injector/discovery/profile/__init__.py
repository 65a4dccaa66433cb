"""The embedded profile: the mesh configuration that is used if none is given.

It stands for Istio as its charts, or `istioctl install`, set it up without options: in the version
that is stated, else in differences.DEFAULT. Templates and values are this project's own text; what
they inject equals what that installation injects, value for value (docs/profile.md).
"""

from __future__ import annotations

import json

from krm_injector.discovery import webhooks
from krm_injector.discovery.profile.differences import (
    DEFAULT,
    NEWEST_PATCHES,
    QUOTED_SINCE,
    TEMPLATES_SINCE,
    Release,
    has,
    release_of,
    texts_of,
)
from krm_injector.discovery.profile.templates import NOT_FOR_PODS, TEMPLATES
from krm_injector.istio_names import REVISION_LABEL, SYSTEM_NAMESPACE
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import rules_for

__all__ = [
    "DEFAULT",
    "HUB",
    "NEWEST_PATCHES",
    "TEMPLATES",
    "Profile",
    "Release",
    "load",
    "quotes_annotations",
    "release_of",
]

# The hub that all of these releases are on, and that stays (docs/profile.md).
HUB = "docker.io/istio"

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
        return str(json.loads(self.values)["global"]["tag"])


def load(release: Release = DEFAULT) -> Profile:
    """The profile of a release. Every call gives a new value, which its owner may change."""
    templates = _templates(release)
    config = {"policy": "enabled", "defaultTemplates": ["sidecar"], "templates": templates}
    values = _values(release)
    return Profile(
        json.dumps(config),
        json.dumps(values),
        json.dumps(MESH_CONFIG),
        [_webhook_configuration(release, values)],
    )


def quotes_annotations(version: str) -> bool:
    """Whether a version has the annotations in quotes that istio #61215 is about."""
    release = release_of(version)
    return release is not None and has(release, QUOTED_SINCE)


def _templates(release: Release) -> dict[str, str]:
    texts = texts_of(release)
    templates = {}
    for name, template in TEMPLATES.items():
        for key, text in texts.items():
            template = template.replace(f"<<{key}>>", text)
        templates[name] = template

    for name, since in TEMPLATES_SINCE.items():
        if has(release, (since,)):
            templates[name] = NOT_FOR_PODS

    return templates


def _values(release: Release) -> Object:
    """What istiod itself reads among the values; the templates have theirs folded in."""
    return {
        "global": {
            "hub": HUB,
            "tag": release.tag,
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


def _webhook_configuration(release: Release, values: Object) -> Object:
    default_webhooks = webhooks.assumed("default", rules_for(release.patch[:2]), values)
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
