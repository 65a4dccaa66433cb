"""`krm-injector fleet verify`: checks that the manifests of every target are what injection gives
now; with --output, that a directory is what fleet build would write.
"""

from __future__ import annotations

import shlex

from krm_injector.cli import fleet_answer, fleet_run
from krm_injector.cli.request import Answer, Arguments, Request
from krm_injector.fleet.model import TargetResult
from krm_injector.fleet.output import Comparison, paths


def run(request: Request) -> Answer:
    """The results are the answer. Nothing is written. Raises Refused."""
    if request.arguments.to_directory is not None:
        return _compared(request, request.arguments.to_directory)

    prepared = fleet_run.prepare(request)
    results = fleet_run.results(request, prepared)
    return fleet_answer.answer(request, fleet_run.report(request, prepared, results))


def _compared(request: Request, directory: str) -> Answer:
    arguments = request.arguments
    prepared = fleet_run.prepare(request)
    builds = tuple(task._replace(command="build") for task in prepared.tasks)
    prepared = prepared._replace(tasks=builds)
    names = [target.name for target in prepared.fleet.targets]
    layout = paths.layout_of(arguments.layout)
    whole = paths.is_whole(prepared.fleet, bool(arguments.only or arguments.cluster))
    roots = paths.roots_of(arguments.paths, arguments.fleet_file)
    comparison = Comparison(directory, layout, names, whole, _mend(arguments), roots)

    results = [
        _counted(comparison.compare(result)) for result in fleet_run.results(request, prepared)
    ]
    prepared.notes.extend(comparison.finish())
    return fleet_answer.answer(request, fleet_run.report(request, prepared, results))


def _counted(result: TargetResult) -> TargetResult:
    """The result of a verify: none of the workloads of a file that differs is as it should be."""
    workloads = result.data.get("workloads", 0)
    differs = any(each.code.startswith("fleet-output-") for each in result.results)
    return result._replace(data={"workloads": workloads, "stale": workloads if differs else 0})


# The options that decide what is written; the mending command repeats them.
_REPEATED = ("fleet_file", "config", "mesh", "mesh_version", "namespace", "method", "revision",
             "kubernetes_version", "context", "kustomize", "helm", "layout",
             "to_directory")  # fmt: skip
_NAMES = {"fleet_file": "--fleet", "to_directory": "--output"}


def _mend(arguments: Arguments) -> str:
    """The command that writes the directory."""
    words = ["krm-injector", "fleet", "build"]
    for field in _REPEATED:
        value = getattr(arguments, field)
        option = _NAMES.get(field, f"--{field.replace('_', '-')}")
        for each in value if isinstance(value, tuple) else (value,):
            if each is not None:
                words += [option, each]

    words += ["--allow-exec"] if arguments.allow_exec else []
    return shlex.join([*words, *arguments.paths])
