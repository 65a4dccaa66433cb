"""CPU seconds against the number of workloads as an SVG: both axes logarithmic, one line a program,
its name at its end. Readable in light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from parts import Measured
from programs import BASE, FLOOR, ISTIOCTL, OURS

WIDTH, HEIGHT = 820, 470
LEFT, RIGHT, TOP, BOTTOM = 92, 604, 82, 408  # of the plot's area; names stand right of it
APART = 19  # least distance between two names

# Program: class of its line, what its name says.
LINES = {
    ISTIOCTL: ("istioctl", "istioctl kube-inject"),
    BASE: ("base", "krm-injector before"),
    OURS: ("ours", "krm-injector"),
    FLOOR: ("floor", "floor: libyaml alone"),
}

# Colours that differ in brightness as well as in hue, and dashes, for those who see few colours.
STYLE = """
  .page { fill: #ffffff; }
  .title { font-size: 17px; font-weight: 600; fill: #1f2328; }
  .words { fill: #59636e; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .axis { stroke: #59636e; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; }
  .ours { stroke: #0969da; stroke-width: 3.5; } .ours-name { fill: #0969da; font-weight: 600; }
  .base { stroke: #8250df; stroke-dasharray: 7 4; } .base-name { fill: #8250df; }
  .istioctl { stroke: #bc4c00; } .istioctl-name { fill: #bc4c00; }
  .floor { stroke: #59636e; stroke-dasharray: 2 4; } .floor-name { fill: #59636e; }
  .dot { stroke-dasharray: none; }
  .ours-dot { fill: #0969da; } .base-dot { fill: #8250df; }
  .istioctl-dot { fill: #bc4c00; } .floor-dot { fill: #59636e; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; }
    .title { fill: #f0f6fc; }
    .words { fill: #9198a1; }
    .grid { stroke: #2a313c; }
    .axis { stroke: #9198a1; }
    .ours { stroke: #58a6ff; } .ours-name, .ours-dot { fill: #58a6ff; }
    .base { stroke: #bc8cff; } .base-name, .base-dot { fill: #bc8cff; }
    .istioctl { stroke: #f0883e; } .istioctl-name, .istioctl-dot { fill: #f0883e; }
    .floor { stroke: #9198a1; } .floor-name, .floor-dot { fill: #9198a1; }
  }
"""


class Line(NamedTuple):
    program: str
    points: Sequence[tuple[int, float]]  # workloads, CPU seconds


class Scale(NamedTuple):
    """A logarithmic axis: the powers of ten from `least` to `most`, from `start` to `end`."""

    least: int
    most: int
    start: float
    end: float

    def place(self, value: float) -> float:
        part = (math.log10(value) - self.least) / (self.most - self.least)
        return round(self.start + part * (self.end - self.start), 1)

    @property
    def decades(self) -> list[float]:
        return [10.0**power for power in range(self.least, self.most + 1)]


def svg(sizes: Measured) -> str:
    lines = [line for program in LINES if (line := _line(sizes, program)).points]
    x = _scale([size for line in lines for size, _ in line.points], LEFT, RIGHT)
    y = _scale([seconds for line in lines for _, seconds in line.points], BOTTOM, TOP)
    body = [*_frame(x, y), *(_drawn(line, x, y) for line in lines), *_names(lines, y)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" '
        'font-size="13">'
    )
    title = "<title>CPU time of one run, by the number of workloads</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *body, "</svg>", ""])


def _line(sizes: Measured, program: str) -> Line:
    measured = {size: case[program] for size, case in sizes.items() if program in case}
    return Line(program, [(int(size), taken.median("cpu")) for size, taken in measured.items()])


def _scale(values: Sequence[float], start: float, end: float) -> Scale:
    least = math.floor(math.log10(min(values)))
    most = max(math.ceil(math.log10(max(values))), least + 1)
    return Scale(least, most, start, end)


def _frame(x: Scale, y: Scale) -> Iterable[str]:
    """The page, the title, the axes and what stands at them."""
    yield f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
    yield _text(24, 34, "title", "CPU time of one run, by the number of workloads")
    yield _text(24, 55, "words", "Less is better. Both axes are logarithmic.")
    for seconds in y.decades:
        at = y.place(seconds)
        yield f'<path class="grid" d="M{LEFT} {at}H{RIGHT}"/>'
        yield _text(LEFT - 10, at + 4.5, "words", f"{seconds:g} s", "end")
    for size in x.decades:
        at = x.place(size)
        yield f'<path class="axis" d="M{at} {BOTTOM}v5"/>'
        yield _text(at, BOTTOM + 22, "words", f"{size:,.0f}", "middle")
    yield f'<path class="axis" d="M{LEFT} {BOTTOM}H{RIGHT}"/>'
    yield _text((LEFT + RIGHT) / 2, BOTTOM + 46, "words", "workloads in the input", "middle")
    upright = _text(0, 0, "words", "CPU time (user and system)", "middle")
    yield f'<g transform="translate(30 {(TOP + BOTTOM) / 2}) rotate(-90)">{upright}</g>'


def _drawn(line: Line, x: Scale, y: Scale) -> str:
    kind, _ = LINES[line.program]
    places = [(x.place(size), y.place(seconds)) for size, seconds in line.points]
    path = "L".join(f"{across} {down}" for across, down in places)
    dots = [
        f'<circle class="{kind}-dot" cx="{across}" cy="{down}" r="3.5"/>' for across, down in places
    ]
    return "\n".join([f'<path class="line {kind}" d="M{path}"/>', *dots])


def _names(lines: Sequence[Line], y: Scale) -> Iterable[str]:
    """Each program's name and last figure beside the end of its line."""
    ends = sorted(lines, key=lambda line: -line.points[-1][1])
    places = spread([y.place(line.points[-1][1]) for line in ends])
    for line, down in zip(ends, places, strict=True):
        kind, name = LINES[line.program]
        seconds = line.points[-1][1]
        figure = f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
        yield _text(RIGHT + 12, down + 4.5, f"{kind}-name", f"{name}, {figure}")


def spread(places: Sequence[float]) -> list[float]:
    """Places from top to bottom, moved until each is APART from the next."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + APART) if moved else place)
    surplus = max(moved[-1] - BOTTOM, 0) if moved else 0
    return [place - surplus for place in moved]


def _text(across: float, down: float, kind: str, words: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{across}" y="{down}" text-anchor="{anchor}">{words}</text>'
