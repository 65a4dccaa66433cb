"""kustomize and kpt with our own function inside: how the options of the command line reach it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

from krm_injector.sources import kustomize, processes, stand_ins
from krm_injector.sources.processes import Rendered, Runner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.request import Request
    from krm_injector.sources.kustomize_options import KustomizeOptions

_OPTIONS = {  # of the function; its field of Arguments
    "--mesh-version": "mesh_version",
    "--namespace": "namespace",
    "--method": "method",
    "--revision": "revision",
}


def build(
    directory: str, program: Sequence[str], options: KustomizeOptions, request: Request
) -> Rendered:
    """The output of kustomize for a directory. Raises Refused.

    A function that is left out does its work after the build. One that kustomize runs, beside the
    functions of others, gets the options by which its Namespaces and its mesh may be known.
    """
    executes = any(word.startswith("--enable-exec") for word in options.words)
    silent_plugin = any(config.plugin for config in options.left_out)
    with starting(request, executes and not options.left_out, silent_plugin) as start:
        return kustomize.build(directory, program, options.words, start)


@contextlib.contextmanager
def starting(request: Request, executes: bool, silent_plugin: bool = False) -> Iterator[Runner]:
    """Starts programs that render. ``executes``: they run our function, which gets the options.
    ``silent_plugin``: see stand_ins. Raises Refused.
    """
    words = function_options(request) if executes else []
    with stand_ins.environment(request.environment, silent_plugin, words) as environment:
        yield lambda command: processes.start(command, environment=environment)


def function_options(request: Request) -> list[str]:
    """The options that the function has too. It has no --context: what that describes are labels of
    Namespaces and mesh files. It is started in another directory. Raises Refused.
    """
    from krm_injector.discovery import context
    from krm_injector.function_config import Settings
    from krm_injector.wiring import stated

    arguments = request.arguments
    words: list[str] = []
    for option, field in _OPTIONS.items():
        value = getattr(arguments, field)
        if value is not None:
            words.append(f"{option}={value}")

    labels = dict(arguments.namespace_labels)
    mesh: Sequence[str] = arguments.mesh
    if arguments.context:
        facts = context.read_facts(arguments.context, ())
        told = stated.of(Settings(), mesh, facts, frozenset(), reads_files=True)
        mesh = told.mesh
        labels |= {namespace.name: namespace.labels for namespace in told.namespaces}

    words += [f"--mesh={os.path.abspath(file)}" for file in mesh]
    for name, of_name in labels.items():
        pairs = ",".join(f"{key}={value}" for key, value in of_name.items())
        words.append(f"--namespace-labels={name}={pairs}")
    return words
