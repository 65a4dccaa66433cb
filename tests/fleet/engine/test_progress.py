"""How far a run is, in words; and when it is said."""

from __future__ import annotations

import io
import sys

import pytest

from krm_injector.cli import streams
from krm_injector.cli.request import Arguments
from krm_injector.fleet.engine.progress import State, duration, line


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State(0, 1000, 0.0), "0 of 1,000 targets"),
        (State(0, 1000, 5.0, "eu/a", 1.9), "0 of 1,000 targets"),
        (State(0, 1000, 5.0, "eu/a", 4.96), "0 of 1,000 targets; eu/a has taken 5.0 s"),
        (State(250, 1000, 10.0), "250 of 1,000 targets, 25/s, 30 s left"),
        (State(30, 130, 20.0), "30 of 130 targets, 1.5/s, 67 s left"),
        (State(5, 20, 600.0), "5 of 20 targets, 0.5/min, 30 min 0 s left"),
        (
            State(1204, 20_000, 100.0, "eu-1/apps/shop", 12.4),
            "1,204 of 20,000 targets, 12/s, 26 min 1 s left; eu-1/apps/shop has taken 12 s",
        ),
        (State(1, 1, 3.21), "1 of 1 target in 3.2 s"),
        (State(20_000, 20_000, 8000.0), "20,000 of 20,000 targets in 2 h 13 min"),
    ],
)
def test_a_state_is_one_line(state: State, expected: str) -> None:
    assert line(state) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (10.0, "10 s"), (119.4, "119 s"), (121, "2 min 1 s"),
     (7199, "119 min 59 s"), (7200, "2 h 0 min"), (90_000, "25 h 0 min")],
)  # fmt: skip
def test_durations(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_a_line_fits_the_terminal() -> None:
    state = State(1204, 20_000, 100.0, "eu-1/" + "x" * 100, 12.4)
    assert len(line(state, 80)) == 79
    assert line(state, 80).endswith("...")
    assert line(State(1, 3, 1.0), 80) == line(State(1, 3, 1.0))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, states: list[State], quiet: bool = False
) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    show = streams.status(Arguments("fleet build", quiet=quiet))
    if show is None:
        return ""

    for state in states:
        show(state)
    return stream.getvalue()


LONG = [State(number, 400, number / 10) for number in range(401)]  # forty seconds


def test_a_log_has_a_line_each_ten_seconds_and_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = told(monkeypatch, io.StringIO(), LONG).splitlines()
    assert [each.partition(",")[0] for each in lines] == [
        "100 of 400 targets",
        "200 of 400 targets",
        "300 of 400 targets",
        "400 of 400 targets in 40 s",
    ]


def test_a_terminal_has_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = told(monkeypatch, Terminal(), LONG)
    assert "\n" not in shown and shown.endswith("\r\x1b[K")
    assert 100 < shown.count("\r\x1b[K") < 170
    assert "\r\x1b[K10 of 400" in shown and "\r\x1b[K9 of 400" not in shown


def test_a_short_run_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    short = [State(number, 9, number / 10) for number in range(10)]
    assert told(monkeypatch, io.StringIO(), short) == ""
    assert told(monkeypatch, Terminal(), short).strip("\r\x1b[K") == ""


def test_quiet_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, io.StringIO(), LONG, quiet=True) == ""
    assert told(monkeypatch, Terminal(), LONG, quiet=True) == ""
