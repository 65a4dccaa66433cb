"""Services that make a revision tag (Istio 1.28 and later).

Charts and istioctl make a Service istiod-revision-tag-TAG beside the webhooks of a tag. istiod
tells by either which Gateways and other resources are its own; the API server injects by webhooks
alone.
Source: istio-discovery/templates/revision-tags-svc.yaml, pkg/revisions/tag_watcher.go GetMyTags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from krm_injector.discovery.mesh_config_maps import ref_of
from krm_injector.istio_names import REVISION_LABEL, TAG_LABEL
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef
from krm_injector.named_tuple import NamedTuple


class TagService(NamedTuple):
    ref: ResourceRef
    tag: str
    revision: str


def tag_services(objects: Iterable[Object]) -> Iterator[TagService]:
    for value in objects:
        labels = at(value, ("metadata", "labels"))
        if value.get("kind") != "Service" or not isinstance(labels, dict):
            continue

        tag, revision = labels.get(TAG_LABEL), labels.get(REVISION_LABEL)
        if tag and revision:
            yield TagService(ref_of(value), str(tag), str(revision))
