"""argv -> Arguments -> a command -> its Answer -> streams and an exit status.

With streams.py the only module that touches sys and the environment.
"""

from __future__ import annotations

import gc
import os
import sys

from krm_injector.cli import streams
from krm_injector.cli.request import REFUSED, WRONG_USAGE, Answer, Arguments, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from krm_injector.model import Result
    from krm_injector.presenting.places import Places


def main() -> NoReturn:
    """The program. Ends the process at once, without freeing objects one by one."""
    import _signal as signal  # type: ignore[import-not-found]  # without signal's enums: 0.4 ms

    # After Ctrl-C, or if its reader has gone, a filter prints nothing. stopping.py has another way.
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
    """The words after the program's name. Under the name of its kind the program is kustomize's
    legacy exec plugin: the functionConfig's file is the first argument, and manifests come and go
    without a ResourceList (kyaml, internal/plugins/execplugin). kubectl's plugins are the program
    itself (kubectl-krm_injector), the command inject, and what kubectl asks for completion.
    """
    name, words = os.path.basename(argv[0]), argv[1:]
    if name == "SidecarInjection" and words:
        return ["inject", "--config", words[0], "-"]
    if name == "kubectl-inject":
        return ["inject", *words]
    if name == "kubectl_complete-krm_injector":
        return ["completion", "kubectl", "--", *words]
    return words


def run(words: list[str]) -> int:
    """Runs one command line and returns its exit status. Never raises."""
    try:
        return _run(words) if words else _run_function()
    except Exception as problem:
        streams.complain(streams.internal_error(problem) + "\n")
        return REFUSED


def _run_function() -> int:
    """The KRM function, which orchestrators start without arguments. It imports neither the parser
    nor any other command. Of the environment it reads one variable, which changes no byte.
    """
    if streams.is_terminal(sys.stdin):
        return _help("")

    from krm_injector.cli.commands import function

    arguments = Arguments()
    environment = {"KRM_INJECTOR_SHAPES": os.environ.get("KRM_INJECTOR_SHAPES", "")}
    return streams.finish(function.run(Request(arguments, streams.stdin, environment)), arguments)


def _run(words: list[str]) -> int:
    from krm_injector.cli.arguments import parse
    from krm_injector.cli.options import COMMANDS, Usage

    try:
        arguments = parse(words)
    except Usage as usage:
        return _wrong_usage(usage, words)

    if arguments.version:
        from krm_injector import __version__

        return streams.write(f"krm-injector {__version__}\n")

    if arguments.help:
        return _help(arguments.command)

    reads_stdin = COMMANDS[arguments.command].reads_stdin and not arguments.truth_table
    if reads_stdin and not arguments.paths and streams.is_terminal(sys.stdin):
        return _wrong_usage(
            "nothing to read: stdin is a terminal; name files or directories, or pipe manifests in",
            words,
        )

    if arguments.command.startswith("fleet "):
        from krm_injector.cli import stopping

        return streams.finish(stopping.stoppable(lambda: _answer(arguments)), arguments)

    return streams.finish(_answer(arguments), arguments)


def _answer(arguments: Arguments) -> Answer:
    from krm_injector.model import Refused

    colours = streams.colour(arguments, sys.stdout)
    request = Request(
        arguments,
        streams.stdin,
        os.environ,
        streams.columns(),
        colours,
        streams.progress(arguments),
        streams.status(arguments) if arguments.command.startswith("fleet ") else None,
    )
    try:
        if arguments.kustomize is not None or arguments.helm is not None:
            from krm_injector.cli import loader

            loader.refuse_missing_programs(request)

        return _command(arguments)(request)
    except Refused as refused:
        results = refused.results
        return Answer("", results, REFUSED, lambda: _places(arguments, results))


def _places(arguments: Arguments, results: Iterable[Result]) -> Places:
    """Where the causes are for which a run is refused."""
    from krm_injector.cli import placing  # late: only where somebody looks

    return placing.of_refused(arguments, results)


def _command(arguments: Arguments) -> Callable[[Request], Answer]:
    """A command's function. Only the module of this command is imported."""
    name = arguments.command.replace(" ", "_") or "function"
    if arguments.truth_table:
        name = "truth_table"

    # importlib.import_module does the same, but importlib imports warnings.
    module = __import__(f"krm_injector.cli.commands.{name}", fromlist=["run"])
    command: Callable[[Request], Answer] = module.run
    return command


# ---------------------------------------------------------------- help and trouble


def _help(command: str) -> int:
    from krm_injector.cli.help_text import help_text

    return streams.write(help_text(command))


def _wrong_usage(problem: object, words: list[str]) -> int:
    from krm_injector.cli.options import COMMANDS, commands_of

    named = [" ".join(words[:2]), *words[:1]]
    name = next((each for each in named if each in COMMANDS or commands_of(each)), "")
    page = f"krm-injector {name}".rstrip()
    streams.complain(f"krm-injector: {problem}\nTry {page} --help.\n")
    return WRONG_USAGE
