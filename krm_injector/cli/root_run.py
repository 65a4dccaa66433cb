"""explain, verify, diff and images of a directory with several targets: each target by itself, as
`krm-injector fleet` runs them, and one answer.
"""

from __future__ import annotations

import json

from krm_injector import results
from krm_injector.cli import fleet_run, roots, stopping, streams
from krm_injector.cli.fleet_run import Run
from krm_injector.cli.request import Answer
from krm_injector.fleet import neighbours, told
from krm_injector.fleet.model import Fleet, Target, TargetResult, Task
from krm_injector.model import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from krm_injector.cli.request import Arguments, Request
    from krm_injector.fleet.model import Report
    from krm_injector.fleet.neighbours import Neighbours
    from krm_injector.presenting.explain.style import Style
    from krm_injector.presenting.findings import Findings


def answer(request: Request, fleet: Fleet) -> Answer:
    """The answer for all targets. Raises Refused."""
    _refuse_options(request.arguments)
    request = request._replace(status=streams.status(request.arguments))
    return stopping.stoppable(lambda: _answer(request, fleet))


def _answer(request: Request, fleet: Fleet) -> Answer:
    around = neighbours.read(fleet)
    verbose = request.arguments.verbose
    run = _prepared(request, fleet, around)
    targets = {target.name: target for target in fleet.targets}
    finished = {}
    for result in fleet_run.results(request, run):
        target = targets[result.name]
        is_named = roots.is_named(target, request.arguments.paths)
        finished[result.name] = result if is_named else told.as_found(result, target)

    ordered = [finished[name] for name in targets if name in finished]
    own = (*told.about(fleet, verbose), *around.results, *_nothing_read(ordered, request))
    run = run._replace(fleet=fleet._replace(results=own))
    report = fleet_run.report(request, run, ordered)
    return _of_report(request, report, ordered)


def _prepared(request: Request, fleet: Fleet, around: Neighbours) -> Run:
    arguments = request.arguments
    command = fleet_run.command_of(arguments)
    clusters = {each.name: each for each in fleet.clusters}
    environment = fleet_run.of_task(request.environment)
    tasks = []
    for target in fleet.targets:
        cluster = clusters.get(target.cluster)
        options = fleet_run.options(arguments, cluster, target)
        options.update(_from_around(target, options, around))
        if request.colours and command == "diff":
            options["color"] = "always"  # a worker has no terminal
        tasks.append(Task(target, command, options, environment))
    return Run(command, fleet, tuple(tasks), fleet_run.shown(arguments), fleet_run.reader())


def _from_around(target: Target, options: dict[str, Any], around: Neighbours) -> dict[str, Any]:
    """The options by which a target knows what the other manifests say of its cluster."""
    found: dict[str, Any] = {}
    known = around.known(target.cluster)
    if known:
        found["known_namespaces"] = known
    if roots.is_mixed(target):
        found["own_files"] = True
    # A mesh that somebody names is the one that counts.
    is_stated = options.get("mesh") or options.get("config") or options.get("mesh_version")
    if around.meshes and not is_stated:
        found["context"] = (*options.get("context", ()), *around.meshes)
    return found


def _refuse_options(arguments: Arguments) -> None:
    """Raises Refused for options that say something of one target only."""
    problems = []
    if arguments.passed_on:
        words = " ".join(arguments.passed_on)
        message = (
            f"{words} behind -- is for kustomize or helm, and there are several targets here; name "
            "the directory that is meant, or leave it out"
        )
        problems.append(Result("error", message, code="options-unread"))

    upgrade = arguments.from_mesh or arguments.to_mesh
    patches = arguments.output in ("json6902", "strategic")
    if arguments.command == "diff" and (upgrade or patches):
        what = "--from and --to compare" if upgrade else f"--output {arguments.output} is for"
        rest = "; krm-injector fleet plan --to MESH does it for all of them" if upgrade else ""
        message = f"{what} one target, and there are several here; name a directory{rest}"
        problems.append(Result("error", message, code="options-unread"))

    if problems:
        raise Refused(*problems)


def _nothing_read(found: Sequence[TargetResult], request: Request) -> tuple[Result, ...]:
    """The error if there is no workload, and targets that could not be rendered: these are where
    the workloads are.
    """
    unrendered = [each for each in found if told.NOT_RENDERED in each.data]
    if not unrendered or any(each.data.get("workloads") for each in found):
        return ()

    message = (
        f"no workload was found, and {results.counted(len(unrendered), 'target')} cannot be "
        f"rendered here: nothing can be said by {request.arguments.command}"
    )
    return (Result("error", message, code="kustomization-not-applied"),)


# ---------------------------------------------------------------- the answer


def _of_report(request: Request, report: Report, ordered: Sequence[TargetResult]) -> Answer:
    from krm_injector.fleet.forms import results as forms

    arguments = request.arguments
    all_results = forms.of_report(
        report, verbose=arguments.verbose, every=arguments.results is not None
    )
    code = fleet_run.exit_code(report)

    def findings() -> Findings:
        from krm_injector import codes
        from krm_injector.fleet import found

        return found.findings(report, arguments.docs or codes.DOCS)

    text = _TEXTS[report.command](request, report, ordered)
    return Answer(text, all_results, code, findings=findings)


def _explain(request: Request, report: Report, _: Sequence[TargetResult]) -> str:
    from krm_injector.cli.tables import FINDINGS
    from krm_injector.fleet.forms import root

    form = request.arguments.output or "table"
    return "" if form in FINDINGS else root.explained(report, form, _style(request))


def _verify(request: Request, report: Report, _: Sequence[TargetResult]) -> str:
    from krm_injector.cli.tables import FINDINGS
    from krm_injector.fleet.forms import root

    form = request.arguments.output or "text"
    return "" if form in FINDINGS else root.verified(report, _style(request))


def _diff(_: Request, report: Report, ordered: Sequence[TargetResult]) -> str:
    """The diffs of all targets. With an error there is none, as for one target."""
    if fleet_run.exit_code(report):
        return ""
    return "".join(f"# {each.name}\n{each.text}" for each in ordered if each.text)


def _images(request: Request, report: Report, ordered: Sequence[TargetResult]) -> str:
    """The images of all targets, with the workloads of each."""
    if fleet_run.exit_code(report):
        return ""

    found: dict[str, list[dict[str, str]]] = {}
    for result in ordered:
        for image, workloads in result.data.get("images", {}).items():
            found.setdefault(image, []).extend(
                {"target": result.name, "workload": workload} for workload in workloads
            )

    if request.arguments.output != "json":
        return "".join(f"{image}\n" for image in sorted(found))
    rows = [
        {
            "image": image,
            "workloads": list(dict.fromkeys(place["workload"] for place in found[image])),
            "places": found[image],
        }
        for image in sorted(found)
    ]
    return json.dumps({"images": rows}, indent=2, ensure_ascii=False) + "\n"


def _style(request: Request) -> Style:
    from krm_injector.presenting.explain.style import PLAIN, Style

    arguments = request.arguments
    limit = PLAIN.limit if arguments.limit is None else arguments.limit
    return Style(request.width, request.colours, limit, arguments.verbose)


_TEXTS: dict[str, Callable[[Request, Report, Sequence[TargetResult]], str]] = {
    "explain": _explain,
    "verify": _verify,
    "diff": _diff,
    "images": _images,
}
