"""`krm-injector fleet plan` as people run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import krm
from files import tree, write
from fleet.plan.planning import NEW, OLD, mesh, namespace, workload

FLEET = """apiVersion: krm-injector.dev/v1alpha1
kind: Fleet
spec:
  clusters:
  - {name: eu-canary, mesh: meshes/old.yaml, kubernetesVersion: "1.33"}
  - {name: eu-1, mesh: meshes/old.yaml, kubernetesVersion: "1.28"}
  targets:
  - {path: "apps/*", clusters: [eu-canary, eu-1]}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    apps = {
        f"apps/{name}/all.yaml": namespace(name) + workload("web", name, replicas=3)
        for name in ("shop", "mail")
    }
    meshes = {
        "meshes/old.yaml": mesh(OLD),
        "meshes/new.yaml": mesh(NEW),
        "meshes/canary.yaml": mesh(OLD) + mesh(NEW, "1-31"),
        "each/eu-canary.yaml": mesh(NEW),
    }
    return write(tmp_path, {**apps, **meshes, "krm-injector-fleet.yaml": FLEET})


def plan(repository: Path, *words: str, code: int = 0) -> dict[str, Any]:
    done = krm("fleet", "plan", "-q", "--output", "json", *words, cwd=repository)
    assert done.returncode == code, done.stderr.decode()
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_an_upgrade_from_the_meshes_of_the_clusters(repository: Path) -> None:
    found = plan(repository, "--to", "meshes/new.yaml")
    assert (found["title"], found["way"]) == (f"Istio {OLD} to {NEW}", "in place")
    assert [wave["title"] for wave in found["waves"]] == ["cluster eu-canary", "cluster eu-1"]
    assert (found["totals"]["targets"], found["totals"]["pods"]) == (4, 12)
    # Old kubelets have no native sidecars by default.
    assert sorted(group["title"].partition(" (")[2] for group in found["groups"]) == [
        "init: istio-init, istio-proxy)",
        "istio-proxy; init: istio-init)",
    ]


def test_only_one_cluster_is_waves_of_namespaces(repository: Path) -> None:
    found = plan(repository, "--to", "meshes/new.yaml", "--cluster", "eu-1")
    assert [wave["title"] for wave in found["waves"]] == ["Namespace mail", "Namespace shop"]


def test_a_cluster_without_a_mesh_is_told_and_the_others_are_planned(repository: Path) -> None:
    found = plan(repository, "--to", "each", code=1)
    assert [each["target"] for each in found["failed"]] == ["eu-1/apps/mail", "eu-1/apps/shop"]
    assert found["totals"]["targets"] == 2


def test_labels_are_written_beside_the_plan(repository: Path) -> None:
    words = ("--to", "meshes/canary.yaml", "--apply-labels", "moves", "--wave", "2")
    before = tree(repository)
    assert plan(repository, *words)["totals"]["labels"] == 4
    after = tree(repository)
    assert {name: after[name] for name in before} == before
    assert sorted(set(after) - set(before)) == [
        "moves/wave-2/README.md",
        "moves/wave-2/eu-1/kustomization.yaml",
        "moves/wave-2/eu-1/namespace-mail.yaml",
        "moves/wave-2/eu-1/namespace-shop.yaml",
    ]
    assert "apps/mail/all.yaml" in after["moves/wave-2/README.md"].decode()
    nothing = plan(repository, "--to", "meshes/new.yaml", "--apply-labels", "moves", code=1)
    assert nothing["way"] == "in place"


def test_shards_are_joined_to_the_same_plan(repository: Path) -> None:
    whole = plan(repository, "--to", "meshes/new.yaml")
    for number in (1, 2):
        words = ("--to", "meshes/new.yaml", "--shard", f"{number}/2", "--report", f"{number}.json")
        plan(repository, *words)
    done = krm("fleet", "merge", "-o", "json", "1.json", "2.json", cwd=repository)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == whole


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "plan what? --to MESH names the mesh after the upgrade"),
        (("--to", "a", "--campaign", "native-sidecars"), 2, "leave --to out"),
        (("--to", "no.yaml"), 1, "--to no.yaml: there is no such file or directory"),
        (("--campaign", "hub=x"), 1, "there is no such campaign"),
        (("--to", "meshes/new.yaml", "--wave", "1"), 2, "add --apply-labels DIR"),
    ],
)
def test_wrong_words(repository: Path, words: tuple[str, ...], code: int, told: str) -> None:
    done = krm("fleet", "plan", *words, cwd=repository)
    assert (done.returncode, done.stdout) == (code, b"")
    assert told in done.stderr.decode()


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_forms(repository: Path, form: str) -> None:
    done = krm("fleet", "plan", "--to", "meshes/new.yaml", "-o", form, cwd=repository)
    assert done.returncode == 0, done.stderr.decode()
    assert f"Istio {OLD} to {NEW}" in done.stdout.decode()
