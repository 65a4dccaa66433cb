"""duration and durationRound (date.go) of given values; anything that reads the clock is in
unavailable.py.
"""

from __future__ import annotations

import re

from krm_injector.gotemplate.sprig.numbers import wrapped
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.values import Int64
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
}
_NANOSECONDS["h"] = 3600 * 10**9
_PART = lazy_pattern(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
_ROUND = (("y", 365 * 24), ("mo", 30 * 24), ("d", 24), ("h", 1))


def parse_duration(text: str) -> int:
    """time.ParseDuration in nanoseconds; 0 for an error, as its callers here take it."""
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in ("+", "-") else text
    total = 0
    at = 0
    while at < len(rest):
        match = _PART.match(rest, at)
        if not match or not (match[1] or match[2]):
            return 0

        unit = _NANOSECONDS[match[3]]
        whole, fraction = match[1] or "0", match[2] or ""
        if len(whole) > 19:
            return 0

        total += int(whole) * unit + (
            int(fraction[:18]) * unit // 10 ** len(fraction[:18]) if fraction else 0
        )
        if total > 1 << 63:
            return 0

        at = match.end()

    total *= sign
    return total if total < 1 << 63 else 0


def go_duration(nanoseconds: int) -> str:
    """time.Duration.String()."""
    if nanoseconds == 0:
        return "0s"

    sign, size = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    for unit, scale in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if size < scale * 1000:
            return f"{sign}{_fraction(size, scale)}{unit}"

    minutes, rest = divmod(size, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    shown = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{shown}{_fraction(rest, 10**9)}s"


def _fraction(size: int, scale: int) -> str:
    whole, rest = divmod(size, scale)
    digits = str(rest).rjust(len(str(scale)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def duration(seconds: Any) -> str:
    """A number of seconds as 1h2m3s. As in sprig, only a text or an int64 counts: an int is 0s."""
    number = 0
    if isinstance(seconds, str):
        if re.fullmatch(r"[-+]?[0-9]+", seconds) and seconds.isascii():
            # ParseInt gives the nearest bound along with its range error, and the error is dropped.
            number = max(-(1 << 63), min((1 << 63) - 1, int(seconds[:40])))
    elif isinstance(seconds, Int64):
        number = int(seconds)

    return go_duration(int(wrapped(number * 10**9)))


def duration_round(value: Any) -> str:
    """The greatest unit that fits, rounded down: 2h, 3d, 1mo."""
    size = abs(
        parse_duration(value)
        if isinstance(value, str)
        else int(value)
        if isinstance(value, Int64)
        else 0
    )
    hour = 3600 * 10**9
    for unit, hours in _ROUND:
        if size > hours * hour:
            return f"{size // (hours * hour)}{unit}"

    for unit, scale in (("m", 60 * 10**9), ("s", 10**9)):
        if size > scale:
            return f"{size // scale}{unit}"

    return "0s"


FUNCS = functions({
    "duration": (duration, "any"),
    "durationRound": (duration_round, "any"),
})  # fmt: skip
