"""--context: files that tell of Namespaces and the mesh, and whose workloads are somebody else's
matter.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from krm_injector.model import Refusals, Refused, Result
from krm_injector.sources import inputs, resource_list
from krm_injector.sources.inputs import Source
from krm_injector.sources.resource_list import Bundle, Item, members

# What a file of a directory must say to tell anything about Namespaces or a mesh; others are not
# even parsed: a hook has no time for a whole repository, in which every injected manifest says
# istio somewhere. The mesh's ConfigMaps are told by the name or the key.
_KIND = rb"\bkind[\"']?\s*:\s*[\"']?(?:%b)(?:List)?\b"
_FACTS = re.compile(
    _KIND % rb"Namespace|MutatingWebhookConfiguration|ProxyConfig|Application|ApplicationSet"
)
_CONFIG_MAP = re.compile(_KIND % rb"ConfigMap")
_OF_A_MESH = re.compile(rb"\bistio-sidecar-injector\b|\bmesh[\"']?\s*:")
KINDS = (
    "Namespace",
    "ConfigMap",
    "MutatingWebhookConfiguration",
    "ProxyConfig",
    "Application",
    "ApplicationSet",
)


def read(paths: Iterable[str], already: Iterable[str]) -> tuple[Bundle, ...]:
    """The facts of files and directories, a bundle a file; those that were read ``already`` are
    passed over, and so are charts, whose templates tell nothing as they stand.

    Raises Refused with the causes of all files; a path that tells nothing at all is one.
    """
    there: set[str] | None = None
    found = []
    refusals = Refusals()
    for path in paths:
        there = {os.path.realpath(file) for file in already} if there is None else there
        with refusals:
            found += _facts_of(path, there)

    refusals.raise_all()
    return tuple(found)


def _facts_of(path: str, there: set[str]) -> list[Bundle]:
    """The facts of one --context. Raises Refused where it tells none, and none of its files was
    read already.
    """
    named = not os.path.isdir(path)
    files = [path] if named else inputs.manifests_in(path)
    unread = [file for file in files if os.path.realpath(inputs.shown(file)) not in there]
    found = []
    refusals = Refusals()
    for file in unread:
        with refusals:
            bundle = _facts(file, named)
            found += [bundle] if bundle is not None else []

    refusals.raise_all()

    if not found and unread == files:
        raise Refused(_nothing(path, named))

    return found


def _nothing(path: str, named: bool) -> Result:
    from krm_injector.discovery import control_planes

    path = inputs.shown(path)
    message = (
        f"--context {path} tells nothing: there is no Namespace, no Application, no ConfigMap or "
        "webhook of a mesh and no ProxyConfig; name another path, or leave it out"
    )
    if named:
        bundle = resource_list.read_manifests(inputs.content(path), path)
        plan = control_planes.to_be_rendered([item.value for item in bundle.items], path)
        message = f"--context {path} tells nothing: {plan}" if plan else message

    return Result("error", message, file=path, code="context-empty")


def around(
    paths: Iterable[str], read_already: Iterable[Source], kept: Sequence[Bundle]
) -> tuple[Bundle, ...]:
    """The facts of --context and those that kustomize keeps back, none twice. Raises Refused."""
    files = [source.file for source in read_already if source.file]
    files += [item.file for bundle in kept for item in bundle.items]
    return (*kept, *read(paths, files))


def kept_back(files: Iterable[str]) -> tuple[Bundle, ...]:
    """The facts in files of a kustomization that kustomize does not print: those marked as
    local-config. They are as their files have them, for what the kustomization does to them nobody
    sees.
    """
    found = []
    for file in files:
        if b"local-config" not in inputs.content(file):
            continue

        try:
            bundle = _facts(file, named=True)
        except Refused:  # kustomize has read it all the same
            continue

        if bundle is not None:
            kept = [item for item in bundle.items if inputs.is_local_config(item.value)]
            found += [bundle._replace(items=kept)] if kept else []

    return tuple(found)


def behind(bundle: Bundle, facts: Sequence[Bundle]) -> Bundle:
    """The bundle with the facts' items behind its own."""
    items = [*bundle.items, *(item for part in facts for item in part.items)]
    return bundle._replace(items=[item._replace(index=index) for index, item in enumerate(items)])


def _facts(file: str, named: bool) -> Bundle | None:
    data, file = inputs.content(file), inputs.shown(file)
    if (
        not named
        and not _FACTS.search(data)
        and not (_CONFIG_MAP.search(data) and _OF_A_MESH.search(data))
    ):
        return None

    bundle = resource_list.read_manifests(data, file)
    kept: list[Item] = []
    for member in members.walk(bundle):
        if _tells(member):
            # Of a List no member has a place of its own in the text.
            whole = bundle.items[member.item]
            kept.append(whole if not member.inside else Item(members.typed(member), 0, None, file))

    return bundle._replace(items=kept) if kept else None


def _tells(member: members.Member) -> bool:
    """Whether the object is one of those that facts are read from."""
    if member.kind in ("ConfigMap", "MutatingWebhookConfiguration"):
        from krm_injector.discovery import control_planes

        return control_planes.is_part(members.typed(member))
    return member.kind in KINDS
