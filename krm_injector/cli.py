"""argv, streams, exit codes: the only file that touches sys.

stdout holds the ResourceList or the manifests and nothing else, and is written in one piece when all is known to be
well; everything for people goes to stderr.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from krm_injector.argocd import Application
    from krm_injector.arguments import Arguments
    from krm_injector.function_config import Settings
    from krm_injector.model import Result
    from krm_injector.pipeline import Outcome

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


class Answer(NamedTuple):
    """What a command came to, before anything is written."""

    text: str  # for stdout
    results: tuple[Result, ...]
    code: int


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
    """The words behind the program's name. Under the name of its kind the program is kustomize's legacy exec plugin:
    the functionConfig's file is the first argument, manifests come and go bare (kyaml, internal/plugins/execplugin)."""
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
        if sys.stdin is not None and sys.stdin.isatty():
            return _help("")
        return _finish(_function(None), None)
    from krm_injector.arguments import Usage, parse

    try:
        arguments = parse(words)
    except Usage as usage:
        return _wrong_usage(usage)
    if arguments.version:
        from krm_injector import __version__

        return _print(f"krm-injector {__version__}\n")
    if arguments.help:
        return _help(arguments.command)
    if arguments.command == "init" and not arguments.paths:
        from krm_injector.init import TARGETS

        return _wrong_usage(f"init what? One of {', '.join(TARGETS)}")
    if arguments.truth_table and arguments.paths:
        return _wrong_usage(f"--truth-table reads no manifests: leave {arguments.paths[0]} out")
    if not arguments.paths and not _reads_nothing(arguments) and sys.stdin is not None and sys.stdin.isatty():
        return _wrong_usage("nothing to read: stdin is a terminal; name files or directories, or pipe manifests in")
    from krm_injector.model import Refused

    try:
        answer = COMMANDS[arguments.command](arguments)
    except Refused as refused:
        answer = Answer("", refused.results, REFUSED)
    return _finish(answer, arguments)


# ---------------------------------------------------------------- the commands


def _function(arguments: Arguments | None) -> Answer:
    """A ResourceList to a ResourceList; once it could be read, it is given back whatever happens."""
    from krm_injector import pipeline, resource_list, results
    from krm_injector.model import Refused

    try:
        bundle = resource_list.read(_stdin())
        if not bundle.items:
            raise _nothing_to_do()
    except Refused as refused:
        return Answer("", refused.results, REFUSED)
    try:
        settings = _settings(arguments, bundle.function_config)
        outcome = pipeline.ACTIONS[settings.action](bundle, settings)
        code, replacements, said = results.exit_code(outcome.results), outcome.replacements, outcome.results
        originals = outcome.originals
    except Refused as refused:
        code, replacements, originals, said = REFUSED, {}, {}, refused.results
    text = resource_list.write(bundle, {} if code else replacements, results.entries(said), originals=originals)
    return Answer(text, said, code)


def _nothing_to_do() -> Exception:
    """An empty list given back with exit 0 makes kustomize and kpt delete every resource."""
    from krm_injector.model import Refused, Result

    message = "the ResourceList has no items: there is nothing to do, and an empty answer would delete resources"
    return Refused(Result("error", message, field="items", code="resource-list-empty"))


def _inject(arguments: Arguments) -> Answer:
    """inject, and eject, which reads and writes alike."""
    from krm_injector import inputs

    return _manifests(arguments, inputs.read(arguments.paths, _stdin), drop=False)


def _build(arguments: Arguments) -> Answer:
    from krm_injector import argocd, charts, exec_functions, inputs

    directory = arguments.paths[0] if arguments.paths else "."
    application = argocd.application(os.environ)
    chart = charts.is_chart(directory)
    if arguments.parameters:
        return Answer(argocd.announcements(application, charts.defaults(directory) if chart else None), (), DONE)
    if application is not None:
        arguments = argocd.arguments(arguments, application, directory)
    beside = os.path.join(directory, argocd.CONFIG)
    if arguments.config is None and os.path.isfile(beside):
        arguments = arguments._replace(config=beside)
    if chart:
        release = argocd.release(arguments, application, directory)
        # What stands behind -- in plugin.yaml is meant for kustomize: an Application says by parameters what helm gets.
        passed_on = arguments.passed_on if application is None else ()
        given = charts.render(directory, release, arguments.helm, passed_on, os.environ.get("PATH", os.defpath))
    else:
        path = os.environ.get("PATH", os.defpath)
        options = exec_functions.options(
            directory, arguments.kustomize, arguments.passed_on, path, arguments.allow_exec, "build"
        )
        given = inputs.render(directory, arguments.kustomize, options, os.environ)
    return _manifests(arguments, given, drop=True, application=application)


def _manifests(arguments: Arguments, given: Any, drop: bool, application: Application | None = None) -> Answer:
    """Manifests in, manifests out; without what no cluster is to see where that is to be dropped."""
    from krm_injector import results
    from krm_injector.inputs import not_applied

    action = "eject" if arguments.command == "eject" else "inject"
    joined, outcome = _outcome(arguments, given, action, application)
    code = results.exit_code(outcome.results)
    if code:
        return Answer("", outcome.results, code)
    items = joined.bundle.items
    dropped = not_applied(item.value for item in items) if drop else frozenset()
    if len(dropped) == len(items):
        from krm_injector.model import Result

        message = "nothing is left to apply: every manifest is marked as local-config"
        return Answer("", (*outcome.results, Result("error", message, code="input-empty")), REFUSED)
    return Answer(joined.write(outcome.replacements, dropped, outcome.originals), outcome.results, DONE)


def _explain(arguments: Arguments) -> Answer:
    if arguments.truth_table:
        return _truth_table(arguments)
    from krm_injector.explain import Look, command

    columns = _columns()
    limit = 200 if arguments.limit is None else int(arguments.limit)
    look = Look(columns, _colour(arguments, sys.stdout), limit, arguments.verbose)
    config = _document(arguments.config, "--config") if arguments.config else None

    def settings(own: Any, file: str | None) -> Settings:
        return _settings(arguments, config or own) if config or own or not file else _settings(
            arguments._replace(config=file), None)  # fmt: skip

    told = command.run(arguments, settings, _stdin, os.environ, look, _progress(arguments))
    return Answer(told.text, told.results, told.code)


def _columns() -> int:
    """Cells of a line where a person looks, or says so by COLUMNS; 0 for a pipe, where a line is as long as it is."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdigit() and int(stated) > 0:
        return max(int(stated), 40)
    if sys.stdout is None or not sys.stdout.isatty():
        return 0
    import shutil

    return max(shutil.get_terminal_size((80, 24)).columns, 40)


def _progress(arguments: Arguments) -> Callable[[int, int], None] | None:
    """Tells a person at a terminal how far a run is that takes longer than a second."""
    if arguments.quiet or sys.stderr is None or not sys.stderr.isatty():
        return None
    import time

    said = time.monotonic() + 0.75

    def tell(done: int, count: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said > 0.25:
            said = now
            sys.stderr.write(f"\r\x1b[K{done:,} of {count:,} workloads")
            sys.stderr.flush()
        if done + 1 == count:
            sys.stderr.write("\r\x1b[K")

    return tell


def _upkeep(arguments: Arguments) -> Answer:
    """verify, diff, images and snapshot."""
    from krm_injector import upkeep

    config = _document(arguments.config, "--config") if arguments.config else None

    def settings(mesh: str | None) -> Settings:
        return _settings(arguments._replace(mesh=mesh) if mesh else arguments, config)

    call = upkeep.Call(arguments, settings, _documents, _stdin, _colour(arguments, sys.stdout))
    return Answer(*upkeep.COMMANDS[arguments.command](call))


def _init(arguments: Arguments) -> Answer:
    from krm_injector import init

    directory = arguments.paths[1] if len(arguments.paths) > 1 else "."
    return Answer(init.run(arguments.paths[0], directory, arguments.image), (), DONE)


def _truth_table(arguments: Arguments) -> Answer:
    from krm_injector import truth_table

    versions = arguments.mesh_version.split(",") if arguments.mesh_version else truth_table.VERSIONS
    return Answer(truth_table.render(truth_table.tables(versions), arguments.output or "table"), (), DONE)


COMMANDS = {"": _function, "inject": _inject, "eject": _inject, "build": _build, "explain": _explain, "init": _init}
COMMANDS |= dict.fromkeys(("verify", "diff", "images", "snapshot"), _upkeep)


def _outcome(
    arguments: Arguments, given: Any, action: str = "inject", application: Application | None = None
) -> tuple[Any, Outcome]:
    """Inputs through the pipeline, as one bundle; the inputs' own warnings come first."""
    from krm_injector import pipeline
    from krm_injector.manifests import join

    joined = join(given.sources)
    settings = _settings(arguments, _document(arguments.config, "--config") if arguments.config else None)
    bundle = joined.bundle
    if arguments.context:
        from krm_injector import context

        facts = context.read(arguments.context, [source.file for source in given.sources if source.file])
        bundle = context.behind(bundle, facts)
    told = given.results
    if application is not None:
        from krm_injector import argocd

        settings = argocd.settings(settings, application)
        told = (*application.results, *told)
    outcome = pipeline.ACTIONS[action](bundle, settings)
    return joined, outcome._replace(results=(*told, *outcome.results))


# ---------------------------------------------------------------- settings


def _settings(arguments: Arguments | None, value: Any) -> Settings:
    """The functionConfig with the command line's options over it, and the mesh's file read."""
    from krm_injector import function_config

    if arguments is None:
        settings = function_config.settings(value)
        beside = ""
    else:
        if arguments.config and value is None:
            value = _document(arguments.config, "--config")
        settings = function_config.override(
            function_config.settings(value),
            method=arguments.method,
            revision=arguments.revision,
            default_namespace=arguments.namespace,
            mesh_file=arguments.mesh,
            version=arguments.mesh_version,
        )
        # kustomize hands its legacy plugins a copy of the functionConfig and says where the original lies.
        origin = os.environ.get("KUSTOMIZE_PLUGIN_CONFIG_ROOT") or os.path.dirname(arguments.config or "")
        beside = "" if arguments.mesh else origin
    if settings.images.file:
        settings = _with_lock(settings, arguments)
    if not settings.mesh.file:
        return settings
    path = os.path.join(beside, settings.mesh.file)
    if arguments is not None and arguments.within and not arguments.mesh:
        from krm_injector import argocd

        argocd.inside(path, arguments.within, "spec.mesh.file of the functionConfig", settings.mesh.file)
    if not os.path.isfile(path) and (arguments is None or not arguments.mesh):
        # A function in a container sees no files, and one started by kpt runs elsewhere than people expect.
        raise function_config.refuse_mesh_file(settings, f"there is no such file in {beside or os.getcwd()}")
    return function_config.with_mesh_documents(settings, _documents(path))


def _with_lock(settings: Settings, arguments: Arguments | None) -> Settings:
    """The settings with spec.images.file read; it lies beside the functionConfig, as spec.mesh.file does."""
    from krm_injector import function_config, images, inputs
    from krm_injector.kube import yaml
    from krm_injector.model import Refused, Result

    beside = "" if arguments is None else os.path.dirname(arguments.config or "")
    path = os.path.join(beside, settings.images.file)
    if arguments is not None and arguments.within:
        from krm_injector import argocd

        argocd.inside(path, arguments.within, "spec.images.file of the functionConfig", settings.images.file)
    if not os.path.isfile(path):
        raise images.no_file(settings.images.file, beside or os.getcwd())
    try:
        value = yaml.load(inputs.content(path).decode("utf-8", "replace"))
    except yaml.YamlError as problem:
        raise Refused(Result("error", f"{path}: {problem}", file=path, code=problem.code)) from None
    return function_config.with_lock(settings, images.read_lock({} if value is None else value, path))


def _document(path: str, option: str) -> Any:
    """The one document of a file."""
    from krm_injector.model import Refused, Result

    documents = _documents(path)
    if len(documents) != 1:
        message = f"{option} {path} holds {len(documents)} documents; it must hold one functionConfig"
        raise Refused(Result("error", message, file=path, code="function-config"))
    return documents[0]


def _documents(path: str) -> tuple[Any, ...]:
    """The objects of a file of YAML documents (or of JSON), Lists opened up."""
    from krm_injector import inputs, resource_list

    bundle = resource_list.read_manifests(inputs.content(path), path)
    documents: list[Any] = []
    for item in bundle.items:
        listed = item.value.get("items") if item.value["kind"].endswith("List") else None
        documents.extend(listed if isinstance(listed, list) else [item.value])
    return tuple(documents)


# ---------------------------------------------------------------- streams


def _stdin() -> bytes:
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def _finish(answer: Answer, arguments: Arguments | None) -> int:
    """Results to stderr, --log and --results, the text to stdout. The text goes last: it is what others wait for."""
    quiet = arguments is not None and arguments.quiet
    shown = [result for result in answer.results if result.severity == "error" or not quiet]
    if answer.code:
        # Orchestrators show the beginning: it says what is wrong.
        shown.sort(key=lambda result: result.severity != "error")
    if shown:
        _complain(_lines(shown, _colour(arguments, sys.stderr)))
    problem = ""
    if arguments is not None and arguments.log:
        problem = _write("--log", arguments.log, _lines(shown, False))
    if arguments is not None and arguments.results and not problem:
        problem = _write_results(arguments.results, answer)
    if problem:
        _complain(problem)
        return REFUSED
    code = _print(answer.text)
    return answer.code or code


def _print(text: str) -> int:
    if not text:
        return DONE
    try:
        if sys.stdout is None:
            raise OSError("stdout is closed")
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except OSError as problem:
        _complain(f"error: stdout cannot be written: {problem.strerror or problem}\n")
        return REFUSED
    return DONE


def _complain(text: str) -> None:
    if sys.stderr is not None and text:
        sys.stderr.write(text)


def _colour(arguments: Arguments | None, stream: TextIO | None) -> bool:
    if (arguments is not None and arguments.no_color) or stream is None or os.environ.get("NO_COLOR"):
        return False
    return stream.isatty()


def _write_results(path: str, answer: Answer) -> str:
    """--results: the form in which kpt keeps results. Returns what went wrong, or ""."""
    from krm_injector import results

    return _write("--results", path, results.as_file(answer.results, answer.code, as_json=path.endswith(".json")))


def _write(option: str, path: str, text: str) -> str:
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        return f"error: {option} {path} cannot be written: {problem.strerror or problem}\n"
    return ""


def _lines(shown: list[Result], colour: bool) -> str:
    from krm_injector import results

    return "".join(line + "\n" for line in results.lines(shown, colour))


def _reads_nothing(arguments: Arguments) -> bool:
    """Whether stdin is not asked for where no path is given."""
    return arguments.command == "build" or arguments.truth_table


def _help(command: str) -> int:
    from krm_injector.arguments import help_text

    return _print(help_text(command))


def _wrong_usage(problem: object) -> int:
    _complain(f"krm-injector: {problem}\nTry krm-injector --help.\n")
    return WRONG_USAGE


def _internal_error(problem: Exception) -> int:
    said = " ".join(str(problem).split())
    _complain(
        f"internal error: {type(problem).__name__}: {said[:300]} "
        "(please report this; KRM_INJECTOR_DEBUG=1 shows where)\n"
    )
    if os.environ.get("KRM_INJECTOR_DEBUG"):
        import traceback

        traceback.print_exception(problem)
    return REFUSED
