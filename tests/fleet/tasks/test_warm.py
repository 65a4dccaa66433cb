"""What a worker keeps between targets makes it faster, and changes no byte."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from command import environment, krm
from files import write
from fleet.targets import FUNCTION_CONFIG, NAMESPACE, deployment, task

from krm_injector.cli import warm
from krm_injector.cli.fleet_tasks import run_task
from krm_injector.fleet.model import Target, Task
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.reinjection import bundle_injection, reinject
from krm_injector.reinjection.shapes import families


def namespace(name: str, ring: str) -> str:
    labels = f"{{istio-injection: enabled, ring: {ring}}}"
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n"


def overlay(number: int, dice: random.Random) -> dict[str, str]:
    """A target like others: its own Namespace, images, numbers, and now and then another shape."""
    name = f"team-{number}"
    texts = [namespace(name, dice.choice(["canary", "stable"]))]
    for app in "abc":
        text = deployment(f"{app}-{number}", name, f"web:{dice.randint(1, 5)}")
        if dice.random() < 0.2:
            note = f'annotations: {{sidecar.istio.io/proxyCPU: "{dice.randint(1, 3)}00m"}}, '
            text = text.replace("metadata: {labels", f"metadata: {{{note}labels", 2)
        texts.append(text.replace("replicas: 2", f"replicas: {dice.randint(1, 9)}"))

    dice.shuffle(texts)
    return {f"t{number}/all.yaml": "---\n".join(texts)}


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    dice = random.Random(18)
    monkeypatch.chdir(tmp_path)
    made = []
    for number in range(30):
        write(tmp_path, overlay(number, dice))
        made.append(task(Target(f"t{number}", "directory", f"t{number}", "")))

    for number in range(0, 30, 7):
        made.append(task(made[number].target, mesh_version="1.24.0"))
        made.append(task(made[number].target, method="manual"))
    return made


def test_a_worker_gives_the_bytes_of_a_new_process_in_any_order(tasks: list[Task]) -> None:
    here = Path.cwd()
    expected = []
    for one in tasks[::3]:
        done = krm(
            "build", one.target.path, *words(one), env={"KRM_INJECTOR_SHAPES": "off"}, cwd=here
        )
        assert done.returncode == 0, done.stderr.decode()
        expected.append(done.stdout.decode())

    order = list(range(len(tasks)))
    random.Random(1).shuffle(order)
    texts = {number: run_task(tasks[number]).text for number in order}
    assert [texts[number] for number in range(0, len(tasks), 3)] == expected


def words(one: Task) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in one.options.items()]


def test_alike_workloads_of_other_targets_and_namespaces_are_injected_once(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"plain": 0}

    def counted(*arguments: object) -> object:
        counts["plain"] += 1
        return reinject.inject_once(*arguments)  # type: ignore[arg-type]

    for one in tasks:
        run_task(one)
    monkeypatch.setattr(families, "inject_once", counted)
    for one in tasks[:30]:
        run_task(one)
    assert counts["plain"] < 10  # of 90


def test_the_mesh_is_parsed_once(tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    run_task(tasks[0])

    def refuse(_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(PreparedControlPlane, "_parse", refuse)
    assert run_task(tasks[1]).code == 0


def test_a_file_that_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a/web.yaml": deployment("web", "elsewhere"), "fn.yaml": FUNCTION_CONFIG})
    one = task(Target("a", "directory", "a", ""), config="fn.yaml")
    assert run_task(one).code == 0
    write(tmp_path, {"fn.yaml": FUNCTION_CONFIG.replace("elsewhere", "nowhere")})
    assert run_task(one).code == 1
    write(tmp_path, {"fn.yaml": FUNCTION_CONFIG})
    assert run_task(one).code == 0


def test_the_budget_of_templates_begins_anew_with_each_target(tasks: list[Task]) -> None:
    run_task(tasks[0])
    assert bundle_injection.kept is not None
    for plane in bundle_injection.kept._planes.values():
        plane._account.left = 0
    result = run_task(tasks[1])
    assert result.code == 0, result.results


def test_what_is_kept_is_bounded() -> None:
    kept = warm.Kept(3)
    for number in range(10):
        kept[number] = str(number)
    assert list(kept) == [7, 8, 9]


def test_single_commands_keep_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a/all.yaml": f"{NAMESPACE}---\n{deployment('web')}"})
    script = (
        "from krm_injector.cli import program\n"
        "assert program.run(['build', 'a']) == 0\n"
        "from krm_injector.reinjection import bundle_injection\n"
        "assert bundle_injection.kept is None\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path, env=environment(),
                   stdout=subprocess.DEVNULL)  # fmt: skip


@pytest.mark.slow
def test_memory_is_flat(tasks: list[Task]) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc/self/statm")

    def megabytes() -> float:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 2**20

    for number in range(100):
        run_task(tasks[number % len(tasks)])
    before = megabytes()
    for number in range(900):
        run_task(tasks[number % len(tasks)])
    assert megabytes() < 1.3 * before
