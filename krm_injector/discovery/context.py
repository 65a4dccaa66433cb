"""--context: files that describe Namespaces, the mesh and admission policies -> bundles of those
objects.

Their workloads are not part of the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from krm_injector.discovery import policy_parameters
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Refusals, Refused, Result
from krm_injector.sources import files, resource_list
from krm_injector.sources.files import Source
from krm_injector.sources.resource_list import Bundle, Item, members
from krm_injector.sources.resource_list.members import Member, walk, with_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.discovery.policy_parameters import Kinds

KINDS = (
    "Namespace",
    "ConfigMap",
    "MutatingWebhookConfiguration",
    "ProxyConfig",
    "Application",
    "ApplicationSet",
    *policy_parameters.POLICIES,
    *(f"{policy}Binding" for policy in policy_parameters.POLICIES),
)

# What a file of a directory must contain to be parsed at all: a hook cannot parse a whole
# repository, in which every injected manifest mentions istio. A mesh's ConfigMaps are recognised by
# their name or their key.
_KIND = rb"\bkind[\"']?\s*:\s*[\"']?(?:%b)(?:List)?\b"
_FACTS = lazy_pattern(
    _KIND
    % (
        rb"Namespace|MutatingWebhookConfiguration|ProxyConfig|Application|ApplicationSet"
        rb"|(?:Validating|Mutating)AdmissionPolicy(?:Binding)?"
    )
)
_CONFIG_MAP = lazy_pattern(_KIND % rb"ConfigMap")
_POLICY = lazy_pattern(rb"AdmissionPolicy\b")
_OF_A_MESH = lazy_pattern(rb"\bistio-sidecar-injector\b|\bmesh[\"']?\s*:")


def read_facts(
    paths: Sequence[str], already: Iterable[str], bundle: Bundle | None = None
) -> tuple[Bundle, ...]:
    """The facts in files and directories, one bundle per file. The parameters of admission policies
    are facts: of those of the bundle, and of those that are read.

    Files that were read ``already`` are passed over. So are charts: their templates state nothing
    before they are rendered. Raises Refused with the causes of all files; a path without any facts
    is one.
    """
    read_files: set[str] | None = None
    parameters: Kinds = frozenset()
    bundles: list[Bundle] = []
    refusals = Refusals()
    for path in paths:
        if read_files is None:  # where no --context is given, no path is resolved
            read_files = {os.path.realpath(file) for file in already}
            with refusals:
                parameters = _parameter_kinds(paths, bundle)

        with refusals:
            bundles += _facts_in(path, read_files, parameters)

    refusals.raise_all()
    return tuple(bundles)


def context_facts(
    paths: Sequence[str], read_already: Iterable[Source], kept: Sequence[Bundle], bundle: Bundle
) -> tuple[Bundle, ...]:
    """The facts that kustomize does not print (``kept``), then those of --context for this bundle,
    each once. Raises Refused.
    """
    already = [source.file for source in read_already if source.file]
    already += [item.file for bundle in kept for item in bundle.items]
    return (*kept, *read_facts(paths, already, bundle))


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
            bundle = _facts_of_file(file, is_named=True, parameters=frozenset())
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


def _parameter_kinds(paths: Iterable[str], bundle: Bundle | None) -> Kinds:
    """The kinds of parameters that policies name, in the bundle and at the paths."""
    kinds = policy_parameters.kinds(walk(bundle)) if bundle else frozenset()
    for path in paths:
        for file in _candidates(path):
            data = files.content(file)
            if _POLICY.search(data):
                manifests = resource_list.read_manifests(data, files.shown(file))
                kinds |= policy_parameters.kinds(walk(manifests))

    return kinds


def _candidates(path: str) -> list[str]:
    return files.manifests_in(path) if os.path.isdir(path) else [path]


def _facts_in(path: str, read_files: set[str], parameters: Kinds) -> list[Bundle]:
    """The facts at one path. Raises Refused if it has none, unless one of its files was read
    already.
    """
    is_named = not os.path.isdir(path)
    candidates = _candidates(path)
    unread = [file for file in candidates if os.path.realpath(files.shown(file)) not in read_files]

    bundles = []
    refusals = Refusals()
    for file in unread:
        with refusals:
            bundle = _facts_of_file(file, is_named, parameters)
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
        "webhook of a mesh, no ProxyConfig and no admission policy; name another path, or leave it "
        "out"
    )
    if is_named:
        bundle = resource_list.read_manifests(files.content(path), path)
        advice = mesh_files.install_advice([item.value for item in bundle.items], path)
        if advice:
            message = f"--context {path} tells nothing: {advice}"

    return Result("error", message, file=path, code="context-empty")


def _facts_of_file(file: str, is_named: bool, parameters: Kinds) -> Bundle | None:
    """The facts of a file, None if it has none.

    ``is_named``: the user named the file itself, and not a directory that contains it.
    """
    data, file = files.content(file), files.shown(file)
    if not is_named and not _may_hold_facts(data, parameters):
        return None

    bundle = resource_list.read_manifests(data, file)
    items: list[Item] = []
    for member in walk(bundle):
        if not _is_fact(member, parameters):
            continue

        if member.inside:  # a List: its members have no place of their own in the text
            items.append(Item(with_type(member), 0, None, file))
        else:
            items.append(bundle.items[member.item])

    return bundle._replace(items=items) if items else None


def _may_hold_facts(data: bytes, parameters: Kinds) -> bool:
    if _FACTS.search(data) or any(kind.encode() in data for _, kind in parameters):
        return True
    return bool(_CONFIG_MAP.search(data) and _OF_A_MESH.search(data))


def _is_fact(member: Member, parameters: Kinds) -> bool:
    """Whether the object is one of those that discovery and policies read besides workloads."""
    if (policy_parameters.group_of(member.api_version), member.kind) in parameters:
        return True
    if member.kind in ("ConfigMap", "MutatingWebhookConfiguration"):
        from krm_injector.discovery import mesh_files

        return mesh_files.is_mesh_object(with_type(member))
    return member.kind in KINDS
