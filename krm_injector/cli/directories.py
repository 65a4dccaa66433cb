"""A directory on the command line -> its manifests. It may contain a kustomization, a chart, a kpt
package, or files.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from krm_injector.cli.loader import Loaded, has, problems
from krm_injector.cli.options import COMMANDS
from krm_injector.istio_names import API_VERSION, FUNCTION_FILE
from krm_injector.kube.paths import at
from krm_injector.model import Refused, Result
from krm_injector.sources import files, kustomize, processes
from krm_injector.sources.files import Source
from krm_injector.sources.processes import Rendered, Runner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.request import Arguments, Request
    from krm_injector.sources.helm import Release
    from krm_injector.sources.kustomize_options import KustomizeOptions
    from krm_injector.sources.programs import Config

_API_GROUP = API_VERSION.partition("/")[0]
_MOST_IGNORED = 3  # paths that one message names; -v names all
_MOST_NAMED = 8  # directories or files that one message names; -v names all


def read(directory: str, request: Request, release: Release | None = None) -> Loaded:
    """The manifests of one directory, and the functionConfig that counts for it. ``release``: the
    values of a chart, if they are not the default. Raises Refused.
    """
    loaded = _read(directory, request, release)
    if loaded.configs or request.arguments.config is not None:
        return loaded
    return loaded._replace(configs=function_file(directory))


def function_file(directory: str) -> tuple[Config, ...]:
    """The functionConfig that `krm-injector init` wrote into a directory which does not run the
    function itself. A file of that name with something else in it is a manifest. Raises Refused.
    """
    path = os.path.join(directory, FUNCTION_FILE)
    if not os.path.isfile(path):
        return ()

    from krm_injector.sources import kustomizations
    from krm_injector.sources.programs import Config

    _, value = kustomizations.read(path)
    group, _, _ = str(at(value, ("apiVersion",))).partition("/")
    is_config = group == _API_GROUP or at(value, ("kind",)) == "ConfigMap"
    return (Config(value, path, directory),) if is_config else ()


def _read(directory: str, request: Request, release: Release | None) -> Loaded:
    arguments = request.arguments
    path = request.environment.get("PATH", os.defpath)
    if files.is_kustomization(directory):
        return _kustomization(directory, request, path)
    if has(directory, files.CHART):
        return _chart(directory, arguments, release, path)
    if has(directory, files.KPTFILE) and arguments.command != "build":
        return _package(directory, request, path)
    return _plain(directory, arguments)


def _rendered(directory: str, rendered: Rendered, injected: bool = False) -> tuple[Source, ...]:
    """What a program printed for a directory, as sources that name the directory."""
    return tuple(
        source._replace(directory=directory, injected=injected) for source in rendered.sources
    )


# ---------------------------------------------------------------- a chart


def _chart(directory: str, arguments: Arguments, release: Release | None, path: str) -> Loaded:
    from krm_injector.cli import releases
    from krm_injector.sources import helm

    release = release or helm.Release()
    if not release.namespace:
        stated = releases.namespace(arguments, function_file(directory))
        release = release._replace(namespace=stated)
    # Options after -- in Argo CD's plugin.yaml are for kustomize. release has the values for helm.
    passed_on = arguments.passed_on if arguments.within is None else ()
    rendered = helm.render(directory, release, arguments.helm, passed_on, path)
    return Loaded(_rendered(directory, rendered), rendered.results)


# ---------------------------------------------------------------- a kustomization


def _kustomization(directory: str, request: Request, path: str) -> Loaded:
    from krm_injector.cli import inside
    from krm_injector.discovery import context
    from krm_injector.sources import kustomizations, kustomize_options

    arguments = request.arguments
    # A command without --allow-exec names one that has it.
    can_allow = "--allow-exec" in COMMANDS[arguments.command].options
    command = arguments.command if can_allow else "build"
    options = kustomize_options.kustomize_options(
        directory, arguments.kustomize, arguments.passed_on, path, arguments.allow_exec, command
    )
    loaded = _own_functions(directory, options)
    injected = bool(options.left_out and loaded.configs)

    asked = bool(arguments.kustomize or arguments.passed_on) or arguments.command == "build"
    if not asked and kustomizations.only_lists(directory, _without_effect(options)):
        paths = sorted(kustomizations.local_files(directory))
        sources = [files.source(file)._replace(injected=injected) for file in paths]
        return loaded._replace(sources=tuple(sources))

    program = kustomize.find_kustomize(arguments.kustomize, path)
    rendered = inside.build(directory, program, options, request)
    return loaded._replace(
        sources=_rendered(directory, rendered, injected),
        results=(*rendered.results, *_moved(options)),
        facts=context.local_config_facts(kustomizations.local_files(directory)),
    )


def _own_functions(directory: str, options: KustomizeOptions) -> Loaded:
    """The functionConfigs with which a kustomization runs krm-injector; no sources yet. They
    include checks if kustomize leaves our functions out. Otherwise kustomize runs the checks
    itself.
    """
    from krm_injector.sources import programs

    configs = options.left_out or programs.of_kustomization(directory).configs
    loaded = Loaded((), configs=tuple(programs.injections(configs)))
    if not options.left_out:
        return loaded

    checks = [config for config in configs if programs.action(config) in ("check", "verify")]
    return loaded._replace(checks=tuple(checks))


def _without_effect(options: KustomizeOptions) -> frozenset[str]:
    """Fields of a kustomization that do not change its output: those whose functions are all left
    out.
    """
    return frozenset(("transformers", "validators") if options.alone else ())


def _moved(options: KustomizeOptions) -> tuple[Result, ...]:
    """Info: a function of a base runs after the build, and not with the base."""
    from krm_injector.sources import programs

    message = (
        "this krm-injector is named below the directory that is built; it injects behind the build "
        "here"
    )
    return tuple(
        Result("info", f"{config.file}: {message}", file=config.file, code="function-behind")
        for config in programs.injections(options.left_out)
        if not config.top
    )


# ---------------------------------------------------------------- a kpt package


def _package(directory: str, request: Request, path: str) -> Loaded:
    """A kpt package: its files as they are, because kpt renders in place. explain asks kpt for
    the result.
    """
    from krm_injector.cli import inside
    from krm_injector.sources import programs

    arguments = request.arguments
    has_pipeline, functions = programs.of_package(directory)
    configs = tuple(programs.injections(functions.configs))
    if not has_pipeline or arguments.command != "explain":
        return _plain(directory, arguments)._replace(configs=configs)

    import shutil

    program = shutil.which("kpt", path=path)
    if program is None:
        plain = _plain(directory, arguments)
        return plain._replace(results=(*plain.results, _no_kpt(directory)), configs=configs)

    if not arguments.allow_exec:
        programs.refuse(functions, directory, "explain")

    allowed = ["--allow-exec"] if arguments.allow_exec or functions.harmless else []
    with inside.starting(request, executes=functions.own) as start:
        rendered = _kpt(start, program, directory, allowed)
    return Loaded(_rendered(directory, rendered), configs=configs)


def _no_kpt(directory: str) -> Result:
    message = (
        f"the pipeline of {directory} is not run, because kpt is not on PATH; its files are read "
        "as they stand"
    )
    return Result("warning", message, file=directory, code="kpt-not-run")


def _kpt(start: Runner, program: str, directory: str, allowed: Sequence[str]) -> Rendered:
    """The output of a kpt package's pipeline. Nothing is written."""
    try:
        done = start([program, "fn", "render", directory, "--output", "stdout", *allowed])
    except OSError as problem:
        message = f"{program} could not be started: {problem.strerror or problem}"
        raise Refused(Result("error", message, code="kpt-failed")) from None

    if done.code == 0 and done.out.strip():
        return Rendered((Source(done.out, ""),))

    reason = processes.stderr_text(done.err) or "it printed nothing"
    message = f"kpt fn render {directory} failed (exit status {done.code}): {reason}"
    raise Refused(Result("error", message, file=directory, code="kpt-failed"))


# ---------------------------------------------------------------- files


def _plain(directory: str, arguments: Arguments) -> Loaded:
    """The manifests in and below a directory, as they are. Kustomizations and charts below it are
    not rendered, since they may be for several clusters. They are reported, and their files are not
    read.
    """
    from krm_injector.sources import kustomizations

    # Argo CD has a clone: what is in it is committed, whatever an ignore file says.
    found = files.find(directory, ignoring=arguments.within is None)
    if arguments.own_files:
        return _own(directory, found)

    ignored = _ignored(found.ignored, arguments)
    outermost = kustomizations.outermost(found.kustomizations) if found.kustomizations else []
    if arguments.command == "build" and (outermost or found.charts):
        raise Refused(*found.problems, *_one_to_build(directory, outermost, found.charts))

    # Of a kustomization that only lists files, the files are read.
    listing = [below for below in outermost if kustomizations.only_lists(below)]
    paths = list(found.files)
    for below in listing:
        paths += kustomizations.local_files(below)

    sources = [Source(b"", problem.file, problem) for problem in found.problems]
    sources += [files.source(file, found=True) for file in dict.fromkeys(paths)]

    unread = [*(below for below in outermost if below not in listing), *found.charts]
    if sources:
        told = (*ignored, *_not_rendered(directory, unread, arguments))
        return Loaded(tuple(sources), told)

    if unread:
        message = f"{directory} holds no manifests of its own; {_to_name(unread, arguments)}"
        return problems([Result("error", message, file=directory, code="input-ambiguous")])

    return problems([files.no_manifests(directory, found.ignored)])


def _own(directory: str, found: files.DirectoryContents) -> Loaded:
    """The manifests directly in a directory. What is below it are other targets."""
    own = [path for path in found.files if os.path.dirname(path) == directory.rstrip(os.sep)]
    return Loaded(tuple(files.source(path, found=True) for path in own))


def _ignored(paths: Sequence[str], arguments: Arguments) -> tuple[Result, ...]:
    """How many files and directories ignore files name."""
    if not paths:
        return ()

    named = paths if arguments.verbose else paths[:_MOST_IGNORED]
    rest = len(paths) - len(named)
    more = f" and {rest:,} more (-v names them)" if rest else ""
    what = "path that an ignore file names" if len(paths) == 1 else "paths that ignore files name"
    message = f"passed over {len(paths):,} {what}: {', '.join(map(files.shown, named))}{more}"
    return (Result("info", message, code="input-passed-over"),)


def _one_to_build(
    directory: str, kustomizations: Sequence[str], charts: Sequence[str]
) -> list[Result]:
    problems = []
    if kustomizations:
        message = (
            f"{directory} holds no kustomization, but directories in it do; name the one to build: "
            f"{', '.join(kustomizations)}"
        )
        problems.append(Result("error", message, file=directory, code="input-ambiguous"))

    for chart in charts:
        message = (
            f"{chart} is a Helm chart, whose files are templates and no manifests; build it by "
            f"itself: krm-injector build {files.quoted(chart)}"
        )
        problems.append(Result("error", message, file=chart, code="input-chart"))

    return problems


def _not_rendered(
    directory: str, unread: Sequence[str], arguments: Arguments
) -> tuple[Result, ...]:
    if not unread:
        return ()

    told = "are not rendered"
    if arguments.in_place:
        told = "stay as they are, because what is injected is what they render to"
    message = f"in {directory} kustomizations and charts {told}; {_to_name(unread, arguments)}"
    return (Result("warning", message, file=directory, code="kustomization-not-applied"),)


def _to_name(directories: Sequence[str], arguments: Arguments) -> str:
    """The command that reads the directories, sorted by kind."""
    named = directories if arguments.verbose else directories[:_MOST_NAMED]
    words = " ".join(files.quoted(os.path.normpath(path)) for path in named)
    command = f"name those that are meant: krm-injector {arguments.command} {words}"
    if arguments.in_place:
        command = f"krm-injector build prints one of them injected: {words}"

    rest = len(directories) - len(named)
    return f"{command} (and {rest} more; -v names them)" if rest else command
