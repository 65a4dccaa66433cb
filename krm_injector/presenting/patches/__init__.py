"""Injection as patches that kustomize applies, all of them in one kustomize Component.

Objects before and after injection come in; the Component's YAML and results go out. Imports kube,
model and istio_names. rfc6902.py makes JSON patches, strategic.py strategic merge patches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from krm_injector.kube import yaml
from krm_injector.kube.yaml import same
from krm_injector.model import Object, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.patches.rfc6902 import json_patch
from krm_injector.presenting.patches.strategic import repeated, strategic_patch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Change", "component", "json_patch", "repeated", "strategic_patch", "target"]

_COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
_SPECIAL = r"([.+*?()\[\]{}|^$\\])"  # characters of regular expressions


class Change(NamedTuple):
    """One object before and after."""

    ref: ResourceRef
    before: Object
    after: Object


def component(changes: Iterable[Change], strategic: bool) -> tuple[str, tuple[Result, ...]]:
    """The Component with a patch for each object that changes, as YAML, and what cannot be patched.

    strategic: strategic merge patches. An object that kustomize would damage with one gets a JSON
    patch, and a warning says so.
    """
    entries: list[dict[str, Any]] = []
    results: list[Result] = []
    for change in changes:
        if same(change.before, change.after):
            continue

        metadata = change.before.get("metadata") or {}
        if not metadata.get("name"):
            results.append(_without_name(change.ref))
            continue

        repetition = repeated(change.before, change.after) if strategic else ""
        if repetition:
            results.append(_not_strategic(change.ref, repetition))

        content: Any
        if strategic and not repetition:
            content = strategic_patch(change.before, change.after)
        else:
            content = json_patch(change.before, change.after)

        entry_target = target(change.before, change.ref)
        entries.append({"target": entry_target, "patch": yaml.dump(content)})

    document = {**_COMPONENT, "patches": entries} if entries else _COMPONENT
    return yaml.dump(document), tuple(results)


def target(workload: Object, ref: ResourceRef) -> Object:
    """What selects exactly this object.

    kustomize reads each field as a regular expression over the whole value. An empty field would
    match every value.
    """
    group, _, version = ref.api_version.rpartition("/")
    metadata = workload.get("metadata") or {}
    fields = {
        "group": group,
        "version": version,
        "kind": ref.kind,
        "name": str(metadata["name"]),
        # To kustomize an object without a Namespace is one in "default".
        "namespace": str(metadata.get("namespace") or "default"),
    }
    return {field: re.sub(_SPECIAL, r"\\\1", value) for field, value in fields.items() if value}


def _without_name(ref: ResourceRef) -> Result:
    message = (
        f"{ref} has only a generateName: kustomize cannot hold it, so there is no patch for it"
    )
    return Result("error", message, ref, "metadata.generateName", code="patch-without-name")


def _not_strategic(ref: ResourceRef, repetition: str) -> Result:
    field = repetition.partition(" ")[0]
    message = (
        f"{ref} has {repetition}: kustomize keeps one of them where it merges a strategic patch, "
        "whatever the patch says, so this workload's patch is a JSON patch (RFC 6902). With "
        "--output json6902 all patches are"
    )
    return Result("warning", message, ref, field, code="patch-not-strategic")
