"""argv -> a command, its Answer -> an exit code; with streams.py the only file that touches sys."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from krm_injector.cli import configuration, streams
from krm_injector.cli.streams import DONE, REFUSED, WRONG_USAGE, Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from krm_injector.cli.argocd import Application
    from krm_injector.cli.arguments import Arguments
    from krm_injector.cli.loader import Given
    from krm_injector.function_config import Settings
    from krm_injector.pipeline import Outcome
    from krm_injector.sources.manifests import Joined

Told = TypeVar("Told")


def main() -> NoReturn:
    """The program: ends the process, at once and without taking the objects apart one by one."""
    # Ended by Ctrl-C or by a reader that went away, a filter says nothing.
    for name in ("SIGINT", "SIGPIPE"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)

    gc.disable()
    code = run(command_line(sys.argv))
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            code = code or REFUSED

    os._exit(code)


def command_line(argv: list[str]) -> list[str]:
    """The words behind the program's name. Under the name of its kind the program is kustomize's
    legacy exec plugin: the functionConfig's file is the first argument, manifests come and go bare
    (kyaml, internal/plugins/execplugin).
    """
    if os.path.basename(argv[0]) == "SidecarInjection" and len(argv) > 1:
        return ["inject", "--config", argv[1], "-"]
    return argv[1:]


def run(words: list[str]) -> int:
    """One command line, to its exit status. Never raises."""
    try:
        return _run(words)
    except Exception as problem:
        return _internal_error(problem)


def _run(words: list[str]) -> int:
    if not words:
        if streams.is_terminal(sys.stdin):
            return _help("")
        return streams.finish(_function(None), None)

    from krm_injector.cli.arguments import Usage, parse

    try:
        arguments = parse(words)
    except Usage as usage:
        return _wrong_usage(usage)

    if arguments.version:
        from krm_injector import __version__

        return streams.write(f"krm-injector {__version__}\n")

    if arguments.help:
        return _help(arguments.command)

    if arguments.command == "init" and not arguments.paths:
        from krm_injector.wiring.init import TARGETS

        return _wrong_usage(f"init what? One of {', '.join(TARGETS)}")

    if arguments.truth_table and arguments.paths:
        return _wrong_usage(f"--truth-table reads no manifests: leave {arguments.paths[0]} out")
    if not arguments.paths and not _reads_nothing(arguments) and streams.is_terminal(sys.stdin):
        return _wrong_usage(
            "nothing to read: stdin is a terminal; name files or directories, or pipe manifests in"
        )

    from krm_injector.model import Refused

    try:
        _programs(arguments)
        answer = COMMANDS[arguments.command](arguments)
    except Refused as refused:
        answer = Answer("", refused.results, REFUSED)

    return streams.finish(answer, arguments)


# ---------------------------------------------------------------- the commands


def _function(arguments: Arguments | None) -> Answer:
    """A ResourceList to a ResourceList; once it could be read, it is given back whatever happens."""
    from krm_injector import pipeline, results
    from krm_injector.model import Refused
    from krm_injector.sources import resource_list

    try:
        bundle = resource_list.read(streams.stdin())
        if not bundle.items:
            raise _nothing_to_do()
    except Refused as refused:
        return Answer("", refused.results, REFUSED)

    try:
        settings = configuration.read(arguments, bundle.function_config)
        outcome = pipeline.ACTIONS[settings.action](bundle, settings)
        code, replacements, said = (
            results.exit_code(outcome.results),
            outcome.replacements,
            outcome.results,
        )
        originals, anew = outcome.originals, outcome.anew
    except Refused as refused:
        code, replacements, originals, said = REFUSED, {}, {}, refused.results
        anew = frozenset()

    changed, entries = {} if code else replacements, results.entries(said)
    text = resource_list.write(bundle, changed, entries, (), originals, anew, pipeline.AS_KNOWN)
    return Answer(text, said, code)


def _nothing_to_do() -> Exception:
    """An empty list given back with exit 0 makes kustomize and kpt delete every resource."""
    from krm_injector.model import Refused, Result

    message = "the ResourceList has no items: there is nothing to do, and an empty answer would delete resources"
    return Refused(Result("error", message, field="items", code="resource-list-empty"))


def _inject(arguments: Arguments) -> Answer:
    """inject, and eject, which reads and writes alike."""
    from krm_injector.cli import loader

    given = loader.read(arguments, arguments.paths, streams.stdin, os.environ)
    return _manifests(arguments, given, drop=False)


def _build(arguments: Arguments) -> Answer:
    from krm_injector.cli import argocd, loader
    from krm_injector.sources import helm

    directory = arguments.paths[0] if arguments.paths else "."
    application = argocd.application(os.environ)
    chart = helm.is_chart(directory)
    if arguments.parameters:
        return Answer(
            argocd.announcements(application, helm.defaults(directory) if chart else None), (), DONE
        )
    if application is not None:
        arguments = argocd.arguments(arguments, application, directory)

    release = argocd.release(arguments, application, directory) if chart else None
    given = loader.read(arguments, (directory,), streams.stdin, os.environ, release)
    beside = os.path.join(directory, argocd.CONFIG)
    if arguments.config is None and not given.configs and os.path.isfile(beside):
        arguments = arguments._replace(config=beside)

    return _manifests(arguments, given, drop=True, application=application)


def _manifests(
    arguments: Arguments, given: Given, drop: bool, application: Application | None = None
) -> Answer:
    """Manifests in, manifests out; without what no cluster is to see where that is to be dropped."""
    from krm_injector import results
    from krm_injector.outcome import LAYOUTS, aliases
    from krm_injector.sources.inputs import not_applied

    action = "eject" if arguments.command == "eject" else "inject"
    joined, outcome = _all_told(arguments, lambda: _outcome(arguments, given, action, application))
    code = results.exit_code(outcome.results)
    if code:
        return Answer("", outcome.results, code)

    items = joined.bundle.items
    dropped = not_applied(item.value for item in items) if drop else frozenset()
    if len(dropped) == len(items):
        from krm_injector.model import Result

        message = "nothing is left to apply: every manifest is marked as local-config"
        return Answer("", (*outcome.results, Result("error", message, code="input-empty")), REFUSED)

    written_out: dict[int, tuple[str, ...]] = {}
    text = joined.write(
        outcome.replacements, LAYOUTS, dropped, outcome.originals, outcome.anew, written_out
    )
    return Answer(text, (*outcome.results, *aliases(joined.bundle, written_out)), DONE)


def _programs(arguments: Arguments) -> None:
    """Raises Refused where --kustomize or --helm names no program, needed or not."""
    if arguments.kustomize is None and arguments.helm is None:
        return

    from krm_injector.model import Refusals
    from krm_injector.sources import helm, inputs

    refusals = Refusals()
    path = os.environ.get("PATH", os.defpath)
    with refusals:
        if arguments.kustomize is not None:
            inputs.find_kustomize(arguments.kustomize, path)

    with refusals:
        if arguments.helm is not None:
            helm.find_helm(arguments.helm, path)

    refusals.raise_all()


def _explain(arguments: Arguments) -> Answer:
    if arguments.truth_table:
        return _truth_table(arguments)

    from krm_injector.cli.commands import explain as explain_command
    from krm_injector.presenting.explain import Style

    columns = streams.columns()
    limit = 200 if arguments.limit is None else int(arguments.limit)
    style = Style(columns, streams.colour(arguments, sys.stdout), limit, arguments.verbose)

    def settings(value: Any, root: str | None) -> Settings:
        return configuration.read(arguments, None if arguments.config else value, root)

    def run() -> Answer:
        told = explain_command.run(
            arguments, settings, streams.stdin, os.environ, style, streams.progress(arguments)
        )
        return Answer(told.text, told.results, told.code)

    return _all_told(arguments, run)


def _upkeep(arguments: Arguments) -> Answer:
    """verify, diff, images and snapshot."""
    from krm_injector.cli.commands import upkeep

    def settings(value: Any, root: str | None, mesh: str | None) -> Settings:
        return configuration.read(
            arguments._replace(mesh=(mesh,)) if mesh else arguments, value, root
        )

    colour = streams.colour(arguments, sys.stdout)
    call = upkeep.Call(
        arguments, settings, configuration.documents, streams.stdin, os.environ, colour
    )
    return _all_told(arguments, lambda: Answer(*upkeep.COMMANDS[arguments.command](call)))


def _init(arguments: Arguments) -> Answer:
    from krm_injector.wiring import init

    directory = arguments.paths[1] if len(arguments.paths) > 1 else "."
    return Answer(init.run(arguments.paths[0], directory, arguments.image), (), DONE)


def _truth_table(arguments: Arguments) -> Answer:
    from krm_injector.presenting import truth_table

    versions = arguments.mesh_version.split(",") if arguments.mesh_version else truth_table.VERSIONS
    return Answer(
        truth_table.render(truth_table.tables(versions), arguments.output or "table"), (), DONE
    )


COMMANDS = {
    "": _function,
    "inject": _inject,
    "eject": _inject,
    "build": _build,
    "explain": _explain,
    "init": _init,
}
COMMANDS |= dict.fromkeys(("verify", "diff", "images", "snapshot"), _upkeep)


def _outcome(
    arguments: Arguments, given: Given, action: str, application: Application | None
) -> tuple[Joined, Outcome]:
    """Inputs through the pipeline, as one bundle; the inputs' own warnings come first."""
    from krm_injector import pipeline
    from krm_injector.cli import loader

    joined, told = loader.joined(given, arguments)
    own = loader.config(given, arguments) if given.configs else None
    settings = (
        configuration.read(arguments, own.value, own.root)
        if own
        else configuration.read(arguments, None)
    )
    bundle = joined.bundle
    if arguments.context or given.facts:
        from krm_injector.discovery import context

        bundle = context.behind(
            bundle, context.around(arguments.context, joined.sources, given.facts)
        )

    if application is not None:
        from krm_injector.cli import argocd

        settings = argocd.settings(settings, application)
        told = (*application.results, *told)

    outcome = pipeline.ACTIONS[action](bundle, settings)
    if action == "inject":
        loader.refuse_unread(told, len(outcome.decisions))

    results = [*told, *outcome.results]
    for check in given.checks if action == "inject" else ():
        checked = pipeline.with_replacements(bundle, outcome.replacements)
        wanted = configuration.read(arguments._replace(config=None), check.value, check.root)
        results += pipeline.ACTIONS[wanted.action](checked, wanted).results

    return joined, outcome._replace(results=tuple(results))


def _all_told(arguments: Arguments, run: Callable[[], Told]) -> Told:
    """What run comes to; where it is refused, raises Refused with whatever is wrong in the settings
    and in --context too, which it may not have come to. (What it did come to stands there twice and
    is shown once.)
    """
    from krm_injector.discovery import context
    from krm_injector.model import Refusals

    refusals = Refusals()
    with refusals:
        return run()

    with refusals:
        configuration.read(arguments, None)

    with refusals:
        context.read(arguments.context, [path for path in arguments.paths if os.path.isfile(path)])

    raise refusals.refused()


# ---------------------------------------------------------------- help and trouble


def _reads_nothing(arguments: Arguments) -> bool:
    """Whether stdin is not asked for where no path is given."""
    return arguments.command == "build" or arguments.truth_table


def _help(command: str) -> int:
    from krm_injector.cli.arguments import help_text

    return streams.write(help_text(command))


def _wrong_usage(problem: object) -> int:
    streams.complain(f"krm-injector: {problem}\nTry krm-injector --help.\n")
    return WRONG_USAGE


def _internal_error(problem: Exception) -> int:
    said = " ".join(str(problem).split())
    streams.complain(
        f"internal error: {type(problem).__name__}: {said[:300]} "
        "(please report this; KRM_INJECTOR_DEBUG=1 shows where)\n"
    )
    if os.environ.get("KRM_INJECTOR_DEBUG"):
        import traceback

        traceback.print_exception(problem)

    return REFUSED
