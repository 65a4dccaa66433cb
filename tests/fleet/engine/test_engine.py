"""Each task gets exactly one result, whatever happens to workers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet.engine.tasks import done, task, tasks, work

from krm_injector.fleet import engine
from krm_injector.fleet.engine import Options, local
from krm_injector.fleet.engine.progress import State
from krm_injector.fleet.model import TargetResult, Task
from krm_injector.model import Result


def ran(
    all_tasks: list[Task], jobs: int = 2, notes: list[Result] | None = None
) -> dict[str, TargetResult]:
    kept = notes if notes is not None else []
    results = list(engine.run(all_tasks, work, Options(len(all_tasks), jobs), kept))
    by_name = {result.name: result for result in results}
    assert len(by_name) == len(results) == len(all_tasks)
    return by_name


def said(result: TargetResult) -> str:
    assert result.code == 1
    (error,) = result.results
    return f"{error.message} [{error.code}]"


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_every_task_has_its_result(jobs: int) -> None:
    all_tasks = tasks(50)
    assert ran(all_tasks, jobs) == {each.target.name: done(each) for each in all_tasks}


def test_one_job_runs_in_this_process_and_more_in_others() -> None:
    names = [task(f"who:{number}") for number in range(12)]
    assert {result.text for result in ran(names, 1).values()} == {str(os.getpid())}
    assert {result.text for result in ran(names, 2).values()}.isdisjoint({str(os.getpid())})


def test_workers_are_kept() -> None:
    names = [task(f"who:{number}") for number in range(40)]
    assert len({result.text for result in ran(names, 2).values()}) <= 2


def test_results_come_when_they_are_ready() -> None:
    slow = [task("sleeps:0", seconds=0.5), *tasks(20)]
    order = [result.name for result in engine.run(slow, work, Options(21, 2), [])]
    assert order[-1] == "sleeps:0"


def test_results_that_are_known_pass() -> None:
    known = TargetResult("known", 0, cached=True)
    given: list[Task | TargetResult] = [task("one"), known, task("two")]
    results = list(engine.run(given, work, Options(3, 2), []))
    assert {result.name for result in results} == {"known", "one", "two"}
    assert known in results


def test_without_a_task_no_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "start_method", lambda: pytest.fail("a process starts"))
    known = [TargetResult(f"known:{number}", 0) for number in range(5)]
    assert list(engine.run(known, work, Options(5, 2), [])) == known


def test_few_tasks_wait_at_a_time() -> None:
    taken = 0

    def counted() -> Iterator[Task]:
        nonlocal taken
        for each in tasks(500):
            taken += 1
            yield each

    for number, _ in enumerate(engine.run(counted(), work, Options(500, 2), [])):
        assert taken - number <= 8


# ---------------------------------------------------------------- errors of a task


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("raises", "ValueError: three lines of it"),
        ("no-memory", "MemoryError"),
        ("no-result", "TypeError: its result is NoneType"),
        ("of-another", "TypeError: its result is TargetResult"),
    ],
)
def test_what_a_task_raises_is_its_result(jobs: int, what: str, message: str) -> None:
    results = ran([task("before"), task(what), task("behind")], jobs)
    assert message in said(results[what])
    assert "[fleet-internal-error]" in said(results[what])
    assert not results["before"].code and not results["behind"].code


def test_a_result_that_cannot_travel_is_an_error() -> None:
    results = ran([task("before"), task("unpicklable"), task("behind")])
    assert "[fleet-internal-error]" in said(results["unpicklable"])
    assert not results["before"].code and not results["behind"].code


def test_a_task_that_cannot_travel_is_an_error() -> None:
    results = ran([task("before"), task("strange", f=lambda: None), task("behind")])
    assert "[fleet-internal-error]" in said(results["strange"])
    assert not results["before"].code and not results["behind"].code


def test_a_task_that_leaves_the_program_does_not_end_the_run() -> None:
    results = ran([task("before"), task("leaves"), task("behind")])
    assert "SystemExit: 5" in said(results["leaves"])
    assert not results["behind"].code


# ---------------------------------------------------------------- lost workers


def test_a_worker_that_is_killed_once_costs_nothing(tmp_path: Path) -> None:
    notes: list[Result] = []
    once = task("killed-once", marker=str(tmp_path / "marker"))
    results = ran([*tasks(10), once, *tasks(20)[10:]], notes=notes)
    assert not any(result.code for result in results.values())
    (note,) = notes
    assert (note.severity, note.code) == ("info", "fleet-retried")
    assert "was killed by SIGKILL" in note.message and "killed-once" in note.message


@pytest.mark.parametrize("place", [0, 7, 20])
def test_a_task_that_kills_its_worker_each_time_is_an_error(place: int) -> None:
    all_tasks = tasks(20)
    all_tasks.insert(place, task("killed"))
    results = ran(all_tasks)
    message = said(results.pop("killed"))
    assert "the worker of apps/killed was killed by SIGKILL" in message
    assert "--jobs 1 --only 'killed'" in message and "[fleet-worker-lost]" in message
    assert not any(result.code for result in results.values())


def test_a_worker_that_ends_is_lost_too() -> None:
    results = ran([*tasks(4), task("exits")])
    assert "ended with exit status 3" in said(results["exits"])


def test_many_tasks_that_kill_their_workers() -> None:
    deadly = [task(f"killed:{number}") for number in range(6)]
    results = ran([*deadly, *tasks(6)])
    assert sum(result.code for result in results.values()) == 6
    assert {name for name, result in results.items() if result.code} == {
        each.target.name for each in deadly
    }


def test_what_a_killed_worker_has_started_ends_too() -> None:
    seconds = "3011.25"
    ran([task("starts-and-is-killed", sleep=seconds), *tasks(3)])
    assert not running(seconds)


def running(seconds: str) -> list[str]:
    """The processes of `sleep` with that time. What was killed needs a moment to go."""
    end = time.monotonic() + 5
    while True:
        found = subprocess.run(
            ["ps", "-eo", "pid,stat,args"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        alive = [line for line in found if f"sleep {seconds}" in line and " Z" not in line]
        if not alive or time.monotonic() > end:
            return alive
        time.sleep(0.05)


def test_a_run_that_is_left_ends_its_workers_and_what_they_started() -> None:
    seconds = "3022.25"
    left = engine.run(
        [task("first"), task("starts", sleep=seconds), *tasks(5)], work, Options(7, 2), []
    )
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert not running(seconds)


# ---------------------------------------------------------------- processes


def test_a_process_with_other_threads_forks_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert local.start_method() == ("fork" if sys.platform == "linux" else "spawn")
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert local.start_method() == "spawn"


def test_new_processes_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "start_method", lambda: "spawn")
    results = ran([*tasks(6), task("killed"), task("raises")])
    assert "was killed by SIGKILL" in said(results.pop("killed"))
    assert "ValueError" in said(results.pop("raises"))
    assert not any(result.code for result in results.values())


def test_after_a_loss_processes_are_forked_again() -> None:
    """The executor's threads have ended by then: Python 3.12 warns of a fork beside them."""
    before = threading.active_count()
    ran([task("killed"), *tasks(5)])
    assert threading.active_count() == before


def test_there_is_a_core() -> None:
    assert 1 <= local.cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("text", "limit"), [("max 100000", 1 << 16), ("150000 100000", 2),
                                             ("100000 100000", 1), ("", 1 << 16)])  # fmt: skip
def test_the_limit_of_a_container(
    text: str, limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(text)
    monkeypatch.setattr(local, "_CGROUP_LIMIT", str(tmp_path / "cpu.max"))
    assert local._limit() == limit


# ---------------------------------------------------------------- progress


def test_the_run_tells_how_far_it_is() -> None:
    states: list[State] = []
    slow = [task("sleeps:0", seconds=0.6), *tasks(5)]
    list(engine.run(slow, work, Options(6, 2, status=states.append), []))
    assert [state.done for state in states] == sorted(state.done for state in states)
    assert states[-1].done == states[-1].total == 6
    assert max(state.slowest_for for state in states if state.slowest == "sleeps:0") >= 0.4


def test_a_result_too_many_is_an_error() -> None:
    twice = [TargetResult("one", 0), TargetResult("one", 0)]
    with pytest.raises(RuntimeError, match="one has two results"):
        list(engine.run(twice, work, Options(2), []))


def test_a_result_too_few_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="1 targets have no result: b"):
        engine.refuse_missing(["a", "b"], {"a": 1})
