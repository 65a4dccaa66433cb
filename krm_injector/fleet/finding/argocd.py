"""Applications of Argo CD -> what they render of this repository.

Fields are those of argoproj.io/v1alpha1 (Argo CD 3.2, pkg/apis/application/v1alpha1/types.go).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from krm_injector.fleet.finding import helm_values
from krm_injector.fleet.finding.candidates import Candidate, kind_of, unrendered_below
from krm_injector.fleet.finding.reading import Found
from krm_injector.fleet.finding.repository import Repository, mapping, mappings, text
from krm_injector.fleet.finding.tree import normal
from krm_injector.fleet.model import PassedOver
from krm_injector.model import Object, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.model import TargetKind

NOT_FOLLOWED = "it renders nothing of this repository"
# Fields of helm that change nothing that is rendered here, or that are followed below.
_HELM = frozenset(
    ("fileParameters", "ignoreMissingValueFiles", "parameters", "passCredentials", "releaseName",
     "valueFiles", "values", "valuesObject", "version", "apiVersions", "kubeVersion",
     "namespace", "skipSchemaValidation")
)  # fmt: skip


class Named(NamedTuple):
    """What the objects of a GitOps tool name."""

    candidates: tuple[Candidate, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    results: tuple[Result, ...] = ()


class App(NamedTuple):
    """An Application, as it stands or as an ApplicationSet makes it."""

    found: Found  # the object in the file
    name: str
    spec: Object
    generated: str = ""  # the name of the ApplicationSet that makes it

    @property
    def place(self) -> str:
        return f"{self.found.file}:{self.found.line()}"

    @property
    def shown(self) -> str:
        by = f", made by ApplicationSet {self.found.name}" if self.generated else ""
        return f"Application {self.name} ({self.place}{by})"


class NotFollowed(Exception):
    """The reason why an Application renders nothing here."""


def read(app: App, repository: Repository) -> Named:
    """What one Application renders of this repository."""
    sources = _sources(app.spec)
    candidates: list[Candidate] = []
    results: list[Result] = []
    reasons: list[str] = []
    for source in sources:
        if not source.get("path") and not source.get("chart") and source.get("ref"):
            continue  # it only gives values files to the others
        try:
            candidates.append(_candidate(app, source, sources, repository, results))
        except NotFollowed as reason:
            reasons.append(str(reason))

    if not sources:
        reasons.append("it has no spec.source")
    passed_over = [
        PassedOver(app.place, f"{app.shown}: {reason}", NOT_FOLLOWED) for reason in reasons
    ]
    return Named(tuple(candidates), tuple(passed_over), tuple(results))


def _sources(spec: Object) -> list[Object]:
    source = mapping(spec, "source")
    return mappings(spec, "sources") or ([source] if source else [])


def _candidate(
    app: App,
    source: Object,
    sources: list[Object],
    repository: Repository,
    results: list[Result],
) -> Candidate:
    """The target of one source. Raises NotFollowed."""
    url = text(source, "repoURL")
    if source.get("chart"):
        raise NotFollowed(f"its chart {source['chart']} comes from {url or 'a chart repository'}")

    path, note = repository.directory(url, text(source, "path") or ".")
    if not path:
        raise NotFollowed(note)

    kind = _kind(path, repository)
    destination = app.spec.get("destination")
    candidate = Candidate(
        path,
        kind,
        f"{app.shown} names it" + (f"; {note}" if note else ""),
        app.place,
        app.name,
        cluster=repository.cluster(destination),
        namespace=text(destination, "namespace"),
    )
    if kind == "chart":
        candidate = _with_values(candidate, app, source, sources, repository)

    results += _differences(app, source, candidate, repository)
    return candidate


def _kind(path: str, repository: Repository) -> TargetKind:
    """What a directory is. Raises NotFollowed if it contains nothing to render."""
    kind = kind_of(path)
    if kind is not None:
        return kind

    below = unrendered_below(repository.tree, path)
    if below:
        raise NotFollowed(f"{path} is read file by file; {below[0]} in it is looked at by itself")
    if not any(folder.manifests for folder in repository.tree.below(path)):
        raise NotFollowed(f"{path} holds no manifests")
    return "directory"


# ---------------------------------------------------------------- a chart


def _with_values(
    candidate: Candidate,
    app: App,
    source: Object,
    sources: list[Object],
    repository: Repository,
) -> Candidate:
    helm = mapping(source, "helm")
    inline = helm_values.inline(helm)
    if isinstance(inline, str):
        raise NotFollowed(inline)

    options: list[str] = []
    for word in helm_values.set_json(inline):
        options += ["--set-json", word]

    parameters: dict[str, str] = {}
    for parameter in mappings(helm, "parameters"):
        name, value = str(parameter.get("name")), str(parameter.get("value") or "")
        if parameter.get("forceString"):
            options += ["--set-string", f"{name}={helm_values.escaped(value)}"]
        else:
            parameters[name] = value

    for file in mappings(helm, "fileParameters"):
        path = normal(os.path.join(candidate.path, str(file.get("path"))))
        options += ["--set-file", f"{file.get('name')}={path}"]
    options += _facts(helm)
    return candidate._replace(
        release=text(helm, "releaseName") or app.name,
        namespace=text(helm, "namespace") or candidate.namespace,
        values=tuple(_values_files(candidate.path, helm, sources, repository)),
        set_values=tuple(parameters.items()),
        options=tuple(options),
    )


def _facts(helm: Object) -> Iterator[str]:
    if text(helm, "kubeVersion"):
        yield from ("--kube-version", text(helm, "kubeVersion"))
    versions = helm.get("apiVersions")
    for version in versions if isinstance(versions, list) else ():
        yield from ("--api-versions", str(version))
    if helm.get("skipSchemaValidation"):
        yield "--skip-schema-validation"


def _values_files(
    directory: str, helm: Object, sources: list[Object], repository: Repository
) -> Iterator[str]:
    """The paths of helm.valueFiles: from the chart, from the repository ("/"), or from another
    source ("$NAME/"). Raises NotFollowed.
    """
    files = helm.get("valueFiles")
    for file in files if isinstance(files, list) else ():
        entry = str(file)
        if "://" in entry:
            raise NotFollowed(f"its values come from {entry}")
        if entry.startswith("$"):
            path = repository.path(_of_source(entry, sources, repository))
        elif entry.startswith("/"):
            path = repository.path(entry)
        else:
            path = normal(os.path.join(directory, entry))

        if os.path.isfile(path) or not helm.get("ignoreMissingValueFiles"):
            yield path


def _of_source(entry: str, sources: list[Object], repository: Repository) -> str:
    name, _, path = entry[1:].partition("/")
    source = next((each for each in sources if each.get("ref") == name), None)
    if source is None:
        raise NotFollowed(
            f"its values file {entry} is of a source with ref {name}, and none has it"
        )

    url = text(source, "repoURL")
    if not repository.knows(url) or not os.path.isfile(repository.path(path)):
        raise NotFollowed(f"its values file {entry} comes from {url}")
    return path


# ---------------------------------------------------------------- what Argo CD does besides


def _differences(
    app: App, source: Object, candidate: Candidate, repository: Repository
) -> list[Result]:
    """Warnings about fields that Argo CD applies to what it renders, and that nobody does here."""
    fields = [f"spec.source.{name}" for name in _unfollowed(source, candidate)]
    results = []
    if fields:
        message = (
            f"{app.shown}: Argo CD applies {', '.join(fields)} to {candidate.path}, and the target "
            "is rendered without it"
        )
        results.append(Result("warning", message, file=app.found.file, code="fleet-not-followed"))

    directory = mapping(source, "directory")
    if candidate.kind == "directory" and not directory.get("recurse"):
        folder = repository.tree.folders.get(candidate.path)
        below = [each for each in repository.tree.below(candidate.path) if each is not folder]
        if any(each.manifests for each in below):
            message = (
                f"{app.shown}: Argo CD reads only the files directly in {candidate.path}, because "
                "directory.recurse is not set; the target has those below it too"
            )
            results.append(
                Result("warning", message, file=app.found.file, code="fleet-not-followed")
            )

    return results


def _unfollowed(source: Object, candidate: Candidate) -> Iterator[str]:
    if source.get("plugin"):
        yield "plugin"
    if candidate.kind == "kustomization":
        kustomize = mapping(source, "kustomize")
        yield from (f"kustomize.{name}" for name in kustomize if _counts(name, kustomize))
    elif candidate.kind == "chart":
        helm = mapping(source, "helm")
        yield from (f"helm.{name}" for name in helm if name not in _HELM and helm[name])
    else:
        directory = mapping(source, "directory")
        yield from (
            f"directory.{name}" for name in directory if name != "recurse" and directory[name]
        )


def _counts(name: str, kustomize: Object) -> bool:
    return name not in ("version", "kubeVersion", "apiVersions") and bool(kustomize[name])
