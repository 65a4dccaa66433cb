"""From roots and options to a report; in shards and joined, and with a cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import progress_lines
import pytest
import yaml
from builders import SHOP, deployment, installation
from files import write

from krm_injector.cli import fleet_run, program
from krm_injector.cli.arguments import parse
from krm_injector.cli.request import Arguments, Request
from krm_injector.fleet.model import Cluster, Report, Target
from krm_injector.model import Refused

NAMES = [f"apps/{name}" for name in ("billing", "broken", "cart", "mail", "shop", "web")]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Directories of manifests, and one that cannot be rendered."""
    here = tmp_path / "repository"
    items = [*installation(), SHOP, deployment()]
    for name in NAMES:
        files = {"all.yaml": yaml.safe_dump_all(items)}
        if name.endswith("broken"):
            files = {"kustomization.yaml": "resources: [absent.yaml]"}
        write(here / name, files)

    monkeypatch.chdir(here)
    return here


def request(*words: str, environment: dict[str, str] | None = None) -> Request:
    return Request(parse(["fleet", *words]), lambda: b"", environment or {"PATH": ""})


def report(*words: str, environment: dict[str, str] | None = None) -> Report:
    asked = request(*words, environment=environment)
    run = fleet_run.prepare(asked)
    return fleet_run.report(asked, run, fleet_run.results(asked, run))


# ---------------------------------------------------------------- options

CLUSTER = Cluster("eu", ("mesh.yaml",), ("eu.yaml",), "config.yaml", "canary", "1.33")
TARGET = Target("eu/shop", "chart", "shop", "it is named", "eu", "shop")


@pytest.mark.parametrize(
    ("stated", "cluster", "expected"),
    [
        ({}, None, {"namespace": "shop"}),
        (
            {},
            CLUSTER,
            {"namespace": "shop", "mesh": ("mesh.yaml",), "context": ("eu.yaml",),
             "config": "config.yaml", "revision": "canary", "kubernetes_version": "1.33"},
        ),
        (
            {"mesh": ("own.yaml",), "namespace": "own", "revision": "own", "verbose": True,
             "jobs": 4, "report": "x", "quiet": True, "only": ("a",)},
            CLUSTER,
            {"namespace": "own", "mesh": ("own.yaml",), "context": ("eu.yaml",),
             "config": "config.yaml", "revision": "own", "kubernetes_version": "1.33",
             "verbose": True},
        ),
        ({}, Cluster("eu"), {"namespace": "shop"}),
        (
            {"namespace_labels": (("shop", {"a": "b"}),)},
            None,
            {"namespace": "shop", "namespace_labels": (("shop", {"a": "b"}),)},
        ),
    ],
)  # fmt: skip
def test_the_command_line_wins_over_the_cluster_and_this_over_the_target(
    stated: dict[str, Any], cluster: Cluster | None, expected: dict[str, Any]
) -> None:
    arguments = Arguments("fleet build", **stated)
    assert fleet_run.options(arguments, cluster, TARGET) == expected


def test_a_task_has_what_a_worker_needs_of_the_environment(repository: Path) -> None:
    environment = {"PATH": "/bin", "KRM_INJECTOR_SHAPES": "off", "HOME": "/root"}
    run = fleet_run.prepare(request("explain", "apps", environment=environment))
    assert {tuple(task.environment) for task in run.tasks} == {("PATH", "KRM_INJECTOR_SHAPES")}


# ---------------------------------------------------------------- runs


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_results_are_in_the_order_of_the_targets(repository: Path, jobs: str) -> None:
    made = report("explain", "--jobs", jobs)
    assert [result.name for result in made.results] == NAMES
    assert [result.name for result in made.results if result.code] == ["apps/broken"]
    assert fleet_run.exit_code(made) == 1


def test_a_report_has_no_manifests(repository: Path) -> None:
    made = report("build", "--output", "out", "--jobs", "1")
    assert not any(result.text for result in made.results)
    assert made.results[0].data["injected"] == 1


def test_without_an_error_the_exit_status_is_0(repository: Path) -> None:
    assert fleet_run.exit_code(report("explain", "--only", "*/shop")) == 0


def test_nothing_to_do_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused, match=r"no targets in \.") as refused:
        report("explain")
    assert refused.value.results[0].code == "fleet-empty"


def test_jobs_are_of_this_machine(repository: Path) -> None:
    with pytest.raises(Refused, match="--jobs 2 is for processes of this machine"):
        report("explain", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:1")


# ---------------------------------------------------------------- shards


def test_shards_of_a_job_are_those_of_the_option(repository: Path) -> None:
    by_option = [report("explain", "--shard", f"{number}/3") for number in (1, 2, 3)]
    by_job = [
        report("explain", environment={"JOB_COMPLETION_INDEX": str(n), "JOB_COMPLETIONS": "3"})
        for n in range(3)
    ]
    names = [[result.name for result in each.results] for each in by_option]
    assert names == [[result.name for result in each.results] for each in by_job]
    assert sorted(name for each in names for name in each) == NAMES
    assert [each.shard for each in by_job] == [(1, 3), (2, 3), (3, 3)]


def test_measured_costs_balance_shards(repository: Path, tmp_path: Path) -> None:
    from krm_injector.fleet import reports

    whole = report("explain")
    dear = [result._replace(cost=1.0 + 9 * result.name.endswith("/shop"))
            for result in whole.results]  # fmt: skip
    reports.write(str(tmp_path / "costs"), whole._replace(results=tuple(dear)))
    costs = str(tmp_path / "costs")
    shards = [report("explain", "--shard", f"{n}/2", "--costs", costs) for n in (1, 2)]
    assert [len(each.results) for each in shards] == [1, 5]


def run_in_shards(tmp_path: Path, *words: str) -> list[str]:
    paths = []
    for number in (1, 2, 3):
        paths.append(str(tmp_path / f"{number}.json"))
        program.run(["fleet", *words, "--shard", f"{number}/3", "--report", paths[-1]])
    return paths


def test_joined_shards_are_shown_as_one_run(
    repository: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = run_in_shards(tmp_path, "explain")
    for form in ("table", "json", "markdown", "html"):
        capfd.readouterr()
        assert program.run(["fleet", "explain", "--output", form]) == 1
        one = capfd.readouterr()
        assert program.run(["fleet", "merge", "--output", form, *reversed(paths)]) == 1
        joined = capfd.readouterr()
        assert joined.out == one.out
        assert progress_lines.without(joined.err) == progress_lines.without(one.err)
    assert "apps/broken" in one.out


def test_a_missing_shard_is_an_error(
    repository: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = run_in_shards(tmp_path, "explain", "--only", "*/shop", "--only", "*/web")
    capfd.readouterr()
    assert program.run(["fleet", "merge", *paths[1:]]) == 1
    out, err = capfd.readouterr()
    assert out == "" and "shard 1 of 3 is not among the files" in err


@pytest.mark.parametrize("text", ["", "{}", "[1", '{"format": "another"}', "\x00\xff"])
def test_what_is_no_report_is_an_error(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report"
    path.write_text(text)
    absent = str(tmp_path / "absent")
    assert program.run(["fleet", "merge", str(path), absent]) == 1
    _, err = capfd.readouterr()
    assert f"{path} is no report of krm-injector fleet --report" in err
    assert f"{absent} cannot be read: No such file" in err


def test_nothing_to_merge_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert program.run(["fleet", "merge"]) == 1
    assert "merge which reports?" in capfd.readouterr().err


def test_a_report_is_written_whole_or_not_at_all(
    repository: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nowhere" / "report.json"
    assert program.run(["fleet", "explain", "--only", "*/shop", "--report", str(path)]) == 1
    out, err = capfd.readouterr()
    assert out == "" and "cannot be written: No such file" in err and "[fleet-report]" in err

    (tmp_path / "nowhere").mkdir()
    assert program.run(["fleet", "explain", "--only", "*/shop", "--report", str(path)]) == 0
    assert json.loads(path.read_text())["kind"] == "Report"
    assert [each.name for each in path.parent.iterdir()] == ["report.json"]


# ---------------------------------------------------------------- the cache


def test_what_is_in_the_cache_is_not_worked_on(repository: Path, tmp_path: Path) -> None:
    words = ("explain", "--cache", str(tmp_path / "cache"), "--jobs", "1")
    first = report(*words)
    assert not any(result.cached for result in first.results)
    write(repository / "apps/web", {"all.yaml": yaml.safe_dump_all([SHOP, deployment()])})
    second = report(*words)
    assert [result.name for result in second.results if not result.cached][-1] == "apps/web"
    assert second.results[0].data == first.results[0].data
