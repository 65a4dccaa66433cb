"""The examples: what they come to, and that kustomize and kpt take it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pytest_snapshot.plugin import Snapshot

ROOT = Path(__file__).resolve().parent.parent
ALL = sorted(path.parent for path in (ROOT / "functions" / "istio-inject").glob("examples/*/Kptfile"))
REFUSED = [
    example for example in ALL if (example / ".expected" / "config.yaml").exists()
]  # kpt's form: exitCode, stdErr
EXAMPLES = [example for example in ALL if example not in REFUSED]


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which krm-injector is this one."""
    program = tmp_path / "bin" / "krm-injector"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m krm_injector "$@"\n')
    program.chmod(0o755)
    return os.pathsep.join([str(program.parent), str(ROOT / ".tools"), os.environ["PATH"]])


def run(command: list[str], cwd: Path, path: str) -> bytes:
    if not shutil.which(command[0], path=path):
        pytest.skip(f"{command[0]} is not on PATH")
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()
    }


def objects(text: bytes) -> dict[tuple[str, ...], object]:
    """Objects by identity; a manifest that nobody applies is none."""
    found: dict[tuple[str, ...], object] = {}
    for value in yaml.safe_load_all(text):
        if value and value["kind"] not in ("Kptfile", "Kustomization", "SidecarInjection"):
            metadata = value["metadata"]
            # kustomize sorts the keys of what it reads, and a record tells where a key stood.
            annotations = metadata.get("annotations") or {}
            if "config.kubernetes.io/local-config" in annotations:
                continue  # kustomize keeps it to itself
            if annotations.pop("krm-injector.dev/injected", None) and not annotations:
                del metadata["annotations"]
            found[value["kind"], metadata.get("namespace", ""), metadata["name"]] = value
    return found


def test_there_are_examples() -> None:
    assert "httpbin" in {example.name for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_output_is_the_expected(example: Path, path: str, snapshot: Snapshot) -> None:
    """Without any orchestrator. New expectations: pytest --snapshot-update."""
    out = run(["krm-injector", "inject", "--config", "istio-inject.yaml", "base"], example, path)
    snapshot.snapshot_dir = example / ".expected"
    snapshot.assert_match(out.decode(), "injected.yaml")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_kustomize_runs_the_function(example: Path, path: str, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(example, work)
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."]
    once = run(command, work, path)
    assert run(command, work, path) == once
    injected = run(["krm-injector", "inject", "--config", "istio-inject.yaml", "base"], work, path)
    assert objects(once) == objects(injected)
    (tmp_path / "again.yaml").write_bytes(once)
    mesh = work / "base" / "mesh.yaml"  # kustomize has kept it to itself
    again = ["krm-injector", "inject", *(["--mesh", str(mesh)] if mesh.exists() else []), "again.yaml"]
    assert run(again, tmp_path, path) == once, "injecting again must change nothing"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_kpt_runs_the_function_and_a_second_run_changes_nothing(example: Path, path: str, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(example, work)
    command = ["kpt", "fn", "render", "--allow-exec"]
    run(command, work, path)
    once = files(work)
    run(command, work, path)
    assert files(work) == once
    injected = run(["krm-injector", "inject", "--config", "istio-inject.yaml", "base"], example, path)
    rendered = b"---\n".join(text for name, text in once.items() if name.startswith("base") and name.endswith(".yaml"))
    assert objects(rendered) == objects(injected)


@pytest.mark.parametrize("program", ["krm-injector", "kustomize", "kpt"])
@pytest.mark.parametrize("example", REFUSED, ids=lambda example: example.name)
def test_refusal_is_the_expected(example: Path, path: str, tmp_path: Path, program: str) -> None:
    work = tmp_path / "work"
    shutil.copytree(example, work)
    if not shutil.which(program, path=path):
        pytest.skip(f"{program} is not on PATH")
    command = {
        "krm-injector": ["krm-injector", "inject", "--config", "istio-inject.yaml", "base"],
        "kustomize": ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."],
        "kpt": ["kpt", "fn", "render", "--allow-exec"],
    }[program]
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, check=False)
    expected = yaml.safe_load((example / ".expected" / "config.yaml").read_text())
    assert done.returncode == expected["exitCode"]
    assert expected["stdErr"] in done.stderr.decode()
    assert files(work) == files(example)
    assert b"istio-proxy" not in done.stdout


def test_httpbin_is_injected_where_it_should_be(path: str) -> None:
    example = ROOT / "functions" / "istio-inject" / "examples" / "httpbin"
    lines = run(["krm-injector", "explain", "base"], example, path).decode().splitlines()[1:]
    lines = lines[: lines.index("")]  # the table; totals follow
    verdicts = {(line.split()[0], line.split()[1]): line.split()[2] for line in lines}
    assert verdicts == {
        ("Deployment", "shop/httpbin"): "yes",
        ("StatefulSet", "shop/store"): "yes",
        ("DaemonSet", "shop/log-agent"): "yes",
        ("Job", "shop/import"): "yes",
        ("CronJob", "shop/report"): "yes",
        ("Deployment", "shop/httpbin-plain"): "no",
        ("DaemonSet", "shop/node-agent"): "no",
        ("Deployment", "lab/httpbin"): "no",
    }
    assert all("1/1 -> 2/2" in line for line in lines if line.split()[2] == "yes")
