"""--context: files that describe Namespaces and the mesh -> bundles of those objects.

Their workloads are not part of the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Refusals, Refused, Result
from krm_injector.sources import files, resource_list
from krm_injector.sources.files import Source
from krm_injector.sources.resource_list import Bundle, Item, members
from krm_injector.sources.resource_list.members import Member, walk, with_type

KINDS = (
    "Namespace",
    "ConfigMap",
    "MutatingWebhookConfiguration",
    "ProxyConfig",
    "Application",
    "ApplicationSet",
)

# What a file of a directory must contain to be parsed at all: a hook cannot parse a whole
# repository, in which every injected manifest mentions istio. A mesh's ConfigMaps are recognised by
# their name or their key.
_KIND = rb"\bkind[\"']?\s*:\s*[\"']?(?:%b)(?:List)?\b"
_FACTS = lazy_pattern(
    _KIND % rb"Namespace|MutatingWebhookConfiguration|ProxyConfig|Application|ApplicationSet"
)
_CONFIG_MAP = lazy_pattern(_KIND % rb"ConfigMap")
_OF_A_MESH = lazy_pattern(rb"\bistio-sidecar-injector\b|\bmesh[\"']?\s*:")


def read_facts(paths: Iterable[str], already: Iterable[str]) -> tuple[Bundle, ...]:
    """The facts in files and directories, one bundle per file.

    Files that were read ``already`` are passed over. So are charts: their templates state nothing
    before they are rendered. Raises Refused with the causes of all files; a path without any facts
    is one.
    """
    read_files: set[str] | None = None
    bundles: list[Bundle] = []
    refusals = Refusals()
    for path in paths:
        if read_files is None:  # where no --context is given, no path is resolved
            read_files = {os.path.realpath(file) for file in already}

        with refusals:
            bundles += _facts_in(path, read_files)

    refusals.raise_all()
    return tuple(bundles)


def context_facts(
    paths: Iterable[str], read_already: Iterable[Source], kept: Sequence[Bundle]
) -> tuple[Bundle, ...]:
    """The facts that kustomize does not print (``kept``), then those of --context, each once.
    Raises Refused.
    """
    already = [source.file for source in read_already if source.file]
    already += [item.file for bundle in kept for item in bundle.items]
    return (*kept, *read_facts(paths, already))


def local_config_facts(paths: Iterable[str]) -> tuple[Bundle, ...]:
    """The facts in a kustomization's files that kustomize does not print: objects marked as
    local-config.

    They are as in their files. What the kustomization would change in them is not visible.
    """
    bundles = []
    for file in paths:
        if b"local-config" not in files.content(file):
            continue

        try:
            bundle = _facts_of_file(file, is_named=True)
        except Refused:  # kustomize has read it anyway
            continue

        if bundle is not None:
            items = [item for item in bundle.items if members.is_local(item.value)]
            bundles += [bundle._replace(items=items)] if items else []

    return tuple(bundles)


def with_facts(bundle: Bundle, facts: Sequence[Bundle]) -> Bundle:
    """The bundle with the items of the facts after its own."""
    parts = (*(bundle.parts or (bundle,)), *facts)
    items = [item for part in parts for item in part.items]
    numbered = [item._replace(index=index) for index, item in enumerate(items)]
    return bundle._replace(items=numbered, parts=parts)


# ---------------------------------------------------------------- one --context


def _facts_in(path: str, read_files: set[str]) -> list[Bundle]:
    """The facts at one path. Raises Refused if it has none, unless one of its files was read
    already.
    """
    is_named = not os.path.isdir(path)
    candidates = [path] if is_named else files.manifests_in(path)
    unread = [file for file in candidates if os.path.realpath(files.shown(file)) not in read_files]

    bundles = []
    refusals = Refusals()
    for file in unread:
        with refusals:
            bundle = _facts_of_file(file, is_named)
            if bundle is not None:
                bundles.append(bundle)

    refusals.raise_all()

    if not bundles and unread == candidates:
        raise Refused(_no_facts(path, is_named))

    return bundles


def _no_facts(path: str, is_named: bool) -> Result:
    from krm_injector.discovery import mesh_files

    path = files.shown(path)
    message = (
        f"--context {path} tells nothing: there is no Namespace, no Application, no ConfigMap or "
        "webhook of a mesh and no ProxyConfig; name another path, or leave it out"
    )
    if is_named:
        bundle = resource_list.read_manifests(files.content(path), path)
        advice = mesh_files.install_advice([item.value for item in bundle.items], path)
        if advice:
            message = f"--context {path} tells nothing: {advice}"

    return Result("error", message, file=path, code="context-empty")


def _facts_of_file(file: str, is_named: bool) -> Bundle | None:
    """The facts of a file, None if it has none.

    ``is_named``: the user named the file itself, and not a directory that contains it.
    """
    data, file = files.content(file), files.shown(file)
    if not is_named and not _may_hold_facts(data):
        return None

    bundle = resource_list.read_manifests(data, file)
    items: list[Item] = []
    for member in walk(bundle):
        if not _is_fact(member):
            continue

        if member.inside:  # a List: its members have no place of their own in the text
            items.append(Item(with_type(member), 0, None, file))
        else:
            items.append(bundle.items[member.item])

    return bundle._replace(items=items) if items else None


def _may_hold_facts(data: bytes) -> bool:
    if _FACTS.search(data):
        return True
    return bool(_CONFIG_MAP.search(data) and _OF_A_MESH.search(data))


def _is_fact(member: Member) -> bool:
    """Whether the object is one of those that discovery reads besides workloads."""
    if member.kind in ("ConfigMap", "MutatingWebhookConfiguration"):
        from krm_injector.discovery import mesh_files

        return mesh_files.is_mesh_object(with_type(member))
    return member.kind in KINDS
