"""--apply-labels: what is written, that real kustomize takes it, and what is never touched."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from files import tree, write
from fleet.plan.planning import (
    NEW,
    OLD,
    data,
    files,
    mesh,
    namespace,
    planned,
    rev,
    workload,
)
from fleet.plan.synthetic import target
from interrupted import kills
from outside import needs_program

from krm_injector.fleet.plan import labels, readme
from krm_injector.fleet.plan.model import Failed, LabelChange, Plan
from krm_injector.kube import yaml
from krm_injector.model import Refused
from krm_injector.writing import disk


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = files(tmp_path, old=mesh(OLD), new=mesh(NEW, "1-31"))
    options = {"from_mesh": made["old"], "to_mesh": made["new"]}
    own = {"sidecar.istio.io/inject": "true"}
    text = namespace() + workload() + namespace("x.y", purpose="x")
    text += workload("own", "x.y", labels=own)
    targets = [(target(f"{name}/shop", name), text) for name in ("eu", "us")]
    return planned([(each, data(of, each, **options)) for each, of in targets], waves="cluster")


def test_a_component_per_cluster_and_a_patch_per_object(plan: Plan, tmp_path: Path) -> None:
    result = labels.write(plan, str(tmp_path / "out"), 1)
    assert (result.severity, result.code) == ("info", "fleet-plan-labels")
    written = tree(tmp_path / "out")
    assert sorted(written) == [
        "wave-1/README.md",
        "wave-1/eu/deployment-x.y-own.yaml",
        "wave-1/eu/kustomization.yaml",
        "wave-1/eu/namespace-shop.yaml",
    ]
    assert written["wave-1/eu/namespace-shop.yaml"].decode() == (
        labels.YAML_MARK
        + """- op: add
  path: "/metadata/labels/istio-injection"
  value: ""
- op: remove
  path: "/metadata/labels/istio-injection"
- op: add
  path: "/metadata/labels/istio.io~1rev"
  value: "1-31"
"""
    )
    assert yaml.load(written["wave-1/eu/deployment-x.y-own.yaml"].decode()) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "own", "namespace": "x.y"},
        "spec": {"template": {"metadata": {"labels": {"istio.io/rev": "1-31"}}}},
    }
    assert yaml.load(written["wave-1/eu/kustomization.yaml"].decode()) == {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "patches": [
            {
                "path": "namespace-shop.yaml",
                "target": {"version": "v1", "kind": "Namespace", "name": "shop"},
            },
            {
                "path": "deployment-x.y-own.yaml",
                "target": {
                    "group": "apps",
                    "version": "v1",
                    "kind": "Deployment",
                    "name": "own",
                    "namespace": "x\\.y",
                },
            },
        ],
    }


def test_the_readme_says_where_labels_stand_and_the_way_back(plan: Plan) -> None:
    text = labels.contents(plan, plan.waves[1])["README.md"]
    assert "# Wave 2: cluster us" in text
    row = "| us | Namespace shop | istio-injection=enabled | istio.io/rev=1-31 | all.yaml:2 |"
    assert row in text
    assert "## The way back" in text
    assert "  - PATH/TO/wave-2/CLUSTER" in text
    assert "Set istio-injection=enabled again in place of istio.io/rev=1-31: shop" in text


def test_kustomize_takes_the_component(plan: Plan, tmp_path: Path) -> None:
    kustomize = needs_program("kustomize")
    labels.write(plan, str(tmp_path / "out"), 1)
    write(
        tmp_path,
        {
            "app/kustomization.yaml": "resources: [all.yaml]\ncomponents: [../out/wave-1/eu]\n",
            "app/all.yaml": namespace() + namespace("other") + workload("own", "x.y"),
        },
    )
    done = subprocess.run(
        [kustomize, "build", "app"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shop, other, own = sorted(map(yaml.load, done.stdout.split("---\n")), key=_order)
    assert shop["metadata"]["labels"] == {"istio.io/rev": "1-31"}
    assert other["metadata"]["labels"] == {"istio-injection": "enabled"}
    template = own["spec"]["template"]["metadata"]
    assert template["labels"] == {"app": "own", "istio.io/rev": "1-31"}

    # Once the labels are in the manifests, it changes nothing.
    (tmp_path / "app" / "all.yaml").write_text(rev("shop", "1-31"))
    done = subprocess.run(
        [kustomize, "build", "app"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert yaml.load(done.stdout)["metadata"]["labels"] == {"istio.io/rev": "1-31"}


def _order(value: dict[str, Any]) -> int:
    return ["shop", "other", "own"].index(value["metadata"]["name"])


def test_the_next_run_replaces_and_an_equal_one_touches_nothing(plan: Plan, tmp_path: Path) -> None:
    out = tmp_path / "out"
    labels.write(plan, str(out), 1)
    page = out / "wave-1" / "README.md"
    before = page.stat()
    labels.write(plan, str(out), 1)
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    stale = out / "wave-1" / "eu" / "namespace-gone.yaml"
    stale.write_text(labels.YAML_MARK)
    labels.write(plan, str(out), 1)
    assert not stale.exists()
    labels.write(plan, str(out), 2)
    assert sorted(os.listdir(out)) == ["wave-1", "wave-2"]


@pytest.mark.parametrize("what", ["a file", "a file in it", "a link", "a link in it"])
def test_nothing_of_others_is_overwritten(what: str, plan: Plan, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.yaml").write_text("a: 1\n")
    out.mkdir()
    if what == "a file":
        (out / "wave-1").write_text("mine")
    elif what == "a link":
        (out / "wave-1").symlink_to(elsewhere)
    elif what == "a file in it":
        write(out / "wave-1", {"namespace-shop.yaml": "mine: true\n"})
    else:
        write(out / "wave-1", {"README.md": readme.MARK})
        (out / "wave-1" / "eu").symlink_to(elsewhere)

    before = tree(tmp_path)
    with pytest.raises(Refused) as caught:
        labels.write(plan, str(out), 1)
    assert caught.value.results[0].code == "fleet-plan-labels"
    assert "is not overwritten" in caught.value.results[0].message
    assert tree(tmp_path) == before


def test_a_failed_write_leaves_everything_as_it_was(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    labels.write(plan, str(out), 1)
    (out / "wave-1" / "README.md").write_text(readme.MARK)  # so that there is a difference
    before = tree(out)
    renames = []

    def rename(source: str, place: str) -> None:
        renames.append(place)
        if len(renames) == 2:
            raise OSError(28, "No space left on device")
        os.replace(source, place)

    monkeypatch.setattr(disk, "_exchanged", lambda *_: False)  # as where it takes two steps
    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(Refused, match="cannot be written: No space left on device"):
        labels.write(plan, str(out), 1)
    assert tree(out) == before
    assert sorted(os.listdir(out)) == ["wave-1"]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_kill_leaves_the_old_files_or_the_new_ones(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(disk, "_exchanged", lambda *_: False)
    out = tmp_path / "out"
    labels.write(plan, str(out), 1)
    new = tree(out)
    old = {"wave-1/README.md": readme.MARK.encode()}

    def start() -> None:
        shutil.rmtree(out)
        write(out, {name: data.decode() for name, data in old.items()})

    count = 0
    for count in kills(lambda: labels.write(plan, str(out), 1), start):
        standing = {name: data for name, data in tree(out).items() if name.startswith("wave-1/")}
        assert standing in (old, new) or (not exchange and not standing), count
        labels.write(plan, str(out), 1)
        assert tree(out) == new and os.listdir(out) == ["wave-1"], count
    assert count > 10


@pytest.mark.parametrize(
    ("number", "reason"),
    [(3, "there is no such wave; the plan has 2"), (0, "there is no such wave")],
)
def test_a_wave_that_is_not_there(number: int, reason: str, plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=reason):
        labels.write(plan, str(tmp_path / "out"), number)
    assert not (tmp_path / "out").exists()


def test_a_plan_that_lacks_targets_writes_nothing(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="lacks 1 target with errors"):
        labels.write(plan._replace(failed=(Failed("x", ("no",)),)), str(tmp_path / "out"), 1)
    assert not (tmp_path / "out").exists()


def test_a_wave_without_labels_says_what_it_does(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh(OLD), new=mesh(NEW))
    text = namespace() + workload()
    found = data(text, from_mesh=made["old"], to_mesh=made["new"])
    plan = planned([(target("all"), found)])
    with pytest.raises(Refused) as caught:
        labels.write(plan, str(tmp_path / "out"), 1)
    assert caught.value.results[0].message == (
        "--apply-labels: wave 1, Namespace shop, moves no labels, so nothing is written. What it "
        f"does first: Upgrade the control plane of revision default to Istio {NEW}"
    )


def test_what_no_patch_reaches_is_told(plan: Plan) -> None:
    wave = plan.waves[0]
    stub = LabelChange(
        "eu", "Namespace", "", "far", "metadata.labels", {}, {"istio.io/rev": "1-31"},
        source="functionConfig", targets=("eu/shop",), of="far",
    )  # fmt: skip
    listed = LabelChange(
        "eu", "Group", "shop", "g", "spec.groups.0.template.metadata.labels", {},
        {"istio.io/rev": "1-31"}, file="g.yaml", line=3, api_version="example.org/v1", of="shop",
    )  # fmt: skip
    found = labels.contents(plan, wave._replace(labels=(stub, listed)))
    assert list(found) == ["README.md"]
    assert "- Namespace far: spec.namespaces of the functionConfig of eu/shop" in found["README.md"]
    assert "- Group shop/g: g.yaml:3" in found["README.md"]


def test_names_that_are_no_names_of_files(plan: Plan) -> None:
    wave = plan.waves[0]
    change = wave.labels[0]
    odd = tuple(
        change._replace(cluster=cluster, name=name)
        for cluster, name in (("../../eu", "a/../b"), ("../../eu", "a-..-b"), ("", ".x"))
    )
    found = labels.contents(plan, wave._replace(labels=odd))
    assert all(not part.startswith("..") for name in found for part in name.split("/"))
    assert len(found) == 6


def test_revisions_go_back_to_what_they_were(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh(OLD, "1-29"), new=mesh(NEW, "1-31"))
    text = rev("shop", "1-29") + workload()
    found = data(text, from_mesh=made["old"], to_mesh=made["new"])
    plan = planned([(target("all"), found)])
    assert (
        plan.waves[0].back[0] == "Set istio.io/rev=1-29 again in place of istio.io/rev=1-31: shop"
    )
