"""Kustomizations of Flux -> the directories of this repository that they render.

Fields are those of kustomize.toolkit.fluxcd.io/v1 (kustomize-controller 1.7).
"""

from __future__ import annotations

from collections.abc import Iterable

from krm_injector.fleet.finding.argocd import NOT_FOLLOWED, Named
from krm_injector.fleet.finding.candidates import Candidate, kind_of, unrendered_below
from krm_injector.fleet.finding.flux_sources import Sources
from krm_injector.fleet.finding.reading import Found
from krm_injector.fleet.finding.repository import Repository, mapping, text
from krm_injector.fleet.model import PassedOver
from krm_injector.model import Result

KUSTOMIZE_GROUP = "kustomize.toolkit.fluxcd.io"
HELM_GROUP = "helm.toolkit.fluxcd.io"
# What the controller applies to the output of kustomize.
_APPLIED = ("commonMetadata", "components", "images", "namePrefix", "nameSuffix", "patches",
            "patchesJson6902", "patchesStrategicMerge", "postBuild")  # fmt: skip


def read(objects: Iterable[Found], repository: Repository) -> Named:
    candidates: list[Candidate] = []
    passed_over: list[PassedOver] = []
    results: list[Result] = []
    every = list(objects)
    sources = Sources(every)
    for found in every:
        if found.group == HELM_GROUP and found.kind == "HelmRelease":
            if _has_chart(found):  # else it is a patch of one
                passed_over.append(_passed_over(found, "Flux renders its chart in the cluster"))
        elif found.group == KUSTOMIZE_GROUP and found.kind == "Kustomization":
            candidate = _candidate(found, sources, repository)
            if isinstance(candidate, str):
                passed_over.append(_passed_over(found, candidate))
            else:
                candidates.append(candidate)
                results += _differences(found, candidate)

    return Named(tuple(candidates), tuple(passed_over), tuple(results))


def _has_chart(found: Found) -> bool:
    spec = found.value.get("spec")
    return bool(text(spec, "chart", "spec", "chart") or text(spec, "chartRef", "name"))


def _passed_over(found: Found, reason: str) -> PassedOver:
    return PassedOver(f"{found.file}:{found.line()}", f"{_shown(found)}: {reason}", NOT_FOLLOWED)


def _shown(found: Found) -> str:
    kind = "Kustomization" if found.group == KUSTOMIZE_GROUP else found.kind
    return f"Flux's {kind} {found.name} ({found.file}:{found.line()})"


def _candidate(found: Found, sources: Sources, repository: Repository) -> Candidate | str:
    """The target of a Kustomization, or the reason why it is none."""
    spec = mapping(found.value, "spec")
    source = sources.of(found)
    if source is None:
        reference = f"{text(spec, 'sourceRef', 'kind')} {text(spec, 'sourceRef', 'name')}"
        return f"its source is the {reference}, which is no directory of a repository"

    path, note = repository.directory(source.url, source.path)
    if not path:
        return note

    kind = kind_of(path)
    if kind is None:
        below = unrendered_below(repository.tree, path)
        if below:
            return (
                f"{path} holds no kustomization of its own, and Flux generates one; those below it "
                f"are looked at by themselves, as {below[0]}"
            )

    place = f"{found.file}:{found.line('spec', 'path')}"
    why = f"{_shown(found)} names it" + (f"; {note}" if note else "")
    return Candidate(
        path, kind or "directory", why, place, found.name, namespace=text(spec, "targetNamespace")
    )


def _differences(found: Found, candidate: Candidate) -> list[Result]:
    """A warning about fields that Flux applies to what it renders, and that nobody does here."""
    spec = mapping(found.value, "spec")
    fields = [f"spec.{name}" for name in _APPLIED if spec.get(name)]
    if not fields:
        return []

    message = (
        f"{_shown(found)}: Flux applies {', '.join(fields)} to {candidate.path}, and the target is "
        "rendered without it"
    )
    return [Result("warning", message, file=found.file, code="fleet-not-followed")]
