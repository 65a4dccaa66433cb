"""Directories of manifests that no kustomization, chart or package renders.

`krm-injector build DIR` reads a plain directory with all below it, and refuses it if there is
something to render below. So a target is the topmost directory that directly contains manifests and
has nothing else below.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from krm_injector.discovery import mesh_files
from krm_injector.fleet.finding.candidates import Candidate
from krm_injector.fleet.finding.reading import Found
from krm_injector.fleet.finding.tree import Folder, Tree, upwards, within
from krm_injector.fleet.model import PassedOver
from krm_injector.istio_names import GROUP
from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

_FLUX_GROUPS = (".fluxcd.io", "fluxcd.controlplane.io")
_CONTROL_KINDS = ("Application", "ApplicationSet", "AppProject")  # argoproj.io has workloads too
_ARGO_GROUP = "argoproj.io"

_CONTROL = "it holds only objects of Argo CD or Flux"
_SETTINGS = "it holds only the configuration of a mesh or of krm-injector"
_MIXED = "something below it is rendered by itself"
_UNNAMED = "the kustomization above does not name it"


class Plain(NamedTuple):
    candidates: tuple[Candidate, ...]
    passed_over: tuple[PassedOver, ...]
    results: tuple[Result, ...]


class Owners(NamedTuple):
    """Who renders which files."""

    kustomizations: frozenset[str]  # directories
    named: frozenset[str]  # files and directories that something else names
    whole: frozenset[str]  # directories whose files all belong to something else
    facts: frozenset[str]  # files that the fleet file gives as mesh, context or configuration


def read(
    tree: Tree, owners: Owners, objects: Callable[[str], list[Found]], mixed: bool = False
) -> Plain:
    """``objects``: the objects of a file. ``mixed``: a directory with something to render below is
    a target too, of the manifests directly in it.
    """
    rendered = {*owners.kustomizations, *owners.whole}
    taken = owners.named | owners.facts
    above = _above(rendered)
    candidates: list[Candidate] = []
    passed_over: list[PassedOver] = []
    results: list[Result] = []
    outer = ""  # the plain directory that the next ones are in
    for folder in _free(tree, owners):
        if outer and within(folder.path, outer):
            continue

        own = [path for path in folder.manifests if path not in taken]
        found, reason = manifests(own, objects)
        if not found:
            if reason:
                passed_over.append(PassedOver(folder.path, reason, reason))
            continue

        kustomization = _nearest(folder.path, owners.kustomizations)
        if kustomization is not None:
            why = f"it is below the kustomization {kustomization}, which does not name it"
            passed_over.append(PassedOver(folder.path, why, _UNNAMED))
        elif folder.path in above and mixed:
            why = f"it holds {_shown(found)}, beside {above[folder.path]}"
            candidates.append(Candidate(folder.path, "directory", why))
        elif folder.path in above:
            why = f"it holds {_shown(found)}, but {above[folder.path]} below it is rendered"
            passed_over.append(PassedOver(folder.path, f"{why} by itself", _MIXED))
            results.append(_mixed(folder.path, found, above[folder.path]))
        else:
            outer = folder.path
            candidates.append(Candidate(folder.path, "directory", f"it holds {_shown(found)}"))

    return Plain(tuple(candidates), tuple(passed_over), tuple(results))


def _above(rendered: Collection[str]) -> dict[str, str]:
    """The directories above those that are rendered -> the first of these below each."""
    above: dict[str, str] = {}
    for path in sorted(rendered):
        for parent in upwards(path):
            if parent in above:
                break
            if parent != path:
                above[parent] = path

    return above


def _free(tree: Tree, owners: Owners) -> Iterator[Folder]:
    """The directories whose files belong to nothing."""
    owned = ""
    for folder in tree.folders.values():
        path = folder.path
        if owned and within(path, owned):
            continue
        if path in owners.whole or path in owners.named or path in owners.facts:
            owned = path
            continue
        if path not in owners.kustomizations:
            yield folder


def _nearest(path: str, kustomizations: Collection[str]) -> str | None:
    """The kustomization that a directory is below."""
    return next((each for each in upwards(path) if each in kustomizations and each != path), None)


def manifests(paths: Iterable[str], objects: Callable[[str], list[Found]]) -> tuple[list[str], str]:
    """Those files that hold manifests; if there are none, the reason if objects of another use are
    there.
    """
    found: list[str] = []
    reasons: set[str] = set()
    for path in paths:
        of_file = [_use(each) for each in objects(path)]
        if "" in of_file:
            found.append(path)
        reasons.update(of_file)

    if found or not reasons:
        return found, ""
    return found, _SETTINGS if reasons == {_SETTINGS} else _CONTROL


def _use(found: Found) -> str:
    """What an object is for, if it is not there to be rendered; else ""."""
    if found.group.endswith(_FLUX_GROUPS):
        return _CONTROL
    if found.group == _ARGO_GROUP and found.kind in _CONTROL_KINDS:
        return _CONTROL
    if found.group == GROUP or mesh_files.is_mesh_object(found.value):
        return _SETTINGS
    return ""


def _shown(found: list[str]) -> str:
    first = found[0].rpartition("/")[2]
    rest = len(found) - 1
    return f"the manifest {first}" if not rest else f"{first} and {counted(rest, 'more manifest')}"


def _mixed(path: str, found: list[str], below: str) -> Result:
    message = (
        f"{path} holds {_shown(found)}, which no target renders: {below} below it is rendered "
        "by itself, and so krm-injector build reads no plain manifests there. Move them into a "
        "directory of their own, or list them in a kustomization"
    )
    return Result("warning", message, file=path, code="fleet-mixed")
