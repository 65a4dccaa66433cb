"""`krm-injector fleet list`, as a process."""

from __future__ import annotations

import json
from pathlib import Path

import files
from command import krm_text
from fleet.trees import DEPLOYMENT, kustomization

TREE = {
    "base/kustomization.yaml": kustomization("web.yaml"),
    "base/web.yaml": DEPLOYMENT,
    "prod/kustomization.yaml": kustomization("../base"),
    "charts/web/Chart.yaml": "name: web\n",
}


def test_the_table(tmp_path: Path) -> None:
    done = krm_text("fleet", "list", cwd=files.write(tmp_path, TREE))
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout
        == """\
TARGET      KIND           WHY
charts/web  chart          charts/web/Chart.yaml is a chart, with its own values
prod        kustomization  prod/kustomization.yaml; no other kustomization is built on it

2 targets (1 kustomization, 1 chart)

1 other thing found and passed over (-v names each):
       1  another kustomization is built on it
"""
    )


def test_verbose_names_what_was_passed_over(tmp_path: Path) -> None:
    done = krm_text("fleet", "list", "-v", cwd=files.write(tmp_path, TREE))
    assert done.stdout.endswith("""
PASSED OVER  WHY
base         prod/kustomization.yaml:4 names it
""")


def test_json(tmp_path: Path) -> None:
    done = krm_text(
        "fleet", "list", "-o", "json", "--only", "prod", cwd=files.write(tmp_path, TREE)
    )
    answer = json.loads(done.stdout)
    assert [target["name"] for target in answer["targets"]] == ["prod"]
    assert answer["targets"][0]["kind"] == "kustomization"
    assert answer["passedOver"][0]["path"] == "base"


def test_many_targets_are_counted_by_directory(tmp_path: Path) -> None:
    tree = {f"teams/{n % 7}/{n}/kustomization.yaml": kustomization() for n in range(201)}
    files.write(tmp_path, tree)
    short = krm_text("fleet", "list", cwd=tmp_path).stdout
    assert len(short.splitlines()) == 1 + 7 + 4
    assert "201 targets, all kustomizations" in short
    assert len(krm_text("fleet", "list", "-v", cwd=tmp_path).stdout.splitlines()) > 201
    answer = json.loads(krm_text("fleet", "list", "-o", "json", cwd=tmp_path).stdout)
    assert len(answer["targets"]) == 201


def test_an_error_beside_targets(tmp_path: Path) -> None:
    cycle = {"x/kustomization.yaml": kustomization("../x")}
    done = krm_text("fleet", "list", cwd=files.write(tmp_path, {**TREE, **cycle}))
    assert done.returncode == 1
    assert "fleet-cycle" in done.stderr
    assert "\nprod " in done.stdout


def test_nothing_is_found(tmp_path: Path) -> None:
    done = krm_text("fleet", "list", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there are no targets in .: no kustomization, chart")


def test_names_are_shown_without_signs_that_a_terminal_obeys(tmp_path: Path) -> None:
    done = krm_text("fleet", "list", cwd=files.write(tmp_path, {"a\x1b[31m/web.yaml": DEPLOYMENT}))
    assert "a\\x1b[31m  directory" in done.stdout
