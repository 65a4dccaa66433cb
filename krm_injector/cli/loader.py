"""A path on the command line -> the manifests that it means, for every command: the table is in
docs/directories.md.

A directory with a kustomization or a chart means what that renders to. Where a kustomization only
lists local files, these are read as they stand: that is the same, with lines and comments, and
needs no program.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from krm_injector.model import Refused, Result
from krm_injector.sources import inputs, manifests
from krm_injector.sources.inputs import Inputs, Source

if TYPE_CHECKING:
    from krm_injector.cli.arguments import Arguments
    from krm_injector.sources.helm import Release
    from krm_injector.sources.programs import Config, Options
    from krm_injector.sources.resource_list import Bundle

# Files and stdin are read without what directories need: that is imported where there is one.

_MOST_NAMED = 8  # directories or files that one message names; -v names all
# Commands that have the option --allow-exec; for the others build is named.
_RENDERING = ("build", "explain", "verify", "diff", "images")


class Given(NamedTuple):
    """What the paths of a command line came to."""

    sources: tuple[
        Source, ...
    ]  # what cannot be read is one with its problem, and hides nothing of the others
    results: tuple[Result, ...] = ()  # what was passed over, and what other programs said
    configs: tuple[Config, ...] = ()  # functionConfigs with which the directories themselves inject
    checks: tuple[Config, ...] = ()  # ... and with which they check what they are built to
    facts: tuple[Bundle, ...] = ()  # Namespaces and mesh that kustomize keeps to itself


def read(
    arguments: Arguments,
    paths: Sequence[str],
    stdin: Callable[[], bytes],
    environment: Mapping[str, str],
    release: Release | None = None,
) -> Given:
    """The manifests of files, of directories and of stdin ("-", and where no path is). ``release``:
    what a chart is rendered with, where it is not the default.
    """
    only_kustomizations = bool(paths) and all(
        os.path.basename(path) in inputs.KUSTOMIZATIONS for path in paths
    )
    found: list[Given] = []
    for path in paths or ("-",):
        try:
            if path == "-" and arguments.command != "build":
                found.append(Given((Source(stdin(), ""),)))
            elif os.path.isdir(path):
                found.append(_directory(path, arguments, environment, release))
            elif only_kustomizations and os.path.isfile(path):
                raise Refused(_directory_is_meant(path, arguments.command))
            elif arguments.command == "build":
                raise Refused(_no_directory(path))
            else:
                found.append(Given((inputs.source(path),)))
        except Refused as refused:
            found.append(_problems(refused.results))

    _refuse_unread_options(arguments, paths)
    return _together(found)


def _refuse_unread_options(arguments: Arguments, paths: Sequence[str]) -> None:
    """Raises Refused for options behind -- where no program is started that could read them. An
    Argo CD plugin gives the same options for all directories.
    """
    if not arguments.passed_on or arguments.within is not None:
        return

    if any(
        inputs.is_kustomization(path) or os.path.isfile(os.path.join(path, inputs.CHART))
        for path in paths
    ):
        return

    message = (
        f"{' '.join(arguments.passed_on)} behind -- is for kustomize or helm, and neither is run "
        "here; name a directory that is a kustomization or a chart, or leave it out"
    )
    raise Refused(Result("error", message, code="options-unread"))


def _together(found: Iterable[Given]) -> Given:
    given = list(found)
    return Given(
        tuple(source for one in given for source in one.sources),
        tuple(result for one in given for result in one.results),
        tuple(config for one in given for config in one.configs),
        tuple(config for one in given for config in one.checks),
        tuple(bundle for one in given for bundle in one.facts),
    )


def _problems(problems: Iterable[Result]) -> Given:
    return Given(tuple(Source(b"", problem.file, problem) for problem in problems))


def _directory_is_meant(path: str, command: str) -> Result:
    directory = os.path.dirname(path) or "."
    message = f"{path} is a kustomization and no manifest; name its directory: krm-injector {command} {directory}"
    return Result("error", message, file=path, code="input-ambiguous")


def _no_directory(path: str) -> Result:
    what = (
        "is a file: krm-injector inject reads files" if os.path.exists(path) else "does not exist"
    )
    return Result("error", f"{path} {what}", file=path, code="input-unreadable")


# ---------------------------------------------------------------- a directory, by what it holds


def _directory(
    directory: str, arguments: Arguments, environment: Mapping[str, str], release: Release | None
) -> Given:
    path = environment.get("PATH", os.defpath)
    if inputs.is_kustomization(directory):
        return _kustomization(directory, arguments, path)

    if os.path.isfile(os.path.join(directory, inputs.CHART)):
        from krm_injector.sources import helm

        release = release or helm.Release(namespace=arguments.namespace or "")
        # What stands behind -- in Argo CD's plugin.yaml is meant for kustomize: release says what
        # helm gets.
        passed_on = arguments.passed_on if arguments.within is None else ()
        rendered = helm.render(directory, release, arguments.helm, passed_on, path)
        return Given(_from(directory, rendered), rendered.results)

    if os.path.isfile(os.path.join(directory, inputs.KPTFILE)) and arguments.command != "build":
        return _package(directory, arguments, path)

    return _plain(directory, arguments)


def _from(directory: str, rendered: Inputs, injected: bool = False) -> tuple[Source, ...]:
    return tuple(
        source._replace(directory=directory, injected=injected) for source in rendered.sources
    )


def _kustomization(directory: str, arguments: Arguments, path: str) -> Given:
    from krm_injector.discovery import context
    from krm_injector.sources import kustomizations, programs

    command = arguments.command if arguments.command in _RENDERING else "build"
    options = programs.options(
        directory, arguments.kustomize, arguments.passed_on, path, arguments.allow_exec, command
    )
    configs = options.left_out or programs.of_kustomization(directory).configs
    ours = programs.injections(configs)
    given = Given((), (), tuple(ours))
    if options.left_out:
        given = given._replace(
            checks=tuple(c for c in configs if programs.action(c) in ("check", "verify"))
        )

    injected = bool(options.left_out and ours)
    asked = bool(arguments.kustomize or arguments.passed_on) or arguments.command == "build"
    if not asked and kustomizations.only_lists(directory, _besides(options)):
        files = [inputs.source(file) for file in sorted(kustomizations.local_files(directory))]
        return given._replace(sources=tuple(source._replace(injected=injected) for source in files))

    program = inputs.find_kustomize(arguments.kustomize, path)
    rendered = inputs.kustomize(directory, program, options.words, inputs.start)
    facts = context.kept_back(kustomizations.local_files(directory))
    return given._replace(
        sources=_from(directory, rendered, injected),
        results=(*rendered.results, *_moved(options)),
        facts=facts,
    )


def _besides(options: Options) -> frozenset[str]:
    """Fields of a kustomization that change nothing in what is rendered: of those whose functions
    are left out.
    """
    return frozenset(("transformers", "validators") if options.alone else ())


def _moved(options: Options) -> tuple[Result, ...]:
    """That a function of a base is not run in its place."""
    from krm_injector.sources.programs import injections

    moved = [config for config in injections(options.left_out) if not config.top]
    message = "this krm-injector is named below the directory that is built; it injects behind the build here"
    return tuple(
        Result("info", f"{one.file}: {message}", file=one.file, code="function-behind")
        for one in moved
    )


def _package(directory: str, arguments: Arguments, path: str) -> Given:
    """A kpt package: its files as they stand, for kpt renders in place; explain asks kpt what they
    will be.
    """
    from krm_injector.sources import programs

    pipelines, functions = programs.of_package(directory)
    configs = tuple(programs.injections(functions.configs))
    if not pipelines or arguments.command != "explain":
        return _plain(directory, arguments)._replace(configs=configs)

    import shutil

    program = shutil.which("kpt", path=path)
    if program is None:
        message = f"the pipeline of {directory} is not run, because kpt is not on PATH; its files are read as they stand"
        said = Result("warning", message, file=directory, code="kpt-not-run")
        plain = _plain(directory, arguments)
        return plain._replace(results=(*plain.results, said), configs=configs)

    if not arguments.allow_exec:
        programs.refuse(functions, directory, "explain")

    allowed = ["--allow-exec"] if arguments.allow_exec or functions.harmless else []
    return Given(_from(directory, _kpt(program, directory, allowed)), (), configs)


def _kpt(program: str, directory: str, allowed: Sequence[str]) -> Inputs:
    """What a kpt package's pipeline makes of it, written nowhere."""
    try:
        done = inputs.start([program, "fn", "render", directory, "--output", "stdout", *allowed])
    except OSError as problem:
        message = f"{program} could not be started: {problem.strerror or problem}"
        raise Refused(Result("error", message, code="kpt-failed")) from None

    if done.code == 0 and done.out.strip():
        return Inputs((Source(done.out, ""),))

    reason = inputs.said(done.err) or "it printed nothing"
    message = f"kpt fn render {directory} failed (exit status {done.code}): {reason}"
    raise Refused(Result("error", message, file=directory, code="kpt-failed"))


def _plain(directory: str, arguments: Arguments) -> Given:
    """The manifests in and below a directory, as they stand. Kustomizations and charts below are
    not rendered unasked, since several of them may be meant for several clusters: they are named,
    and their files are not read.
    """
    from krm_injector.sources import kustomizations

    found = inputs.find(directory)
    outermost = kustomizations.outermost(found.kustomizations) if found.kustomizations else []
    if arguments.command == "build" and (outermost or found.charts):
        raise Refused(*found.problems, *_one_to_build(directory, outermost, found.charts))

    listed = [one for one in outermost if kustomizations.only_lists(one)]
    below = [*(one for one in outermost if one not in listed), *found.charts]
    files = [*found.files, *(file for one in listed for file in kustomizations.local_files(one))]
    sources = [Source(b"", problem.file, problem) for problem in found.problems]
    sources += [inputs.source(file, found=True) for file in dict.fromkeys(files)]
    if sources:
        return Given(tuple(sources), _not_rendered(directory, below, arguments))

    if below:
        message = f"{directory} holds no manifests of its own; {_to_name(below, arguments)}"
        return _problems([Result("error", message, file=directory, code="input-ambiguous")])

    return _problems([inputs.no_manifests(directory)])


def _one_to_build(
    directory: str, outermost: Sequence[str], found_charts: Sequence[str]
) -> list[Result]:
    problems = []
    if outermost:
        message = (
            f"{directory} holds no kustomization, but directories in it do; name the one to build: "
            f"{', '.join(outermost)}"
        )
        problems.append(Result("error", message, file=directory, code="input-ambiguous"))

    for chart in found_charts:
        message = f"{chart} is a Helm chart, whose files are templates and no manifests; build it by itself"
        problems.append(
            Result(
                "error", f"{message}: krm-injector build {chart}", file=chart, code="input-chart"
            )
        )

    return problems


def _not_rendered(directory: str, below: Sequence[str], arguments: Arguments) -> tuple[Result, ...]:
    if not below:
        return ()
    message = (
        f"in {directory} kustomizations and charts are not rendered; {_to_name(below, arguments)}"
    )
    return (Result("warning", message, file=directory, code="kustomization-not-applied"),)


def _to_name(below: Sequence[str], arguments: Arguments) -> str:
    """The command that reads the directories, which are sorted by kind."""
    import shlex

    shown = list(below) if arguments.verbose else list(below[:_MOST_NAMED])
    more = (
        f" (and {len(below) - len(shown)} more; -v names them)" if len(shown) < len(below) else ""
    )
    words = " ".join(shlex.quote(inputs.shown(os.path.normpath(one))) for one in shown)
    return f"name those that are meant: krm-injector {arguments.command} {words}{more}"


# ---------------------------------------------------------------- as one bundle


def joined(given: Given, arguments: Arguments) -> tuple[manifests.Joined, tuple[Result, ...]]:
    """The sources as one bundle, and the results with what is said of files that are no manifests.
    Raises Refused.
    """
    # What build prints is applied: a manifest that is broken altogether must not be missing in it.
    whole = manifests.join(given.sources, arguments.verbose, strict=arguments.command == "build")
    return whole, (*given.results, *whole.results)


def refuse_unread(results: Iterable[Result], workloads: int) -> None:
    """Raises Refused where no workload was found, and kustomizations or charts were not rendered:
    then all that was meant is in these.
    """
    if workloads == 0:
        unread = [result for result in results if result.code == "kustomization-not-applied"]
        if unread:
            raise Refused(*(result._replace(severity="error") for result in unread))


def config(given: Given, arguments: Arguments) -> Config | None:
    """The functionConfig of the directories; None where --config takes its place or they have none.
    Raises Refused where they have several that differ.
    """
    if arguments.config or not given.configs:
        return None

    first = given.configs[0]
    others = [one for one in given.configs if _says(one) != _says(first)]
    if not others:
        return first

    files = ", ".join(dict.fromkeys(one.file for one in (first, *others)))
    message = f"several functionConfigs say different things: {files}. Name the one that counts: --config {first.file}"
    raise Refused(Result("error", message, file=first.file, code="function-config"))


def _says(one: Config) -> tuple[object, ...]:
    """What of a functionConfig decides; paths in it count from its root."""
    value = one.value if isinstance(one.value, dict) else {}
    said = value.get("spec") or value.get("data")
    return said, os.path.realpath(one.root) if "file" in repr(said) else ""
