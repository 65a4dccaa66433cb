"""`krm-injector adopt` as a process, and its files in kustomize."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import builders
import pytest
import yaml
from adoption import cluster
from command import environment, install_krm_injector, krm_text
from outside import needs_program
from paths import ROOT
from stored_workloads import as_stored

from krm_injector.adoption.comparison import compared, expected_pod
from krm_injector.kube.differences import Difference

WEB = builders.deployment("web")
PAGE = (ROOT / "docs" / "adopt.md").read_text()


def made(workload: Any, replica_set: str, name: str = "") -> Any:
    """A pod that the webhook made of the stored Deployment."""
    how = builders.settings(record=False)
    template = builders.injected(as_stored(workload), how)["spec"]["template"]
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}
    hashed = {**template["metadata"]["labels"], "pod-template-hash": replica_set.split("-")[1]}
    metadata = {
        **template["metadata"],
        "labels": hashed,
        "ownerReferences": [{**reference, "name": replica_set}],
    }
    return cluster.running({**template, "metadata": metadata}, workload, name)


@pytest.fixture(scope="module")
def pod() -> Any:
    return made(WEB, "web-7f")


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


def test_the_example_of_the_page_is_what_is_printed(pod: Any, tmp_path: Path) -> None:
    """docs/adopt.md: a Deployment after an upgrade of Istio, one that is equal, a StatefulSet."""
    (page,) = re.findall(r"\$ krm-injector adopt dump.yaml\n(.*?)```", PAGE, re.DOTALL)

    quiet = {"labels": {"sidecar.istio.io/inject": "false"}}
    db = builders.workload("StatefulSet", builders.pod_template(builders.WEB, **quiet), "db")
    reference = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "controller": True}
    db_pod = cluster.running(as_stored(db)["spec"]["template"], db, "db-0")
    db_pod["metadata"] |= {"ownerReferences": [reference], "namespace": "shop"}

    api = builders.deployment("api")
    current, older = (made(api, "api-6d5f", f"api-6d5f-{suffix}") for suffix in ("x1", "x2"))
    older = yaml.safe_load(yaml.safe_dump(older).replace(":1.31.1", ":1.30.3"))
    values = [cluster.in_cluster(api), cluster.in_cluster(db), current, older, db_pod]
    done = adopt(tmp_path, dump(pod, *values))
    assert done.returncode == 0, done.stderr
    assert done.stdout == page


def test_a_dump_without_its_namespaces_can_be_completed(pod: Any, tmp_path: Path) -> None:
    """The advice is about dumps: adopt has none of the options that other commands name."""
    objects = [*builders.installation(), cluster.in_cluster(WEB), pod]
    done = adopt(tmp_path, yaml.safe_dump(cluster.dump(*objects)))
    assert done.returncode == 1 and "Namespace shop is not in the dump" in done.stderr
    assert "--namespace-labels" not in done.stderr
    (file,) = re.findall(r"kubectl get namespaces -o yaml > ([^ ,]+),", done.stderr)

    (tmp_path / file).write_text(yaml.safe_dump(cluster.dump(builders.SHOP)))
    done = krm_text("adopt", "dump.yaml", file, cwd=tmp_path)
    assert (done.returncode, "1 of 1 pod is what Git gives" in done.stdout) == (0, True)


def test_what_the_pods_tell_is_not_assumed(pod: Any, tmp_path: Path) -> None:
    assert "[native-sidecars-assumed]" not in adopt(tmp_path, dump(pod)).stderr

    template = as_stored(WEB)["spec"]["template"]
    labels = {**template["metadata"]["labels"], "pod-template-hash": "7f"}
    older = {**pod, "spec": template["spec"]}
    older["metadata"] = {**pod["metadata"], "labels": labels, "annotations": {}}
    done = adopt(tmp_path, dump(older))
    assert "[native-sidecars-assumed]" in done.stderr
    assert "0 of 1 pod is what Git gives, and 1 after a restart" in done.stdout


def test_a_proof_of_nothing_is_an_error(pod: Any, tmp_path: Path) -> None:
    """All its pods belong to workloads of another dump."""
    other = builders.deployment("other")
    objects = [builders.SHOP, *builders.installation(), cluster.in_cluster(other), pod]
    done = adopt(tmp_path, yaml.safe_dump(cluster.dump(*objects)), "--output", "istio")
    assert done.returncode == 1 and "error: no pod of the dump was compared" in done.stderr
    assert "no pod was compared, so nothing is proved" in done.stdout
    assert (tmp_path / "istio/mesh.yaml").exists(), "what could be told is written"


def test_a_webhook_whose_control_plane_is_gone(pod: Any, tmp_path: Path) -> None:
    gone = []
    for each in builders.installation():
        if each["kind"] == "MutatingWebhookConfiguration":
            gone.append(yaml.safe_load(yaml.safe_dump(each).replace("default", "1-99")))
    gone[0]["metadata"]["name"] += "-1-99"
    for webhook in gone[0]["webhooks"]:
        webhook["clientConfig"]["service"]["name"] = "istiod-1-99"
        webhook["namespaceSelector"] = {"matchLabels": {"istio.io/rev": "1-99"}}
    pay = builders.namespace("pay", {"istio.io/rev": "1-99"})
    api = builders.deployment("api")
    api["metadata"]["namespace"] = "pay"

    done = adopt(tmp_path, dump(pod, pay, cluster.in_cluster(api), *gone))
    assert done.returncode == 1 and "[control-plane-missing]" in done.stderr
    assert "with the ConfigMaps of that control plane" in done.stderr
    assert "--mesh" not in done.stderr
