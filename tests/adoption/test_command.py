"""`krm-injector adopt` as a process, and its files in kustomize."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import builders
import pytest
import yaml
from adoption import cluster
from command import environment, install_krm_injector, krm_text
from outside import needs_program

from krm_injector.adoption.comparison import compared, expected_pod
from krm_injector.kube.differences import Difference

WEB = builders.deployment("web")


@pytest.fixture(scope="module")
def pod() -> Any:
    """A pod that the webhook made of the stored workload."""
    how = builders.settings(record=False)
    template = builders.injected(cluster.stored(WEB), how)["spec"]["template"]
    reference = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web-7f",
        "controller": True,
    }
    labels = {**template["metadata"]["labels"], "pod-template-hash": "7f"}
    metadata = {**template["metadata"], "labels": labels, "ownerReferences": [reference]}
    return cluster.running({**template, "metadata": metadata}, WEB)


def dump(pod: Any, *more: Any) -> str:
    objects = [builders.SHOP, *builders.installation(), cluster.in_cluster(WEB), pod, *more]
    return yaml.safe_dump(cluster.dump(*objects))


def adopt(directory: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    (directory / "dump.yaml").write_text(text)
    return krm_text("adopt", "dump.yaml", *words, cwd=directory)


def differences(pod: Any, manifests: str) -> list[Difference]:
    """Of the pod from what a rendered Deployment gives."""
    (web,) = (each for each in yaml.safe_load_all(manifests) if each["kind"] == "Deployment")
    return compared(pod, expected_pod(web["spec"]["template"]), WEB)


def test_the_files_inject_what_runs(pod: Any, tmp_path: Path) -> None:
    done = adopt(tmp_path, dump(pod), "--output", "istio")
    assert (done.returncode, "1 of 1 pod is what Git gives" in done.stdout) == (0, True), (
        done.stderr
    )
    written = sorted(file.name for file in (tmp_path / "istio").iterdir())
    assert written == ["istio-inject.yaml", "mesh.yaml", "namespaces.yaml"]

    (tmp_path / "web.yaml").write_text(yaml.safe_dump(WEB))
    words = ["inject", "--config", "istio/istio-inject.yaml", "web.yaml"]
    injected = krm_text(*words, cwd=tmp_path)
    assert injected.returncode == 0, injected.stderr
    assert differences(pod, injected.stdout) == []

    beside = krm_text(*words, "--context", "istio/namespaces.yaml", cwd=tmp_path)
    assert (beside.returncode, beside.stdout) == (0, injected.stdout), beside.stderr


def test_the_files_are_the_wiring_of_an_overlay(pod: Any, tmp_path: Path) -> None:
    kustomize = needs_program("kustomize")
    overlay, programs = tmp_path / "overlay", tmp_path / "bin"
    overlay.mkdir()
    programs.mkdir()
    install_krm_injector(programs)
    (overlay / "web.yaml").write_text(yaml.safe_dump(WEB))
    (overlay / "kustomization.yaml").write_text("resources:\n- web.yaml\n")
    assert adopt(tmp_path, dump(pod), "--output", "overlay").returncode == 0
    assert krm_text("init", "kustomize", "overlay", cwd=tmp_path).returncode == 0

    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    command = [kustomize, "build", "--enable-alpha-plugins", "--enable-exec", "overlay"]
    built = subprocess.run(
        command, cwd=tmp_path, env=environment({"PATH": path}), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert differences(pod, built.stdout) == []


def test_files_that_stand_there_stay(pod: Any, tmp_path: Path) -> None:
    assert adopt(tmp_path, dump(pod), "--output", "istio").returncode == 0
    again = adopt(tmp_path, dump(pod), "--output", "istio")
    assert (again.returncode, "istio has all of this already" in again.stdout) == (0, True)

    namespaces = tmp_path / "istio" / "namespaces.yaml"
    namespaces.write_text("# mine\n")
    refused = adopt(tmp_path, dump(pod), "--output", "istio")
    assert refused.returncode == 1
    assert "istio/namespaces.yaml is there and says something else" in refused.stderr
    assert namespaces.read_text() == "# mine\n"


def test_what_differs_without_a_reason_is_exit_1(pod: Any, tmp_path: Path) -> None:
    spec = {**pod["spec"], "activeDeadlineSeconds": 5}
    done = adopt(tmp_path, dump({**pod, "spec": spec}))
    assert done.returncode == 1
    assert "spec.activeDeadlineSeconds: only in the pod" in done.stdout
    assert "[adopt-differs]" in done.stderr


def test_a_secret_is_named_and_not_read_on(pod: Any, tmp_path: Path) -> None:
    secret = builders.resource("v1", "Secret", "token", data={"key": "aHVudGVyMg=="})
    done = adopt(tmp_path, dump(pod, secret), "--output", "istio")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Secret shop/token" in done.stderr
    assert "aHVudGVyMg" not in done.stderr
    assert not (tmp_path / "istio").exists()
