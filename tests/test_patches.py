"""Patches: applied by a small reader of RFC 6902 here, and by the real kustomize over Istio's own cases."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_injector import diff, function_config, manifests, patches, pipeline
from krm_injector.inputs import Source
from krm_injector.kube.yaml import dump, same
from krm_injector.model import ResourceRef

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("KRM_INJECTOR_SHARED", ROOT.parent / "shared"))
CORPUS = SHARED / "istio" / "corpus" / "1.30.3"
EXAMPLE = ROOT / "functions" / "istio-inject" / "examples" / "httpbin" / "base"
REF = ResourceRef("apps/v1", "Deployment", "web", "shop")


def change(before: Any, after: Any) -> patches.Change:
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
    return patches.Change(REF, {**head, "spec": before}, {**head, "spec": after})


def patched(value: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902, as far as the tool writes it."""
    value = json.loads(json.dumps(value))
    for operation in operations:
        steps = [s.replace("~1", "/").replace("~0", "~") for s in operation["path"].split("/")[1:]]
        inner: Any = value
        for step in steps[:-1]:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        last: Any = int(steps[-1]) if isinstance(inner, list) else steps[-1]
        kind = operation["op"]
        if kind == "test":
            assert inner[last] == operation["value"]
        elif kind == "remove":
            del inner[last]
        elif kind == "add" and isinstance(inner, list):
            inner.insert(last, operation["value"])
        else:
            assert kind == "add" or last in inner or isinstance(inner, list)
            inner[last] = operation["value"]
    return value


def test_elements_that_come_leave_and_move() -> None:
    named = [{"name": name, "v": index} for index, name in enumerate("abcde")]
    random.seed(7)
    for _ in range(300):
        before = random.sample(named, random.randint(0, 5))
        after = [{**e, "v": random.randint(0, 2)} for e in random.sample(named, random.randint(0, 5))]
        one = change({"l": before}, {"l": after})
        assert same(patched(one.before, patches.json_patch(one)), one.after)


def test_a_path_is_escaped() -> None:
    one = change({"a": {}}, {"a": {"x/y~z": 1}})
    assert [o["path"] for o in patches.json_patch(one)] == ["/spec/a/x~1y~0z"]


def test_an_element_is_tested_before_it_is_entered_by_place() -> None:
    one = change({"l": [{"name": "a"}, {"name": "b"}]}, {"l": [{"name": "a"}, {"name": "b", "x": 1}]})
    assert {"op": "test", "path": "/spec/l/1/name", "value": "b"} in patches.json_patch(one)
    with pytest.raises(AssertionError):
        patched(change({"l": [{"name": "b"}, {"name": "a"}]}, {}).before, patches.json_patch(one))


def test_nothing_changed_is_no_patch() -> None:
    text, results = patches.component([change({"a": 1}, {"a": 1})], False)
    assert "patches" not in text and not results


def test_a_target_is_taken_literally() -> None:
    workload = {"metadata": {"name": "a.b"}}
    target = patches.target(workload, ResourceRef("v1", "Pod", "a.b"))
    assert target == {"version": "v1", "kind": "Pod", "name": r"a\.b", "namespace": "default"}


def test_a_workload_without_a_name_has_no_patch() -> None:
    before = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "x-"}}
    _, results = patches.component([patches.Change(REF, before, {**before, "spec": {}})], False)
    assert [r.code for r in results] == ["patch-without-name"]


def test_strategic_names_every_element_of_a_list_in_order() -> None:
    one = change(
        {"template": {"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "old"}]}}},
        {"template": {"spec": {"containers": [{"name": "proxy"}, {"name": "a", "image": "i", "args": ["x"]}]}}},
    )
    found = patches.strategic_patch(one.before, one.after)["spec"]["template"]["spec"]["containers"]
    assert found == [{"name": "proxy"}, {"name": "a", "args": ["x"]}, {"name": "old", "$patch": "delete"}]


# ---------------------------------------------------------------- the real kustomize


@pytest.fixture(scope="module")
def kustomize(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = shutil.which("kustomize", path=os.pathsep.join([str(ROOT / ".tools"), os.environ["PATH"]]))
    if found:
        return found
    unpack = SHARED / "bin" / "unpack"
    if not unpack.exists():
        pytest.skip("kustomize is not on PATH")
    directory = tmp_path_factory.mktemp("tools")
    subprocess.run([str(unpack), "kustomize", str(directory)], check=True, capture_output=True)
    return str(directory / "kustomize")


def corpus() -> list[patches.Change]:
    """Every injected workload of Istio's cases for 1.30, under a name of its own."""
    if not (CORPUS / "cases.json").exists():
        pytest.skip(f"Istio's cases are not at {CORPUS}")
    found = []
    for number, case in enumerate(json.loads((CORPUS / "cases.json").read_text())):
        if case.get("error"):
            continue
        texts = {name: (CORPUS / case[name]).read_text() for name in ("config", "values", "mesh")}
        spec: dict[str, Any] = {
            "method": "manual",
            "cluster": {"nativeSidecars": bool(case.get("native_sidecars"))},
            "mesh": {
                "injector": {"config": texts["config"], "values": texts["values"]},
                "meshConfig": texts["mesh"],
                "version": "1.30.3",
            },
        }
        head = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection"}
        settings = function_config.settings({**head, "spec": spec})
        joined = manifests.join([Source((CORPUS / case["input"]).read_bytes(), "")])
        outcome = pipeline.run(joined.bundle, settings)
        for place, one in enumerate(diff.changes(outcome)):
            if same(one.before, one.after):
                continue
            name = f"c{number}-{place}"
            before, after = ({**o, "metadata": {**(o.get("metadata") or {}), "name": name}} for o in one[1:])
            found.append(patches.Change(one.ref._replace(name=name), before, after))
    return found


def example() -> list[patches.Change]:
    sources = [Source(file.read_bytes(), file.name) for file in sorted(EXAMPLE.glob("[!k]*.yaml"))]
    outcome = pipeline.run(manifests.join(sources).bundle, function_config.Settings())
    return [one for one in diff.changes(outcome) if not same(one.before, one.after)]


@pytest.mark.parametrize("strategic", [False, True], ids=["json6902", "strategic"])
@pytest.mark.parametrize("cases", [example, corpus])
def test_kustomize_makes_the_same_of_patches(kustomize: str, cases: Any, strategic: bool, tmp_path: Path) -> None:
    changes = cases()
    text, results = patches.component(changes, strategic)
    assert not results and len(changes) >= 4
    (tmp_path / "injection").mkdir()
    (tmp_path / "injection" / "kustomization.yaml").write_text(text)
    (tmp_path / "all.yaml").write_text("---\n".join(dump(one.before) for one in changes))
    (tmp_path / "kustomization.yaml").write_text("resources: [all.yaml]\ncomponents: [injection]\n")
    done = subprocess.run([kustomize, "build", str(tmp_path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    made = {(d["kind"], d["metadata"]["name"]): d for d in yaml.load_all(done.stdout, yaml.CSafeLoader)}
    wrong = []
    for one in changes:
        wanted = yaml.load(dump(one.after), yaml.CSafeLoader)
        if not same(made[one.ref.kind, one.after["metadata"]["name"]], wanted):
            wrong.append(one.ref.name)
    assert not wrong
