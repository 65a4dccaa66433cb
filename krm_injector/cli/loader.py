"""A path on the command line -> its manifests, for every command. docs/directories.md has the
table.

A directory with a kustomization or a chart means what that renders to. If a kustomization only
lists local files, these are read as they are. The manifests are the same, keep lines and comments,
and need no program.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from krm_injector.model import Refusals, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, kustomize
from krm_injector.sources.files import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.request import Arguments, Request
    from krm_injector.sources.helm import Release
    from krm_injector.sources.programs import Config
    from krm_injector.sources.resource_list import Bundle


class Loaded(NamedTuple):
    """The sources of the paths of a command line."""

    # A source that cannot be read holds its problem, so that the others are read too.
    sources: tuple[Source, ...]
    results: tuple[Result, ...] = ()  # what was passed over, and warnings of other programs
    configs: tuple[Config, ...] = ()  # functionConfigs with which the directories themselves inject
    checks: tuple[Config, ...] = ()  # ... and with which they check what they are built to
    facts: tuple[Bundle, ...] = ()  # Namespaces and mesh that kustomize does not print


def read(request: Request, paths: Sequence[str], release: Release | None = None) -> Loaded:
    """The manifests of files, of directories and of stdin ("-", or no path). ``release``: the
    values of a chart, if they are not the default.

    Raises Refused for options that no program reads. Everything else that is wrong is in the
    sources.
    """
    only_kustomizations = bool(paths) and all(
        os.path.basename(path) in files.KUSTOMIZATIONS for path in paths
    )
    parts: list[Loaded] = []
    for path in paths or ("-",):
        try:
            if only_kustomizations and os.path.isfile(path):
                raise Refused(_directory_is_meant(path, request.arguments.command))
            parts.append(_path(path, request, release))
        except Refused as refused:
            parts.append(problems(refused.results))

    _refuse_unread_options(request.arguments, paths)
    return Loaded(
        tuple(source for part in parts for source in part.sources),
        tuple(result for part in parts for result in part.results),
        tuple(config for part in parts for config in part.configs),
        tuple(check for part in parts for check in part.checks),
        tuple(bundle for part in parts for bundle in part.facts),
    )


def _path(path: str, request: Request, release: Release | None) -> Loaded:
    """One path. Raises Refused."""
    is_build = request.arguments.command == "build"
    if path == "-" and not is_build:
        return Loaded((Source(request.stdin(), ""),))
    if os.path.isdir(path):
        # Late: files and stdin do not need it.
        from krm_injector.cli import directories

        return directories.read(path, request, release)
    if is_build:
        raise Refused(_no_directory(path))
    if _is_values(path):
        raise Refused(_chart_is_meant(path, request.arguments.command))
    return Loaded((files.source(path),))


def refuse_missing_programs(request: Request) -> None:
    """Raises Refused if --kustomize or --helm names no program, whether it is needed or not."""
    from krm_injector.sources import helm

    arguments = request.arguments
    path = request.environment.get("PATH", os.defpath)
    refusals = Refusals()
    with refusals:
        if arguments.kustomize is not None:
            kustomize.find_kustomize(arguments.kustomize, path)

    with refusals:
        if arguments.helm is not None:
            helm.find_helm(arguments.helm, path)

    refusals.raise_all()


def _refuse_unread_options(arguments: Arguments, paths: Sequence[str]) -> None:
    """Raises Refused for options after -- if no program is started that could read them. An Argo CD
    plugin has the same options for all directories.
    """
    if not arguments.passed_on or arguments.within is not None:
        return

    if any(files.is_kustomization(path) or has(path, files.CHART) for path in paths):
        return

    message = (
        f"{' '.join(arguments.passed_on)} behind -- is for kustomize or helm, and neither is run "
        "here; name a directory that is a kustomization or a chart, or leave it out"
    )
    raise Refused(Result("error", message, code="options-unread"))


def problems(problems: Iterable[Result]) -> Loaded:
    """The sources that cannot be read."""
    return Loaded(tuple(Source(b"", problem.file, problem) for problem in problems))


def _is_values(path: str) -> bool:
    """Whether a file has values of the chart that it lies in, by its name."""
    directory, name = os.path.split(path)
    return (
        name.startswith("values") and files.is_manifest_name(name) and has(directory, files.CHART)
    )


def _chart_is_meant(path: str, command: str) -> Result:
    directory, name = os.path.split(path)
    # The chart's own values are read anyhow.
    more = "" if name == "values.yaml" else f" -- --values {files.quoted(path)}"
    message = (
        f"{path} has values of a chart and is no manifest; name the chart's directory: "
        f"krm-injector {command} {files.quoted(directory or '.')}{more}"
    )
    return Result("error", message, file=path, code="input-ambiguous")


def _directory_is_meant(path: str, command: str) -> Result:
    directory = os.path.dirname(path) or "."
    message = (
        f"{path} is a kustomization and no manifest; name its directory: "
        f"krm-injector {command} {files.quoted(directory)}"
    )
    return Result("error", message, file=path, code="input-ambiguous")


def _no_directory(path: str) -> Result:
    message = f"{path} does not exist"
    if os.path.exists(path):
        message = f"{path} is a file: krm-injector inject reads files"
    return Result("error", message, file=path, code="input-unreadable")


def has(directory: str, file: str) -> bool:
    """Whether a directory holds a file of that name."""
    return os.path.isfile(os.path.join(directory, file))
