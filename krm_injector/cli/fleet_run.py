"""The road that the commands of `krm-injector fleet` share: roots and options -> Run ->
TargetResults, as they finish -> Report.
"""

from __future__ import annotations

from krm_injector.cli.request import Arguments
from krm_injector.fleet.model import Fleet, Report, Task
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from krm_injector.cli.request import Request
    from krm_injector.fleet.cache import Cache
    from krm_injector.fleet.engine import Options as EngineOptions
    from krm_injector.fleet.inputs import Reader
    from krm_injector.fleet.model import Cluster, FleetCommand, Inputs, Target, TargetResult

# The fields of Arguments that change what a target comes to. The others choose targets, or say
# where the answer goes.
_OPTIONS = ("mesh", "context", "config", "namespace", "namespace_labels", "method", "revision",
            "mesh_version", "kubernetes_version", "kustomize", "helm", "allow_exec", "from_mesh",
            "to_mesh", "campaign", "verbose")  # fmt: skip
# What reports show of the command line: also what a reader must know to compare two of them.
_SHOWN = (*_OPTIONS, "changed_since", "only", "cluster", "waves", "layout", "to_directory")
_ENVIRONMENT = ("PATH", "KRM_INJECTOR_SHAPES")


class Run(NamedTuple):
    """What is to be done: the tasks of a run, or of one of its shards."""

    command: FleetCommand
    fleet: Fleet  # the targets of the run, also of its other shards
    tasks: tuple[Task, ...]  # in the order of the targets
    options: dict[str, Any]  # that the forms show
    reader: Reader  # of the inputs of all targets; each file is read once
    untouched: tuple[str, ...] = ()  # targets that nothing touched since --changed-since
    shard: tuple[int, int] = (1, 1)
    notes: list[Result] = []  # noqa: RUF012 - about the run; grows while results are taken


# ---------------------------------------------------------------- what is to be done


def prepare(request: Request) -> Run:
    """Finds the targets, and makes a Task of each that is to be looked at. Raises Refused."""
    arguments = request.arguments
    _refuse_jobs_elsewhere(arguments)
    fleet = find(arguments)
    notes: list[Result] = []
    untouched: tuple[str, ...] = ()
    told = shown(arguments)
    read = reader()
    targets = fleet.targets
    if arguments.changed_since is not None:
        touched = _touched(read, fleet, arguments, notes)
        told["touched"] = touched
        untouched = tuple(each.name for each in targets if each.name not in touched)
        targets = tuple(each for each in targets if each.name in touched)

    shard = _shard(request)
    if shard != (1, 1):
        targets = _of_shard(read, fleet, targets, shard, arguments)

    command = command_of(arguments)
    clusters = {each.name: each for each in fleet.clusters}
    environment = of_task(request.environment)
    tasks = tuple(
        Task(each, command, options(arguments, clusters.get(each.cluster), each), environment)
        for each in targets
    )
    return Run(command, fleet, tasks, told, read, untouched, shard, notes)


def _refuse_jobs_elsewhere(arguments: Arguments) -> None:
    if arguments.scheduler is not None and arguments.jobs is not None:
        message = (
            f"--jobs {arguments.jobs} is for processes of this machine, and --scheduler runs the "
            "targets on workers elsewhere; leave one of them out"
        )
        raise Refused(Result("error", message, code="options-unread"))


def find(arguments: Arguments) -> Fleet:
    """The targets that the command line names. Raises Refused if there are none."""
    from krm_injector.fleet import finding, selection

    fleet = finding.find(arguments.paths or (".",), arguments.fleet_file)
    if not fleet.targets:
        raise Refused(*fleet.results)

    return selection.select(fleet, arguments.only, arguments.cluster)


def command_of(arguments: Arguments) -> FleetCommand:
    """The word after "fleet"."""
    name: FleetCommand = arguments.command.removeprefix("fleet ")  # type: ignore[assignment]
    return name


def options(arguments: Arguments, cluster: Cluster | None, target: Target) -> dict[str, Any]:
    """The options with which a target is rendered. Those of the command line win over those of the
    cluster, and these over the target's own. Only options that somebody states are in it.
    """
    stated: dict[str, Any] = {}
    if target.namespace:
        stated["namespace"] = target.namespace

    if cluster is not None:
        of_cluster = {
            "mesh": cluster.mesh,
            "context": cluster.context,
            "config": cluster.config,
            "revision": cluster.revision,
            "kubernetes_version": cluster.kubernetes_version,
        }
        stated.update({name: value for name, value in of_cluster.items() if value})

    stated.update(_stated(arguments, _OPTIONS))
    if arguments.output is not None or arguments.results is not None:
        from krm_injector.cli import finding_forms

        stated.update({"placed": True} if finding_forms.is_wanted(arguments) else {})
    return stated


def _stated(arguments: Arguments, names: tuple[str, ...]) -> dict[str, Any]:
    """The options that the command line states."""
    values = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in values.items() if value != getattr(Arguments, name)}


def shown(arguments: Arguments) -> dict[str, Any]:
    """What reports show of the command line."""
    return _stated(arguments, _SHOWN)


def of_task(environment: Mapping[str, str]) -> dict[str, str]:
    """What a task gets of the environment."""
    return {name: environment[name] for name in _ENVIRONMENT if name in environment}


# ---------------------------------------------------------------- only a part of the targets


def reader() -> Reader:
    """A reader of the inputs of all targets."""
    from krm_injector.fleet import inputs

    return inputs.Reader()


def _touched(
    reader: Reader, fleet: Fleet, arguments: Arguments, notes: list[Result]
) -> dict[str, str]:
    """The names of the targets that a change since --changed-since can have touched, each with the
    reason.
    """
    from krm_injector.fleet import changes
    from krm_injector.sources import processes

    revision = arguments.changed_since
    assert revision is not None
    read = {each.name: _inputs(reader, each, fleet, arguments) for each in fleet.targets}
    touched = changes.touched(read, revision, processes.start)
    notes += touched.results
    return {name: touched.why.get(name, "") for name in touched.names}


def _inputs(reader: Reader, target: Target, fleet: Fleet, arguments: Arguments) -> Inputs:
    cluster = fleet.cluster(target)
    return reader.inputs(target, cluster, options(arguments, cluster, target))


def _shard(request: Request) -> tuple[int, int]:
    """The shard that --shard or Kubernetes' variables of an Indexed Job name. Raises Refused."""
    from krm_injector.fleet.engine import shards

    return request.arguments.shard or shards.of_job(request.environment) or (1, 1)


def _of_shard(
    reader: Reader,
    fleet: Fleet,
    targets: tuple[Target, ...],
    shard: tuple[int, int],
    arguments: Arguments,
) -> tuple[Target, ...]:
    """The targets of one shard, in their order."""
    from krm_injector.fleet.engine import shards

    names = [each.name for each in targets]
    if arguments.costs is not None:
        weights = shards.measured(names, _costs(arguments.costs))
    else:
        weights = {
            each.name: shards.size(reader.paths(_inputs(reader, each, fleet, arguments)))
            for each in targets
        }

    chosen = shards.shard(weights, *shard)
    return tuple(each for each in targets if each.name in chosen)


def _costs(path: str) -> dict[str, float]:
    """The measured cost of each target of an earlier report. Raises Refused."""
    from krm_injector.fleet import reports

    return {result.name: result.cost for result in reports.read(path).results}


# ---------------------------------------------------------------- results


def results(request: Request, run: Run) -> Iterator[TargetResult]:
    """One result for each task, in the order in which they finish. What is in the cache comes
    without a worker. Raises Refused.
    """
    from krm_injector.cli import fleet_tasks
    from krm_injector.fleet import engine

    arguments = request.arguments
    keys: dict[str, str] = {}
    cache = _cache(run, arguments)
    work = run.tasks if cache is None else _cached(cache, run, arguments, keys)
    finished = engine.run(work, fleet_tasks.run_task, _engine_options(request, run), run.notes)
    for result in finished:
        key = keys.pop(result.name, "")
        if cache is not None and key:
            cache.put(key, result)
        yield result

    if cache is not None:
        run.notes.extend(cache.results)


def _engine_options(request: Request, run: Run) -> EngineOptions:
    from krm_injector.fleet.engine import Options

    arguments = request.arguments
    return Options(
        len(run.tasks),
        arguments.jobs,
        arguments.scheduler,
        request.status,
        lambda: _files(run, arguments),
    )


def _files(run: Run, arguments: Arguments) -> Iterator[Inputs]:
    """What workers elsewhere need of this machine's files. If a target may read more than is known,
    everything below the roots.
    """
    from krm_injector.fleet.model import Inputs

    is_known = True
    for task in run.tasks:
        read = _inputs(run.reader, task.target, run.fleet, arguments)
        is_known = is_known and not read.unknown
        yield Inputs(tuple(run.reader.paths(read)))

    if not is_known:
        yield Inputs((), arguments.paths or (".",))


def _cache(run: Run, arguments: Arguments) -> Cache | None:
    if arguments.cache is None:
        return None

    from krm_injector.fleet.cache import Cache

    return Cache(arguments.cache, run.reader.places)


def _cached(
    cache: Cache, run: Run, arguments: Arguments, keys: dict[str, str]
) -> Iterator[Task | TargetResult]:
    """Each task, or its result where the cache has it. ``keys`` gets the keys of the tasks."""
    for task in run.tasks:
        key = cache.key(task, _inputs(run.reader, task.target, run.fleet, arguments))
        found = cache.get(key) if key else None
        if found is not None:
            yield found._replace(cached=True)
            continue

        keys[task.target.name] = key
        yield task


# ---------------------------------------------------------------- the report


def report(
    request: Request,
    run: Run,
    results: Iterable[TargetResult],
    files: tuple[int, int, int] | None = None,
) -> Report:
    """The results in the order of the targets, without their manifests; written to --report too.
    ``files``: how many a build has written, left unchanged and removed. Raises Refused if --report
    cannot be written.
    """
    from krm_injector.fleet import engine
    from krm_injector.fleet.merge import FILES
    from krm_injector.fleet.sharing import Sharing

    sharing = Sharing({})
    by_name = {result.name: sharing.result(result) for result in results}
    engine.refuse_missing((task.target.name for task in run.tasks), by_name)
    shown = run.options if files is None else {**run.options, FILES: list(files)}
    made = Report(
        run.command,
        run.fleet,
        tuple(by_name[task.target.name] for task in run.tasks),
        shown,
        run.shard,
        run.untouched,
        tuple(run.notes),
    )
    path = request.arguments.report
    if path is not None:
        from krm_injector.fleet import reports

        reports.write(path, made)

    return made


def exit_code(report: Report) -> int:
    """1 if a target has an error, or if the search or the run has one; else 0."""
    own = (*report.fleet.results, *report.notes)
    failed = any(result.code for result in report.results)
    return int(failed or any(result.severity == "error" for result in own))
