"""The benchmark: inputs, measuring, tables and the plot. What it measures is not judged here."""

from __future__ import annotations

import os
import shlex
import sys
import xml.etree.ElementTree
from pathlib import Path

import fleet_part
import floor
import inputs
import plot
import programs
import pytest
import report
import targets
import yaml
from command import krm
from measuring import Cost, Program, Series, in_turns, ratio, run
from outside import needs_program
from paths import ROOT
from programs import BASE, FLOOR, ISTIOCTL, OURS, WAYS

import bench

SVG = "{http://www.w3.org/2000/svg}"


def series(*cpu: float, memory: int = 1024, digest: str = "a") -> Series:
    return Series([Cost(seconds, 2 * seconds, memory) for seconds in cpu], digest)


def results() -> report.Results:
    """As if measured: at 10 workloads each program took ten times as long as at one."""
    sizes = {
        str(size): {
            OURS: series(0.1 * size, 0.3 * size, 0.2 * size),
            **{name: series(*[0.4 * size] * 3) for name in WAYS},
            BASE: series(0.4 * size, 0.4 * size, 0.4 * size, memory=4096),
            ISTIOCTL: series(*[0.5 * size] * 3),
            FLOOR: series(*[0.05 * size] * 3),
        }
        for size in (1, 10)
    }
    commands = {name: {OURS: series(0.3), BASE: series(1.0)} for name in ("explain", "diff")}
    return {"sizes": sizes, "commands": commands}


# ---------------------------------------------------------------- inputs


def test_both_forms_hold_the_same_objects(tmp_path: Path) -> None:
    items = [inputs.namespace(), *inputs.workloads(2)]
    anchored = inputs.write_list(tmp_path / "anchors.yaml", items).read_text()
    block = inputs.write_list_of_kustomize(tmp_path / "block.yaml", items).read_text()
    assert "&id001" in anchored and "*id001" in anchored
    assert "&id" not in block and "    app.yaml: |\n" in block

    for item in (listed := yaml.safe_load(block))["items"]:
        del item["metadata"]["annotations"]
    assert listed["items"] == yaml.safe_load(anchored)["items"] == items


def test_the_floor_reads_the_input_and_writes_what_changed(tmp_path: Path) -> None:
    items = [inputs.namespace(), *inputs.workloads(2)]
    listed = inputs.write_list_of_kustomize(tmp_path / "list.yaml", items)
    output = tmp_path / "output"
    output.write_bytes(krm(stdin=listed.read_bytes()).stdout)
    names = [yaml.safe_load(one)[0]["metadata"]["name"] for one in changed(output)]
    assert names == ["app-0000", "app-0001"]

    cost = run(floor.of_injection(listed, output), emitted := tmp_path / "emitted")
    assert emitted.read_text() == "".join(changed(output))
    assert cost.cpu > 0
    run(floor.of_copying(listed), emitted)
    assert emitted.read_bytes() == listed.read_bytes()


def changed(output: Path) -> list[str]:
    return floor.injected_items(output.read_text())


# ---------------------------------------------------------------- measuring


def test_programs_take_turns(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2]); print(sys.argv[2])"
    compared = [
        Program(name, [sys.executable, "-c", script, str(log), name]) for name in ("a", "b")
    ]
    case = in_turns(compared, 2, True, tmp_path)
    assert log.read_text() == "ababab"
    assert [len(case[name].costs) for name in "ab"] == [2, 2]
    assert case["a"].digest != case["b"].digest
    assert all(cost.cpu > 0 and cost.memory > 1024 for cost in case["a"].costs)


@pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(),
    reason="this system does not tell a process's children",
)
def test_memory_is_that_of_all_processes_together(tmp_path: Path) -> None:
    lines = ["import os, time", "held = bytearray(40 << 20)", "time.sleep(0.4)"]
    forking = "\n".join([lines[0], "child = os.fork()", *lines[1:], "child and os.wait()"])
    alone = run(Program("alone", [sys.executable, "-c", "\n".join(lines)]), tmp_path / "output")
    both = run(Program("both", [sys.executable, "-c", forking]), tmp_path / "output")
    assert both.memory > alone.memory + (30 << 10)


def test_a_program_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="broken failed: no such thing"):
        command = [sys.executable, "-c", "import sys; sys.exit('no such thing')"]
        run(Program("broken", command), tmp_path / "output")


def test_a_ratio_is_the_median_of_the_turns_ratios() -> None:
    case = {OURS: series(1.0, 3.0, 2.0), BASE: series(2.0, 3.0, 8.0)}
    assert ratio(case, OURS, BASE, "cpu") == 0.5
    assert ratio(case, OURS, ISTIOCTL, "cpu") is None


def test_a_build_is_what_its_tree_holds() -> None:
    build = programs.own_build(None)
    assert build.environment["PYTHONPATH"] == str(ROOT)
    assert programs.base_build("no-such-commit", ROOT) is None
    ways = [build.in_way(name) for name in WAYS]
    assert [way.name for way in ways] == list(WAYS)
    assert all(way.environment["PYTHONPATH"] == str(ROOT) for way in ways)


# ---------------------------------------------------------------- report


def test_tables_as_text_and_as_markdown() -> None:
    made = report.tables(results())
    text, markdown = report.as_text(made), report.as_markdown(made, "Here.")
    assert "workloads  krm-injector   base  istioctl  floor" in text
    assert "| 1 | 0.200 | 0.400 | 0.500 | 0.050 | 0.50 | 0.40 | 4.00 |" in markdown
    assert "| explain | 0.300 | 1.00 | 0.30 |" in markdown
    assert markdown.startswith("Here.\n\n### CPU seconds\n\n| workloads |")


def test_a_program_that_was_not_measured_leaves_its_cells_empty() -> None:
    for case in (measured := results())["sizes"].values():
        del case[ISTIOCTL], case[BASE]
    markdown = report.as_markdown(report.tables(measured), "")
    assert "| 1 | 0.200 | - | - | 0.050 | - | - | 4.00 |" in markdown


def test_other_bytes_are_shown() -> None:
    measured = results()
    measured["sizes"]["10"]["plain path"] = series(1.0, 1.0, 1.0, digest="b")
    (table,) = [one for one in report.tables(measured) if one.title.startswith("Other ways")]
    assert [row[-2:] for row in table.rows] == [["yes", "yes"], ["NO", "yes"]]


def test_targets_are_met_missed_or_not_measured() -> None:
    found = {(one.what, one.at): one for one in targets.all_targets(results())}
    assert found["CPU, of base", "1"].met and found["CPU, of base", "explain"].met
    assert not found["CPU, of istioctl", "1,000"].met
    assert found["CPU, of istioctl", "1,000"].measured is None
    assert found["memory, of base", "1"].measured == 0.25


def test_the_tables_of_a_page_are_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    for text in ("first", "second"):
        report.put_between_marks(page, text)
    assert page.read_text() == f"before\n{report.BEGIN}\n\nsecond\n\n{report.END}\nafter\n"
    page.write_text("no marks\n")
    with pytest.raises(SystemExit, match="are missing"):
        report.put_between_marks(page, "text")


def test_the_page_on_performance_has_the_marks() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert page.index(report.BEGIN) < page.index(report.END)


def test_figures_are_kept(tmp_path: Path) -> None:
    bench.save(tmp_path / "figures.json", "here", results())
    assert bench.load(tmp_path / "figures.json") == ("here", results())


# ---------------------------------------------------------------- plot


def test_the_plot_has_a_line_a_program_and_names_them() -> None:
    drawn = xml.etree.ElementTree.fromstring(plot.svg(results()["sizes"]))
    lines = [path.get("class") for path in drawn.iter(f"{SVG}path")]
    assert [line for line in lines if line and line.startswith("line ")] == [
        f"line {kind}" for kind, _ in plot.LINES.values()
    ]
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert "krm-injector, 2 s" in words and "floor: libyaml alone, 0.5 s" in words


def test_names_keep_apart_and_within_the_plot() -> None:
    assert plot.spread([100.0, 105.0, 200.0]) == [100.0, 100.0 + plot.APART, 200.0]
    low = plot.spread([plot.BOTTOM - 1.0, float(plot.BOTTOM)])
    assert low == [plot.BOTTOM - plot.APART, plot.BOTTOM]


# ---------------------------------------------------------------- fleets


def fleet_results() -> report.Results:
    cpu = {
        fleet_part.FIRST: series(1.0, 2.0),
        fleet_part.CHANGED: series(0.1, 0.2),
        fleet_part.KUSTOMIZE: series(2.0, 4.0),
        BASE: series(10.0, 10.0),
    }
    engines = {OURS: series(1.0), fleet_part.DASK: series(1.2)}
    memory = {"100": series(1.0, memory=1024), "1000": series(1.0, memory=2048)}
    parts = (fleet_part.CPU, fleet_part.SCHEDULER, fleet_part.MEMORY)
    return {"fleet": dict(zip(parts, (cpu, engines, memory), strict=True))}


def test_the_figures_of_a_fleet() -> None:
    text = report.as_markdown(report.tables(fleet_results()))
    assert "| base: `build`, a process for each | 10.0 | 20.0 | 1.00 |" in text
    assert "| `fleet build`, first run | 1.50 | 3.00 | 0.15 |" in text
    assert f"| {fleet_part.DASK} | 2.40 | 1.20 | yes |" in text
    assert "| 1,000 | 2 |" in text
    found = {(one.what, one.at): one for one in targets.all_targets(fleet_results())}
    assert found["fleet: CPU, of a process of base for each", fleet_part.FIRST].met
    assert found["fleet: CPU, of a process of base for each", fleet_part.CHANGED].measured == 0.015
    assert not found["fleet: memory, of that at 100 overlays", "1,000"].met
    assert found["fleet: wall time, of the local pool", fleet_part.DASK].met


FLEET_BUILD = """\
import pathlib, sys
words = sys.argv[1:]
assert words[:2] == ["fleet", "build"] and words[-1] == "."
output = pathlib.Path(words[words.index("--output") + 1])
output.mkdir(parents=True, exist_ok=True)
(output / "a.yaml").write_text(str(len(list(pathlib.Path("apps").glob("*/overlays/*")))))
"""


def test_a_fleet_is_measured(tmp_path: Path) -> None:
    """Which programs run where; what they take is not judged."""
    needs_program("kustomize")
    command = [sys.executable, "-c", FLEET_BUILD]
    script = tmp_path / "krm-injector"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    script.chmod(0o755)
    ours = programs.Build(OURS, [str(script)])
    base = programs.Build(BASE, ["true"])
    builds = fleet_part.Builds(ours, base, tmp_path, 1)
    measured = fleet_part.measure(builds, 10, (1, 10))
    assert set(measured[fleet_part.CPU]) == set(fleet_part.ROWS)
    assert set(measured[fleet_part.MEMORY]) == {"1", "10"}
    assert not list(tmp_path.glob("fleet*"))

    tree = fleet_part.make_tree(tmp_path / "tree", 10)
    assert len(tree.overlays) == 10
    assert all((tree.root / path).is_dir() for _, path in tree.overlays)


def test_a_directory_is_its_names_and_bytes(tmp_path: Path) -> None:
    for name, file in (("one", "a"), ("two", "a"), ("three", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("text")
    one, two, three = (fleet_part.digest_of(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two != three
