"""The tables, as text for a terminal or as Markdown for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import fleet_part
import targets
from measuring import Case, Figure, ratio
from parts import Measured
from programs import BASE, FLOOR, ISTIOCTL, OURS, WAYS

BEGIN, END = "<!-- bench.py writes from here -->", "<!-- to here: bench -->"
NONE = "-"

Results = dict[str, Measured]  # by the part


class Table(NamedTuple):
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


# ---------------------------------------------------------------- tables


def tables(results: Results) -> list[Table]:
    made = []
    if sizes := results.get("sizes"):
        made += [cpu_by_size(sizes), wall_and_memory(sizes), growth(sizes), ways(sizes)]
    for part, title, first in (
        ("nothing", "Nothing to inject: CPU seconds", "input"),
        ("commands", "Other commands: CPU seconds", "command"),
        ("forms", "Forms of input: CPU seconds", "input"),
    ):
        if part in results:
            made.append(by_input(results[part], title, first))
    if fleet := results.get("fleet"):
        made += of_fleet(fleet)
    return [*made, of_targets(results)]


def cpu_by_size(sizes: Measured) -> Table:
    header = ["workloads", OURS, BASE, ISTIOCTL, FLOOR, "of base", "of istioctl", "of the floor"]
    rows = [
        [
            number(size),
            *(seconds(case, program, "cpu") for program in (OURS, BASE, ISTIOCTL, FLOOR)),
            *(part_of(case, peer, "cpu") for peer in (BASE, ISTIOCTL, FLOOR)),
        ]
        for size, case in sizes.items()
    ]
    return Table("CPU seconds", header, rows)


def wall_and_memory(sizes: Measured) -> Table:
    peers = (BASE, ISTIOCTL)
    header = ["workloads", *(f"{name}: s" for name in (OURS, *peers))]
    header += [f"{name}: MiB" for name in (OURS, *peers)]
    header += [f"MiB of {name}" for name in peers]
    rows = [
        [
            number(size),
            *(seconds(case, program, "wall") for program in (OURS, *peers)),
            *(mebibytes(case, program) for program in (OURS, *peers)),
            *(part_of(case, peer, "memory") for peer in peers),
        ]
        for size, case in sizes.items()
    ]
    return Table("Wall seconds and peak memory", header, rows)


def growth(sizes: Measured) -> Table:
    """CPU per workload, by program."""
    header = ["milliseconds of CPU per workload", *map(number, sizes), "last two"]
    rows = []
    for program in (OURS, BASE, ISTIOCTL, FLOOR):
        each = [targets.per_workload(sizes, size, program) for size in sizes]
        last = each[-1] / each[-2] if len(each) > 1 and each[-1] and each[-2] else None
        shown = [NONE if value is None else f"{1000 * value:.2f}" for value in each]
        rows.append([program, *shown, decimal(last)])
    return Table("Growth", header, rows)


def ways(sizes: Measured) -> Table:
    header = ["workloads", f"{OURS}: CPU s", *(f"{name}: CPU s" for name in WAYS)]
    header += ["same bytes", "bytes of base"]
    rows = [
        [
            number(size),
            *(seconds(case, program, "cpu") for program in (OURS, *WAYS)),
            same_bytes(case, *WAYS),
            same_bytes(case, BASE),
        ]
        for size, case in sizes.items()
    ]
    return Table("Other ways to the same bytes", header, rows)


def by_input(measured: Measured, title: str, first: str) -> Table:
    """One row an input; what no input was measured with has no column."""
    programs = [
        name for name in (OURS, BASE, FLOOR) if any(name in case for case in measured.values())
    ]
    header = [first, *programs, *(f"of {name}" for name in programs[1:])]
    rows = [
        [
            name,
            *(seconds(case, program, "cpu") for program in programs),
            *(part_of(case, peer, "cpu") for peer in programs[1:]),
        ]
        for name, case in measured.items()
    ]
    return Table(title, header, rows)


def of_fleet(fleet: Measured) -> list[Table]:
    cpu, engines = fleet.get(fleet_part.CPU, {}), fleet.get(fleet_part.SCHEDULER, {})
    header = ["program", "CPU s", "wall s", f"CPU of {BASE}"]
    rows = [
        [
            words,
            seconds(cpu, name, "cpu"),
            seconds(cpu, name, "wall"),
            decimal(ratio(cpu, name, BASE, "cpu")),
        ]
        for name, words in fleet_part.ROWS.items()
    ]
    made = [Table("A fleet: one run, and one process for each overlay", header, rows)]

    if engines:
        header = ["engine", "wall s", "wall of the pool", "same bytes"]
        rows = [
            [
                words,
                seconds(engines, name, "wall"),
                decimal(ratio(engines, name, OURS, "wall")),
                same_bytes(engines, name),
            ]
            for name, words in fleet_part.ENGINES.items()
        ]
        made.append(Table("A fleet: two workers", header, rows))

    memory = fleet.get(fleet_part.MEMORY, {})
    rows = [[number(overlays), mebibytes(memory, overlays)] for overlays in memory]
    made.append(Table("A fleet: peak memory of all processes", ["overlays", "MiB"], rows))
    return made


def of_targets(results: Results) -> Table:
    """Those for which there are figures."""
    rows = [
        [one.what, one.at, f"{one.limit:g}", decimal(one.measured), "yes" if one.met else "no"]
        for one in targets.all_targets(results)
        if one.measured is not None
    ]
    return Table("Targets", ["part", "at", "at most", "measured", "met"], rows)


# ---------------------------------------------------------------- cells


def number(text: str) -> str:
    return f"{int(text):,}"


def seconds(case: Case, program: str, of: Figure) -> str:
    if program not in case:
        return NONE
    value = case[program].median(of)
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def mebibytes(case: Case, program: str) -> str:
    return f"{case[program].median('memory') / 1024:,.0f}" if program in case else NONE


def part_of(case: Case, peer: str, of: Figure) -> str:
    return decimal(ratio(case, OURS, peer, of))


def same_bytes(case: Case, *others: str) -> str:
    if not all(name in case for name in others):
        return NONE
    return "yes" if {case[name].digest for name in others} == {case[OURS].digest} else "NO"


def decimal(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


# ---------------------------------------------------------------- forms


def as_text(made: Iterable[Table]) -> str:
    return "\n".join(map(_text, made))


def _text(table: Table) -> str:
    lines = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join([table.title, *(f"  {row}" for row in rows), ""])


def as_markdown(made: Iterable[Table], *about: str) -> str:
    return "\n\n".join([*about, *map(_markdown, made)])


def _markdown(table: Table) -> str:
    aligned = ["---", *["---:"] * (len(table.header) - 1)]
    lines = ["| " + " | ".join(cells) + " |" for cells in (table.header, aligned, *table.rows)]
    return "\n".join([f"### {table.title}", "", *lines])


def put_between_marks(page: Path, text: str, start: str = BEGIN, stop: str = END) -> None:
    """Replace what the last run wrote into the page."""
    before, begin, rest = page.read_text().partition(start)
    _, end, after = rest.partition(stop)
    if not begin or not end:
        raise SystemExit(f"{page}: the lines {start} and {stop} are missing")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
