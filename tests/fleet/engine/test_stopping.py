"""Ctrl-C, SIGTERM and SIGKILL at random moments: nothing is half written, and nothing stays."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paths import ROOT

from krm_injector.cli import program, stopping
from krm_injector.cli.request import Answer

PROGRAM = ROOT / "tests" / "fleet" / "engine" / "stopped_program.py"
MOMENTS = 20
pytestmark = pytest.mark.slow


def start(directory: Path, jobs: int, sleep: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
    }
    started = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(directory), str(jobs), sleep],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for((directory / "ready").exists)
    return started


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def left_over(marks: str) -> list[str]:
    """Processes that are still there: the program's workers, and the programs they started."""
    listed = subprocess.run(["ps", "-eo", "pid,stat,args"], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if marks in line and " Z" not in line]


def message(signal_name: str) -> str:
    return f"error: stopped by {signal_name}; what was finished stays as it is [fleet-stopped]\n"


def check(directory: Path, marks: str) -> None:
    assert wait_for(lambda: not left_over(marks), 5), left_over(marks)
    for path in directory.iterdir():
        assert path.name == "ready" or path.read_text() == f"of {path.name}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_signal_at_random_moments(tmp_path: Path, number: signal.Signals, jobs: int) -> None:
    moments = random.Random(int(number) * jobs)
    for moment in range(MOMENTS // 4):
        directory = tmp_path / str(moment)
        directory.mkdir()
        sleep = f"0.03{os.getpid()}{jobs}{moment}"
        started = start(directory, jobs, sleep)
        time.sleep(moments.uniform(0, 0.6))
        started.send_signal(number)
        out, err = started.communicate(timeout=20)
        if started.returncode == -number:  # it came before the program began
            assert not err and not out
        else:
            assert started.returncode == 128 + number, err
            assert err == message(number.name)
            assert not out

        check(directory, sleep)
        assert not left_over(str(directory))


def test_ctrl_c_in_a_terminal_goes_to_the_whole_group(tmp_path: Path) -> None:
    sleep = f"0.04{os.getpid()}"
    started = start(tmp_path, 2, sleep)
    time.sleep(0.4)
    os.killpg(started.pid, signal.SIGINT)
    _, err = started.communicate(timeout=20)
    assert (started.returncode, err) == (130, message("SIGINT"))
    check(tmp_path, sleep)


def test_impatience_changes_nothing(tmp_path: Path) -> None:
    sleep = f"0.05{os.getpid()}"
    started = start(tmp_path, 2, sleep)
    time.sleep(0.4)
    for _ in range(5):
        started.send_signal(signal.SIGINT)
        time.sleep(0.002)

    _, err = started.communicate(timeout=20)
    assert (started.returncode, err) == (130, message("SIGINT"))
    check(tmp_path, sleep)


@pytest.mark.parametrize("sleep", ["0.02", "3000"], ids=["quick", "long"])
def test_workers_end_when_the_program_is_killed(tmp_path: Path, sleep: str) -> None:
    sleep = f"{sleep}.{os.getpid()}".replace("0.02.", "0.02")
    started = start(tmp_path, 2, sleep)
    assert wait_for(lambda: bool(left_over(f"sleep {sleep}")))
    started.kill()
    started.communicate(timeout=20)
    assert wait_for(lambda: not left_over(f"sleep {sleep}"), 5), left_over(sleep)
    assert wait_for(lambda: not left_over(str(tmp_path)), 5), left_over(str(tmp_path))


@pytest.fixture
def handlers() -> Iterator[None]:
    """The signals' handlers are as before afterwards."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGALRM)
    before = {each: signal.getsignal(each) for each in numbers}
    hook = sys.unraisablehook
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.unraisablehook = hook
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_is_swallowed_stops_the_run_all_the_same() -> None:
    """An exception that is raised in a destructor is lost."""

    class Swallows:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def work() -> Answer:
        swallows = Swallows()
        del swallows
        return Answer("all of it")

    answer = stopping.stoppable(work)
    assert (answer.text, answer.code) == ("", 130)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN])
def test_when_the_work_is_done_signals_are_handled_as_before(handler: signal.Handlers) -> None:
    """As by a filter in the program; as by Python where another program calls this one."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)
    for each in numbers:
        signal.signal(each, handler)

    assert stopping.stoppable(lambda: Answer("all of it")) == Answer("all of it")
    assert [signal.getsignal(each) for each in numbers] == [handler] * 3


def test_only_fleet_commands_are_stopped_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter ends by the signal itself."""
    monkeypatch.setattr(stopping, "stoppable", lambda work: pytest.fail("it is no filter"))
    assert program.run(["explain", "--truth-table", "--quiet"]) == 0
