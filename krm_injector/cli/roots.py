"""What directories on the command line mean for explain, verify, diff, images and build: one
bundle, or the targets that are found in them, each by itself. docs/directories.md has the rules.
"""

from __future__ import annotations

import os

from krm_injector.model import Refused, Result
from krm_injector.sources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from krm_injector.cli.request import Answer, Request
    from krm_injector.fleet.model import Fleet, Target

_FLEET_FILE = "krm-injector-fleet.yaml"  # fleet_file.NAME, without the modules that it needs
NAMED = "the command line names it"
_MOST_NAMED = 8  # targets that one message names; -v names all


def answered(request: Request, of_one: Callable[[Request], Answer]) -> Answer:
    """The answer of a command. ``of_one``: what it answers for one bundle. Raises Refused."""
    fleet = found(request)
    if fleet is None:
        return of_one(request)

    one = _only_target(fleet)
    if one is None:
        from krm_injector.cli import root_run

        return root_run.answer(request, fleet)

    answer = of_one(_for_target(request, one))
    told = (*_about(fleet, request.arguments.verbose), *answer.results)
    return answer._replace(results=told)


def found(request: Request) -> Fleet | None:
    """The targets that the paths mean; None if these are one bundle. Raises Refused if there are
    none.
    """
    arguments = request.arguments
    directories = [path for path in arguments.paths if os.path.isdir(path)]
    # Files and stdin, which is most runs, end here. Argo CD names one directory for each build.
    if arguments.within is not None or not any(map(is_repository, directories)):
        return None

    if "-" in arguments.paths:
        message = (
            "stdin cannot be read beside a directory of several targets; write it to a file and "
            "name that, or name one target"
        )
        raise Refused(Result("error", message, code="input-ambiguous"))

    from krm_injector.fleet import finding
    from krm_injector.fleet.model import Target

    fleet = finding.find(directories, None, mixed=True)
    others = [path for path in arguments.paths if path not in directories]
    read_already = _plain_files(fleet) if others else frozenset()
    named = [
        Target(files.shown(path), "directory", path, NAMED)
        for path in dict.fromkeys(others)
        if os.path.realpath(path) not in read_already
    ]
    named += _named_directories(fleet, directories)
    if not fleet.targets and not named:
        raise Refused(*fleet.results)
    return fleet._replace(targets=(*named, *fleet.targets))


def _named_directories(fleet: Fleet, directories: Sequence[str]) -> list[Target]:
    """Directories that can be rendered and are no targets, as bases. Whoever names one means it."""
    from krm_injector.fleet.finding.candidates import kind_of
    from krm_injector.fleet.model import Target

    found = {target.path for target in fleet.targets}
    named = []
    for path in dict.fromkeys(map(normal, directories)):
        kind = kind_of(path)
        if kind is not None and path not in found:
            named.append(Target(files.shown(path), kind, path, NAMED))
    return named


def normal(path: str) -> str:
    """A path as targets have it."""
    return os.path.normpath(path).replace(os.sep, "/")


def is_named(target: Target, paths: Sequence[str]) -> bool:
    """Whether a target was not just found: the command line or the fleet file names it."""
    return target.path in map(normal, paths) or f"{_FLEET_FILE}:" in target.why


def _plain_files(fleet: Fleet) -> frozenset[str]:
    """The real paths of the files that plain targets read."""
    from krm_injector.fleet import neighbours

    every = (file for target in fleet.targets for file in neighbours.plain_files(target))
    return frozenset(map(os.path.realpath, every))


def is_repository(directory: str) -> bool:
    """Whether a directory holds something that must be rendered by itself, without being such a
    thing itself.
    """
    if files.is_kustomization(directory) or _has(directory, files.CHART):
        return False
    if _has(directory, _FLEET_FILE):
        return True

    below = files.find(directory, ignoring=True)
    if below.charts:
        return not _has(directory, files.KPTFILE)
    if not below.kustomizations:
        return False

    from krm_injector.sources import kustomizations

    outermost = kustomizations.outermost(below.kustomizations)
    return not all(map(kustomizations.only_lists, outermost))


def _has(directory: str, name: str) -> bool:
    return os.path.isfile(os.path.join(directory, name))


def _only_target(fleet: Fleet) -> Target | None:
    """The target, if it is the only one and a path says all about it."""
    first, *others = fleet.targets
    is_told = first.cluster or first.namespace or first.release or first.values or first.options
    if others or is_told or first.set_values:
        return None
    return first


def _for_target(request: Request, target: Target) -> Request:
    return request.with_options(paths=(target.path,), own_files=is_mixed(target))


def is_mixed(target: Target) -> bool:
    """Whether a target is the manifests directly in a directory, without what is below it."""
    if target.kind != "directory" or not os.path.isdir(target.path):
        return False
    below = files.find(target.path, ignoring=True)
    return bool(below.kustomizations or below.charts)


def _about(fleet: Fleet, verbose: bool) -> tuple[Result, ...]:
    from krm_injector.fleet import told

    return told.about(fleet, verbose)


# ---------------------------------------------------------------- build


def to_build(request: Request, directory: str) -> tuple[str, tuple[Result, ...]]:
    """The directory that a build of this one means, and what is to be said of it. Raises Refused if
    there are several.
    """
    if request.arguments.within is not None or not os.path.isdir(directory):
        return directory, ()

    fleet = found(request.with_options(paths=(directory,)))
    if fleet is None:
        return directory, ()

    one = _only_target(fleet)
    if one is not None and not is_mixed(one):
        return one.path, _about(fleet, request.arguments.verbose)
    raise Refused(_several(fleet, directory, request.arguments.verbose))


def _several(fleet: Fleet, directory: str, verbose: bool) -> Result:
    names = [target.path for target in fleet.targets]
    names = list(dict.fromkeys(names))
    kept = names if verbose else names[:_MOST_NAMED]
    rest = f" and {len(names) - len(kept):,} more (-v names them)" if len(names) > len(kept) else ""
    shown = files.quoted(directory)
    message = (
        f"{directory} holds {len(fleet.targets):,} targets, and build prints the manifests of one: "
        f"{', '.join(map(files.shown, kept))}{rest}. All of them, each into its own file: "
        f"krm-injector fleet build {shown} --output DIR"
    )
    return Result("error", message, file=directory, code="input-ambiguous")
