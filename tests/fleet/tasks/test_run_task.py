"""A target of a fleet gives what a single command gives for it, whatever ran before it."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from command import krm
from files import write
from fleet.targets import FUNCTION_CONFIG, NAMESPACE, built, deployment, repository, task
from outside import needs_program

from krm_injector.cli import verifying
from krm_injector.cli.fleet_tasks import run_task
from krm_injector.fleet.model import Target, TargetResult

PLAIN = Target("plain", "directory", "plain", "")
FACTS = Target("facts", "directory", "facts", "")
OVERLAY = Target("overlay", "kustomization", "overlay", "")
PACKAGE = Target("package", "package", "package", "")
RELEASE = Target(
    "shop", "chart", "chart", "", namespace="shop", release="prod", values=("chart/prod.yaml",),
    set_values=(("replicas", "3"),),
)  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(repository(tmp_path))
    return tmp_path


def helm() -> str:
    """Helm of any version; skips the test without."""
    found = shutil.which("helm3") or shutil.which("helm4")
    return found or needs_program("helm")


def shown(result: TargetResult) -> str:
    return "\n".join(each.message for each in result.results)


# ---------------------------------------------------------------- build


@pytest.mark.parametrize("target", [PLAIN, FACTS, PACKAGE], ids=lambda target: target.name)
def test_a_directory_gives_the_bytes_of_a_single_build(target: Target, here: Path) -> None:
    result = run_task(task(target))
    assert (result.name, result.code) == (target.name, 0), shown(result)
    assert result.text == built(target.path, cwd=here)
    assert "istio-proxy" in result.text
    assert result.data == {"workloads": 1, "injected": 1}
    assert result.cost > 0


def test_a_kustomization_gives_the_bytes_of_a_single_build(here: Path) -> None:
    needs_program("kustomize")
    result = run_task(task(OVERLAY))
    assert result.text == built("overlay", cwd=here)
    assert result.data == {"workloads": 2, "injected": 2}


def test_options_behind_the_dashes_reach_kustomize(here: Path) -> None:
    needs_program("kustomize")
    options = ("--load-restrictor", "LoadRestrictionsNone")
    outside = "resources: [../plain/all.yaml]\n"
    write(here, {"outside/kustomization.yaml": outside})
    target = Target("outside", "kustomization", "outside", "")
    assert run_task(task(target)).code == 1
    result = run_task(task(target._replace(options=options)))
    assert result.text == built("outside", "--", *options, cwd=here)


def test_a_kustomization_with_the_function_in_it_is_injected_behind_the_build(here: Path) -> None:
    needs_program("kustomize")
    annotation = "    config.kubernetes.io/function: |\n      exec: {path: krm-injector}\n"
    config = FUNCTION_CONFIG.replace(
        '{config.kubernetes.io/local-config: "true"}', f"\n{annotation.rstrip()}"
    )
    files = {
        "own/kustomization.yaml": "resources: [web.yaml]\ntransformers: [fn.yaml]\n",
        "own/web.yaml": deployment("web", "elsewhere"),
        "own/fn.yaml": config,
    }
    write(here, files)
    result = run_task(task(Target("own", "kustomization", "own", "")))
    assert result.text == built("own", cwd=here)
    assert "istio-proxy" in result.text


def test_a_chart_gets_its_release_its_namespace_and_its_values(here: Path) -> None:
    program = helm()
    result = run_task(task(RELEASE, helm=program))
    assert result.code == 0, shown(result)
    for part in ("name: prod\n", "namespace: shop\n", 'image: "web:2"', "replicas: 3\n"):
        assert part in result.text


def test_a_chart_without_anything_stated_gives_the_bytes_of_a_single_build(here: Path) -> None:
    program = helm()
    target = Target("chart", "chart", "chart", "", namespace="shop")
    alone = built("chart", "--namespace", "shop", "--helm", program, cwd=here)
    assert run_task(task(target, helm=program)).text == alone


def test_the_namespace_of_a_target_is_that_of_manifests_that_name_none(here: Path) -> None:
    write(here, {"bare/all.yaml": f"{NAMESPACE}---\n{deployment('web', '')}"})
    target = Target("bare", "directory", "bare", "", namespace="shop")
    assert run_task(task(target)).text == built("bare", "--namespace", "shop", cwd=here)
    assert run_task(task(target, namespace="other")).code == 1  # the command line wins


def test_options_have_the_meaning_of_the_command_line(here: Path) -> None:
    write(here, {"fn.yaml": FUNCTION_CONFIG.replace("elsewhere", "nowhere")})
    target = Target("missing", "directory", "missing", "")
    assert run_task(task(target)).code == 1
    result = run_task(task(target, config="fn.yaml"))
    assert result.text == built("missing", "--config", "fn.yaml", cwd=here)


# ---------------------------------------------------------------- verify and explain


def test_verify_counts_what_is_stale(here: Path) -> None:
    result = run_task(task(PLAIN, "verify"))
    assert (result.code, result.data) == (1, {"workloads": 1, "stale": 1})
    (here / "plain" / "all.yaml").write_text(built("plain", cwd=here))
    result = run_task(task(PLAIN, "verify"))
    assert (result.code, result.data) == (0, {"workloads": 1, "stale": 0})


def test_explain_has_what_the_single_command_says_of_each_workload(here: Path) -> None:
    result = run_task(task(PLAIN, "explain"))
    alone = json.loads(krm("explain", "--output", "json", "plain", cwd=here).stdout)
    assert result.data["meshes"] == alone["meshes"]

    workload, entry = result.data["workloads"][0], alone["workloads"][0]
    for key in ("kind", "namespace", "name", "verdict", "reason", "revision", "containers"):
        assert workload[key] == entry[key]

    assert workload["advice"] == [warning["code"] for warning in entry["warnings"]]
    assert result.data["requests"] == {"shop": {"pods": 2, "cpu": "200m", "memory": "256Mi"}}
    codes = {each["code"] for each in result.data["advice"]}
    assert not codes & {each.code for each in result.results}
    json.dumps(result.data)


def test_explain_answers_where_a_workload_is_an_error() -> None:
    result = run_task(task(Target("missing", "directory", "missing", ""), "explain"))
    assert result.code == 1
    assert result.data["workloads"][0]["verdict"] == "error"


def test_advice_that_the_user_calls_an_error_fails_the_target(here: Path) -> None:
    severities = "  severities: {mutable-image: error}\n"
    write(here, {"facts/istio-inject.yaml": FUNCTION_CONFIG + severities})
    assert run_task(task(FACTS, "explain")).code == 1
    assert run_task(task(FACTS, "build")).code == 0


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("command", ["build", "verify", "explain"])
@pytest.mark.parametrize("path", ["absent", "plain/all.yaml", "broken"])
def test_what_cannot_be_read_is_the_targets_own_error(command: str, path: str, here: Path) -> None:
    write(here, {"broken/web.yaml": "apiVersion: v1\nkind: [\n"})
    result = run_task(task(Target("x", "directory", path, ""), command))
    if path == "plain/all.yaml" and command != "build":
        return  # a file: the single commands read it

    assert result.code == 1
    assert result.text == ""
    assert any(each.severity == "error" for each in result.results)


def test_an_error_of_the_program_is_told_and_no_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RecursionError("too\n deep")

    monkeypatch.setattr(verifying, "verified", broken)
    result = run_task(task(PLAIN, "verify"))
    assert result.code == 1
    [error] = result.results
    assert error.code == "fleet-internal-error"
    assert error.message.startswith("internal error: RecursionError at cli/fleet_tasks.py:")


def test_no_text_is_left_with_an_error(here: Path) -> None:
    write(here, {"two/good.yaml": f"{NAMESPACE}---\n{deployment('web')}"})
    write(here, {"two/bad.yaml": deployment("web", "nowhere")})
    result = run_task(task(Target("two", "directory", "two", "")))
    assert (result.code, result.text) == (1, "")
    assert result.data["workloads"] == 2


# ---------------------------------------------------------------- isolation


def test_a_target_does_not_see_what_ran_before_it() -> None:
    """One target has the Namespace that another lacks, one is built for another version."""
    missing = Target("missing", "directory", "missing", "")
    tasks = [task(each) for each in (PLAIN, FACTS, PACKAGE, missing)]
    tasks += [task(each, "explain") for each in (PLAIN, FACTS, missing)]
    tasks += [task(PLAIN, "build", mesh_version="1.24.0"), task(PLAIN, "build", namespace="x")]

    alone = [run_task(each)._replace(cost=0.0) for each in tasks]
    shuffled = list(range(len(tasks))) * 3
    random.Random(18).shuffle(shuffled)
    for number in shuffled:
        assert run_task(tasks[number])._replace(cost=0.0) == alone[number]
