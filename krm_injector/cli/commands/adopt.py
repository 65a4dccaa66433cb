"""`krm-injector adopt`: from a cluster whose webhook injects to manifests in Git that are injected
already.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable

from krm_injector import results
from krm_injector.adoption import Adoption, adopt
from krm_injector.cli import bundles, loader, recovery
from krm_injector.cli.request import Answer, Request
from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.model import Refused, Result
from krm_injector.sources.resource_list import members
from krm_injector.wiring import init, plan


def run(request: Request) -> Answer:
    """What the dump tells. With --output also the files for Git, in that directory."""
    from krm_injector.adoption import table

    arguments = request.arguments
    joined, read_results = bundles.join(loader.read(request, arguments.paths), arguments)
    adoption = adopt([members.with_type(each) for each in members.walk(joined.bundle)])

    text = table.text(adoption, arguments.verbose)
    recovered: tuple[Result, ...] = ()
    if arguments.to_directory is not None:
        recovered = recovery.restored([arguments.to_directory])
        text += "\n" + _written(adoption, arguments.to_directory, request.begin)
    every = (*read_results, *recovered, *adoption.results)
    return Answer(text, every, results.exit_code(every))


def _written(adoption: Adoption, directory: str, begin: Callable[[], object]) -> str:
    """Writes the files, and says what to type next. Raises Refused where another file is in the way
    of one of them; then nothing is written.
    """
    files: list[plan.File] = []
    problems = []
    for name, text in adoption.facts.files.items():
        standing = plan.present(directory, name)
        if standing is None:
            files.append(plan.File(name, text))
        elif standing != text:
            path = os.path.join(directory, name)
            message = (
                f"{path} is there and says something else; nothing was written. Move it away, or "
                "name another directory"
            )
            problems.append(Result("error", message, file=path, code="init-exists"))

    if problems:
        raise Refused(*problems)

    init.write(directory, files, begin)
    names = "".join(f"wrote {os.path.join(directory, file.path)}\n" for file in files)
    return (names or f"{directory} has all of this already\n") + _next(directory)


def _next(directory: str) -> str:
    config = shlex.quote(os.path.join(directory, FUNCTION_FILE))
    kustomize = "krm-injector init kustomize"
    return (
        "\nnext, in the repository of the manifests:\n"
        f"  krm-injector explain --config {config} MANIFESTS\n"
        f"  krm-injector inject --config {config} MANIFESTS\n"
        f"or, where {directory} is an overlay of kustomize:\n"
        f"  {kustomize} {shlex.quote(directory)}\n"
    )
