"""The same tasks on a real Dask cluster: the same results, and none is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fleet.engine.dask_cluster import DaskCluster
from fleet.engine.tasks import done, task, tasks, work

from krm_injector.fleet import engine
from krm_injector.fleet.engine import Options, remote
from krm_injector.fleet.model import Inputs, TargetResult, Task
from krm_injector.model import Refused, Result

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    started = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield started
    started.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[DaskCluster]:
    """A cluster of the test's own, to be killed."""
    directory = tmp_path / "dask"
    directory.mkdir()
    started = DaskCluster(directory)
    yield started
    started.stop()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a file a target beside a secret."""
    here = tmp_path / "repository" / "deploy"
    for number in range(5):
        folder = here / f"apps/{number}"
        folder.mkdir(parents=True)
        (folder / "text").write_text(f"text {number}")

    (here.parent / "shared").write_text("shared")
    (here / "secret").write_text("secret")
    (here / "link").symlink_to("apps/0")
    monkeypatch.chdir(here)
    return here


def ran(
    all_tasks: list[Task],
    address: str,
    files: tuple[Inputs, ...] = (),
    notes: list[Result] | None = None,
) -> dict[str, TargetResult]:
    options = Options(len(all_tasks), scheduler=address, files=lambda: files)
    results = list(engine.run(all_tasks, work, options, [] if notes is None else notes))
    assert len(results) == len(all_tasks)
    return {result.name: result for result in results}


def said(result: TargetResult) -> str:
    assert result.code == 1
    (error,) = result.results
    return f"{error.message} [{error.code}]"


def test_the_results_are_those_of_this_machine(cluster: DaskCluster) -> None:
    all_tasks = tasks(40)
    assert ran(all_tasks, cluster.address) == {each.target.name: done(each) for each in all_tasks}


def test_both_workers_work(cluster: DaskCluster) -> None:
    names = [task(f"who:{number}") for number in range(40)]
    assert len({result.text for result in ran(names, cluster.address).values()}) == 2


def test_tasks_find_their_files_and_no_others(cluster: DaskCluster, repository: Path) -> None:
    inputs = Inputs(("apps/0/text", "../shared", "link/text", "absent"), ("apps/1", "apps/2"))
    read = {"apps/0/text": "text 0", "../shared": "shared", "link/text": "text 0",
            "apps/1/text": "text 1", "apps/2/text": "text 2"}  # fmt: skip
    paths = [*read, "secret", "apps/3/text"]
    all_tasks = [task(f"reads:{number}", path=path) for number, path in enumerate(paths)]
    results = ran(all_tasks, cluster.address, (inputs,))
    for number, path in enumerate(paths):
        result = results[f"reads:{number}"]
        if path in read:
            assert result.text == read[path]
        else:
            assert "FileNotFoundError" in said(result)


def test_workers_keep_no_file_and_stay_where_they_are(
    cluster: DaskCluster, repository: Path
) -> None:
    results = ran([task("where")], cluster.address, (Inputs(("apps/0/text",)),))
    assert "/krm-injector-" in results["where"].text
    cluster.wait_for(lambda: not cluster.unpacked())


def test_absolute_paths_are_refused(cluster: DaskCluster, repository: Path) -> None:
    inputs = Inputs((str(repository / "secret"), str(repository.parent / "shared")))
    with pytest.raises(Refused) as refused:
        ran(tasks(1), cluster.address, (inputs,))
    messages = [result.message for result in refused.value.results]
    assert len(messages) == 2 and messages[0].endswith("working directory, as secret")
    assert messages[1].endswith("as ../shared")


def test_programs_are_those_of_the_worker(cluster: DaskCluster) -> None:
    with_path = task("path")._replace(environment={"PATH": "/of/the/client"})
    assert ran([with_path], cluster.address)["path"].text == os.environ["PATH"]


def test_what_a_task_raises_is_its_result(cluster: DaskCluster) -> None:
    results = ran([*tasks(3), task("raises"), task("unpicklable")], cluster.address)
    assert "ValueError: three lines of it" in said(results["raises"])
    assert results["unpicklable"].code in (0, 1)  # cloudpickle takes a lambda
    assert not results["t00002"].code


def test_a_worker_with_threads_runs_tasks_where_they_belong(
    tmp_path: Path, repository: Path
) -> None:
    directory = tmp_path / "threads"
    directory.mkdir()
    cluster = DaskCluster(directory, workers=0)
    try:
        cluster.start_worker(threads=4)
        all_tasks = [task(f"reads:{n}", path=f"apps/{n % 5}/text", wait=0.01) for n in range(40)]
        results = ran(all_tasks, cluster.address, (Inputs((), ("apps",)),))
        assert [results[f"reads:{n}"].text for n in range(40)] == [
            f"text {n % 5}" for n in range(40)
        ]
    finally:
        cluster.stop()


# ---------------------------------------------------------------- losses


def test_a_task_that_kills_its_worker_is_an_error_and_the_others_are_done(
    own: DaskCluster,
) -> None:
    results = ran([*tasks(10), task("killed"), *tasks(20)[10:]], own.address)
    message = said(results.pop("killed"))
    assert "[fleet-worker-lost]" in message and "lost on each machine" in message
    assert [said(result) for result in results.values() if result.code] == []


def disturbed(
    disturb: Callable[[], object], address: str, count: int, notes: list[Result] | None = None
) -> list[TargetResult]:
    """The results of tasks during which something happens: when the first five are done."""
    all_tasks = [task(f"sleeps:{number}", seconds=0.1) for number in range(count)]
    options = Options(count, scheduler=address)
    results: list[TargetResult] = []
    for result in engine.run(all_tasks, work, options, [] if notes is None else notes):
        results.append(result)
        if len(results) == 5:
            disturb()

    assert {result.name for result in results} == {each.target.name for each in all_tasks}
    return results


def test_a_worker_that_is_lost_costs_nothing(own: DaskCluster) -> None:
    results = disturbed(lambda: own.kill(own.processes[1]), own.address, 60)
    assert [said(result) for result in results if result.code] == []


def test_a_scheduler_that_goes_away_is_told_for_each_target(
    own: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_RECONNECT", 2)
    results = disturbed(lambda: own.kill(own.scheduler), own.address, 100)
    failed = [result for result in results if result.code]
    assert 80 < len(failed) <= 95
    for result in failed:
        assert "went away, and did not come back within 2 s" in said(result)
        assert "[fleet-scheduler]" in said(result)


def test_a_scheduler_that_comes_back_costs_nothing(own: DaskCluster) -> None:
    def restart() -> None:
        own.kill(own.scheduler)
        own.start_scheduler(own.port)
        own.start_worker()

    notes: list[Result] = []
    results = disturbed(restart, own.address, 60, notes)
    assert [said(result) for result in results if result.code] == []
    assert "its scheduler, which is back" in notes[0].message


def test_workers_that_are_all_gone_are_told(
    own: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill() -> None:
        for process in own.processes[1:]:
            own.kill(process)

    monkeypatch.setattr(remote, "_RECONNECT", 2)
    failed = [result for result in disturbed(kill, own.address, 60) if result.code]
    assert failed and "has had no worker for 2 s" in said(failed[0])


# ---------------------------------------------------------------- what cannot begin


def refusal(address: str) -> str:
    with pytest.raises(Refused) as refused:
        ran(tasks(2), address)
    (error,) = refused.value.results
    assert error.code == "fleet-scheduler"
    return error.message


def test_a_scheduler_that_is_not_there(
    cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_CONNECT", 1)
    assert "cannot be reached within 1 s" in refusal("tcp://127.0.0.1:9")
    assert "cannot be reached" in refusal("nonsense://")


def test_a_scheduler_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_WORKERS", 1)
    cluster = DaskCluster(tmp_path, workers=0)
    try:
        message = refusal(cluster.address)
        assert "has had no worker for 1 s; start some with: dask worker" in message
    finally:
        cluster.stop()


def test_a_worker_of_another_version(cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("krm_injector.__version__", "0.0.9")
    message = refusal(cluster.address)
    assert "has krm-injector" in message and "here it is 0.0.9" in message


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    assert "pip install 'krm-injector[fleet]'" in refusal("tcp://127.0.0.1:9")
