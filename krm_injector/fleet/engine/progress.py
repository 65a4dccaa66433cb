"""How far a run is, as one line. No clock, no stream."""

from __future__ import annotations

from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted


class State(NamedTuple):
    """How far a run is."""

    done: int
    total: int
    elapsed: float  # seconds
    slowest: str = ""  # the target that has been running for the longest time; "" for none
    slowest_for: float = 0.0  # seconds


_SLOW = 2.0  # seconds from which on a target is named


def line(state: State, width: int = 0) -> str:
    """ "120 of 1,000 targets, 12/s, 73 s left; eu-1/apps/shop has taken 8 s". ``width``: the cells
    of a terminal's line; 0: any.
    """
    targets = f"{state.done:,} of {counted(state.total, 'target')}"
    if state.done >= state.total:
        return _fitting(f"{targets} in {duration(state.elapsed)}", width)

    parts = [targets]
    if state.done and state.elapsed > 0:
        rate = state.done / state.elapsed
        left = (state.total - state.done) / rate
        parts += [_rate(rate), f"{duration(left)} left"]

    shown = ", ".join(parts)
    if state.slowest and state.slowest_for >= _SLOW:
        shown += f"; {state.slowest} has taken {duration(state.slowest_for)}"

    return _fitting(shown, width)


def duration(seconds: float) -> str:
    """ "8 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"

    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 2 * 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _rate(rate: float) -> str:
    if rate >= 10:
        return f"{rate:,.0f}/s"
    if rate >= 1:
        return f"{rate:.1f}/s"
    return f"{rate * 60:.1f}/min"


def _fitting(text: str, width: int) -> str:
    """A text that does not wrap: a line that wraps cannot be replaced by the next one."""
    if not width or len(text) < width:
        return text
    return text[: max(width - 4, 0)] + "..."
