"""--context: files that tell of Namespaces and the mesh, and whose workloads are somebody else's matter."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from krm_injector import discover, inputs, resource_list
from krm_injector.model import Object
from krm_injector.resource_list import Bundle, Item

# What a file must mention to tell anything about Namespaces or a mesh; others are not even parsed for their facts.
_FACTS = re.compile(rb"\b(?:Namespace|MutatingWebhookConfiguration|ProxyConfig|Application|istio[-\w]*)\b")
KINDS = ("Namespace", "ConfigMap", "MutatingWebhookConfiguration", "ProxyConfig", "Application", "ApplicationSet")


def read(paths: Iterable[str], already: Iterable[str]) -> tuple[Bundle, ...]:
    """The facts of files and directories, a bundle a file; those that were read ``already`` are passed over.
    Raises Refused."""
    there: set[str] | None = None
    found = []
    for path in paths:
        there = {os.path.realpath(file) for file in already} if there is None else there
        for file in inputs.manifests_in(path) if os.path.isdir(path) else [path]:
            if os.path.realpath(inputs.shown(file)) not in there:
                bundle = _facts(file)
                found += [bundle] if bundle is not None else []
    return tuple(found)


def behind(bundle: Bundle, facts: Sequence[Bundle]) -> Bundle:
    """The bundle with the facts' items behind its own."""
    items = [*bundle.items, *(item for part in facts for item in part.items)]
    return bundle._replace(items=[item._replace(index=index) for index, item in enumerate(items)])


def _facts(file: str) -> Bundle | None:
    data, file = inputs.content(file), inputs.shown(file)
    if not _FACTS.search(data):
        return None
    bundle = resource_list.read_manifests(data, file)
    kept: list[Item] = []
    for member in discover.walk(bundle):
        if member.kind in KINDS:
            # Of a List no member has a place of its own in the text.
            whole = bundle.items[member.item]
            kept.append(whole if not member.inside else Item(typed(member), 0, None, file))
    return bundle._replace(items=kept) if kept else None


def typed(member: discover.Member) -> Object:
    """A member of a list with the type that its list states."""
    return {"apiVersion": member.api_version, "kind": member.kind, **member.value}
