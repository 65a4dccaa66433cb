"""In place, by labels, by tags: what moves, and what stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from files import write
from fleet.plan.planning import (
    NEW,
    OLD,
    answer,
    data,
    files,
    mesh,
    namespace,
    plan_of_text,
    rev,
    workload,
)

from krm_injector import pipeline
from krm_injector.fleet.model import Target
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.kube import yaml
from krm_injector.model import Refused
from krm_injector.sources import resource_list


@pytest.fixture
def meshes(tmp_path: Path) -> dict[str, str]:
    return files(
        tmp_path,
        old=mesh(OLD),
        new=mesh(NEW),
        canary=mesh(NEW, "1-31"),
        both=mesh(OLD) + mesh(NEW, "1-31"),
        old_tag=mesh(OLD, "1-29", prod="1-29"),
        new_tag=mesh(NEW, "1-31", prod="1-31"),
        new_no_tag=mesh(NEW, "1-31"),
        both_tag_stays=mesh(OLD, "1-29", prod="1-29") + mesh(NEW, "1-31"),
        both_tag_moved=mesh(OLD, "1-29", prod="1-31") + mesh(NEW, "1-31"),
        default_tag=mesh(OLD, "1-29", default="1-29"),
        two_new=mesh(NEW, "1-31") + mesh(NEW, "1-31-1"),
    )


def moved(text: str, meshes: dict[str, str], before: str, after: str) -> dict[str, Any]:
    return data(text, from_mesh=meshes[before], to_mesh=meshes[after])


def only(found: dict[str, Any]) -> dict[str, Any]:
    (entry,) = found["workloads"]
    decoded: dict[str, Any] = entry
    return decoded


def test_in_place_nothing_in_labels_changes(meshes: dict[str, str]) -> None:
    found = moved(namespace() + workload(), meshes, "old", "new")
    assert (found["labels"], found["tags"], found["revision"]) == ([], [], "")
    entry = only(found)
    assert "move" not in entry
    assert (entry["revision"], entry["version"]) == (["default", "default"], [OLD, NEW])
    assert entry["decides"] == {
        "on": "namespace",
        "label": "istio-injection=enabled",
        "tag": "",
        "object": "Namespace shop",
    }


@pytest.mark.parametrize("after", ["canary", "both"])
def test_a_namespace_moves_from_the_injection_label(after: str, meshes: dict[str, str]) -> None:
    found = moved(namespace() + workload(), meshes, "old", after)
    (label,) = found["labels"]
    assert label["before"] == {"istio-injection": "enabled"}
    assert label["after"] == {"istio.io/rev": "1-31"}
    assert (label["kind"], label["name"]) == ("Namespace", "shop")
    assert (label["file"], label["line"]) == ("all.yaml", 2)
    entry = only(found)
    assert (entry["revision"], entry["move"]) == (["default", "1-31"], "namespace")


def test_a_namespace_moves_from_its_revision(meshes: dict[str, str]) -> None:
    found = moved(rev("shop", "1-29") + workload(), meshes, "old_tag", "new_tag")
    (label,) = found["labels"]
    assert (label["before"], label["after"]) == ({"istio.io/rev": "1-29"}, {"istio.io/rev": "1-31"})


def test_a_tag_that_means_another_revision_moves_no_label(meshes: dict[str, str]) -> None:
    for after in ("new_tag", "both_tag_moved"):
        found = moved(rev("shop", "prod") + workload(), meshes, "old_tag", after)
        assert (found["labels"], found["tags"]) == ([], ["prod"])
        entry = only(found)
        assert (entry["move"], entry["tag"]) == ("tag", "prod")
        assert entry["revision"] == ["1-29", "1-31"]


@pytest.mark.parametrize("after", ["new_no_tag", "both_tag_stays"])
def test_a_tag_is_taken_to_move_where_the_mesh_after_does_not_say(
    after: str, meshes: dict[str, str]
) -> None:
    plan = plan_of_text(
        rev("shop", "prod") + workload(),
        from_mesh=meshes["old_tag"],
        to_mesh=meshes[after],
    )
    (wave,) = plan.waves
    assert (wave.title, wave.by, wave.labels) == ("tag prod", "tag", ())
    assert (
        "Let the tag mean 1-31: `istioctl tag set prod --revision 1-31 --overwrite`" in wave.steps
    )
    assert (
        "Let the tag mean 1-29 again: `istioctl tag set prod --revision 1-29 --overwrite`"
        in wave.back
    )


def test_the_default_tag_is_a_tag(meshes: dict[str, str]) -> None:
    found = moved(namespace() + workload(), meshes, "default_tag", "canary")
    assert (found["labels"], found["tags"]) == ([], ["default"])
    assert only(found)["revision"] == ["1-29", "1-31"]


def test_a_pod_with_its_own_revision_moves_by_itself(meshes: dict[str, str]) -> None:
    text = namespace("plain", purpose="x")
    text += workload("own", "plain", labels={"istio.io/rev": "1-29"})
    text += workload("other", "plain")
    found = moved(text, meshes, "old_tag", "canary")
    (label,) = found["labels"]
    assert (label["kind"], label["namespace"], label["name"]) == ("Deployment", "plain", "own")
    assert label["path"] == "spec.template.metadata.labels"
    assert (label["before"], label["after"]) == ({"istio.io/rev": "1-29"}, {"istio.io/rev": "1-31"})
    own, other = found["workloads"]
    assert (own["move"], own["injected"], other["injected"]) == (
        "pod",
        [True, True],
        [False, False],
    )
    paths = {each["path"] for each in found["changes"][own["changes"]]}
    assert "metadata.labels[istio.io/rev]" in paths


def test_a_pod_that_asks_for_injection_gets_the_revision_as_a_label(meshes: dict[str, str]) -> None:
    text = namespace("plain", purpose="x")
    text += workload("own", "plain", labels={"sidecar.istio.io/inject": "true"})
    found = moved(text, meshes, "old", "canary")
    (label,) = found["labels"]
    assert (label["before"], label["after"]) == ({}, {"istio.io/rev": "1-31"})
    assert only(found)["revision"] == ["default", "1-31"]


def test_a_label_of_a_pod_that_names_a_tag_stays(meshes: dict[str, str]) -> None:
    text = namespace("plain", purpose="x") + workload("a", "plain", labels={"istio.io/rev": "prod"})
    found = moved(text, meshes, "old_tag", "new_no_tag")
    entry = only(found)
    assert (found["labels"], entry["move"]) == ([], "tag")
    paths = {each["path"] for each in found["changes"][entry["changes"]]}
    assert "metadata.labels[istio.io/rev]" not in paths
    # It is what the tag's own webhook would give.
    told = moved(text, meshes, "old_tag", "new_tag")
    assert told["changes"] == found["changes"]


def test_several_new_revisions_are_refused(meshes: dict[str, str]) -> None:
    with pytest.raises(Refused, match="1-31, 1-31-1") as caught:
        moved(namespace() + workload(), meshes, "old", "two_new")
    assert caught.value.results[0].code == "fleet-plan-revision"


def test_a_revision_that_goes_moves_to_the_one_that_is_left(
    tmp_path: Path, meshes: dict[str, str]
) -> None:
    two = files(tmp_path, two=mesh(OLD) + mesh(OLD, "1-29"))["two"]
    text = namespace("a") + workload("a", "a") + rev("b", "1-29") + workload("b", "b")
    found = data(text, from_mesh=two, to_mesh=meshes["new"])
    (label,) = found["labels"]
    assert (label["name"], label["after"]) == ("b", {"istio.io/rev": "default"})
    assert [each["revision"] for each in found["workloads"]] == [
        ["default", "default"],
        ["1-29", "default"],
    ]


def test_namespaces_of_a_functionConfig_move_there(tmp_path: Path, meshes: dict[str, str]) -> None:
    from krm_injector.fleet.model import Task
    from krm_injector.fleet.plan.target import target_plan
    from krm_injector.function_config import Stub

    stub = Stub("shop", {"istio-injection": "enabled"}, {})

    def settings(path: str | None) -> Settings:
        assert path is not None
        documents = tuple(
            item.value for item in resource_list.read_manifests(Path(path).read_bytes()).items
        )
        return Settings(namespaces=(stub,), mesh=MeshSettings(documents=documents))

    options = {"from_mesh": meshes["old"], "to_mesh": meshes["canary"]}
    task = Task(Target("a", "directory", ".", ""), "plan", options, {})
    bundle = resource_list.read_manifests(workload().encode())
    found, _ = target_plan(bundle, settings, task)
    (label,) = found["labels"]
    assert (label["source"], label["file"]) == ("functionConfig", "")
    assert found["workloads"][0]["revision"] == ["default", "1-31"]


def test_namespaces_that_an_application_makes_move_there(meshes: dict[str, str]) -> None:
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {
            "destination": {"namespace": "shop"},
            "syncPolicy": {
                "managedNamespaceMetadata": {"labels": {"istio-injection": "enabled"}},
                "syncOptions": ["CreateNamespace=true"],
            },
        },
    }
    text = f"---\n{json.dumps(application)}\n" + workload()
    found = moved(text, meshes, "old", "canary")
    (label,) = found["labels"]
    assert (label["kind"], label["namespace"], label["name"]) == ("Application", "argocd", "shop")
    assert label["path"] == "spec.syncPolicy.managedNamespaceMetadata.labels"
    assert only(found)["revision"] == ["default", "1-31"]


def test_the_file_of_a_namespace_that_a_kustomization_renders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meshes: dict[str, str]
) -> None:
    write(
        tmp_path,
        {
            "shop/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\n",
            "base/kustomization.yaml": "resources: [all.yaml]\n",
            "base/all.yaml": f"# Namespaces\n{namespace('other')}{namespace()}",
        },
    )
    monkeypatch.chdir(tmp_path)
    bundle = namespace() + workload()
    target = Target("shop", "kustomization", "shop", "")
    from krm_injector.fleet.plan import moved as places
    from krm_injector.sources.resource_list.members import walk

    member = next(walk(resource_list.read_manifests(bundle.encode())))
    assert places.written(member, target) == ("base/all.yaml", 5)
    assert places.written(member, target._replace(kind="directory")) == ("", 0)


def test_what_was_injected_before_gives_the_same(meshes: dict[str, str]) -> None:
    """A repository may hold what an earlier run injected."""
    text = namespace() + workload(replicas=2)
    documents = tuple(
        item.value for item in resource_list.read_manifests(Path(meshes["old"]).read_bytes()).items
    )
    bundle = resource_list.read_manifests(text.encode())
    outcome = pipeline.run(bundle, Settings(mesh=MeshSettings(documents=documents)))
    items = [outcome.replacements.get(each.index, each.value) for each in bundle.items]
    injected = "".join(f"---\n{json.dumps(item)}\n" for item in items)
    for after in ("new", "canary"):
        assert moved(injected, meshes, "old", after) == moved(text, meshes, "old", after)


def test_what_was_edited_by_hand_is_kept_on_both_sides(meshes: dict[str, str]) -> None:
    text = namespace() + workload(replicas=2)
    untouched = moved(text, meshes, "old", "new")
    read = resource_list.read_manifests(Path(meshes["old"]).read_bytes())
    documents = tuple(item.value for item in read.items)
    bundle = resource_list.read_manifests(text.encode())
    outcome = pipeline.run(bundle, Settings(mesh=MeshSettings(documents=documents)))
    items = [outcome.replacements.get(each.index, each.value) for each in bundle.items]
    injected = "".join(f"---\n{json.dumps(item)}\n" for item in items)
    edited = injected.replace('"cpu": "2"', '"cpu": "3"')
    assert edited != injected
    found = moved(edited, meshes, "old", "new")
    assert found["changes"] == untouched["changes"]
    assert found["workloads"][0]["requests"] != untouched["workloads"][0]["requests"]


def test_both_labels_are_one_wave_with_their_pods(meshes: dict[str, str]) -> None:
    labels = {"istio-injection": "enabled", "istio.io/rev": "1-29"}
    text = namespace("shop", **labels) + workload()
    options = {"from_mesh": meshes["old"], "to_mesh": meshes["canary"]}
    plan = plan_of_text(text, waves="revision", **options)
    (wave,) = plan.waves
    assert wave.title == "istio-injection=enabled"
    assert (wave.labels[0].before, wave.labels[0].after) == (labels, {"istio.io/rev": "1-31"})


def test_an_error_gives_no_data(meshes: dict[str, str]) -> None:
    found, results = answer(workload(), from_mesh=meshes["old"], to_mesh=meshes["new"])
    assert found == {}
    assert [each.code for each in results if each.severity == "error"] == ["namespace-missing"]


def test_the_same_mesh_gives_nothing_to_do(meshes: dict[str, str]) -> None:
    plan = plan_of_text(namespace() + workload(), from_mesh=meshes["old"], to_mesh=meshes["old"])
    assert (plan.way, plan.waves, plan.unchanged) == ("nothing", (), ("all",))
    assert plan.totals.changing == plan.totals.pods == 0


def test_other_webhooks_of_the_cluster_are_no_tags() -> None:
    from krm_injector.fleet.plan import moves

    documents = [yaml.load(text) for text in mesh(OLD, prod="default").split("---\n") if text]
    assert moves.tags(documents) == {"istio-revision-tag-prod": "prod"}


def test_a_move_that_is_under_way_goes_on(meshes: dict[str, str]) -> None:
    """The mesh in use is of both control planes, and some Namespaces have moved."""
    text = namespace("a") + workload("a", "a") + rev("b", "1-31") + workload("b", "b")
    plan = plan_of_text(text, from_mesh=meshes["both"], to_mesh=meshes["canary"])
    (wave,) = plan.waves
    assert (wave.title, plan.totals.changing, len(wave.labels)) == ("Namespace a", 1, 1)
    assert wave.labels[0].after == {"istio.io/rev": "1-31"}
    done = rev("a", "1-31") + workload("a", "a") + rev("b", "1-31") + workload("b", "b")
    plan = plan_of_text(done, from_mesh=meshes["both"], to_mesh=meshes["canary"])
    assert (plan.way, plan.waves) == ("nothing", ())
