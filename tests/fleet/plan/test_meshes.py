"""What --from and --to name: a file, a directory with one a cluster, or a version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fleet.plan.planning import NEW, OLD, data, files, mesh, namespace, workload
from fleet.plan.synthetic import target
from outside import needs_path
from paths import SHARED

from krm_injector.discovery import profile
from krm_injector.fleet.plan import meshes
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.model import Refused
from krm_injector.sources import resource_list

TEXT = namespace() + workload()


def versions(found: dict[str, Any]) -> list[str]:
    (entry,) = found["workloads"]
    of_both: list[str] = entry["version"]
    return of_both


def test_a_directory_with_a_mesh_per_cluster(tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    files(new, eu=mesh(NEW), us=mesh("1.30.1"))
    options = {"from_mesh": files(tmp_path, old=mesh(OLD))["old"], "to_mesh": str(new)}
    assert versions(data(TEXT, target("a", "eu"), **options)) == [OLD, NEW]
    assert versions(data(TEXT, target("a", "us"), **options)) == [OLD, "1.30.1"]

    for name, cluster, reason in (
        ("a", "asia", "has no mesh for cluster asia: there is no asia.yaml in it"),
        ("a", "", "the target has no cluster"),
    ):
        with pytest.raises(Refused) as caught:
            data(TEXT, target(name, cluster), **options)
        (result,) = caught.value.results
        assert (result.code, reason in result.message) == ("fleet-plan-mesh", True)


def test_a_version_is_the_embedded_profile() -> None:
    found = data(TEXT, from_mesh="1.29", to_mesh="v1.31")
    before, after = versions(found)
    assert (before[:5], after[:5]) == ("1.29.", "1.31.")
    # It wins over a mesh that the bundle holds.
    before, after = versions(data(TEXT + mesh(OLD), to_mesh="1.31"))
    assert (before, after[:5]) == (OLD, "1.31.")


def test_the_cluster_s_own_mesh_is_where_the_plan_starts(tmp_path: Path) -> None:
    made = files(tmp_path, own=mesh(OLD), new=mesh(NEW))
    found = data(TEXT, mesh=(made["own"],), to_mesh=made["new"])
    assert versions(found) == [OLD, NEW]


def test_a_stated_version_is_not_that_of_the_mesh_after(tmp_path: Path) -> None:
    made = files(tmp_path, new=mesh(NEW))
    before, after = versions(data(TEXT, mesh_version="1.29", to_mesh=made["new"]))
    assert (before[:5], after) == ("1.29.", NEW)


@pytest.mark.parametrize(
    ("mesh_", "reason"),
    [
        ("no/such/mesh.yaml", "there is no such file or directory"),
        ("1.999", "there is no embedded profile of Istio 1.999"),
    ],
)
def test_what_is_not_there(mesh_: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        meshes.refuse_missing(mesh_, "--to")
    meshes.refuse_missing("1.31", "--to")
    meshes.refuse_missing(".", "--to")


INSTALLATIONS = SHARED / "istio" / "installations"


@needs_path(INSTALLATIONS)
@pytest.mark.parametrize(
    ("before", "after", "revisions", "labels"),
    [
        ("1.26.8/default.yaml", "1.31/default.yaml", ["default", "default"], 0),
        ("1.30.3-features/tagged.yaml", "1.31/default.yaml", ["default", "default"], 0),
        ("1.31/default.yaml", "1.31/canary.yaml", ["default", "canary"], 1),
        ("1.26.8/default.yaml", "1.26.8/canary.yaml", ["default", "canary"], 1),
    ],
)
def test_meshes_of_real_installations(
    before: str, after: str, revisions: list[str], labels: int
) -> None:
    options = {"from_mesh": str(INSTALLATIONS / before), "to_mesh": str(INSTALLATIONS / after)}
    found = data(TEXT, **options)
    (entry,) = found["workloads"]
    assert (entry["revision"], entry["injected"]) == (revisions, [True, True])
    assert len(found["labels"]) == labels
    assert found["changes"]


def test_what_a_functionConfig_says_of_its_mesh_is_of_the_mesh_before(tmp_path: Path) -> None:
    """Its parts and its revision do not count for a mesh that an option names."""
    made = files(tmp_path, new=mesh(NEW, "1-31"))["new"]
    embedded = profile.load()
    inline = MeshSettings(embedded.config, embedded.values, embedded.mesh, version="1.29.1")
    documents = tuple(
        item.value for item in resource_list.read_manifests(Path(made).read_bytes()).items
    )

    def settings(path: str | None) -> Settings:
        stated = inline if path is None else inline._replace(documents=documents)
        return Settings(mesh=stated, revision="old")

    after = meshes.of_mesh(settings, made, "--to", "")
    assert after == Settings(mesh=MeshSettings(documents=documents))
    assert meshes.of_mesh(settings, None, "--from", "") == settings(None)
    assert meshes.of_mesh(settings, made, "--from", "").revision == "old"
