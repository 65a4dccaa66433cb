"""A target of a fleet is what `krm-injector build` gives of it alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fleet_tree
import pytest
from fleet.whole import repositories
from fleet.whole.repositories import NEW, OLD, Repository
from outside import needs_program


@pytest.fixture(scope="module")
def targets(company: Repository) -> list[dict[str, Any]]:
    return company.targets()


@pytest.fixture(scope="module")
def built(company: Repository) -> Path:
    helm = needs_program("helm3")
    done = company.krm("fleet", "build", "--output", "../built", "--helm", helm, ".")
    assert done.code == 0, done.err
    return company.root.parent / "built"


def alone(company: Repository, target: dict[str, Any]) -> str:
    words = ["build", "--quiet", target["path"]]
    cluster = target.get("cluster")
    if cluster:
        words += ["--mesh", OLD, "--context", f"clusters/{cluster}/namespaces.yaml"]
    if target.get("namespace"):
        words += ["--namespace", target["namespace"]]
    if target["kind"] == "chart":
        words += ["--helm", needs_program("helm3"), "--", target["release"] or "release-name"]
        for values in target.get("values", ()):
            words += ["--values", f"{target['path']}/{values}"]
    done = company.krm(*words)
    assert done.code == 0, done.err
    return done.out


def test_the_fleet_has_all_that_was_generated(targets: list[dict[str, Any]]) -> None:
    overlays = [one for one in targets if "/overlays/" in one["path"]]
    assert len(overlays) == 18
    kinds = {one["kind"] for one in targets}
    assert kinds == {"kustomization", "chart", "package", "directory"}
    assert [one["name"] for one in targets] == sorted(one["name"] for one in targets)


def test_every_overlay_has_the_bytes_of_a_build_alone(
    company: Repository, targets: list[dict[str, Any]], built: Path
) -> None:
    written = repositories.files(built)
    assert len(written) == len(targets)
    for target in targets:
        if target["kind"] == "chart":
            continue  # how a chart is called alone is the subject of other tests
        file = built / f"{target['name']}.yaml"
        assert file.read_text() == alone(company, target), target["name"]


def test_one_worker_and_several_give_the_same_bytes(company: Repository, built: Path) -> None:
    helm = needs_program("helm3")
    for jobs in ("1", "3"):
        done = company.krm(
            "fleet", "build", "-q", "--jobs", jobs, "--output", f"../of-{jobs}", "--helm", helm, "."
        )
        assert done.code == 0, done.err
        assert repositories.files(company.root.parent / f"of-{jobs}") == repositories.files(built)


def test_shapes_switched_off_give_the_same_bytes(company: Repository, built: Path) -> None:
    plainly = company._replace(variables={"KRM_INJECTOR_SHAPES": "off"})
    done = plainly.krm(
        "fleet", "build", "-q", "--output", "../plainly", "--helm", needs_program("helm3"), "."
    )
    assert done.code == 0, done.err
    assert repositories.files(company.root.parent / "plainly") == repositories.files(built)


def test_explain_verify_and_plan_by_one_command_each(company: Repository, built: Path) -> None:
    helm = ("--helm", needs_program("helm3"))
    explained = company.krm("fleet", "explain", "-q", "--output", "json", *helm, ".")
    assert explained.code == 0, explained.err
    assert json.loads(explained.out)

    verified = company.krm("fleet", "verify", "-q", "--output", "../built", *helm, ".")
    assert verified.code == 0, verified.err

    planned = company.krm("fleet", "plan", "-q", "--to", NEW, "--output", "json", *helm, ".")
    # The overlay whose annotation Istio 1.31 refuses cannot be planned; all others are.
    assert planned.code == 1
    assert "annotation-invalid" in planned.err
    assert "apps/baskets/overlays/ap-1" in planned.err
    assert json.loads(planned.out)


def test_the_same_overlay_on_clusters_with_different_meshes(own_company: Repository) -> None:
    """In one run: neither mesh may be seen by the other target."""
    fleet = own_company.root / repositories.FLEET_FILE
    text = fleet.read_text()
    first, mark, rest = text.partition("  - name: us-1\n")
    own_company.write(repositories.FLEET_FILE, first + mark + rest.replace(OLD, NEW, 1))
    path = "apps/accounts/overlays/both"
    own_company.root.joinpath("apps/accounts/overlays/eu-1").rename(own_company.root / path)
    rule = f"  - path: {path}\n    clusters:\n    - eu-1\n    - us-1\n"
    fleet.write_text(fleet.read_text() + rule)

    done = own_company.build("--only", "*accounts/overlays/both", "--jobs", "1")
    assert done.code == 0, done.err
    written = repositories.files(own_company.root.parent / "out")
    assert len(written) == 2
    for name, data in written.items():
        cluster, mesh = ("us-1", NEW) if "us-1" in name else ("eu-1", OLD)
        context = f"clusters/{cluster}/namespaces.yaml"
        expected = own_company.krm("build", "-q", "--mesh", mesh, "--context", context, path)
        assert data.decode() == expected.out
    assert len(set(written.values())) == 2


def test_the_generator_makes_the_same_again(tmp_path: Path) -> None:
    size = fleet_tree.Size(clusters=2, overlays=3, workloads=6)
    for name in ("one", "two"):
        fleet_tree.write(tmp_path / name, size)
    one, two = (repositories.files(tmp_path / name) for name in ("one", "two"))
    assert one == two
    fleet_tree.write(tmp_path / "three", size._replace(seed=2))
    assert repositories.files(tmp_path / "three") != one
