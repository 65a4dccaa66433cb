"""Containers that move between the lists of a pod, told as one change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fleet.plan.planning import data, files, mesh, namespace, plan_of_text, planned, workload
from fleet.plan.synthetic import answer, entry, target

from krm_injector.fleet.plan.model import ABSENT
from krm_injector.fleet.plan.relocated import told
from krm_injector.kube.differences import Difference, differences

MOVED = "spec.containers[proxy] -> spec.initContainers[proxy]"


def of(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [tuple(each) for each in told(differences({"spec": before}, {"spec": after}))]


def test_a_container_becomes_an_init_container() -> None:
    app, init = {"name": "app"}, {"name": "init", "image": "i:1"}
    proxy = {"name": "proxy", "image": "p:1", "ports": [{"containerPort": 1}]}
    native = {**proxy, "image": "p:2", "restartPolicy": "Always"}
    before = {"containers": [app, proxy], "initContainers": [init]}
    after = {"containers": [app], "initContainers": [{**init, "image": "i:2"}, native]}
    assert of(before, after) == [
        (MOVED, ABSENT, ABSENT),
        ("spec.initContainers[proxy].image", "p:1", "p:2"),
        ("spec.initContainers[proxy].restartPolicy", ABSENT, "Always"),
        ("spec.initContainers[init].image", "i:1", "i:2"),
    ]


def test_the_first_init_container_of_a_pod() -> None:
    """The whole list comes, or goes."""
    app, proxy = {"name": "app"}, {"name": "proxy"}
    before = {"containers": [app, proxy]}
    after = {"containers": [app], "initContainers": [proxy, {"name": "other"}]}
    assert of(before, after) == [
        (MOVED, ABSENT, ABSENT),
        ("spec.initContainers[other]", ABSENT, {"name": "other"}),
    ]
    back = [each for each, _, _ in of(after, before)]
    assert "spec.initContainers[proxy] -> spec.containers[proxy]" in back


def test_other_changes_stay_as_they_are() -> None:
    changes = [
        Difference("spec.containers[a]", {"name": "a"}, ABSENT),
        Difference("spec.initContainers[b]", ABSENT, {"name": "b"}),
        Difference("spec.initContainers", ABSENT, [{"image": "without a name"}]),
        Difference("spec.initContainers", ABSENT, None),
        Difference("metadata.labels[a[b]]", 1, 2),
    ]
    assert told(changes) == changes


def test_native_sidecars_of_different_applications_are_one_group(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh("1.26.8"))["old"]
    text = namespace() + workload("a") + workload("b", requests={"cpu": "1"})
    plan = plan_of_text(text, mesh=(made,), campaign="native-sidecars")
    (group,) = plan.groups
    assert group.workloads == 2
    assert group.title.startswith("istio-proxy becomes a native sidecar; ")


def test_sidecars_that_come_or_go_are_one_group() -> None:
    ports = [{"path": "env", "after": "a"}], [{"path": "env", "after": "b"}]
    same = {"path": "label", "after": "x"}
    data_ = answer(
        entry("a", injected=[False, True]),
        entry("b", injected=[False, True], changes=1),
        entry("c", injected=[True, False]),
        changes=[[*ports[0], same], [*ports[1], same]],
    )
    first, second = planned([(target("all"), data_)]).groups
    assert (first.title, first.workloads) == ("a sidecar comes", 2)
    assert [each.path for each in first.changes] == ["label"]
    assert (second.title, second.workloads) == ("the sidecar goes", 1)


def test_groups_are_those_of_diff(tmp_path: Path) -> None:
    """fleet plan and diff --from --to compare alike."""
    made = files(tmp_path, old=mesh("1.30.1"), new=mesh("1.31.0"))
    text = namespace() + "".join(workload(f"w{number}") for number in range(3))
    found = data(text, from_mesh=made["old"], to_mesh=made["new"])
    from krm_injector import pipeline
    from krm_injector.function_config import MeshSettings, Settings
    from krm_injector.presenting import upgrade
    from krm_injector.sources import resource_list

    def run(path: str) -> pipeline.Outcome:
        items = resource_list.read_manifests(Path(path).read_bytes()).items
        documents = tuple(item.value for item in items)
        bundle = resource_list.read_manifests(text.encode())
        return pipeline.run(bundle, Settings(mesh=MeshSettings(documents=documents)))

    groups = upgrade.groups(run(made["old"]), run(made["new"]))
    assert found["changes"] == [
        [upgrade.change_entry(change) for change in group.changes] for group in groups
    ]
    assert len(groups[0].workloads) == 3
