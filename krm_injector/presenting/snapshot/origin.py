"""Which program printed an installation."""

from __future__ import annotations

import re
from collections.abc import Iterable

from krm_injector.istio_names import LOCAL_CONFIG
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object

# The line that Helm writes above each object that it renders.
_HELM_COMMENT = lazy_pattern(rb"^# Source: \S+/templates/", re.MULTILINE)
# What `helm get all` and `helm install` print around the manifests.
_HELM_RELEASE = lazy_pattern(
    rb"(?:NAME|LAST DEPLOYED): .*?^MANIFEST:[ \t]*\r?\n(.*?)(?:^NOTES:.*)?\Z",
    re.MULTILINE | re.DOTALL,
)
# Prefixes of the labels that istioctl sets.
_ISTIOCTL_LABELS = ("install.operator.istio.io/", "operator.istio.io/")
_CLUSTER_FIELDS = ("uid", "resourceVersion", "managedFields")  # the API server's


def manifests_of(printed: bytes) -> bytes:
    """The manifests in what a program printed: of a Helm release only they count."""
    release = _HELM_RELEASE.match(printed)
    return release[1] if release else printed


def by_helm(printed: bytes) -> bool:
    """Whether Helm rendered it."""
    return _HELM_COMMENT.search(printed) is not None


def origin(objects: Iterable[Object], helm: bool = False) -> str:
    """The programs that printed the objects, sorted: "helm", "cluster, istioctl", ...

    helm: Helm rendered them. istioctl renders Helm's charts too, without Helm's comments.
    """
    return ", ".join(sorted({_origin(value, helm) for value in objects}))


def _origin(value: Object, helm: bool) -> str:
    metadata = value.get("metadata") or {}
    labels = metadata.get("labels") or {}
    if any(field in metadata for field in _CLUSTER_FIELDS):
        return "cluster"
    if helm:
        return "helm"
    if any(str(name).startswith(_ISTIOCTL_LABELS) for name in labels):
        return "istioctl"
    if labels.get("app.kubernetes.io/managed-by") == "Helm" or "release" in labels:
        return "helm"
    if at(value, ("metadata", "annotations", LOCAL_CONFIG)):
        return "snapshot"
    return "manifests"
